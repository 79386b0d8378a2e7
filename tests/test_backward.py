"""What backward(), grad() and the modes around them promise, one line at a time."""

import asyncio
import functools
import gc
import itertools
import math
import subprocess
import sys
import threading

import pytest

from tinygrad_edu import Op, Value, anomalies, grad, modes, no_grad, ops, register, topological, twin, value_and_grad
from tinygrad_edu import functional as F
from tinygrad_edu.engine import chain_rule
from tinygrad_edu.floats import untouched


def every_grad(root):
    return [node.grad for node in topological(root)]


def some_graph():
    x, y = Value(2.0, label="x"), Value(-3.0, label="y")
    return x, y, (x * y + x.tanh()) * (y - 1) / x


@pytest.mark.parametrize("times", [1, 2, 3, 5])
def test_backward_k_times_adds_k_times(times):
    _, _, once = some_graph()
    once.backward()
    _, _, often = some_graph()
    for _ in range(times):
        often.backward()
    assert every_grad(often) == pytest.approx([times * g for g in every_grad(once)], rel=1e-15)


def test_a_second_backward_doubles_exactly():
    _, _, once = some_graph()
    once.backward()
    _, _, twice = some_graph()
    twice.backward()
    twice.backward()
    assert every_grad(twice) == [2 * g for g in every_grad(once)]


def test_two_losses_that_share_a_node_add_up():
    x = Value(2.0)
    h = x * x
    (3 * h).backward()
    (5 * h).backward()
    assert x.grad == 32


def test_intermediate_gradients_are_kept_and_never_fed_back():
    x = Value(2.0)
    h = x * x
    y = 3 * h
    y.backward()
    assert h.grad == 3
    y.backward()
    assert (h.grad, x.grad, y.grad) == (6, 24, 2)


def test_the_root_accumulates_the_seed():
    x = Value(3.0)
    y = x * x
    y.backward(seed=0.5)
    y.backward(seed=2)
    assert (y.grad, x.grad) == (2.5, 15.0)


def test_backward_on_a_leaf_is_its_own_derivative():
    x = Value(3.0)
    x.backward()
    assert x.grad == 1.0


def test_grad_starts_at_zero_and_zero_grad_clears_the_whole_graph():
    x, _, L = some_graph()
    assert set(every_grad(L)) == {0.0}
    L.backward()
    assert x.grad
    L.zero_grad()
    assert set(every_grad(L)) == {0.0}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_during_the_pass_changes_no_gradient(error):
    calls = []

    def partials(y, x):
        calls.append(x)
        raise error("stop here")

    fails = Op("fails", lambda x: 2 * x, partials)
    x = Value(1.0)
    L = fails(x * 3) + x * x
    (x * 1).backward()
    before = every_grad(L)
    with pytest.raises(error):
        L.backward()
    assert calls and every_grad(L) == before


def test_data_changed_before_backward_leaves_the_recorded_gradient():
    x = Value(3.0)
    y = x * 1.0
    z = y * x
    x.data, y.data = 100.0, 100.0
    z.backward()
    assert x.grad == 6.0


def test_in_place_operators_make_new_nodes():
    a = first = Value(1.0)
    a += 1
    a *= 3
    a -= 2
    a /= 4
    a **= 2
    assert first.data == 1.0 and first.parents == () and a.data == 1.0 and a is not first
    a.backward()
    assert first.grad == 1.5


@pytest.mark.parametrize("forgotten", [lambda x: (x * x).detach(), lambda x: no_grad()(lambda: x * x)()])
def test_a_value_without_a_past_has_no_parents_and_says_so(forgotten):
    x = Value(3.0)
    y = forgotten(x)
    assert y.data == 9.0 and y.parents == ()
    with pytest.raises(RuntimeError, match=r"no parents.*detach\(\) or under no_grad\(\)"):
        y.backward()
    (y * x).backward()
    assert x.grad == 9.0 and y.grad == 3.0


@pytest.mark.parametrize("block", [no_grad, lambda: anomalies("raise")], ids=["no_grad", "anomalies"])
@pytest.mark.parametrize("decorated", [False, True])
def test_a_mode_interrupted_at_any_line_is_left(block, decorated):
    work, done, moment = (lambda: None), False, 0
    decorator = block()(work) if decorated else None

    def once():
        if decorator:
            decorator()
        else:
            with block():
                work()

    def at(frame, event, _):
        nonlocal left
        if frame.f_globals.get("__name__") == "tinygrad_edu.modes" and event == "line":
            left -= 1
            if not left:
                raise KeyboardInterrupt
        return at

    before = [*modes.watching]
    while not done:
        moment = left = moment + 1
        sys.settrace(at)
        try:
            once()
            done = True
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        assert (modes.recording(), modes.strict(), modes.watching) == (True, False, before), moment
    assert moment > 10


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_blocks_in_generators_may_be_left_in_any_order(order):
    def inside(block):
        with block:
            yield

    remembers = [False, True, False]
    blocks = [inside(modes.remembering() if yes else no_grad()) for yes in remembers]
    for block in blocks:
        next(block)
    for k in order:
        blocks[k].close()
        still_open = [yes for block, yes in zip(blocks, remembers) if block.gi_frame]
        assert modes.recording() is [True, *still_open][-1]
    assert not modes.watching


def test_tasks_may_share_one_block_in_any_order():
    x, block = Value(2.0), no_grad()

    async def task(mine, following):
        assert (x * x).parents == (x, x)
        with block, block:
            await mine.wait()
            assert (x * x).parents == ()
        assert (x * x).parents == (x, x) and modes.recording()
        following.set()

    async def all_of(order):
        gates = [asyncio.Event() for _ in range(4)]  # the k-th to leave opens the next one's
        tasks = [asyncio.create_task(task(gates[k], gates[k + 1])) for k in order]
        await asyncio.sleep(0)
        gates[0].set()
        await asyncio.gather(*tasks)

    for order in itertools.permutations(range(3)):
        asyncio.run(all_of(order))
    assert modes.recording() and not modes.watching


def test_no_grad_nests_and_ends_with_its_block_even_after_an_error():
    x = Value(2.0)
    with pytest.raises(ZeroDivisionError), no_grad():
        with no_grad():
            assert (x * x).parents == ()
        assert (x * x).parents == () and Value(1.0).op is ops.leaf
        raise ZeroDivisionError
    assert (x * x).parents == (x, x)


def forgetful():
    """A function of each kind in no_grad(), and what calls it with x."""
    double = lambda x: x * 2.0

    def steps(x):
        got = yield x * 2.0
        assert got == "sent"
        try:
            yield x * 2.0
        except KeyError:
            yield x * 2.0
        return x * 2.0

    def walked(generator):
        x = generator.gi_frame and Value(1.0)
        results = [next(generator), generator.send("sent")]
        assert (x * x).parents == (x, x)  # while it waits, others remember
        results.append(generator.throw(KeyError("thrown")))
        with pytest.raises(StopIteration) as end:
            next(generator)
        return [*results, end.value.value]

    async def waits(x):
        await asyncio.sleep(0)
        return x * 2.0

    async def iterates(x):
        for _ in range(2):
            yield x * 2.0

    async def together(f, x):
        async def remembers():
            await asyncio.sleep(0)
            return x * 2.0

        there, here, again = await asyncio.gather(f(x), remembers(), f(x))
        assert here.parents
        return [there, again]

    async def collected(f, x):
        results = []
        async for y in f(x):
            assert (x * x).parents == (x, x)
            results.append(y)
        return results

    class Model:
        def __call__(self, x):
            return x * 2.0

        method = no_grad(double)
        static = no_grad()(staticmethod(double))
        klass = no_grad()(classmethod(lambda cls, x: x * 2.0))

    ways = [
        (double, lambda f, x: [f(x), f(x)]),
        (steps, lambda f, x: walked(f(x))),
        (lambda x: (x * k for k in (1.0, 2.0)), lambda f, x: list(f(x))),
        (waits, lambda f, x: asyncio.run(together(f, x))),
        (iterates, lambda f, x: asyncio.run(collected(f, x))),
        (Model(), lambda f, x: [f(x)]),
        (functools.partial(Value.__mul__, Value(3.0)), lambda f, x: [f(x)]),
    ]
    for decorate in (no_grad, no_grad()):
        yield from [functools.partial(call, decorate(f)) for f, call in ways]
    yield lambda x: [Model.static(x), Model.klass(x), Model().static(x)]


@pytest.mark.parametrize("call", list(forgetful()))
def test_whatever_is_decorated_remembers_nothing_inside_and_everything_outside(call):
    x = Value(3.0)
    results = call(x)
    assert results and all(y.parents == () and y.op is ops.detached for y in results)
    assert (x * x).parents == (x, x)


def test_one_block_may_be_entered_again_and_in_itself():
    x = Value(2.0)
    for block in (no_grad(), anomalies("ignore")):
        for _ in range(2):
            with block, block:
                pass
            with block:
                with block:
                    pass
    block = no_grad()
    with block:
        with block:
            assert (x * x).parents == ()
        assert (x * x).parents == ()
    assert (x * x).parents == (x, x)
    f = block(lambda: block(lambda: x * x)())
    assert f().parents == () and (x * x).parents == (x, x)


@pytest.mark.parametrize("mode", [no_grad(), no_grad, anomalies("raise")])
@pytest.mark.parametrize("thing", [type("Model", (), {}), 3.0, "raise", property(lambda self: 1)])
def test_what_is_no_function_is_not_decorated(mode, thing):
    with pytest.raises(TypeError, match="this decorates functions"):
        mode(thing)


def test_a_generator_in_strict_mode_is_strict_when_it_runs():
    @anomalies("raise")
    def steps():
        yield Value(1.0) * 2
        yield Value(0.0).log()

    it = steps()
    next(it)
    assert Value(0.0).log().data == -math.inf
    with pytest.raises(FloatingPointError):
        next(it)


def test_no_grad_and_strict_mode_belong_to_their_thread():
    x, inside, done = Value(2.0), threading.Event(), threading.Event()
    seen = []

    def elsewhere():
        inside.wait(10)
        seen.extend([(x * x).parents, (x / 0).data])
        done.set()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    with no_grad(), anomalies("raise"):
        inside.set()
        assert done.wait(10)
        assert (x * x).parents == ()
    thread.join()
    assert seen == [(x, x), math.inf]


def values_alive():
    if twin.compiled:
        return twin.extension.alive()
    return sum(issubclass(type(thing), Value) for thing in gc.get_objects())  # isinstance would ask a weak proxy


def test_dropping_a_graph_frees_it_at_once_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        before = values_alive()
        x = L = Value(1.0)
        for _ in range(2000):
            L = (L * 1.5 + x).tanh()
        L.backward()
        assert values_alive() - before == 8001
        del L
        assert values_alive() - before == 1
    finally:
        gc.enable()


def test_the_order_of_accumulation_is_the_same_in_every_process():
    code = (
        "from tinygrad_edu import Value; import random; random.seed(1); xs = [Value(random.random()) for _ in "
        "range(9)]\nfor _ in range(60): xs.append((random.choice(xs) * random.choice(xs) + random.choice(xs)).tanh())\n"
        "L = sum(xs); L.backward(); print([x.grad.hex() for x in xs])"
    )
    runs = {subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True,
                           check=True).stdout
            for seed in ("0", "1", "77")}  # fmt: skip
    assert len(runs) == 1 and "0x" in runs.pop()


def test_each_node_is_visited_once():
    x = Value(1.0)
    y = x
    for _ in range(20):
        y = y + y
    visits = []

    def local(node):
        visits.append(node)
        return node.local_grads()

    totals = chain_rule(y, 1.0, local)
    assert len(topological(y)) == 21 and len(visits) == len(set(visits)) == 20 and totals[x] == 2**20


@pytest.mark.parametrize("x", [0.5, -0.0, math.inf, -math.inf, math.nan], ids=str)
def test_a_dead_neuron_hands_on_what_0_times_its_inputs_is(x):
    xs, ws = [Value(x), Value(-2.0), Value(1.0)], [[Value(-w), Value(3.0), Value(0.0)] for w in (0.0, 1.0, 2.0)]
    hidden = [F.dot(w, [*xs[:2], xs[2].log()], bias=-1.0).relu() for w in ws]
    root = F.sum([*hidden, xs[0] * hidden[0], hidden[1].sqrt()])
    plain, skipped = chain_rule(root, 1.0, Value.local_grads), chain_rule(root, 1.0, Value.local_grads, untouched)
    assert all(a == skipped[n] or (a != a and skipped[n] != skipped[n]) for n, a in plain.items())
    assert plain.keys() == skipped.keys() and {type(g) for g in skipped.values()} == {float}


def test_several_roots_are_sorted_at_once_and_the_walk_ends_where_it_is_told():
    x = Value(2.0)
    h = x * 3
    a, b = h.tanh(), h + x
    both = topological((a, b))
    assert {*both} == {*topological(a), *topological(b)} and len(both) == len({*both})
    assert both[: len(topological(a))] == topological(a) and topological(()) == []
    assert topological((a, b), stop={h}) == [h, a, x, b] and topological(h, stop={h}) == [h]


def test_topological_puts_parents_before_children():
    _, _, L = some_graph()
    position = {node: i for i, node in enumerate(topological(L))}
    assert all(position[p] < position[node] for node in position for p in node.parents)
    assert len(position) == len(topological(L))


# grad: the chain rule filled in with Values


def test_the_third_derivative_of_tanh():
    x = Value(0.7)
    y = x.tanh()
    for _ in range(3):
        [y] = grad(y, x)
    t = math.tanh(0.7)
    assert y.data == pytest.approx(-2 * (1 - t * t) * (1 - 3 * t * t), rel=1e-14)


def test_the_hessian_of_a_small_function():
    x, y = Value(1.5), Value(-0.5)
    f = x**2 * y + (x * y).exp()
    hessian = [[d.data for d in grad(first, x, y)] for first in grad(f, x, y)]
    e, a, b = math.exp(-0.75), 1.5, -0.5
    mixed = 2 * a + e + a * b * e
    assert hessian[0] == pytest.approx([2 * b + b * b * e, mixed]) and hessian[1] == pytest.approx([mixed, a * a * e])


def test_several_roots_with_seeds_of_their_own_go_in_one_pass():
    """What one backward() after the other adds, all or nothing; the roots and what they share get theirs too."""
    outcomes = []
    for one_pass in (True, False):
        x, w = Value(0.5), Value(3.0)
        shared = x * w
        roots, seeds = [shared.exp(), shared * shared, w, x.log()], [1.0, -2.5, 4.0, 0.25]
        if one_pass:
            F.dot(roots, seeds).backward()
        else:
            for root, seed in zip(roots, seeds):
                root.backward(seed)
        outcomes.append([v.grad for v in (x, w, shared, *roots)])
    assert outcomes[0] == pytest.approx(outcomes[1], rel=1e-14) and outcomes[0][3] == 1.0


def test_grad_changes_no_grad_and_gives_zero_for_what_is_not_used():
    x, y = Value(2.0), Value(5.0)
    dx, dy = grad(x**3, x, y)
    assert (dx.data, dy.data, x.grad, y.grad) == (12.0, 0.0, 0.0, 0.0)


def test_grad_agrees_with_backward_where_the_rules_meet_ieee():
    for make in (lambda x: x.log(), lambda x: 1 / x, lambda x: x**-1, lambda x: x.sqrt(), lambda x: x**x):
        for at in (0.0, -1.0, math.inf, math.nan):
            x = Value(at)
            y = make(x)
            y.backward()
            [d] = grad(y, x)
            assert d.data == x.grad or math.isnan(d.data) and math.isnan(x.grad), (y, at)


def test_grad_refuses_a_point_that_moved():
    x = Value(3.0, label="x")
    y = x * x
    x.data = 4.0
    with pytest.raises(ValueError, match="changed after it was computed"):
        grad(y, x)


def test_a_factor_of_one_leaves_no_node_behind():
    x = Value(2.0)
    [d] = grad(x + 1 + 2 + 3, x)
    assert topological(d) == [d] and d.data == 1.0


def test_value_and_grad_keeps_the_shape_of_its_arguments():
    f = value_and_grad(lambda p, xs: F.dot(p["w"], xs, p["b"]).tanh())
    y, (dp, dxs) = f({"w": (0.5, -1.0), "b": 0.25}, [1.0, 2.0])
    slope = 1 - math.tanh(-1.25) ** 2
    assert y.data == math.tanh(-1.25) and type(dp["w"]) is tuple and type(dxs) is list
    assert [g.data for g in (*dp["w"], dp["b"], *dxs)] == pytest.approx([slope, 2 * slope, slope, 0.5 * slope, -slope])
    assert value_and_grad(lambda x: x * x)(3)[1].data == 6.0


def test_value_and_grad_of_a_function_that_returns_no_value_says_what_to_do():
    with pytest.raises(TypeError, match=r"returns a Value, got float 9.0.*without float"):
        value_and_grad(lambda x: float(x * x))(3)


# Strict mode


def test_strict_mode_names_the_operation_its_inputs_and_the_domain():
    p = Value(-2.0, label="p")
    with (
        anomalies("raise"),
        pytest.raises(FloatingPointError, match=r"log\(p\) = nan: log is defined on \(0, inf\); its input is p = -2.0"),
    ):
        p.log()
    assert math.isnan(p.log().data)


def test_strict_mode_names_the_first_bad_gradient_and_changes_nothing():
    x = Value(0.0, label="x")
    y = x.sqrt() * 3
    with (
        anomalies("raise"),
        pytest.raises(FloatingPointError, match=r"finite at x \(value 0.0\): .*3 × inf = inf.*; no .grad was changed"),
    ):
        y.backward()
    assert every_grad(y) == [0.0] * 4
    y.backward()
    assert x.grad == math.inf


def test_anomalies_takes_three_words():
    with pytest.raises(ValueError, match="'raise', 'warn' or 'ignore', got 'warning'"):
        anomalies("warning")
    with anomalies("raise"), anomalies("ignore"):
        assert (Value(1.0) / 0).data == math.inf


# Threads


def test_threads_with_graphs_of_their_own_do_not_disturb_each_other():
    results = {}

    def work(k):
        x = Value(k)
        for _ in range(200):
            ((x * x + k).tanh() * x).backward()
        results[k] = x.grad

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    together = dict(results)
    for k in together:
        work(k)
    assert results == together


def test_leaves_shared_between_threads_lose_nothing():
    x = Value(1.0)
    threads = [threading.Thread(target=lambda: [(x * 2).backward() for _ in range(500)]) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert x.grad == 4000.0


# A row added at run time


def test_a_row_that_divides_by_zero_follows_ieee_in_backward():
    inverse = Op("inverse", lambda x: ops.div(1.0, x), lambda y, x: (-1 / (x * x),))
    x = Value(1e-300)
    y = inverse(x) * 1e-200
    y.backward()
    assert x.grad == -math.inf


def test_register_refuses_a_name_that_is_taken():
    for name in ("tanh", "backward", "not a name"):
        with pytest.raises(ValueError, match="cannot add a row"):
            register(Op(name, lambda x: x, lambda y, x: (1.0,)))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda a: grad([a], a), r"not list .*\[d\] = grad\(y, x\)"),
        (lambda a: grad(a), r"got none: write grad\(y, a, b\)"),
        (lambda a: grad(a, [a]), r"one after the other, got \[Value"),
        (lambda a: grad(lambda x: x, 3.0), r"value_and_grad\(f\)\(x\)"),
        (lambda a: grad(3.0, a), "not float 3.0"),
        (lambda a: value_and_grad(a), "takes a function of numbers, not Value"),
    ],
)
def test_grad_of_the_wrong_things_says_what_to_write(call, says):
    with pytest.raises(TypeError, match=says):
        call(Value(1.0))


def test_an_update_with_a_value_in_place_of_a_number_is_refused_there_and_then():
    w = Value(3.0, label="w")
    with pytest.raises(TypeError, match=r"the \.data of w cannot be Value .*p\.data -= lr \* g\.data"):
        w.data -= 0.1 * grad(w * w, w)[0]
    assert w.data == 3.0
    w.data = 2
    assert type(w.data) is float and (w * 3).data == 6.0
