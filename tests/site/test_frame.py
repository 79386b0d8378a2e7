"""The frame around the doors: Python comes, nothing is asked of another server, every door opens from its link."""

import pytest

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
    tab.until("document.querySelector('#look h1')")
    tab.js("""document.querySelector('#look h1').innerHTML =
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>"
        + "<span style='color: #888; background: #999'>pale</span>" """)
    assert {said.split(": ")[1] for said in tab.axe()} == {"image-alt", "color-contrast"}
