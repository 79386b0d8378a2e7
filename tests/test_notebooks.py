"""The notebooks run from top to bottom, and everything that shows itself does so in Jupyter and in marimo."""

import warnings
from pathlib import Path

import pytest

from tinygrad_edu import Value, plot

DEMOS = Path(__file__).parent.parent / "demos"


def shown(cell):
    """What a cell put on the page, by kind."""
    kinds = {}
    for out in cell.get("outputs", []):
        assert out["output_type"] != "error", out
        kinds.update(out.get("data", {}))
        if out["output_type"] == "stream":
            kinds["stream"] = kinds.get("stream", "") + out["text"]
    return kinds


@pytest.mark.parametrize("path", sorted(DEMOS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_notebook_runs_and_shows_what_it_showed(path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    book = nbformat.read(path, as_version=4)
    saved = [shown(c) for c in book.cells if c.cell_type == "code"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nbclient.NotebookClient(
            book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(DEMOS)}}
        ).execute()
    again = [shown(c) for c in book.cells if c.cell_type == "code"]
    for before, now in zip(saved, again, strict=True):
        assert before.keys() == now.keys()
        for kind in ("text/plain", "text/markdown", "stream"):
            assert before.get(kind) == now.get(kind)
    assert sum(len(kinds) > 0 for kinds in again) >= 7


def displays():
    x = Value(2.0, label="x")
    L = x.tanh() * x
    L.backward()
    return {
        "draw": (L.draw(), "image/svg+xml", "<svg"), "explain": (L.explain(), "text/", "tanh"), "page": (L.page(), "text/html", "iframe"),
        "source": (L.source(), "text/", "forward pass"), "plot": (plot.confusion_matrix([[1, 0], [0, 2]]), "image/svg+xml", "<svg"),
        "value": (L, "text/", "Value"), "order": (L.order_lab(), "text/", "topological"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["draw", "explain", "page", "source", "plot", "value", "order"])
def test_it_shows_itself_in_jupyter_and_in_marimo(name):
    thing, kind, part = displays()[name]
    formats = pytest.importorskip("IPython.core.formatters")
    bundle, _ = formats.DisplayFormatter().format(thing)
    assert any(k.startswith(kind) and part in v for k, v in bundle.items()), bundle.keys()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        formatting = pytest.importorskip("marimo._output.formatting")
        done = formatting.try_format(thing)
    assert done.exception is None
    if done.mimetype == "application/vnd.marimo+mimebundle":  # several forms, of which the page chooses
        assert any(k.startswith(kind) and part in v for k, v in done.data.items())
    else:
        assert (done.mimetype.startswith(kind) or done.mimetype == "text/html") and part in done.data
