"""Drawings: what a card and an edge say, the same bytes every time, both programs that lay out graphs, and none."""

import math
import os
import random
import re
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ET
from html import unescape
from importlib.util import find_spec
from pathlib import Path

import pytest
from graphviz import Digraph

from tinygrad_edu import Value, functional, no_grad, render
from tinygrad_edu.figures import Drawing, RenderError, cards, draw
from tinygrad_edu.figures.__main__ import neuron
from tinygrad_edu.picture import width_of
from tinygrad_edu.words import brief

PYTHON = sys.executable
SVG = "{http://www.w3.org/2000/svg}"
needs_renderer = pytest.mark.skipif(
    render.renderer() is None, reason="neither Graphviz's dot nor graphviz-pure is installed here"
)


def statements(drawing):
    """The DOT text as two dicts: node id -> its line, and a list of (tail, head, line)."""
    nodes, edges = {}, []
    for line in drawing.source.splitlines():
        if m := re.match(r"\t(\w+) -> (\w+) \[", line):
            edges.append((m[1], m[2], line))
        elif (m := re.match(r"\t(\w+) \[", line)) and m[1] not in ("graph", "node", "edge"):
            nodes[m[1]] = line
    return nodes, edges


def attribute(line, name):
    """One quoted or bare attribute of a DOT statement, its entities decoded."""
    m = re.search(rf'\b{name}=(?:"([^"]*)"|([^\s\]]+))', line)
    return unescape(m[1] if m[1] is not None else m[2]) if m else None


def card_of(drawing, word):
    """The line of the one card whose tooltip begins with a word."""
    [line] = [n for n in statements(drawing)[0].values() if (attribute(n, "tooltip") or "").split("\n")[0] == word]
    return line


def texts(line):
    """What a card says, without markup."""
    [table] = re.findall(r"label=<(<.*>)> class=", line)
    return unescape(re.sub(r"<[^<>]*>", " ", table)).split()


def role(line):
    return attribute(line, "class").removeprefix("value ")


def papers(line):
    """The backgrounds of a card's rows, from top to bottom."""
    return re.findall(r'<TD COLSPAN="2" BGCOLOR="(#\w+)"', line)


# What is drawn.


def test_the_lectures_neuron_has_a_card_per_value_and_an_edge_per_input():
    nodes, edges = statements(draw(neuron()))
    assert list(nodes) == [f"n{i}" for i in range(10)]  # parents before children, as in topological()
    assert [(t, h) for t, h, _ in edges] == [("n0", "n2"), ("n1", "n2"), ("n3", "n5"), ("n4", "n5"), ("n2", "n6"),
                                             ("n5", "n6"), ("n6", "n8"), ("n7", "n8"), ("n8", "n9")]  # fmt: skip
    assert [attribute(e, "label").strip() for _, _, e in edges] == [
        "×-3",
        "×2",
        "×1",
        "×0",
        "×1",
        "×1",
        "×1",
        "×1",
        "×0.5",
    ]
    assert texts(nodes["n0"]) == ["x", "1", "value", "2", "grad", "-1.5"]
    assert texts(nodes["n9"]) == ["o", "=", "tanh", "value", "0.7071", "grad", "1"]
    assert "<I>o</I>&#160;=&#160;<B>tanh</B>" in nodes["n9"]
    assert [role(n) for n in nodes.values()] == [
        "input",
        "param",
        "inner",
        "input",
        "param",
        "inner",
        "inner",
        "param",
        "inner",
        "out",
    ]


def test_only_helvetica_is_asked_for():
    assert set(re.findall(r"fontname=(\S+?)[\s\]]", draw(neuron()).source)) == {"Helvetica"}
    assert "FACE" not in draw(neuron()).source


def test_a_gradient_is_blue_below_zero_orange_above_and_fuller_when_larger():
    d = draw(neuron())

    def rgb(name):
        colour = papers(card_of(d, name))[-1]
        return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]

    x1, w1, b, w2 = rgb("x1"), rgb("w1"), rgb("b"), rgb("w2")
    assert x1[2] > x1[0] + 80  # -1.5, blue
    assert w1[0] > w1[2] + 80  # 1.0, orange
    assert w1[0] - w1[2] > b[0] - b[2] > 0  # 0.5: paler
    assert max(w2) - min(w2) < 10  # 0: grey


def test_an_edge_is_dashed_exactly_where_no_gradient_flows():
    a, b, z = Value(2.0, label="a"), Value(3.0, label="b"), Value(-1.0, label="z")
    p, q = a * b, z * b
    r = q.relu()  # closed: its local gradient is 0, and so is the gradient of q
    L = p + r
    p.label, q.label, r.label, L.label = "p", "q", "r", "L"
    L.backward()
    dashed = {attribute(e, "tooltip").split(" = ")[0]: "style=dashed" in e for _, _, e in statements(draw(L))[1]}
    assert dashed == {"d(p) / d(a)": False, "d(p) / d(b)": False, "d(q) / d(z)": True, "d(q) / d(b)": True,
                      "d(r) / d(q)": True, "d(L) / d(p)": False, "d(L) / d(r)": False}  # fmt: skip


def test_before_backward_only_a_local_gradient_of_zero_is_dashed():
    x, w = Value(0.0, label="x"), Value(5.0, label="w")
    d = draw(x * w)
    assert ["style=dashed" in e for _, _, e in statements(d)[1]] == [False, True]
    assert all(texts(n)[-2:] == ["grad", "0"] and papers(n)[-1] == cards.PLAIN for n in statements(d)[0].values())


def test_the_width_of_an_edge_grows_with_what_flows_through_it():
    widths = {attribute(e, "tooltip"): float(attribute(e, "penwidth")) for _, _, e in statements(draw(neuron()))[1]}
    at = lambda of: next(w for tip, w in widths.items() if f"d({of})" in tip)
    assert 3.5 > at("x1") > at("w1") > at("x2") > at("w2") > 0.5


def test_a_parent_that_stands_twice_has_two_edges():
    a = Value(3.0, label="a")
    nodes, edges = statements(draw(a * a))
    assert (list(nodes), [(t, h) for t, h, _ in edges]) == (["n0", "n1"], [("n0", "n1"), ("n0", "n1")])
    assert [attribute(e, "label").strip() for _, _, e in edges] == ["×3", "×3"]
    assert len({attribute(e, "id") for _, _, e in edges}) == 2


def test_a_fused_dot_has_an_edge_from_every_input_with_the_other_factor_on_it():
    w = [Value(float(i), label=f"w{i}") for i in range(1, 5)]
    x = [Value(10.0 * i, label=f"x{i}") for i in range(1, 5)]
    _, edges = statements(draw(functional.dot(w, x, Value(7.0, label="b"))))
    local = {attribute(e, "tooltip").split(" = ")[0]: attribute(e, "label").strip() for _, _, e in edges}
    assert local == {f"d(v1) / d(w{i})": f"×{10 * i}" for i in range(1, 5)} | {
        f"d(v1) / d(x{i})": f"×{i}" for i in range(1, 5)
    } | {"d(v1) / d(b)": "×1"}


def test_a_node_without_a_label_is_called_as_the_variable_that_holds_it():
    a, b = Value(2.0), Value(-3.0, label="beta")
    c = a * b + 10
    nodes = list(statements(c.draw())[0].values())
    assert [(attribute(n, "tooltip").split("\n")[0], role(n)) for n in nodes] == [
        ("a", "input"), ("beta", "input"), ("v1 = ×", "inner"), ("constant", "const"), ("c = +", "out"),
    ]  # fmt: skip
    assert (a.label, c.label) == ("", "")


@pytest.mark.parametrize(
    "labels, expected",
    [
        (["x1", "w1", "b"], ["input", "param", "param"]),
        (["a", "b", "c"], ["input", "input", "input"]),  # no weight in sight: b is the second letter
        (["mlp.layers.0.neurons.3.w[1]", "mlp.layers.0.neurons.3.b", "b2"], ["param", "param", "param"]),
        (["W[0]", "weight_3", "bias"], ["param", "param", "param"]),
        (["width", "bob", "target"], ["input", "input", "input"]),
        (["conv.w[11][0][4]", "b[2]", ""], ["param", "param", "input"]),  # somebody made it: no number in a formula
        (["3.5", "x.", "λ"], ["input", "input", "input"]),
    ],
)
def test_a_leaf_is_a_parameter_if_its_label_looks_like_a_weight_or_bias(labels, expected):
    leaves = [Value(1.0, label=name) for name in labels]
    nodes = list(statements(draw(functional.sum(leaves)))[0].values())
    assert [role(n) for n in nodes] == [*expected, "out"]


def test_a_constant_without_a_label_is_a_small_card_with_its_gradient():
    x = Value(4.0, label="x")
    y = 3 * x
    y.backward()
    line = card_of(draw(y), "constant")
    assert (role(line), texts(line), len(papers(line))) == ("const", ["value", "3", "grad", "4"], 2)


@pytest.mark.parametrize(
    "make, header",
    [
        (lambda a, b: a * b, "×"), (lambda a, b: a - b, "−"), (lambda a, b: a + b, "+"), (lambda a, b: a / b, "/"),
        (lambda a, b: -a, "−"), (lambda a, b: a**3, "**3"), (lambda a, b: a.leaky_relu(0.2), "leaky_relu(0.2)"),
        (lambda a, b: a.maximum(b), "maximum"), (lambda a, b: a.detach(), "detached"),
    ],
)  # fmt: skip
def test_the_header_names_the_operation(make, header):
    line = list(statements(draw(make(Value(2.0, label="a"), Value(3.0, label="b"))))[0].values())[-1]
    assert f"<B>{header}</B>" in unescape(line)


# Numbers and labels.


@pytest.mark.parametrize(
    "x, text",
    [(0.0, "0"), (-0.0, "0"), (2.0, "2"), (-3.5, "-3.5"), (0.7071067811865476, "0.7071"), (24.70408163265306, "24.7"),
     (1234.56, "1235"), (999999.0, "999999"), (1e6, "1000000"), (1234567.5, "1.235e6"), (1e300, "1e300"),
     (-1.5e-7, "-1.5e-7"), (5e-324, "4.941e-324"), (0.0001, "0.0001"), (math.inf, "inf"), (-math.inf, "-inf"),
     (math.nan, "nan")],
)  # fmt: skip
def test_numbers_are_short_in_a_card(x, text):
    assert brief(x) == text


def test_tooltips_have_every_digit():
    d = draw(neuron())
    assert attribute(card_of(d, "o = tanh"), "tooltip") == "o = tanh\nvalue 0.7071067811865477\ngrad 1.0"
    tip = attribute(statements(d)[1][-1][2], "tooltip")
    assert tip.startswith("d(o) / d(n) = 0.4999999999999")
    assert float(tip.split(" = ")[1]) == pytest.approx(0.5, abs=1e-15)


def test_what_is_not_finite_is_readable_and_red():
    x = Value(-1.0, label="x")
    y = x.log()
    y.backward()
    d = draw(y)
    assert texts(card_of(d, "y = log"))[-4:] == ["value", "nan", "grad", "1"]
    assert papers(card_of(d, "y = log"))[1] == papers(card_of(d, "x"))[2] == cards.ALARM
    [(_, _, e)] = statements(d)[1]
    assert attribute(e, "color") == cards.ALARM_INK
    assert attribute(e, "label").strip() == "×nan"
    assert "dashed" not in e


def test_huge_gradients_do_not_overflow_the_tints():
    x = Value(1e300, label="x")
    y = x * x
    y.backward(1e8)  # the gradient is 2e308: inf
    assert cards.tint(1e308, 1.7e308) != cards.tint(1e290, 1.7e308)
    assert papers(card_of(draw(y), "x"))[2] == cards.ALARM
    assert cards.tint(5e-324, 5e-324) == cards.tint(1.0, 1.0)


@pytest.mark.parametrize("name", ['<b>&"quoted"</b>', "a\nb", "back\\slash\\", "\\Lambda \\N", "λ₁ − 漢字 🙂", "node",
                                  "nul\x00\x1b[31m", "]]>", "<x>", "-->", "a" * 500, "b" * 100_000, "ו−ד", "%s {x} | y",
                                  "\ud800", " \n"])  # fmt: skip
def test_any_label_gives_dot_without_control_characters_and_valid_svg(name):
    v = Value(2.0, label=name)
    w = v * 3
    w.label = name
    d = draw(w)
    assert all(c.isprintable() or c in "\t\n" for c in d.source)
    titles = " ".join(t.text for t in ET.fromstring(d.svg()).iter(SVG + "title"))
    assert all(word in titles for word in re.findall(r"[^\W\d_]{3,}|🙂", name[:30]))
    if render.renderer():
        assert d.picture.png(1.0).startswith(b"\x89PNG")


def test_a_long_label_is_shortened_in_the_card_and_whole_in_the_tooltip():
    name = "the loss of the validation set after the first epoch"
    line = list(statements(draw(Value(1.0, label=name)))[0].values())[0]
    assert " ".join(texts(line)[:-4]) == "the loss of t…he first epoch"
    assert name in attribute(line, "tooltip")


@pytest.mark.parametrize(
    "name, lowered",
    [("x1", ["1"]), ("x12", ["12"]), ("x1*w1 + x2*w2", ["1", "1", "2", "2"]), ("mlp.layers.0.w[1]", []), ("h2o", []),
     ("1e5", []), ("n", [])],
)  # fmt: skip
def test_digits_after_a_name_are_lowered(name, lowered):
    assert [piece for piece, style in cards.title(name, "") if style == "lowered"] == lowered


# The same bytes every time.


def test_the_same_graph_gives_the_same_bytes_in_every_process():
    code = (
        "from tinygrad_edu.figures.__main__ import neuron; from tinygrad_edu.figures import draw; "
        "print(draw(neuron()).source, end='')"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           env={**os.environ, "PYTHONHASHSEED": seed}).stdout for seed in ("0", "7")]  # fmt: skip
    assert runs[0] == runs[1] == draw(neuron()).source == draw(neuron()).source


def test_drawing_changes_nothing_and_a_drawing_keeps_what_it_drew():
    o = neuron()
    d = draw(o)
    before, grads = d.source, (o.grad, o.parents[0].grad)
    assert (o.grad, o.parents[0].grad) == grads == (1.0, pytest.approx(0.5))
    o.zero_grad()
    assert d.source == before != draw(o).source


# Large graphs.


def wide_net():
    rng = random.Random(1)
    xs = [Value(rng.random(), label=f"x{i}") for i in range(4)]
    for layer in range(3):
        xs = [functional.sum([Value(rng.uniform(-1, 1), label=f"net.{layer}.{j}.w[{i}]") * x
                              for i, x in enumerate(xs)]).tanh()
              for j in range(12)]  # fmt: skip
    return functional.sum(xs)


def test_a_graph_of_40_nodes_is_drawn_whole_and_one_of_41_says_so():
    x = Value(1.0, label="x")
    for _ in range(39):
        x = x.tanh()
    assert (draw(x).nodes, draw(x).note) == (40, "")
    d = draw(x.tanh())
    assert d.nodes == 40
    assert d.note.startswith("40 of 41 nodes")
    assert "max_nodes=41 draws all" in d.note
    assert "depth=" in d.note
    assert d.note in repr(d)
    nodes, edges = statements(d)
    assert attribute(nodes["more"], "label") == "… 1 more"
    assert [(t, h) for t, h, e in edges if "dotted" in e] == [("more", "n1")]
    assert "40 of 41 nodes" in d.source.split("\tn1 ")[0]  # the caption
    assert draw(x.tanh(), max_nodes=41).note == draw(x.tanh(), max_nodes=None).note == ""


def test_the_nearest_nodes_are_drawn_and_keep_their_ids():
    o = wide_net()
    whole, part = draw(o, max_nodes=None), draw(o, max_nodes=60)
    nodes, edges = statements(part)
    assert len(nodes) == 61  # and the card that says how many more
    assert {k: v for k, v in nodes.items() if k != "more"}.keys() <= statements(whole)[0].keys()
    inner = {h for _, h, e in edges if "dotted" in e}
    assert inner <= nodes.keys()
    assert all(h in nodes and t in nodes for t, h, _ in edges)


@pytest.mark.parametrize(
    "depth, ids", [(0, ["n9"]), (1, ["n8", "n9"]), (2, ["n6", "n7", "n8", "n9"]), (9, [f"n{i}" for i in range(10)])]
)
def test_depth_draws_the_last_operations_only(depth, ids):
    d = draw(neuron(), depth=depth)
    assert [n for n in statements(d)[0] if n != "more"] == ids
    assert (f"down to depth={depth}" in d.note) == (len(ids) < 10)


def test_a_hundred_thousand_nodes_deep_or_wide_are_answered():
    x = Value(1.0, label="x")
    deep = x
    for _ in range(100_000):
        deep = deep.tanh()
    wide = functional.sum([x * i for i in range(50_000)])
    for root in (deep, wide):
        root.backward()
        d = draw(root)
        assert (d.nodes, len(d.source) < 400_000) == (40, True)
        assert re.match(r"40 of 100,0\d\d nodes", d.note)


# Options and errors.


@pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
def test_the_direction_is_an_option(rankdir):
    assert f"rankdir={rankdir}" in draw(neuron(), rankdir=rankdir).source


def test_a_long_graph_is_as_wide_as_may_be_read_and_goes_on_below():
    x = w = Value(0.5, label="w")
    for _ in range(12):
        x = (x * w).tanh()
    [one, rows, narrow] = [draw(x, width=width).picture for width in (None, 840, 400)]
    assert narrow.width <= 400 and rows.width <= 840 < one.width and one.height < rows.height < narrow.height
    assert draw(x).svg() == rows.svg() and draw(x, rankdir="TB", width=10).svg() == draw(x, rankdir="TB").svg()
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', rows.svg())]
    assert min(sizes) >= 10  # pixels, in a notebook's cell


@pytest.mark.parametrize("width", [None, 420])
def test_a_number_on_an_edge_stands_between_the_cards(width):
    x = first = Value(-0.5, label="x")
    for y in (1.0, 0.75, 0.1):
        x = (x - Value(y)) ** 2 * Value(-1.23456)
    drawn = draw(x, width=width, path=(first, x) if width else None).svg()  # a path is marked in bold
    numbers = re.findall(r'<text x="([-\d.]+)" y="([\d.]+)" font-size="(11|12.5)"[^>]*>(×[^<]*)<', drawn)
    corners = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="6', drawn)
    assert len(numbers) == (9 if width else 15) and len(corners) >= 16
    for x, y, size, said in numbers:
        for left, top, wide in corners:
            beside = (
                float(x) + width_of(said, float(size)) - 2 < float(left) or float(left) + float(wide) < float(x) + 2
            )
            assert beside or not 0 < float(y) - float(top) < 65, said


@pytest.mark.parametrize(
    "root, options, error, said",
    [
        (3.0, {}, TypeError, "one Value, not float"),
        ([Value(1.0)], {}, TypeError, "or their sum"),
        (Value(1.0), {"max_nodes": 0}, ValueError, "max_nodes"),
        (Value(1.0), {"max_nodes": 2.5}, ValueError, "2.5"),
        (Value(1.0), {"depth": -1}, ValueError, "depth"),
        (Value(1.0), {"rankdir": "up"}, ValueError, "LR, TB, RL, BT"),
        (Value(1.0), {"width": 0}, ValueError, "width is in pixels, more than 0, or None for no limit, got 0"),
        (Value(1.0), {"width": "wide"}, ValueError, "got 'wide'"),
    ],
)
def test_errors_say_what_is_allowed(root, options, error, said):
    with pytest.raises(error, match=said):
        draw(root, **options)


def test_results_without_parents_can_be_drawn():
    with no_grad():
        y = Value(2.0) * 3
    assert draw(y).nodes == draw(Value(1.0)).nodes == 1


# Files.


@needs_renderer
@pytest.mark.parametrize(
    "suffix, start",
    [(".svg", b"<svg "), (".png", b"\x89PNG\r\n"), (".pdf", b"%PDF-"), (".dot", b"digraph "), (".SVG", b"<svg ")],
)
def test_every_ending_is_saved(tmp_path, suffix, start):
    if suffix == ".pdf" and "graphviz-pure" in render.renderer() and not find_spec("svglib"):
        pytest.skip("a .pdf without Graphviz needs svglib")
    path = draw(neuron()).save(tmp_path / f"graph{suffix}")
    assert path == tmp_path / f"graph{suffix}"
    assert path.read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [path.name]
    assert draw(neuron()).save(str(path)) == path


def test_a_notebook_gets_valid_svg_with_every_card_edge_and_tooltip():
    svg = ET.fromstring(draw(neuron())._repr_svg_())
    ids = {e.get("id") for e in svg.iter()}
    assert {f"n{i}" for i in range(10)} | {f"e{i}" for i in range(9)} <= ids
    words = ["".join(t.itertext()) for t in svg.iter(SVG + "text")]
    assert {"o\u00a0=\u00a0tanh", "0.7071", "-1.5", "×-3"} <= set(words)
    titles = {t.text for t in svg.iter(SVG + "title")}
    assert "o = tanh\nvalue 0.7071067811865477\ngrad 1.0" in titles


@pytest.mark.parametrize("name", ["graph.jpg", "graph", "graph.svg.gz"])
def test_another_ending_is_an_error_that_lists_the_endings(tmp_path, name):
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.pdf or \.dot"):
        draw(neuron()).save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_drawing_gives_its_digraph():
    d = draw(neuron())
    assert isinstance(d, Drawing)
    assert isinstance(d.digraph, Digraph)
    assert d.digraph.source == d.source


def test_the_module_is_its_own_demo(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad_edu.figures"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "neuron.svg" in done.stdout
    assert done.stderr == ""
    ET.parse(tmp_path / "neuron.svg")
    assert os.listdir(tmp_path) == ["neuron.svg"]


# Programs that lay out graphs, and none.

posix_only = pytest.mark.skipif(
    os.name != "posix", reason="the stand-in programs of these tests are scripts that only POSIX starts"
)


def program(folder: Path, name: str, body: str) -> Path:
    """A program that stands in for a renderer."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{PYTHON}\nimport sys, time\nsource = sys.stdin.read()\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine on which nothing is found, with a folder `bin` on its PATH and one beside its Python."""
    for name in ("bin", "beside"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "beside" / "python"))
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: str(tmp_path / "beside"))
    return tmp_path


SAYS = "sys.stdout.write('PNG %s ' + sys.argv[1] + str(len(source) > 500))"


@posix_only
def test_graphviz_is_preferred_then_graphviz_pure_on_the_path_then_the_one_beside_python(bare):
    for folder, name in (
        ("beside", "graphviz-pure"),
        ("bin", "graphviz-pure"),
        ("bin", "dot"),
    ):  # the better, the later
        program(bare / folder, name, SAYS % f"{folder}/{name}")
        assert draw(neuron()).picture.png().decode() == f"PNG {folder}/{name} -TpngTrue"


@posix_only
def test_a_graphviz_without_neato_draws_only_where_there_is_no_other_program(bare):
    program(
        bare / "bin", "dot", "sys.stderr.write('no layout engine support for neato'); sys.exit('-Kneato' in sys.argv)"
    )
    picture = draw(neuron()).picture
    with pytest.raises(RenderError, match=r"support for neato; .* another comes with .*pip install graphviz-pure"):
        picture.png()
    program(bare / "beside", "graphviz-pure", SAYS % "pure")
    assert picture.png().startswith(b"PNG pure") and render.is_pure()
    program(bare / "beside", "graphviz-pure", "sys.exit(len(source) > 500)")  # what it cannot do, it would not do anew
    with pytest.raises(RenderError, match="an .svg needs no such program$"):
        picture.png()


@posix_only
@pytest.mark.parametrize("path", ["", ".", "./", "bin", ":bin:", ".:./bin"])
def test_no_program_is_run_that_lies_in_the_current_folder(path, bare, monkeypatch):
    monkeypatch.chdir(bare)
    for folder in (bare, bare / "bin"):
        program(folder, "dot", SAYS % "somebody else's")
        program(folder, "dot.exe", SAYS % "somebody else's")
    monkeypatch.setenv("PATH", path)
    assert render.renderer() is None
    monkeypatch.setenv("PATH", f"{path}:{bare / 'bin'}")
    assert render.renderer() == str(bare / "bin" / "dot")


def test_without_a_program_the_svg_is_the_same_and_the_other_forms_say_both_ways(bare):
    d = draw(neuron())
    assert d.save(bare / "graph.svg").read_text(encoding="utf-8").startswith(d.svg())
    assert set(d._repr_mimebundle_()[0]) == {"text/plain", "text/html", "image/svg+xml"}
    with pytest.raises(RenderError, match=r"pip install graphviz-pure svglib.*Graphviz.*an \.svg needs none"):
        d.save(bare / "graph.png")
    assert d.save(bare / "kept.dot").read_text(encoding="utf-8") == d.source
    assert not (bare / "graph.png").exists()


@posix_only
@pytest.mark.parametrize(
    "body, said",
    [
        ("sys.stderr.write('bad line 3\\n' * 200); sys.exit(1)", r"exit status 1\): bad line 3; an \.svg"),
        ("sys.exit(0)", "said nothing"),
        ("time.sleep(30)", "stopped after 0.5 s.*max_nodes= or depth="),
    ],
)
def test_a_renderer_that_fails_is_quoted(bare, monkeypatch, body, said):
    program(bare / "bin", "dot", body)
    monkeypatch.setattr(render, "SECONDS", 0.5)
    with pytest.raises(RenderError, match=said):
        draw(neuron()).save(bare / "graph.png")
    assert {*os.listdir(bare)} == {"bin", "beside"}


@posix_only
def test_warnings_of_a_renderer_that_succeeds_are_swallowed(tmp_path, monkeypatch, capfd):
    program(tmp_path / "bin", "dot", "sys.stderr.write('no value for width'); " + SAYS % "fine")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert b"fine" in draw(neuron()).picture.png()
    assert capfd.readouterr() == ("", "")


@posix_only
def test_without_graphviz_and_svglib_a_pdf_says_what_to_do(tmp_path, monkeypatch):
    program(tmp_path / "bin", "graphviz-pure", SAYS % "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setitem(sys.modules, "svglib.svglib", None)
    with pytest.raises(RenderError, match=r"pip install graphviz-pure svglib.*\.svg"):
        draw(neuron()).save(tmp_path / "graph.pdf")
    assert not (tmp_path / "graph.pdf").exists()


# micrograd's notebook, written against its own names.


def trace(root):
    nodes, edges = set(), set()

    def visit(node):
        if node not in nodes:
            nodes.add(node)
            for child in node._prev:
                edges.add((child, node))
                visit(child)

    visit(root)
    return nodes, edges


def draw_dot(root):
    dot = Digraph(format="svg", graph_attr={"rankdir": "LR"})
    nodes, edges = trace(root)
    for n in nodes:
        label = "{ %s | data %.4f | grad %.4f }" % (n.label, n.data, n.grad)
        dot.node(name=str(id(n)), label=label, shape="record")
        if n._op:
            dot.node(name=str(id(n)) + n._op, label=n._op)
            dot.edge(str(id(n)) + n._op, str(id(n)))
    for a, b in edges:
        dot.edge(str(id(a)), str(id(b)) + b._op)
    return dot


def test_micrograds_trace_and_draw_dot_run_on_our_values():
    o = neuron()
    nodes, edges = trace(o)
    assert (len(nodes), len(edges)) == (10, 9)
    source = draw_dot(o).source
    assert source.count("shape=record") == 10
    assert source.count(" -> ") == 9 + 5  # and one from each operation to its result
    assert "{ o | data 0.7071 | grad 1.0000 }" in source
    if render.renderer():
        ET.fromstring(render.convert(source, "svg"))
