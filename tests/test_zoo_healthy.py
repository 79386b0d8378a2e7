"""Every system of the zoo, as it is trained, is healthy: what the doctor sees of it, he sees once or it is meant.

A training is looked at in its steps 0, 10, 100 and 1000, as a watch would.
"""

from collections import defaultdict

import pytest

from tinygrad_edu import Value, diagnose, zoo
from tinygrad_edu.replay import Jit, unpack

SAMPLES, STEPS = 12, (0, 10, 100, 1000)
MEANT = {  # what is shown on purpose, and what is true of a small run
    "perceptron": {"saturated units", "unbalanced labels"},  # two units on xor; 60 points, 56 of one class
    "scratch": {"identical units"},  # begun so, to show that they stay so
    "rnn": {"gradient vanishes in time", "gradient explodes in time"},  # a memory over 30 steps
    "makemore": {"loss at the start far from chance", "saturated units"},  # the first of its rungs
}


class Parameters:
    """A model of which nothing is known but what moves."""

    def __init__(self, parameters):
        self._parameters = parameters

    def parameters(self):
        return list(self._parameters)


@pytest.mark.parametrize("name", [one.name for one in zoo.SYSTEMS])
def test_of_a_sound_system_nothing_is_said_twice_in_a_row(name, monkeypatch):
    looks, calls = defaultdict(list), defaultdict(int)
    plain, backward = Jit.value_and_grad, Value.backward

    def looked_at(self, theta, *columns):
        if calls[id(self)] in STEPS:
            model = Parameters(unpack(theta)) if hasattr(theta, "parameters") else None
            few = tuple(column[:SAMPLES] for column in columns)
            looks[self].append({f.what for f in diagnose(lambda: self.mean(*few), model).findings})
        calls[id(self)] += 1
        return plain(self, theta, *columns)

    def seen_backward(self, seed=1.0):
        if calls[name] in STEPS:
            looks[name].append({f.what for f in diagnose(self).findings})
        calls[name] += 1
        return backward(self, seed)

    monkeypatch.setattr(Jit, "value_and_grad", looked_at)
    if name == "lecun1989":  # whose small run builds every pattern's graph
        monkeypatch.setattr(Value, "backward", seen_backward)
    run = zoo.run(name, small=True, show=None, doctor=True)
    told = {f.what for watch in run.watches for f in watch.findings}
    for seen in looks.values():
        told |= {what for one, other in zip(seen, seen[1:]) for what in one & other}
    assert told <= MEANT.get(name, set()), (told, dict(looks))
    assert looks or any(watch.looks for watch in run.watches) or name == "stochastic"
