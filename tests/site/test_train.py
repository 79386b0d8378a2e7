"""The door to train through: a network learns in the page, step by step, and every number of it can be asked for."""

import contextlib
import io
import json
import math
import re

import pytest

GO = "document.querySelector('#train .go')"


def opened(tab, state=""):
    """The door with a training that has begun; a door that is there is sent to another address."""
    address = f"#train{state and '?' + state}"
    if tab.js("document.querySelector('#train .run-main') && document.getElementById('loading').hidden"):
        tab.events.clear()
        tab.js("document.querySelector('#train .run-main').classList.add('before')")
        tab.js(
            f"location.hash === '{address}' ? {GO}.parentNode.querySelector('.again').click() : location = '{address}'"
        )
    else:
        tab.goto(address)
        tab.until("document.getElementById('loading').hidden")
    tab.until(f"!{GO}.disabled && document.querySelector('#train .run-main:not(.before) .unit')")
    tab.until("document.querySelector('#train .waits').textContent === ''")


def step(tab):
    """The step that is shown, and its loss."""
    tab.js("new Promise(requestAnimationFrame)")
    found = re.search(
        r"step ([\d,]+)(?:.*loss ([^ ]+))?", tab.js("document.querySelector('#train .count').textContent")
    )
    return int(found[1].replace(",", "")), float(found[2]) if found[2] else None


def press(tab, name):
    tab.js(f"document.querySelector('#train .{name}').click()")


def choose(tab, name, value):
    tab.js(f"""(() => {{ const field = document.querySelector('#train form [name="{name}"]');
        field.value = "{value}"; field.dispatchEvent(new Event("change", {{bubbles: true}})); }})()""")


def reach(tab, count, seconds=30):
    tab.until(f"Number(/step ([\\d,]+)/.exec(document.querySelector('#train .count').textContent)[1].replace(',', ''))"
              f" >= {count}", seconds)  # fmt: skip


def trained(tab, count):
    """Train for so many steps or more, and pause."""
    press(tab, "go")
    reach(tab, count)
    press(tab, "go")
    paused(tab)


def paused(tab):
    """Once the answer has come that was on its way."""
    tab.until(f"{GO}.textContent.includes('Train') && !document.querySelector('#train [aria-busy]')")


def test_a_network_learns_the_moons_and_pauses_at_once(tab):
    opened(tab)
    _, first = step(tab)
    trained(tab, 300)
    at, last = step(tab)
    assert at >= 300 and last < 0.5 * first
    tab.js("new Promise((done) => setTimeout(done, 400))")
    assert step(tab)[0] <= at + 10  # the answer that was on its way
    assert tab.troubles() == []


def test_one_step_is_one_step(tab):
    opened(tab)
    for k in (1, 2, 3):
        press(tab, "one")
        reach(tab, k)
        assert step(tab)[0] == k


def test_by_keyboard_alone_a_network_is_trained_and_a_unit_asked(tab):
    opened(tab)

    def to(selector, most=80):
        for _ in range(most):
            if tab.js(f"document.activeElement.matches('{selector}')"):
                return
            tab.key("Tab")
        raise AssertionError(f"no way to {selector}")

    to("#train .go")
    tab.key("Enter")
    reach(tab, 20)
    tab.key("Enter")
    paused(tab)
    at, _ = step(tab)
    to("#train .unit")
    tab("Input.dispatchKeyEvent", type="keyDown", key="ArrowDown", windowsVirtualKeyCode=40)
    tab.key("Enter")
    assert "∂L/∂a" in tab.until("document.querySelector('#train .about:not([hidden])')?.textContent")
    assert "layer 0, unit 1" in tab.js("document.querySelector('#train .about h2').textContent")
    tab.key("ArrowLeft")
    assert step(tab)[0] < at and tab.troubles() == []
    tab.key("Tab")
    assert not tab.js("document.activeElement.matches('#train .unit')")  # all of them are one stop


def test_a_point_is_put_by_keyboard_and_taken_away(tab):
    opened(tab, "d=drawn&p=0.0.0_100.100.1")
    tab.js("document.querySelector('#train .draw').focus()")
    tab.key("ArrowRight", 3)
    tab.key("2")
    tab.until("location.hash.includes('p=0.0.0_100.100.1_30.0.1')")
    tab.until("document.querySelector('#train .plane .choices').textContent.includes('of 3')")
    tab("Input.dispatchKeyEvent", type="keyDown", key="Delete", windowsVirtualKeyCode=46)
    tab.until("location.hash.endsWith('p=0.0.0_100.100.1')")
    press(tab, "clear")
    assert "no points yet" in tab.until("document.querySelector('#train .wrong').textContent")
    assert tab.troubles() == []


def test_own_points_are_drawn_where_they_were_chosen_and_keep_the_names_of_their_classes(tab):
    opened(tab)
    choose(tab, "data", "drawn")
    assert "no points yet" in tab.until("document.querySelector('#train .wrong').textContent")
    box = "document.querySelector('#train .draw').getBoundingClientRect()"
    x, y, side = tab.js(f"[{box}.x, {box}.y, {box}.width]")
    assert y + side <= 860
    for across, down, c in [(0.2, 0.2, 0), (0.3, 0.7, 0), (0.8, 0.4, 1)]:
        tab.js(f"document.querySelectorAll('#train .classes input')[{c}].click()")
        tab.mouse("mousePressed", x + across * side, y + down * side)
        tab.mouse("mouseReleased", x + across * side, y + down * side)
    tab.until("document.querySelector('#train .plane .choices').textContent.includes('of 3')")
    tab.until("document.querySelector('#train .says').textContent.includes('the target is A')")
    assert tab.js("document.querySelector('#train .wrong').textContent") == "" and tab.troubles() == []
    assert tab.js("location.hash.match(/p=(.*)/)[1].split('_').map(p => p.split('.')[2]).join('')") == "001"


def test_the_loss_is_in_view_beside_the_network(tab):
    opened(tab)
    trained(tab, 30)
    bar, curve = tab.js("""[document.querySelector('#train .run-bar').getBoundingClientRect().top,
        document.querySelector('#train .curves .key').getBoundingClientRect().bottom]""")
    assert curve <= bar


@pytest.mark.parametrize(
    ("state", "says"),
    [("", r"class 1: the logit is (\S+), so class 1 has a probability of (\S+);"),
     ("loss=hinge", r"class 1: the score is (\S+), and class 1 begins above 0;"),
     ("d=blobs", r"class \d, which has the largest logit;"), ("d=sine", r"The network says [-\d.]+;")],
)  # fmt: skip
def test_what_the_network_says_is_a_number_with_its_name(tab, state, says):
    opened(tab, state)
    found = re.search(says, tab.js("document.querySelector('#train .says').textContent"))
    assert found and (state or math.isclose(1 / (1 + math.exp(-float(found[1]))), float(found[2]), rel_tol=1e-3))


def test_a_line_of_the_network_is_asked_by_a_click(tab):
    opened(tab)
    begin, end = tab.js("""{ const svg = document.querySelector('#train .stage svg'), box = svg.getBoundingClientRect();
        const line = svg.querySelectorAll('.wire')[3];
        [1, 2].map((i) => ['x', 'y'].map((a) => box[a] + Number(line.getAttribute(a + i)))); }""")
    x, y = [a + 0.35 * (b - a) for a, b in zip(begin, end)]  # where no other line crosses it
    tab.mouse("mouseMoved", x, y)
    weight = re.match(r"weight (\S+), ", tab.until("document.querySelector('#train .stage title').textContent"))[1]
    tab.mouse("mousePressed", x, y)
    tab.mouse("mouseReleased", x, y)
    row = tab.until("document.querySelector('#train .about tr.traced')?.innerText")
    assert row.split()[:2] == ["x₁", weight]
    assert "layer 0, unit 1" in tab.js("document.querySelector('#train .about').textContent")
    assert tab.js("document.querySelectorAll('#train .wire.traced').length") == 1
    tab.js("document.querySelector('#train .unit').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    tab.until("document.querySelectorAll('#train .traced').length === 0")
    assert tab.troubles() == []


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_nothing_is_cut_off_and_axe_finds_nothing_at_any_width(tab, width):
    tab.size(width, 800)
    opened(tab, "d=drawn&p=0.0.0_100.100.1_50.20.0")
    press(tab, "one")
    reach(tab, 1)
    tab.js("document.querySelector('#train .unit').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    tab.js("document.querySelector('#train .train-choices').open = true")
    tab.until("document.querySelector('#train .about:not([hidden])')")
    wide = tab.js("document.documentElement.scrollWidth")
    found = tab.axe()
    tab.size(1280, 860)
    assert wide <= width and found == []


@pytest.mark.parametrize(
    "state, words",
    [
        ("lr=-1", "the learning rate is a number above 0, at most 1000, got -1"),
        ("lr=1e400", "the learning rate is a number above 0, at most 1000, got '1e400'"),
        ("layers=8-fast", "the size of layer 2 is a whole number from 1 to 32, got 'fast'"),
        ("d=mons", "did you mean 'moons'?"),
        ("d=drawn&p=1.x.0", "y of point 1 is a number from -100 to 100, got 'x'"),
    ],
)
def test_a_link_that_is_wrong_is_told_in_our_words(tab, state, words):
    opened(tab)
    tab.js(f"location = '#train?{state}'")
    assert words in tab.until("document.querySelector('#train .wrong').textContent") and tab.troubles() == []


def test_what_is_typed_wrong_is_told_and_the_training_stays(tab):
    opened(tab)
    trained(tab, 10)
    at = step(tab)
    choose(tab, "points", "many")
    assert "whole number from 2 to 500, got 'many'" in tab.until("document.querySelector('#train .wrong').textContent")
    assert step(tab) == at
    choose(tab, "points", "60")
    tab.until("document.querySelector('#train .plane .choices').textContent.includes('of 60')")
    assert tab.js("document.querySelector('#train .wrong').textContent") == "" and step(tab)[0] == 0


def test_a_learning_rate_that_is_too_large_is_found_by_the_doctor(tab):
    opened(tab, "opt=sgd&lr=900&act=relu&loss=mse")
    press(tab, "go")
    found = tab.until("document.querySelector('#train .findings summary')?.textContent", 40)
    assert re.search(r"at step \d+", found)
    press(tab, "go")
    tab.js("document.querySelector('#train .findings details').open = true")
    tab.js("document.querySelector('#train .findings button').click()")
    assert step(tab)[0] <= int(re.search(r"at step (\d+)", found)[1]) + 10
    assert tab.troubles() == []


def test_numbers_too_large_for_the_doctor_are_no_fault_of_ours(tab):
    opened(tab, "d=sine&opt=sgd&lr=1000")
    press(tab, "go")
    tab.until("document.querySelector('#train .wrong').textContent.includes('the loss became')")
    assert tab.js("document.getElementById('fault').hidden") and tab.troubles() == []


def test_the_plane_follows_the_colours_that_are_chosen(tab):
    opened(tab)
    seen = []
    for theme in ("light", "dark"):
        tab.js(f"""while (document.documentElement.dataset.theme !== '{theme}')
            document.getElementById('theme').click();
            new Promise((done) => setTimeout(done, 100))""")
        seen.append(tab.js("document.querySelector('#train .plane canvas').toDataURL()"))
    tab.js("document.getElementById('theme').click(); localStorage.clear()")
    assert seen[0] != seen[1]


def test_what_is_chosen_before_python_is_there_is_what_is_trained(tab):
    opened(tab, "d=circles")
    _, loss = step(tab)
    for more in ("", f"{GO}.click()"):
        tab.goto("#train")
        tab.until("document.querySelector('#train .unit')")
        assert not tab.js("document.getElementById('loading').hidden")
        choose(tab, "data", "circles")
        tab.js(more)
        tab.until("document.getElementById('loading').hidden")
        if more:
            reach(tab, 10)
            press(tab, "go")
            paused(tab)
            tab.js("""(() => { const slider = document.querySelector('#train .run-bar input');
                slider.value = 0; slider.dispatchEvent(new Event('input')); })()""")
        tab.until(f"document.querySelector('#train .count').textContent.endsWith('step 0 · epoch 1 · loss {loss}')")
    assert tab.troubles() == []


def write(tab, points):
    """Own points, as lines of text."""
    tab.js(f"""(() => {{ const field = document.querySelector('#train .points textarea');
        field.closest('details').open = true;
        field.focus(); field.value = {json.dumps(points)}; field.dispatchEvent(new Event('change')); }})()""")


def test_a_link_brings_back_points_of_any_number_as_they_are_shown(tab):
    opened(tab, "d=drawn&p=0.0.0_100.100.1")
    write(tab, "0.126 -0.5 A\n" + "\n".join(f"{x / 100} {x % 7} {'AB'[x % 2]}" for x in range(299)))
    tab.until("document.querySelector('#train .plane .choices').textContent.includes('200 of 300')")
    shown = "document.querySelector('#train .points textarea').value"
    tab.js("document.activeElement.blur()")
    link, loss = tab.js("location.hash"), step(tab)
    tab.goto(link)
    tab.until("document.getElementById('loading').hidden")
    tab.until("document.querySelector('#train .plane .choices')?.textContent.includes('200 of 300')")
    assert tab.js(shown).startswith("0.13 -0.5 A\n0 0 A\n0.01 1 B\n") and tab.js(shown).count("\n") == 299
    assert step(tab) == loss and tab.troubles() == []


@pytest.mark.parametrize("size", [(1280, 860), (390, 800)])
def test_what_is_wrong_is_in_view_beside_the_field(tab, size):
    tab.size(*size)
    opened(tab)
    tab.js("document.querySelector('#train details').open = true")
    tab.js("document.querySelector('#train [name=seed]').scrollIntoView({block: 'center'})")
    choose(tab, "seed", "-1")
    tab.until("document.querySelector('#train .wrong').textContent.startsWith('the seed is')")
    inside = "(e) => { const {top, bottom} = e.getBoundingClientRect(); return top >= 0 && bottom <= innerHeight; }"
    seen = tab.js(f"[...document.querySelectorAll('#train .train > .wrong, #train [name=seed]')].map({inside})")
    tab.js("scrollTo(0, 0)")
    tab.size(1280, 860)
    assert seen == [True, True]


def test_a_link_brings_the_settings_back(tab):
    opened(tab, "d=circles&n=40&layers=4-3&act=relu&opt=sgd&lr=0.2&seed=5")
    fields = "[...document.querySelectorAll('#train form [name]')].map((f) => [f.name, f.value])"
    values = dict(tab.js(fields))
    assert values["data"] == "circles" and values["points"] == "40" and values["lr"] == "0.2" and values["seed"] == "5"
    assert tab.js("document.querySelectorAll('#train .unit').length") == 8
    address = tab.js("location.hash")
    trained(tab, 5)
    assert tab.js("location.hash") == address
    seen = step(tab)
    tab.goto(address)  # by somebody else
    opened(tab, address.partition("?")[2])
    assert dict(tab.js(fields)) == values
    for _ in range(seen[0]):
        press(tab, "one")
    reach(tab, seen[0])
    assert step(tab) == seen


def test_what_python_forgets_is_computed_again(tab):
    opened(tab, "n=20&layers=3")
    trained(tab, 5)
    choose(tab, "lr", "0.5")
    trained(tab, step(tab)[0] + 30)
    at, _ = step(tab)
    tab.js("import('./play/python.js').then(({stop}) => stop('stopped by a test'))")
    tab.until("document.getElementById('loading').hidden")
    press(tab, "one")
    reach(tab, at + 1)
    _, loss = step(tab)
    names = {}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(copied(tab), names)
    assert loss is not None and names["optimizer"].lr == 0.5 and tab.troubles() == []


def copied(tab):
    """What is copied as Python."""
    tab.js("window.copied = null; navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    press(tab, "copy")
    return tab.until("window.copied")


def test_the_program_that_is_copied_trains_as_the_page_did(tab):
    opened(tab, "n=30&layers=3&batch=10")
    for _ in range(6):
        press(tab, "one")
    reach(tab, 6)
    mean = tab.js("document.querySelector('#train .curves .mean').getAttribute('d')")
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        exec(copied(tab), names := {})
    assert len(names["history"].losses) == 2 and mean.count("L") == 1  # two epochs, here and there
    key = tab.js("document.querySelector('#train .curves .key').textContent")
    assert float(key.rpartition(": ")[2]) == pytest.approx(float(out.getvalue().split()[0]), rel=1e-3)


def test_the_run_is_saved_as_a_page(tab):
    opened(tab, "n=20&layers=3")
    trained(tab, 3)
    tab.js("""window.saved = null; URL.createObjectURL = (blob) => { blob.text().then((t) => { window.saved = t; });
        return "data:,"; }; HTMLAnchorElement.prototype.click = () => {}""")
    press(tab, "save")
    assert tab.until("window.saved").startswith("<!doctype html>")
