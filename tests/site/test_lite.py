"""Notebooks in the browser: JupyterLite, whose Python has all that it needs from this site."""

import json
from pathlib import Path

import pytest

from site_build import lite

CELLS = "[...document.querySelectorAll('.jp-CodeCell')]"
PROMPTS = f"{CELLS}.map((cell) => cell.querySelector('.jp-InputArea-prompt').textContent.trim())"
TEXTS = f"""{CELLS}.map((cell) =>
    [...cell.querySelectorAll('.jp-RenderedText')].map((e) => e.textContent).join('').trim())"""
PICTURES = """[...document.querySelectorAll('.jp-OutputArea img')].filter(
    (i) => i.src.startsWith('data:image/svg+xml') && i.naturalWidth > 100).length"""
MIDDLE = "(() => { const r = %s.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"


def click(tab, element):
    """Press the mouse on an element, once it is there."""
    x, y = tab.until(MIDDLE % element)
    for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
        tab.mouse(kind, x, y)


def run_all(tab):
    click(tab, "[...document.querySelectorAll('.lm-MenuBar-item')].find((e) => e.innerText.trim() === 'Run')")
    click(tab, "document.querySelector('[data-command=\"runmenu:run-all\"]')")
    tab.until(f"{PROMPTS}.at(-1) === '[*]:'")


@pytest.fixture
def lab(tab):
    yield tab
    tab.size(1280, 860)
    tab.media()


@pytest.fixture(scope="module")
def lecture(address):
    return json.loads((lite.DEMOS / lite.FIRST).read_text("utf-8"))


def said(cell):
    """What a notebook has kept of the text that a cell showed."""
    texts = [out.get("text") or out.get("data", {}).get("text/plain") for out in cell["outputs"] if rich(out) is None]
    return "".join(map("".join, texts)).strip()


def rich(output):
    return output.get("data", {}).get("text/html")


def test_the_lecture_runs_from_the_first_cell_to_the_last_and_shows_what_it_showed(lab, lecture):
    lab.goto("lite/index.html")
    cells = [cell for cell in lecture["cells"] if cell["cell_type"] == "code"]
    lab.until(f"{CELLS}.length === {len(cells)}", seconds=60)
    run_all(lab)
    lab.until(f"{PROMPTS}.join() === {','.join(f'[{i + 1}]:' for i in range(len(cells)))!r}", seconds=120)
    assert lab.js(TEXTS) == [said(cell) for cell in cells]
    assert lab.js(PICTURES) == json.dumps(cells).count("<img src=") >= 2
    books = sorted(book.name for book in lite.DEMOS.glob("*.ipynb"))
    assert lab.js("[...document.querySelectorAll('.jp-DirListing-itemText')].map((e) => e.textContent)") == books
    assert lab.troubles() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_the_lecture_is_alone_and_as_wide_as_the_phone(lab, scheme):
    lab.size(390, 800)
    lab.media(prefers_color_scheme=scheme)
    lab.goto("lite/index.html")
    lab.until(f"{CELLS}.length > 5", seconds=60)
    lab.until(f"document.body.dataset.jpThemeLight === '{str(scheme == 'light').lower()}'")
    assert lab.js("document.querySelector('.jp-Notebook').getBoundingClientRect().width") == 390
    assert not lab.js("document.querySelector('.jp-FileBrowser')?.checkVisibility()")
    assert [t for t in lab.troubles() if isinstance(t, str)] == []  # and not what JupyterLite says of its menus


def test_a_folder_is_listed_with_all_that_is_in_it(tmp_path):
    books, listings = tmp_path / "books", tmp_path / "listings"
    for name in ("a.ipynb", "data/points.csv", "data/more/b.ipynb"):
        (books / name).parent.mkdir(parents=True, exist_ok=True)
        (books / name).write_text("{}")
    lite._list(books, listings)
    found = {}
    for listing in listings.rglob("all.json"):
        told = json.loads(listing.read_text())
        assert told["path"] == listing.parent.relative_to(listings).as_posix().removeprefix(".")
        found |= {inside["path"]: inside["type"] for inside in told["content"]}
    kinds = {".ipynb": "notebook", ".csv": "file", "": "directory"}
    assert found == {f.relative_to(books).as_posix(): kinds[f.suffix] for f in books.rglob("*")}


def test_a_copied_notebook_differs_in_its_kernel_and_in_what_may_be_shown_alone(tmp_path):
    lecture = json.loads((lite.DEMOS / lite.FIRST).read_text("utf-8"))
    lite._copy(lite.DEMOS / lite.FIRST, tmp_path / "copy.ipynb")
    copied = json.loads((tmp_path / "copy.ipynb").read_text("utf-8"))
    assert copied["metadata"].pop("kernelspec")["name"] == "python" and lecture["metadata"].pop("kernelspec")
    for cell in copied["cells"]:
        assert cell["metadata"].pop("trusted", False) == (cell["cell_type"] == "code")
    shown = [cell.pop("outputs", []) for cell in copied["cells"]]
    kept = [cell.pop("outputs", []) for cell in lecture["cells"]]
    assert copied == lecture and len(shown) == len(kept)
    for one, other in zip(sum(shown, []), sum(kept, []), strict=True):
        assert all(isinstance(text, str) for kind, text in one.get("data", one).items() if kind.startswith("text"))
        assert one["output_type"] == other["output_type"] and said({"outputs": [one]}) == said({"outputs": [other]})


def test_a_folder_that_is_not_there_is_refused_and_nothing_is_removed(tmp_path):
    (tmp_path / "kept").write_text("")
    with pytest.raises(FileNotFoundError, match="--notebooks names one"):
        lite.build(tmp_path, Path("no.whl"), tmp_path / "nowhere")
    assert (tmp_path / "kept").exists()
