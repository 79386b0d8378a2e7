"""W1 for libraries of tensors and for those that compile what they record.  See `w1`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .w1 import arrays, cut, joined, library, repeated, scratch, split


def torch_scalars(problem: Any) -> Any:
    """One tensor of no dimensions per number."""
    import torch

    torch.set_num_threads(1)
    sizes, rate, l2 = problem["sizes"], problem["rate"], problem["l2"]
    tensor = lambda x: torch.tensor(x, dtype=torch.float64)  # noqa: E731
    theta = [tensor(t).requires_grad_() for t in problem["theta"]]
    points = [([tensor(xi) for xi in x], tensor(y)) for x, y in zip(problem["X"], problem["Y"])]

    def both() -> Any:
        for t in theta:
            t.grad = None
        losses = []
        for x, y in points:
            at, layer = 0, x
            for n_in, n_out in zip(sizes, sizes[1:]):
                ends = range(at, at + n_out * (n_in + 1), n_in + 1)
                layer = [sum((w * h for w, h in zip(theta[i:], layer)), theta[i + n_in]) for i in ends]
                layer = layer if n_out == 1 else [h.relu() for h in layer]
                at += n_out * (n_in + 1)
            losses.append((1 - y * layer[0]).relu())
        loss = sum(losses) * (1.0 / len(losses)) + l2 * sum(t * t for t in theta)
        loss.backward()
        return loss

    def step() -> float:
        loss = both()
        with torch.no_grad():
            for t in theta:
                t -= rate * t.grad
        return float(loss.detach())

    return lambda: (both().item(), [t.grad.item() for t in theta]), repeated(step), lambda: [t.item() for t in theta]


def _torch(problem: Any) -> Any:
    import torch

    torch.set_num_threads(1)
    theta, X, Y = [torch.from_numpy(a) for a in arrays(problem)]
    l2, n = problem["l2"], len(Y)

    def loss_of(theta: Any) -> Any:
        A1, A2, A3 = cut(theta, problem["sizes"])
        h = torch.relu(torch.addmm(A1[:, -1], X, A1[:, :-1].T))
        h = torch.relu(torch.addmm(A2[:, -1], h, A2[:, :-1].T))
        s = torch.addmm(A3[:, -1], h, A3[:, :-1].T)[:, 0]
        return torch.relu(1 - Y * s).sum() * (1.0 / n) + l2 * theta.dot(theta)

    return torch, theta, loss_of


def torch_tensors(problem: Any) -> Any:
    """All parameters in one tensor, layers as views of it: the fastest of several ways."""
    torch, theta, loss_of = _torch(problem)
    theta.requires_grad_()
    rate = problem["rate"]

    def both() -> Any:
        theta.grad = None
        loss = loss_of(theta)
        loss.backward()
        return loss

    def step() -> float:
        loss = both()
        with torch.no_grad():
            theta.sub_(theta.grad, alpha=rate)
        return float(loss.detach())

    return lambda: (both().item(), theta.grad.tolist()), repeated(step), lambda: theta.tolist()


def torch_compile(problem: Any) -> Any:
    """Forward, backward and update in one compiled graph."""
    torch, theta, loss_of = _torch(problem)
    rate = problem["rate"]
    grad_and_value = torch.func.grad_and_value(loss_of)

    @torch.compile(fullgraph=True)
    def compiled(theta: Any) -> Any:
        slope, loss = grad_and_value(theta)
        return loss, slope, theta - rate * slope

    def gradient() -> Any:
        with torch.no_grad():
            loss, slope, _ = compiled(theta)
        return loss.item(), slope.tolist()

    def run(n: int) -> None:
        nonlocal theta
        with torch.no_grad():
            for _ in range(n):
                loss, _, theta = compiled(theta)
                loss.item()

    return gradient, run, lambda: theta.tolist()


def autograd(problem: Any) -> Any:
    import autograd.numpy as anp
    from autograd import value_and_grad

    theta, X, Y = arrays(problem)
    sizes, rate, l2, n = problem["sizes"], problem["rate"], problem["l2"], len(Y)
    weights = split(theta, sizes)

    def loss_of(weights: Any) -> Any:
        W1, b1, W2, b2, W3, b3 = weights
        h = anp.maximum(anp.dot(X, W1.T) + b1, 0.0)
        h = anp.maximum(anp.dot(h, W2.T) + b2, 0.0)
        s = (anp.dot(h, W3.T) + b3)[:, 0]
        return anp.sum(anp.maximum(1 - Y * s, 0.0)) / n + l2 * sum(anp.sum(w * w) for w in weights)

    both = value_and_grad(loss_of)

    def step() -> float:
        loss, slopes = both(weights)
        for w, d in zip(weights, slopes):
            w -= rate * d
        return float(loss)

    def gradient() -> Any:
        loss, slopes = both(weights)
        return float(loss), joined(slopes)

    return gradient, repeated(step), lambda: joined(weights)


def _casadi(problem: Any) -> Any:
    """The step as one CasADi function: one point is differentiated as scalars, and mapped over the batch."""
    import casadi as ca

    theta, x, y = ca.SX.sym("theta", len(problem["theta"])), ca.SX.sym("x", 2), ca.SX.sym("y")
    at, layer = 0, [x[0], x[1]]
    for n_in, n_out in zip(problem["sizes"], problem["sizes"][1:]):
        ends = range(at, at + n_out * (n_in + 1), n_in + 1)
        layer = [sum((theta[i + j] * h for j, h in enumerate(layer)), theta[i + n_in]) for i in ends]
        layer = layer if n_out == 1 else [ca.fmax(h, 0) for h in layer]
        at += n_out * (n_in + 1)
    loss = ca.fmax(1 - y * layer[0], 0)
    n = len(problem["Y"])
    one = ca.Function("one", [theta, x, y], [loss, ca.gradient(loss, theta)])
    batch = one.map("batch", "serial", n, [0], [0, 1])
    P, X, Y = ca.MX.sym("P", theta.shape[0]), ca.MX.sym("X", 2, n), ca.MX.sym("Y", 1, n)
    total, slope = batch(P, X, Y)
    whole, l2 = total / n + problem["l2"] * ca.dot(P, P), problem["l2"]
    return ca, ca.Function("whole", [P, X, Y], [whole, slope / n + 2 * l2 * P])


def _buffered(f: Any, problem: Any) -> Any:
    """Called without conversions, on arrays that stay where they are."""
    theta, X, Y = given = arrays(problem)
    loss, slope, rate = np.zeros(1), np.zeros_like(theta), problem["rate"]
    buffer, trigger = f.buffer()
    for i, a in enumerate(given):
        buffer.set_arg(i, memoryview(a.ravel()))
    for i, a in enumerate((loss, slope)):
        buffer.set_res(i, memoryview(a))

    def step(keep: Any = (f, buffer, given)) -> float:  # trigger holds addresses only
        trigger()
        np.subtract(theta, rate * slope, out=theta)
        return float(loss[0])

    def gradient() -> Any:
        trigger()
        return float(loss[0]), slope.tolist()

    return gradient, repeated(step), theta.tolist


def casadi_vm(problem: Any) -> Any:
    return _buffered(_casadi(problem)[1], problem)


def casadi_compiled(problem: Any) -> Any:
    """CasADi writes C, and the C compiler at hand compiles it."""
    ca, whole = _casadi(problem)
    folder = scratch()
    generator = ca.CodeGenerator("whole.c")
    generator.add(whole)
    generator.generate(str(folder) + "/")
    f = ca.external("whole", library(folder / "whole.c", []))
    return _buffered(f, problem)


def jax(problem: Any, read: bool = True) -> Any:
    """`read` the loss after every step; without it, JAX computes the next step while Python asks for the one after."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    theta, X, Y = [jnp.array(a) for a in arrays(problem)]
    rate, l2, n = problem["rate"], problem["l2"], len(Y)

    def loss_of(theta: Any, X: Any, Y: Any) -> Any:
        A1, A2, A3 = cut(theta, problem["sizes"])
        h = jax.nn.relu(X @ A1[:, :-1].T + A1[:, -1])
        h = jax.nn.relu(h @ A2[:, :-1].T + A2[:, -1])
        s = (h @ A3[:, :-1].T + A3[:, -1])[:, 0]
        return jax.nn.relu(1 - Y * s).sum() / n + l2 * theta.dot(theta)

    both = jax.jit(jax.value_and_grad(loss_of))

    def step(theta: Any, X: Any, Y: Any) -> Any:
        loss, slope = jax.value_and_grad(loss_of)(theta, X, Y)
        return loss, theta - rate * slope

    update = jax.jit(step, donate_argnums=0)

    def gradient() -> Any:
        loss, slope = both(theta, X, Y)
        return float(loss), slope.tolist()

    def run(n: int) -> None:
        nonlocal theta
        for _ in range(n):
            loss, theta = update(theta, X, Y)
            if read:
                float(loss)
        theta.block_until_ready()

    return gradient, run, lambda: theta.tolist()


def jax_unread(problem: Any) -> Any:
    return jax(problem, read=False)
