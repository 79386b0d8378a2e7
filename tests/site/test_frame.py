"""The frame around the doors: Python comes, nothing is asked of another server, every door opens from its link."""

import os
import time
from pathlib import Path

import pytest

SITE = os.environ.get("TINYGRAD_EDU_SITE", "")
ASK = "ask('look.read', {expression: 'a*b'})"


def test_python_comes_and_asks_nothing_of_another_server(tab):
    tab.goto()
    tab.until("document.getElementById('loading').hidden")
    assert tab.troubles() == []


def test_python_comes_without_its_memory_too(tab, missing):
    missing.add("memory.bin")
    tab.goto()
    tab.until("document.getElementById('loading').hidden", seconds=120)
    assert tab.js(f"import('./play/python.js').then(({{ask}}) => {ASK})") == {"names": ["a", "b"]}


@pytest.mark.parametrize("door", ["look", "train", "learn"])
def test_a_link_opens_its_door_and_the_door_tells_its_link(tab, door):
    tab.goto(f"#{door}")
    tab.until(f"document.querySelector('#{door} h1')")
    assert tab.js("[...document.querySelectorAll('main > section')].filter(s => !s.hidden).map(s => s.id)") == [door]
    assert tab.js("document.querySelector('nav [aria-current=page]').id") == f"to-{door}"
    assert tab.troubles() == []
    assert tab.axe() == []


def test_what_takes_too_long_is_stopped_and_python_comes_again(tab):
    tab.goto()
    tab.until("document.getElementById('loading').hidden")
    said = tab.js("""import("./play/python.js").then(async ({ask}) => {
        const late = ask("look.graph", {expression: "x", numbers: {x: 1}}, {seconds: 0.001})
            .then(() => "answered", (e) => e.message);
        return [await late, await ask("look.read", {expression: "a*b"})];
    })""")
    assert said == ["this took more than 0.001 seconds and was stopped", {"names": ["a", "b"]}]


def test_axe_finds_a_picture_without_words_and_pale_ones(tab):
    tab.goto("#look")
    tab.until("document.querySelector('#look .result')")
    tab.js("""document.querySelector('#look h1').innerHTML =
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>"
        + "<span style='color: #888; background: #999'>pale</span>" """)
    assert {said.split(": ")[1] for said in tab.axe()} == {"image-alt", "color-contrast"}


def test_a_fault_of_ours_is_shown_with_what_tells_us_where_and_the_page_goes_on(tab):
    tab.goto("#look")
    tab.until("document.querySelector('#look .result')")
    tab.js("void import('./play/python.js').then(({ask}) => ask('look.nothing')), 0")
    tab.until("!document.getElementById('fault').hidden")
    assert "nothing answers to 'look.nothing'" in tab.js("document.getElementById('fault-words').textContent")
    assert tab.axe() == []
    tab.js("document.getElementById('fault-close').click()")
    assert tab.js("document.getElementById('fault').hidden")


def test_a_door_that_does_not_come_is_told_and_can_be_opened_later(tab, missing):
    tab.goto("#look")
    missing.add("train.js")
    tab.js("document.getElementById('to-train').click()")
    tab.until("!document.getElementById('fault').hidden")
    assert "train.js" in tab.js("document.getElementById('fault-words').textContent")
    tab.js("document.getElementById('to-look').click()")
    tab.until("!document.getElementById('look').hidden")


@pytest.mark.parametrize("how", ["as a file", "without scripts"])
def test_without_a_server_or_scripts_the_neuron_is_there_and_the_page_says_what_it_needs(tab, how):
    if how == "as a file":
        tab("Page.navigate", url=Path(SITE, "index.html").resolve().as_uri())
    else:
        tab("Emulation.setScriptExecutionDisabled", value=True)
        tab("Page.navigate", url=tab.address)
    try:
        seen = "document.getElementById('still') && getComputedStyle(document.getElementById('still')).opacity === '1'"
        until = time.monotonic() + 20
        while not tab.js(seen):  # a page without scripts has no timers either
            assert time.monotonic() < until
            time.sleep(0.1)
        assert "python3 -m http.server" in tab.js("document.getElementById('still').innerText")
        assert tab.js("document.querySelector('#look svg').getBoundingClientRect().width") > 500
        assert tab.js("document.querySelector('#look .why').innerText").startswith("Why is do/dw1 = 1?")
        assert not tab.js("document.getElementById('loading').checkVisibility()")
    finally:
        tab("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("size", [(1280, 860), (390, 800)])
def test_the_frame_is_gone_through_with_the_keyboard_alone(tab, size):
    tab.size(*size)
    try:
        tab.goto()
        tab.until("document.querySelector('#look .result')")
        seen = []
        for _ in range(12):
            tab.key("Tab")
            seen.append(tab.js("document.activeElement.id || document.activeElement.textContent.trim()"))
        assert seen[:5] == ["Skip to the content", "tinygrad_edu", "to-look", "to-train", "to-learn"]
        assert "theme" in seen and "look-formula" in seen
        assert tab.js("document.documentElement.scrollWidth") <= size[0]
    finally:
        tab.size(1280, 860)


def test_a_door_that_still_writes_its_link_does_not_hold_back_who_goes_on(tab):
    tab.goto("#look")
    tab.until("document.querySelector('#look .look').getAttribute('aria-busy') === 'false'")
    tab.js("""location.hash = "#train"; document.getElementById("look-formula").value = "a*b";
              document.querySelector("#look form").requestSubmit()""")
    tab.until("document.querySelector('#train h1') && !document.getElementById('train').hidden")
    assert tab.js("location.hash").startswith("#train")
    tab.js("document.getElementById('to-look').click()")
    tab.until("!document.getElementById('look').hidden && location.hash.includes('e=a*b')")


def test_colours_can_be_chosen_and_are_kept(tab):
    tab.goto("#look")
    tab.until("document.querySelector('#look .result')")
    paper = "getComputedStyle(document.body).backgroundColor"
    seen = []
    for _ in range(3):
        tab.js("document.getElementById('theme').click()")
        seen.append(tab.js(f"[document.documentElement.dataset.theme, {paper}]"))
    (_, light), (_, dark), (none, _) = seen
    assert light != dark and none == ""
    tab.js("document.getElementById('theme').click(); document.getElementById('theme').click()")
    tab.goto("#look")
    assert tab.js(f"[document.documentElement.dataset.theme, {paper}]") == ["dark", dark]
    tab.js("localStorage.clear()")
