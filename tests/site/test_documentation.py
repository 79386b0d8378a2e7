"""The built documentation: links, search with and without a server, both themes, telephones, and nobody else asked.

What people look for is in QUESTIONS: a learner, a teacher and a contributor, each with nothing but the site.
"""

import os
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

DOCS = Path(os.environ.get("TINYGRAD_EDU_SITE", ".")) / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "index.html").exists(), reason="built without the documentation")


class Page(HTMLParser):
    """The links of a page, what it fetches, and what can be linked to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.fetched, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag in ("script", "img", "iframe", "source") and given.get("src"):
            self.fetched.append(given["src"])
        elif tag == "link":
            self.fetched.append(given["href"])


@cache
def page(path):
    return Page(path.read_text("utf-8"))


def pages():
    return [p for p in sorted(DOCS.rglob("*.html")) if "_static" not in p.parts]


def test_every_link_of_the_site_leads_to_a_page_and_to_a_place_on_it():
    for path in pages():
        for link in page(path).links:
            if not re.match(r"\w+:", link):
                file, _, place = unquote(link).partition("#")
                there = (path.parent / file).resolve() if file else path.resolve()
                assert there.exists(), (path.name, link)
                assert not place or there.suffix != ".html" or place in page(there).ids, (path.name, link)


def test_nothing_is_fetched_from_elsewhere():
    for path in pages():
        assert not [one for one in page(path).fetched if re.match(r"\w+:|//", one) and not one.startswith("data:")]
    for path in [*DOCS.rglob("*.css"), *DOCS.rglob("*.js")]:
        assert not re.search(r"@import|url\([\"']?(https?:)?//|import\([\"']http", path.read_text("utf-8")), path.name


LOOKED_AT = "index.html api/look.html why.html errors.html contents.html zoo/micrograd.html search.html".split()


@pytest.mark.parametrize("path", LOOKED_AT)
def test_a_page_is_legible_in_both_themes_and_asks_nobody(tab, path):
    tab.size(1280, 860)
    tab.goto(f"docs/{path}")
    assert tab.troubles() == [] and tab.axe() == []


@pytest.mark.parametrize("path", LOOKED_AT)
def test_on_a_telephone_nothing_is_cut_off(tab, path):
    tab.size(390, 800)
    tab.goto(f"docs/{path}")
    assert tab.js("document.documentElement.scrollWidth") <= 390
    tab.size(1280, 860)


def test_what_is_copied_is_what_one_types(tab):
    tab.goto("docs/first-gradient.html")
    tab.js("navigator.clipboard.writeText = async (text) => { window.copied = text; }; 0")
    tab.js("document.querySelector('.copy').click(); 0")
    lines = tab.until("window.copied").splitlines()
    text = tab.js("document.querySelector('div.highlight > pre').textContent")
    assert lines == [line[4:] for line in text.splitlines() if line.startswith((">>> ", "... "))] != []
    scope = {}
    exec("\n".join(lines), scope)
    assert scope["L"].data == 4.0


QUESTIONS = {
    # a learner
    "why is this gradient": "why",
    "install": "install",
    "chain rule by hand": "by-hand",
    "used twice": "first-gradient",
    "log of 0 nan": "leaks/logloss",
    "relu at zero": "semantics",
    "backward twice": "semantics",
    "save model": "training",
    "csv file": "own-data",
    "loss stands still": "not-learning",
    "dead relu": "leaks/dying",
    "gradcheck": "api/check",
    "early stopping": "training",
    "regression": "training",
    "activation functions": "network",
    "gpu": "replay",
    "offline": "index",
    # a teacher
    "share link": "playground",
    "worksheet": "api/learn",
    "grading rubric": "grading",
    "course of six meetings": "teaching",
    "exercises": "learning",
    "picture for a slide": "slides",
    "micrograd names": "coming-from",
    # a contributor
    "imports point down": "design",
    "add an operation": "contributing",
    "custom layer": "own-layer",
    "release": "contributing",
    "jit refuses": "errors",
    "Drawing.save": "api/look",
    "changes": "changes",
    "license": "index",
    "seed reproducible": "semantics",
    "speed": "speed",
    "bug": "contributing",
}
FOUND = (
    """[...document.querySelectorAll('#search-results ul.search > li a:first-child')].slice(0, 8).map((a) => a.href)"""
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_people_look_for_is_found(tab, question):
    tab.goto(f"docs/search.html?q={quote(question)}")
    tab.until("/search finished|did not match/i.test(document.querySelector('#search-results').innerText)")
    assert f"docs/{QUESTIONS[question]}.html" in " ".join(tab.js(FOUND))
    assert tab.troubles() == []


def test_the_search_works_without_a_server(tab):
    tab("Page.navigate", url=f"{(DOCS / 'search.html').resolve().as_uri()}?q=gradcheck")
    tab.until("document.querySelectorAll('#search-results ul.search > li').length > 3")
    assert tab.js("document.querySelector('#search-results a').href").endswith("#tinygrad_edu.gradcheck")
