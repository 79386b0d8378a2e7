"""The page in a real browser."""

import json
import math
import random

import pytest

from tests.browser import NAMELESS, NEEDED, PALE
from tinygrad_edu import Value, nn, ops
from tinygrad_edu.engine import chain_rule, topological
from tinygrad_edu.expression import parse
from tinygrad_edu.webpage import page, snapshot
from tinygrad_edu.words import brief as short

pytestmark = NEEDED


@pytest.fixture
def tab(browser, tmp_path):
    """`tab(page)` opens a page at a hash, and whatever the test then does must leave the
    console and the network silent.
    """
    browser.size(1280, 720)
    browser.media(prefers_color_scheme="light")
    browser.events.clear()

    def show(made, hash=""):
        made.save(tmp_path / "page.html")
        browser.open(f"file://{tmp_path}/page.html{hash}")
        return browser

    yield show
    assert browser.troubles() == []


def test_the_tests_would_see_a_complaint_and_a_request(browser, tmp_path):
    (tmp_path / "bad.html").write_text(
        "<script>console.error('bad')</script><img src='http://127.0.0.1:9/x.png'><script>nothing()</script>"
    )
    browser.events.clear()
    browser.open(f"file://{tmp_path}/bad.html")
    found = str(browser.troubles())
    assert "bad" in found and "nothing is not defined" in found and "http://127.0.0.1:9/x.png" in found


def named(**numbers):
    return {n: Value(x, label=n) for n, x in numbers.items()}.values()


def neuron():
    x1, x2, w1, w2, b = named(x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432)
    return (x1 * w1 + x2 * w2 + b).tanh()


def decayed():
    x, w, b, y, lam = named(x=2.0, w=-0.5, b=0.8, y=1.0, lam=0.1)
    return ((w * x + b).tanh() - y) ** 2 + lam * w**2


def square():
    [a] = named(a=3.0)
    return a * a


def broken():
    x, y = named(x=0.0, y=-1.0)
    return x.log() * x + y.sqrt()


def tall():
    rng = random.Random(1)
    xs = [Value(rng.uniform(-1, 1), label=f"mlp.layers.0.neurons.{i}.w[{i}]") for i in range(30)]
    return ops.sum(*[(x * xs[0]).tanh() for x in xs])


GRAPHS = {"neuron": neuron, "decayed": decayed, "square": square, "broken": broken, "tall": tall}
CARDS = """[...document.querySelectorAll(".node")].map((n) => [".value", ".grad"].map((c) => {
    const t = n.querySelector(c), title = t.querySelector("title");
    return title ? [t.firstChild.data, title.textContent] : null; }))"""
STEP = (
    """({at: document.querySelector("#count").textContent, tag: document.querySelector("#step .tag").textContent,
    chips: [...document.querySelectorAll(".chip b")].map((b) => [b.textContent, b.title]),
    words: document.querySelector("#step").innerText,
    sum: document.querySelector("#step .sum")?.innerText ?? "",
    lit: document.querySelector("pre .lit")?.textContent ?? "",
    current: document.querySelector("#order [aria-current]")?.textContent ?? "",
    said: document.querySelector("#say").textContent,
    done: document.querySelectorAll(".edge.done").length,
    now: document.querySelectorAll(".edge.now").length, hash: location.hash,
    slider: document.querySelector("#slider").value, cards: %s})"""
    % CARDS
)


def js(x):
    """A number as the page holds it in a title: every digit, in JavaScript's spelling."""
    return "NaN" if x != x else ("-" if x < 0 else "") + "Infinity" if math.isinf(x) else x


def same(shown, x):
    """Whether [short, full] is this number, to the last bit."""
    return shown[0] == short(x) and (shown[1] == js(x) if not math.isfinite(x) else float(shown[1]) == x)


def walk(root):
    """What every step must show, from the engine: (tag, values known, gradients known, edge) after each step."""
    order = topological(root)
    values, grads = {n for n in order if not n.parents}, {}
    yield "start", set(values), {}, None
    for n in order:
        if n.parents:
            values.add(n)
            yield "forward", set(values), {}, None
    grads[root] = 1.0
    yield "backward", values, dict(grads), None
    for n in reversed(order):
        for p, d in zip(n.parents, n.local_grads() if n.parents else ()):
            before = grads.get(p)
            grads[p] = d * grads[n] if before is None else before + d * grads[n]
            yield "backward", values, dict(grads), (n, p, d, grads[n], before)
    total = chain_rule(root, 1.0, lambda n: n.local_grads())
    assert [repr(g) for g in grads.values()] == [repr(total[n]) for n in grads]
    yield "done", values, dict(grads), None


@pytest.mark.parametrize("make", [neuron, decayed, square, broken])
def test_every_step_forward_and_back_shows_the_engines_numbers(tab, make):
    root = make()
    order, expected = topological(root), [*walk(root)]
    browser = tab(page(root))
    seen = []
    for i, (tag, values, grads, edge) in enumerate(expected):
        s = browser.js(STEP)
        seen.append(s)
        assert (
            s["at"] == f"{i} / {len(expected) - 1}"
            and s["hash"] == f"#step={i}"
            and s["slider"] == str(i)
            and s["tag"] == tag
        )
        assert s["said"].startswith(f"Step {i} of {len(expected) - 1}. {tag}")
        for n, (value, grad) in zip(order, s["cards"], strict=True):
            assert same(value, n.data) if n in values else value is None
            assert same(grad, grads[n]) if n in grads else grad is None
        if edge:
            n, p, d, upstream, before = edge
            assert all(same(chip, x) for chip, x in zip(s["chips"], (upstream, d, d * upstream), strict=True))
            assert s["sum"].startswith(f"{p.label or ''}") and s["sum"].split(" = ")[1].split(",")[0] == short(grads[p])
            assert (
                ("it adds up" in s["sum"]) == (before is not None)
                and s["lit"] == "        p.grad += d * v.grad"
                and s["now"] == 1
            )
            assert s["current"]
        else:
            assert s["lit"] == (f"{root.label or 'root'}.grad = 1.0" if tag == "backward" else "") and not s["chips"]
        browser.js("document.querySelector('#next').click()")
    for i in reversed(range(len(expected))):
        assert browser.js(STEP) == seen[i]
        browser.js("document.querySelector('#back').click()")


def test_where_paths_meet_the_sum_is_written_out(tab):
    browser = tab(page(decayed()), "#step=21")
    assert browser.js(STEP)["sum"] == "w.grad: -0.1 + (-4.603) = -4.703, it adds up: w is used twice"
    assert "∂v1/∂w = x = 2" in browser.js(STEP)["words"]
    assert browser.js("document.querySelector('#whole').innerText") == (
        "v8 = (tanh(w · x + b) − y) ** 2 + lam · w ** 2 — w is used twice: watch its gradient add up")  # fmt: skip


def test_the_keyboard_alone_goes_everywhere(tab):
    browser = tab(page(decayed()))
    at = lambda: browser.js("at")
    for key, times, there in [("ArrowRight", 3, 3), ("ArrowLeft", 1, 2), ("ArrowLeft", 9, 0), ("End", 1, 23),
                              ("ArrowRight", 2, 23), ("Home", 1, 0), ("b", 1, 9)]:  # fmt: skip
        browser.key(key, times)
        assert at() == there, key
    browser.js("document.activeElement.blur(); getSelection().removeAllRanges()")
    reached = []
    for _ in range(60):
        browser.key("Tab")
        reached.append(
            browser.js(
                "document.activeElement.id || document.activeElement.getAttribute('aria-label') || "
                "document.activeElement.tagName"
            )
        )
    for id in ("theme", "in", "out", "fit", "code", "value-0", "first", "back", "next", "play", "jump", "slider"):
        assert id in reached, id
    assert sum(": value" in name for name in reached) >= 13, "each node can be reached"
    browser.js("document.querySelector('#slider').focus()")
    browser.key("ArrowRight", 2)
    assert at() == 11 and browser.js("document.querySelector('#slider').getAttribute('aria-valuetext')").startswith(
        "step 11 of 23: backward"
    )
    browser.js("document.querySelector('.node').focus()")
    browser.key("Enter")
    assert browser.js("document.querySelector('#about h2').textContent") == "w"
    browser.key("ArrowRight")
    assert at() == 12, "the arrows step while a node has the focus"
    browser.key("Escape")
    assert browser.js("document.querySelector('#about').hidden")
    scale = browser.js("view.scale")
    browser.key("+")
    assert browser.js("view.scale") == pytest.approx(scale * 1.25)
    x = browser.js("view.x")
    browser.key("ArrowRight", modifiers=8)
    assert at() == 12 and browser.js("view.x") > x


def test_the_slider_and_the_buttons_go_to_the_same_steps(tab):
    browser = tab(page(decayed()))
    browser.js("{const s = document.querySelector('#slider'); s.value = 12; s.dispatchEvent(new Event('input'))}")
    by_slider = browser.js(STEP)
    browser.js(
        "document.querySelector('#first').click(); for (let i = 0; i < 12; i++) document.querySelector('#next').click()"
    )
    assert browser.js(STEP) == by_slider and by_slider["at"] == "12 / 23"
    browser.js("document.querySelector('#jump').click()")
    assert browser.js("at") == 9
    browser.js("document.querySelectorAll('#order a')[2].click()")
    assert browser.js(STEP)["current"] == "v6"


def test_play_walks_on_and_stops_when_asked(tab):
    browser = tab(page(square()))
    browser.js("window.wait = setInterval; setInterval = (f) => wait(f, 15)")
    browser.js("document.querySelector('#play').click()")
    assert browser.js("document.querySelector('#play').textContent") == "Pause"
    later = (
        "new Promise((done) => setTimeout(() => done([at, timer, document.querySelector('#play').textContent]), 400))"
    )
    assert browser.js(later) == [5, 0, "Play"]
    browser.key(" ")
    browser.key(" ")
    stopped = browser.js("at")
    assert stopped < 5 and browser.js("new Promise((done) => setTimeout(() => done(at), 60))") == stopped


@pytest.mark.parametrize("hash, at", [("#step=12", 12), ("#step=99", 23), ("#step=x", 0), ("", 0), ("#step=-3", 0)])
def test_a_deep_link_opens_its_step(tab, hash, at):
    browser = tab(page(decayed()), hash)
    assert browser.js("[at, location.hash]") == [at, f"#step={at}"]


def test_a_changed_hash_goes_to_its_step(tab):
    browser = tab(page(decayed()), "#step=3")
    assert (
        browser.js(
            "new Promise((done) => { addEventListener('hashchange', () => done(at)); location.hash = '#step=17' })"
        )
        == 17
    )
    assert browser.js(STEP)["at"] == "17 / 23"


# Editing


def type_into(browser, i, text):
    browser.js(f"document.querySelector('#values').open = true; document.querySelector('#value-{i}').select()")
    browser("Input.insertText", text=text)
    browser.key("Enter")


FORMULAS = [
    ("(tanh(w*x + b) - y)**2 + lam*w**2", {"w": -0.5, "x": 2, "b": 0.8, "y": 1, "lam": 0.1}, {"w": 0.7, "lam": -3}),
    ("a*a", {"a": 3}, {"a": -1e-3}),
    ("h = relu(a*b); logsumexp(h, a, b) / h", {"a": 3, "b": 2}, {"b": 0.25}),
    ("maximum(a, b) * a**2.5 + b**a - 3", {"a": 2, "b": 2}, {"b": 2.5, "a": 1.5}),
    ("sigmoid(x) + softplus(x) + gelu(x) + where(x > y, x, y)", {"x": -40, "y": 1}, {"x": -2.5}),
    (
        "clip(x, -1, 1) + leaky_relu(x, 0.2) + atan2(x, y) + sum(x, y, 2) + dot(x, y, 3, 4, x)",
        {"x": 0.5, "y": 2},
        {"x": -4},
    ),
    ("log(x) + sqrt(x) + 1 / y", {"x": 2, "y": 1}, {"x": -1, "y": 0}),
]


@pytest.mark.parametrize("formula, numbers, edits", FORMULAS, ids=[f for f, _, _ in FORMULAS])
def test_an_edited_value_gives_pythons_numbers(tab, formula, numbers, edits):
    root, _ = parse(formula)(**numbers)
    browser = tab(page(root), "#step=999")
    names = [n.label for n in topological(root)]
    for name, number in edits.items():
        type_into(browser, names.index(name), repr(number))
    again, _ = parse(formula)(**numbers | edits)
    s = snapshot(again)
    shown = browser.js(
        "({v: now.values.map(String), g: now.grads.map(String), d: now.flows.map((f) => String(f.local))})"
    )
    close = lambda xs: pytest.approx(xs, rel=1e-12, abs=1e-300, nan_ok=True)
    read = lambda xs: [float(x) for x in xs]
    assert read(shown["v"]) == close([*s.values]) and read(shown["g"]) == close([*s.grads])
    assert read(shown["d"]) == close([d for ds in reversed(s.slopes) for d in ds])
    cards = browser.js(CARDS)
    assert [c[0][0] for c in cards] == [short(v) for v in s.values] and [c[1][0] for c in cards] == [
        short(g + 0.0) for g in s.grads
    ]


def test_every_row_is_computed_in_the_browser_as_in_python(tab):
    def build(x, y, a):
        """Every row: on inputs in (0, 1), acosh on one above 1."""
        inputs = lambda op: [a] if op is ops.acosh else [x, y, x, y, x][: len(op.domain) + 2 * (... in op.domain)]
        return ops.sum(*[op(*inputs(op)) for op in ops.TABLE.values()])

    browser = tab(page(build(*named(x=0.3, y=0.6, a=1.5))))
    again = build(*named(x=0.85, y=0.1, a=3.25))
    for n, p in enumerate(topological(again)):
        if not p.parents:
            type_into(browser, n, repr(p.data))
    s = snapshot(again)
    v, g, d = browser.js("[now.values, now.grads, now.flows.map((f) => f.local)]")
    assert v == pytest.approx([*s.values], rel=1e-12) and g == pytest.approx([*s.grads], rel=1e-12)
    assert d == pytest.approx([d for ds in reversed(s.slopes) for d in ds], rel=1e-12, abs=1e-16)


def test_an_edit_keeps_the_step_and_the_shape_and_reset_restores_every_digit(tab):
    browser = tab(page(decayed()), "#step=21")
    drawn = lambda: browser.js('svg.innerHTML.match(/ d="[^"]*/g)')
    edited = lambda: "values edited" in browser.js("document.querySelector('#whole').innerText")
    before, places = browser.js(STEP), drawn()
    type_into(browser, 0, "0.25")
    after = browser.js(STEP)
    assert after["at"] == before["at"] and after["cards"] != before["cards"] and edited() and drawn() == places
    browser.js("document.querySelector('#reset').click()")
    assert browser.js(STEP) == before and browser.js("document.querySelector('#reset').disabled") and not edited()


@pytest.mark.parametrize("text", ["abc", "", "1,5", "1e", "0x10", "--1", "1 2", "Infinity!"])
def test_what_is_no_number_is_said_beside_its_input_and_changes_nothing(tab, text):
    browser = tab(page(neuron()), "#step=16")
    type_into(browser, 1, "0.5")
    before = browser.js(STEP)
    input, beside = "document.querySelector('#value-1')", "document.querySelector('#wrong-1').textContent"
    browser.js(f"{input}.value = {json.dumps(text + ' ')}; {input}.dispatchEvent(new Event('change'))")
    what = f"“{text}”" if text else "nothing"
    assert (
        browser.js(beside) == f"{what} is not a number: write one such as 0.5 or -1e-3"
        and browser.js(f"{input}.ariaInvalid") == "true"
    )
    assert browser.js(STEP) == before
    type_into(browser, 1, "-inf")
    assert (
        browser.js(beside) == ""
        and browser.js(f"{input}.ariaInvalid") is None
        and browser.js("now.values[1] === -Infinity")
    )


def test_a_row_without_javascript_cannot_be_edited_and_the_page_says_why(tab):
    odd = ops.Op("odd", lambda x: math.floor(x) + 0.5, lambda y, x: (math.floor(x) * 1.0,))
    browser = tab(page(odd(Value(2.5, label="x"))), "#step=3")
    assert (
        browser.js("document.querySelector('#live').textContent")
        == "These values cannot be changed here: odd cannot be written in JavaScript."
    )
    assert browser.js("document.querySelectorAll('#inputs input').length") == 0
    assert [c[0] for c in browser.js(STEP)["chips"]] == ["1", "2", "2"]


# Looking around


def middle(browser, selector):
    return browser.js(
        f"{{const b = document.querySelector('{selector}').getBoundingClientRect(); [b.x + b.width / 2, "
        f"b.y + b.height / 2]}}"
    )


def test_a_click_explains_a_node_and_a_drag_moves_the_picture(tab):
    browser = tab(page(decayed()))
    x, y = middle(browser, ".node")
    browser.mouse("mousePressed", x, y)
    browser.mouse("mouseReleased", x, y)
    text = browser.js("document.querySelector('#about').innerText")
    assert "a parameter; used twice" in text and "-2.301 × 2" in text and "∂v8/∂w = -0.1 + (-4.603) = -4.703" in text
    browser.js("select(-1)")
    browser.mouse("mousePressed", x, y)
    for step in range(1, 5):
        browser.mouse("mouseMoved", x + 20 * step, y + 10 * step, buttons=1)
    browser.mouse("mouseReleased", x + 80, y + 40)
    assert middle(browser, ".node") == pytest.approx([x + 80, y + 40], abs=2) and browser.js(
        "document.querySelector('#about').hidden"
    )
    point = middle(browser, ".node")
    browser.mouse("mouseWheel", *point, deltaX=0, deltaY=-200)
    browser.js("new Promise((done) => setTimeout(done, 50))")
    assert middle(browser, ".node") == pytest.approx(point, abs=2), "zoomed around the pointer"
    browser.js("document.querySelector('#fit').click()")
    assert browser.js(
        "[...document.querySelectorAll('.node')].every((n) => { const b = n.getBoundingClientRect(), "
        "g = svg.getBoundingClientRect(); return b.left >= g.left && b.right <= g.right && b.top >= g.top && "
        "b.bottom <= g.bottom })"
    )


def test_the_step_stays_in_sight_in_a_graph_too_large_to_see(tab):
    x = w = Value(0.5, label="w")
    for _ in range(60):
        x = (x * w).sigmoid() + w
    browser = tab(page(x))
    for step in (1, 100, 250, 400):
        browser.js(f"show({step})")
        number = browser.js(
            "steps[at].kind !== 'edge' || (() => { const b = local.getBoundingClientRect(), "
            "g = svg.getBoundingClientRect(); return b.left > g.left && b.right < g.right && b.top > g.top && "
            "b.bottom < g.bottom })()"
        )
        assert number, "the local gradient too"
        assert browser.js(
            "(() => { const b = document.querySelector('.node.now').getBoundingClientRect(), "
            "g = svg.getBoundingClientRect(); return b.left >= g.left && b.right <= g.right && b.top >= g.top && "
            "b.bottom <= g.bottom && b.width > 60 })()"
        )


SMALLEST = """Math.min(...[...document.querySelectorAll(".node text")].filter((t) => t.textContent)
  .map((t) => parseFloat(getComputedStyle(t).fontSize) * view.scale))"""
IN_SIGHT = """nodes.map((n, i) => cards[i].getBoundingClientRect()).map((b) => { const g = svg.getBoundingClientRect();
  return b.left >= g.left && b.right <= g.right && b.top >= g.top && b.bottom <= g.bottom })"""


@pytest.mark.parametrize("make", [neuron, decayed])
def test_a_small_graph_is_seen_whole_and_can_be_read(tab, make):
    browser = tab(page(make()))
    assert all(browser.js(IN_SIGHT)) and browser.js(SMALLEST) >= 10
    assert browser.js("map.checkVisibility()") is False
    for width, height in ((500, 720), (390, 844)):
        browser.size(width, height)
        browser.js("new Promise((done) => setTimeout(done, 50))")
        assert browser.js(SMALLEST) >= 10


def test_a_large_graph_begins_at_its_leaves_and_has_a_map(tab):
    model = nn.MLP(4, [16, 8, 1], activation="tanh", seed=0)
    browser = tab(page(ops.sum(*[(model([k, 0.5, -1.0, 2.0]) - 1) ** 2 for k in (0.0, 1.0)])))
    assert browser.js("map.checkVisibility()") and browser.js(SMALLEST) >= 10
    leaves = browser.js("nodes.map((n) => !n.parents.length)")
    assert sum(seen and leaf for seen, leaf in zip(browser.js(IN_SIGHT), leaves)) >= 4
    x, y, width, height = browser.js("{const b = map.getBoundingClientRect(); [b.x, b.y, b.width, b.height]}")
    share = (
        "[(view.x + svg.clientWidth / view.scale / 2) / plan.size[0], (view.y + svg.clientHeight / "
        "view.scale / 2) / plan.size[1]]"
    )
    browser.mouse("mousePressed", x + 4 + 0.5 * (width - 8), y + 4 + 0.25 * (height - 8))
    assert browser.js(share) == pytest.approx([0.5, 0.25], abs=0.06)
    browser.mouse("mouseMoved", x + 4 + 0.5 * (width - 8), y + 4 + 0.75 * (height - 8), buttons=1)
    browser.mouse("mouseReleased", x + 4 + 0.5 * (width - 8), y + 4 + 0.75 * (height - 8))
    assert browser.js(share) == pytest.approx([0.5, 0.75], abs=0.06)
    before = browser.js("[at, view.x, view.y]")
    browser.js("map.focus()")
    browser.key("ArrowUp")
    browser.key("ArrowRight")
    after = browser.js("[at, view.x, view.y]")
    assert after[0] == before[0] and after[1] > before[1] and after[2] < before[2], "its arrows take no step"
    browser.js("show(900)")
    assert browser.js("map.querySelector('.here').getAttribute('d')").count("M") == 2


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_on_a_phone_nothing_sticks_out(tab, make):
    browser = tab(page(make()), "#step=6")
    browser.size(390, 844)
    for act in ("0", "show(3)", "show(999)", "select(0)", "document.querySelector('#values').open = true"):
        browser.js(act)
        assert browser.js("[document.documentElement.scrollWidth, document.body.scrollWidth]") == [390, 390], act
    graph, step = (
        browser.js(f"document.querySelector('{s}').getBoundingClientRect().toJSON()") for s in ("#graph", "#step")
    )
    assert step["top"] > graph["bottom"] and step["width"] > 350
    buttons = browser.js("document.querySelector('.zoom').getBoundingClientRect().bottom")
    assert browser.js("svg.getBoundingClientRect().top") >= buttons, "no card lies behind them"
    bottom = browser.js("document.querySelector('footer').getBoundingClientRect().bottom")
    assert bottom == pytest.approx(844, abs=1), "the controls are in reach"


def test_the_theme_follows_the_system_and_then_the_toggle(tab):
    browser = tab(page(neuron()))
    frame = "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    look = lambda: browser.js(f"(async () => {{ {frame}; return [getComputedStyle(document.body).backgroundColor, "
                              "document.querySelector('#theme').getAttribute('aria-pressed')] })()")  # fmt: skip
    light = look()
    browser.media(prefers_color_scheme="dark")
    dark = look()
    assert light != dark and [light[1], dark[1]] == ["false", "true"]
    browser.js("document.querySelector('#theme').click()")
    assert look() == light
    browser.js("document.querySelector('#theme').click()")
    assert look() == dark


def test_reduced_motion_moves_nothing_and_paper_has_no_buttons(tab):
    browser = tab(page(neuron()))
    moving = "getComputedStyle(document.querySelector('.edge')).transitionDuration"
    ready = "document.body.classList.contains('ready')"
    frame = "await new Promise((done) => requestAnimationFrame(done))"
    assert browser.js(f"(async () => {{ while (!{ready}) {frame}; return {moving} }})()") != "0s"
    browser.media(prefers_reduced_motion="reduce")
    assert browser.js(moving) == "0s"
    browser.media(media="print")
    assert browser.js("getComputedStyle(document.querySelector('footer')).display") == "none"


def test_the_training_slider_shows_the_numbers_of_each_step(tab):
    frames, w = [], Value(1.0, label="w")
    for _ in range(6):
        frames.append(snapshot((w * 2.0 - 3.0) ** 2))
        w.data -= 0.1 * frames[-1].grads[0]
    browser = tab(page(frames), "#step=3&training=2")
    for k in (2, 5, 0):
        browser.js(
            f"{{const f = document.querySelector('#frame'); f.value = {k}; f.dispatchEvent(new "
            f"Event('input'))}} show(999)"
        )
        for (value, grad), v, g in zip(browser.js(CARDS), frames[k].values, frames[k].grads, strict=True):
            assert same(value, v) and same(grad, g)
        assert browser.js("document.querySelector('#loss').textContent") == f"{k} / 5 · v3 = {short(frames[k].loss)}"
        assert browser.js("location.hash") == f"#step=999&training={k}".replace("999", str(browser.js("at")))
    type_into(browser, 0, "7")
    browser.js("{const f = document.querySelector('#frame'); f.value = 1; f.dispatchEvent(new Event('input'))}")
    assert browser.js("now.values[0]") == frames[1].values[0], "another training step is as recorded"


def test_a_notebook_shows_it_in_a_frame(browser, tmp_path):
    browser.events.clear()
    cell = f"<!doctype html><meta charset=utf-8><link rel=icon href=data:,>{page(neuron())._repr_html_()}"
    (tmp_path / "notebook.html").write_text(cell, encoding="utf-8")
    browser.open(f"file://{tmp_path}/notebook.html")
    inside = "document.querySelector('iframe').contentDocument"
    browser.js(f"{inside}.querySelector('#next').click(); {inside}.querySelectorAll('#order a')[0].click()")
    assert browser.js(f"{inside}.querySelector('#count').textContent") == "7 / 16" and browser.troubles() == []


# Who cannot see it, or only some of it


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_every_control_has_a_name_and_every_text_enough_contrast(tab, make):
    browser = tab(page([snapshot(make())] * 2))
    browser.js(
        "document.head.append(Object.assign(document.createElement('style'), {textContent: '* {transition: "
        "none !important}'}))"
    )
    last = browser.js("steps.length - 1")
    for scheme in ("light", "dark"):
        browser.media(prefers_color_scheme=scheme)
        for step in (0, 2, last - 2, last):
            browser.js(f"show({step}); select({step and 1}); document.querySelector('#values').open = true")
            assert browser.js(NAMELESS) == []
            seen, pale = browser.js(PALE)
            assert seen > 40 and pale == [], (scheme, step)


def test_the_structure_is_told_to_who_cannot_see_it(tab):
    browser = tab(page(decayed()), "#step=21")
    tree = browser("Accessibility.getFullAXTree")["nodes"]
    told = {(n["role"]["value"], n.get("name", {}).get("value", "").strip()) for n in tree if not n["ignored"]}
    for role, name in [("heading", "Backward, one step at a time"), ("button", "Next"), ("slider", "Step"),
                       ("list", "Reverse topological order"), ("region", "This step"),
                       ("button", "w: value -0.5, gradient -4.703"), ("textbox", "w"), ("group", "Steps"),
                       ("group", "Computation graph with 13 nodes")]:  # fmt: skip
        assert (role, name) in told, (role, name, sorted(told))
    assert browser.js("document.querySelector('#say').getAttribute('aria-live')") == "polite"
    assert "w.grad: -0.1 + (-4.603) = -4.703, it adds up: w is used twice" in browser.js(
        "document.querySelector('#say').textContent"
    )
    browser.js("document.querySelector('#next').focus({focusVisible: true})")
    assert browser.js("getComputedStyle(document.querySelector('#next')).outlineStyle") == "solid"


def test_numbers_stand_in_formulas_with_the_parentheses_they_need(tab):
    x, y = named(x=-0.5, y=-2.0)
    browser = tab(page(ops.maximum(x.tanh(), y) - y * -3))
    for step, text in [
        (1, "= tanh(-0.5) = -0.4621"),
        (2, "= maximum(-0.4621, -2) = -0.4621"),
        (3, "= (-2) · (-3) = 6"),
    ]:
        browser.js(f"show({step})")
        assert browser.js("document.querySelector('#step p.formula').innerText") == text
    assert browser.js("document.querySelector('#whole').innerText").startswith("v4 = maximum(tanh(x), y) − y · (-3)")
