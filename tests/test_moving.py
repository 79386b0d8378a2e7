"""What was built here, in PyTorch and JAX: the same layers, the same numbers, the same training, the same gradients."""

import inspect
import math
import random
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")

from benchmarks import moving  # noqa: E402
from tinygrad_edu import Op, Value, data, extras, interop, losses, nn, ops, optim  # noqa: E402
from tinygrad_edu import functional as F  # noqa: E402
from tinygrad_edu.engine import chain_rule  # noqa: E402
from tinygrad_edu.errors import UserError  # noqa: E402
from tinygrad_edu.interop import (  # noqa: E402
    TensorGraph,
    compare_training,
    counterpart,
    counterparts,
    explain_torch,
    libraries,
    models,
    steps,
    to_jax,
    to_torch,
    torch_layers,
)
from tinygrad_edu.strategies import programs  # noqa: E402

needs_torch = pytest.mark.skipif(not find_spec("torch"), reason="to_torch needs PyTorch")
needs_jax = pytest.mark.skipif(not find_spec("jax"), reason="to_jax needs JAX")
in_both = pytest.mark.parametrize(
    "library", [pytest.param("torch", marks=needs_torch), pytest.param("jax", marks=needs_jax)]
)


QUICK = {"xla_backend_optimization_level": 0}  # to compile takes longer than to run


def drawn(*shape, rng=random.Random(0)):  # noqa: B008
    return [drawn(*shape[1:]) for _ in range(shape[0])] if shape else rng.gauss(0, 1)


def numbers(x):
    return [numbers(v) for v in x] if isinstance(x, (list, tuple)) else float(x)


def squash(z):
    return 1.7159 * (2 / 3 * z).tanh()


# One of each class of layers, and a batch for it.
LAYERS = {
    "MLP": (lambda: nn.MLP(3, [4, 4, 2], activation="gelu", output="sigmoid", seed=0), drawn(2, 3)),
    "one output": (lambda: nn.MLP(3, [4, 1], activation=squash, seed=0), drawn(2, 3)),
    "Neuron": (lambda: nn.Neuron(3, seed=0, bias=False), drawn(2, 3)),
    "Layer": (lambda: nn.Layer(3, 2, activation=ops.leaky_relu(0.2), expand=True, seed=1), drawn(2, 3)),
    "Linear": (lambda: nn.Linear(3, 2, seed=0), drawn(2, 3)),
    "maps": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3, stride=2, padding=1, activation="relu", seed=0), nn.BatchNorm(3),
                                   nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3, 2, seed=0)).eval(), drawn(2, 2, 5, 4)),
    "maps of units": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3, padding=1, pad_value=-1.0, bias="unit", size=(4, 3),
                                                      table=[[0], [1], [0, 1]], activation="tanh", seed=0),
                                            nn.AvgPool2d(2, 1), nn.GroupNorm(1, 3)), drawn(2, 2, 4, 3)),
    "norms": (lambda: nn.Sequential(nn.Linear(3, 4, seed=0), nn.LayerNorm(4), ops.sin, nn.RMSNorm(4),
                                    nn.RMSNorm(4, affine=False), F.softmax, nn.GroupNorm(2, 4), nn.Dropout(0.5),
                                    nn.BatchNorm(4), F.log_softmax).eval(), drawn(2, 3)),
    "attention": (lambda: nn.MultiheadAttention(4, 2, causal=True, seed=0), drawn(2, 3, 4)),
    "attention without bias": (lambda: nn.MultiheadAttention(4, 2, bias=False, seed=0), drawn(2, 3, 4)),
    "RNN": (lambda: nn.RNN(2, 3, activation="relu", seed=0), drawn(2, 2, 2)),
    "LSTM": (lambda: nn.LSTM(2, 3, seed=0), drawn(2, 2, 2)),
    "GRU": (lambda: nn.GRU(2, 3, seed=0), drawn(2, 2, 2)),
    "Embedding": (lambda: nn.Embedding(4, 3, seed=0), [0, 3, 3]),
    "nothing": (lambda: nn.Sequential(), drawn(2, 3)),
}  # fmt: skip


def made(name):
    make, X = LAYERS[name]
    model, rng = make(), random.Random(1)
    for p in model.parameters():
        p.data = rng.gauss(0, 0.5)
    for norm in model.modules():
        for _, v in norm._kept():
            v.data = rng.uniform(0.5, 1.5)
    return model, X


def first(outputs):
    return outputs[0] if isinstance(outputs, tuple) else outputs


def weighed(outputs):
    """One number that every output moves, each in its own way."""
    flat = counterparts.flat_values(outputs)
    return F.dot(flat, [math.cos(k) for k in range(len(flat))])


def expected(model, X):
    """Outputs for each sample, and the gradient of their weighed sum by each parameter."""
    outputs = [first(model(x)) for x in X]
    return outputs, slopes(weighed(outputs)) if model.parameters() else {}


def slopes(root):
    """The gradient of a Value by every node."""
    return chain_rule(root, 1.0, lambda n: n.op.slopes(*n.numbers))


def gap(tree, found, totals):
    """The largest difference between gradients here and there."""
    pairs = zip(counterparts.flat_values(tree), np.ravel(found).tolist(), strict=True)
    return max([abs(totals.get(v, 0.0) - g) for v, g in pairs if isinstance(v, Value)], default=0.0)


@needs_torch
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_in_pytorch_has_the_same_outputs_and_gradients_and_so_has_its_source(name):
    import torch

    model, X = made(name)
    outputs, totals = expected(model, X)
    there = to_torch(model)
    given = torch.tensor(X, dtype=torch.long if name == "Embedding" else torch.float64)
    out = first(there(given))
    right = np.array(numbers(outputs))
    assert np.abs(out.detach().numpy().reshape(right.shape) - right).max() < 1e-13
    if totals:
        (out.flatten() * torch.cos(torch.arange(out.numel(), dtype=torch.float64))).sum().backward()
        weights, seen = models.Translation(model).weights, set()
        for path, p in there.named_parameters():
            if p.requires_grad:
                seen.update(v for v in counterparts.flat_values(weights[path]) if isinstance(v, Value))
                assert gap(weights[path], p.grad.numpy(), totals) < 1e-12, path
        assert seen == {*model.parameters()}
    scope = {}
    exec(there.source, scope)
    scope["model"].load_state_dict(there.state_dict())
    again = first(scope["model"].train(model.training)(given))
    assert torch.equal(again, out) and repr(scope["model"]) == repr(there)


@needs_jax
def test_a_layer_in_jax_has_the_same_outputs_and_gradients_for_a_sample_and_for_many():
    import jax

    alike = ("one output", "Neuron", "Layer", "attention without bias")  # as others here, and more to compile
    cases = {name: made(name) for name in LAYERS if name not in alike}
    there = {name: to_jax(model) for name, (model, _) in cases.items()}

    def every(params):  # one compilation for all of them
        outputs = {name: first(apply(params[name], np.array(cases[name][1]))) for name, (_, apply) in there.items()}
        single = {
            name: first(there[name][1](params[name], np.array(cases[name][1][0])))
            for name in there
            if name in ("MLP", "attention", "maps of units")
        }
        total = sum([(out.reshape(-1) * np.cos(np.arange(out.size))).sum() for out in outputs.values()])
        return total, (outputs, single)

    with libraries.double():
        both = jax.jit(jax.value_and_grad(every, has_aux=True), compiler_options=QUICK)
        (_, (outputs, single)), gradients = both({name: params for name, (params, _) in there.items()})
    for name, (model, X) in cases.items():
        right, totals = expected(model, X)
        right = np.array(numbers(right))
        assert np.abs(np.asarray(outputs[name]).reshape(right.shape) - right).max() < 1e-13, name
        if name in single:
            assert np.abs(np.asarray(single[name]).reshape(right[0].shape) - right[0]).max() < 1e-13, name
        found, seen = dict(models.named_trees(gradients[name])), set()  # JAX sorts the names
        for path, here in models.named_trees(counterparts.of_jax(model)[0]) if totals else []:
            assert gap(here, found[path], totals) < 1e-12, (name, path)
            seen.update(v for v in counterparts.flat_values(here) if isinstance(v, Value))
        assert seen == {*model.parameters()}


def test_every_class_of_layers_has_a_row_in_both_tables_and_an_example():
    kinds = {kind for name in nn.__all__ if isinstance(kind := getattr(nn, name), type)} - {nn.Module}
    torch = {k for k in counterparts.TORCH if isinstance(k, type)} - {Op}
    tried = {type(m) for make, _ in LAYERS.values() for m in make().modules()}
    for where, there in {
        "interop/torch_layers.py": torch, "interop/jax_layers.py": {*counterparts.JAX} & kinds,
        "LAYERS, in tests/test_moving.py": tried,
    }.items():  # fmt: skip
        assert there == kinds, f"a line of {where} for: {[k.__name__ for k in kinds ^ there]}"


ROWS = [*ops.TABLE.values(), ops.gap, ops.bell, ops.power(2.5), ops.power(-2), ops.clip(None, 1.0), ops.leaky_relu(0.3)]
COARSE = {"digamma": 1e-8, "polygamma(1)": 1e-8}  # PyTorch's own has no more digits


def place(interval, rng):
    lo, hi = interval
    lo = max(lo, -2.0) + 0.05
    return rng.uniform(lo, min(hi, lo + 3) - 0.05)


@needs_torch
def test_every_row_has_the_same_value_and_slopes_in_pytorch():
    rng = random.Random(3)
    for op in [op for op in ROWS if ... not in op.domain]:
        xs = [place(d, rng) for d in op.domain]
        leaves = [Value(x) for x in xs]
        y = op(*leaves)
        value, gradient = evaluated(TensorGraph(y, leaves), xs, "torch")
        assert np.allclose(
            [value, *gradient], [y.data, *y.local_grads()], rtol=COARSE.get(op.name, 1e-13), atol=1e-14
        ), op


@needs_jax
def test_every_row_has_the_same_slopes_in_jax():
    import jax

    rng = random.Random(3)
    special = {"digamma", "polygamma(1)", "lgamma", "erfinv"}  # each takes longer to compile than all others
    some = [op for op in ROWS if ... not in op.domain and op.name not in special]
    cases = [(op, [place(d, rng) for d in op.domain]) for op in some]

    def every(cases_):  # one compilation for all of them
        return sum(libraries.row_function(op, "jax")(*xs) for (op, _), xs in zip(cases, cases_))

    with libraries.double():
        both = jax.jit(jax.value_and_grad(every), compiler_options=QUICK)
        value, slopes = both([xs for _, xs in cases])
    for (op, xs), there in zip(cases, slopes):
        assert np.allclose([float(d) for d in there], op.slopes(op(*xs), *xs), rtol=1e-13, atol=1e-14), op
    assert float(value) == pytest.approx(sum(op(*xs) for op, xs in cases), rel=1e-13)


def evaluated(graph, xs, library):
    """The value of a graph and its gradient at some numbers."""
    if library == "jax":
        value, gradient = graph.jax(np.array(xs, float))
        return value, np.asarray(gradient).tolist()
    import torch

    theta = torch.tensor(xs, dtype=torch.float64, requires_grad=True)
    y = graph.torch(theta)
    if y.requires_grad:
        y.backward()
    return y.item(), [0.0] * len(xs) if theta.grad is None else theta.grad.tolist()


@needs_torch
@pytest.mark.filterwarnings("ignore")
def test_random_graphs_have_the_same_value_and_gradient():
    from hypothesis import given, settings

    @settings(max_examples=40)
    @given(programs())
    def check(program):
        leaves = [Value(x) for x in program.inputs]
        y = program(*leaves)
        if not isinstance(y, Value) or not y.parents:
            return
        right = [y.data, *(slopes(y).get(v, 0.0) for v in leaves)]
        moved = [Value(x * (1 + 1e-13) + 1e-15) for x in program.inputs]
        z = program(*moved)
        near = [z.data, *(slopes(z).get(v, 0.0) for v in moved)]
        value, gradient = evaluated(TensorGraph(y, leaves), program.inputs, "torch")
        for a, b, c in zip([value, *gradient], right, near):
            assert abs(a - b) <= 1e-11 * (1 + abs(b)) + 30 * abs(b - c) or b != b or math.isinf(b), program

    check()


OPTIMIZERS = {
    "sgd": lambda ps: optim.SGD(ps, lr=0.1),
    "momentum": lambda ps: optim.SGD(ps, lr=optim.linear(0.1, 20), momentum=0.9, weight_decay=0.01),
    "nesterov": lambda ps: optim.SGD(ps, lr=0.05, momentum=0.8, nesterov=True),
    "adam": lambda ps: optim.Adam(ps, lr=0.02, betas=(0.8, 0.99), weight_decay=0.1),
    "adamw": lambda ps: optim.AdamW(ps, lr=optim.cosine(0.02, 20)),
    "rmsprop": lambda ps: optim.RMSProp(ps, lr=0.01, alpha=0.9, momentum=0.5, centered=True, weight_decay=0.01),
    "adagrad": lambda ps: optim.Adagrad(ps, lr=0.05, weight_decay=0.01),
}
TARGETS = {"cross_entropy": [0, 2, 1, 2], "nll": [0, 2, 1, 2], "categorical_cross_entropy": [0, 2, 1, 2],
           "multiclass_hinge": [0, 2, 1, 2], "hinge": [1, -1, -1, 1], "binary_cross_entropy": [1, 0, 0.5, 1],
           "binary_cross_entropy_with_logits": [1, 0, 0.5, 1], "mse": [0.5, -1, 3, 2], "mae": [0.5, -1, 3, 2],
           "huber": [0.5, -1, 3, 2]}  # fmt: skip


def small(loss, seed=0, activation="tanh", hidden=(4, 4)):
    output = "sigmoid" if loss in ("binary_cross_entropy", "categorical_cross_entropy") else "linear"
    return nn.MLP(2, [*hidden, 3 if loss in steps.CLASSES else 1], activation=activation, output=output, seed=seed)


@needs_torch
@pytest.mark.parametrize("way", OPTIMIZERS)
def test_every_optimizer_takes_the_same_twenty_steps(way):
    X, y = data.moons(8, seed=0)
    model = small("mse")
    found = compare_training(model, X, y, loss="mse", optimizer=OPTIMIZERS[way](model.parameters()))
    assert found and not found.why and len(found.steps) == 20
    assert found.steps[-1].here != found.steps[0].here


def test_every_optimizer_is_compared_with_all_of_its_settings():
    kinds = {k for k in vars(optim).values() if isinstance(k, type) and issubclass(k, optim.Optimizer)}
    kinds -= {optim.Optimizer}
    assert kinds == {*steps.OPTIMIZERS}, "OPTIMIZERS in interop/steps.py has it, or it is excepted here"
    made = {type(make([Value(1.0)])) for make in OPTIMIZERS.values()}
    assert kinds == made, "add one with settings of its own to OPTIMIZERS, in tests/test_moving.py"
    for kind, (_, known) in steps.OPTIMIZERS.items():
        assert {*inspect.signature(kind).parameters} - {"parameters", "lr"} == {*known}, kind


def test_every_loss_of_predictions_and_targets_has_a_counterpart_but_for_the_divergence():
    names = {*losses.__all__} - {"kl_divergence", "l2"}
    assert names == {*steps.LOSSES}, "LOSSES of interop/steps.py says what it is in PyTorch and in JAX"
    assert names == {*TARGETS}, "add four targets to TARGETS, in tests/test_moving.py"


@in_both
@pytest.mark.parametrize("loss", ["cross_entropy", "kl_divergence"])
def test_of_targets_that_are_shares_the_graph_is_followed(loss, library):
    model = nn.Sequential(nn.Linear(2, 3, seed=0), F.softmax)
    shares = [[0.2, 0.5, 0.3], [0.8, 0.1, 0.1]]
    found = compare_training(model, drawn(2, 2), shares, loss=loss, lr=0.1, steps=3, library=library)
    assert found and found.why


@needs_torch
@pytest.mark.parametrize("kind", ["lists", "NumPy", "NumPy in single precision", "PyTorch"])
def test_samples_and_targets_may_be_arrays_and_tensors(kind):
    import torch

    make = {"lists": list, "NumPy": np.array, "PyTorch": torch.tensor}.get(kind, lambda x: np.array(x, np.float32))
    X = drawn(3, 2, rng=random.Random(0))
    for loss in ("mse", "cross_entropy"):
        found = compare_training(small(loss), make(X), make([0, 2, 1]), loss=loss, lr=0.1, steps=3)
        assert found and not found.why


@in_both
def test_a_layer_that_reads_places_may_stand_inside_of_others(library):
    class Reader(nn.Module):
        def __init__(self):
            self.table, self.out = nn.Embedding(3, 2, seed=0), nn.Linear(2, 2, seed=0)

        def __call__(self, x):
            return self.out(self.table(x))

    counterpart(Reader, layers=lambda reader: [reader.table, reader.out])
    for model in (Reader(), nn.Sequential(nn.Sequential(nn.Embedding(3, 2, seed=0)))):
        found = compare_training(model, [0, 2, 2], drawn(3, 2), loss="mse", lr=0.1, steps=3, library=library)
        assert found and not found.why


@needs_torch
@pytest.mark.parametrize("loss", steps.LOSSES)
def test_every_loss_is_pytorchs(loss):
    model, X = small(loss, hidden=(3,)), drawn(4, 2, rng=random.Random(5))
    found = compare_training(model, X, TARGETS[loss], loss=loss, lr=0.1)
    assert found and not found.why


@in_both
@pytest.mark.parametrize("loss", ["mae", "huber", "hinge"])
def test_at_the_kink_of_a_loss_its_gradient_is_the_same_there(loss, library):
    model = nn.MLP(1, [1], seed=0)
    weight, bias = model.parameters()
    weight.data, bias.data = 0.0, 1.0  # it gives 1, whatever it is given
    targets = {"mae": [1, 1], "huber": [0, 2], "hinge": [1, -1]}[loss]
    found = compare_training(model, [[1], [2]], targets, loss=loss, lr=0.1, steps=2, library=library)
    assert found and not found.why


@in_both
@pytest.mark.parametrize("target", ["a", None])
def test_a_target_that_is_no_number_is_told(target, library):
    told = "samples and targets are numbers|needs its targets in a list|a number is needed"
    with pytest.raises((UserError, TypeError), match=told):
        compare_training(small("mse"), [[1.0, 2.0]], [target], loss="mse", lr=0.1, library=library)


@needs_jax
def test_every_loss_in_jax_has_the_same_value_and_gradient():
    import jax

    rng, cases = random.Random(5), {}
    for loss, y in TARGETS.items():
        shape = (4, 3) if loss in steps.CLASSES else (4,)
        cases[loss] = np.array(drawn(*shape, rng=rng)), np.array(y)
        if loss in ("binary_cross_entropy", "categorical_cross_entropy"):
            cases[loss] = 1 / (1 + np.exp(-cases[loss][0])), cases[loss][1]

    def every(outs):
        scope = {"jax": jax, "jnp": jax.numpy}
        each = {
            loss: eval(steps.LOSSES[loss][1], {**scope, "out": outs[loss], "y": y}) for loss, (_, y) in cases.items()
        }
        return sum(each.values()), each

    with libraries.double():
        both = jax.jit(jax.value_and_grad(every, has_aux=True), compiler_options=QUICK)
        (_, each), gradients = both({loss: out for loss, (out, _) in cases.items()})
    for loss, (out, _) in cases.items():
        outs = [[Value(x) for x in row] if out.ndim == 2 else Value(row) for row in out.tolist()]
        right = getattr(losses, loss)(outs, TARGETS[loss])
        totals = slopes(right)
        assert float(each[loss]) == pytest.approx(right.data, rel=1e-13), loss
        assert gap(outs, np.asarray(gradients[loss]), totals) < 1e-13, loss


@needs_torch
@pytest.mark.parametrize("seed", range(6))
def test_random_networks_take_the_same_twenty_steps(seed):
    rng = random.Random(seed)
    hidden = [rng.randint(1, 6) for _ in range(rng.randint(0, 3))]
    bend = rng.choice(["tanh", "relu", "gelu", "silu", "softplus", "sin", squash])
    model = nn.MLP(3, [*hidden, 2], activation=bend, seed=seed)
    found = compare_training(model, drawn(5, 3, rng=rng), drawn(5, 2, rng=rng), loss="mse", lr=0.05)
    assert found and not found.why, found


@in_both
def test_the_graph_of_a_loss_of_ones_own_takes_the_same_steps(library):
    model, X = nn.MLP(2, [3, 1], activation=lambda z: z.tanh() * 2, seed=0), drawn(4, 2)
    cube = Op("cube", lambda x: x * x * x, lambda y, x: (3 * x * x,))

    def loss(outputs, targets):
        return F.mean([cube(out - t) ** 2 for out, t in zip(outputs, targets)]) + losses.l2(model.parameters())

    found = compare_training(model, X, [0, 1, 0, 1], loss=loss, optimizer="adam", library=library, steps=8)
    assert found and "no counterpart" in found.why


@in_both
def test_a_graph_is_computed_of_one_number_for_each_parameter_and_of_no_others(library):
    a, b = Value(2.0, "a"), Value(3.0, "b")
    L = (a * b).tanh() + a
    for xs in ([2.0], [2.0, 3.0, 4.0], [[2.0], [3.0]]):
        with pytest.raises(UserError, match="2 parameters: give their numbers in one row, not .* of shape"):
            evaluated(TensorGraph(L, [a, b]), xs, library)
    for wrong, said in (([a, a], "twice"), ([a, L], "is the root")):
        with pytest.raises(UserError, match=said):
            TensorGraph(L, wrong)
    with pytest.raises(TypeError, match="parameters are Values, got float"):
        TensorGraph(L, [2.0])
    with pytest.raises(UserError, match="without samples, loss.k. is a function .*got 'mse'"):
        compare_training(None, loss="mse", optimizer=optim.SGD([a], lr=0.1), library=library)


@needs_torch
def test_a_row_whose_gradient_is_not_the_slope_of_its_value_keeps_its_own_gradient(library="torch"):
    straight = Op("straight", lambda x: ops.sign(x), lambda y, x: (1.0 + 0 * x,))
    x = Value(0.3)
    assert evaluated(TensorGraph(straight(x) * 2, [x]), [0.3], library) == (2.0, [2.0])


@needs_torch
def test_what_was_drawn_stays_drawn_and_what_asks_for_numbers_is_named():
    from tinygrad_edu.stochastic import Bernoulli, reply, surrogate

    t = Value(0.3)
    b = Bernoulli(t).sample(noise=0.1)
    loss = surrogate([(b - 0.45) ** 2 + reply(2.0, b)])
    value, gradient = evaluated(TensorGraph(loss, [t]), [0.3], "torch")
    assert value == pytest.approx(loss.data) and gradient == pytest.approx([slopes(loss)[t]])
    mine = Op("mine", lambda x: math.exp(x), lambda y, x: (float(y),))
    with pytest.raises(UserError, match="PyTorch cannot compute the row 'mine'"):
        evaluated(TensorGraph(mine(t), [t]), [0.3], "torch")


@needs_torch
@pytest.mark.parametrize("wrong", ["a loss", "an activation", "an optimizer"])
def test_a_training_that_is_not_the_same_is_told_with_its_step_and_place(wrong, monkeypatch):
    if wrong == "a loss":
        monkeypatch.setitem(steps.LOSSES, "mse", ("F.mse_loss(out, y) * 1.0001", ""))
    elif wrong == "an activation":
        monkeypatch.setitem(torch_layers.MODULES, "tanh", "Hardtanh()")
    else:
        monkeypatch.setitem(steps.OPTIMIZERS, optim.SGD, ("SGD", {"weight_decay": "weight_decay"}))
    model = small("mse")
    sgd = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    found = compare_training(model, drawn(4, 2), TARGETS["mse"], loss="mse", optimizer=sgd, steps=3)
    assert not found
    where = "step 2, in the parameter of mlp" if wrong == "an optimizer" else "step 1, in the loss"
    assert f"first at {where}" in " ".join(str(found).split())


@needs_torch
def test_of_a_model_in_training_the_same_numbers_are_dropped_in_both():
    model = nn.Sequential(nn.Linear(2, 8, seed=0), nn.Dropout(0.5, seed=0), nn.Linear(8, 1, seed=1))
    samples = drawn(3, 2), drawn(3, 1)
    found = compare_training(model, *samples, loss="mse", lr=0.1, steps=5)
    assert found and "Dropout" in found.why
    assert not compare_training(model.eval(), *samples, loss="mse", lr=0.1, steps=5).why


class Leaky(nn.Module):
    def __init__(self):
        self.slope = Value(0.25)

    def __call__(self, z):
        return ops.maximum(z, 0) + self.slope * ops.minimum(z, 0)


@in_both
def test_an_activation_that_learns_is_followed_through_the_graph(library):
    model = nn.MLP(2, [3, 1], activation=Leaky(), seed=0)
    assert model.parameters()[0].label == "mlp.activation.slope"
    found = compare_training(model, drawn(3, 2), [1.0, 0.0, 2.0], loss="mse", lr=0.1, steps=4, library=library)
    assert found and "the activation Leaky reads" in found.why


@needs_torch
def test_a_model_may_be_any_function_of_values():
    w = Value(0.5, label="w")
    line = optim.SGD([w], lr=0.1)
    found = compare_training(lambda x: w * x[0], [[1.0], [2.0]], [3.0, 5.0], loss="mse", optimizer=line, steps=3)
    assert found and "no Module" in found.why


@needs_torch
def test_a_comparison_changes_neither_model_nor_optimizer():
    model = small("mse")
    adam = optim.Adam(model.parameters(), lr=0.1)
    model(drawn(2)).backward()
    before = [(p.data, p.grad) for p in model.parameters()], adam.state_dict()
    compare_training(model, drawn(4, 2), TARGETS["mse"], loss="mse", optimizer=adam, steps=2)
    assert before == ([(p.data, p.grad) for p in model.parameters()], adam.state_dict())


@needs_torch
def test_what_cannot_be_moved_is_named_with_what_to_do():
    class Scale(nn.Module):
        def __init__(self):
            self.gain = Value(2.0)

        def __call__(self, xs):
            return [self.gain * x for x in xs]

    net, twice = nn.Sequential(nn.Linear(2, 2), Scale(), name="net"), nn.Linear(2, 2)
    for move, name in ((to_torch, "torch"), *[(to_jax, "jax")] * bool(find_spec("jax"))):
        with pytest.raises(
            UserError, match=rf"'net.steps.1', of class Scale, has no counterpart.*counterpart\(Scale, {name}="
        ) as e:
            move(net)
        assert "layers=lambda" in str(e.value)
        with pytest.raises(UserError, match=r"neurons.0.w\[0\] is used in two places"):
            move(nn.Sequential(twice, twice))
        with pytest.raises(UserError, match="'sequential.steps.1', which is a lambda, .* define it as a function f"):
            move(nn.Sequential(twice, lambda x: x))
        for given, said in (([twice], r"nn.Sequential\(\*layers\)"), (nn.MLP, "got the class MLP"), (None, "got None")):
            with pytest.raises(TypeError, match=said):
                move(given)
    counterpart(Scale, layers=lambda scale: [])
    with pytest.raises(UserError, match="says nothing"):
        counterpart(Scale)
    with pytest.raises(TypeError, match="a class of layers or a function, got str 'Scale'"):
        counterpart("Scale", layers=lambda scale: [])
    with pytest.raises(UserError, match="the activation Leaky reads Value.0.25, .*slope'., which can learn here"):
        to_torch(nn.Neuron(1, activation=Leaky()))
    for most in (0, 100):
        with pytest.raises(UserError, match="is not one formula"):
            to_torch(nn.Neuron(1, activation=lambda z, most=most: z * 2 if z > most else z * 3))
    with pytest.raises(UserError, match="nn.RNN has tanh and relu"):
        to_torch(nn.RNN(1, 1, activation="sigmoid"))
    with pytest.raises(UserError, match="there is no library 'tensorflow'.*'torch' or 'jax'"):
        compare_training(small("mse"), [[1, 2]], [1], loss="mse", lr=1.0, library="tensorflow")
    with pytest.raises(UserError, match="X and y come together"):
        compare_training(small("mse"), [[1, 2]], loss="mse", lr=1.0)
    with pytest.raises(ValueError, match="at least one sample, got 0"):
        compare_training(small("mse"), [], [], loss="mse", lr=1.0)
    with pytest.raises(TypeError, match="loss must be a name or a function such as losses.mse, got None"):
        compare_training(small("mse"), [[1, 2]], [1], loss=None, lr=1.0)
    for within in (-1.0, math.nan, "1e-12"):
        with pytest.raises(UserError, match="within is the largest difference"):
            compare_training(small("mse"), [[1, 2]], [1], loss="mse", lr=1.0, within=within)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"torch": lambda net: "nn.Linear(2, 2)"}, r"torch=f\), gives a Counterpart, got 'nn.Linear"),
        ({"jax": lambda net: lambda p, x: x}, r"jax=f\), gives a dict of parameters and a function"),
        ({"jax": lambda net: (lambda p, x: x, {})}, r"jax=f\), gives a dict of parameters and a function"),
        ({"layers": lambda net: net.inner}, r"'sequential.steps.0', .*layers=f\), gives a list of layers, got Linear"),
    ],
)
def test_a_row_in_another_form_is_told(row, said):
    class Whole(nn.Module):
        def __init__(self):
            self.inner = nn.Linear(2, 2)

        def __call__(self, xs):
            return self.inner(xs)

    counterpart(Whole, **row)
    moved = counterparts.of_jax if "jax" in row else counterparts.of_torch
    with pytest.raises(TypeError, match=said):
        moved(nn.Sequential(Whole()))


@needs_torch
def test_a_row_of_ones_own_is_a_layer_of_both_libraries():
    class Gain(nn.Module):
        def __init__(self, size):
            self.size, self.gain = size, [Value(1.0 + k) for k in range(size)]

        def __call__(self, xs):
            return [g * x for g, x in zip(self.gain, xs)]

    text = """class Gain(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return self.gain * x"""
    counterpart(Gain, torch=lambda g: interop.Counterpart(f"Gain({g.size})", {"gain": g.gain}, {"Gain": text}),
                jax=lambda g: ({"gain": g.gain}, lambda p, x: p["gain"] * x))  # fmt: skip
    model = nn.Sequential(nn.Linear(2, 3, seed=0), Gain(3), ops.tanh)
    found = compare_training(model, drawn(3, 2), drawn(3, 3), loss="mse", lr=0.1, steps=4)
    assert found and not found.why
    if find_spec("jax"):
        assert [list(p) for p in to_jax(model)[0]["steps"]] == [["w", "b"], ["gain"], []]


# The zoo, on few samples; `python -m benchmarks.moving` has it at full size, in both libraries.
PAGE = (Path(__file__).parent.parent / "docs" / "moving.md").read_text("utf-8")


@needs_torch
@pytest.mark.parametrize("name", moving.SYSTEMS)
def test_a_training_of_the_zoo_takes_the_same_twenty_steps_in_the_way_that_is_told(name):
    found = moving.measured(name, "torch", small=True, steps=20)
    way = "graph" if found.why else "layers"
    assert found
    assert re.search(rf"^\| {re.escape(name)} \| [\d,]+ \| {way} \|", PAGE, re.M), (
        f"docs/moving.md has its row, the one of python -m benchmarks.moving --only '{name}'"
    )


@needs_torch
def test_the_table_of_the_zoo_has_a_row_for_each_training_and_every_system_has_one(capsys):
    from tinygrad_edu import zoo

    assert moving.main(["--only", "exclusive", "--small", "--steps", "2", "--library", "torch"]) == 0
    assert re.search(r"\| perceptron, exclusive or \| 17 \| layers \| \d+e-1\d \|$", capsys.readouterr().out)
    shown = {name.split(",")[0] for name in moving.SYSTEMS}
    assert shown == {one.name for one in zoo.SYSTEMS}, "add a training of it to SYSTEMS, in benchmarks/moving.py"


# What PyTorch's backward pass did


@needs_torch
def test_beside_ours_every_edge_hands_on_the_same_in_pytorch():
    rng = random.Random(0)
    for op in [op for op in ROWS if ... not in op.domain and op.name not in COARSE]:
        x, *others = [Value(place(d, rng)) for d in op.domain]
        b = Value(0.25)
        root = F.dot([op(x, *others), b, b], [x, b, x], 1.5 * x) + b
        found = explain_torch(root)
        for e, there in found.handed.items():
            assert there is None or math.isclose(e.contribution, there, rel_tol=1e-12, abs_tol=1e-14), (op, e)
        for leaf, there in found.leaves.items():
            assert math.isclose(found.walk.totals[leaf], there, rel_tol=1e-12, abs_tol=1e-14), op
        assert {x, b} <= {*found.leaves} and str(found)


@needs_torch
def test_the_names_of_both_stand_side_by_side():
    w, x, b = Value(-0.5, "w"), Value(2.0, "x"), Value(0.8, "b")
    told = str(explain_torch((w * x + b).tanh() ** 2))
    for line in (r"v1 .*w \* x .*MulBackward0", r"v3 .*tanh\(v2\) .*TanhBackward0", "AccumulateGrad"):
        assert re.search(line, told), line
    assert w.grad == 0.0


@needs_torch
def test_a_tensors_own_graph_is_told_step_by_step_and_stays_as_it_is():
    import torch

    w = torch.tensor(-0.5, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    L = ((w * 2.0 + b).tanh() - 1.0) ** 2 + 0.1 * w**2
    found = explain_torch(L)
    told = str(found)
    assert "TanhBackward0 → AddBackward0 2   tanh    -2.395 ×  0.961 = -2.301" in told
    assert "w     -0.1 + (-4.603) = -4.703  None" in told
    assert w.grad is None
    L.backward()
    assert {name: g.item() for name, g in found.leaves.items()} == {"w": w.grad.item(), "b": b.grad.item()}


@needs_torch
def test_layers_are_told_with_their_shapes_and_the_names_of_their_parameters():
    import torch

    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    told = str(explain_torch(torch.nn.functional.mse_loss(net(torch.ones(5, 2)), torch.ones(5, 1))))
    assert "TanhBackward0 → AddmmBackward0 2  tanh        5 × 3 numbers → 5 × 3 numbers" in told
    assert "net.0.weight  3 × 2 numbers" in told and "only puts numbers in another place" in told


@needs_torch
def test_what_has_several_outputs_and_what_is_of_ones_own_are_told_as_any_other():
    import torch

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(context, a, b):
            context.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(context, g):
            a, b = context.saved_tensors
            return g * b, g * a

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    a, b = (torch.tensor(v, requires_grad=True) for v in (2.0, 3.0))
    assert re.search(r"ProductBackward → a +\(no row\) +2 × +3 = 6", str(explain_torch(Product.apply(a, b) * 2)))
    assert re.search(r"UnbindBackward0 → x +\(arranges\) +2 tensors → \[1, 1\]", str(explain_torch(sum(x.unbind()))))
    for root in (x.split(1)[1].sum(), (torch.complex(x, x) * 2).abs().sum(), sum(torch.aminmax(a * b))):
        root.backward(retain_graph=True)
        held = x.grad if x.grad is not None else a.grad
        found = explain_torch(root)
        assert str(found) and torch.equal(found.leaves["a" if x.grad is None else "x"], held)
        x.grad = a.grad = b.grad = None


@needs_torch
def test_a_tensor_that_cannot_be_explained_says_why():
    import torch

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    used = (x * x).sum()
    used.backward()
    for given, said in ((x * 2, r"shape \(2,\): give its sum"), (torch.tensor(1.0), "requires_grad=True"),
                        (torch.tensor(1.0, requires_grad=True), "nothing computed it"), (used, "used up: backward"),
                        ((x * 1j).sum(), "this one is complex"),
                        (Value(1.0), "computed by nothing")):  # fmt: skip
        with pytest.raises(UserError, match=said):
            explain_torch(given)
    with pytest.raises(TypeError, match="a Value or a tensor of PyTorch, got float"):
        explain_torch(1.0)


# Without them


def test_without_pytorch_or_jax_one_line_says_what_to_install(monkeypatch):
    for name, run in (("torch", to_torch), ("jax", to_jax), ("torch", explain_torch)):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(extras.MissingPackage, match=f"pip install {extras.EXTRAS[name]}"):
            run(nn.Neuron(1))


def test_neither_is_loaded_before_it_is_asked_for():
    code = "import sys, tinygrad_edu.interop; assert not {'torch', 'jax', 'numpy'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)
