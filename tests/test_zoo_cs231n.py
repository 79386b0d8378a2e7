"""CS231n's layers: what is written by hand is what the engine says, and what a student got wrong is named."""

import subprocess
import sys

import numpy as np
import pytest

from tinygrad_edu import ops, zoo
from tinygrad_edu.check import bends
from tinygrad_edu.engine import topological
from tinygrad_edu.errors import UserError
from tinygrad_edu.zoo.cs231n import assignments, check, layers
from tinygrad_edu.zoo.cs231n.examples import EXAMPLES
from tinygrad_edu.zoo.cs231n.relative import of_assignments, of_notes
from tinygrad_edu.zoo.report import Run

BACKWARD = [name for name, example in EXAMPLES.items() if example.dout is not None]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_layer_by_hand_is_the_engines_and_as_near_to_differences_as_the_course_expects(name):
    report = check.layer(*assignments.HAND[name])
    assert report and [g.name for g in report.gradients] == ["d" + k for k in EXAMPLES[name].inputs]
    assert max(g.from_engine for g in report.gradients) < 1e-12
    assert max(g.from_differences for g in report.gradients) < EXAMPLES[name].limit


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in ("batchnorm", "layernorm")])
def test_no_input_of_the_checks_is_within_a_step_of_a_kink(name):
    """Else differences would accuse a gradient that is right."""
    example = EXAMPLES[name]
    out = example.values(*map(check.as_values, example.inputs.values()), *example.more)
    nodes = topological(ops.sum(*[v for v in np.ravel(np.array(out, dtype=object))]))
    near = [abs(d) for node in nodes if node.op in (ops.relu, ops.maximum) for d in bends(node.op, *node.numbers[1:])]
    assert min(near, default=1.0) > 2 * example.step


def test_the_one_line_form_of_batch_normalisation_is_the_staged_one():
    draw = np.random.RandomState(0)
    x, gamma, beta, dout = draw.randn(7, 3), draw.randn(3), draw.randn(3), draw.randn(7, 3)
    _, cache = layers.batchnorm_forward(x, gamma, beta, {"mode": "train"})
    for staged, short in zip(layers.batchnorm_backward(dout, cache), layers.batchnorm_backward_alt(dout, cache)):
        np.testing.assert_allclose(staged, short, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", BACKWARD)
@pytest.mark.parametrize("which", ["first", "last"])
def test_one_wrong_number_is_named_wherever_it_is(name, which):
    forward, backward = assignments.HAND[name]
    inputs = EXAMPLES[name].inputs
    place = 0 if which == "first" else -1
    key = list(inputs)[place]

    def wrong(dout, cache):
        gradients = backward(dout, cache)
        gradients = list(gradients) if isinstance(gradients, tuple) else [gradients]
        spoiled = np.array(gradients[place])
        spoiled.flat[place] += 0.5
        gradients[place] = spoiled
        return tuple(gradients)

    report = check.layer(forward, wrong)
    bad = [g for g in report.gradients if g.wrong]
    at = [int(i) for i in np.unravel_index(inputs[key].size - 1 if place else 0, inputs[key].shape)]
    assert not report and [g.name for g in bad] == ["d" + key]
    assert bad[0].wrong.startswith(f"d{key}{at} is ") and f"1 that are wrong of {inputs[key].size:,}" in bad[0].wrong
    assert "WRONG" in str(report) and bad[0].wrong in str(report)


def affine_backward(dout, cache):
    return layers.affine_backward(dout, cache)


MISTAKES = [
    (lambda dx, dw, db: (dx, dw.T, db), "dw has shape (5, 6) and should have (6, 5), it is transposed"),
    (lambda dx, dw, db: (dx.reshape(10, 6), dw, db), "dx has shape (10, 6) and should have (10, 2, 3)"),
    (lambda dx, dw, db: (dx, dw / 10, db), ": 0.1 times what it should be"),
    (lambda dx, dw, db: (dx, dw, np.full(5, np.nan)), "db[0] is nan and should be"),
    (lambda dx, dw, db: (dx, dw, None), "db is no array of numbers"),
]


@pytest.mark.parametrize("spoil, said", MISTAKES, ids=[said for _, said in MISTAKES])
def test_a_mistake_is_said_in_words(spoil, said):
    report = check.layer(layers.affine_forward, lambda dout, cache: spoil(*layers.affine_backward(dout, cache)))
    assert not report and said in str(report)


def test_the_digits_that_differ_are_shown_and_the_kind_of_numbers_if_it_is_to_blame():
    def narrow_backward(dout, cache):
        return layers.affine_backward(dout.astype("float32"), [a.astype("float32") for a in cache])

    report = check.layer(layers.affine_forward, narrow_backward)
    words = next(g.wrong for g in report.gradients if g.wrong)
    told, right = words.split(" is ")[1].split(" (")[0].split(" and should be ")
    assert told != right and "(yours are float32: compute in float64)" in words and "times" not in words


def test_a_wrong_output_is_said_before_any_gradient():
    def svm_loss(x, y):
        loss, dx = layers.svm_loss(x, y)
        return loss * 50, dx

    report = check.layer(svm_loss)
    assert not report and "the loss is 449.98 and should be 8.9996" in str(report) and not report.gradients


def test_a_function_that_writes_on_its_arguments_spoils_nothing_else():
    def relu_backward(dout, cache):
        dout[cache <= 0] = 0.0
        return dout

    before = EXAMPLES["relu"].dout.copy()
    assert check.layer(layers.relu_forward, relu_backward)
    assert (EXAMPLES["relu"].dout == before).all()


REFUSED = [
    (lambda: check.layer(lambda x: (x, x)), "no layer is called '<lambda>'"),
    (lambda: check.layer(layers.affine_forward, affine_backward, "afine"), "did you mean 'affine'?"),
    (lambda: check.layer(layers.affine_forward), "check.layer(affine_forward, affine_backward)"),
    (lambda: check.layer(lambda x, w, b: x, affine_backward, "affine"), "must return out, cache, got ndarray"),
    (lambda: check.layer(lambda x, y: 1.0, name="svm"), "must return loss, dx, got float"),
    (lambda: check.layer(layers.affine_forward, lambda dout, cache: (dout, dout)), "must return dx, dw, db, got 2"),
]


@pytest.mark.parametrize("ask, said", REFUSED, ids=[said for _, said in REFUSED])
def test_what_is_not_as_the_course_says_is_refused_in_words(ask, said):
    with pytest.raises(UserError) as refused:
        ask()
    assert said in str(refused.value)


@pytest.mark.parametrize("call, said", [
    (lambda x: layers.conv_forward_naive(x, np.ones((1, 1, 3, 3)), np.zeros(1), {"stride": 2, "pad": 0}),
     "come out even"),
    (lambda x: layers.max_pool_forward_naive(x, {"pool_height": 5, "pool_width": 2, "stride": 1}), "come out even"),
    (lambda x: layers.spatial_groupnorm_forward(np.ones((1, 3, 2, 2)), np.ones(3), np.ones(3), 2, {}), "into 2 groups"),
    (lambda x: layers.dropout_forward(x, {"mode": "train", "p": 0.0}), "above 0 and at most 1"),
    (lambda x: layers.dropout_forward(x, {"p": 0.5}), '"train" or "test", got None'),
    (lambda x: layers.batchnorm_forward(x[0, 0], np.ones(4), np.ones(4), {"mode": "eval"}), "got 'eval'"),
])  # fmt: skip
def test_what_does_not_fit_a_layer_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call(np.ones((1, 1, 4, 4)))


def test_tests_use_what_training_followed_and_drop_nothing():
    draw, param = np.random.RandomState(0), {"mode": "train", "momentum": 0.0}
    x = draw.randn(50, 3) * 2 + 1
    trained, _ = layers.batchnorm_forward(x, np.ones(3), np.zeros(3), param)
    tested, _ = layers.batchnorm_forward(x, np.ones(3), np.zeros(3), {**param, "mode": "test"})
    np.testing.assert_allclose(tested, trained)  # with momentum 0 the last batch is all that was seen
    assert (layers.dropout_forward(x, {"mode": "test", "p": 0.5})[0] == x).all()


def test_windows_may_overlap():
    """A pixel that wins two windows, or lies in two, receives twice."""
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    x[0, 0, 1, 1] = 9.0
    out, cache = layers.max_pool_forward_naive(x, {"pool_height": 2, "pool_width": 2, "stride": 1})
    assert layers.max_pool_backward_naive(np.ones_like(out), cache)[0, 0, 1, 1] == 4.0 == out.size
    settings, w = {"stride": 1, "pad": 0}, np.ones((1, 1, 2, 2))
    out, cache = layers.conv_forward_naive(x, w, np.zeros(1), settings)
    assert layers.conv_backward_naive(np.ones_like(out), cache)[0][0, 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_a_convolution_with_stride_and_border_is_the_engines():
    draw = np.random.RandomState(0)
    inputs = {"x": draw.randn(2, 2, 5, 5), "w": draw.randn(3, 2, 3, 3), "b": draw.randn(3)}
    example = EXAMPLES["conv"]._replace(inputs=inputs, more=({"stride": 2, "pad": 1},), dout=draw.randn(2, 3, 3, 3))
    assert check.compare(example, *assignments.HAND["conv"])


@pytest.mark.parametrize("name", ["a convolutional net", "ten layers"])
def test_a_whole_net_by_hand_is_the_engines(name):
    example, net = assignments.nets()[name]
    _, exact = check.by_the_engine(example)
    for ours, right in zip(net(*example.inputs.values(), *example.more)[1], exact.values()):
        np.testing.assert_allclose(ours, right, rtol=1e-9, atol=1e-15)


def test_the_assignments_error_is_at_most_one_and_the_notes_at_most_two():
    draw = np.random.RandomState(0)
    for a, n in draw.randn(200, 2) * 10.0 ** draw.randint(-12, 12, size=(200, 1)):
        assert 0 <= of_assignments(a, n) <= 1 and of_assignments(a, n) <= of_notes(a, n) <= 2
    assert of_notes(0.0, 0.0) == of_assignments(0.0, 0.0) == 0.0


def test_a_ctrl_c_before_the_first_step_leaves_a_page(monkeypatch):
    def repeat(self, count, step, unit="step"):
        self.interrupt()
        return 0

    monkeypatch.setattr(Run, "repeat", repeat)
    this = zoo.run("cs231n", small=True, show=None, epochs=1, backend="python")
    assert this.interrupted and not this.missed and "line" in this.pictures and "loss" not in this.pictures


def test_without_numpy_the_layers_say_what_to_install_and_the_rest_runs():
    code = """
import sys
sys.modules["numpy"] = None
from tinygrad_edu import zoo
try:
    from tinygrad_edu.zoo.cs231n import layers
except ImportError as absent:
    print(absent)
this = zoo.run("cs231n", small=True, show=None, epochs=2, backend="python")
print(len(this.missed), "Left out" in this.markdown(), sorted(this.pictures))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "these layers are NumPy by hand: pip install numpy",
        "0 True ['circuit', 'line', 'loss', 'net', 'steps']",
    ]
