"""What may be given to the functions that differentiate: right gradients, or one error that says which argument."""

import collections
import dataclasses
import math
import random
import types
from array import array

import pytest

from tinygrad_edu import Value, check_backward, functional, grad, gradcheck, hessian, jacobian, jit, nn, value_and_grad

DOORS = [value_and_grad, jacobian, hessian, lambda f: lambda *args: gradcheck(f, *args)]
ALL = [*DOORS, lambda f: jit(f, "python")]


class Pair(tuple):
    """A tuple of two, made in a way of its own."""

    __slots__ = ()

    def __new__(cls, a, b):
        return super().__new__(cls, (a, b))


@dataclasses.dataclass
class Line:
    w: object
    b: object


class Plain:
    def __init__(self):
        self.w = 3.0


STRANGE = {
    "range": (range(3), "not range .*: make it a list"),
    "deque": (collections.deque([1.0]), "not deque .*: make it a list"),
    "user list": (collections.UserList([1.0]), "not UserList .*: make it a list"),
    "generator": ((x for x in [1.0]), "not generator .*: make it a list"),
    "map": (map(float, [1]), "not map .*: make it a list"),
    "set": ({1.0}, "not set .*: make it a list"),
    "values": ({"a": 1.0}.values(), "not dict_values .*: make it a list"),
    "bytes": (b"ab", "not bytes .*: make it a list"),
    "mapping": (types.MappingProxyType({"a": 1.0}), "not mappingproxy .*: make it a dict"),
    "chain map": (collections.ChainMap({"a": 1.0}), "not ChainMap .*: make it a dict"),
    "user dict": (collections.UserDict(a=1.0), "not UserDict .*: make it a dict"),
    "object": (Plain(), "not Plain .*: keep its numbers in a dict, a named tuple or a dataclass"),
    "namespace": (
        types.SimpleNamespace(w=1.0),
        "not SimpleNamespace .*: keep its numbers in a dict, a named tuple or a dataclass",
    ),
    "model": (nn.MLP(2, [1], seed=0), r"not MLP .*: .*grad\(loss, \*model.parameters\(\)\)"),
    "function": (math.sin, r"not builtin_function_or_method .*: .*as in lambda x: f\(x,"),
    "complex": (1j, "differentiates real numbers"),
}


@pytest.mark.parametrize("door", ALL)
@pytest.mark.parametrize("what", STRANGE)
def test_what_is_no_number_is_told_with_its_place_and_a_way_on(door, what):
    x, told = STRANGE[what]
    with pytest.raises(TypeError, match=told):
        door(lambda a, b: a * 2.0)(3.0, x)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("f, args, place", [
    (lambda a, b: a * 2.0, (3.0, None), "b: a number is needed here, not NoneType None"),
    (lambda a, *rest: a * 2.0, (3.0, 1.0, [2.0, None]), r"rest\[1\]\[1\]: .*NoneType"),
    (lambda p: p["w"] * 2.0, ({"w": 1.0, "mode": "sum"},), r"p\['mode'\]: a number is needed here, not str 'sum'"),
    (lambda p: p.w * 2.0, (Line(1.0, {1.0}),), r"p\.b: .*, not set"),
    (max, (1.0, None), "input 1: .*NoneType"),
])  # fmt: skip
def test_a_place_is_named_as_a_person_writes_it(door, f, args, place):
    with pytest.raises(TypeError, match=place):
        door(f)(*args)


@pytest.mark.parametrize("args, gradient", [
    ((Pair(3.0, 2.0),), Pair(2.0, 3.0)),
    ((Pair(Value(3.0), 2),), Pair(2.0, 3.0)),
    (([3.0, 2.0],), [2.0, 3.0]),
    ((array("d", [3.0, 2.0]),), [2.0, 3.0]),
])  # fmt: skip
def test_a_gradient_is_of_the_class_of_its_argument(args, gradient):
    y, found = value_and_grad(lambda a: a[0] * a[1])(*args)
    assert y.data == 6.0 and type(found) is type(gradient)
    assert [g.data for g in found] == list(gradient)
    assert gradcheck(lambda a: a[0] * a[1], *args)


def test_an_argument_given_twice_and_used_besides_is_a_node_for_each_argument():
    x = Value(3.0)
    assert [g.data for g in value_and_grad(lambda a, b: a * a * b * x)(x, x)[1]] == [54.0, 27.0]
    assert [[h.data for h in row] for row in hessian(lambda a, b: a * a * b * x)(x, x)] == [[18.0, 18.0], [18.0, 0.0]]
    assert [g.data for g in grad(jit(lambda a, b: a * a * b, "python")(x, x), x)] == [27.0]


@pytest.mark.parametrize("door", ALL)
def test_a_column_of_pandas_is_an_array_and_a_table_is_to_be_made_one(door):
    pd = pytest.importorskip("pandas")
    door(lambda a: a[0] * a[1])(pd.Series([3.0, 2.0], index=["w", "b"]))
    with pytest.raises(TypeError, match=r"not DataFrame .*: make it an array, x\.to_numpy\(\)"):
        door(lambda a: a[0, 0] * a[0, 1])(pd.DataFrame({"w": [3.0], "b": [2.0]}))


# By hand.


@pytest.mark.parametrize("given", [memoryview(array("d", [3.0])), (x for x in [3.0]), {"a": 3.0}.values()])
def test_an_input_that_cannot_be_copied_is_named(given):
    with pytest.raises(ValueError, match=f"x is a {type(given).__name__}, of which no copy can be made"):
        check_backward(lambda x: 1.0, lambda d, x: d, (given,))


def test_a_forward_that_gives_nan_is_not_called_random():
    with pytest.raises(ValueError, match="forward gives output = nan"):
        check_backward(lambda x: x * 2.0, lambda d, x: 2.0 * d, (math.nan,))


def test_of_what_is_computed_with_values_gradcheck_is_told():
    with pytest.raises(ValueError, match="for what is computed with Values there is gradcheck"):
        check_backward(lambda x: Value(x) * 2.0, lambda d, x: 2.0 * d, (3.0,))


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "bool"])
@pytest.mark.parametrize("wrap", [lambda np, x: np.array(x), lambda np, x: x], ids=["0-d", "scalar"])
def test_a_number_of_numpy_is_pushed_and_weighed_as_a_float(dtype, wrap):
    np = pytest.importorskip("numpy")
    x = wrap(np, np.dtype(dtype).type(1))
    assert check_backward(lambda x: wrap(np, np.float64(x) ** 2), lambda d, x: 2 * d * x, (x,))
    assert not check_backward(lambda x: wrap(np, np.float64(x) ** 2), lambda d, x: 3 * d * x, (x,))


def test_an_output_of_whole_numbers_is_weighed_by_fractions():
    np = pytest.importorskip("numpy")
    seen = []
    check_backward(lambda x: np.int64(round(x * 0)), lambda d, x: seen.append(d) or 0.0, (3.0,))
    assert all(isinstance(d, float) and d != round(d) for d in seen) and seen


# What functions of sequences take.


@pytest.mark.parametrize("rng", [0, 5, True, "a", 1.5, object()])
def test_a_sample_takes_a_generator_and_no_seed_which_would_draw_the_same_each_time(rng):
    with pytest.raises(TypeError, match=r"sample's rng is a random\.Random, such as random\.Random\(0\), got"):
        functional.sample([1.0, 2.0], rng=rng)


@pytest.mark.parametrize("rng", [random.Random(0), random, random.SystemRandom(), None])
def test_whatever_can_choose_draws_a_sample(rng):
    assert functional.sample([0.0, 1.0, 2.0], rng=rng) in (0, 1, 2)


@pytest.mark.parametrize("ws, xs", [(2, 3), (2.0, [1.0]), ([1.0], 3), (Value(1.0), Value(2.0)), (None, [1.0])])
def test_dot_takes_two_sequences(ws, xs):
    with pytest.raises(TypeError, match=r"dot takes two sequences, as in dot\(weights, inputs\), got"):
        functional.dot(ws, xs)
