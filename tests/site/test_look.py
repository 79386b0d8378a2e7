"""The door `look`: what is typed is drawn and explained, with the gradients of the engine; links restore all of it."""

import json

import pytest

from tinygrad_edu.expression import parse

READY = "document.getElementById('loading').hidden"
DONE = "document.querySelector('#look .look').getAttribute('aria-busy') === 'false'"


def opened(tab, path="#look"):
    tab.goto(path)
    tab.until(READY)
    tab.until(DONE)


def typed(tab, text, then):
    """Type a formula over the one that is there, with keys, and wait until something is so."""
    tab.js("document.getElementById('look-formula').focus(); document.getElementById('look-formula').select()")
    tab("Input.insertText", text=text)
    tab.key("Enter")
    tab.until(then)


def gradients(tab):
    """What stands on the buttons, by name: the gradients as they are read."""
    said = tab.js("[...document.querySelectorAll('#look .grad')].map(b => b.textContent)")
    return dict(s.split(" = ") for s in said)


@pytest.mark.parametrize(
    "text",
    [
        "L = (a*b + sin(a))**2",
        "s = exp(p) + exp(q); y = -log(exp(p)/s)",
        "√(u² + v²) · π",
        "constructor * __proto__ + a",
    ],
)
def test_what_is_typed_has_the_gradients_of_the_engine(tab, text):
    opened(tab)
    read = parse(text)
    name = read.steps[-1][0] or "L"
    typed(tab, text, f"document.querySelector('#look .result').textContent.startsWith('{name} = ')"
                     f" && document.querySelectorAll('#look .grad').length === {len(read.names)}")  # fmt: skip
    numbers = tab.js("[...document.querySelectorAll('#look .row input[type=text]')].map(i => Number(i.value))")
    root, values = read(**dict(zip(read.names, numbers, strict=True)))
    root.backward()
    said = gradients(tab)
    assert list(said) == [f"d{name}/d{n}" for n in read.names]
    assert [float(x) for x in said.values()] == pytest.approx([values[n].grad for n in read.names], rel=1e-3)
    assert tab.troubles() == []


def test_the_first_screen_is_explained_before_python_is_there(tab, missing):
    missing.add("pyodide.mjs")
    tab.goto()
    tab.until("!document.getElementById('again').hidden")
    assert "only what was prepared" in tab.js("document.getElementById('loading').textContent")
    assert tab.js("document.querySelector('#look .why').textContent").startswith("Why is do/dw1 = 1?")
    for name in ("explain", "order", "source", "check", "steps"):
        tab.js(f"document.getElementById('tab-{name}').click()")
        tab.until(f"location.hash.includes('{name}') && document.querySelector('#look-panel :is(table, pre, iframe)')")
    tab.js("document.getElementById('tab-graph').click()")
    tab.until("document.querySelector('#look-panel svg')")
    typed(tab, "a*b", "document.querySelector('#look > .wrong').textContent")
    assert tab.js("document.getElementById('fault').hidden")
    missing.clear()
    tab.js("document.getElementById('again').click()")
    tab.until(READY)
    tab.js("document.querySelector('#look form').requestSubmit()")
    typed(tab, "a*b + 1", "document.querySelector('#look .result').textContent.startsWith('L = ')")


def test_a_formula_that_cannot_be_read_is_told_beside_it_with_the_place(tab):
    opened(tab)
    typed(tab, "tanh(a*", "document.querySelector('#look > .wrong').textContent")
    assert tab.js("document.querySelector('#look > .wrong').textContent").startswith(
        "cannot read 'tanh(a*' at column 5"
    )
    assert tab.js("document.querySelector('#look > .wrong mark').textContent") == "("
    assert tab.js("document.getElementById('look-formula').getAttribute('aria-invalid')") == "true"
    assert tab.js("document.getElementById('fault').hidden") and tab.troubles() == [] and tab.axe() == []
    typed(tab, "tanh(a*b)", "document.querySelector('#look > .wrong').textContent === ''")


@pytest.mark.parametrize(
    ("text", "marked"),
    [("x^2", "x[^]2"), ("y = 2*x^2 + 1", "y = 2*x[^]2 + 1"), ("2x", "2[x]"), ("a + sin x", "a + [s]in x"),
     ("α*foo(β)", "α*[f]oo(β)"), ("😀 + x", "[😀] + x"), ("a +", "a +[ ]"), ("x'", "x[']")],
)  # fmt: skip
def test_the_letter_that_is_wrong_is_marked(tab, text, marked):
    opened(tab)
    typed(tab, text, "document.querySelector('#look > .wrong code')")
    told = tab.js("document.querySelector('#look > .wrong code').innerHTML")
    assert told.replace("<mark>", "[").replace("</mark>", "]").rstrip() == marked.rstrip()
    assert tab.troubles() == []


def test_a_place_in_other_signs_than_were_typed_is_not_marked(tab):
    opened(tab)
    typed(tab, "x² + foo(b)", "document.querySelector('#look > .wrong').textContent.includes('foo')")
    assert tab.js("document.querySelector('#look > .wrong code')") is None


def test_another_formula_is_explained_by_its_own_first_name(tab):
    opened(tab)
    typed(tab, "1/0", "document.querySelector('#look .why').textContent.includes('as in x/0')")
    typed(tab, "x*y", "document.querySelector('#look .why').textContent.startsWith('Why is dL/dx = ')")
    tab.js("[...document.querySelectorAll('#look-panel g[role=button]')].at(-1).dispatchEvent(new Event('click'))")
    tab.until("document.querySelector('#look .why').textContent.startsWith('Why is dL/dL = ')")
    typed(tab, "x*y*z", "document.querySelector('#look .why').textContent.startsWith('Why is dL/dx = ')")
    assert tab.troubles() == []


@pytest.mark.parametrize("size", [(1280, 860), (1280, 720)])
def test_the_button_for_the_next_step_is_in_view(tab, size):
    tab.size(*size)
    try:
        opened(tab, "#look?tab=steps")
        tab.until("document.querySelector('#look-panel iframe')")
        assert tab.js("document.querySelector('#look-panel iframe').getBoundingClientRect().bottom") <= size[1]
    finally:
        tab.size(1280, 860)


@pytest.mark.parametrize(
    ("place", "button", "name", "begins"),
    [("graph", "Download SVG", "graph.svg", "<svg"), ("steps", "Download this page", "steps.html", "<!doctype html>")],
)
def test_the_picture_and_the_page_are_kept_as_files(tab, place, button, name, begins):
    opened(tab, f"#look?e=a*b&tab={place}")
    tab.js("""window.saved = null; URL.createObjectURL = (blob) => { blob.text().then((t) => { window.saved = t; });
        return "data:text/plain,"; }; HTMLAnchorElement.prototype.click = function () { window.name = this.download; };
        0""")
    find = f"[...document.querySelectorAll('#look-panel button')].find((b) => b.textContent === {json.dumps(button)})"
    tab.until(find + "?.checkVisibility()")
    tab.js(find + ".click()")
    saved = tab.until("window.saved")
    assert tab.js("window.name") == name and begins in saved.lower()
    tab.goto()


def test_a_long_formula_is_seen_whole_and_its_reason_is_in_view(tab):
    opened(tab)
    text = "L = " + " + ".join(f"tanh(w{i}*x{i} + b{i})**2" for i in range(8))
    typed(tab, text, "document.querySelectorAll('#look .grad').length === 24")
    tab.until(DONE)
    hidden = "[f.scrollWidth - f.clientWidth, f.scrollHeight - f.clientHeight]"
    assert tab.js(f"{{ const f = document.getElementById('look-formula'); {hidden}; }}") == [0, 0]
    assert tab.js("document.querySelector('#look .why').getBoundingClientRect().top") < 700 and tab.axe() == []


def test_steps_can_stand_in_lines(tab):
    opened(tab)
    typed(tab, "e = a*b", "document.querySelector('#look .result').textContent.startsWith('e = ')")
    tab.js("document.getElementById('look-formula').setSelectionRange(9, 9)")
    tab.key("Enter", modifiers=8)  # with Shift
    tab("Input.insertText", text="L = e + c")
    tab.key("Enter")
    tab.until("document.querySelector('#look .result').textContent.startsWith('L = ')")
    assert tab.js("document.getElementById('look-formula').value") == "e = a*b\nL = e + c"
    assert list(gradients(tab)) == ["dL/da", "dL/db", "dL/dc"] and tab.troubles() == []


def test_every_tab_is_in_view_on_a_telephone(tab):
    tab.size(390, 800)
    try:
        opened(tab)
        ends = tab.js("[...document.querySelectorAll('[role=tab]')].map(b => b.getBoundingClientRect().right)")
        assert len(ends) == 6 and max(ends) <= 390
    finally:
        tab.size(1280, 860)


@pytest.mark.parametrize("text", ["a" + "+a" * 5000, "-" * 5000 + "a", "tanh(" * 5000 + "a" + ")" * 5000])
def test_a_formula_of_any_length_is_told_and_python_goes_on(tab, text):
    opened(tab)
    typed(tab, text, "document.querySelector('#look > .wrong').textContent.includes('too many')")
    assert tab.js("document.getElementById('fault').hidden") and tab.troubles() == []
    typed(tab, "tanh(a*b)", "document.querySelector('#look > .wrong').textContent === ''")


def test_whoever_asks_for_an_unknown_function_is_led_to_the_table_of_all(tab):
    opened(tab)
    typed(tab, "frobnicate(a)", "document.querySelector('#look > .wrong a')")
    link = tab.js("document.querySelector('#look > .wrong a').href")
    assert link.endswith("/docs/operations.html") and "lists them all" in tab.js(
        "document.querySelector('#look > .wrong').textContent"
    )
    assert tab.troubles() == [] and tab.axe() == []


@pytest.mark.parametrize("size", [(1280, 860), (960, 860), (390, 840)])
def test_a_long_number_is_seen_whole(tab, size):
    tab.size(*size)
    try:
        opened(tab)
        typed(tab, "L = -8.99123e-11 * learning_rate * w + w", "document.querySelectorAll('.grad b').length === 2")
        cut = "[...document.querySelectorAll('.grad')].filter(b => b.scrollWidth > b.clientWidth).map(b => b.innerText)"
        lines = "[...document.querySelectorAll('.grad b')].map(b => b.getClientRects().length)"
        assert tab.js(cut) == [] and tab.js(lines) == [1, 1]
    finally:
        tab.size(1280, 860)


def test_the_fields_stand_below_each_other_however_long_the_names_are(tab):
    opened(tab, "#look?e=rate*n0%2Ba_very_long_name*w")
    tab.until("document.querySelectorAll('#look .row').length === 4")
    lefts = "[...document.querySelectorAll('#look .row input[type=text]')].map(i => i.getBoundingClientRect().left)"
    assert len(set(tab.js(lefts))) == 1


def test_a_word_that_is_no_number_is_told_beside_its_field_and_changes_nothing(tab):
    opened(tab)
    number = "document.querySelector('#look .row input')"
    tab.js(f"{number}.focus(); {number}.select()")
    tab("Input.insertText", text="2,5x")
    tab.until("document.querySelector('#look .row .wrong').textContent.startsWith('x1 needs a number')")
    assert gradients(tab)["do/dx1"] == "-1.5" and tab.axe() == []
    tab.js(f"{number}.select()")
    tab("Input.insertText", text="−∞")
    tab.until("document.querySelector('#look .alarms').textContent.includes('nan')")
    assert gradients(tab)["do/dw1"] == "nan" and tab.axe() == []
    assert "x1:-inf" in tab.js("decodeURIComponent(location.hash)")
    tab.js(f"{number}.select()")
    tab("Input.insertText", text="99")  # more than the slider reached
    tab.until("decodeURIComponent(location.hash).includes('x1:99')")
    assert tab.js("document.querySelector('#look .row input[type=range]').value") == "99"


def test_a_slider_redraws_and_the_link_restores_all_of_it(tab):
    opened(tab)
    x, y, w, h = tab.js("""{ const {x, y, width, height} = document.querySelector('#look .row input[type=range]')
        .getBoundingClientRect(); [x, y, width, height]; }""")
    tab.mouse("mouseMoved", x + w / 2, y + h / 2)
    tab.mouse("mousePressed", x + w / 2, y + h / 2)
    tab.mouse("mouseMoved", x + w + 40, y + h / 2, buttons=1)  # to its end
    tab.mouse("mouseReleased", x + w + 40, y + h / 2)
    tab.until("document.querySelector('#look .row input').value === '6'")
    tab.js("[...document.querySelectorAll('#look .grad')].at(-1).click()")
    tab.until("document.querySelector('#look .why').textContent.startsWith('Why is do/db')")
    tab.js("document.getElementById('tab-order').click()")
    tab.until("document.querySelector('#look-panel').textContent.includes('breadth first')")
    tab.until(DONE)
    seen = (
        "[document.querySelector('#look .why').innerHTML, document.getElementById('look-panel').innerHTML,"
        "document.querySelector('#look .numbers').innerText]"
    )
    before, link = tab.js(seen), tab.js("location.hash")
    opened(tab, link)
    tab.until("document.querySelector('#look-panel table')")
    assert tab.js(seen) == before


def test_a_link_to_the_same_formula_brings_its_own_numbers_and_what_it_leaves_out(tab):
    opened(tab, "#look?e=a*b&n=a:5,b:7")
    tab.js("location.hash = '#look?e=a*b&n=a:3,b:-1,c:1'")
    tab.until("document.querySelector('#look .result').textContent === 'L = -3'")
    fields = "[...document.querySelectorAll('#look .row input[type=text]')].map((i) => i.value)"
    assert tab.js(fields) == ["3", "-1"]
    tab.js("location.hash = '#look?e=a*b&n=a:1e308'")
    tab.until("document.querySelector('#look .result').textContent === 'L = 5e307'")
    assert tab.js(fields) == ["1e+308", "0.5"] and tab.js("document.querySelector('#look > .wrong').textContent") == ""
    slider = "document.querySelector('#look .row input[type=range]')"
    assert tab.js(f"[{slider}.value, {slider}.max].map(Number)") == [1e308, pytest.approx(1.797e308, rel=1e-3)]
    assert tab.troubles() == []


def test_the_page_of_steps_follows_the_colours_that_are_chosen(tab):
    tab.goto("#look")
    tab.js("document.getElementById('theme').click(); document.getElementById('theme').click()")  # dark
    opened(tab, "#look?tab=steps")
    paper = "getComputedStyle(document.querySelector('#look-panel iframe').contentDocument.body).backgroundColor"
    tab.until(f"{paper} === getComputedStyle(document.body).backgroundColor")
    dark = tab.js(paper)
    tab.js("document.getElementById('theme').click(); document.getElementById('theme').click()")  # light
    tab.until(f"{paper} === getComputedStyle(document.body).backgroundColor")
    assert tab.js(paper) != dark
    tab.js("localStorage.clear()")


def test_the_page_of_steps_stands_a_window_that_changes_while_it_is_hidden(tab):
    opened(tab, "#look?tab=steps")
    tab.until("document.querySelector('#look-panel iframe').contentDocument.querySelector('svg')")
    tab.js("location.hash = '#learn'")
    tab.until("document.querySelector('#learn h1')")
    for width in (800, 1280):
        tab.size(width, 860)
        tab.js("new Promise((done) => setTimeout(done, 300))")
    assert tab.troubles() == []


def test_back_returns_to_the_formula_before(tab):
    opened(tab)
    typed(tab, "a*b", "document.querySelector('#look .result').textContent.startsWith('L = ')")
    tab.js("history.back()")
    tab.until("document.getElementById('look-formula').value.startsWith('o = tanh') && "
              "document.querySelector('#look .result').textContent.startsWith('o = ')")  # fmt: skip


def test_every_card_is_reached_with_the_keyboard_and_explained(tab):
    opened(tab)
    tab.js("document.querySelector('#look-panel g[role=button][tabindex=\"0\"]').focus()")
    tab.key("ArrowRight")
    name = tab.js("/called (.*): explain/.exec(document.activeElement.getAttribute('aria-label'))[1]")
    tab.key("Enter")
    tab.until(f"document.querySelector('#look .why').textContent.startsWith('Why is do/d{name} ')")
    assert tab.js("document.activeElement.getAttribute('aria-pressed')") == "true"  # the new picture has the focus


def test_the_tabs_are_one_stop_and_arrows_go_through_them(tab):
    opened(tab)
    tab.js("document.getElementById('tab-graph').focus()")
    tab.key("ArrowRight")
    tab.until("document.querySelector('#look-panel table')")
    assert tab.js("document.activeElement.id") == "tab-explain"
    assert tab.js("document.querySelectorAll('[role=tab][tabindex=\"0\"]').length") == 1


@pytest.mark.parametrize("size", [(1280, 860), (390, 800)])
@pytest.mark.parametrize("name", ["graph", "explain", "steps", "order", "source", "check"])
def test_every_tab_is_without_fault_on_a_screen_and_on_a_telephone(tab, name, size):
    tab.size(*size)
    try:
        opened(tab, f"#look?tab={name}")
        tab.until("document.querySelector('#look-panel :is(svg, table, pre, iframe)')")
        assert tab.axe() == [] and tab.troubles() == []
        assert tab.js("document.documentElement.scrollWidth") <= size[0]
    finally:
        tab.size(1280, 860)


@pytest.mark.parametrize("width", [1280, 1100, 1024, 960, 901, 700, 390])
def test_the_first_picture_is_seen_whole_in_a_window_of_any_width(tab, width):
    tab.size(width, 768)
    try:
        opened(tab, "#look")
        tab.until("document.querySelector('#look .drawing svg')")
        assert tab.js("(e => e.scrollWidth - e.clientWidth)(document.querySelector('#look .drawing'))") == 0
    finally:
        tab.size(1280, 860)


def test_each_example_is_drawn_and_explained(tab):
    opened(tab)
    examples = tab.js("import('./play/doors/examples.js').then(m => m.EXAMPLES)")
    for i, (_, text, numbers, of) in enumerate(examples):
        tab.js(f"""{{ const s = document.getElementById('look-examples'); s.value = '{i}';
                   s.dispatchEvent(new Event('change')); }}""")
        root, values = parse(text)(**numbers)
        root.backward()
        tab.until(f"document.querySelector('#look .why').textContent.startsWith('Why is d{root.label}/d{of} = ') && "
                  f"document.getElementById('look-formula').value === {json.dumps(text)}")  # fmt: skip
        tab.until(DONE)
        told = float(gradients(tab)[f"d{root.label}/d{of}"])
        assert told == pytest.approx(values[of].grad, rel=1e-3, nan_ok=True), text
    assert tab.troubles() == []
