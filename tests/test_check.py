"""The gradient check must be right itself: it passes what is true, and names what is not."""

import math
import random
from fractions import Fraction

import pytest

from tinygrad_edu import Op, Value, grad, no_grad, ops
from tinygrad_edu.check import VERDICTS, gradcheck

tanh, exp, log, relu = ops.tanh, ops.exp, ops.log, ops.relu


@pytest.mark.parametrize(
    "f, x, slope",
    [
        (lambda x: x.tanh(), 0.5, 1 - math.tanh(0.5) ** 2),
        (lambda x: x.exp(), 100.0, math.exp(100)),
        (lambda x: x.log(), 1e-300, 1e300),  # the step is on the scale of x
        (lambda x: 1 + x.tanh(), 1e-10, 1.0),  # and of 1, where x is lost in the result
        (lambda x: x.sin(), 1e6, math.cos(1e6)),
        (lambda x: (1000 * x).sin(), 0.7, 1000 * math.cos(700)),
        (lambda x: x * x, 1e150, 2e150),
        (lambda x: x.sqrt(), 1e-8, 0.5e4),
        (lambda x: x.asin(), 1 - 1e-10, 1 / math.sqrt(1e-10 * (2 - 1e-10))),  # it keeps inside the domain
        (lambda x: x**3, 0.0, 0.0),
        (lambda x: x.relu() * x, 1e-5, 2e-5),  # it keeps on one side of a kink
        (lambda x: (x - 3).relu(), 3 + 1e-7, 1.0),
        (lambda x: 1 / x, 1e200, -0.0),
    ],
)
def test_central_differences_find_the_slope_of_smooth_functions(f, x, slope):
    report = gradcheck(f, x)
    [row] = report.rows
    assert report and row.verdict == "happy" and row.error <= 1e-7 and not row.kink
    assert math.isclose(row.numeric, slope, rel_tol=1e-6, abs_tol=1e-12)


@pytest.mark.parametrize(
    "wrong_by, verdict, passes",
    [
        (0.0, "happy", True),
        (1e-6, "suspicious", False),
        (1e-3, "suspicious", False),
        (0.02, "wrong", False),
        (math.nan, "wrong", False),
    ],
)
def test_the_verdicts_are_the_bands_of_cs231n(wrong_by, verdict, passes):
    cube = Op("cube", lambda x: x * x * x, lambda y, x: (3 * x * x * (1 + wrong_by),))
    report = gradcheck(cube, 2.0)
    assert (report.rows[0].verdict, bool(report)) == (verdict, passes)


def test_where_f_has_kinks_a_middling_error_is_acceptable():
    bent = Op("bent", lambda x: x * x * x, lambda y, x: (3 * x * x * (1 + 1e-6),), kink=lambda x: x)
    report = gradcheck(bent, 2.0)
    assert report and report.rows[0].verdict == "acceptable"
    assert not gradcheck(Op("bent", bent.forward, lambda y, x: (3.001 * x * x,), kink=lambda x: x), 2.0)


KINKS = [
    (lambda x: x.relu(), [0.0], "x is at the kink of relu(x): slope 0 before, 1 after"),
    (lambda x: abs(x * 2), [0.0], "x is at the kink of abs(0): slope -2 before, 2 after"),
    (lambda x: x.leaky_relu(0.1), [0.0], "x is at the kink of leaky_relu(0.1)(x): slope 0.1 before, 1 after"),
    (lambda x: x.clip(-1, 1), [1.0], "x is at the kink of clip(-1, 1)(x): slope 1 before, 0 after"),
    (lambda x, y: ops.maximum(x, y), [2.0, 2.0], "x is at the kink of maximum(x, y): slope 0 before, 1 after"),
    (lambda x, y: ops.hypot(x, y), [0.0, 0.0], "x is at the kink of hypot(x, y): slope -1 before, 1 after"),
    (
        lambda x: (x - 1).relu(),
        [1 + 1e-15],
        "x - 1.5e-08 crosses the kink of relu(1.11022e-15): slope 7.45e-08 before, 1 after",
    ),
    (lambda x: x.sqrt(), [0.0], "x is at the end of the domain of sqrt(x): slope nan before"),
    (lambda x: ops.where(x, x, 2.0), [0.0], "x is at the kink of where(x, x, 2)"),
    (lambda x: grad(x.relu() * x, x)[0], [0.0], "x is at the kink of relu(x)"),
    (lambda x: x * 2 if x > 0 else x, [0.0], "x + 1.5e-08 takes another branch of f: slope 1 before, 2 after"),
    (lambda x, y: ops.atan2(y, x), [-1.0, 0.0], "y is at the kink of atan2(y, x)"),
]


@pytest.mark.parametrize("f, at, told", KINKS)
def test_a_kink_is_reported_as_a_kink_and_is_no_failure(f, at, told):
    report = gradcheck(f, *at)
    assert report, str(report)
    assert report.worst.verdict == "kink" and report.worst.kink.startswith(told)
    assert told in str(report)


def test_a_kink_is_named_by_its_label():
    def f(w, x):
        h = w * x - 1
        h.label = "h"
        y = h.relu()
        y.label = "mlp.layers.0"
        return y * 3

    assert gradcheck(f, 0.5, 2.0).worst.kink == "w is at the kink of relu(h) at 'mlp.layers.0': slope 0 before, 6 after"


def test_a_kink_that_an_input_cannot_reach_does_not_excuse_it():
    def f(x, y):
        return x.relu() + Op("wrong", lambda y: y * y, lambda _, y: (y,))(y)

    by_name = {row.name: row.verdict for row in gradcheck(f, 0.0, 3.0).rows}
    assert by_name == {"x": "kink", "y": "wrong"}


def test_a_sum_at_a_tie_with_itself_has_no_kink():
    assert gradcheck(lambda x: ops.maximum(x, x), 2.0).rows[0].verdict == "happy"


def test_the_worst_stands_on_top_and_the_guilty_row_is_named():
    cube = Op("cube", lambda x: x * x * x, lambda y, x: (2 * x * x,))
    report = gradcheck(lambda a, b, c: (cube(a) * b).tanh() + c.relu(), 0.5, 1.5, 0.0)
    assert not report and [row.name for row in report.rows] == ["a", "b", "c"]
    assert [row.verdict for row in report.sorted()] == ["wrong", "kink", "happy"]
    assert report.worst.hint == "look at cube(a) at v1: its partial 0 is wrong"
    lines = str(report).splitlines()
    assert lines[1].startswith("a ")
    assert lines[4:] == [
        "f = 0.1853331999: 1 wrong, 1 kink, 1 happy; its rules: 1 wrong, 1 kink, 5 happy",
        "wrong rule: cube(a) at v1, node 2 of 8: its partial 0 is 0.5 and should be 0.75: 0.6667 "
        "times what it should be",
    ]
    assert lines[0].index("verdict") == lines[1].index("wrong") == lines[2].index("kink")


@pytest.mark.parametrize(
    "f, hint",
    [
        (
            lambda x: x * float(x),
            "every rule used is right, so the graph is cut: look for .data, float() or detach() in f",
        ),
        (lambda x: Value(x.data), "f depends on it, but not through the graph: .data or float() cut it off"),
        (
            lambda x: x.detach() * x,
            "every rule used is right, so the graph is cut: look for .data, float() or detach() in f",
        ),
    ],
)
def test_a_cut_graph_is_wrong_and_the_hint_says_why(f, hint):
    report = gradcheck(f, 3.0)
    assert not report and report.worst.hint == hint


def test_an_input_that_f_ignores_has_slope_zero():
    row = gradcheck(lambda x, y: x * x, 3.0, 4.0).rows[1]
    assert (row.analytic, row.numeric, row.verdict, row.hint) == (0.0, 0.0, "happy", "f does not use it")


def test_noise_is_unresolved():
    noisy = Op("noisy", lambda x: x + 1e-3 * math.sin(1e15 * x), lambda y, x: (1.0,))
    report = gradcheck(noisy, 1.0)
    assert not report and report.worst.verdict == "unresolved"


def test_inputs_may_be_numbers_values_and_nested_lists_and_keep_their_names():
    w = [[Value(0.5, label="w00"), 2], (3, 4.0)]
    report = gradcheck(lambda w, b: (w[0][0] * w[0][1] + w[1][0] * w[1][1] * b["x"]).tanh(), w, {"x": 0.01})
    assert report and [row.name for row in report.rows] == ["w00", "w[0][1]", "w[1][0]", "w[1][1]", "b['x']"]
    assert [row.name for row in gradcheck(lambda *xs: xs[0] * xs[1], 1, 2).rows] == ["xs[0]", "xs[1]"]


def test_an_input_is_a_number_of_any_kind():
    np = pytest.importorskip("numpy")
    for two in (Fraction(2), np.float32(2), np.array(2), np.array(2.0)):
        assert gradcheck(lambda a, b: a * b.tanh(), two, two).rows == gradcheck(lambda a, b: a * b.tanh(), 2, 2).rows


def test_the_callers_values_are_never_touched():
    x, w = Value(0.5, label="x"), Value(2.0)
    w.grad = x.grad = 7.0
    y = (x * w).relu()
    gradcheck(lambda x: (x * w).tanh(), x)
    gradcheck(y, x, w)
    assert [(v.data, v.grad) for v in (x, w, y)] == [(0.5, 7.0), (2.0, 7.0), (1.0, 0.0)]


def test_a_result_can_be_checked_in_place_of_a_function():
    ws = [Value(0.1 * i, label=f"w[{i}]") for i in range(1, 5)]
    loss = (ops.dot(*ws).tanh() - 1) ** 2
    report = gradcheck(loss, ws)
    assert report and [row.name for row in report.rows] == ["w[1]", "w[2]", "w[3]", "w[4]"]
    loss.backward()
    assert [row.analytic for row in report.rows] == [w.grad for w in ws]


def test_long_reports_show_the_worst_twenty():
    report = gradcheck(lambda xs: ops.sum(*xs), [float(i) for i in range(30)])
    assert len(str(report).splitlines()) == 1 + 20 + 1 + 1 and "... and 10 more" in str(report)


@pytest.mark.parametrize("f", [lambda x: 3 * x * x - 4 * x + 5, lambda x: x.tanh() / x, lambda x: x.exp().log1p()])
def test_second_and_third_order(f):
    def first(x):
        return grad(f(x), x)[0]

    assert gradcheck(first, 0.7)
    assert gradcheck(lambda x: grad(first(x), x)[0], 0.7)


def test_a_thousand_nodes_deep():
    def f(x):
        for _ in range(2000):
            x = x * 1.0001
        return x

    assert gradcheck(f, 1.0).rows[0].error <= 1e-7


used_outside = Value(3.0, label="w")


@pytest.mark.parametrize(
    "f, inputs, error, says",
    [
        (lambda x: float(x), [1.0], TypeError, "f must return one Value, got float 1.0: compute it from the arguments"),
        (lambda x: [x, x], [1.0], TypeError, "got list"),
        (
            lambda x: x * random.random(),
            [1.0],
            ValueError,
            "for the same inputs, so it has no gradient to check: is it random",
        ),
        (
            lambda p: p.log(),
            [-2.0],
            ValueError,
            "f is nan at this point.*log is defined on .0, inf.; its input is p = -2.0",
        ),
        (lambda x: 1 / x, [0.0], ValueError, "f is inf at this point"),
        (lambda x: x + 1, [math.nan], ValueError, "x is nan"),
        (lambda x: x, [], ValueError, "at least one input"),
        (lambda x: x, ["2"], TypeError, "write '2' without quotes"),
        (
            lambda x: used_outside * 2,
            [used_outside],
            ValueError,
            "computes with Value.*label='w'.* itself and not with the argument",
        ),
        (lambda x: (x * x).detach(), [1.0], ValueError, "without a past"),
        (no_grad()(lambda x: x * x), [1.0], ValueError, "without a past"),
        (3.0, [1.0], TypeError, "takes a function .* got float 3.0"),
        (Value(2.0) * 3, [used_outside], ValueError, "is not in the graph of"),
        (Value(2.0) * 3, [2.0], ValueError, "2.0 is not in the graph of"),
    ],
)
def test_errors_say_what_to_do(f, inputs, error, says):
    with pytest.raises(error, match=says):
        gradcheck(f, *inputs)


def test_verdicts_go_from_bad_to_good():
    assert VERDICTS == ("wrong", "unresolved", "suspicious", "kink", "acceptable", "happy")


def test_the_report_says_the_name_of_what_was_checked():
    def f(x):
        y = x * x
        y.label = "L"
        return y

    assert "\nL = 4: 1 happy" in str(gradcheck(f, 2.0)) and "\nf = 4: 1 happy" in str(gradcheck(lambda x: x * x, 2.0))


STEEP = [
    (lambda x: (1e4 * x).sigmoid(), 0.0),
    (lambda x: (1e4 * x).tanh(), 0.0),
    (lambda x: (1e6 * x).tanh(), 1e-7),
    (lambda x: (3000 * x).sin(), 1.0),
    (lambda x: (1e9 * x).sin(), 1.0),
    (lambda x: (-((1e5 * (x - 1)) ** 2)).exp(), 1.000003),
    (lambda x: sum([(x * k).tanh() for k in (-1000.0, 300.0, 2000.0)], Value(0.0)), 0.0),
]


@pytest.mark.parametrize("f, x", STEEP)
def test_at_a_steep_place_a_right_rule_is_never_wrong_and_a_wrong_one_never_right(f, x):
    assert gradcheck(f, x).rows[0].verdict not in ("wrong", "suspicious")
    off = Op("off", lambda x: x, lambda y, x: (1.1,))
    assert not gradcheck(lambda x: off(f(x)), x)
