"""One microgpt training step on a name, for engines of scalars: loss, backward, Adam.

The model is `benchmarks.microgpt`'s, one node for each multiplication and each addition.
"""

from __future__ import annotations

import random
from typing import Any

from ..microgpt import MicroGPT
from .w1 import repeated


def scalars(value: Any) -> Any:
    """The program for an engine of scalars that has exp, log and relu."""

    def program(problem: Any) -> Any:
        model, rate = MicroGPT(value, random.Random(0)), problem["rate"]
        theta = model.parameters()
        for p, x in zip(theta, problem["theta"]):
            p.data = x
        m, v, taken = [0.0] * len(theta), [0.0] * len(theta), 0

        def both() -> Any:
            for p in theta:
                p.grad = 0.0
            loss = model.loss(problem["name"])
            loss.backward()
            return loss

        def step() -> float:
            nonlocal taken
            loss = both()
            taken += 1
            for i, p in enumerate(theta):
                m[i] = 0.85 * m[i] + 0.15 * p.grad
                v[i] = 0.99 * v[i] + 0.01 * p.grad**2
                p.data -= rate * (m[i] / (1 - 0.85**taken)) / ((v[i] / (1 - 0.99**taken)) ** 0.5 + 1e-8)
            return float(loss.data)

        return lambda: (both().data, [p.grad for p in theta]), repeated(step), lambda: [p.data for p in theta]

    return program


def microgpt_engine(problem: Any) -> Any:
    from .microgpt_engine import Value

    return scalars(Value)(problem)


def micrograd(problem: Any) -> Any:
    """micrograd lacks exp and log: it is taught both, in its own style."""
    import micrograd.engine

    from ..workloads import teach_micrograd_exp_and_log

    teach_micrograd_exp_and_log()
    return scalars(micrograd.engine.Value)(problem)
