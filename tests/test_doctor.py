"""A fault that is planted is found, named and told; of graphs that are sound nothing is said."""

import json
import math
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, data, diagnose, functional, grad, jit, losses, nn, no_grad, ops
from tinygrad_edu.data import moons
from tinygrad_edu.doctor.rows import bend_of
from tinygrad_edu.strategies import programs

X, y = moons(30, seed=0)
SQUASHING = [op for op in ops.TABLE.values() if bend_of(op).kind == "squashes"]
CLOSING = [op for op in ops.TABLE.values() if bend_of(op).kind == "gates" and op.slopes(op(-500.0), -500.0) == (0.0,)]


def found(diagnosis, what):
    """The one finding of that kind."""
    [finding] = diagnosis.named(what)
    return finding


def network(*sizes, activation="tanh", init="xavier", seed=0, **more):
    return nn.MLP(2, list(sizes), activation=activation, init=init, seed=seed, **more)


def loss_of(model):
    return losses.mse([model(x) for x in X], y)


# What is sound


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "gelu", "leaky_relu", "softplus", "relu6", "selu"])
def test_a_network_that_was_begun_well_is_healthy(activation):
    init = "he" if "relu" in activation else "xavier"
    for seed, sizes in enumerate([(8, 1), (16, 16, 1), (8, 8, 8, 1)]):
        model = network(*sizes, activation=activation, init=init, seed=seed)
        logits = [model(x) for x in X]
        for loss in (
            losses.binary_cross_entropy_with_logits(logits, y),
            losses.hinge(logits, [2 * t - 1 for t in y]),
            losses.huber(logits, y, delta=0.1),
        ):
            assert diagnose(loss, model, X), diagnose(loss, model, X)


@pytest.mark.parametrize("activation", ["tanh", "relu", "silu"])
@pytest.mark.parametrize("samples", [1, 12])
def test_digits_are_healthy_though_their_corners_are_empty(activation, samples):
    digits = data.digits()
    model = nn.MLP(64, [12, 10], activation=activation, init="xavier", seed=1)
    loss = losses.cross_entropy([model(x) for x in digits.X_train[:samples]], digits.y_train[:samples])
    diagnosis = diagnose(loss, model)
    assert diagnosis, diagnosis
    assert samples == 1 or "64 inputs are 0 on every sample" in diagnosis.notes[0]


@pytest.mark.parametrize("seed", range(3))
def test_other_layers_are_healthy(seed):
    rng = random.Random(seed)
    sequence = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(6)]
    picture = [[[rng.gauss(0, 1) for _ in range(6)] for _ in range(6)]]
    for make in (nn.RNN, nn.LSTM, nn.GRU):
        layer, out = make(3, 4, seed=seed), nn.Linear(4, 1, seed=seed)
        outputs, _ = layer(sequence)
        assert (d := diagnose(losses.mse([out(h)[0] for h in outputs], [0.0] * 6), layer)), d
    conv, out = nn.Conv2d(1, 2, 3, seed=seed), nn.Linear(32, 1, seed=seed)
    [z] = out([p.relu() for plane in conv(picture) for row in plane for p in row])
    assert (d := diagnose((z - 1) ** 2, conv)), d
    attention = nn.MultiheadAttention(3, 1, seed=seed)
    assert (d := diagnose(losses.mse([v for row in attention(sequence) for v in row], [0.5] * 18), attention)), d


def test_a_trained_network_is_healthy():
    from tinygrad_edu import fit

    model = network(8, 1, seed=3)
    fit(model, X, y, loss="binary_cross_entropy_with_logits", optimizer="adam", lr=0.05, epochs=60, progress=False)
    loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
    assert loss.data < 0.4 and diagnose(loss, model, X), diagnose(loss, model, X)


@given(programs())
@settings(max_examples=60)
def test_a_smooth_program_is_healthy(program):
    diagnosis = diagnose(program(*[Value(x) for x in program.inputs]))
    true = {"no gradient arrives", "blocked gradient", "regularisation lowers the loss"}
    # greater(a, b), minimum(-1, b) and (2 * a) ** 2 - a**2 are programs as well
    assert {f.what for f in diagnosis.broken} <= true, diagnosis


# Units


@pytest.mark.parametrize("op", SQUASHING, ids=lambda op: op.name)
def test_units_of_any_squashing_row_are_saturated_by_large_weights(op):
    model = network(8, 8, 1, activation=op, init="xavier")
    assert not diagnose(loss_of(model), model).named("saturated units")
    for p in model.layers[1].parameters():
        p.data *= 100
    finding = found(diagnose(loss_of(model), model), "saturated units")
    assert finding.where.startswith("mlp.layers.1") and finding.severity == "broken"
    assert {u.split(".neurons")[0] for u in finding.labels} == {"mlp.layers.1"}


def test_weights_without_labels_are_found_by_who_reads_them():
    rng = random.Random(0)
    w = [[Value(rng.uniform(-30, 30)) for _ in range(2)] for _ in range(4)]
    v = [Value(rng.uniform(-1, 1)) for _ in range(4)]
    outs = [sum(vi * (a * wa + b * wb).tanh() for vi, (wa, wb) in zip(v, w)) for a, b in X]
    finding = found(diagnose(losses.mse(outs, y)), "saturated units")
    assert finding.numbers["of"] == 4 and "tanh" in finding.where


@pytest.mark.parametrize("op", CLOSING, ids=lambda op: op.name)
@pytest.mark.parametrize("killed", [{0}, {1, 3, 4}, set(range(8))])
def test_killed_units_of_any_row_that_closes_are_named(op, killed):
    model = network(8, 1, activation=op)
    for i in killed:
        model.layers[0].neurons[i].b.data = -1000.0
    finding = found(diagnose(loss_of(model), model, X), "dead units")
    assert finding.labels == tuple(f"mlp.layers.0.neurons.{i}" for i in sorted(killed))
    assert finding.severity == ("worth a look" if len(killed) == 1 else "broken")


def test_a_unit_that_some_other_sample_opens_is_not_dead():
    model = nn.MLP(1, [8, 1], activation="relu", seed=0)
    for neuron in model.layers[0].neurons:
        neuron.w[0].data, neuron.b.data = 1.0, -10.0
        neuron.w[0].data += random.Random(id(neuron)).random()
    few = [[i / 10] for i in range(10)]
    loss = losses.mse([model(x) for x in few], [0.0] * 10)
    assert diagnose(loss, model).named("dead units")
    assert not diagnose(loss, model, [*few, [100.0]]).named("dead units")
    assert not diagnose(loss, model, ([*few, [100.0]], [0.0] * 11)).named("dead units")
    with pytest.raises(ValueError, match="no data"):
        diagnose(loss, model, [])


@pytest.mark.parametrize("opened", [set(), {0}, {2, 5}])
def test_fused_units_and_those_of_single_nodes_are_closed_on_the_same_data(opened):
    found_dead = []
    for expand in (False, True):
        model = network(8, 1, activation="relu", expand=expand)
        for i, neuron in enumerate(model.layers[0].neurons):
            neuron.b.data = -1000.0
            neuron.w[0].data = float(i in opened)
        finding = found(diagnose(loss_of(model), model, [*X, [1e6, 0.0]]), "dead units")
        found_dead.append((finding.labels, finding.numbers["samples"]))
    closed = tuple(f"mlp.layers.0.neurons.{i}" for i in range(8) if i not in opened)
    assert found_dead == [(closed, len(X) + 1)] * 2


def test_units_that_begin_alike_stay_alike():
    for value in (0.0, 0.3, -1.0):
        model = network(6, 1)
        for p in model.layers[0].parameters():
            p.data = value
        for w in model.layers[1].neurons[0].w:
            w.data = value
        assert found(diagnose(loss_of(model), model), "identical units").numbers == {"units": 6, "of": 6}
    assert found(diagnose(loss_of(network(4, 1, init="zeros"))), "output does not depend on the input")


def test_a_dead_layer_is_named_before_the_output_that_it_makes_constant():
    model = network(6, 1, activation="relu")
    for neuron in model.layers[0].neurons:
        neuron.b.data = -50.0
    targets = [float(side > 0) for side in y]
    for loss in (
        loss_of(model),
        losses.binary_cross_entropy_with_logits([model(x) for x in X], targets),
    ):
        assert [f.what for f in diagnose(loss, model).findings] == ["dead units", "output does not depend on the input"]


def test_one_layer_may_begin_with_zeros():
    model = nn.MLP(2, [3], init="zeros")
    assert diagnose(losses.cross_entropy([model(x) for x in X], [int(t) for t in y]), model)


def test_a_line_after_a_line_is_one_line_unless_it_is_narrow():
    assert found(diagnose(loss_of(network(8, 1, activation="linear"))), "linear after linear")
    wide, narrow, out = nn.Linear(2, 2, name="a"), nn.Linear(4, 2, name="b"), nn.Linear(2, 4, name="c")
    [z] = out(wide([Value(1.0), Value(2.0)]))[:1]
    assert diagnose(z * z).named("linear after linear")
    outs = out(narrow([1.0, -1.0, 0.5, 2.0]))
    assert not diagnose(losses.mse(outs, [0.0] * 4)).named("linear after linear")


# Gradients on their way


@given(st.floats(0.05, 0.25), st.integers(6, 12))
@settings(max_examples=20, deadline=None)
def test_a_gradient_that_vanishes_over_depth_is_measured(factor, depth):
    model = nn.MLP(1, [1] * depth, activation="tanh", seed=0)
    for p in model.parameters():
        p.data = factor * (not p.label.endswith(".b"))
    finding = found(diagnose((model([1e-3]) - 1) ** 2, model), "vanishing gradient")
    assert math.isclose(finding.numbers["rate"], factor, rel_tol=0.01)
    assert math.isclose(finding.numbers["whole"], factor ** (depth - 1), rel_tol=0.01)


@given(st.floats(3.0, 9.0), st.integers(6, 10))
@settings(max_examples=20, deadline=None)
def test_a_gradient_that_explodes_over_depth_is_measured(factor, depth):
    model = nn.MLP(1, [1] * depth, activation="relu", seed=0)
    for p in model.parameters():
        p.data = factor * (not p.label.endswith(".b"))
    finding = found(diagnose((model([1e-3]) - 1) ** 2, model), "exploding gradient")
    assert math.isclose(finding.numbers["rate"], factor, rel_tol=1e-9)
    assert finding.severity == ("broken" if factor ** (depth - 1) > 1e3 else "worth a look")


def test_seven_layers_of_sigmoids_vanish_and_of_tanh_do_not():
    for activation, ill in (("sigmoid", True), ("tanh", False)):
        model = network(*[8] * 6, 1, activation=activation)
        assert bool(diagnose(loss_of(model), model).named("vanishing gradient")) == ill


@given(st.one_of(st.floats(0.1, 0.6), st.floats(1.5, 3.0)), st.integers(20, 40))
@settings(max_examples=20, deadline=None)
def test_a_gradient_through_time_is_measured_per_step(factor, steps):
    rnn = nn.RNN(1, 1, activation="linear", seed=0)
    rnn.cell.neurons[0].w[1].data = factor
    _, [h] = rnn([[0.01]] * steps)
    finding = found(diagnose((h - 1) ** 2, rnn), f"gradient {'vanishes' if factor < 1 else 'explodes'} in time")
    assert math.isclose(finding.numbers["rate"], factor, rel_tol=1e-9)


BOUNDED = [
    lambda d: d.clip(-1, 1),
    lambda d: ops.maximum(ops.minimum(d, 1.0), -1.0),
    lambda d: ops.where(ops.greater(abs(d), 1.0), ops.sign(d), d),
]


@pytest.mark.parametrize("bound", BOUNDED)
@given(st.lists(st.floats(-5, 5).filter(lambda d: abs(abs(d) - 1) > 0.1), min_size=4, max_size=12))
@settings(max_examples=25)
def test_an_error_that_is_bounded_teaches_nothing_and_huber_does(bound, errors):
    q = [Value(d, label=f"q{i}") for i, d in enumerate(errors)]
    diagnosis = diagnose(functional.mean([bound(d) ** 2 for d in q]))
    share = sum(abs(d) > 1 for d in errors) / len(errors)
    assert bool(diagnosis.named("blocked gradient")) == (share > 0) or share < 0.2
    assert all(abs(f.node.data) == 1 for f in diagnosis.named("blocked gradient"))
    assert not diagnose(losses.huber(q, [0.0] * len(q))).named("blocked gradient")


def test_a_mask_of_classes_is_no_bound():
    scores, ks = [[1.0, 2.5, 0.5], [0.25, 0.0, 2.0], [3.0, 0.75, 1.0]], [0, 1, 2]
    model = nn.Linear(3, 3, seed=0)
    masked = jit(lambda x, k: losses.multiclass_hinge(model(x), k))
    assert diagnose(masked, model, (scores, ks)) and diagnose(masked, None, (scores, ks))


def test_a_bound_that_the_loss_does_not_want_to_leave_is_no_fault():
    ratio = Value(1.5, label="ratio")
    assert diagnose(-ratio.clip(0.8, 1.2))  # PPO: what is better already is not made better still
    assert diagnose(ratio.clip(0.8, 1.2)).named("blocked gradient")


# What is not reached


@pytest.mark.parametrize("k", [1, 2])
def test_what_lies_before_no_grad_is_named(k):
    model = network(4, 4, 1)

    def half(x):
        with no_grad():
            for layer in model.layers[:k]:
                x = layer(x)
        for layer in model.layers[k:]:
            x = layer(x)
        return x

    finding = found(diagnose(losses.mse([half(x) for x in X], y), model), "parameters the loss never reaches")
    assert finding.labels == tuple(f"mlp.layers.{i}" for i in range(k)) and "no_grad" in finding.why
    assert finding.numbers["parameters"] == sum(len(layer.parameters()) for layer in model.layers[:k])


def test_a_layer_that_is_left_out_is_named_and_a_row_of_a_table_is_not():
    model, spare, table = network(4, 1), nn.Linear(2, 2, name="spare"), nn.Embedding(9, 2, seed=0)

    class All(nn.Module):
        def __init__(self):
            self.model, self.spare, self.table, self.name = model, spare, table, "all"

    loss = losses.mse([model(table(i)) for i in (1, 4)], [0.0, 1.0])
    assert found(diagnose(loss, All()), "parameters the loss never reaches").labels == ("all.spare",)


@pytest.mark.parametrize("cut", [lambda v: v.detach(), lambda v: Value(v.data)])
def test_a_loss_without_a_past_is_the_one_finding(cut):
    [finding] = diagnose(cut(loss_of(network(4, 1))), network(4, 1)).findings
    assert finding.what == "no gradient at all"


def test_a_count_of_right_answers_is_no_loss():
    model = network(4, 1)
    right = [ops.equal(ops.greater(model(x), 0.0), float(t)) for x, t in zip(X, y)]
    finding = found(diagnose(-functional.mean(right), model), "no gradient arrives")
    assert "greater" in finding.where


def test_columns_that_are_empty_are_named_and_letters_are_not():
    model = nn.MLP(4, [3, 1], activation="tanh", seed=0)
    rows = [[a, 0.0, b, 0.0] for a, b in X]
    finding = found(diagnose(losses.mse([model(x) for x in rows], y), model), "inputs whose weights get no gradient")
    assert finding.labels == ("1", "3") and finding.node.label == "mlp.layers.0.neurons.0.w[1]"
    letters = [[float(i == k) for i in range(4)] for k in (0, 1, 0, 1, 1)]
    assert diagnose(losses.mse([model(x) for x in letters], [1.0] * 5), model)


# What is not finite


@given(programs(), st.sampled_from(["log", "sqrt", "asin"]))
@settings(max_examples=40)
def test_the_first_node_that_is_not_finite_is_named(program, name):
    inputs = [Value(x, label=f"i{i}") for i, x in enumerate(program.inputs)]
    before = program(*inputs)
    bad = ops.TABLE[name](-2.0 - ops.square(before))
    finding = diagnose((bad * 3).tanh() + before * 2).findings[0]
    assert finding.node is bad and finding.what == "nan begins here" and f"{name} is defined on" in finding.why


def test_a_mask_does_not_help_and_a_where_does():
    a = Value(0.0, label="a")
    finding = diagnose(a.sqrt() * 0.0).findings[0]
    assert finding.what == "gradient stops being finite: 0 × inf" and finding.labels == ("v1", "a")
    assert diagnose(ops.where(ops.greater(a, 0.0), a.sqrt(), 0.0) + a)


def test_a_slope_without_end_is_told_with_its_rule():
    a, masked = Value(0.0, label="a"), Value(-math.inf, label="masked")
    finding = diagnose(2 * a.sqrt() + masked.exp()).findings[0]
    assert finding.what == "gradient stops being finite: slope inf" and "is inf at a = 0" in finding.why
    assert json.dumps(finding.to_dict(), allow_nan=False)


def test_an_infinity_that_comes_to_nothing_is_no_fault():
    scores = [Value(0.5, label="s"), Value(1.0, label="t") + Value(-math.inf)]
    assert diagnose(-functional.log_softmax(scores)[0] + 1)


def test_overflow_backward_is_found():
    x = Value(1e-200, label="x")
    finding = diagnose(x * 1e200 * 1e200).findings[0]
    assert finding.what == "gradient stops being finite: gradient too large"


# Formulas

UNSTABLE = {
    "log(sigmoid(x))": (lambda x: -x.sigmoid().log(), -800.0, lambda x: -x.logsigmoid()),
    "log(1 - sigmoid(x))": (lambda x: -(1 - x.sigmoid()).log(), 36.0, lambda x: -(-x).logsigmoid()),
    "log(softmax(x))": (
        lambda x: -functional.softmax([x, x * 0.0])[0].log(),
        -740.0,
        lambda x: -functional.log_softmax([x, x * 0.0])[0],
    ),
    "log(1 + exp(x))": (lambda x: (1 + x.exp()).log(), 600.0, lambda x: x.softplus()),
    "exp of a large number": (lambda x: x.exp() * 1e-300, 600.0, lambda x: (x - 600.0).exp()),
}


@pytest.mark.parametrize("what", UNSTABLE)
def test_an_unstable_formula_is_named_where_it_loses_digits_and_nowhere_else(what):
    formula, bad, instead = UNSTABLE[what]
    assert found(diagnose(formula(Value(bad, label="x"))), f"unstable formula: {what}")
    assert diagnose(instead(Value(bad, label="x")))
    for x in (-2.0, 0.0, 3.0):
        assert diagnose(formula(Value(x, label="x")))


@given(st.floats(1e7, 1e8))
@settings(max_examples=20)
def test_a_variance_that_is_a_difference_of_large_numbers_is_named(offset):
    xs = [Value(offset + d, label=f"x{d}") for d in range(4)]
    mean = functional.mean(xs)
    by_difference = functional.mean([x * x for x in xs]) - mean * mean
    by_deviation = functional.mean([(x - mean) ** 2 for x in xs])
    assume(by_difference.data)
    assert diagnose(by_difference).named("difference of nearly equal numbers")
    assert not diagnose(by_deviation).broken


def test_small_residuals_of_a_model_that_fits_are_no_fault():
    model = nn.MLP(1, [1], seed=0)
    assert diagnose(losses.mse([model([x]) for x in (1.0, 2.0)], [model([x]).data + 1e-9 for x in (1.0, 2.0)]), model)


def by_hand(xs):
    total = sum(x.exp() for x in xs)
    return [x.exp() / total for x in xs]


@pytest.mark.parametrize("softmax", [functional.softmax, by_hand])
@pytest.mark.parametrize("loss", [losses.cross_entropy, lambda p, k: -by_hand(p)[k].log()])
def test_a_softmax_of_a_softmax_is_found(softmax, loss):
    model = network(4, 3)
    assert not diagnose(loss(model(X[0]), 1)).named("softmax of a softmax")
    assert found(diagnose(loss(softmax(model(X[0])), 1)), "softmax of a softmax").numbers["largest"] < 0.58


def test_a_sigmoid_of_a_sigmoid_is_found():
    model = network(4, 1, output="sigmoid")
    outs = [model(x) for x in X]
    assert found(diagnose(losses.binary_cross_entropy_with_logits(outs, y), model), "sigmoid of a sigmoid")
    assert diagnose(losses.binary_cross_entropy(outs, y), model)


def test_the_log_of_what_is_no_probability_is_found():
    model = network(4, 1)
    model.layers[1].neurons[0].b.data = 0.5
    p = [model([0.01 * a, 0.01 * b]) for a, b in X]
    loss = -functional.mean([t * ops.log(a) + (1 - t) * ops.log(1 - a) for a, t in zip(p, y)])
    assert found(diagnose(loss, model), "log of what is no probability").severity == "worth a look"


# What is said


def sick():
    model = network(8, 8, 1, activation="relu", output="sigmoid")
    for neuron in model.layers[0].neurons[:5]:
        neuron.b.data = -50.0
    spare = nn.Linear(2, 2, name="spare")
    model.spare = spare
    loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
    loss.label = "loss"
    return model, loss


def test_the_worst_comes_first_and_every_finding_opens_its_culprit():
    model, loss = sick()
    diagnosis = diagnose(loss, model)
    severities = [f.severity for f in diagnosis.findings]
    assert severities == sorted(severities, key=lambda s: s != "broken") and len(severities) >= 3 and not diagnosis
    for finding in diagnosis.findings:
        assert finding.draw()._repr_svg_() and str(finding.explain())
        assert all([finding.where, finding.seen, finding.why, finding.advice])


def test_text_fits_a_terminal_and_json_and_markdown_say_the_same():
    model, loss = sick()
    diagnosis = diagnose(loss, model)
    assert max(map(len, str(diagnosis).splitlines())) <= 80
    told = json.loads(json.dumps(diagnosis.to_dict()))
    assert [f["what"] for f in told["findings"]] == [f.what for f in diagnosis.findings] and not told["healthy"]
    for f in diagnosis.findings:
        assert f.what in diagnosis._repr_markdown_() and f.what in str(diagnosis)


def test_a_diagnosis_changes_no_gradient():
    model, loss = sick()
    loss.backward()
    before = [p.grad for p in model.parameters()]
    diagnose(loss, model, X)
    assert [p.grad for p in model.parameters()] == before


def test_a_replayed_loss_is_examined_as_the_graph_it_stands_for():
    model, _ = sick()
    f = jit(lambda x, t: losses.binary_cross_entropy_with_logits([model(x)], [t]))
    eager = functional.mean([f.f(x, float(t)) for x, t in zip(X, y)])
    kinds = [(d.what, d.labels) for d in diagnose(eager, model).findings if "sigmoid" not in d.what]
    for replayed in (diagnose(f.mean(X, y), model), diagnose(f, model, (X, y))):
        assert [(d.what, d.labels) for d in replayed.findings if "sigmoid" not in d.what] == kinds


def test_the_gradients_that_it_tells_are_those_of_grad():
    model = network(4, 1)
    for p in model.layers[0].parameters():
        p.data = 0.5
    for w in model.layers[1].neurons[0].w:
        w.data = 0.25
    loss = loss_of(model)
    finding = found(diagnose(loss, model), "identical units")
    assert f"({grad(loss, finding.node)[0].data:.4g})" in finding.seen


@pytest.mark.parametrize(
    "args, words",
    [
        ((3.0,), "takes a Value or a function"),
        (([Value(1.0)],), "one of them, or their sum"),
        ((Value(1.0), 3), "has none"),
        ((lambda x: x,), "on data"),
        ((lambda x: x, None, 3.0), "returned float"),
        ((Value(1.0) * 2, None, X), "that can be called"),
    ],
)
def test_what_cannot_be_examined_is_refused_with_advice(args, words):
    with pytest.raises(TypeError, match=words):
        diagnose(*args)


class Normed(nn.Module):
    """A layer that reads numbers which a normalisation has scaled, one by one: a transformer's beginning."""

    def __init__(self, norm):
        self.spread, self.norm, self.out = nn.MLP(2, [6, 6], activation="tanh", seed=0), norm, nn.Linear(6, 1, seed=1)

    def __call__(self, x):
        return self.out(self.norm(self.spread(x)))[0]


@pytest.mark.parametrize("norm", [nn.LayerNorm(6), nn.RMSNorm(6), nn.GroupNorm(2, 6)], ids=lambda n: type(n).__name__)
def test_the_scale_of_a_normalisation_is_no_layer_of_its_own(norm):
    model = Normed(norm)
    assert not diagnose(loss_of(model), model).named("linear after linear")


def test_sums_that_go_around_a_block_as_well_are_no_layer_too_many():
    stem, block, out = (
        nn.Linear(a, b, seed=0, name=name) for a, b, name in ((2, 6, "stem"), (6, 6, "block"), (6, 1, "out"))
    )

    def answer(x, around):
        h = stem(x)
        return out([a * around + b.relu() for a, b in zip(h, block(h))])[0]

    model = type("Model", (), {"parameters": lambda self: [p for m in (stem, block, out) for p in m.parameters()]})()
    told = diagnose(losses.mse([answer(x, 1.0) for x in X], y), model)
    assert not told.named("linear after linear")
    plain = losses.mse([out([v.relu() for v in block(stem(x))])[0] for x in X], y)
    assert diagnose(plain, model).named("linear after linear")


def test_two_layers_of_one_name_are_two():
    first, second = nn.Linear(2, 4, seed=0), nn.Linear(4, 1, seed=1)  # both are called linear
    assert diagnose(losses.mse([second(first(x))[0] for x in X], y)).named("linear after linear")


def test_two_networks_of_the_same_names_are_two():
    generator, critic = (nn.MLP(1, [8, 1], activation="tanh", init="xavier", seed=s) for s in (0, 1))
    zs = [[random.Random(i).gauss(0, 1)] for i in range(12)]
    loss = losses.binary_cross_entropy_with_logits([critic([generator(z)]) for z in zs], [1] * 12)
    assert diagnose(loss, generator)  # one number between them is a bottleneck, whatever the layers are called


def test_nothing_is_diagnosed_of_a_model_without_parameters_and_of_several_outputs():
    empty = type("Empty", (), {"parameters": lambda self: []})()
    with pytest.raises(ValueError, match=r"Empty.parameters\(\) is empty"):
        diagnose(Value(3.0) * 2.0, empty)
    model = network(4, 1)
    several = jit(lambda x, t: [losses.mse([model(x)], [t]), model(x)])
    with pytest.raises(TypeError, match="returns a list of 2 Values, and gradients start from one"):
        diagnose(several, model, (X, y))
