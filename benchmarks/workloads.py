"""What is timed: four programs, each written once and run by every engine that can.

A `Runner` is one engine on one program: `step()` is what is timed, `build()` makes the graph of one step and
returns its root, for counting nodes and bytes.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tinygrad_edu import Value, functional
from tinygrad_edu.nn import MLP

from .microgpt import Adam, MicroGPT, multiply_and_add

try:
    import micrograd.engine as micrograd
    from micrograd.nn import MLP as MicrogradMLP
except ImportError:
    micrograd = None

MICROGRAD, PLAIN, FUSED = "micrograd", "node for node", "fused"


@dataclass
class Runner:
    """One engine on one program."""

    engine: str
    build: Callable[[], Any]  # the graph of one step; its root
    step: Callable[[], Any]  # what is timed
    parameters: list[Any]  # leaves that live from step to step
    steps: int = 1  # consecutive steps in one round


@dataclass
class Workload:
    """One program, and the engines that run it."""

    name: str
    title: str
    unit: str
    repeats: int  # how often `step` does the thing that `unit` counts
    runners: Callable[[], Iterator[Runner]]


def moons(rng: random.Random, count: int = 100, noise: float = 0.1) -> tuple[list[list[float]], list[int]]:
    """Two half circles, each around the other's end; the labels are 1 and -1."""
    points, labels = [], []
    for i in range(count):
        angle, label = math.pi * (i // 2) / (count // 2 - 1), 1 - 2 * (i % 2)
        x, y = (math.cos(angle), math.sin(angle)) if label > 0 else (1 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([x + rng.gauss(0, noise), y + rng.gauss(0, noise)])
        labels.append(label)
    return points, labels


def training_step() -> Iterator[Runner]:
    """micrograd's demo: hinge loss over 100 points, an L2 penalty, one step of gradient descent."""
    points, labels = moons(random.Random(1337))

    def runner(engine: str, value: Any, model: Any, steps: int) -> Runner:
        ps = model.parameters()

        def build() -> Any:
            scores = [model(list(map(value, point))) for point in points]
            losses = [(1 + -label * score).relu() for label, score in zip(labels, scores)]
            if engine == FUSED:
                return functional.mean(losses) + 1e-4 * functional.dot(ps, ps)
            return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in ps)

        def step() -> None:
            loss = build()
            model.zero_grad()
            loss.backward()
            for p in ps:
                p.data -= 0.1 * p.grad

        return Runner(engine, build, step, ps, steps)

    def alike(mlp: Any, **options: Any) -> Any:
        random.seed(1337)  # every engine draws the same 337 numbers
        return mlp(2, [16, 16, 1], **options)

    if micrograd:
        yield runner(MICROGRAD, micrograd.Value, alike(MicrogradMLP), 3)
    yield runner(PLAIN, Value, alike(MLP, expand=True), 6)
    yield runner(FUSED, Value, alike(MLP), 18)


def long_chain() -> Iterator[Runner]:
    """100,000 operations, each on the one before: v * w + b, and again."""

    def runner(engine: str, value: Any) -> Runner:
        w, b = value(1.0000001), value(1e-7)

        def build() -> Any:
            v = value(1.0)
            for _ in range(50_000):
                v = v * w + b
            return v

        return Runner(engine, build, lambda: build().backward(), [w, b], 2)

    if micrograd:
        # Its backward() recurses.  Since Python 3.11 a Python function that calls a Python function takes no C stack.
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 250_000))
        yield runner(MICROGRAD, micrograd.Value)
    yield runner(PLAIN, Value)


def small_expression(repeats: int) -> Iterator[Runner]:
    """The example in micrograd's README, built and differentiated."""

    def runner(engine: str, value: Any) -> Runner:
        def build() -> Any:
            a, b = value(-4.0), value(2.0)
            c, d = a + b, a * b + b**3
            c += c + 1
            c += 1 + c + (-a)
            d += d * 2 + (b + a).relu()
            d += 3 * d + (b - a).relu()
            e = c - d
            f = e**2
            g = f / 2.0
            g += 10.0 / f
            return g

        def step() -> None:
            for _ in range(repeats):
                build().backward()

        return Runner(engine, build, step, [], 4)

    if micrograd:
        yield runner(MICROGRAD, micrograd.Value)
    yield runner(PLAIN, Value)


def microgpt_step() -> Iterator[Runner]:
    """One name of eight letters through microgpt: loss, gradients, Adam."""

    def runner(engine: str, value: Any, dot: Callable[..., Any], steps: int) -> Runner:
        model = MicroGPT(value, random.Random(42), dot)
        ps = model.parameters()
        adam = Adam(ps)

        def step() -> None:
            model.loss("isabella").backward()
            adam.step()

        return Runner(engine, lambda: model.loss("isabella"), step, ps, steps)

    if micrograd:
        teach_micrograd_exp_and_log()
        yield runner(MICROGRAD, micrograd.Value, multiply_and_add, 2)
    yield runner(PLAIN, Value, multiply_and_add, 6)
    yield runner(FUSED, Value, functional.dot, 18)


def teach_micrograd_exp_and_log() -> None:
    """Two operations that microgpt needs and micrograd 0.1.0 lacks, in micrograd's own style."""

    def exp(self: Any) -> Any:
        out = micrograd.Value(math.exp(self.data), (self,), "exp")

        def _backward() -> None:
            self.grad += out.data * out.grad

        out._backward = _backward
        return out

    def log(self: Any) -> Any:
        out = micrograd.Value(math.log(self.data), (self,), "log")

        def _backward() -> None:
            self.grad += out.grad / self.data

        out._backward = _backward
        return out

    micrograd.Value.exp, micrograd.Value.log = exp, log


REPEATS = 500
WORKLOADS = [
    Workload(
        "W1", "moons training step: MLP 2-16-16-1, 100 points, hinge + L2, backward, update", "ms", 1, training_step
    ),
    Workload("W2", "a chain of 100,000 operations: forward, backward", "ms", 1, long_chain),
    Workload(
        "W3",
        "micrograd's README expression: built and differentiated",
        "us",
        REPEATS,
        lambda: small_expression(REPEATS),
    ),
    Workload("W4", "microgpt training step: 4,192 parameters, 8 letters, backward, Adam", "ms", 1, microgpt_step),
]
