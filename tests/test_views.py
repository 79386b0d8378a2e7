"""Views of large graphs: neurons found by their labels, one path of the chain rule,
the neighbourhood of a node, frames.
"""

import math
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html import unescape

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, functional, grad, losses, nn, ops, paths, render, topological
from tinygrad_edu.figures import cards, draw
from tinygrad_edu.figures.__main__ import neuron
from tinygrad_edu.figures.modules import NO_GRADIENT, loss_formula
from tinygrad_edu.figures.units import group
from tinygrad_edu.strategies import programs

needs_renderer = pytest.mark.skipif(
    render.renderer() is None, reason="neither Graphviz's dot nor graphviz-pure is installed here"
)
LECTURE = [1.0, -2.0, 0.5]


def attribute(line, name):
    """One attribute of a DOT statement, its entities decoded."""
    m = re.search(rf'\b{name}=(?:"([^"]*)"|([^\s\]]+))', line)
    return unescape(m[1] if m[1] is not None else m[2]) if m else None


def statements(drawing):
    """The DOT text as two dicts: node id -> its line, and a list of (tail, head, line)."""
    nodes, edges = {}, []
    for line in drawing.source.splitlines():
        if m := re.match(r"\t(\w+) -> (\w+) \[", line):
            edges.append((m[1], m[2], line))
        elif (m := re.match(r"\t(\w+) \[", line)) and m[1] not in ("graph", "node", "edge"):
            nodes[m[1]] = line
    return nodes, edges


def weights_of(drawing):
    """label of a weight -> the line of its edge."""
    return {
        attribute(e, "tooltip").split("\n")[0]: e
        for _, _, e in statements(drawing)[1]
        if attribute(e, "class") == "weight"
    }


def units_of(drawing):
    """name of a unit -> its line."""
    lines = statements(drawing)[0].values()
    return {attribute(n, "tooltip").split(":")[0]: n for n in lines if (attribute(n, "class") or "").startswith("unit")}


def trained(model, x=LECTURE, target=1.0):
    loss = losses.mse([model(x)], [target])
    loss.backward()
    return loss


def rgb(colour):
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def mlp(expand=False, sizes=(4, 4, 1), **options):
    return nn.MLP(3, list(sizes), seed=7, expand=expand, **options)


# The module view.

both_builds = pytest.mark.parametrize("expand", [False, True], ids=["fused", "expanded"])


@both_builds
def test_there_is_a_circle_per_neuron_and_an_edge_per_weight(expand):
    model = mlp(expand)
    d = draw(trained(model), view="modules")
    weights = [p.label for p in model.parameters() if ".w[" in p.label]
    assert sorted(weights_of(d)) == sorted(weights)
    assert sorted(units_of(d)) == sorted(
        label.removesuffix(".b") for label in (p.label for p in model.parameters()) if label.endswith(".b")
    )
    assert (d.nodes, d.edges, d.note) == (3 + 9 + 1, 12 + 16 + 4, "")


def test_fused_and_expanded_networks_are_the_same_picture():
    fused, expanded = [draw(trained(mlp(e, activation="tanh")), view="modules") for e in (False, True)]
    assert fused.source == expanded.source


@both_builds
def test_an_edge_joins_what_the_weight_reads_to_the_neuron_that_it_belongs_to(expand):
    d = draw(trained(mlp(expand, activation="tanh")), view="modules")
    name = {k: attribute(n, "tooltip").split("\n")[0].split(":")[0] for k, n in statements(d)[0].items()}
    for tail, head, line in statements(d)[1]:
        if m := re.match(r"mlp\.layers\.(\d)\.neurons\.(\d)\.w\[(\d)\]", attribute(line, "tooltip") or ""):
            layer, j, i = map(int, m.groups())
            assert name[head] == f"mlp.layers.{layer}.neurons.{j}"
            said = attribute(statements(d)[0][tail], "label")
            assert (
                (name[tail] == f"mlp.layers.{layer - 1}.neurons.{i}") if layer else (said == f"x{i} = {LECTURE[i]:g}")
            )


@both_builds
def test_the_width_of_an_edge_grows_with_the_size_of_its_weight(expand):
    model = mlp(expand)
    d = draw(trained(model), view="modules")
    size = {
        p.label: (bool(p.grad), abs(p.data)) for p in model.parameters()
    }  # those that carry no gradient are thin all
    drawn = [(*size[label], float(attribute(e, "penwidth"))) for label, e in weights_of(d).items()]
    for carries in (True, False):
        widths = [w for has, _, w in sorted(drawn) if has is carries]
        assert widths == sorted(widths) and len(set(widths)) > 5
    assert len({w for *_, w in drawn}) > 25 and max(w for has, _, w in drawn if not has) <= 1.5
    fresh = weights_of(
        draw(losses.mse([mlp(expand)(LECTURE)], [1.0]), view="modules")
    )  # before backward() nothing is faded
    before = [(size[label][1], float(attribute(e, "penwidth"))) for label, e in fresh.items()]
    assert [w for _, w in sorted(before)] == sorted(w for _, w in before) and max(before)[1] == 4.0


@both_builds
def test_the_colour_of_an_edge_is_the_sign_of_its_gradient(expand):
    model = mlp(expand)
    d = draw(trained(model), view="modules")
    signs = set()
    for p in model.parameters():
        if p.label in weights_of(d):
            r, _, b = rgb(attribute(weights_of(d)[p.label], "color"))
            signs.add(p.grad > 0 if p.grad else None)
            assert (
                b > r + 20
                if p.grad < 0
                else r > b + 20
                if p.grad > 0
                else attribute(weights_of(d)[p.label], "color") == NO_GRADIENT
            )
    assert signs == {True, False, None}  # all three occur


@both_builds
def test_a_circle_is_dashed_exactly_if_its_relu_is_closed_and_says_its_value(expand):
    model = mlp(expand, sizes=(8, 8, 1))
    loss = trained(model)
    outs = {u.name: u.out for u in group(loss).units}
    dead = {name for name, line in units_of(draw(loss, view="modules")).items() if "dashed" in attribute(line, "style")}
    assert dead == {name for name, out in outs.items() if out.op is ops.relu and out.data == 0}
    assert 0 < len(dead) < 16


def test_a_tanh_that_passes_hardly_anything_is_not_dashed_and_a_linear_unit_at_zero_is_not_either():
    d = draw(trained(mlp(activation="tanh"), [9.0, 9.0, 9.0]), view="modules")
    assert "dashed" not in "".join(units_of(d).values())
    d = draw(trained(nn.MLP(3, [2, 1], activation="linear", init="zeros")), view="modules")
    assert "dashed" not in "".join(units_of(d).values())


@pytest.mark.parametrize(
    "activation", ["tanh", "silu", "sigmoid", lambda z: 1.7159 * (z * (2 / 3)).tanh(), lambda z: z * z.sigmoid()]
)
@both_builds
def test_any_activation_belongs_to_its_neuron(activation, expand):
    groups = group(trained(mlp(expand, activation=activation)))
    assert (len(groups.units), groups.boxes, len({u.name for u in groups.units})) == (9, [], 9)
    hidden = [u for u in groups.units if u.level < 3]
    assert all(u.out is not u.z and u.bias is not None for u in hidden)


def test_the_loss_is_one_box_with_its_formula_and_value():
    model = mlp(sizes=(1,))
    loss = (model(LECTURE) - 1.0) ** 2
    loss.backward()
    nodes, edges = statements(draw(loss, view="modules"))
    assert attribute(nodes["loss"], "label").split("\\n")[:2] == ["loss", "(out - 1) ** 2"]
    assert float(attribute(nodes["loss"], "label").split("\\n")[2]) == pytest.approx(loss.data, rel=0.06)
    assert [head for _, head, e in edges if attribute(e, "class") != "weight"] == ["loss"]


def test_a_long_loss_is_named_and_counted():
    model = mlp()
    loss = losses.hinge([model(LECTURE)], [1]) + losses.l2(model.parameters())
    assert re.fullmatch(r"\+, \d+ operations", loss_formula(loss, group(loss)))
    assert draw(loss, view="modules").edges == 32  # the penalty reads every weight, and is no neuron


def test_without_a_loss_the_last_circle_is_the_root():
    out = mlp(activation="tanh", output="sigmoid")(LECTURE)
    out.backward()
    assert "loss" not in statements(draw(out, view="modules"))[0]
    assert [u.out for u in group(out).units][-1] is out


@both_builds
def test_a_batch_is_one_picture_with_mean_values_and_summed_gradients(expand):
    model, rng = mlp(expand), random.Random(1)
    xs = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(7)]
    loss = losses.mse([model(x) for x in xs], [1.0] * 7)
    loss.backward()
    d = draw(loss, view="modules")
    assert (d.nodes, d.edges) == (13, 32)
    assert d.note.startswith("7 samples in one picture")
    of = group(loss).units
    for name, line in units_of(d).items():
        outs = [u.out for u in of if u.name == name]
        value, slope = re.search(
            r"value (\S+), mean of 7 samples\ngrad (\S+), sum of 7 samples", attribute(line, "tooltip")
        ).groups()
        assert float(value) == pytest.approx(math.fsum(v.data for v in outs) / 7)
        assert float(slope) == pytest.approx(math.fsum(v.grad for v in outs), abs=1e-12)
        closed = all(v.data == 0 for v in outs) and outs[0].op is ops.relu
        assert ("dashed" in attribute(line, "style")) == closed
    inputs = [n for n in statements(d)[0].values() if attribute(n, "class") == "input"]
    means = [math.fsum(x[i] for x in xs) / 7 for i in range(3)]
    assert [float(attribute(n, "label").split(" = ")[1]) for n in inputs] == pytest.approx(means, rel=0.06)


@both_builds
def test_a_recurrent_network_is_drawn_step_by_step_and_each_use_has_its_share_of_the_gradient(expand):
    rnn = nn.RNN(1, 2, seed=1, expand=expand)
    _, h = rnn([[1.0], [0.5], [2.0]])
    loss = losses.mse(h, [0.0, 1.0])
    loss.backward()
    d = draw(loss, view="modules")
    assert len([n for n in statements(d)[0].values() if attribute(n, "class") == "unit"]) == 6
    assert "a line per use" in d.note
    for p in rnn.parameters():
        uses = [e for _, _, e in statements(d)[1] if (attribute(e, "tooltip") or "").startswith(p.label + "\n")]
        if ".w[" in p.label:
            assert len(uses) == 3
            assert math.fsum(float(attribute(e, "tooltip").split("grad ")[1]) for e in uses) == pytest.approx(p.grad)


def test_no_unit_reads_what_it_feeds():
    rng = random.Random(3)
    xs = [Value(rng.gauss(0, 1)) for _ in range(4)]
    for k in range(3):  # residual blocks with a norm: boxes that must not be merged across levels
        ys = nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4, seed=k), ops.tanh, name=f"block{k}")(xs)
        xs = [x + y for x, y in zip(xs, ys)]
    root = functional.sum(xs)
    root.backward()
    nodes, edges = statements(draw(root, view="modules"))
    above, left = {h: {t for t, g, _ in edges if g == h} for h in nodes}, set(nodes)
    while free := {n for n in left if not above[n] & left}:
        left -= free
    assert left == set()


def network(kind):
    img = [[0.1 * i * j - 0.3 for i in range(5)] for j in range(4)]
    if kind == "conv":
        conv = nn.Conv2d(1, 2, 3, activation="relu", seed=1)
        net = nn.Sequential(conv, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(2, 3, seed=1), nn.LayerNorm(3))
        return losses.cross_entropy(net(img), 1)
    if kind == "embedding":
        table, layer = nn.Embedding(5, 3, seed=1), nn.Linear(6, 2, seed=2)
        return losses.cross_entropy(layer(table(1) + table(3)), 1)
    if kind == "dropout":
        return losses.mse(
            nn.Sequential(nn.Linear(2, 4, seed=1), nn.Dropout(0.5, seed=1), nn.Linear(4, 1, seed=2))([1.0, 2.0]), [0.0]
        )
    return losses.mse(nn.RNN(1, 2, seed=1)([[1.0], [2.0]])[1], [0.0, 1.0])


@pytest.mark.parametrize("kind, weights", [("conv", 8 * 9 + 6 + 3), ("embedding", 12), ("dropout", 12), ("rnn", 12)])
def test_every_module_can_be_seen_in_every_view(kind, weights):
    loss = network(kind)
    loss.backward()
    d = draw(loss, view="modules")
    assert sum(attribute(e, "class") == "weight" for _, _, e in statements(d)[1]) == weights
    cards = draw(loss)
    if render.renderer():
        for view in (d, cards):
            ET.fromstring(view.svg())


def test_what_is_added_up_of_one_neuron_at_work_twice_is_two_neurons():
    n = nn.Neuron(2, activation="linear", expand=True, seed=1)
    assert len(group(n([1.0, 2.0]) + n([3.0, 4.0])).units) == 2


def test_labels_of_your_own_will_do():
    w, b = [Value(1.0, label=f"me.w[{i}]") for i in range(2)], Value(0.0, label="me.b")
    total = sum(wi * xi for wi, xi in zip(w, (2.0, 3.0))) + b  # Python's sum begins with 0
    [unit] = group(total.tanh()).units
    assert (unit.name, unit.bias, [x.data for _, x in unit.inputs]) == ("me", b, [2.0, 3.0])


@pytest.mark.parametrize(
    "root, said",
    [
        (neuron(), r"10 nodes has no weight with such a label.*view='cards'.*w\.label = 'neuron\.w\[0\]'"),
        (functional.sum(nn.Embedding(3, 2, seed=1)(1)), "parameters of 'embedding', but none that weighs an input"),
        (Value(1.0), "1 node has no weight"),
    ],
)
def test_without_such_labels_the_error_says_how_to_label(root, said):
    with pytest.raises(ValueError, match=said):
        draw(root, view="modules")


def test_before_backward_it_says_so_and_only_the_width_speaks():
    d = draw(mlp()(LECTURE), view="modules")
    assert "no gradients yet" in d.note
    assert len({attribute(e, "color") for e in weights_of(d).values()}) == 1


def test_of_a_wide_network_the_largest_gradients_of_each_layer_are_drawn_and_the_rest_is_counted():
    model = nn.MLP(50, [40, 30, 3], seed=1, activation="tanh")
    loss = losses.cross_entropy(model([math.sin(i) for i in range(50)]), 1)
    loss.backward()
    d = draw(loss, view="modules", max_nodes=40)
    shown, more = units_of(d), [attribute(n, "label") for k, n in statements(d)[0].items() if k.startswith("more")]
    assert d.nodes <= 41
    assert "of 123 units and inputs" in d.note
    assert sum(int(label.split()[1]) for label in more) == 123 - (d.nodes - 1)
    for layer in (0, 1):
        grads = {u.name: abs(u.out.grad) for u in group(loss).units if u.name.startswith(f"mlp.layers.{layer}.")}
        drawn = [name for name in shown if name in grads]
        assert set(drawn) == set(sorted(grads, key=grads.get)[-len(drawn) :])
    assert draw(loss, view="modules", max_nodes=None).nodes == draw(loss, view="modules", max_nodes=123).nodes == 124


def test_of_a_long_recurrent_network_the_end_is_drawn():
    _, h = nn.RNN(1, 2, seed=1)([[math.sin(t)] for t in range(400)])
    loss = losses.mse(h, [0.0, 1.0])
    loss.backward()
    d = draw(loss, view="modules")
    assert d.nodes <= 151
    assert "1,202" in d.note
    assert any(
        int(attribute(n, "label").split()[1].replace(",", "")) > 900
        for k, n in statements(d)[0].items()
        if k.startswith("more")
    )


@pytest.mark.parametrize("data", [math.inf, math.nan])
def test_what_is_not_finite_is_drawn_too(data):
    model = mlp()
    model.layers[0].neurons[0].w[0].data = data
    d = draw(trained(model), view="modules")
    assert d.edges == 32
    if render.renderer():
        ET.fromstring(d.svg())


# Paths.


def all_paths(first, last):
    """Every path by walking it: (nodes, product)."""
    if first is last:
        return [([first], 1.0)]
    return [([*nodes, last], product * d) for p, d in zip(last.parents, last.local_grads() if last.parents else ())
            for nodes, product in all_paths(first, p)]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(programs())
def test_the_largest_of_all_paths_is_found_and_their_number_and_sum(program):
    leaves = [Value(x) for x in program.inputs]
    root = program(*leaves)
    slopes = paths.local_slopes(root)
    for first in leaves:
        walked = all_paths(first, root)
        if not walked:
            with pytest.raises(ValueError, match="no path"):
                draw(root, path=(first, root))
            continue
        [path] = paths.largest(slopes, first)
        assert (paths.count_paths(slopes, first), path.nodes[0], path.nodes[-1]) == (len(walked), first, root)
        assert all(n.parents[i] is p for p, n, i in zip(path.nodes, path.nodes[1:], path.slots))
        assert abs(path.product) == pytest.approx(max(abs(product) for _, product in walked), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("name", ["x1", "x2", "w1", "w2", "b"])
def test_the_product_along_the_only_path_is_the_gradient(name):
    o = neuron()
    leaf = next(n for n in topological(o) if n.label == name)
    [path] = paths.largest(paths.local_slopes(o), leaf, most=2)
    assert path.ways == 1
    assert path.product == pytest.approx(leaf.grad) == pytest.approx(grad(o, leaf)[0].data)


def test_the_caption_is_the_chain_rule_with_its_numbers():
    o = neuron()
    w1 = next(n for n in topological(o) if n.label == "w1")
    d = draw(o, path=(w1, o))
    assert d.note == "∂o/∂w1 = 2 · 1 · 1 · 0.5 = 1"
    assert d.note in d.source
    nodes, edges = statements(d)
    assert [t for t, _, e in edges if 'color="#d1531f"' in e] == ["n1", "n2", "n6", "n8"]
    assert {k for k, n in nodes.items() if 'COLOR="#d1531f"' in n} == {"n1", "n2", "n6", "n8", "n9"}
    assert {attribute(e, "color") for t, _, e in edges if t not in ("n1", "n2", "n6", "n8")} == {cards.FADED_EDGE}
    assert draw(o, path=paths.largest(paths.local_slopes(o), w1)[0].nodes).source == d.source


def test_a_million_paths_are_counted_exactly_and_one_is_shown():
    x = Value(1.0, label="x")
    y = x
    for _ in range(20):
        y = y + y
    y.label = "y"
    d = draw(y, path=(x, y))
    assert "∂y/∂x along this path = 1 · 1" in d.note
    assert "1 of 1,048,576 paths" in d.note
    assert sum('color="#d1531f"' in e for _, _, e in statements(d)[1]) == 20  # one of two edges at each step
    assert "all together 1048576" in d.note


def test_a_full_path_is_taken_as_it_is_given():
    a = Value(3.0, label="a")
    s, t = a * 2.0, a * 5.0
    s.label, t.label = "s", "t"
    L = s + t
    L.label = "L"
    assert draw(L, path=(a, L)).note.startswith("∂L/∂a along this path = 5 · 1 = 5; 1 of 2 paths; all together 7")
    assert draw(L, path=[a, s, L]).note.startswith("∂L/∂a along this path = 2 · 1 = 2; 1 of 2 paths; all together 7")


def test_a_path_of_a_hundred_thousand_steps_shows_both_ends():
    x = Value(0.5, label="x")
    y = x
    for _ in range(100_000):
        y = y * 1.0
    d = draw(y, path=(x, y), max_nodes=20)
    nodes, edges = statements(d)
    assert (len(nodes), d.nodes) == (22, 20)  # and what is behind the path, and between its ends
    assert attribute(nodes["gap"], "label") == "… 99,981 more"
    assert "99,988 more" in d.note and "= 1; 20 of 200,001" in d.note
    assert [("gap" == t, "gap" == h) for t, h, _ in edges if "gap" in (t, h)] == [(True, False), (False, True)]


def test_products_beyond_floats_are_compared_exactly():
    x = Value(1.0, label="x")

    def chain(factors):
        v = x
        for f in factors:
            v = v * f
        return v

    large, larger = chain([1e300, 1e300, 1e-300]), chain([1e300, 1e300, 2e-300])
    small, smaller = chain([2e-300, 1e-300, 1e-300]), chain([1e-300, 1e-300, 1e-300])
    assert paths.largest(paths.local_slopes(large + larger), x)[0].nodes[-2] is larger
    assert paths.largest(paths.local_slopes(smaller + small), x)[0].nodes[-2] is small
    assert paths.largest(paths.local_slopes(small + large), x)[0].nodes[-2] is large


def test_a_path_through_a_network_keeps_to_max_nodes_and_is_marked_in_its_frames():
    model = mlp(expand=True)
    loss = trained(model)
    w = model.layers[0].neurons[0].w[0]
    d = draw(loss, path=(w, loss), max_nodes=60)
    assert d.nodes <= 60
    assert "those nearest to the path" in d.note
    assert "mlp.layers.0" in d.source


# Around a node.


def test_around_a_node_are_its_inputs_and_what_reads_it_and_the_rest_is_counted_on_both_sides():
    x = Value(1.0, label="x")
    chain = [x]
    for _ in range(100):
        chain.append(chain[-1].tanh())
    d = draw(chain[-1], around=chain[50], max_nodes=5)
    nodes, edges = statements(d)
    assert set(nodes) == {"n48", "n49", "n50", "n51", "n52", "more", "later"}
    assert (attribute(nodes["more"], "label"), attribute(nodes["later"], "label")) == ("… 48 more", "… 48 more")
    assert {(t, h) for t, h, e in edges if "dotted" in e} == {("more", "n48"), ("n52", "later")}
    assert 'BORDER="2"' in nodes["n50"] and 'BORDER="2"' not in nodes["n49"]
    assert "5 of 101 nodes, those nearest to the node in the dark frame" in d.note


@pytest.mark.parametrize("depth, shown", [(0, 1), (1, 3), (2, 5)])
def test_depth_counts_steps_in_both_directions(depth, shown):
    x = Value(1.0)
    middle = x.tanh().tanh().tanh()
    root = middle.tanh().tanh().tanh()
    assert draw(root, around=middle, depth=depth).nodes == shown


def test_around_the_root_is_what_is_drawn_anyway():
    o = neuron()
    assert set(statements(draw(o, around=o, max_nodes=3))[0]) == set(statements(draw(o, max_nodes=3))[0])


# Frames.


@both_builds
def test_cards_stand_in_frames_of_neurons_and_layers(expand):
    d = draw(trained(mlp(expand, activation="tanh")), view="cards", max_nodes=None)
    titles = re.findall(r'\blabel="?((?:mlp|neurons)[\w.]*)"?', d.source)
    assert titles.count("neurons.0") == 3
    assert sorted(t for t in titles if t.startswith("mlp")) == ["mlp.layers.0", "mlp.layers.1", "mlp.layers.2"]
    assert d.source.count("subgraph cluster") == 3 + 9
    flat = draw(trained(mlp(expand, activation="tanh")), max_nodes=None, clusters=False)
    assert "subgraph" not in flat.source
    assert set(statements(flat)[0]) == set(statements(d)[0])


def test_graphs_without_such_labels_have_no_frames():
    assert draw(neuron()).source == draw(neuron(), clusters=False).source


def test_a_card_in_a_frame_need_not_repeat_its_title():
    d = draw(nn.Neuron(2, seed=1)([1.0, 2.0]))
    assert "<I>w[0]</I>" in d.source and "neuron.w[0]" in d.source  # in the card, and in the tooltip


# All together.


def hundred_thousand():
    model = nn.MLP(2, [16, 16, 1], seed=1, expand=True)
    loss = losses.hinge([model([math.sin(i), math.cos(i)]) for i in range(155)], [1, -1] * 77 + [1])
    loss.backward()
    return model, loss


def test_a_graph_of_a_hundred_thousand_nodes_is_answered_in_every_view():
    model, loss = hundred_thousand()
    w = model.layers[0].neurons[0].w[0]
    assert len(topological(loss)) > 100_000
    for options in ({}, {"view": "modules"}, {"path": (w, loss)}, {"around": w}, {"depth": 3}):
        d = draw(loss, **options)
        assert 1 < d.nodes <= 151
        assert len(d.source) < 400_000
    assert draw(loss, view="modules").edges == 304


@needs_renderer
@pytest.mark.parametrize(
    "options", [{"view": "modules"}, {"clusters": True}, {"path": "w"}, {"around": "w", "max_nodes": 20}]
)
def test_every_view_is_valid_svg_and_has_its_caption(options):
    model = mlp(expand=True)
    loss = trained(model)
    w = model.layers[0].neurons[0].w[0]
    options = {k: {"path": (w, loss), "around": w}[k] if v == "w" else v for k, v in options.items()}
    d = draw(loss, **options)
    words = " ".join("".join(t.itertext()) for t in ET.fromstring(d.svg()).iter("{http://www.w3.org/2000/svg}text"))
    assert all(part.strip() in unescape(words) for part in d.note.split("; "))


def test_the_same_graph_gives_the_same_bytes_in_every_process():
    code = (
        "from tinygrad_edu import nn, losses, draw\nm = nn.MLP(3, [4, 4, 1], seed=7)\n"
        "L = losses.mse([m([1.0, -2.0, 0.5])], [1.0]); L.backward()\n"
        "for o in ({'view': 'modules'}, {}, {'path': (m.parameters()[0], L)}, {'around': m.parameters()[0], "
        "'max_nodes': 9}):\n    print(draw(L, **o).source)"
    )
    runs = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                           env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}).stdout
            for seed in ("0", "7")}  # fmt: skip
    assert len(runs) == 1


A, B = Value(1.0, label="a"), Value(2.0, label="b")


@pytest.mark.parametrize(
    "root, options, error, said",
    [
        (A * 2, {"view": "module"}, ValueError, "cards, modules"),
        (A * 2, {"path": (A, B)}, ValueError, "end of path= must be part of the graph"),
        (A * B, {"path": (Value(3.0, label="c"), "L")}, TypeError, "two ends"),
        (A * B, {"path": (A,)}, TypeError, "two ends"),
        (A * B, {"path": A}, TypeError, "two ends"),
        (A * 2, {"around": B}, ValueError, "around must be part of the graph"),
        (A * 2, {"around": "a"}, TypeError, "around must be a Value"),
        (A * 2, {"view": "modules", "depth": 2}, ValueError, "depth= chooses cards"),
        (A * 2, {"path": (A, A), "around": A}, ValueError, "give one of them"),
    ],
)
def test_errors_say_what_is_allowed(root, options, error, said):
    with pytest.raises(error, match=said):
        draw(root, **options)


def test_a_path_that_is_none_says_where_it_breaks():
    L = (A * B).tanh()
    for nodes, said in (((Value(3.0, label="c"), L), "no path from 'c' to 'L'"), ((L, L), "no path"),
                        ((L.parents[0], A), "the other way round"),
                        ([A, L.parents[0], B, L], r"path\[1\] = 'v1' is not an input of path\[2\] = 'b'")):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            draw(L, path=nodes)


@pytest.mark.parametrize("label", [3, None, 2.5, ("a", 1)], ids=repr)
def test_a_label_that_is_no_text_is_read_as_text_by_every_view(label):
    a = Value(1.0, label="a")
    a.label = label
    L = a * 2.0 + a
    L.backward()
    for view in (L.draw().svg(), L.explain(), L.source(), L.source("latex"), L.page().html, L.order_lab()):
        assert str(view)
    assert not label or str(label)[-1] in L.draw().svg()


def test_what_a_loss_does_to_some_of_its_outputs_is_no_activation():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)
    outs = [model(x) for x in ([0.5, 1.0], [1.0, -0.5], [-1.0, 0.25])]
    loss = losses.binary_cross_entropy_with_logits(outs, [1, 0, 1])  # softplus of -z, of z, of -z
    last = [u for u in group(loss).units if u.level == 2]
    assert {u.out for u in last} == set(outs)


def test_a_label_in_the_place_of_a_node_is_told_that_the_node_is_meant():
    w = Value(2.0, label="w")
    L = w * 3.0
    for ends in ("w", ("w", L), ("w", "L")):
        with pytest.raises(TypeError, match="the Values themselves, not their labels"):
            draw(L, path=ends)
    with pytest.raises(TypeError, match="got str 'w': the Value itself, not its label"):
        draw(L, around="w")
    with pytest.raises(TypeError, match=r"got Value\(2\.0, label='w'\)$"):
        draw(L, path=w)
