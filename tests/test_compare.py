"""Two runs that are the same are alike, and of two that are not, the first operation and step that differ are named."""

import json
import math
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tinygrad_edu import Op, Value, compare, fit, functional, jit, losses, nn, optim, topological
from tinygrad_edu.data import moons
from tinygrad_edu.engine import apply, constant
from tinygrad_edu.names import is_constant
from tinygrad_edu.strategies import programs

X, y = moons(8, seed=0)


def network(**more):
    return nn.MLP(2, [3, 1], activation="tanh", **{"seed": 0, **more})


def training(model=None, make=optim.SGD, steps=4, zero=True, rows=None, drop=None, when="after backward", **options):
    """A training that yields its losses."""
    model = model or network()
    optimizer = make(model.parameters(), **{"lr": 0.1, **options})
    for _ in range(steps):
        order = rows() if rows else range(8)
        outs = [model(X[i]) for i in order]
        loss = losses.mse([drop(z) for z in outs] if drop else outs, [y[i] for i in order])
        loss.label = "L"
        if when == "before backward":
            yield loss
        if zero:
            optimizer.zero_grad()
        loss.backward()
        if when == "after backward":
            yield loss
        optimizer.step()
        if when == "after step":
            yield loss


def told(comparison, word):
    """What is said beside a word."""
    return dict(comparison.parts).get(word, "")


WHEN = pytest.mark.parametrize("when", ["before backward", "after backward", "after step"])


# What is alike


@given(programs())
@settings(max_examples=60)
def test_a_program_is_alike_itself(program):
    one, other = (program(*[Value(x, label=f"i{i}") for i, x in enumerate(program.inputs)]) for _ in range(2))
    assert compare(one, other) and compare(one, one)


@WHEN
def test_a_training_is_alike_itself_whenever_it_yields(when):
    comparison = compare(training(when=when), lambda: list(training(when=when)))
    assert comparison and comparison.step == 4 and "4 steps" in comparison.summary and len(str(comparison)) < 160


def test_a_comparison_changes_no_gradient_and_no_parameter():
    f = jit(lambda w, x: (w * x).tanh())
    w = Value(0.5, label="w")
    loss = f(w, 2.0)
    loss.backward()
    w.data, w.grad = 3.0, 7.0
    assert compare(loss, loss) and (w.data, w.grad) == (3.0, 7.0)


def replayed(when="after backward"):
    """The same training, replayed."""
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    f = jit(lambda x, t: losses.mse([model(x)], [t]))
    for _ in range(4):
        loss = f.mean(X, y)
        optimizer.zero_grad()
        loss.backward()
        if when == "after backward":
            yield loss
        optimizer.step()
        if when == "after step":
            yield loss


@pytest.mark.parametrize("when", ["after backward", "after step"])
def test_eager_and_replayed_trainings_are_alike_up_to_rounding(when):
    assert compare(training(), replayed(when), rtol=1e-12) and compare(replayed(), replayed(when))
    rounding = compare(training(), replayed(when))
    assert rounding or (rounding.numbers["relative"] < 1e-12 and "rtol=1e-12" in told(rounding, "try"))


def test_fused_neurons_and_those_of_single_nodes_are_compared_by_their_labels():
    assert compare(training(), training(network(expand=True)), rtol=1e-12)
    moved = network(expand=True)
    moved.layers[0].neurons[1].w[0].data += 1e-6
    comparison = compare(training(), training(moved), rtol=1e-9)
    assert comparison.step == 1 and comparison.nodes[1] is moved.layers[0].neurons[1].w[0]


def test_a_softmax_by_hand_is_the_loss_of_the_package():
    scores = [Value(x, label=f"s{i}") for i, x in enumerate((0.5, -1.0, 2.0))]

    def by_hand(k, floor=0.0):
        exps = [(s - 2.0).exp() for s in scores]
        probabilities = [e / (functional.sum(exps) + floor) for e in exps]
        for i, p in enumerate(probabilities):
            p.label = f"p{i}"
        return -probabilities[k].log()

    def by_rows(k):
        probabilities = functional.softmax(scores)
        for i, p in enumerate(probabilities):
            p.label = f"p{i}"
        return -probabilities[k].log()

    for k in range(3):
        comparison = compare(by_hand(k), losses.cross_entropy(scores, k), rtol=1e-12)
        assert comparison and "not of one shape" in told(comparison, "shape")
        assert compare(by_hand(k), by_rows(k), rtol=1e-12)
        wrong = compare(by_hand(k, floor=1e-3), by_rows(k), rtol=1e-12)
        assert (wrong.what, wrong.name) == ("value", f"p{k}") and "s0 = 0.5" in told(wrong, "why")
    other = compare(by_hand(0), by_rows(1), rtol=1e-12)
    assert not other and other.nodes[0].op.name == "neg"


def test_nan_is_as_nan_and_nothing_else_is():
    a = Value(-1.0, label="a")
    assert compare(a.log(), a.log()) and compare([math.nan, 1.0], [math.nan, 1.0])
    assert not compare([math.nan], [1.0], rtol=10.0) and not compare([math.inf], [1.0], rtol=10.0)


# Operations that differ


def rebuilt(root, place, changed):
    """The same graph, of new Values, with the node at one place in the order changed."""
    now = {}
    for i, n in enumerate(topological(root)):
        if n.parents:
            now[n] = apply(n.op, tuple(now[p] for p in n.parents))
        else:
            now[n] = constant(n.data) if is_constant(n) else Value(n.data, label=n.label)
        now[n] = changed(now[n]) if i == place else now[n]
    return now[root]


@given(programs(), st.data())
@settings(max_examples=100)
def test_the_node_whose_value_is_another_is_named_exactly(program, data):
    root = program(*[Value(x, label=f"i{i}") for i, x in enumerate(program.inputs)])
    order = topological(root)
    place = data.draw(st.integers(0, len(order) - 1))

    def other(n):
        if not n.parents:
            return constant(n.data + 0.5) if is_constant(n) else Value(n.data + 0.5, label=n.label)
        return Op(n.op.name, lambda *xs: n.op.forward(*xs) + 0.5, n.op.partials, domain=n.op.domain)(*n.parents)

    comparison = compare(root, rebuilt(root, place, other))
    assert comparison.nodes[0] is order[place] and comparison.what == "value"
    assert math.isclose(comparison.numbers["absolute"], 0.5, abs_tol=1e-9)
    assert comparison.draw() and comparison.explain() and max(map(len, str(comparison).splitlines())) <= 80


@given(programs(), st.data())
@settings(max_examples=100)
def test_the_rule_whose_slope_is_another_is_named_exactly(program, data):
    root = program(*[Value(x, label=f"i{i}") for i, x in enumerate(program.inputs)])
    order = [n for n in topological(root) if n.parents]
    culprit = data.draw(st.sampled_from(order))

    def other(n):
        def twice(y, *xs):
            return tuple(2.0 * d for d in n.op.slopes(float(y), *map(float, xs)))

        return Op(n.op.name, n.op.forward, twice, domain=n.op.domain)(*n.parents)

    wrong = rebuilt(root, topological(root).index(culprit), other)
    for side in (root, wrong):
        side.zero_grad()
        side.backward()
    same = all(one.grad == two.grad for one, two in zip(topological(root), topological(wrong)))
    comparison = compare(root, wrong)
    assert bool(comparison) == same  # slopes may be 0, or cancel, as in a - a
    assume(not same)
    assert comparison.what == "gradient" and comparison.nodes[0] in culprit.parents
    assert "local gradient is not" in told(comparison, "why") and "gradcheck" in told(comparison, "try")


def test_another_row_is_named_with_both():
    z = Value(0.5, label="z")
    one, other = z.tanh(), z.sigmoid()
    comparison = compare(one * 2, other * 2)
    assert comparison.nodes == (one, other) and "tanh, in b sigmoid" in told(comparison, "why")


def test_rows_that_differ_beside_an_input_that_differs_are_told():
    z = Value(0.5, label="z")
    comparison = compare(z + 1, z - (-1))
    assert (comparison.name, comparison.numbers["a"]) == ("input 2 of v1", 1.0) and "z - (-1)" in told(
        comparison, "rows"
    )


def test_what_detach_cuts_off_is_told_though_every_value_is_the_same():
    w, x = Value(0.5, label="w"), Value(2.0, label="x")
    for a, b in [((w * x).tanh(), (w * x).detach().tanh()), ((w * x).tanh(), (w.detach() * x).tanh())]:
        for comparison, side in [(compare(a, b), 0), (compare(b, a), 1)]:
            assert comparison.what == "gradient" and comparison.nodes[side] is w
            assert "detach()" in told(comparison, "try") and "detach()" in told(comparison, "why")


def test_factors_in_another_order_are_found_by_their_labels():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    comparison = compare(a * b + a, b * a + a)
    assert comparison and "other places" in told(comparison, "shape")


def test_a_gradient_that_one_graph_adds_up_more_often_is_told():
    a, b = Value(2.0, label="a"), Value(1.0, label="b")
    comparison = compare(a * b, a * b + (a - a))
    assert comparison or comparison.what == "gradient"
    comparison = compare(a * b, a * 0.5 + b * 0.0 + 1.0)
    assert (comparison.what, comparison.name) == ("gradient", "b")


# Steps that differ


def test_two_seeds_differ_before_the_first_update():
    comparison = compare(training(), training(network(seed=1)))
    assert comparison.step == 1 and "same seed" in told(comparison, "try")


SCHEDULE = optim.linear(0.1, steps=4)
UPDATES = {  # the other run, the step at which its parameters differ first, and what is said
    "another learning rate": ({"lr": 0.05}, 2, "-0.1 × its gradient, b by -0.05 ×"),
    "a schedule that is one step late": ({"lr": lambda step: SCHEDULE(max(0, step - 1))}, 3, "-0.075 ×"),
    "no zero_grad": ({"zero": False}, 3, "the .grad of b hold the sum of the gradients of steps 1 to"),
    "Adam": ({"make": optim.Adam, "lr": 0.01}, 2, "b moved each parameter by 0.01 up or down, whatever its gradient"),
    "momentum": ({"momentum": 0.9}, 3, "the moves of b are in no proportion to the gradients"),
    "no update": ({"lr": lambda step: 0.0}, 2, "b by nothing"),
}


@pytest.mark.parametrize("what", UPDATES)
def test_updates_that_differ_are_told_though_the_gradients_are_the_same(what):
    other, step, words = UPDATES[what]
    lr = SCHEDULE if "schedule" in what else 0.1
    for when in ("before backward", "after backward", "after step") if what == "no zero_grad" else ("after backward",):
        comparison = compare(training(lr=lr, when=when), training(when=when, **{"lr": lr, **other}))
        assert (comparison.step, comparison.what) == (step, "value") and comparison.nodes[0].label
        why = told(comparison, "why")
        assert words in why and "the gradients are the same, the updates are not" in why
        assert f"At step {step - 1} its gradient was" in told(comparison, "before")


def test_two_learning_rates_of_adam_are_told_by_their_ratio():
    comparison = compare(*[training(make=optim.Adam, lr=lr) for lr in (0.02, 0.005)])
    assert "each move of b is 0.25 times that of a" in told(comparison, "why")


def test_samples_in_another_order_and_another_mask_are_inputs_that_differ():
    def shuffled(seed):
        rng = random.Random(seed)
        return lambda: rng.sample(range(8), 8)

    comparison = compare(training(rows=shuffled(1)), training(rows=shuffled(2)))
    assert comparison.step == 1 and "another order" in told(comparison, "why")
    comparison = compare(*[training(drop=nn.Dropout(0.5, seed=seed)) for seed in (1, 2)])
    assert comparison.step == 1 and "dropout" in told(comparison, "why")


def test_two_runs_of_one_model_are_told_apart():
    model = network()
    comparison = compare(training(model), training(model))
    assert comparison.step == 2 and "one Value in both runs" in told(comparison, "why")


def test_a_run_that_ends_early_is_a_difference():
    for a, b, short in [(3, 4, "b"), (4, 3, "a")]:
        comparison = compare(training(steps=b), training(steps=a))
        assert (comparison.what, comparison.step) == ("length", 4) and f"{short} ended after 3 steps" in str(comparison)
    assert "no step at all" in compare([], [1.0]).summary


def test_generators_go_in_lockstep_and_no_further_than_to_the_difference():
    drawn = []

    def run(name, numbers):
        for x in numbers:
            drawn.append(name)
            yield Value(x) * 2

    assert compare(run("a", [1.0, 2.0, 3.0]), run("b", [1.0, 5.0, 3.0])).step == 2
    assert drawn == ["a", "b", "a", "b"]


def test_numbers_and_histories_are_compared_by_their_losses():
    comparison = compare([1.0, 2.0, 3.0], [1.0, 2.5, 3.125])
    assert (comparison.step, comparison.numbers["absolute"]) == (2, 0.5)
    assert "at step 3: 3 against 3.125" in told(comparison, "then")
    how = {"loss": "mse", "optimizer": "sgd", "epochs": 2, "progress": False}
    runs = [fit(network(), X, y, lr=lr, **how) for lr in (0.1, 0.1, 0.2)]
    assert compare(runs[0], runs[1]) and "2 epochs" in str(compare(runs[0], runs[1]))
    assert compare(runs[0], runs[2]).step and "epoch" in compare(runs[0], runs[2]).summary
    assert compare([Value(2.0)], [2.0])


@given(st.floats(1e-6, 1e6), st.integers(1, 900))
def test_neighbouring_floats_are_counted_and_both_are_told(x, steps):
    other = x
    for _ in range(steps):
        other = math.nextafter(other, math.inf)
    comparison = compare([x], [other])
    assert comparison.numbers["ulps"] == steps and f"{steps} ulp" in told(comparison, "apart")
    assert told(comparison, "a") != told(comparison, "b") and compare([x], [other], atol=other - x)
    assert compare([-other], [-x]).numbers["ulps"] == steps


# What is said


def test_text_markdown_and_json_say_the_same():
    comparison = compare(training(), training(lr=0.05))
    known = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert known["step"] == 2 and not known["alike"] and known["name"] == comparison.name
    for word, said in known["said"]:
        assert f"   {word}" in str(comparison) and f"**{word}**" in comparison._repr_markdown_() and said
    shown = comparison.draw()._repr_html_()
    assert shown.count("<img") == 2 and "In b" in comparison.explain()._repr_html_()
    assert json.dumps(compare([math.inf], [1.0]).to_dict(), allow_nan=False)
    with pytest.raises(ValueError, match="nothing differs"):
        compare([1.0], [1.0]).draw()


@pytest.mark.parametrize(
    "runs, error, words",
    [
        ((3, 4), TypeError, "a generator, a list, a History"),
        ((Value(1.0), [Value(1.0)]), TypeError, "a single Value"),
        ((lambda model: 1, [1.0]), TypeError, "without arguments"),
        (("abc", [1.0]), TypeError, "got str 'abc'"),
        (([1.0, "x"], [1.0, 2.0]), TypeError, "at step 2 a run gave str 'x'"),
        (([], []), ValueError, "nothing was compared"),
        (([(generator := iter([1.0, 2.0]))] * 2)[:2], ValueError, "one generator twice"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_advice(runs, error, words):
    with pytest.raises(error, match=words):
        compare(*runs)
    with pytest.raises(ValueError, match="0 or more"):
        compare([1.0], [1.0], rtol=-1.0)
