"""The step of a difference: truncation on one side, rounding on the other; and the complex step, which has neither."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Op, Value, ops
from tinygrad_edu.check import step_sizes
from tinygrad_edu.check.imaginary import NotComplex, complex_step
from tinygrad_edu.errors import UserError
from tinygrad_edu.strategies import inputs, rows

CURVED = [
    (lambda x: x.exp(), 1.0),
    (lambda x: (x.sin() * x.exp()).tanh(), 0.7),
    (lambda x: x**5 / (1 + x * x), 1.5),
    (lambda x: x.sigmoid().log(), -0.5),
]


@pytest.mark.parametrize("f, x", CURVED)
def test_truncation_falls_as_the_square_of_the_step_and_rounding_grows_as_its_inverse(f, x):
    found = step_sizes(f, x)
    assert found.power(wide=True) == pytest.approx(2, abs=0.1)
    assert found.power(wide=True, errors=found.forward) == pytest.approx(1, abs=0.1)
    assert found.power(wide=False) == pytest.approx(-1, abs=0.3)
    assert 1e-7 <= found.best[0] <= 1e-4 and found.best[1] < 1e-9
    assert max(found.imaginary[8:]) < 1e-14  # where central differences have lost all but a few digits


@settings(max_examples=60, deadline=None)
@given(rows(), st.data())
def test_the_complex_step_is_the_slope_to_the_last_digits_wherever_a_row_allows_it(op, data):
    xs = [Value(x) for x in data.draw(inputs(op))]
    y = op(*xs)
    for x, slope in zip(xs, y.local_grads()):
        try:
            found = complex_step(y, x, 1e-40)
        except NotComplex as e:
            assert "takes no complex numbers" in str(e)
        else:
            assert found == pytest.approx(slope, rel=1e-7, abs=1e-7)


def test_a_row_that_takes_no_complex_numbers_is_named():
    found = step_sizes(lambda x: x.erf(), 0.5)
    assert found.imaginary == () and "No complex steps: erf takes no complex numbers." in str(found)


def test_a_wrong_rule_is_not_the_steps_fault():
    cube = Op("cube", lambda x: x * x * x, lambda y, x: (2 * x * x,))
    assert "not the step is wrong, but the gradient; see gradcheck" in str(step_sizes(cube, 2.0))


def test_steps_that_cross_a_kink_are_marked_and_the_rest_is_as_ever():
    found = step_sizes(lambda x: (x - 1).relu() * x.exp(), 1.003)
    assert [bool(c) for c in found.crossed] == [True] * 2 + [False] * 13
    assert "crosses the kink of relu(0.003)" in str(found)


def test_at_a_kink_no_step_is_the_best_and_nothing_is_said_of_complex_ones():
    told = str(step_sizes(lambda x: x.relu(), 0.0))
    assert "too, is at the kink of relu(x): differences say nothing about the slope here." in told
    assert "best" not in told.lower() and "nothing is lost" not in told
    assert "end of the domain of sqrt(x): differences say nothing" in str(step_sizes(lambda x: x.sqrt(), 0.0))


def test_the_text_has_a_line_for_each_step_and_marks_the_best(tmp_path):
    found = step_sizes(lambda x, w: ops.exp(x * w), 0.5, 2.0, of="w")
    lines = str(found).splitlines()
    assert lines[0].startswith("df/dw at w = 2 is 1.359140914, says the chain rule")
    assert len([line for line in lines if line.startswith("1e-")]) == 15
    assert [line[:5] for line in lines if line.endswith("best")] == [f"{found.best[0]:.0e}"]
    assert all(len(line) <= 120 for line in lines)
    assert found.plot().save(tmp_path / "steps.svg").exists()


def test_an_input_that_f_ignores_has_an_error_of_zero():
    found = step_sizes(lambda x, y: x * 1.0, 2.0, 3.0, of="y")
    assert set(found.central) == {0.0} and found.slope == 0 and math.isnan(found.power(wide=True))
    assert str(found)


@pytest.mark.parametrize(
    "arguments, named, says",
    [
        ((lambda x, y: x * y, 1.0, 2.0), {}, "pushes one of 2 inputs: say which, as in of='x'"),
        ((lambda left, right: left * right, 1.0, 2.0), {"of": "rihgt"}, "of='rihgt' is no input, did you mean 'right'"),
        ((lambda x: x,), {}, "step_sizes needs at least one input"),
    ],
)
def test_errors_say_what_to_do(arguments, named, says):
    with pytest.raises(UserError, match=says):
        step_sizes(*arguments, **named)
