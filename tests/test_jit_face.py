"""What users do with a recorded function besides calling it:
anomalies, methods, copies, arrays moved about, and slips of the hand.
"""

import array
import copy
import enum
import gc
import math
import operator
import os
import pickle
import re
from dataclasses import dataclass, field
from importlib.util import find_spec

import pytest

from tinygrad_edu import RecordingError, Value, anomalies, jit, nn, no_grad, optim, pack, parameters, unpack
from tinygrad_edu import functional as F
from tinygrad_edu.replay import Jit

np = pytest.importorskip("numpy")
BACKENDS = [
    "python",
    "numpy",
    pytest.param("native", marks=pytest.mark.skipif(not find_spec("numba"), reason="the native backend needs Numba")),
]


@jit
def half(x):
    """At the top of a module, where pickle finds it."""
    return x * 0.5


def quarter(x):
    return x * 0.25


# Anomalies


@pytest.mark.parametrize("backend", BACKENDS)
def test_under_anomalies_a_recorded_function_names_the_operation(backend):
    w = Value(2.0, label="w")
    f, theta = jit(lambda x: w / (x.exp() + 1), backend), pack([w])
    calls = {
        "call": lambda x: f(x).data,
        "map": lambda x: f.map([0.5, x])[1],
        "sum": lambda x: f.sum([x]).data,
        "mean": lambda x: f.mean(np.array([x])).data,
        "value_and_grad": lambda x: f.value_and_grad(theta, [x])[0],
    }
    for call in calls.values():
        assert call(1000.0) == 0.0
        with anomalies("raise"):
            assert call(1.0) == (w / (Value(1.0).exp() + 1)).data
            with pytest.raises(FloatingPointError, match=r"exp\(1000\.0\) = inf"):
                call(1000.0)
            with no_grad(), pytest.raises(FloatingPointError, match=r"exp\(1000\.0\) = inf"):
                call(1000.0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_under_anomalies_flat_gradients_are_the_same_numbers(backend):
    table, w, stranger = [Value(0.5), Value(-1.0)], Value(3.0), Value(0.25)
    f = jit(lambda e, x: ((w * e + stranger) * x).tanh(), backend)
    rows, xs = [table[1], table[0], stranger], [0.1, 0.2, 0.3]
    theta = pack([*table, w])
    theta.array[1] = 0.75
    loss, gradient = f.value_and_grad(theta, rows, xs)
    w.data = math.nan  # theta's numbers count, and not these
    with anomalies("raise"), no_grad():
        again, named = jit(f.f, backend).value_and_grad(theta, rows, xs)
    assert (
        again == pytest.approx(loss, rel=1e-14)
        and list(named) == pytest.approx(list(gradient), rel=1e-14)
        and type(named) is type(gradient)
    )


def test_under_anomalies_a_gradient_that_is_not_finite_is_found():
    w = Value(0.0, label="w")
    f = jit(lambda x: (w * x).sqrt())
    assert f.value_and_grad(pack([w]), [1.0])[1][0] == math.inf
    with anomalies("raise"), pytest.raises(FloatingPointError, match="the gradient stops being finite at .*: sqrt"):
        f.value_and_grad(pack([w]), [1.0])


def test_under_anomalies_lists_come_back_as_lists():
    f = jit(lambda xs: {"both": [xs[0].exp(), xs[1] * 2]})
    plain = f.map([[1.0, 2.0], [3, 4]])
    with anomalies("raise"):
        assert f.map([[1.0, 2.0], [3, 4]]) == plain == [{"both": [math.e, 4.0]}, {"both": [math.exp(3), 8.0]}]
        assert f.map([]) == []


# While another function is recorded


def test_plain_numbers_of_another_function_are_not_baked_in():
    w = Value(2.0)
    inner, theta = jit(lambda x: w * x), pack([w])
    for how, asks in (
        ("map", lambda x: x * inner.map([1.0])[0]),
        ("value_and_grad", lambda x: x * inner.value_and_grad(theta, [1.0])[0]),
    ):
        with pytest.raises(RecordingError, match=rf"<lambda>\.{how} gives plain numbers, .*: call it outside"):
            jit(asks)(1.0)


def test_inside_a_recording_numbers_are_values_and_columns_fit_as_outside():
    w = Value(0.5)
    inner = jit(lambda x, y=1.0: (w * x).tanh() + x.exp() * y)
    assert jit(lambda x: inner(1.0) * x)(2.0).data == inner(1.0).data * 2
    assert (
        jit(lambda x: inner.sum([1.0, x, 3], [x, 2.0, 1.0]))(2.0).data == inner.sum([1.0, 2.0, 3], [2.0, 2.0, 1.0]).data
    )
    assert jit(lambda x: jit(lambda: w * 2).mean() * x)(3.0).data == 3.0
    for columns, says in (
        (lambda x: ([x, x, x], [x, x]), "equally long, got lengths 3, 2"),
        (lambda x: ([], []), "at least one sample"),
    ):
        with pytest.raises(ValueError, match=says):
            jit(lambda x: inner.sum(*columns(x)))(1.0)  # noqa: B023


# Arguments by name, methods, copies


def test_arguments_that_are_left_out_have_their_defaults():
    def f(x, a=1.0, b=2.0, act=None):
        return x * a + b

    g = jit(f)
    assert g(1.0, b=3.0).data == 4.0 and g(b=3.0, x=Value(2.0)).data == 5.0 and g(x=1.0).data == 3.0
    assert jit(lambda x, f=F.exp: f(x))(x=0.0).data == 1.0
    with pytest.raises(TypeError, match=r"only be given by name \(scale\)"):
        jit(lambda x, *, scale=1.0: x * scale)(1.0, scale=2.0)
    with pytest.raises(TypeError, match=r"only be given by name \(more\)"):
        jit(lambda x, **rest: x)(1.0, more=2.0)


class Line:
    def __init__(self, w):
        self.w = Value(w)

    @jit(backend="python")
    def at(self, x, shift=0.0):
        """w * x + shift."""
        return self.w * x + shift


def test_a_method_is_recorded_for_each_instance():
    one, two = Line(2.0), Line(3.0)
    assert (one.at(1.0).data, two.at(1.0).data, one.at(5.0, shift=1.0).data, two.at.map([1, 2])) == (
        2.0,
        3.0,
        11.0,
        [3.0, 6.0],
    )
    assert len(one.at.recordings) == 2 and len(two.at.recordings) == 1 and not Line.at.recordings
    assert (
        one.at.value_and_grad(pack([one.w]), [4.0]) == (8.0, [4.0])
        and Line.at.__doc__ == "w * x + shift." == one.at.__doc__
    )
    one.at(Value(1.0)).backward()
    assert one.w.grad == 1.0
    cousin = copy.copy(one)
    cousin.w = Value(-1.0)
    assert cousin.at(1.0).data == -1.0 and copy.deepcopy(one).at(1.0).data == 2.0
    assert pickle.loads(pickle.dumps(one)).at(1.0).data == 2.0
    del one, two, cousin
    gc.collect()
    assert not Line.at._instances


def test_instances_that_are_equal_are_not_the_same():
    @dataclass
    class Point:
        w: float
        v: Value = field(default_factory=lambda: Value(1.0), compare=False)

        @jit
        def at(self, x):
            return self.v * x

    one, two = Point(1.0), Point(1.0)
    two.v.data = 5.0
    assert one == two and (one.at(2.0).data, two.at(2.0).data) == (2.0, 10.0)

    class Slim:
        __slots__ = ("w",)

        @jit
        def at(self, x):
            return x

    with pytest.raises(TypeError, match=r"add '__weakref__' to its __slots__, or write self\.at = jit"):
        Slim().at(1.0)


class Model:
    def __init__(self):
        self.net = nn.MLP(1, [2, 1], seed=0)
        self.loss = jit(self.error, "python", optimise=False, parameters=self.net.parameters())
        self.free = jit(lambda x: self.net([x]) * 1.0)

    def error(self, x):
        return (self.net([x]) - 1.0) ** 2


def test_a_copied_model_has_a_recorded_function_of_its_own():
    model = Model()
    before = model.loss(2.0).data, model.free(2.0).data
    twin = copy.deepcopy(model)
    assert not twin.loss.recordings and (twin.loss.backend, twin.loss.optimise) == ("python", frozenset())
    for p in twin.net.parameters():
        p.data = 0.0
    assert twin.loss(2.0).data == 1.0 and twin.loss.parameters == tuple(twin.net.parameters())
    assert (
        (model.loss(2.0).data, model.free(2.0).data) == before == (before[0], twin.free(2.0).data)
    )  # a closure is not copied
    with pytest.raises(ValueError, match="depends on none of the parameters in theta"):
        twin.free.value_and_grad(pack(twin.net.parameters()), [1.0])
    fresh = copy.copy(model.free)
    assert not fresh.recordings and fresh(2.0).data == before[1]


def test_a_recorded_function_is_pickled_by_name_or_with_its_options():
    assert pickle.loads(pickle.dumps(half)) is half
    f = pickle.loads(pickle.dumps(jit(quarter, "python", optimise=["dead"])))
    assert type(f) is Jit and f(8.0).data == 2.0 and (f.backend, f.optimise, f.auto) == ("python", {"dead"}, False)
    model = Model()
    model.loss(2.0)
    del model.free
    twin = pickle.loads(pickle.dumps(model))
    assert twin.loss(2.0).data == model.loss(2.0).data and twin.loss.parameters == tuple(twin.net.parameters())
    with pytest.raises(TypeError, match=r"<jit <lambda>.* cannot be pickled, because Python pickles functions by name"):
        pickle.dumps(jit(lambda x: x))


# Flat parameters


CALCULATED = {
    "minus": lambda t: t - 0.1 * np.ones(2),
    "in place": lambda t: operator.isub(t, np.ones(2)),
    "from the right": lambda t: 0.9 * t,
    "of an array": lambda t: np.ones(2) + t,
    "of two": lambda t: t + t,
    "read": lambda t: t[0],
    "written": lambda t: operator.setitem(t, 0, 2.0),
}


@pytest.mark.parametrize("how", CALCULATED)
def test_packed_parameters_say_where_their_numbers_are(how):
    theta = pack([Value(0.5), Value(-2.0)])
    with pytest.raises(TypeError, match=r"flat\.array -= 0\.1 \* gradient"):
        CALCULATED[how](theta)
    assert [*theta] == [0.5, -2.0] and repr(theta) == "<packed: 2 numbers, 0.5, -2>"


def test_the_array_of_packed_parameters_may_be_another():
    ps = [Value(0.5), Value(-2.0)]
    theta, w = pack(ps), ps[0]
    sgd, f = optim.SGD(theta, 0.5), jit(lambda x: w * x)
    theta.array = theta.array * 2
    loss, gradient = f.value_and_grad(theta, [3.0])
    sgd.step(gradient)
    assert loss == 3.0 and [p.data for p in unpack(theta)] == [-0.5, -4.0]
    for wrong in (theta.array[1:], np.ones((2, 1)), 3.0):
        theta.array = wrong
        with pytest.raises(
            (TypeError, ValueError), match="theta holds 1 numbers, but|theta is one row of real numbers"
        ):
            f.value_and_grad(theta, [3.0])
        with pytest.raises((TypeError, ValueError), match="do not fit 2|theta is one row of real numbers"):
            unpack(theta)


def test_copied_with_its_model_it_belongs_to_the_copy():
    model = nn.Linear(2, 1, seed=0)
    for twin, theta in (
        copy.deepcopy((model, pack(model.parameters()))),
        pickle.loads(pickle.dumps((model, pack(model.parameters())))),
    ):
        theta.array += 1.0
        assert unpack(theta) == twin.parameters() and twin.parameters()[0].data == model.parameters()[0].data + 1.0


@pytest.fixture
def no_numpy(monkeypatch):
    monkeypatch.setattr(parameters, "numpy", lambda: None)


def test_without_numpy_packed_numbers_are_doubles(no_numpy):
    ps = [Value(0.5), Value(-2.0)]
    theta = pack(ps)
    w = ps[0]
    loss, gradient = jit(lambda x: w * x, "python").value_and_grad(theta, [3.0])
    assert loss == 1.5 and type(theta.array) is type(gradient) is array.array and gradient.tolist() == [3.0, 0.0]
    optim.SGD(theta, lr=0.5).step(gradient)
    assert [p.data for p in unpack(theta)] == [-1.0, -2.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_theta_of_strangers_is_refused_and_values_among_samples_are_none(backend):
    w, other = Value(2.0), Value(3.0)
    f = jit(lambda e: w * e, backend)
    with pytest.raises(ValueError, match="<lambda> depends on none of the parameters in theta"):
        f.value_and_grad(pack([other]), [1.0])
    with pytest.raises(ValueError, match="depends on none"):
        jit(lambda x: x * x, backend).value_and_grad(pack([other]), [1.0])
    loss, gradient = f.value_and_grad(pack([other]), [other, w])
    assert loss == 5.0 and list(gradient) == [1.0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_function_without_arguments_is_one_sample(backend):
    w = Value(3.0)
    f = jit(lambda: w * w, backend)
    loss, gradient = f.value_and_grad(pack([w]))
    assert (loss, list(gradient), f.map(), f.mean().data, f().data) == (9.0, [6.0], [9.0], 9.0, 9.0)
    with anomalies("raise"):
        assert (f.value_and_grad(pack([w]))[0], f.map(), f.sum().data, f().data) == (9.0, [9.0], 9.0, 9.0)


# Slips of the hand

w = Value(2.0, label="w")
two = [Value(1.0), Value(2.0)]
line = jit(lambda x: w * x)
ordered = jit(lambda x: two[0] * x + two[1], parameters=two)
SLIPS = {
    "a list of one": (
        lambda: jit(lambda x: [w * x])(1.0),
        TypeError,
        "returns a list of 1 Value, and gradients start from one Value.*: return that",
    ),
    "a dict": (lambda: jit(lambda x: {"a": w * x, "b": x})(1.0), TypeError, "returns a dict of 2 Values"),
    "array of no dimension": (
        lambda: line.map(np.array(3.0)),
        TypeError,
        r"one entry per sample, got ndarray array\(3\.\)",
    ),
    "a number": (
        lambda: line.map(3),
        TypeError,
        r"one entry per sample, got int 3: for one sample call the function itself",
    ),
    "mean of a number": (lambda: line.mean(3.0), TypeError, "one entry per sample, got float"),
    "a Value": (lambda: line.sum(w), TypeError, "one entry per sample, got Value"),
    "a number after a Value": (lambda: line.map([w, 2.0]), ValueError, "sample 1 has a number where .* make them all"),
    "a huge number": (lambda: line.map([10**400, 1]), OverflowError, "too large for a float"),
    "theta is a number": (
        lambda: ordered.value_and_grad(1.0, [1.0]),
        TypeError,
        r"theta is one row of real numbers, .* got float 1\.0",
    ),
    "theta is a model": (
        lambda: line.value_and_grad(nn.MLP(1, [1]), [1.0]),
        TypeError,
        "theta is one row of real numbers, .* got MLP",
    ),
    "theta is a table": (
        lambda: ordered.value_and_grad(np.zeros((2, 2)), [1.0]),
        TypeError,
        "theta is one row of real numbers",
    ),
    "theta is complex": (
        lambda: ordered.value_and_grad(np.zeros(2, complex), [1.0]),
        TypeError,
        "theta is one row of real numbers",
    ),
    "optimise": (lambda: jit(line, optimise=3), ValueError, "optimise is True, False, or some of dead, .* got 3"),
    "optimise, a name": (lambda: jit(line, optimise="dead"), ValueError, "some of dead, .* got 'dead'"),
    "parameters": (
        lambda: jit(line, parameters=w),
        TypeError,
        r"parameters are a list of Values, .* got Value Value\(2\.0",
    ),
    "pack a number": (
        lambda: pack(3),
        TypeError,
        r"parameters are a list of Values, as in model\.parameters\(\), got int 3",
    ),
    "pack lists": (lambda: pack([[w]]), TypeError, "parameters are a list of Values, .* got list"),
    "pack what was computed": (
        lambda: pack([w * 0.5]),
        ValueError,
        "was computed by 'mul': .*pass the Values that it was computed from",
    ),
    "unpack a number": (lambda: unpack(1.0, [w]), TypeError, r"theta is one row of real numbers, .* got float 1\.0"),
    "unpack a table": (lambda: unpack(np.zeros((1, 1)), [w]), TypeError, "theta is one row of real numbers"),
    "unpack text": (lambda: unpack(["1"], [w]), TypeError, "real number, not str"),
    "train lists": (lambda: optim.SGD([[w]], 0.1), TypeError, "parameters are a list of Values, .* got list"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_answered_in_one_line(slip):
    act, kind, says = SLIPS[slip]
    with pytest.raises(kind, match=says) as caught:
        act()
    assert "\n" not in str(caught.value) and w.data == 2.0


GRADIENTS = [
    1.0,
    np.float64(1.0),
    [[1.0], [2.0], [3.0]],
    np.ones((3, 1)),
    np.ones((1, 3)),
    np.ones(3) * 1j,
    [1j, 1j, 1j],
    np.ones((3, 3)),
    "abc",
]


@pytest.mark.parametrize("gradient", GRADIENTS, ids=lambda g: re.sub(r"\W+", " ", repr(g)))
def test_a_gradient_that_is_no_row_changes_nothing(gradient):
    for theta in (np.zeros(3), pack([Value(0.0) for _ in range(3)]), array.array("d", [0.0] * 3)):
        adam = optim.Adam(theta, lr=0.1)
        adam.step([1.0, 2.0, 3.0])
        before = [*theta], adam.state_dict()
        with pytest.raises(TypeError, match="one row of 3 real numbers|real number|cannot use a str"):
            adam.step(gradient)
        assert ([*theta], adam.state_dict()) == before
    single = optim.SGD(np.zeros(1), lr=0.1, momentum=0.9)
    with pytest.raises(TypeError, match="one row of 1 real numbers"):
        single.step(np.ones((1, 1)))
    single.step([1.0])
    assert single.state_dict()["memory"] == {"velocity": [1.0]}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:os.fork")  # JAX has threads, if another test has loaded it
def test_a_forked_process_replays_and_records():
    f = jit(lambda x: w * x)
    f(1.0)
    child = os.fork()
    if not child:
        ok = f(3.0).data == 6.0 and f.map([1.0, 2.0]) == [2.0, 4.0] and f(Value(1.0)).data == 2.0
        os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class Way(enum.StrEnum):
    UP = "up"


class Count(enum.IntEnum):
    ONE = 1


def test_members_of_enums_and_what_they_are_equal_to_are_recorded_apart():
    w = Value(2.0)
    f = lambda x, way: w * x * (3.0 if isinstance(way, enum.Enum) else 5.0 if way is True else 7.0)
    g = jit(f, "python")
    for way in (Way.UP, "up", Count.ONE, True, 1, 1.0):
        assert g(1.0, way).data == f(1.0, way).data, way
    assert len(g.recordings) == 5  # 1 and 1.0 are numbers
