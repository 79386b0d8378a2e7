"""Gradients as graphs: every argument is a node of its own, every structure keeps its shape,
every rule is right or says that it is not.
"""

import array
import collections
import dataclasses
import functools
import gc
import math
from collections import OrderedDict, defaultdict, namedtuple
from math import inf, isnan, nan

import pytest

from tinygrad_edu import (
    Op,
    RecordingError,
    Value,
    functional,
    grad,
    gradcheck,
    hessian,
    jacobian,
    jit,
    no_grad,
    ops,
    register,
    topological,
    value_and_grad,
)
from tinygrad_edu.trees import leaves, mapped

# An argument is a node of its own.


def test_a_derivative_within_a_derivative_keeps_its_arguments_apart():
    y, g = value_and_grad(lambda x: x * value_and_grad(lambda y: x + y)(x)[1])(5.0)
    assert (y.data, g.data) == (5.0, 1.0)
    y, g = value_and_grad(lambda x: x * value_and_grad(lambda y: x * y * y)(x)[1])(2.0)  # x * 2 x^2
    assert (y.data, g.data) == (16.0, 24.0)


@pytest.mark.parametrize(
    "as_argument", [lambda x: x, lambda x: [x], lambda x: {"a": (x,)}], ids=["bare", "list", "nested"]
)
def test_a_value_that_is_used_besides_is_constant(as_argument):
    x = Value(1.0)
    take = lambda tree: next(leaf for _, leaf in leaves("", tree))
    f = lambda tree: take(tree) * (x - take(tree))
    assert take(value_and_grad(f)(as_argument(x))[1]).data == -1.0
    report = gradcheck(f, as_argument(x))
    assert report and report.rows[0].analytic == -1.0


@pytest.mark.parametrize("f", [lambda a, b: a * a * b, lambda a, b: a / b, lambda a, b: (a - b).tanh() + a.pow(b)])
def test_the_same_value_twice_is_two_arguments(f):
    x = Value(3.0)
    two = value_and_grad(f)(Value(3.0), Value(3.0))
    one = value_and_grad(f)(x, x)
    assert (one[0].data, [g.data for g in one[1]]) == (two[0].data, [g.data for g in two[1]])
    report = gradcheck(f, x, x)
    assert report and [r.analytic for r in report.rows] == pytest.approx([g.data for g in two[1]])


def test_outer_gradients_go_through_arguments_to_what_was_given():
    x = Value(3.0)
    y, g = value_and_grad(lambda v: v**3)(x * 1.0)
    y.backward()
    assert x.grad == 27.0 and grad(g, x)[0].data == 18.0
    assert jit(lambda v: value_and_grad(lambda u: u * v * u)(v)[1], "python")(3.0).data == 18.0


def test_arguments_by_name_are_not_differentiated():
    y, g = value_and_grad(lambda x, scale=1: scale * x)(3.0, scale=5)
    assert (y.data, g.data) == (15.0, 5.0)


# Structures.

Pair = namedtuple("Pair", "w b")


@dataclasses.dataclass(frozen=True)
class Frozen:
    w: object
    b: object


@dataclasses.dataclass
class Layer:
    w: object
    b: object


class Mine(list):
    pass


def trees():
    yield from [3.0, Value(3.0), [1, 2.0], (1.0,), [], {"a": 1, 2: [3.0]}, OrderedDict(z=1, a=(2, Value(3.0)))]
    yield from [
        Pair(1.0, [2, 3]),
        Frozen([1.0, 2], Pair(3, 4)),
        {"l": [Layer(1.0, (2, 3))]},
        Mine([1, 2]),
        defaultdict(list, a=[1.0]),
    ]


@pytest.mark.parametrize("tree", list(trees()), ids=repr)
def test_a_gradient_has_the_structure_of_its_argument(tree):
    before = repr(tree)

    def f(t, x):
        parts = [leaf for _, leaf in leaves("t", t)]
        assert all(type(p) is Value for p in parts) and type(t) is (Value if isinstance(tree, float) else type(tree))
        return functional.sum([k * p * x for k, p in enumerate(parts, 1)] + [x])

    _, (g, _) = value_and_grad(f)(tree, 2.0)
    names, found = zip(*leaves("t", g)) if list(leaves("t", tree)) else ((), ())
    assert [v.data for v in found] == [2.0 * k for k, _ in enumerate(found, 1)]
    assert names == tuple(name for name, _ in leaves("t", tree)) and repr(tree) == before
    assert repr(mapped(lambda x: 0, tree)) == repr(mapped(lambda x: 0, g))
    report = gradcheck(f, tree, 2.0)
    assert report and len(report.rows) == len(found) + 1


def test_arrays_are_arguments_too():
    np = pytest.importorskip("numpy")
    W, x = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0, 6.0])
    _, (gW, gx) = value_and_grad(lambda W, x: (W @ x).sum())(W, x)
    assert (
        gW.shape == (2, 2)
        and [[v.data for v in row] for row in gW] == [[5.0, 6.0]] * 2
        and [v.data for v in gx] == [4.0, 6.0]
    )
    assert gradcheck(lambda W: (W @ x).sum().tanh(), W / 100) and W.dtype == float


@pytest.mark.parametrize("tree", [t for t in trees() if t != []], ids=repr)
def test_a_recorded_function_takes_what_value_and_grad_takes(tree):
    def f(t, x):
        assert type(t) is (Value if isinstance(tree, float) else type(tree))
        return functional.sum([k * leaf * x for k, (_, leaf) in enumerate(leaves("t", t), 1)] + [x])

    by_hand, x = value_and_grad(f)(tree, 2.0)[0], Value(2.0)
    y = jit(f, "python")(tree, x)
    assert y.data == by_hand.data and y.parents == (*[v for _, v in leaves("t", tree) if isinstance(v, Value)], x)


def arrays():
    yield array.array("d", [1.0, 2.0])
    yield memoryview(array.array("d", [1.0, 2.0]))
    try:
        import numpy as np
    except ImportError:
        return
    yield from [memoryview(np.array([[1.0, 2.0]])), np.array([1, 2]), np.array([[1.0], [2.0]])]
    yield from [np.array([Value(1.0), 2.0], object)]


@pytest.mark.parametrize("kind", list(arrays()), ids=lambda a: type(a).__name__)
def test_both_take_every_kind_of_array(kind):
    def f(t):
        parts = [v for _, v in leaves("t", t)]
        assert all(type(v) is Value for v in parts)
        return parts[0] * 3.0 + parts[1] * parts[1]

    y, g = value_and_grad(f)(kind)
    assert y.data == jit(f, "python")(kind).data == 7.0 and [d.data for _, d in leaves("g", g)] == [3.0, 4.0]
    assert getattr(g, "shape", None) == (kind.shape if hasattr(kind, "dtype") else None)


def test_a_dataclass_that_holds_more_than_its_fields_is_an_argument_of_both():
    def made(w, cached):
        layer = Layer(w, 2.0)
        layer.cached = cached  # as __post_init__ may, or a cached property
        return layer

    f = lambda t: t.w * t.cached
    g = jit(f, "python")
    for w, cached in (1.0, 3.0), (2.0, 5.0):
        assert g(made(w, cached)).data == f(made(w, cached)) == value_and_grad(f)(made(w, cached))[0].data
    assert len(g.recordings) == 1
    with pytest.raises(TypeError, match="a number is needed here, not object"):
        g(made(1.0, object()))


@pytest.mark.parametrize(
    "bad", [{1.0, 2.0}, "abc", None, [1.0, None], {"w": "x"}, iter([1.0]), collections.deque([1.0]), object(), 1j]
)
def test_what_is_no_structure_of_numbers_is_refused(bad):
    for call in (lambda: value_and_grad(lambda x: x)(bad), lambda: gradcheck(lambda x: x, bad)):
        with pytest.raises(TypeError, match="a number is needed here"):
            call()


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("wrong", [True, False])
def test_the_collector_rests_while_a_gradient_is_built_and_is_then_as_it_was(enabled, wrong):
    seen = []

    def rule(y, x):
        seen.append(gc.isenabled())
        if wrong:
            raise ZeroDivisionError
        return (2 * x,)

    x = Value(3.0)
    y = Op("squared", lambda x: x * x, rule)(x)
    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        if wrong:
            pytest.raises(ZeroDivisionError, grad, y, x)
        else:
            assert [g.data for g in grad(y, x)] == [6.0]
        assert seen and not any(seen) and gc.isenabled() is enabled
    finally:
        (gc.enable if was else gc.disable)()


def test_a_function_without_arguments_has_no_gradient():
    for empty in ((), ([],), ({}, ())):
        with pytest.raises(TypeError, match="there are none"):
            value_and_grad(lambda *args: Value(1.0))(*empty)


@pytest.mark.parametrize("bad", [3.0, [Value(1.0)], None, "x", topological])
def test_a_walk_starts_from_one_value(bad):
    with pytest.raises(TypeError, match="topological walks from one Value"):
        topological(bad)


# Rules of one's own.


def second(row, x, *, times=lambda y, x: y):
    v = Value(x)
    [first] = grad(times(row(v), v), v)
    return first.data, lambda: grad(first, v)[0].data


def by_float(x):
    return math.cos(float(x))


def memory(x, seen={}):  # noqa: B006
    return seen.setdefault(float(x), math.cos(x))


ASKING = {
    "math": lambda y, x: (math.cos(x),),
    "float": lambda y, x: (by_float(x),),
    "a product": lambda y, x: (ops.exp(x) * math.cos(x) / math.exp(x),),
    "of a result": lambda y, x: (math.cos(x * 1.0),),
    "of a row": lambda y, x: (math.cos(ops.sum(x, 0.0)),),
    "data": lambda y, x: (ops.cos(getattr(x, "data", x)),),
    "numbers": lambda y, x: (ops.cos(x.numbers[0] if isinstance(x, Value) else x),),
    "detached": lambda y, x: (ops.cos(x.detach() if isinstance(x, Value) else x),),
    "text": lambda y, x: (math.cos(float(f"{x:.17g}")),),
    "repr": lambda y, x: (math.cos(float(repr(x))),),
    "round": lambda y, x: (math.cos(round(x, 15)),),
    "whole": lambda y, x: (math.cos(int(x * 2**40) / 2**40),),
    "floor": lambda y, x: (math.cos(math.floor(x * 2**40) / 2**40),),
    "a table": lambda y, x: (memory(x),),
    "the output": lambda y, x: (math.sqrt(1 - y * y),),
    "a list": lambda y, x: [math.cos(x)],
    "a method of floats": lambda y, x: (math.cos(x) if x.is_integer() else math.cos(x),),
    "equal to a number": lambda y, x: (ops.cos(x) if x == 0.5 else -ops.cos(x),),
}


@pytest.mark.parametrize("rule", ASKING.values(), ids=ASKING)
def test_a_rule_that_asks_for_numbers_has_a_first_derivative_and_no_second(rule):
    row = Op("my_sine", math.sin, rule)
    for times, slope in (
        (lambda y, x: y, math.cos(0.5)),
        (lambda y, x: y * x, math.sin(0.5) + 0.5 * math.cos(0.5)),
        (lambda y, x: ops.exp(y), None),
    ):
        d, again = second(row, 0.5, times=times)
        v = Value(0.5)
        times(row(v), v).backward()
        assert d == pytest.approx(v.grad, rel=1e-15) and (slope is None or d == pytest.approx(slope, rel=1e-11))
        with pytest.raises(TypeError, match=r"'my_sine' cannot be differentiated twice.*ops\.cos"):
            again()
    v, w = Value(0.5), Value(2.0)
    [first] = grad(row(v) * w, v)
    assert grad(first, w)[0].data == pytest.approx(math.cos(0.5))  # no path goes through the row
    with pytest.raises(TypeError, match="'my_sine'"):
        first.backward()
    assert v.grad == w.grad == 0.0


def test_with_numpy_in_a_rule_too():
    np = pytest.importorskip("numpy")
    for rule in (
        lambda y, x: (np.cos(float(x)),),
        lambda y, x: (np.cos(np.float64(x)),),
        lambda y, x: np.array([math.cos(x)]).tolist(),
    ):
        d, again = second(Op("my_sine", lambda x: np.sin(float(x)), rule), 0.5)
        assert type(d) is float and d == pytest.approx(math.cos(0.5))
        with pytest.raises(TypeError, match="cannot be differentiated twice"):
            again()


RIGHT = {  # rule, value at 0.5 of its second derivative
    "rows": (math.sin, lambda y, x: (ops.cos(x),), -math.sin(0.5)),
    "a branch": (lambda x: x * x if x > 0 else 0.0, lambda y, x: (2 * x if x > 0 else 0.0,), 2.0),
    "its truth": (lambda x: x**3, lambda y, x: (3 * x * x if x else 0.0,), 3.0),
    "sorting": (lambda x: x**3, lambda y, x: (3 * max(x, 0.0) * min(x, 9.0),), 3.0),
    "constant": (lambda x: 7 * x, lambda y, x: (7,), 0.0),
    "the output": (math.exp, lambda y, x: (y,), math.exp(0.5)),
    "where numbers are numbers": (
        math.sin,
        lambda y, x: (math.cos(x) if isinstance(x, float) else ops.cos(x),),
        -math.sin(0.5),
    ),
    "dividing": (lambda x: 1 / x, lambda y, x: (-1 / (x * x),), 16.0),
}


@pytest.mark.parametrize("forward, rule, truth", RIGHT.values(), ids=RIGHT)
def test_a_rule_made_of_rows_has_every_derivative(forward, rule, truth):
    d, again = second(Op("mine", forward, rule), 0.5)
    assert again() == pytest.approx(truth)
    assert gradcheck(lambda x: grad(Op("mine", forward, rule)(x), x)[0], 0.5)


def test_a_fused_rule_and_a_rule_of_rules_are_honest_too():
    inner = Op("inner", math.sin, lambda y, x: (math.cos(x),))
    outer = Op("outer", lambda x: math.sin(x) ** 2, lambda y, x: (2 * inner(x) * ops.cos(x),))
    d, again = second(outer, 0.5)
    assert again() == pytest.approx(2 * math.cos(1.0))  # the inner rule was used once
    v = Value(0.5)
    [first] = grad(outer(v), v)
    with pytest.raises(TypeError, match="'inner'"):
        grad(grad(first, v)[0], v)
    whole = ops.fused("whole", lambda x: x * ops.sin(x), lambda y, x: (math.sin(x) + x * math.cos(x),))
    assert second(whole, 0.5)[0] == pytest.approx(math.sin(0.5) + 0.5 * math.cos(0.5))
    with pytest.raises(TypeError, match="'whole'"):
        second(whole, 0.5)[1]()


BAD = [2.0, (), (1.0, 2.0), None, "ab", (None,), ("x",), (1j,), iter([1.0]), ([1.0],), {1.0}]


@pytest.mark.parametrize("result", BAD, ids=lambda result: type(result).__name__)
def test_partials_that_are_no_tuple_of_numbers_name_their_row(result):
    row = Op("square", lambda x: x * x, lambda y, x: result)
    x = Value(3.0)
    for call in (lambda: (row(x) * x).backward(), lambda: grad(row(x) * x, x), lambda: gradcheck(row, 3.0),
                 lambda: jit(row, "python")(x).backward(),
                 lambda: row(x).local_grads(), lambda: value_and_grad(row)(x)):  # fmt: skip
        with pytest.raises(TypeError, match="square"):
            call()
    assert x.grad == 0.0


def test_partials_that_take_something_else_name_their_row():
    row = Op("square", lambda x: x * x, lambda x: (2 * x,))
    with pytest.raises(TypeError, match="partials of the row 'square' are called with its output and its 1 inputs"):
        row(Value(3.0)).backward()


@pytest.mark.parametrize("result", [None, "x", 1j, [1.0]])
def test_a_forward_rule_that_computes_no_number_names_its_row(result):
    with pytest.raises(TypeError, match="the row 'square' must compute a number"):
        Op("square", lambda x: result, lambda y, x: (2 * x,))(Value(3.0))


# Registered, and registered again.


@pytest.fixture
def tidy():
    before = {*ops.TABLE}
    yield
    for name in {*ops.TABLE} - before:
        del ops.TABLE[name]
        delattr(Value, name)


@pytest.mark.parametrize("row", [
    Op("sw", lambda x, b: x * b, lambda y, x: (1.0,)),
    Op("sw", lambda x: x, lambda y, x, b: (b, x)),
    Op("sw", lambda x, b: x * b, lambda y, x, b: (b, x), domain=(ops.REAL,)),
    Op("sw", lambda x: x, lambda y, x: (1.0,), domain=(ops.REAL, ops.REAL)),
    Op("sw", lambda *xs: 0.0, lambda y, a, b: (1.0, 1.0), domain=(ops.REAL, ...)),
    Op("sw", lambda x: x, lambda x: (1.0,)),
    Op("sw", lambda x: x, lambda y, x: (1.0,), kink=lambda x, y: x),
])  # fmt: skip
def test_a_row_whose_rules_do_not_take_its_inputs_is_refused(row):
    with pytest.raises(TypeError, match=r"the row 'sw' has .* input.*domain=\(REAL, REAL\) says two"):
        register(row)
    assert "sw" not in ops.TABLE and not hasattr(Value, "sw")


@pytest.mark.parametrize("forward, partials, xs", [
    (lambda a, b: a * b, lambda y, a, b: (b, a), (3.0, 2.0)),
    (math.hypot, lambda y, a, b: (a / y, b / y), (3.0, 4.0)),
    (lambda a, b, c: a * b + c, lambda y, a, b, c: (b, a, 1.0), (3.0, 2.0, 1.0)),
    (lambda *xs: functional.sum([x * x for x in xs]), lambda y, *xs: [2 * x for x in xs], (3.0, 2.0, 1.0, 5.0)),
    (lambda x, k=3: k * x, lambda y, x, k=3: (k,), (2.0,)),
    (lambda x: x * x, functools.partial(lambda k, y, x: (k * x,), 2), (2.0,)),
], ids=["two", "built in", "three", "many", "default", "partial"])  # fmt: skip
def test_without_a_domain_a_row_has_as_many_inputs_as_its_partials_have_slopes_for(tidy, forward, partials, xs):
    row = register(Op("mine", forward, partials))
    assert gradcheck(row, *xs, order=2) and gradcheck(lambda x, *others: x.mine(*others), *xs)
    leaves = [*map(Value, xs)]
    jit(lambda *xs: row(*xs) * 1.0, "python")(*leaves).backward()
    assert [x.grad for x in leaves] == list(row.slopes(row(*xs), *xs))


def test_a_cell_that_is_run_again_replaces_its_row(tidy):
    def cell(k, **options):
        return register(Op("mine", lambda x: k * x, lambda y, x: (k,), parts=lambda x: k * x), **options)

    cell(2.0)
    f, x = jit(lambda x: x.mine() + functional.mine(x), "python"), Value(3.0)
    assert f(x).data == 12.0 and x.mine().data == 6.0
    with pytest.raises(ValueError, match="replace=True"):
        cell(5.0)
    assert f(x).data == 12.0
    new = cell(5.0, replace=True)
    y = f(x)
    y.backward()
    assert (y.data, x.grad, x.mine().data, functional.mine(3.0), ops.row("mine")) == (30.0, 10.0, 15.0, 15.0, new)
    assert cell(7.0, replace=True)(1.0) == 7.0


@pytest.mark.parametrize("name", ["tanh", "backward", "data", "grad", "parents", "not a name", "3x", ""])
def test_what_the_package_itself_has_is_not_replaced(name):
    with pytest.raises(ValueError, match="cannot add a row"):
        register(Op(name, lambda x: x, lambda y, x: (1.0,)), replace=True)


# Through nan, and past what was not taken.


@pytest.mark.parametrize("f, at, truth", [
    (lambda x, y: x * y, (3.0, nan), 1.0),
    (lambda x, y: (x * y) * (x * 0 + 1), (3.0, nan), 1.0),
    (lambda x, y: x + y * x, (nan, nan), 1.0),
    (lambda x, y: ops.sin(x) * y, (nan, 1.0), nan),
])  # fmt: skip
def test_formulas_are_followed_through_a_nan(f, at, truth):
    x, y = map(Value, at)
    [gx] = grad(f(x, y), x)
    [gxy] = grad(gx, y)
    assert gxy.data == truth or (isnan(gxy.data) and isnan(truth))


@pytest.mark.parametrize("op, x", [(op, x) for op in (*ops.TABLE.values(), ops.power(0.5), ops.power(2.5))
                                   if len(op.domain) == 1
                                   and ... not in op.domain and op.domain[0] != ops.REAL
                                   for x in (op.domain[0][0] - 1.5,)])  # fmt: skip
def test_outside_of_its_domain_every_derivative_of_a_row_is_nan(op, x):
    d = Value(x)
    y = op(d)
    for _ in range(3):
        [y] = grad(y, d)
        assert isnan(y.data)


@pytest.mark.parametrize("inner", ["log", "log1p", "sqrt", "atanh", "acosh", "asin", "acos", "tan"])
def test_a_guarded_branch_passes_on_nothing_at_any_order(inner):
    for bad in (-1.0, -2.0, 0.0, 1.0, 3.0, inf, nan):
        x = Value(bad)
        y = ops.where(0.0, getattr(x, inner)() * (1 / (x - x)), x * x * x) + ops.where(1.0, x, (x - x) ** -2.0)
        y.backward()
        [d] = grad(y, x)
        assert d.data == x.grad or isnan(x.grad) and bad != bad
        if math.isfinite(bad):
            assert (d.data, grad(d, x)[0].data) == (3 * bad**2 + 1, 6 * bad)


# What is built, and what is not.


def test_grad_builds_only_what_leads_to_what_it_is_asked_for():
    x, others = Value(0.5), [Value(float(k)) for k in range(50)]
    y = x * 3.0 + functional.sum([(v * v).sin().exp() for v in others])
    [d] = grad(y, x)
    assert len(topological(d)) == 1 and d.data == 3.0
    stale = Value(1.0)
    z = stale * stale
    stale.data = 5.0
    assert grad(x * x + z, x)[0].data == 1.0  # nobody asked about z


@pytest.mark.parametrize("name, f, at, order, most", [
    ("1/x", lambda x: 1 / x, 0.7, 6, 1250),
    ("tanh", lambda x: x.tanh(), 0.7, 5, 420),
    ("x/(1+x)", lambda x: x / (1 + x), 0.7, 5, 650),
    ("x**5", lambda x: x**5, 0.7, 4, 12),
])  # fmt: skip
def test_higher_derivatives_stay_small(name, f, at, order, most):
    x = Value(at)
    y = f(x)
    for _ in range(order):
        [y] = grad(y, x)
    assert len(topological(y)) <= most, len(topological(y))


STORED = [0.0]


def storing(f):
    """The same function, but what it is given stays behind."""
    return lambda x: STORED.__setitem__(0, x) or f(x)


HIDDEN = {
    "stored alone": (storing(math.sin), lambda y, x: (math.cos(STORED[0]),)),
    "stored beside a formula": (storing(math.sin), lambda y, x: (math.cos(STORED[0]) + 0 * y,)),
    "under no_grad, alone": (math.sin, no_grad(lambda y, x: (ops.cos(x),))),
    "under no_grad, in a formula": (math.sin, lambda y, x: (no_grad(ops.cos)(x) * 1.0,)),
}


@pytest.mark.parametrize(("forward", "rule"), HIDDEN.values(), ids=HIDDEN)
def test_a_rule_that_hides_how_its_slopes_change_is_differentiated_once(forward, rule):
    row = Op("hiding", forward, rule)
    x = Value(0.5)
    [d] = grad(row(x) * x, x)
    assert d.data == math.cos(0.5) * 0.5 + math.sin(0.5)
    with pytest.raises(TypeError, match="the row 'hiding' cannot be differentiated twice"):
        grad(d, x)
    with pytest.raises(RecordingError):  # nor is its slope recorded, of which every replay would have the first
        jit(lambda x: value_and_grad(row)(x)[1])(0.5)


@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_a_rule_that_reads_what_its_forward_stored_is_not_replayed(backend):
    for forward, rule in [*HIDDEN.values()][:2]:
        row = Op("storing", forward, rule)
        with pytest.raises(RecordingError, match="the row 'storing' use what its forward stored"):
            jit(lambda x, row=row: row(x) * row(2 * x), backend)(0.5)
    forward, rule = HIDDEN["under no_grad, in a formula"]  # without a formula of its own, but a function
    row, x = Op("asked", forward, rule), Value(1.0)
    twice = jit(lambda x: row(x) * row(2 * x), backend)
    twice(Value(0.5)).backward()
    twice(x).backward()
    assert math.isclose(x.grad, 2 * math.sin(1) * math.cos(2) + math.cos(1) * math.sin(2), rel_tol=1e-15)


def test_what_has_forgotten_its_past_has_no_gradient():
    """Not one that is 0 for everything."""
    x, square = Value(3.0), jit(lambda x: x * x)
    for f in (lambda: square(x), lambda: value_and_grad(lambda x: x * x)(x), lambda: hessian(lambda x: x * x)(x)):
        with no_grad():
            with pytest.raises(RuntimeError, match="no parents: it was made by detach"):
                grad(f(), x)
    for f in (lambda x: x.detach(), no_grad(lambda x: x * x)):
        for of in (value_and_grad, jacobian, hessian):
            with pytest.raises(RuntimeError, match="no parents: it was made by detach"):
                of(f)(x)
    assert grad(x.detach() * x, x)[0].data == 3.0  # what goes through elsewhere does count


def test_a_function_may_change_the_containers_that_it_is_given():
    def growing(d, rows):
        d["more"] = d["a"] * 2
        return d["more"] * rows.pop() + rows.pop(0)

    given = defaultdict(float, a=3.0), [5.0, 7.0, 11.0]
    y, slopes = value_and_grad(growing)(*given)
    assert (y.data, {k: g.data for k, g in slopes[0].items()}) == (71.0, {"a": 22.0})
    assert [g.data for g in slopes[1]] == [1.0, 0.0, 6.0]
    assert given == ({"a": 3.0}, [5.0, 7.0, 11.0])


@pytest.mark.parametrize("x", [2.0, 0.0, -2.0])
def test_slopes_that_are_numbers_may_jump_but_not_bend(x):
    row = Op("ramp", lambda x: max(3 * x, 0.0), lambda y, x: (3.0 if x > 0 else 0.0,))
    v = Value(x)
    [d] = grad(row(v) * v, v)
    [second] = grad(d, v)
    assert (d.data, second.data) == ((6 * x, 6.0) if x > 0 else (0.0, 0.0))


def test_a_function_that_passes_over_its_arguments_for_the_values_themselves_is_told_so():
    w, b = Value(2.0, "w"), Value(1.0)
    with pytest.raises(ValueError, match="computes with w itself, and not with its argument"):
        value_and_grad(lambda ps: w * 3.0 + b)([w, b])
    assert [g.data for g in value_and_grad(lambda x, y: y * (x - w))(w, w)[1]] == [2.0, 0.0]
    assert value_and_grad(lambda x: b * 5.0)(w)[1].data == 0.0  # it depends on another, and on x not at all


# Many derivatives at once.

SEVERAL = lambda a, b: {"sum": a[0] + b, "rest": [(a[1] * b).sin(), a[0] ** 3 * a[1], b * 0.0 + 2]}


def numbers(tree):
    return [x.data for _, x in leaves("", tree)]


def test_a_jacobian_has_the_shape_of_the_result_and_in_each_place_that_of_the_arguments():
    found = jacobian(SEVERAL)([2.0, 3.0], 5.0)
    assert [name for name, _ in leaves("J", found)][:4] == [
        "J['sum'][0][0]",
        "J['sum'][0][1]",
        "J['sum'][1]",
        "J['rest'][0][0][0]",
    ]
    for name in range(4):
        one = value_and_grad(lambda a, b, name=name: [y for _, y in leaves("", SEVERAL(a, b))][name])([2.0, 3.0], 5.0)[
            1
        ]
        assert numbers(one) == numbers([found["sum"], *found["rest"]][name])
    assert jacobian(lambda x: x**3)(2.0).data == 12.0 and jacobian(lambda x, k: [k * x])(2.0, k=5)[0].data == 5.0


def test_a_jacobian_of_arrays_is_one_array():
    np = pytest.importorskip("numpy")
    matrix = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    found = jacobian(lambda x: matrix @ x)(np.array([1.0, -1.0]))
    assert found.shape == (3, 2) and found.astype(float).tolist() == matrix.tolist() and found[2, 1] is found[2][1]
    assert jacobian(lambda x: [*(matrix @ x)])(np.array([1.0, -1.0]))[2].shape == (2,)
    assert hessian(lambda w: (w @ w).sum())(matrix[:2]).shape == (2, 2, 2, 2)
    assert [pair[0].shape for pair in jacobian(lambda x, b: matrix @ x + b)(np.array([1.0, -1.0]), 2.0)] == [(2,)] * 3
    twice = hessian(lambda x: x @ matrix[:2] @ x)(np.array([1.0, -1.0]))
    assert twice.astype(float).tolist() == (matrix[:2] + matrix[:2].T).tolist()


def test_a_hessian_is_the_jacobian_of_the_gradient():
    f = lambda a, b: (a[0] * a[1]).exp() * b + a[0] * b**3
    found = hessian(f)([0.5, -1.0], 2.0)
    assert numbers(found) == numbers(jacobian(lambda a, b: value_and_grad(f)(a, b)[1])([0.5, -1.0], 2.0))
    [by_a0, by_a1], by_b = found
    assert numbers(by_b[0]) == pytest.approx([by_a0[1].data, by_a1[1].data]) and by_b[1].data == 6 * 0.5 * 2.0
    assert by_a0[0][1].data == pytest.approx(by_a1[0][0].data)
    assert numbers(hessian(lambda x: 3 * x)(2.0)) == [0.0]


def test_jacobians_and_hessians_are_graphs_too():
    x = Value(2.0)
    hessian(lambda v: v**4)(x).backward()
    assert x.grad == 24 * 2.0
    assert jit(lambda v: hessian(lambda u: u**4)(v), "python")(3.0).data == 12 * 9.0


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: jacobian(Value(2.0)), "jacobian takes a function.*grad"),
        (lambda: hessian(3), "hessian takes a function"),
        (lambda: jacobian(lambda x: [x, x.data])(2.0), "jacobian needs a function that returns Values, got float 2.0"),
        (lambda: hessian(lambda x: [x])(2.0), "hessian needs a function that returns a Value, got list"),
        (lambda: hessian(lambda: Value(1.0))(), "hessian differentiates by the arguments, and there are none"),
        (lambda: grad([Value(1.0)], Value(1.0)), r"jacobian\(f\), or weighed, functional.dot\(ys, seeds\)"),
    ],
)
def test_what_has_no_jacobian_or_hessian_is_told_so(call, says):
    with pytest.raises(TypeError, match=says):
        call()


def test_arguments_are_passed_over_only_if_nothing_comes_of_any_of_them():
    p = Value(2.0)
    for passed_over in (lambda: jacobian(lambda x: [p * p, p])(p), lambda: hessian(lambda x: p * p)(p)):
        with pytest.raises(ValueError, match="not with its argument"):
            passed_over()
    assert numbers(jacobian(lambda x: [p * p, x])(p)) == [0.0, 1.0] and hessian(lambda x: p * p * x)(p).data == 0.0
