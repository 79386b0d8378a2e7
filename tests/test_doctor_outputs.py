"""Outputs worse than silence, stuck outputs, losses that do not fit them are named; of sound ones nothing is said."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, data, diagnose, functional, jit, losses, nn, ops, optim
from tinygrad_edu.data import moons
from tinygrad_edu.doctor.evidence import Evidence
from tinygrad_edu.doctor.outputs import imagined

X, y = moons(30, seed=0)
DIGITS = data.digits()
START = "loss at the start far from chance"


def found(diagnosis, what):
    """The one finding of that kind."""
    [finding] = diagnosis.named(what)
    return finding


def network(*sizes, activation="tanh", scale=1.0, seed=0, inputs=2, **more):
    model = nn.MLP(inputs, list(sizes), activation=activation, init="xavier", seed=seed, **more)
    for neuron in model.layers[-1].neurons:
        for p in neuron.parameters():
            p.data *= scale
    return model


def by_hand(xs):
    total = sum(x.exp() for x in xs)
    return [x.exp() / total for x in xs]


def written_cross_entropy(outs, ks):
    return -functional.mean([by_hand(zs)[k].log() for zs, k in zip(outs, ks)])


def written_bce(outs, ts):
    ps = [z.sigmoid() for z in outs]
    return -functional.mean([t * p.log() + (1 - t) * (1 - p).log() for p, t in zip(ps, ts)])


def written_hinge(outs, ts):
    return sum((1 - (2 * t - 1) * z).relu() for z, t in zip(outs, ts)) / len(outs)


TWO = {  # losses of two classes 0 and 1, and what they are at outputs of 0
    "bce": (losses.binary_cross_entropy_with_logits, math.log(2)),
    "bce by hand": (written_bce, math.log(2)),
    "hinge": (lambda zs, ts: losses.hinge(zs, [2 * t - 1 for t in ts]), 1.0),
    "hinge by hand": (written_hinge, 1.0),
    "exponential": (lambda zs, ts: functional.mean([((1 - 2 * t) * z).exp() for z, t in zip(zs, ts)]), 1.0),
    "bce, mean of a jit": (None, math.log(2)),
}
MANY = {
    "cross_entropy": (losses.cross_entropy, math.log(10)),
    "cross-entropy by hand": (written_cross_entropy, math.log(10)),
    "svm": (losses.multiclass_hinge, 9.0),
    "of probabilities": (
        lambda outs, ks: losses.categorical_cross_entropy([functional.softmax(zs) for zs in outs], ks),
        math.log(10),
    ),
}


def loss_of_two(name, model):
    if name.endswith("jit"):
        return jit(lambda x, t: losses.binary_cross_entropy_with_logits([model(x)], [t])).mean(X, [float(t) for t in y])
    return TWO[name][0]([model(x) for x in X], y)


def loss_of_many(name, model, n=20):
    return MANY[name][0]([model(x) for x in DIGITS.X_train[:n]], DIGITS.y_train[:n])


def silent(loss):
    from tinygrad_edu.opening import opened

    return imagined(Evidence(opened(loss)), lambda u, z: 0.0)


# The loss at the start


@pytest.mark.parametrize("name", TWO)
def test_what_two_classes_cost_at_chance_is_read_from_the_graph(name):
    assert math.isclose(silent(loss_of_two(name, network(6, 1, scale=3.0))), TWO[name][1], rel_tol=1e-12)


@pytest.mark.parametrize("name", MANY)
def test_what_ten_classes_cost_at_chance_is_read_from_the_graph(name):
    loss = loss_of_many(name, network(6, 10, inputs=64))
    assert math.isclose(silent(loss), MANY[name][1], rel_tol=1e-12)


@pytest.mark.parametrize("name", TWO)
def test_outputs_that_are_scaled_up_are_far_from_chance(name):
    assert diagnose(loss_of_two(name, network(8, 1, seed=3)))
    finding = found(
        diagnose(loss_of_two(name, network(8, 1, scale=-15.0 if name == "bce by hand" else -40.0, seed=3))), START
    )
    assert finding.severity == "broken" and finding.numbers["chance"] == pytest.approx(TWO[name][1])
    assert finding.labels == ("mlp.layers.1.neurons.0",)


@pytest.mark.parametrize("name", MANY)
def test_ten_classes_that_are_scaled_up_are_far_from_chance(name):
    assert diagnose(loss_of_many(name, network(8, 10, inputs=64)))
    finding = found(diagnose(loss_of_many(name, network(8, 10, inputs=64, scale=30.0))), START)
    assert finding.severity == "broken" and len(finding.labels) == 10


def test_a_penalty_is_counted_out_on_both_sides():
    model = network(8, 1, scale=-40.0, seed=3)
    plain = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
    both = diagnose(plain + losses.l2(model.parameters(), 1e-3)), diagnose(plain)
    ratios = [found(d, START).numbers["ratio"] for d in both]
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-12)


def test_weights_without_labels_make_outputs_as_well():
    rng = random.Random(1)
    w = [[Value(rng.gauss(0, 1)) for _ in range(2)] for _ in range(4)]

    def loss(scale):
        v = [Value(scale * rng.gauss(0, 1)) for _ in range(4)]
        b = Value(0.0)
        outs = [sum(vi * (a * wa + c * wc).tanh() for vi, (wa, wc) in zip(v, w)) + b for a, c in X]
        return written_hinge(outs, [rng.randrange(2) for _ in X])

    assert not diagnose(loss(0.5)).named(START) and found(diagnose(loss(20.0)), START)


def test_numbers_to_predict_have_no_chance_and_may_be_off_by_more():
    for seed in range(4):
        model = network(8, 1, seed=seed)
        outs = [model(x) for x in X]
        for targets in (y, [0.0] * 30, [0.3 * a for a, _ in X]):
            for loss in (losses.mse, losses.mae, lambda a, b: losses.huber(a, b, delta=0.1)):
                assert diagnose(loss(outs, targets), model)
        far = network(8, 1, seed=seed, scale=100.0)
        assert found(diagnose(losses.mse([far(x) for x in X], y)), START)


def test_a_batch_that_is_too_small_says_nothing_of_chance():
    for n in range(1, 8):
        model = network(8, 1, scale=-40.0, seed=3)
        assert not diagnose(losses.hinge([model(x) for x in X[:n]], [1] * n)).named(START)


@pytest.mark.parametrize("name", ["bce", "hinge", "bce by hand"])
def test_a_network_that_is_trained_on_wrong_labels_is_no_worse_than_chance(name):
    rng = random.Random(0)
    noisy = [1 - t if rng.random() < 0.2 else t for t in y]
    model = network(8, 1, seed=1)
    adam = optim.Adam(model.parameters(), lr=0.05)
    for _ in range(80):
        loss = TWO[name][0]([model(x) for x in X], noisy)
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert diagnose(TWO[name][0]([model(x) for x in X], noisy), model)


def test_outputs_that_know_something_and_go_too_far_have_a_name_of_their_own():
    model = nn.Linear(1, 1, init="zeros", seed=0)
    model.neurons[0].w[0].data = 100.0
    xs = [[k / 10] for k in range(-10, 11)]
    ts = [float(k > 0) if abs(k) > 2 else float(k < 0) for k in range(-10, 11)]
    diagnosis = diagnose(losses.binary_cross_entropy_with_logits([model(x)[0] for x in xs], ts))
    assert found(diagnosis, "outputs worse than nothing").severity == "worth a look" and not diagnosis.named(START)


def test_a_reward_is_no_loss_and_has_no_chance():
    model = network(8, 1, scale=40.0)
    outs = [model(x).sigmoid() for x in X]
    rewards = [(-1.0) ** i for i in range(30)]
    assert not diagnose(-functional.mean([r * p.log() for r, p in zip(rewards, outs)])).named(START)


# Stuck outputs


def scaled_tanh(z):
    return 1.7159 * (2 / 3 * z).tanh()


STUCK = {
    "sigmoid": (lambda z: z.sigmoid(), 0.0),
    "tanh": (lambda z: z.tanh(), -1.0),
    "LeCun's": (scaled_tanh, -1.0),
}


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "LeCun's"])
@pytest.mark.parametrize("labels", ["random", "right"])
def test_outputs_that_are_saturated_are_a_fault_where_they_are_wrong_alone(name, labels):
    bend, low = STUCK[name]
    model = network(8, 3, scale=100.0, seed=2)
    sums = [model(x) for x in X]
    rng = random.Random(0)
    targets = [[float(z.data > 0) if labels == "right" else float(rng.randrange(2)) for z in zs] for zs in sums]
    outs = [[bend(z) for z in zs] for zs in sums]
    loss = losses.mse(outs, [[low + (1 - low) * t for t in ts] for ts in targets])
    findings = diagnose(loss).named("outputs saturated and wrong")
    assert bool(findings) == (labels == "random")
    assert all(f.severity == "broken" and f.node.parents for f in findings)


def test_one_output_that_never_says_yes_is_stuck():
    model = network(8, 4, seed=0, output="tanh")
    model.layers[1].neurons[2].b.data = -50.0
    targets = [[1.0 if i % 4 == k else -1.0 for k in range(4)] for i in range(30)]
    finding = found(diagnose(losses.mse([model(x) for x in X], targets), model), "outputs saturated and wrong")
    assert finding.labels == ("mlp.layers.1.neurons.2",) and finding.numbers["share"] == 1.0


def test_a_cross_entropy_pulls_out_what_a_squared_error_leaves_stuck():
    model = network(8, 1, scale=30.0, seed=3)
    outs, wrong = [model(x).sigmoid() for x in X], [float(model(x).data < 0) for x in X]
    stuck = "outputs saturated and wrong"
    assert diagnose(losses.mse(outs, wrong)).named(stuck)
    assert not diagnose(losses.binary_cross_entropy(outs, wrong)).named(stuck)
    assert not diagnose(losses.binary_cross_entropy_with_logits([model(x) for x in X], wrong)).named(stuck)


@given(st.integers(0, 5), st.floats(0.0, 0.15))
@settings(max_examples=10, deadline=None)
def test_a_few_wrong_labels_are_no_stuck_output(seed, share):
    rng = random.Random(seed)
    model = network(8, 1, scale=60.0, seed=seed)
    outs = [model(x).tanh() for x in X]
    flipped = set(rng.sample(range(30), int(30 * share)))
    targets = [math.copysign(1, o.data) * (-1 if i in flipped else 1) for i, o in enumerate(outs)]
    if min(targets.count(1.0), targets.count(-1.0)) > 15 or len(set(targets)) == 1:
        assert not diagnose(losses.mse(outs, targets)).named("outputs saturated and wrong")


# Units of a network that has learned


def test_saturated_and_dead_units_are_no_fault_of_a_network_that_has_learned():
    for activation in ("tanh", "relu"):
        model = nn.MLP(1, [8, 1], activation=activation, init="xavier", seed=0)
        for i, neuron in enumerate(model.layers[0].neurons):
            neuron.w[0].data, neuron.b.data = 50.0, -500.0 if activation == "relu" and i else 0.0
        model.layers[1].neurons[0].w[0].data = 10.0
        xs = [[k / 10] for k in (*range(-10, 0), *range(1, 11))]
        outs = [model(x) for x in xs]
        small = min(abs(o.data) for o in outs)
        wanted = [float(o.data > 0) for o in outs] if activation == "tanh" else [o.data for o in outs]
        loss = losses.binary_cross_entropy_with_logits if activation == "tanh" else losses.mse
        what = "saturated units" if activation == "tanh" else "dead units"
        assert not diagnose(loss(outs, wanted), model).named(what), small
        assert diagnose(loss(outs, [1 - t for t in wanted]), model).named(what)


def test_a_node_made_by_hand_leaves_the_rest_of_the_checks_alone():
    model = network(8, 1, scale=-40.0, seed=3)
    total = functional.mean([ops.relu(1 - (2 * t - 1) * model(x)) for x, t in zip(X, y)])
    made = Value(2 * total.data, (total,), (2.0,))
    assert not diagnose(made, model).named(START)


# Losses that do not fit

MATCH, TARGETS = "loss and last activation do not match", "loss and targets do not match"
SIGNS = [2 * t - 1 for t in y]


def signed_bce(zs, ts):
    return -functional.mean([t * z.logsigmoid() + (1 - t) * (-z).logsigmoid() for z, t in zip(zs, ts)])


def signed_softplus(zs, ts):
    return functional.mean([t * (-z).softplus() + (1 - t) * z.softplus() for z, t in zip(zs, ts)])


def signed_log1p(zs, ts):
    ps = [z.sigmoid() for z in zs]
    return -sum(t * p.log() + (1 - t) * (-p).log1p() for p, t in zip(ps, ts)) / len(ts)


def hinge_minus(zs, ts):
    return functional.mean([ops.maximum(1 - t * z, 0.0) for z, t in zip(zs, ts)])


def hinge_dot(zs, ts):
    return functional.mean([ops.dot(-t, z, 1.0).relu() for z, t in zip(zs, ts)])


def squares(ps, ts):
    return sum((p - t) ** 2 for p, t in zip(ps, ts))


def flat(rows):
    return [x for row in rows for x in row]


ONE_HOT = [[float(k == c) for k in range(3)] for c in (0, 1, 2) * 10]
MISMATCHES = [
    (MATCH, "worth a look", lambda zs, rows: losses.mse([z.sigmoid() for z in zs], y)),
    (MATCH, "worth a look", lambda zs, rows: squares([z.sigmoid() for z in zs], y)),
    (MATCH, "worth a look", lambda zs, rows: losses.mse([functional.softmax(r) for r in rows], ONE_HOT)),
    (MATCH, "worth a look", lambda zs, rows: losses.mse(flat(map(by_hand, rows)), flat(ONE_HOT))),
    (MATCH, "worth a look", lambda zs, rows: losses.hinge([z.sigmoid() for z in zs], SIGNS)),
    (MATCH, "worth a look", lambda zs, rows: losses.hinge([z.tanh() for z in zs], SIGNS)),
    (MATCH, "worth a look", lambda zs, rows: hinge_minus([z.tanh() for z in zs], SIGNS)),
    (MATCH, "worth a look", lambda zs, rows: losses.multiclass_hinge([functional.softmax(r) for r in rows], y)),
    (TARGETS, "broken", lambda zs, rows: written_bce(zs, SIGNS)),
    (TARGETS, "broken", lambda zs, rows: signed_bce(zs, SIGNS)),
    (TARGETS, "broken", lambda zs, rows: signed_softplus(zs, SIGNS)),
    (TARGETS, "broken", lambda zs, rows: signed_log1p(zs, SIGNS)),
    (TARGETS, "broken", lambda zs, rows: hinge_minus(zs, y)),
    (TARGETS, "broken", lambda zs, rows: hinge_dot(zs, y)),
    (TARGETS, "broken", lambda zs, rows: functional.mean([(1 - t * z).relu() for z, t in zip(zs, y)])),
]
MATCHES = [
    lambda zs, rows: losses.mse([z.tanh() for z in zs], SIGNS),
    lambda zs, rows: losses.mse([z.sigmoid() for z in zs], [0.25 + t / 2 for t in y]),
    lambda zs, rows: losses.binary_cross_entropy([z.sigmoid() for z in zs], y),
    lambda zs, rows: losses.hinge(zs, SIGNS),
    lambda zs, rows: hinge_minus(zs, SIGNS),
    lambda zs, rows: hinge_dot(zs, SIGNS),
    lambda zs, rows: losses.multiclass_hinge(rows, y),
    lambda zs, rows: losses.cross_entropy(rows, ONE_HOT),
    lambda zs, rows: written_bce(zs, y),
    lambda zs, rows: written_bce(zs, [0.1 + 0.8 * t for t in y]),
    lambda zs, rows: signed_bce(zs, y),
    lambda zs, rows: functional.mean([a * signed_bce([z], [t]) for a, z, t in zip(SIGNS, zs, y)]),
    lambda zs, rows: written_bce(zs, y) + 0.1 * functional.mean([z.sigmoid() * z.sigmoid().log() for z in zs]),
    lambda zs, rows: functional.mean([m * losses.hinge([z], [s]) for m, z, s in zip((0, 1, 1) * 10, zs, SIGNS)]),
    lambda zs, rows: functional.mean([functional.dot(t, r).clip(-1, 1) ** 2 for t, r in zip(ONE_HOT, rows)]),
    lambda zs, rows: functional.mean([ops.maximum(functional.dot(t, r), 0.0) for t, r in zip(ONE_HOT, rows)]),
    lambda zs, rows: losses.mae([z.relu() for z in zs], y),
]  # fmt: skip


@pytest.mark.parametrize("hidden", ["labelled", "without labels"])
@pytest.mark.parametrize("i", range(len(MISMATCHES)))
def test_a_loss_that_does_not_fit_is_named(i, hidden):
    what, how, loss = MISMATCHES[i]
    finding = found(diagnose(loss(*answers(hidden))), what)
    assert finding.severity == how and finding.node.parents


@pytest.mark.parametrize("hidden", ["labelled", "without labels"])
@pytest.mark.parametrize("i", range(len(MATCHES)))
def test_of_a_loss_that_fits_nothing_is_said(i, hidden):
    diagnosis = diagnose(MATCHES[i](*answers(hidden)))
    assert not diagnosis.named(MATCH) + diagnosis.named(TARGETS), diagnosis


def answers(hidden):
    """One number for each point, and three."""
    one, three = network(4, 1), network(4, 3, seed=1)
    if hidden == "without labels":
        for p in one.parameters() + three.parameters():
            p.label = ""
    return [one(x) for x in X], [three(x) for x in X]


def test_a_replayed_loss_that_does_not_fit_is_named():
    model = network(4, 1)
    mse = jit(lambda x, t: losses.mse([model(x).sigmoid()], [t]))
    hinge = jit(lambda x, t: (1 - t * model(x)).relu())
    ts = [float(t) for t in y]
    for given_model in (model, None):
        assert diagnose(mse.mean(X, ts), given_model).named(MATCH)
        assert diagnose(hinge.mean(X, ts), given_model).named(TARGETS)
        assert not diagnose(hinge.mean(X, [float(s) for s in SIGNS]), given_model).named(TARGETS)


# Penalties

LOWERS, OUTWEIGHS = "regularisation lowers the loss", "regularisation outweighs the data"
PENALTIES = {
    "l2": lambda ps, a: losses.l2(ps, a),
    "squares": lambda ps, a: a * sum(p**2 for p in ps),
    "products": lambda ps, a: sum(a * p * p for p in ps),
    "sum": lambda ps, a: functional.sum([p * p for p in ps]) * a / 2,
    "size": lambda ps, a: a * sum(abs(p) for p in ps),
    "norm": lambda ps, a: a * sum(p * p for p in ps).sqrt(),
    "strength in a Value": lambda ps, a: Value(a, label="lam") * functional.sum([p**2 for p in ps]),
}


@pytest.mark.parametrize("labels", ["labelled", "without labels"])
@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_with_the_wrong_sign_is_named_however_it_is_written(name, labels):
    model = network(8, 1)
    if labels == "without labels":
        for p in model.parameters():
            p.label = ""
    error, ps = losses.binary_cross_entropy_with_logits([model(x) for x in X], y), model.parameters()
    for given_model in (model, None):
        assert not diagnose(error + PENALTIES[name](ps, 1e-3), given_model).named(LOWERS)
        for wrong in (error - PENALTIES[name](ps, 1e-3), error + PENALTIES[name](ps, -1e-3)):
            finding = found(diagnose(wrong, given_model), LOWERS)
            assert finding.severity == "broken" and finding.numbers["along"] < 0


def test_of_a_penalty_of_squares_w_times_its_slope_is_twice_what_it_takes():
    model = network(8, 1)
    finding = found(diagnose(loss_of_two("bce", model) - losses.l2(model.parameters(), 0.01), model), LOWERS)
    assert finding.numbers["along"] == pytest.approx(2 * finding.numbers["penalty"], rel=1e-12)
    assert finding.numbers["penalty"] == pytest.approx(-0.01 * sum(p.data**2 for p in model.parameters()), rel=1e-12)


@pytest.mark.parametrize("name", ["bce", "hinge"])
@pytest.mark.parametrize("alpha", [1e-4, 1e-3, 1e-2])
def test_a_penalty_of_ordinary_strength_is_no_fault_before_and_after_training(name, alpha):
    model = nn.MLP(2, [8, 1], activation="tanh", init="he", seed=1)
    sgd = optim.SGD(model.parameters(), lr=0.3)
    for step in range(61):
        loss = loss_of_two(name, model) + losses.l2(model.parameters(), alpha)
        if step % 30 == 0:
            assert diagnose(loss, model), diagnose(loss, model)
        sgd.zero_grad()
        loss.backward()
        sgd.step()


def test_a_penalty_that_is_far_too_strong_is_named():
    for alpha, how in ((1.0, "worth a look"), (100.0, "broken")):
        model = network(16, 1)
        finding = found(diagnose(loss_of_two("bce", model) + losses.l2(model.parameters(), alpha), model), OUTWEIGHS)
        assert finding.severity == how or alpha == 1.0


def test_a_square_of_a_weight_that_is_all_there_is_is_no_penalty():
    w, x = Value(3.0, label="w"), Value(0.5, label="x")
    assert not diagnose(-(w**2)).named(LOWERS)
    assert not diagnose((w * 2.0 - 1) ** 2 - (w * 0.5) ** 2).named(LOWERS)
    assert not diagnose((w * x - 1) ** 2 + (w * 3.0) ** 2).named(LOWERS)


def test_a_multiple_of_a_bias_is_told_as_well():
    model = network(3, 1)
    loss = losses.mse([model(x) for x in X], y) + sum(0.1 * p for p in model.parameters())
    assert str(loss.explain()) and diagnose(loss, model).numbers
