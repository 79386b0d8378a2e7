"""What gradcheck says besides: CS231n's advice, some of many inputs, second order, a band that grows with depth."""

import math

import pytest
from hypothesis import given, settings

from tinygrad_edu import Op, Value, gradcheck, ops
from tinygrad_edu.check import HAPPY
from tinygrad_edu.errors import UserError
from tinygrad_edu.strategies import programs


def test_a_plain_check_has_no_notes():
    assert gradcheck(lambda x, y: x.tanh() * y, 0.5, 2.0).notes == ()


def test_gradients_below_1e_10_are_pointed_out_with_the_smallest():
    report = gradcheck(lambda x, y: x * 1e-12 * y, 1.0, 200.0)
    assert report and len(report.notes) == 1
    assert "1 of the gradients is below 1e-10 (y: 1e-12)" in report.notes[0] and f"note: {report.notes[0]}" in str(
        report
    )


def test_a_term_of_the_loss_that_hides_another_is_named():
    def f(w):
        data, reg = (w[0] - w[1]) ** 2, 1e4 * (w[0] ** 2 + w[1] ** 2)
        data.label, reg.label = "data", "reg"
        return data + reg

    [note] = gradcheck(f, [1.0, 1.5]).notes
    assert note.startswith("reg gives ") and " times as much gradient as data, whose mistakes it may hide" in note
    assert gradcheck(lambda w: (w[0] - w[1]) ** 2 + 0.1 * w[0] ** 2, [1.0, 1.5]).notes == ()


def test_several_kinks_bring_the_advice_to_check_few_samples():
    assert "2 or 3 samples" in gradcheck(lambda x, y: x.relu() + y.relu(), 0.0, 0.0).notes[0]
    assert gradcheck(lambda x, y: x.relu() + y.relu(), 0.0, 1.0).notes == ()


def test_of_many_inputs_some_of_each_parameter_are_checked_and_the_report_says_so():
    w, b = [[0.1 * (i + j) for j in range(30)] for i in range(20)], [0.5, 0.25]
    f = lambda w, b: ops.sum(*[ops.sum(*row).tanh() for row in w]) * b[0] + b[1]
    report = gradcheck(f, w, b)
    names = [row.name for row in report.rows]
    assert (
        report and len(names) == 12 and names[-2:] == ["b[0]", "b[1]"] and all(n.startswith("w[") for n in names[:10])
    )
    assert "12 of 602 inputs were checked" in report.notes[0]
    few = [row.name for row in gradcheck(f, w, b, entries=1).rows]
    assert [n[0] for n in few] == ["w", "b"]
    assert few == [row.name for row in gradcheck(f, w, b, entries=1).rows]
    assert len({tuple(row.name for row in gradcheck(f, w, b, entries=1, seed=s).rows) for s in range(4)}) > 1


def test_happy_grows_as_the_root_of_the_depth():
    def f(x, y):
        for _ in range(24):
            x = x * 1.01
        return x + y

    deep, flat = gradcheck(f, 1.0, 2.0).rows
    assert (deep.happy, flat.happy) == pytest.approx((HAPPY * 5, HAPPY))
    off = Op("off", lambda x: x * x, lambda y, x: (2 * x * (1 + 3e-7),))
    assert gradcheck(lambda x: f(off(x), 1.0), 1.0).rows[0].verdict == "happy"
    assert "each rounds: happy goes up to 5e-07" in gradcheck(lambda x: f(off(x), 1.0), 1.0).notes[0]
    assert not gradcheck(lambda x: f(off(x), 1.0), 1.0)  # the rule itself is one row deep


@settings(max_examples=15, deadline=None)
@given(programs(most_inputs=2, most_steps=4))
def test_the_second_order_is_that_of_the_hessian(p):
    report = gradcheck(p, *p.inputs, order=2)
    assert report, f"\n{report}"
    n = len(p.inputs)
    assert len(report.rows) == n * n
    by_pair = [row.analytic for row in report.rows]
    for i in range(n):
        for j in range(i):
            assert math.isclose(
                by_pair[i * n + j], by_pair[j * n + i], rel_tol=1e-8, abs_tol=1e-8 * max(map(abs, by_pair))
            )


def test_a_rule_that_is_right_but_is_no_calculus_is_told_where_it_is_differentiated_twice():
    cube = Op("cube", lambda x: x**3, lambda y, x: (float(x) ** 2 * 3,))
    assert gradcheck(cube, 2.0)
    with pytest.raises(TypeError, match="'cube' cannot be differentiated twice"):
        gradcheck(cube, 2.0, order=2)


def test_a_rule_that_is_right_at_this_point_alone_fails_the_second_order():
    cube = Op("cube", lambda x: x**3, lambda y, x: (6 * x,))
    assert gradcheck(cube, 2.0)
    [row] = gradcheck(lambda x: cube(x), 2.0, order=2).rows
    assert (row.name, row.verdict, row.analytic) == ("x, x", "happy", 6.0)  # the rule is its own function's slope,
    assert not gradcheck(cube, 2.5)  # so that only another point shows it: two or three are better than one


def test_a_recorded_graph_keeps_its_labels_in_what_is_said():
    x = Value(0.0, label="x")
    h = x * 2
    h.label = "h"
    y = h.relu()
    y.label = "L"
    report = gradcheck(y, x)
    assert report.rows[0].kink.startswith("x is at the kink of relu(h) at 'L'") and "\nL = 0: " in str(report)
    assert gradcheck(y, x, order=2).rows[0].name == "x, x"


@pytest.mark.parametrize(
    "named, says",
    [
        ({"order": 3}, "order=3: 1 checks the gradient, 2 "),
        ({"entries": 0}, "entries=0: say of how many"),
        ({"entries": True}, "entries"),
    ],
)
def test_errors_say_what_to_do(named, says):
    with pytest.raises(UserError, match=says):
        gradcheck(lambda x: x * x, 1.0, **named)
