"""Where parameters may be kept: wherever people keep them they are found, or the attribute is named in an error."""

import collections
import copy
import dataclasses
import functools
import itertools
import pickle
import types

import pytest

from tinygrad_edu import Value, jit, nn, optim
from tinygrad_edu.nn import Linear, Module

Pair = collections.namedtuple("Pair", "w b")


class Plain:
    def __init__(self):
        self.w, self.more = Value(1.0), {"a": [Value(2.0)]}


class Slotted:
    __slots__ = ("b", "w")

    def __init__(self):
        self.w, self.b = Value(1.0), Value(2.0)


@dataclasses.dataclass
class Record:
    w: Value


class Holder(Module):
    def __init__(self, make):
        self.kept, self.b = make(), Value(0.0)


def array(rows):
    return pytest.importorskip("numpy").array(rows, dtype=object)


class Bag(list):
    def __init__(self, *items):
        super().__init__(items)
        self.scale = Value(2.0)


def table():
    return pytest.importorskip("pandas").DataFrame({"a": [Value(1.0)], "b": [Value(2.0)]})


FOUND = {
    "list of one's own class": (lambda: Bag(Value(1.0)), ["kept[0]", "kept.scale"]),
    "table": (table, ["kept[0][0]", "kept[0][1]"]),
    "column": (lambda: table()["a"], ["kept[0]"]),
    "a Value": (lambda: Value(1.0), ["kept"]),
    "list": (lambda: [Value(1.0), 2.0, [Value(2.0)]], ["kept[0]", "kept[2][0]"]),
    "tuple": (lambda: (Value(1.0),), ["kept[0]"]),
    "named tuple": (lambda: Pair(Value(1.0), Value(2.0)), ["kept[0]", "kept[1]"]),
    "deque": (lambda: collections.deque([Value(1.0)]), ["kept[0]"]),
    "UserList": (lambda: collections.UserList([Value(1.0)]), ["kept[0]"]),
    "dict": (lambda: {"w": Value(1.0), 3: [Value(2.0)]}, ["kept.w", "kept.3[0]"]),
    "UserDict": (lambda: collections.UserDict(w=Value(1.0)), ["kept.w"]),
    "read-only dict": (lambda: types.MappingProxyType({"w": Value(1.0)}), ["kept.w"]),
    "values of a dict": (lambda: {"w": Value(1.0)}.values(), ["kept[0]"]),
    "array": (lambda: array([Value(1.0), Value(2.0)]), ["kept[0]", "kept[1]"]),
    "matrix": (lambda: array([[Value(1.0)], [Value(2.0)]]), ["kept[0][0]", "kept[1][0]"]),
    "array of none": (lambda: array(Value(1.0)), ["kept"]),
    "object": (Plain, ["kept.w", "kept.more.a[0]"]),
    "object with slots": (Slotted, ["kept.b", "kept.w"]),
    "data class": (lambda: Record(Value(1.0)), ["kept.w"]),
    "namespace": (lambda: types.SimpleNamespace(w=Value(1.0)), ["kept.w"]),
    "module": (lambda: Linear(1, 1), ["kept.neurons.0.w[0]", "kept.neurons.0.b"]),
    "modules": (lambda: [Linear(1, 1, bias=False)], ["kept.0.neurons.0.w[0]"]),
    "bound method": (lambda: Linear(1, 1, bias=False).fire, ["kept.neurons.0.w[0]"]),
    "replayed module": (lambda: jit(Linear(1, 1, bias=False)), ["kept.neurons.0.w[0]"]),
    "partial": (lambda: functools.partial(max, Value(1.0), key=Value(2.0)), ["kept.args[0]", "kept.keywords.key"]),
    "detached": (lambda: (Value(0.5) * 0.1).detach(), ["kept"]),
    "no parameters": (lambda: [{1, 2}, range(10**12), "text", b"bytes", print, Plain, float("nan")], []),
    "an optimizer": (lambda: optim.SGD([Value(1.0)], lr=0.1), []),
}


@pytest.mark.parametrize(("make", "paths"), FOUND.values(), ids=FOUND)
def test_parameters_are_found_wherever_they_are(make, paths):
    holder = Holder(make)
    assert [path for path, _ in holder.named_parameters()] == [*paths, "b"]
    assert list(holder.state_dict()) == [*paths, "b"]
    assert [p.label for p in holder.parameters()] == [f"holder.{path}" for path in [*paths, "b"]]
    for p in holder.parameters():
        p.grad = 3.0
    holder.zero_grad()
    assert not any(p.grad for p in holder.parameters())


REFUSED = {
    "set": (lambda: {Value(1.0)}, "Holder's kept is a set, which has no order"),
    "deep in a set": (lambda: [frozenset({("w", Value(1.0))})], r"Holder's kept\[0\] is a frozenset"),
    "modules in a set": (lambda: {Linear(1, 1)}, "Holder's kept is a set"),
    "keys": (lambda: {Value(1.0): "w"}, "Holder's kept is a dict with Values for keys"),
    "generator": (lambda: (Value(i) for i in range(3)),
                  "Holder's kept is a generator, which can be read only once: make it a list"),
    "map": (lambda: map(Value, [1.0]), "Holder's kept is a map"),
    "iterator": (lambda: iter([Value(1.0)]), "Holder's kept is a list_iterator"),
    "a chain": (lambda: itertools.chain([Value(1.0)]), "Holder's kept is a chain, which can be read only once"),
    "computed": (lambda: Value(0.5) * 0.1, r"Holder's kept was computed by 'mul'.*keep its number, Value\(0.05\)"),
    "computed, in a list": (lambda: [Value(1.0), -Value(1.0)], r"Holder's kept\[1\] was computed by 'neg'"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_found_is_refused_with_its_name(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Holder(make)


def test_a_parameter_on_the_class_is_refused():
    class Shared(Module):
        w = [Value(1.0)]  # noqa: RUF012

    class Own(Shared):
        def __init__(self):
            self.w = [Value(2.0)]

    with pytest.raises(ValueError, match=r"Shared's w is an attribute of the class.*set self\.w in __init__"):
        Shared()
    assert len(Own().parameters()) == 1


def test_what_is_computed_in_a_call_is_no_parameter_but_a_parameter_must_not_become_computed():
    class Line(Module):
        def __init__(self):
            self.w, self.last = Value(1.0), None

        def __call__(self, x):
            self.last = self.w * x
            return self.last

    line = Line()
    line(2.0).backward()
    assert line.parameters() == [line.w]
    line.w = line.w - 0.1 * line.w.grad
    with pytest.raises(ValueError, match=r"Line's w was computed by 'sub'.*p\.data -= lr \* p\.grad"):
        line.parameters()


@pytest.mark.parametrize("options", [{}, {"frozen": True}, {"slots": True}, {"eq": False}, {"order": True}], ids=str)
def test_a_data_class_is_a_module(options):
    class Net(Module):
        w: Value
        n: int = 3

    net = dataclasses.dataclass(**options)(Net)(Value(2.0))
    assert [p.label for p in net.parameters()] == ["net.w"]
    assert [module.training for module in net.eval().modules()] == [False]


def test_a_module_may_list_its_parameters_itself():
    class Some(Module):
        def __init__(self):
            self.w, self.b = Value(1.0), Value(2.0)

        def parameters(self):
            yield self.w

    some = Some()
    some.w.grad = some.b.grad = 1.0
    some.zero_grad()
    assert (some.w.grad, some.b.grad) == (0.0, 1.0)


def test_a_circle_ends_and_depth_has_no_limit():
    class Ring(Module):
        def __init__(self):
            self.w, self.inner = [Value(1.0)], self
            self.w.append(self.w)

    ring = Ring()
    assert len(ring.parameters()) == 1 == len(ring.modules())
    assert len(copy.deepcopy(ring).parameters()) == 1
    top = None
    for _ in range(3000):
        link = object.__new__(Ring)  # a constructor would walk to the end each time
        link.w, link.inner = Value(1.0), top
        top = link
    assert len(top.parameters()) == len(top.modules()) == 3000


def test_copies_and_pickles_share_what_was_shared():
    tied = nn.Sequential(shared := Linear(2, 2), shared, Linear(2, 2))
    tied.steps[2].neurons[0].w = shared.neurons[0].w
    for again in (tied, copy.copy(tied), copy.deepcopy(tied), pickle.loads(pickle.dumps(tied))):
        assert again.steps[0] is again.steps[1]
        assert again.steps[2].neurons[0].w[0] is again.steps[0].neurons[0].w[0]
        assert len(again.parameters()) == 10


def test_two_parameters_with_one_path_are_refused_before_a_file_loses_one():
    holder = Holder(lambda: {1: Value(1.0), "1": Value(2.0)})
    with pytest.raises(ValueError, match=r"two parameters with the path 'kept\.1'"):
        holder.state_dict()


def test_an_argument_that_is_an_array_can_be_shown():
    class Table(Module):
        def __init__(self, rows=None):
            self.rows = rows

    assert "2" in repr(Table(array([1.0, 2.0])))


def test_a_summary_has_a_row_for_each_module_and_shows_itself():
    summary = nn.Sequential(nn.MLP(2, [3, 1]), nn.LayerNorm(1), nn.Flatten(), name="net").summary()
    rows = [line.split() for line in repr(summary).splitlines()]
    assert [row[0] for row in rows] == [
        "net", "steps.0", "steps.0.layers.0", "steps.0.layers.0.neurons", "steps.0.layers.1",
        "steps.0.layers.1.neurons", "steps.1", "steps.2"]  # fmt: skip
    assert rows[0] == ["net", "Sequential", "15", "parameters"]
    assert rows[3][1:] == ["3", "x", "ReLUNeuron", "9"]
