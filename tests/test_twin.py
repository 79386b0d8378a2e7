"""The engine in C: the same as the one in Python, to the last bit, and as careful with memory."""

import gc
import os
import pickle
import subprocess
import sys
import threading
import weakref
from array import array
from concurrent.futures import ThreadPoolExecutor

import pytest

import tinygrad_edu
from tinygrad_edu import Op, Value, compiled, functional, jit, no_grad, ops, register, twin
from tinygrad_edu.compilation import register_programs

needs_c = pytest.mark.skipif(not compiled, reason="the engine was not compiled, or TINYGRAD_EDU_C=0 chose the other")


def said(*arguments, engine):
    """The lines of tests.engines, by the engine in C ("1") or in Python ("0")."""
    run = subprocess.run([sys.executable, "-m", "tests.engines", *map(str, arguments)], capture_output=True, text=True,
                         env={**os.environ, "TINYGRAD_EDU_C": engine}, check=True)  # fmt: skip
    name, *lines = run.stdout.splitlines()
    assert name == ("compiled" if engine == "1" else "python")
    return lines


@needs_c
@pytest.mark.parametrize("arguments", [(0, 400), ("rows",)], ids=["programs", "rows"])
def test_both_engines_compute_the_same_bits(arguments):
    with ThreadPoolExecutor() as both:
        c, python = both.map(lambda engine: said(*arguments, engine=engine), "10")
    assert len(c) == len(python) >= 400
    assert [a for a, b in zip(c, python) if a != b] == []


def test_the_environment_chooses_python():
    code = "import tinygrad_edu as t; from tinygrad_edu.engine import Node; print(t.compiled, Node.__module__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                         env={**os.environ, "TINYGRAD_EDU_C": "0"}, check=True)  # fmt: skip
    assert run.stdout.split() == ["False", "tinygrad_edu.engine"]


@needs_c
def test_few_rows_are_asked_in_python():
    """A row whose rule stops being a program is slower, and nobody would notice."""
    asked = {name for name, op in ops.TABLE.items() if register_programs(op)[1] is None}
    assert asked == set("atan2 hypot asinh lgamma digamma polygamma(1) mod where sum dot logsumexp".split())


def test_a_row_added_at_run_time_works_at_once():
    name = "cubed_by_hand"
    register(Op(name, lambda x: x * x * x, lambda y, x: (3 * x * x,)))
    try:
        x = Value(2.0)
        (getattr(x, name)() * x).backward()
        assert x.grad == 32.0
    finally:
        del ops.TABLE[name]
        delattr(Value, name)


@needs_c
def test_a_graph_is_freed_at_once_and_its_room_is_used_again():
    x = Value(1.0)
    before = twin.extension.alive()
    for _ in range(50):
        y = x
        for _ in range(3000):
            y = y * 1.0001 + x
        y.backward()
        assert twin.extension.alive() == before + 9000
        del y
        assert twin.extension.alive() == before


@needs_c
@pytest.mark.parametrize("kilobytes", [256, 1024])
def test_a_long_chain_is_dropped_in_a_thread_with_a_small_stack(kilobytes):
    ended = []

    def work():
        y = Value(1.0)
        for _ in range(300_000):
            y = y + 1.0
        y.backward()
        del y
        ended.append(True)

    size = threading.stack_size(1024 * kilobytes)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    assert ended


class Owner:
    """What may hang on a node, and be seen to go."""


@pytest.mark.parametrize("hang", [
    lambda v, owner: (setattr(v, "me", v), setattr(v, "owner", owner)),
    lambda v, owner: setattr(v, "rest", [v, owner]),
    lambda v, owner: vars(v).update(rest={"v": v, "owner": owner}),
    lambda v, owner: setattr(v, "later", lambda: (v, owner)),
])  # fmt: skip
def test_what_hangs_on_a_node_may_hold_the_node_and_both_go(hang):
    owner = Owner()
    gone = weakref.ref(owner)
    v = Value(2.0) * 3.0
    hang(v, owner)
    del v, owner
    gc.collect()
    assert gone() is None


@needs_c
@pytest.mark.parametrize("hang", [
    lambda v, w: setattr(v, "child", w), lambda v, w: setattr(v, "rest", {"w": (w,)}),
    lambda v, w: setattr(v, "parents", (w, w)), lambda v, w: (setattr(v, "mine", []), v.mine.append(v * 2.0)),
])  # fmt: skip
def test_what_hangs_on_a_node_may_have_been_computed_from_it_and_all_of_it_goes(hang):
    gc.collect()
    before = twin.extension.alive()
    v = Value(2.0) * 3.0
    hang(v, (v + 1.0).tanh() * v)
    del v
    gc.collect()
    assert twin.extension.alive() == before


@needs_c
def test_something_hung_on_each_node_of_a_chain_is_no_walk_through_the_chain_each_time():
    y = Value(1.0)
    for _ in range(20_000):
        y = y * 1.0001
        y.rest = [y]
    before = twin.extension.alive()
    del y
    gc.collect()
    assert twin.extension.alive() <= before - 40_000


class Plain(Value):
    __slots__ = ()


def test_a_node_may_change_its_class_to_and_fro():
    for made, other in ((Value, Plain), (Plain, Value)):
        x = made(2.0)
        x.__class__ = other
        y = x * 3.0 + x
        y.__class__ = Plain
        y.backward()
        assert x.grad == 4.0 and type(x) is other
        del x, y


@pytest.mark.parametrize("count", range(6))
@pytest.mark.parametrize("seen", range(6))
@pytest.mark.parametrize("op", [ops.add, ops.mul, ops.tanh, ops.where, ops.dot, ops.sum, ops.hypot, ops.leaf], ids=str)
def test_a_node_with_parents_that_do_not_fit_its_row_is_an_error_or_right(op, count, seen):
    xs = tuple(Value(1.0 + i) for i in range(count))
    v = Value(1.0)
    v.op, v.parents, v.numbers = op, xs, tuple(1.0 + i for i in range(seen))
    try:
        (v * 2.0).backward()
    except (TypeError, ValueError, IndexError):
        assert v.grad == 0.0 and not any(x.grad for x in xs)
    else:
        assert v.grad == 2.0


def test_threads_lose_no_gradient_whichever_way_they_ask():
    x, before = Value(1.0), sys.getswitchinterval()
    calls = [lambda y: y.backward(), lambda y: y.backward(1), lambda y: y.backward(seed=1.0)]

    def work(call):
        for _ in range(500):
            call(x * 1.0)

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(call,)) for call in calls * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert x.grad == 3000.0


@pytest.mark.parametrize("use", [lambda v: v + 1, lambda v: 2.0 * v, lambda v: v**2, lambda v: v.tanh(),
                                 lambda v: ops.dot(v, v)])  # fmt: skip
def test_what_was_made_without_init_is_no_number(use):
    with pytest.raises(AttributeError):
        use(object.__new__(Value))


def test_a_node_that_was_made_without_init_says_so():
    v = object.__new__(Value)
    for name in ("data", "grad", "parents", "op", "numbers"):
        assert not hasattr(v, name)
    with pytest.raises(AttributeError):
        v.backward()


@pytest.mark.parametrize("change, x", [
    (lambda v: setattr(v, "parents", [v]), 1), (lambda v: setattr(v, "parents", (1.0,)), 1),
    (lambda v: setattr(v, "op", "mul"), 1), (lambda v: setattr(v, "numbers", ("a",)), 1),
])  # fmt: skip
@needs_c
def test_what_a_node_is_made_of_keeps_its_kind(change, x):
    v = Value(2.0) * 3.0
    with pytest.raises(TypeError):
        change(v)
    v.backward()
    assert v.parents[0].grad == 3.0 and v.numbers == (6.0, 2.0, 3.0)


def test_an_error_of_a_rule_on_the_way_changes_no_gradient():
    def partials(y, x):
        raise KeyError("no slope")

    x = Value(2.0)
    y = (x * 3.0 + Op("broken", lambda x: x, partials)(x * 2.0)) * x
    y.grad = x.grad = 0.5
    with pytest.raises(KeyError, match="no slope"):
        y.backward()
    assert x.grad == y.grad == 0.5


def test_a_rule_that_walks_graphs_itself_disturbs_nothing():
    def partials(y, x):
        inner = Value(3.0)
        (inner * inner + inner).backward()
        return (inner.grad,)

    x = Value(2.0)
    y = Op("nested", lambda x: x, partials)(x * 5.0) + Op("again", lambda x: x, partials)(x)
    y.backward()
    assert x.grad == 7.0 * 5.0 + 7.0


@needs_c
def test_nothing_is_made_without_a_reference_too_many():
    """A mistake in counting shows as an object that never goes, or as a class that loses its last reference."""
    things = [Value, ops.mul, ops.tanh, ops.where, ops.dot, ops.leaf, ops.detached, None]
    x, text = Value(0.5, label="x"), pickle.dumps((Value(2.0) * 3.0).tanh())

    def work():
        for _ in range(200):
            y = ops.dot(x, x * 2, 3.0) + ops.where(x, x**2, -x) - x / 3 + ops.hypot(x, 1.0) + 2**x
            y.backward()
            y.zero_grad()
            with no_grad():
                _ = x * x
            loaded = pickle.loads(text)
            loaded.parents = (x,)
            loaded.label = "y"
            for wrong in (lambda: x + "a", lambda: setattr(x, "data", "a"), lambda: Value("a"), lambda: ops.mul(x)):
                with pytest.raises((TypeError, ValueError)):
                    wrong()

    def counted():
        work()
        gc.collect()  # graphs of other tests, which hold rows too
        return [sys.getrefcount(thing) for thing in things]

    counted()
    assert max(abs(a - b) for a, b in zip(counted(), counted())) < 100


@needs_c
def test_many_numbers_are_read_and_written_in_one_call():
    import array

    ps = [Value(1.0 * i) for i in range(5)]
    twin.extension.write(ps, "grad", array.array("d", [1, 2, 3, 4, 5]))
    twin.extension.add(ps, "grad", [0.5] * 5)
    assert twin.extension.read(tuple(ps), "data") == [0, 1, 2, 3, 4]
    assert twin.extension.read(ps, "grad") == [1.5, 2.5, 3.5, 4.5, 5.5]
    for wrong in ([1.0] * 4, array.array("d", [1.0]), [1.0, 2.0, 3.0, 4.0, "a"], array.array("f", [1] * 5)):
        with pytest.raises((TypeError, ValueError)):
            twin.extension.write(ps, "data", wrong)
    with pytest.raises(TypeError):
        twin.extension.read([*ps, 1.0], "data")
    assert [p.data for p in ps] == [0, 1, 2, 3, 4]


@needs_c
def test_many_numbers_go_into_an_array_and_one_number_to_all():
    ps = [Value(float(i)) for i in range(5)]
    into = array("d", [9.0] * 5)
    assert twin.extension.read(ps, "data", into) is into and into.tolist() == [0, 1, 2, 3, 4]
    twin.extension.write(ps, "grad", 2.5)
    twin.extension.add(ps, "grad", 0.5)
    assert [p.grad for p in ps] == [3.0] * 5
    for wrong in (array("d", [0.0] * 4), array("f", [0.0] * 10), bytes(40), [0.0] * 5):
        with pytest.raises((ValueError, TypeError, BufferError)):
            twin.extension.read(ps, "data", wrong)


@pytest.mark.parametrize("count", [1, 2, 3, 300])
def test_slopes_that_a_replay_knows_flow_as_the_rule_says(count):
    """Once, again onto gradients that are there, with a parent that comes twice, by hand, and beside a `where`."""
    ps = [Value(0.5 + i) for i in range(count)]
    f = jit(lambda: functional.dot(ps, ps), backend="python")
    y = f()
    assert y.local_grads() == tuple(2 * p.data for p in ps) and y.numbers[1:] == tuple(p.data for p in ps)
    for k in (1, 2):
        (3.0 * y).backward()
        assert [p.grad for p in ps] == [6 * k * p.data for p in ps]
    for p in ps:
        p.data, p.grad = 7.0, 0.0
    ops.where(Value(1.0), y, ps[0]).backward()  # the numbers that were seen count
    assert [p.grad for p in ps] == [2 * (0.5 + i) for i in range(count)]
    y.parents = (*y.parents, Value(1.0))
    if count > 1:
        y.backward()  # what was written has no slope in the recording
        assert y.parents[-1].grad == 0.0
    else:
        with pytest.raises(ValueError):
            y.backward()


def test_both_engines_say_how_they_are_called():
    code = """import inspect, tinygrad_edu as t
for f in (t.Value, t.Value.backward, t.Value.zero_grad, t.topological):
    print(*inspect.signature(f).parameters, inspect.getdoc(f))"""
    c, python = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                                env={**os.environ, "TINYGRAD_EDU_C": engine}).stdout for engine in "10"]  # fmt: skip
    assert c == python != ""


def test_which_engine_runs_is_said():
    assert tinygrad_edu.compiled is (twin.extension is not None)


@needs_c
def test_an_extension_of_another_edition_is_told_and_not_used():
    code = """import sys, types, warnings
old = sys.modules["tinygrad_edu._twin"] = types.ModuleType("tinygrad_edu._twin")
old.__file__ = "old.so"
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    import tinygrad_edu as t
x = t.Value(3.0); (x * x).backward()
print(t.compiled, x.grad, *[w.message for w in told])"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("False 6.0 the engine in C, old.so, was compiled from another edition")
    assert "pip install -e ." in run.stdout
