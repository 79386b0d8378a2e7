"""The page without a browser: what stands in the file, what is refused, where the cards stand."""

import base64
import html.parser
import json
import math
import re
import shutil
import subprocess
import sys

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, nn, ops, render
from tinygrad_edu.engine import chain_rule, topological
from tinygrad_edu.explanation.walk import Walk
from tinygrad_edu.expression import parse
from tinygrad_edu.strategies import programs
from tinygrad_edu.webpage import Page, Snapshot, page, snapshot
from tinygrad_edu.webpage.programs import backward_program, forward_program


def neuron():
    x1, x2, w1, w2, b = (
        Value(v, label=n) for v, n in ((2, "x1"), (0, "x2"), (-3, "w1"), (1, "w2"), (6.8813735870195432, "b"))
    )
    return (x1 * w1 + x2 * w2 + b).tanh()


def decayed():
    x, w, b, y, lam = (Value(v, label=n) for v, n in ((2.0, "x"), (-0.5, "w"), (0.8, "b"), (1.0, "y"), (0.1, "λ")))
    return ((w * x + b).tanh() - y) ** 2 + lam * w**2


def mlp_loss():
    mlp = nn.MLP(2, [3, 1], activation="tanh", seed=1, expand=True)
    return (mlp([0.5, -1.0]) - 1.0) ** 2


def scripts(text):
    """The contents of the page's script elements, found as a browser does: they end at the first `</script`."""
    found = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            self.inside = tag == "script"
            if self.inside:
                found.append("")

        def handle_endtag(self, tag):
            self.inside = False

        def handle_data(self, data):
            if getattr(self, "inside", False):
                found[-1] += data

    Reader().feed(text)
    return found


def data(p):
    [script] = scripts(p.html)
    return json.loads(re.search(r"^const DATA = (.*);$", script, re.M)[1])


GRAPHS = {"neuron": neuron, "decayed": decayed, "mlp": mlp_loss}


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_a_small_graph_is_one_file_under_200_kilobytes_that_asks_for_no_other(make):
    text = page(make()).html
    assert len(text.encode()) < 100_000
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    assert not re.search(
        r"\b(fetch|XMLHttpRequest|import|WebSocket|EventSource|sendBeacon)\s*\(|@import|url\((?!#)", text
    )
    assert not re.findall(r'<(?:script|link|img|iframe)[^>]*\b(?:src|href)="(?!data:)', text)


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_the_page_holds_the_engines_numbers_in_the_engines_order(make):
    root = make()
    order, d = topological(root), data(page(root))
    place = {n: i for i, n in enumerate(order)}
    assert d["frames"][0]["v"] == [n.data for n in order]
    edges = [(place[p], place[n], g) for n in reversed(order) for p, g in zip(n.parents, n.local_grads())]
    assert [(e[0], e[1], g) for e, g in zip(d["edges"], d["frames"][0]["d"], strict=True)] == edges
    assert snapshot(root).grads == tuple(chain_rule(root, 1.0, lambda n: n.local_grads()).get(n) for n in order)


@settings(max_examples=50, deadline=None)
@given(programs())
def test_the_programs_of_a_page_are_both_passes_of_the_engine_bit_for_bit(program):
    root = program(*map(Value, program.inputs))
    if not isinstance(root, Value):
        return
    s, walk = snapshot(root), Walk(root)
    locals = [e.local for e in walk.edges]
    values_and_slopes = forward_program(s.nodes)(*[n.data for n in walk.order if not n.parents])
    assert [*map(repr, values_and_slopes)] == [*map(repr, [*s.values, *locals])]
    flows = backward_program(s.nodes)(1.0, *locals)
    sums = dict(zip([e.parent for e in walk.edges], flows[len(locals) :]))  # the last one to a node is its gradient
    assert [*map(repr, flows[: len(locals)])] == [repr(e.contribution) for e in walk.edges]
    assert all(repr(sums.get(n, 1.0)) == repr(g) for n, g in walk.totals.items())


def test_a_page_changes_no_gradient_and_does_not_depend_on_any():
    root = decayed()
    before = page(root).html
    assert all(n.grad == 0.0 for n in topological(root))
    root.backward()
    root.backward()
    grads = [n.grad for n in topological(root)]
    assert page(root).html == before and [n.grad for n in topological(root)] == grads


def test_a_parameter_that_has_moved_is_shown_as_the_pass_saw_it():
    w, x = Value(3.0, label="w"), Value(2.0, label="x")
    root = w * x
    w.data = 100.0
    assert snapshot(root).values == (3.0, 2.0, 6.0) and snapshot(root).grads == (2.0, 3.0, 1.0)


def test_formulas_are_the_textbooks_with_the_nodes_in_them():
    x, w = Value(0.5, label="x"), Value(2.0, label="w")
    d = data(page((w * x).tanh()))
    assert [n["name"] for n in d["nodes"]] == ["w", "x", "v1", "v2"]
    assert d["nodes"][2]["formula"] == "\ue0000\ue001 · \ue0001\ue001"
    assert [e[2] for e in d["edges"]] == ["1 − \ue0003\ue001 · \ue0003\ue001", "\ue0001\ue001", "\ue0000\ue001"]
    assert d["whole"] == "tanh(\ue0000\ue001 · \ue0001\ue001)"


def test_a_made_up_name_is_never_a_label_and_a_constant_is_its_number():
    a = Value(2.0, label="v1")
    d = data(page((a * 3 + Value(1.0, label="L")).exp()))
    assert [n["name"] for n in d["nodes"]] == ["v1", "", "v2", "L", "v3", "v4"]


NASTY = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "{{js}}",
    "\"'`${x}`\\",
    "λ🙂\u2028",
    "a\nb\x00c",
    "<img src=x onerror=alert(1)>",
]


@pytest.mark.parametrize("label", NASTY)
def test_no_label_or_title_escapes_from_where_it_belongs(label):
    x = Value(2.0, label=label)
    text = page(x * x, title=label).html
    assert len(scripts(text)) == 1 and text.count("<script") == 1 and text.count("</script>") == 1
    assert "<img" not in text
    d = data(page(x * x, title=label))
    assert d["nodes"][0]["name"] == snapshot(x * x).nodes[0].label and d["title"] == label


def test_numbers_that_are_not_finite_are_javascripts_own_words():
    x = Value(0.0, label="x")
    text = page(x.log() * 2 + Value(math.nan)).html
    assert re.search(r'"v":\[0\.0,-Infinity,2\.0,-Infinity,NaN,NaN\]', text)


@pytest.mark.skipif(not shutil.which("node"), reason="node is not installed: it would check the scripts' grammar")
def test_the_script_is_javascript_whatever_the_rows(tmp_path):
    x, y = Value(0.3, label="x"), Value(0.6, label="y")
    values = [op(*[x, y, x, y, x][: max(len(op.domain), 3 if ... in op.domain else 0)]) for op in ops.TABLE.values()]
    [script] = scripts(page(ops.sum(*values)).html)
    (tmp_path / "page.js").write_text(script)
    assert subprocess.run(["node", "--check", tmp_path / "page.js"], capture_output=True, text=True).stderr == ""


def test_a_row_of_ones_own_is_shown_but_cannot_be_edited():
    odd = ops.Op("odd", lambda x: math.floor(x) + 0.5, lambda y, x: (math.floor(x) * 1.0,))
    d = data(page(odd(Value(2.5, label="x"))))
    assert d["live"] == "odd cannot be written in JavaScript" and d["nodes"][1]["formula"] == "odd(\ue0000\ue001)"
    mish = ops.fused("mush", lambda x: x * ops.tanh(ops.softplus(x)), lambda y, x: (ops.tanh(ops.softplus(x)) + x,))
    assert data(page(mish(Value(2.5))))["live"] == ""


# What is refused


def test_what_cannot_be_a_page_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(TypeError, match="page takes one Value, not float 3.0: give it the result of a computation"):
        page(3.0)
    with pytest.raises(ValueError, match="nothing to show in an empty list"):
        page([])
    with pytest.raises(ValueError, match=r"'page.txt': its name must end in .html"):
        page(Value(2.0), tmp_path / "page.txt")
    assert not list(tmp_path.iterdir())


def test_a_large_graph_is_refused_at_once_with_what_to_do():
    x = Value(1.0)
    for _ in range(100_000):
        x = x + 1.0
    with pytest.raises(ValueError, match=r"200,001 nodes, and a page shows at most 400.*page\(node\)"):
        page(x)


def test_the_largest_graphs_are_laid_out():
    x = w = Value(0.5, label="w")
    for _ in range(199):
        x = x * w + 1.0 if x is w else (x * w).tanh()
    assert isinstance(page(x), Page)
    assert isinstance(page(ops.sum(*[Value(float(i)) for i in range(399)])), Page)
    assert len(page(Value(2.0, label="x")).html) > 1000


# Training tape


def test_frames_of_one_shape_make_one_page():
    frames = []
    w = Value(1.0, label="w")
    for _ in range(5):
        loss = (w * 2.0 - 3.0) ** 2
        frames.append(snapshot(loss))
        w.data -= 0.1 * frames[-1].grads[0]
    assert [round(f.loss, 6) for f in frames] == [1.0, 0.04, 0.0016, 0.000064, 0.000003]
    d = data(page(frames))
    assert [f["v"][0] for f in d["frames"]] == [f.values[0] for f in frames] and d["frames"][1]["v"][0] == 1.4
    assert (
        data(page(tuple(frames))) == d
        and isinstance(frames[0], Snapshot)
        and data(page(frames[0]))["frames"] == d["frames"][:1]
    )


@pytest.mark.parametrize("other, why", [
    (lambda x: x * x * x, "number 1 differs from the first: it has 3 nodes and not 2"),
    (lambda x: x + x, r"its node 1 '' is add of \[0, 0\] and not mul of \[0, 0\]"),
])  # fmt: skip
def test_frames_of_different_shapes_are_refused_with_where_they_part(other, why):
    x = Value(2.0)
    with pytest.raises(ValueError, match=why):
        page([snapshot(x * x), other(x)])


def test_a_network_is_framed_by_its_modules_and_its_names_are_short():
    model = nn.MLP(2, [2, 1], activation="tanh", seed=1)
    text = page((model([1.0, -2.0]) - 1) ** 2).html
    drawn = json.loads(re.search(r"const DATA = (.*);", text)[1])
    assert set(drawn["around"]) == {"mlp · layer 0", "mlp · layer 1", "neuron 0", "neuron 1"}
    cards = {n["name"]: n["title"] for n in drawn["nodes"]}
    assert cards["l0.n1.w[1]"] == "w[1]" and cards["x0"] == "x0" and cards["x1"] == "x1"
    both = page((model([1.0, -2.0]) - 1) ** 2 + (model([3.0, 4.0]) - 1) ** 2).html
    assert {"x0", "x0⁽²⁾", "x1", "x1⁽²⁾"} <= {
        n["name"] for n in json.loads(re.search(r"const DATA = (.*);", both)[1])["nodes"]
    }


@pytest.mark.parametrize("make", GRAPHS.values(), ids=GRAPHS)
def test_every_plan_of_a_page_places_every_node_edge_and_frame_once(make):
    d = data(page(make()))
    assert len(d["plans"]) > 2
    for plan in d["plans"]:
        assert [len(plan[k]) for k in ("spots", "ways", "frames")] == [len(d[k]) for k in ("nodes", "edges", "around")]
        assert len({tuple(spot) for spot in plan["spots"]}) == len(d["nodes"])
    sizes = [plan["size"] for plan in d["plans"]]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1][0] < sizes[0][0] / 2


def test_labels_that_would_be_alike_when_short_stay_long():
    a, b = Value(1.0, label="alpha.0.w"), Value(2.0, label="axis.0.w")
    drawn = json.loads(re.search(r"const DATA = (.*);", page(a * b).html)[1])
    assert [n["name"] for n in drawn["nodes"][:2]] == ["alpha.0.w", "axis.0.w"]


# Face


def test_a_page_saves_itself_and_shows_itself_in_a_notebook(tmp_path):
    p = page(neuron(), tmp_path / "n.html", title="A neuron")
    assert (tmp_path / "n.html").read_text(encoding="utf-8") == p.html and "<h1>A neuron</h1>" in p.html
    frame = p._repr_html_()
    [srcdoc] = re.findall(r'srcdoc="([^"]*)"', frame)
    assert html.unescape(srcdoc) == p.html
    assert repr(page(neuron())) == '<Page: 10 nodes, 16 steps; .save("backward.html") writes it>'
    assert repr(p) == f"<Page: 10 nodes, 16 steps; written to {tmp_path / 'n.html'}>"


def test_a_notebook_that_is_not_trusted_has_the_graph_as_a_picture():
    root = decayed()
    data, about = page(root)._repr_mimebundle_()
    [inside] = re.findall(r"<iframe[^>]*>(.*)</iframe>", data["text/html"])
    [svg] = re.findall(r'<img src="data:image/svg\+xml;base64,([^"]*)"', inside)
    drawn = base64.b64decode(svg).decode()
    assert [drawn.count(f">{word}</text>") for word in ("value", "grad")] == [13, 13]
    for n in ("-4.703", "-2.395", "1.459"):
        assert f">{n}</text>" in drawn
    for n in topological(root):
        assert n.grad == 0.0
    if render.renderer():
        assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and about["image/png"]["width"] <= 840
    large, _ = page(ops.sum(*[Value(float(i)) for i in range(399)]))._repr_mimebundle_()
    assert "<iframe" in large["text/html"] and "<img" not in large["text/html"]


def test_the_same_graph_makes_the_same_page():
    assert page(decayed()).html == page(decayed()).html


def test_the_command_writes_the_page_of_a_formula(tmp_path, capsys):
    from tinygrad_edu.cli import pages

    class Commands:
        def add_parser(self, name, **_):
            import argparse

            self.made = argparse.ArgumentParser(prog=name)
            return self.made

    commands = Commands()
    pages.add_commands(commands)
    out = tmp_path / "b.html"
    arguments = commands.made.parse_args(
        ["(tanh(w*x) - 1)**2 + w**2", "w=-0.5", "x=2", "-o", str(out), "--title", "Mine"]
    )
    assert arguments.run(arguments) == 0
    assert capsys.readouterr().out == f"wrote {out}: 9 nodes, 17 steps; open it in a browser\n"
    L, _ = parse("(tanh(w*x) - 1)**2 + w**2")(w=-0.5, x=2)
    assert out.read_text(encoding="utf-8") == page(L, title="Mine").html
    arguments = commands.made.parse_args(["a*b", "a=1", "a=2"])
    with pytest.raises(ValueError, match="a name was given twice"):
        arguments.run(arguments)


def test_python_m_page_writes_a_page(tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "tinygrad_edu.webpage"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (
        run.stdout == "wrote backward.html: open it in a browser\n"
        and (tmp_path / "backward.html").stat().st_size < 100_000
    )
