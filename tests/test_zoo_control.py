"""What is exact is exact by two ways, and every learner gets better."""

import itertools
import random

import pytest

from tinygrad_edu import Value, grad, optim
from tinygrad_edu.stochastic import Score, expected, surrogate
from tinygrad_edu.zoo import control, dqn
from tinygrad_edu.zoo.control import CORRIDOR, EDGE, LEARNERS, mass


@pytest.mark.parametrize("way", [dqn.along_the_edge, dqn.along_the_top])
@pytest.mark.parametrize("epsilon", [0.02, 0.5])
def test_a_policy_is_worth_what_sweeps_over_the_cliff_come_to(way, epsilon):
    found = -control.UNIT * control.worth(EDGE, control.trying(way, epsilon))
    assert found == pytest.approx(dqn.worth(way, epsilon), rel=1e-9)
    assert found < -control.UNIT * control.best(EDGE) == -13


def test_a_policy_is_worth_the_sum_over_all_its_walks():
    policy = {place: [Value(-9.0 - place), Value(0.0)] for place in CORRIDOR.places}  # more than six moves: 1 in 10**11
    walks = expected(lambda rng: control.walk(CORRIDOR, policy, lambda state, k: Score(), rng, 6))
    assert walks.data == pytest.approx(control.worth(CORRIDOR, policy), rel=1e-9)
    assert control.best(CORRIDOR) == 2 < walks.data


class Signs:
    """Noise of 1 and -1: mean 0 and variance 1, which is all that a quadratic cost asks of it."""

    def __init__(self, signs):
        self.left = list(signs)

    def random(self):
        raise AssertionError("a push is drawn from a bell curve")

    def gauss(self, mean, std):
        return mean + std * self.left.pop()


def test_the_moments_of_a_ride_and_their_gradient_are_those_of_all_its_noises(monkeypatch):
    monkeypatch.setattr(mass, "TIMES", 5)
    k, l = Value(0.8), Value(-0.3)  # noqa: E741
    total, noises = mass.moments([(k, l)] * 5), list(itertools.product((-1.0, 1.0), repeat=5))
    rides = [surrogate(mass.ride(lambda x, v, _: -(k * x + l * v), Signs(signs))) for signs in noises]
    mean = sum(rides[1:], rides[0]) / len(rides)
    assert mean.data == pytest.approx(total.data, rel=1e-12)
    assert [g.data for g in grad(mean, k, l)] == pytest.approx([g.data for g in grad(total, k, l)], rel=1e-12)


def test_no_gain_can_be_moved_from_the_optimum_without_a_loss():
    least, gains = mass.riccati()
    moved = [(Value(k), Value(v)) for k, v in gains]
    total = mass.moments(moved)
    assert total.data == pytest.approx(least, rel=1e-12)
    assert [g.data for g in grad(total, *itertools.chain(*moved))] == pytest.approx([0.0] * 2 * len(moved), abs=1e-12)
    assert mass.moments([(k + 0.1, v) for k, v in gains]) > least


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_gets_better(name):
    walks = 8 if name.startswith("Backprop-Q") else 15 if name.startswith("actor") else 60
    policy, (how, critic), rng = control.trying(dqn.along_the_edge), LEARNERS[name](), random.Random(1)
    sgd = optim.SGD([z for zs in policy.values() for z in zs], lr=control.RATE)
    for _ in range(walks):
        control.learn(policy, how, critic, sgd, rng)
    assert control.UNIT * control.worth(EDGE, policy) < 38 < 45.8
