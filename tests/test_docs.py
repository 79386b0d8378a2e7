"""The pages: every link leads somewhere, every command is one, every error is raised, and the API has every name."""

import doctest
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

import tinygrad_edu
from site_build import api, docs
from tinygrad_edu import cli, contents, zoo
from tinygrad_edu.zoo import leaks

ROOT = Path(__file__).parent.parent
PAGES = sorted(p for where in ("*.md", "docs/**/*.md", "benchmarks/*.md", ".github/*.md") for p in ROOT.glob(where))
OURS = [p for p in PAGES if p.parent in (ROOT, ROOT / "docs")]
LINKS = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def name(path):
    return path.relative_to(ROOT).as_posix()


def prose(text):
    """A page without its code, in which a bracket is no link."""
    return re.sub(r"`[^`\n]*`", "`", re.sub(r"(?ms)^ *```.*?^ *```$", "", text))


def anchors(text):
    """What GitHub calls the headings of a page."""
    found = []
    for heading in re.findall(r"(?m)^#+ (.*)$", re.sub(r"(?ms)^ *```.*?^ *```$", "", text)):
        slug = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(" ", "-")
        found.append(slug + (f"-{found.count(slug)}" if slug in found else ""))
    return found


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_what_is_counted_in_words_is_as_many(page):
    words = "seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen".split()
    text = " ".join((ROOT / page).read_text("utf-8").lower().split())
    for count, what in ((len(zoo.SYSTEMS), "classic systems"), (len(leaks.LEAKS), "programs that fail")):
        assert f"{words[count - 7]} {what}" in text, f"there are {count} {what}, and {page} says another number"


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading(path):
    text = path.read_text("utf-8")
    for target in LINKS.findall(prose(text)):
        file, _, anchor = target.partition("#")
        if not re.match(r"\w+:", target):
            there = path.parent / file if file else path
            assert there.exists(), target
            assert not anchor or anchor in anchors(there.read_text("utf-8")), target


def test_in_the_site_every_link_leads_to_a_page_of_it(tmp_path):
    docs.assemble(tmp_path / "pages")
    for path in (tmp_path / "pages").rglob("*.md"):
        for target in LINKS.findall(prose(path.read_text("utf-8"))):
            file = target.partition("#")[0]
            if file and not re.match(r"\w+:", target) and not file.startswith("../index.html"):
                there = (path.parent / file).resolve()
                assert there.is_file() and there.is_relative_to((tmp_path / "pages").resolve()), (path.name, target)


def test_every_page_is_in_the_navigation_once():
    names = " ".join(docs.NAVIGATION.values()).split()
    assert len({*names}) == len(names) and {p.stem for p in (ROOT / "docs").glob("*.md")} - {"index"} <= {*names}


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_command_of_a_page_is_one(path):
    for block in re.findall(r"(?ms)^```sh\n(.*?)^```$", path.read_text("utf-8")):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["tinygrad-edu"] and words[1:2] != ["learn"]:
                assert cli.parser(words[1]).parse_args(words[1:]).run


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_command_that_is_told_in_a_sentence_is_one(path):
    for command in re.findall(r"`tinygrad-edu ([a-z]\w*)", path.read_text("utf-8")):
        assert command in cli.COMMANDS, command


@pytest.mark.parametrize("path", OURS, ids=name)
def test_all_python_of_a_page_is_run(path):
    """Pytest runs what has a prompt, and nothing else that is called Python stands there."""
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```$", path.read_text("utf-8"))
    assert all(block.startswith(">>> ") and block.endswith("\n\n") for block in blocks)


ERRORS = (ROOT / "docs" / "errors.md").read_text("utf-8")
OFTEN, REFUSED = (re.findall(r"(?m)^\| `(.+?)` \| (.+?) \|", part) for part in re.split(r"(?m)^## ", ERRORS)[1:3])
NAMES = """from tinygrad_edu import *
import math, random, tinygrad_edu
from tinygrad_edu.expression import parse
w = Value(2.0, label="w")"""


def raises(code, given, said):
    with pytest.raises(Exception) as error:
        eval(code, given)
    assert said.lower() in str(error.value).lower()


@pytest.mark.parametrize(("code", "said"), OFTEN, ids=lambda x: x)
def test_what_is_often_met_is_said(code, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {}
    exec(NAMES, given)
    if "np." in code:
        given["np"] = pytest.importorskip("numpy")
    raises(code, given, said)


@pytest.mark.parametrize(("code", "said"), REFUSED, ids=lambda x: x)
def test_what_jit_refuses_is_refused(code, said):
    given = {}
    exec(NAMES, given)
    raises(f"jit(lambda x: {code})(1.0)", given, said)


API = api.api_pages()
ENTRY = re.compile(r"(?m)^::::\{py:\w+\} (\w+).*\n:module: ([\w.]+)$")


def test_the_api_has_every_public_name_once():
    entries = [f"{module}.{name}" for page in API.values() for name, module in ENTRY.findall(page)]
    assert len({*entries}) == len(entries)
    listed = {*api.front_rooms(), *"learn zoo grading".split()} - api.WHOLE
    rooms = {"": tinygrad_edu} | {f".{room}": import_module(f"tinygrad_edu.{room}") for room in listed}
    for prefix, room in rooms.items():
        for thing in contents.things(room):
            if not isinstance(thing, type(tinygrad_edu)) and thing.__name__ in getattr(room, "__all__", ()):
                here = f"tinygrad_edu{prefix}.{thing.__name__}"
                assert here in entries or f"tinygrad_edu.{thing.__name__}" in entries, here


def test_a_page_of_the_api_keeps_every_example_of_its_docstrings():
    parser = doctest.DocTestParser()
    for page, text in API.items():
        shown = "".join(re.findall(r"(?ms)^```pycon\n(.*?)^```$", text))
        assert text.count("\n```pycon\n") * 2 + text.count("\n```text\n") * 2 == text.count("\n```"), page
        for word, module in ENTRY.findall(text):
            doc = getattr(import_module(module), word).__doc__ or ""
            for example in parser.get_examples(doc):
                assert example.source.splitlines()[0] in shown, (word, example.source)
