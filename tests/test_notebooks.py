"""The notebooks run from top to bottom, and everything that shows itself does so in Jupyter and in marimo.

python -m tests.test_notebooks      runs them and saves what they show now, also the page's new looks
"""

import json
import re
import shutil
import subprocess
import warnings
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, nn, plot, topological
from tinygrad_edu.strategies import programs

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


def executed(book):
    """A copy of the notebook, run from top to bottom."""
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    resources = {"metadata": {"path": str(DEMOS)}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nbclient.NotebookClient(
            deepcopy(book), timeout=120, kernel_name="python3", record_timing=False, resources=resources
        ).execute()


@pytest.mark.parametrize("path", sorted(DEMOS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_notebook_runs_and_shows_what_it_showed(path):
    book = pytest.importorskip("nbformat").read(path, as_version=4)
    saved, again = ([shown(c) for c in b.cells if c.cell_type == "code"] for b in (book, executed(book)))
    for before, now in zip(saved, again, strict=True):
        assert before.keys() == now.keys()
        for kind in ("text/plain", "text/markdown", "text/html", "stream"):
            assert before.get(kind) == now.get(kind)
    assert sum(len(kinds) > 0 for kinds in again) >= 7


def displays():
    x = Value(2.0, label="x")
    L = x.tanh() * x
    L.backward()
    return {
        "draw": (L.draw(), "image/svg+xml", "<svg"), "explain": (L.explain(), "text/", "tanh"),
        "page": (L.page(), "text/html", "iframe"), "source": (L.source(), "text/", "forward pass"),
        "plot": (plot.confusion_matrix([[1, 0], [0, 2]]), "image/svg+xml", "<svg"), "value": (L, "text/", "Value"),
        "order": (L.order_lab(), "text/", "topological"),
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


# The HTML that notebooks take before the Markdown


class Balanced(HTMLParser):
    """What is opened is closed, in order; `text` is what a reader sees."""

    def __init__(self, source):
        super().__init__()
        self.open, self.text = [], ""
        self.feed(source)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.text += " " * (tag in ("td", "th"))

    def handle_data(self, data):
        self.text += data if "style" not in self.open else ""


def formulas(text):
    return [" ".join(f.split()) for f in re.findall(r"\$+([^$]+)\$+", text)]


@settings(max_examples=100, deadline=None)
@given(programs())
def test_the_html_has_the_formulas_of_the_markdown_and_the_whole_of_the_text(p):
    xs = [Value(x, label=f"x_{i} *") for i, x in enumerate(p.inputs)]
    L = p(*xs)
    for one in (L.explain(), *[L.explain(of=x) for x in xs if x in topological(L)], L.source("latex")):
        bundle = one._repr_mimebundle_()
        read = Balanced(bundle["text/html"]).text
        assert formulas(read) == formulas(bundle["text/markdown"]) != []
        assert read.endswith(str(one)) and bundle["text/plain"] == str(one)
        prose = re.sub(r"\$+[^$]+\$+", "", read.removesuffix(str(one)))
        assert "\\" not in prose and "**" not in prose and "&" not in prose
    for language in ("python", "numpy", "javascript"):
        assert Balanced(L.source(language)._repr_mimebundle_()["text/html"]).text == L.source(language)


def test_what_has_no_formula_is_markdown_alone_and_is_read_as_it_is():
    L = nn.MLP(2, [8, 8, 1], seed=0)([1.0, 2.0]) ** 2
    for one in (L.explain(of="mlp"), L.explain(of="mlp.layers.1")):
        assert "text/html" not in one._repr_mimebundle_() and "| neuron" in one._repr_mimebundle_()["text/markdown"]


@pytest.mark.skipif(not shutil.which("chromium"), reason="no browser to look with: apt install chromium")
def test_where_nobody_sets_formulas_the_text_is_seen_and_where_somebody_does_the_formulas(tmp_path):
    x = Value(2.0, label="x")
    offline = x.tanh().explain()._repr_mimebundle_()["text/html"]
    typeset = offline.replace("<p>", "<p><mjx-container>formula</mjx-container>", 1)
    stripped = re.sub("<style>.*</style>", "", typeset)  # as a notebook that is not trusted
    look = """<script>document.title = JSON.stringify([...document.querySelectorAll(".tinygrad-edu")].map(
        (d) => [d.querySelector("pre"), d.querySelector("div")].map((e) => e.offsetHeight > 1)))</script>"""
    (tmp_path / "page.html").write_text(
        f"<!doctype html><meta charset=utf-8>{offline}{typeset}{stripped}{look}", "utf-8"
    )
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}/profile",
        "--dump-dom",
    ]
    dom = subprocess.run(
        [*command, (tmp_path / "page.html").as_uri()], capture_output=True, text=True, timeout=60
    ).stdout
    seen = json.loads(re.search("<title>(.*)</title>", dom)[1])
    assert seen == [[True, False], [False, True], [False, True]]  # text, formulas


def test_marimo_sets_the_formulas_of_the_markdown():
    formatting = pytest.importorskip("marimo._output.formatting")
    L = Value(2.0, label="x").tanh()
    for one in (L.explain(), L.source("latex")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = formatting.try_format(one)
        assert "marimo-tex" in done.data and "tinygrad-edu" not in done.data


if __name__ == "__main__":
    import nbformat

    for file in sorted(DEMOS.glob("*.ipynb")):
        nbformat.write(executed(nbformat.read(file, as_version=4)), file)
