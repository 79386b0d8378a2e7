"""A backward pass written by hand: a right one passes, a wrong one is located, with the mistake that is likely."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu.check import check_backward
from tinygrad_edu.errors import UserError

np = pytest.importorskip("numpy")
rng = np.random.default_rng(0)
X, W, B = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=5)


def affine(x, w, b):
    return x @ w + b


def affine_backward(d, x, w, b):
    return d @ w.T, x.T @ d, d.sum(axis=0)


def softmax(z):
    es = [math.exp(x) for x in z]
    return [e / sum(es) for e in es]


def right_softmax(u, z):
    p = softmax(z)
    inner = sum(a * b for a, b in zip(u, p))
    return [q * (a - inner) for a, q in zip(u, p)]


def test_a_right_backward_pass_is_right_in_arrays_lists_and_numbers():
    assert check_backward(affine, affine_backward, (X, W, B))
    assert check_backward(softmax, right_softmax, ([0.2, -1.0, 0.5],))
    assert check_backward(lambda x, y: x * y**2, lambda u, x, y: (u * y * y, 2 * u * x * y), (3.0, -2))
    assert check_backward(lambda x: x * x, lambda x: 2 * x, (3.0,))  # a loss without upstream


MISTAKES = {
    "the sign is turned": lambda d, x, w, b: (-d @ w.T, x.T @ d, d.sum(axis=0)),
    "0.25 times what it should be": lambda d, x, w, b: (d @ w.T, x.T @ d / 4, d.sum(axis=0)),
    "its shape is (5, 3) and should be (3, 5): it is transposed": lambda d, x, w, b: (d @ w.T, d.T @ x, d.sum(axis=0)),
    "its shape is (4, 5) and should be (5,): forgot to sum over axis 0, along which the input was used 4 times":
        lambda d, x, w, b: (d @ w.T, x.T @ d, d),
    "give them the shape of the input": lambda d, x, w, b: ((d @ w.T).ravel(), x.T @ d, d.sum(axis=0)),
    "backward gives the same whatever the upstream gradient is": lambda d, x, w, b: affine_backward(d * 0 + 1, x, w, b),
    "twice the upstream gradient": lambda d, x, w, b: affine_backward(d * d, x, w, b),
}  # fmt: skip


@pytest.mark.parametrize("words, backward", MISTAKES.items(), ids=[*range(len(MISTAKES))])
def test_the_usual_mistakes_are_guessed(words, backward):
    report = check_backward(affine, backward, (X, W, B))
    assert not report and words in str(report), str(report)


def test_inputs_may_be_dicts_and_empty_and_classes_have_no_gradient():
    forward = lambda p, k: [p["w"] * x + p["b"][0] for x in k]
    backward = lambda u, p, k: ({"w": sum(a * x for a, x in zip(u, k)), "b": [sum(u)]}, None)
    assert check_backward(forward, backward, {"p": {"w": 2.0, "b": [1.0]}, "k": [1, 2]})
    short = check_backward(forward, lambda u, p, k: ({"w": 0.0}, None), {"p": {"w": 2.0, "b": [1.0]}, "k": [1, 2]})
    assert not short and "dp: it has 1 numbers and should have 2" in str(short)
    empty = check_backward(lambda x, y: y * y, lambda u, x, y: ([], 2 * u * y), ([], 2.0))
    assert empty and "wrong" not in str(empty)


def test_a_square_matrix_may_be_transposed_too():
    w = rng.normal(size=(3, 3))
    report = check_backward(lambda x, w: x @ w, lambda d, x, w: (d @ w.T, d.T @ x), (X, w))
    assert [bool(g) for g in report.gradients] == [True, False] and "it is transposed" in report.gradients[1].wrong


def test_a_missing_minus_in_a_softmax_is_found_and_its_worst_number_named():
    def missing(u, z):
        p = softmax(z)
        inner = sum(a * b for a, b in zip(u, p))
        return [q * (a + inner) for a, q in zip(u, p)]

    z = [0.2, -1.0, 0.5, 2.0]
    report = check_backward(softmax, missing, (z,))
    [g] = report.gradients
    assert not report and g.name == "dz" and len([r for r in g.rows if not r]) == 4
    assert g.worst.error == max(r.error for r in g.rows) and f"{g.worst.name} is " in g.wrong
    true = right_softmax(upstream_of(z), z)
    assert [r.numeric for r in g.rows] == pytest.approx(true, rel=1e-8)


def upstream_of(z):
    seen = []
    check_backward(softmax, lambda u, z: seen.append(u) or right_softmax(u, z), (z,))
    return seen[0]


def test_cross_entropy_with_plus_one_for_minus_one_is_located_at_the_class():
    def loss(z, k):
        return -math.log(softmax(z)[k])

    def backward(z, k):
        return [p + (i == k) for i, p in enumerate(softmax(z))], None

    report = check_backward(loss, backward, ([0.2, -1.0, 0.5], 1))
    assert [r.name for r in report.gradients[0].rows if not r] == ["dz[1]"]
    assert report.gradients[0].wrong.startswith("1 of 3 numbers are wrong, dz[1] is ")


def test_the_misprinted_delta_of_ml_from_scratch_is_located_at_the_output():
    y = np.array([[1.0], [0.0], [1.0]])

    def forward(z):
        p = 1 / (1 + np.exp(-z))
        return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))

    def delta(z):
        return (1 / (1 + np.exp(-z)) - y) / len(y)

    z = np.array([[0.3], [-0.5], [1.2]])
    assert check_backward(forward, delta, (z,))
    turned = check_backward(forward, lambda z: -delta(z), (z,))
    assert not turned and "3 of 3 numbers are wrong" in str(turned) and "the sign is turned" in str(turned)
    slope = lambda z: delta(z) / (1 + np.exp(-z)) / (1 + np.exp(z))
    assert not (kept := check_backward(forward, slope, (z,))) and "dz[" in kept.gradients[0].wrong


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 11), st.sampled_from([-1.0, 2.0, 0.9, 0.0]), st.integers(0, 99))
def test_one_wrong_number_among_many_is_named(k, factor, seed):
    def backward(d, x):
        g = 2 * x * d
        g[k // 4, k % 4] *= factor
        return g

    x = np.random.default_rng(seed).uniform(0.5, 2, size=(3, 4))
    [g] = check_backward(lambda x: x**2, backward, (x,), seed=seed).gradients
    assert [r.name for r in g.rows if not r] == [f"dx[{k // 4}][{k % 4}]"] and f"dx[{k // 4}][{k % 4}] is " in g.wrong


@pytest.mark.parametrize("slope, right", [(0.0, True), (0.5, True), (1.0, True), (2.0, False)])
def test_at_a_kink_every_slope_between_the_two_is_right(slope, right):
    report = check_backward(lambda x: max(x, 0.0), lambda u, x: u * slope, (0.0,))
    assert bool(report) == right


def test_where_differences_do_not_settle_nobody_is_told_what_the_number_should_be():
    report = check_backward(lambda x: x + 1e-3 * math.sin(1e15 * x), lambda u, x: u, (1.0,))
    assert not report and "central differences do not settle" in str(report) and "should be" not in str(report)


def test_of_many_numbers_some_are_drawn_with_the_seed():
    x = np.linspace(-1, 1, 400)
    report = check_backward(np.sin, lambda d, x: d * np.cos(x), (x,), entries=7)
    assert report and len(report.gradients[0].rows) == 7
    assert "note: 7 of 400 numbers of dx were compared" in str(report)
    again = check_backward(np.sin, lambda d, x: d * np.cos(x), (x,), entries=7)
    other = check_backward(np.sin, lambda d, x: d * np.cos(x), (x,), entries=7, seed=1)
    names = [[r.name for r in g.gradients[0].rows] for g in (report, again, other)]
    assert names[0] == names[1] != names[2]


def test_what_is_given_is_never_changed():
    def forward(x):
        x *= 2
        return x

    def backward(d, x):
        d *= 2
        x *= 0
        return d

    x = np.array([1.0, 2.0])
    assert check_backward(forward, backward, (x,)) and x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "forward, backward, inputs, says",
    [
        (lambda x: x, lambda u, x: u, 2.0, "in a tuple, one for each argument of forward: .x,., not float"),
        (lambda x: x, lambda u, x: u, (), "at least one input"),
        (lambda x: x * np.random.rand(), lambda u, x: u, (2.0,), "is it random"),
        (lambda x: math.inf, lambda u, x: u, (2.0,), "forward gives output = inf"),
        (lambda x: [x, math.nan], lambda u, x: u, (2.0,), "another result|output.1. = nan"),
        (lambda x: (x, {"cache": "x"}), lambda u, x: u, (2.0,), "if it gives a cache as well"),
        (lambda x: ([2 * x], [x]), lambda u, x: u, (2.0,), "if it gives a cache as well"),
        (lambda x, y: x, lambda u, x, y: u, (2.0, 3.0), "one gradient for each of x, y"),
        (
            lambda x, y: x,
            lambda u, x, y: None,
            (2.0, 3.0),
            "gave None, as a function without return does: .* each of x, y",
        ),
        (lambda x: x, lambda u, x: None, (2.0,), "gave None, as a function without return does"),
        (
            lambda x, y: x,
            lambda u, x, y: (None, None),
            (2.0, 3.0),
            "None for every input, so there is nothing to compare",
        ),
        (
            lambda x: [x, x],
            lambda x: 1.0,
            (2.0,),
            "must take the upstream gradient and the 1 inputs: backward.upstream, x",
        ),
        (lambda x: x, lambda u, x: "u", (2.0,), "dx must be a number, a list or an array of numbers, got str"),
        (lambda x: x[0][0], lambda u, x: x, ([[1.0], [2.0, 3.0]],), "must be of one length"),
    ],
)
def test_errors_say_what_to_do(forward, backward, inputs, says):
    with pytest.raises(UserError, match=says):
        check_backward(forward, backward, inputs)
