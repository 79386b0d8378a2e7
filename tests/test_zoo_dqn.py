"""The cliff is the book's, ways are worth what they cost, and a clipped square has no slope where errors are large."""

import random

import pytest

from tinygrad_edu.zoo import dqn


@pytest.mark.parametrize("delta", [-1000.0, -5.0, -1.5, -0.5, 0.0, 0.25, 0.99, 1.01, 7.0])
def test_the_three_slopes_are_what_they_are_called(delta):
    slopes = {name: dqn.slope(loss, delta) for name, loss in dqn.LOSSES.items()}
    clipped = max(-1.0, min(1.0, delta))
    assert slopes == {"clipped, then squared": delta if abs(delta) < 1 else 0.0, "Huber": clipped, "squared": delta}


@pytest.mark.parametrize(
    "cell, move, to, reward",
    [((3, 0), "right", (3, 0), -100), ((2, 5), "down", (3, 0), -100), ((2, 11), "down", (3, 11), -1),
     ((0, 0), "up", (0, 0), -1), ((0, 11), "right", (0, 11), -1), ((3, 0), "up", (2, 0), -1)],
)  # fmt: skip
def test_a_step_costs_one_and_a_fall_a_hundred_and_the_way_back(cell, move, to, reward):
    assert dqn.step(cell, move) == (to, reward)


def test_a_way_is_worth_what_walking_it_costs():
    rng, total, n = random.Random(0), 0, 4000
    for _ in range(n):
        cell = dqn.START
        while cell != dqn.GOAL:
            move = rng.choice([*dqn.MOVES]) if rng.random() < dqn.EPSILON else dqn.along_the_top(cell)
            cell, reward = dqn.step(cell, move)
            total += reward
    assert total / n == pytest.approx(dqn.worth(dqn.along_the_top), abs=1.5)


def test_a_table_with_squared_errors_finds_the_shortest_way_and_one_that_is_clipped_never_does():
    for moved, returns in ((float, -13), (lambda d: d if abs(d) <= 1 else 0.0, -9900)):
        q, rng = dqn.Table(moved), random.Random(1)
        for _ in range(300):
            dqn.episode(q, rng)
        assert dqn.greedy(q)[0] == returns
