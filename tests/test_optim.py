"""optim: the papers' formulas, written out again here; schedules; clipping; memory that can be saved."""

import copy
import json
import math
import random
import sys
import threading
from collections import UserDict

import pytest

from tinygrad_edu import Value, compiled, nn, optim
from tinygrad_edu.losses import mse
from tinygrad_edu.nn import MLP, Neuron
from tinygrad_edu.optim import SGD, Adam, AdamW, clip_by_norm, clip_by_value

GRADS = [[0.5, -2.0], [0.25, 3.0], [-1.5, 0.0], [1e-3, -1e3], [0.0, 0.0]]
START = [1.0, -3.0]


def run(make):
    """The data of two parameters after each step on the gradients above."""
    ps = [Value(x) for x in START]
    optimizer = make(ps)
    seen = []
    for grads in GRADS:
        for p, g in zip(ps, grads):
            p.grad = g
        optimizer.step()
        seen.append([p.data for p in ps])
    return seen


def path(rule):
    """The same, by a rule for one parameter: a generator function that takes (p, gradients) and yields p."""
    return [list(step) for step in zip(*(rule(p, [g[i] for g in GRADS]) for i, p in enumerate(START)))]


def sgd(lr, mu=0.0, decay=0.0, nesterov=False):
    def rule(p, grads):
        v = 0.0
        for g in grads:
            g = g + decay * p
            v = mu * v + g
            p = p - lr * (g + mu * v if nesterov else v)
            yield p

    return rule


def adam(lr, b1=0.9, b2=0.999, eps=1e-8, l2=0.0, decoupled=0.0):
    def rule(p, grads):
        m = v = 0.0
        for t, g in enumerate(grads, start=1):
            rate = lr(t - 1) if callable(lr) else lr
            g = g + l2 * p
            m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
            p = p - rate * decoupled * p - rate * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + eps)
            yield p

    return rule


def rmsprop(lr, alpha=0.99, eps=1e-8, decay=0.0, mu=0.0, centered=False):
    def rule(p, grads):
        v = m = b = 0.0
        for g in grads:
            g = g + decay * p
            v, m = alpha * v + (1 - alpha) * g**2, alpha * m + (1 - alpha) * g
            b = mu * b + g / (math.sqrt(max(v - m**2, 0.0) if centered else v) + eps)
            p = p - lr * b
            yield p

    return rule


def adagrad(lr, eps=1e-10, decay=0.0):
    def rule(p, grads):
        v = 0.0
        for g in grads:
            g = g + decay * p
            v += g**2
            p = p - lr * g / (math.sqrt(v) + eps)
            yield p

    return rule


RULES = {
    "sgd": (lambda ps: SGD(ps, 0.1), sgd(0.1)),
    "momentum": (lambda ps: SGD(ps, 0.1, momentum=0.9), sgd(0.1, 0.9)),
    "nesterov": (lambda ps: SGD(ps, 0.1, momentum=0.9, nesterov=True), sgd(0.1, 0.9, nesterov=True)),
    "weight decay": (lambda ps: SGD(ps, 0.1, momentum=0.5, weight_decay=0.2), sgd(0.1, 0.5, 0.2)),
    "adam": (lambda ps: Adam(ps), adam(1e-3)),
    "adam of microgpt": (
        lambda ps: Adam(ps, optim.linear(0.01, 10), betas=(0.85, 0.99)),
        adam(lambda k: 0.01 * (1 - k / 10), 0.85, 0.99),
    ),
    "adam, l2": (lambda ps: Adam(ps, 0.1, weight_decay=0.3), adam(0.1, l2=0.3)),
    "adamw": (lambda ps: AdamW(ps, 0.1), adam(0.1, decoupled=0.01)),
    "rmsprop": (lambda ps: optim.RMSProp(ps), rmsprop(0.01)),
    "rmsprop, all": (
        lambda ps: optim.RMSProp(ps, 0.1, alpha=0.9, eps=0.01, weight_decay=0.2, momentum=0.5, centered=True),
        rmsprop(0.1, 0.9, 0.01, 0.2, 0.5, centered=True),
    ),
    "adagrad": (lambda ps: optim.Adagrad(ps), adagrad(0.01)),
    "adagrad, decay": (lambda ps: optim.Adagrad(ps, 0.5, eps=0.1, weight_decay=0.2), adagrad(0.5, 0.1, 0.2)),
    "adamw, eps": (lambda ps: AdamW(ps, 0.1, weight_decay=0.5, eps=0.1), adam(0.1, decoupled=0.5, eps=0.1)),
}


@pytest.mark.parametrize(("make", "rule"), RULES.values(), ids=RULES)
def test_steps_are_those_of_the_formula(make, rule):
    for ours, theirs in zip(run(make), path(rule)):
        assert ours == pytest.approx(theirs, rel=1e-13)


def test_plain_sgd_is_micrograds_update_to_the_bit():
    p = Value(0.1)
    p.grad = 0.7
    SGD([p], 0.3).step()
    assert p.data == 0.1 - 0.3 * 0.7


def test_adams_first_step_is_the_learning_rate_whatever_the_gradient():
    for g in (1e-3, 1.0, -1e6):
        p = Value(0.0)
        p.grad = g
        Adam([p], lr=0.01).step()
        assert p.data == pytest.approx(math.copysign(0.01, -g), rel=1e-4)


@pytest.mark.parametrize("make", [make for make, _ in RULES.values()], ids=RULES)
def test_an_optimizer_goes_on_where_it_was_saved(make):
    ps = [Value(x) for x in START]
    first = make(ps)

    def walk(optimizer, steps):
        random.seed(optimizer.steps)
        for _ in range(steps):
            for p in optimizer.parameters:
                p.grad = random.gauss(0, 1)
            optimizer.step()
        return [p.data for p in optimizer.parameters]

    walk(first, 3)
    text = json.dumps(first.state_dict())
    second = make([Value(p.data) for p in ps])
    second.load_state_dict(json.loads(text))
    assert walk(second, 2) == walk(first, 2)


def test_a_saved_state_does_not_move_with_the_optimizer():
    p = Value(1.0)
    p.grad = 1.0
    adam = Adam([p])
    before = adam.state_dict()
    kept = copy.deepcopy(before)
    adam.step()
    assert before == kept != adam.state_dict()


BAD_STATES = {
    "was saved by SGD": lambda s: {**s, "kind": "SGD"},
    "with memory of ['mean']": lambda s: {**s, "memory": {"mean": [0.0]}},
    "must hold 1 numbers, one per parameter, got 2": lambda s: {**s, "memory": {**s["memory"], "mean": [0.0, 0.0]}},
    "must hold numbers": lambda s: {**s, "memory": {**s["memory"], "square": ["a"]}},
    "must hold numbers: this int is too large": lambda s: {**s, "memory": {**s["memory"], "square": [10**400]}},
    "steps must be": lambda s: {**s, "steps": -1},
    "has a kind, steps and memory": lambda s: {"steps": 1},
    "has a kind, steps and memory, got []": lambda s: [],
}


@pytest.mark.parametrize(("message", "change"), BAD_STATES.items(), ids=BAD_STATES)
def test_a_state_that_does_not_fit_changes_nothing(message, change):
    p = Value(1.0)
    p.grad = 1.0
    adam = Adam([p])
    adam.step()
    before = adam.state_dict()
    with pytest.raises(ValueError) as caught:
        adam.load_state_dict(change(before))
    assert message in str(caught.value)
    assert adam.state_dict() == before


@pytest.mark.parametrize("n", [2, 99])
@pytest.mark.parametrize("change", [lambda ps: ps.pop(0), lambda ps: ps.append(Value(1.0))], ids=["shorter", "longer"])
def test_memory_of_other_parameters_is_not_used(n, change):
    ps = [Value(float(i)) for i in range(n)]
    adam = Adam(ps)
    change(adam.parameters)
    with pytest.raises(ValueError, match=f"remembers the mean of {n}: its list was changed; make a new optimizer"):
        adam.step()
    assert [p.data for p in ps] == [*range(n)] and adam.steps == 0


def test_a_step_that_fails_changes_nothing():
    p = Value(1.0)
    p.grad = 1.0
    adam = Adam([p], lr=lambda step: 0.1 if step == 0 else -1.0)
    adam.step()
    before, data = adam.state_dict(), p.data
    with pytest.raises(ValueError, match="the learning rate of step 1 must be at least 0 and finite, got -1"):
        adam.step()
    assert (adam.state_dict(), p.data) == (before, data)


@pytest.mark.parametrize("make", [make for make, _ in RULES.values()], ids=RULES)
def test_infinite_gradients_flow_and_touch_no_other_parameter(make):
    p, q = Value(1.0), Value(1.0)
    p.grad, q.grad = math.inf, 1.0
    make([p, q]).step()
    assert not math.isfinite(p.data)
    assert math.isfinite(q.data)


def test_an_optimizer_says_what_it_moves_and_how_far():
    adam = Adam([Value(1.0), Value(2.0)], 0.5)
    adam.step()
    assert repr(adam) == "Adam(2 parameters, lr=0.5, steps=1)"
    assert repr(SGD([Value(1.0)], optim.linear(1.0, 10))) == "SGD(1 parameter, lr=a schedule, steps=0)"


def test_zero_grad_and_a_changed_rate():
    p = Value(1.0)
    p.grad = 1.0
    optimizer = SGD([p], 0.1)
    optimizer.lr = 0.5
    optimizer.step()
    assert p.data == 0.5
    optimizer.zero_grad()
    assert p.grad == 0.0


def test_a_parameter_given_twice_moves_once():
    p = Value(1.0)
    p.grad = 1.0
    SGD([p, p], 0.5).step()
    assert p.data == 0.5


def interrupted_at(k, act):
    """Whether what is done is cut off at the k-th instruction of Python's."""
    left = k

    def tracer(frame, event, arg):
        nonlocal left
        if frame.f_globals.get("__name__", "").startswith("tinygrad_edu"):
            frame.f_trace_opcodes = True
            if event == "opcode":
                left -= 1
                if left < 0:
                    sys.settrace(None)
                    raise KeyboardInterrupt
        return tracer

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 looks for this when tracing begins
    sys.settrace(tracer)
    try:
        act()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("n", [2, 80])  # lists; NumPy's columns
@pytest.mark.parametrize("make", [RULES[name][0] for name in ("nesterov", "adam", "rmsprop, all")])
def test_a_step_that_is_interrupted_anywhere_is_taken_wholly_or_not_at_all(make, n):
    start = make([Value(1.0 + i) for i in range(n)])
    for p in start.parameters:
        p.grad = 0.25
    start.step()

    def state(optimizer):
        return [p.data for p in optimizer.parameters], optimizer.state_dict()

    whole = copy.deepcopy(start)
    whole.step()
    k, taken = 0, 0
    while interrupted_at(k, (twin := copy.deepcopy(start)).step):
        assert state(twin) in (state(start), state(whole))
        taken += state(twin) == state(whole)
        k += 1 if n < 10 else 13
    assert k > 50 and taken < k and state(twin) == state(whole)


@pytest.mark.parametrize(
    "door", [lambda model: SGD(model.parameters(), 0.1), lambda model: model, lambda model: model([1.0, 2.0, 3.0])]
)
def test_interrupted_anywhere_zero_grad_leaves_all_gradients_or_none(door):
    model, k, outcomes = Neuron(3, seed=0), 0, set()
    for p in model.parameters():
        p.grad = 0.25
    owner = door(model)
    while interrupted_at(k, owner.zero_grad):
        left = {p.grad for p in model.parameters()}
        assert len(left) == 1
        outcomes |= left
        for p in model.parameters():
            p.grad = 0.25
        k += 1
    assert {p.grad for p in model.parameters()} == {0.0}
    if not (compiled and door(model) is not owner):  # of a graph the compiled engine does it in one call
        assert outcomes == {0.0, 0.25} and k > 10


def test_threads_that_step_take_turns():
    p = Value(0.0)
    p.grad = -1.0
    optimizer = SGD([p], lr=1.0)
    threads = [threading.Thread(target=lambda: [optimizer.step() for _ in range(100)]) for _ in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(interval)
    assert optimizer.steps == p.data == 800


@pytest.mark.parametrize("give", [[0.5, 0.5], None, ([0.5, 0.5], None), ([0.5], {}, {})])
def test_an_update_without_what_it_remembers_is_told_what_to_return(give):
    class Half(optim.Optimizer):
        def update(self, lr, data, grads):
            return give

    w = [Value(1.0), Value(2.0)]
    with pytest.raises(TypeError, match=r"Half\.update returns two things, .*: return data, self\.memory; it gave"):
        Half(w, lr=0.1).step()
    assert [p.data for p in w] == [1.0, 2.0]


@pytest.mark.parametrize("pair", [tuple, list])
@pytest.mark.parametrize("memory", [dict, UserDict])
def test_an_update_gives_any_pair_of_numbers_and_what_it_remembers(pair, memory):
    class Half(optim.Optimizer):
        def update(self, lr, data, grads):
            return pair([[x / 2 for x in data], memory()])

    w = [Value(1.0), Value(2.0)]
    Half(w, lr=0.1).step()
    assert [p.data for p in w] == [0.5, 1.0]


def test_a_rule_of_ones_own_must_give_a_number_for_each_parameter():
    class Wrong(optim.Optimizer):
        def update(self, lr, data, grads):
            return self.give, {}

    p, q = Value(1.0), Value(2.0)
    optimizer = Wrong([p, q], 0.1)
    for give, error in (([1.0], "update gave 1 numbers for 2 parameters"), ([1.0, None], "NoneType")):
        optimizer.give = give
        with pytest.raises((ValueError, TypeError), match=error):
            optimizer.step()
        assert (p.data, q.data, optimizer.steps) == (1.0, 2.0, 0)
    optimizer.give = (3, True)
    optimizer.step()
    assert [type(v.data) for v in (p, q)] == [float, float]


# Schedules

SCHEDULES = {
    "constant": (optim.constant(0.3), lambda k: 0.3),
    "linear": (optim.linear(1.0, 100, 0.1), lambda k: 1.0 - 0.9 * k / 100),
    "cosine": (optim.cosine(0.8, 200, warmup=40, end=0.2),
               lambda k: 0.8 * (k + 1) / 40 if k < 40 else 0.2 + 0.6 * (1 + math.cos(math.pi * (k - 40) / 160)) / 2),
    "cosine, no warm-up": (optim.cosine(1.0, 150), lambda k: math.cos(math.pi * k / 300) ** 2),
    "step": (optim.step_decay(1.0, 30, 0.5), lambda k: 0.5 ** (k // 30)),
    "exponential": (optim.exponential(2.0, 0.9), lambda k: 2.0 * 0.9**k),
}  # fmt: skip


@pytest.mark.parametrize(("schedule", "formula"), SCHEDULES.values(), ids=SCHEDULES)
def test_schedules_are_their_formulas(schedule, formula):
    assert [schedule(k) for k in range(100)] == pytest.approx([formula(k) for k in range(100)], rel=1e-12)


def test_schedules_stay_at_their_end():
    assert [optim.linear(1.0, 10, 0.1)(k) for k in (10, 11, 10**9)] == [0.1] * 3
    assert [optim.cosine(1.0, 10, 3, 0.1)(k) for k in (10, 11, 10**9)] == [0.1] * 3


def test_the_linear_schedule_has_micrograds_bits():
    schedule = optim.linear(1.0, 100, 0.1)
    assert [schedule(k) for k in range(100)] == [1.0 - 0.9 * k / 100 for k in range(100)]


# Clipping


def graded(*grads):
    ps = [Value(0.0) for _ in grads]
    for p, g in zip(ps, grads):
        p.grad = g
    return ps


def test_clipping_by_norm_keeps_the_direction():
    ps = graded(3.0, -4.0, 12.0)
    assert clip_by_norm(ps, 1.0) == 13.0
    assert [p.grad for p in ps] == pytest.approx([3 / 13, -4 / 13, 12 / 13])
    assert clip_by_norm(ps, 1.5) == pytest.approx(1.0)
    assert [p.grad for p in ps] == pytest.approx([3 / 13, -4 / 13, 12 / 13])


def test_huge_gradients_have_a_norm_too():
    ps = graded(3e200, 4e200)
    assert clip_by_norm(ps, 5.0) == pytest.approx(5e200)
    assert [p.grad for p in ps] == pytest.approx([3.0, 4.0])


def test_a_nan_is_never_hidden_by_clipping():
    ps = graded(math.nan, math.inf, 1.0)
    assert math.isnan(clip_by_norm(ps, 1.0))
    assert clip_by_value(ps, 0.5) == 2
    assert math.isnan(ps[0].grad)
    assert [p.grad for p in ps[1:]] == [0.5, 0.5]
    ps = graded(math.inf, 1.0)
    assert clip_by_norm(ps, 1.0) == math.inf
    assert math.isnan(ps[0].grad)
    assert ps[1].grad == 0.0


ERRORS = {
    "lr, the learning rate, must be at least 0 and finite, got -1": lambda p: SGD(p, -1),
    "got nan": lambda p: SGD(p, math.nan),
    "finite, got inf": lambda p: Adam(p, math.inf),
    "momentum must be at least 0 and below 1, got 1": lambda p: SGD(p, 0.1, momentum=1),
    "weight_decay must be at least 0": lambda p: AdamW(p, weight_decay=-0.1),
    "nesterov looks ahead along the momentum": lambda p: SGD(p, 0.1, nesterov=True),
    "betas[1] must be at least 0 and below 1, got 1.5": lambda p: Adam(p, betas=(0.9, 1.5)),
    "betas are two numbers": lambda p: Adam(p, betas=0.9),
    "eps must be above 0": lambda p: Adam(p, eps=0),
    "eps must be above 0:": lambda p: optim.RMSProp(p, eps=0),
    "alpha must be at least 0 and below 1, got 1": lambda p: optim.RMSProp(p, alpha=1),
    "a generator may have been used up": lambda p: [list(g := (v for v in p)), SGD(g, 0.1)],
    "there are no parameters": lambda p: SGD([], 0.1),
    "was computed by 'mul'": lambda p: SGD([p[0] * 2], 0.1),
    "max_norm must be above 0, got 0": lambda p: clip_by_norm(p, 0),
    "limit must be above 0, got -1": lambda p: clip_by_value(p, -1),
    "steps must be a whole number of at least 1, got 0": lambda p: optim.linear(1.0, 0),
    "warmup must be shorter than all 10 steps, got 10": lambda p: optim.cosine(1.0, 10, warmup=10),
}
TYPE_ERRORS = {
    "as in model.parameters(), not the MLP": lambda p: SGD(MLP(1, [1]), 0.1),
    "parameters are a list of Values, as in model.parameters(), got float 1.0": lambda p: Adam([1.0]),
    "parameters are a list of Values, as in model.parameters(), got int 3": lambda p: clip_by_norm(3, 1),
    "lr, the learning rate, must be a number: a number is needed here, not str 'fast'": lambda p: SGD(p, "fast"),
    "the learning rate of step 0 must be a number": lambda p: SGD(p, lambda step: None).step(),
    "betas[0] must be a number": lambda p: Adam(p, betas=("a", 0.9)),
    "got Value Value(1.0): one parameter is a list too, [p]": lambda p: SGD(p[0], 0.1),
    "parameters in a set have no order": lambda p: SGD(set(p), 0.1),
    "leave their names out": lambda p: SGD(MLP(1, [1]).named_parameters(), 0.1),
    "got list [Value(1.0)]: put them all into one list": lambda p: SGD([p, p], 0.1),
    "got dict {'params': [Value(1.0)]}: put them all into one list": lambda p: SGD([{"params": p}], 0.1),
    "got dict {'w': Value(1.0)}: put them all into one list": lambda p: SGD({"w": p[0]}, 0.1),
}


@pytest.mark.parametrize(("message", "wrong"), ERRORS.items(), ids=ERRORS)
def test_errors_say_what_is_allowed(message, wrong):
    with pytest.raises(ValueError) as caught:
        wrong([Value(1.0)])
    assert message in str(caught.value)


@pytest.mark.parametrize(("message", "wrong"), TYPE_ERRORS.items(), ids=TYPE_ERRORS)
def test_type_errors_say_what_is_allowed(message, wrong):
    with pytest.raises(TypeError) as caught:
        wrong([Value(1.0)])
    assert message in str(caught.value)


# Training

TRAINED = {
    "SGD": lambda ps: SGD(ps, 0.5),
    "momentum": lambda ps: SGD(ps, 0.1, momentum=0.9),
    "nesterov": lambda ps: SGD(ps, 0.1, momentum=0.9, nesterov=True),
    "Adam": lambda ps: Adam(ps, optim.cosine(0.1, 120, warmup=10)),
    "AdamW": lambda ps: AdamW(ps, optim.linear(0.1, 120), weight_decay=1e-3),
}


@pytest.mark.parametrize("make", TRAINED.values(), ids=TRAINED)
def test_a_small_regression_is_learned(make):
    xs = [-1.0, -0.5, 0.0, 0.5, 1.0]
    mlp = MLP(1, [6, 1], activation="tanh", init="xavier", seed=0)
    optimizer = make(mlp.parameters())
    first = mse([mlp(x) for x in xs], [x * x for x in xs]).data
    for _ in range(120):
        loss = mse([mlp(x) for x in xs], [x * x for x in xs])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.data < 0.1 * first


@pytest.mark.parametrize("wrong, told", [
    (lambda net: net.parameters, r"got method .*: call it, with \(\)"),
    (lambda net: dict(net.named_parameters()).items(), "got tuple .*: leave their names out"),
    (lambda net: net.named_parameters(), "got tuple .*: leave their names out"),
    (lambda net: net, "pass the parameters themselves"),
])  # fmt: skip
def test_what_is_nearly_a_list_of_parameters_is_told_what_is_missing(wrong, told):
    with pytest.raises(TypeError, match=told):
        optim.SGD(wrong(nn.MLP(1, [1])), lr=0.1)
