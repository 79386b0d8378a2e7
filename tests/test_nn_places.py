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


def _closure():
    w = Value(1.0)
    return lambda x: w * x


def _with_attribute():
    def f(x):
        return f.w * x

    f.w = Value(1.0)
    return f


USERS = {
    "closure": _closure,
    "default": lambda: lambda x, w=Value(1.0): w * x,  # noqa: B008
    "keyword": lambda: lambda x, *, w=Value(1.0): w * x,  # noqa: B008
    "attribute": _with_attribute,
    "in a list": lambda: (lambda w: lambda x: w[0] * x)([Value(1.0)]),
    "module": lambda: (lambda w: lambda x: w(x))(Linear(1, 1)),
    "jit": lambda: jit(_closure(), "python"),
    "cache": lambda: functools.lru_cache(_closure()),
    "partial": lambda: functools.partial(_closure()),
}


@pytest.mark.parametrize("user", USERS)
def test_a_parameter_that_only_a_function_uses_is_named(user):
    with pytest.raises(ValueError, match=r"Holder's kept(\.f)? is a function that uses w, .* set self\.w as well"):
        Holder(USERS[user])
    with pytest.raises(ValueError, match=r"Sequential's steps\[0\] is a function that uses w"):
        nn.Sequential(_closure())
    with pytest.raises(ValueError, match="is a function that uses beta"):
        (lambda beta: nn.MLP(1, [1], activation=lambda z: beta * z))(Value(1.0))


def test_a_function_may_use_what_attributes_hold_numbers_and_the_module_itself():
    class Net(Module):
        def __init__(self, w, k=2.0):
            self.f = lambda x: w * x * k + self.b  # before the attributes are there
            self.w, self.b = w, Value(0.5)
            unset = lambda: later  # noqa: F821
            self.g = lambda: unset
            if k < 0:
                later = 1.0
            self.h = lambda: later
            self._hidden = _closure()

    assert [p.label for p in Net(Value(3.0)).parameters()] == ["net.w", "net.b"]


class Private:
    """A layer that is no Module, as in micrograd, and keeps its weight to itself."""

    def __init__(self):
        self._w, self.b = Value(1.0), Value(2.0)

    def parameters(self):
        return [self._w, self.b]


class Row(collections.abc.Sequence):
    def __init__(self):
        self._kept = [Value(1.0), Value(2.0)]

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return self._kept[i]


class Stubborn:
    """What raises KeyError, where an AttributeError is due."""

    def __init__(self):
        self.kept = {"w": Value(1.0)}

    def __getattr__(self, name):
        return self.__dict__["kept"][name]


@pytest.mark.parametrize("make, paths", [
    (Private, ["kept.b", "kept[0]"]), (Row, ["kept[0]", "kept[1]"]), (Stubborn, ["kept.kept.w"])])  # fmt: skip
def test_objects_that_say_themselves_what_they_hold_are_asked(make, paths):
    assert [path for path, _ in Holder(make).named_parameters()] == [*paths, "b"]


@pytest.mark.parametrize("kept", [
    Value(1.0), [Value(1.0)], types.SimpleNamespace(w=Value(1.0)), Plain(), Linear(1, 1), {"a": (Value(1.0),)},
    collections.deque([Value(1.0)]), _closure.__get__(Plain())], ids=lambda x: type(x).__name__)  # fmt: skip
def test_whatever_a_class_keeps_for_all_its_instances_is_refused(kept):
    with pytest.raises(ValueError, match=r"Shared's kept is an attribute of the class"):
        type("Shared", (Module,), {"kept": kept})()


def test_forward_is_what_a_call_computes():
    class Doubled(Module):
        def __init__(self):
            self.w = Value(2.0)

        def forward(self, x, *, plus=0.0):
            return self.w * x + plus

    class Tripled(Doubled):
        def forward(self, x):
            return super().forward(x) * 1.5

    class Named(Doubled):
        def __call__(self, x):
            return self.forward(x) + 100.0

    assert (Doubled()(3.0, plus=1.0).data, Tripled()(1.0).data, Named()(1.0).data) == (7.0, 3.0, 102.0)
    assert nn.Sequential(Doubled(), Tripled())(1.0).data == 6.0


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


NUMBERS = [
    ("b", lambda m: m.b.data - 0.1 * m.b.grad),
    ("w", lambda m: [p.data - 0.1 * p.grad for p in m.w]),
    ("w", lambda m: tuple([0.5])),
    ("b", lambda m: 0),
    ("w", lambda m: array([[0.5], [1.0]]).astype(float)),
    ("b", lambda m: array([0.5]).astype("float32")[0]),
]


@pytest.mark.parametrize("name, make", NUMBERS)
def test_a_parameter_whose_place_a_number_has_taken_is_named(name, make):
    net = nn.Sequential(Linear(2, 1))
    neuron = net.steps[0].neurons[0]
    setattr(neuron, name, make(neuron))
    for ask in (net.parameters, net.zero_grad, net.state_dict, copy.deepcopy(net).parameters):
        with pytest.raises(ValueError, match=rf"steps\.0\.neurons\.0\.{name} was made of parameters, and now is \w+ "):
            ask()
    setattr(neuron, name, None)
    assert len(net.parameters()) < 3


def test_what_never_was_a_parameter_may_be_any_number():
    class Net(Module):
        def __init__(self):
            self.w, self.k, self.rows, self.mixed = Value(1.0), 2.0, [], [0.5, Value(1.0)]

    net = Net()
    net.k, net.rows, net.more = 3.0, [1.0, 2.0], 4.0
    assert len(net.parameters()) == 2
