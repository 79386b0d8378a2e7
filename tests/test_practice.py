"""Practice: expressions that a person can do by hand, a dialog that says what is wrong, sheets to print."""

import math
import os
import subprocess
import sys

import pytest

from tinygrad_edu import topological
from tinygrad_edu.expression import parse
from tinygrad_edu.learn.expressions import FORMS, LEAST, LEVELS, problem

PLAIN = {
    "tanh": math.tanh, "exp": math.exp, "log": math.log, "relu": lambda x: max(x, 0.0), "maximum": max,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "where": lambda c, a, b: a if c else b,
}  # fmt: skip
SEEDS = range(60)


def run(one, **other):
    """All nodes in plain floats, with other numbers for some leaves."""
    room = {**PLAIN, **one.leaves, **other}
    exec("\n".join(one.steps), room)
    return room


@pytest.mark.parametrize("level", LEVELS)
def test_the_gradients_are_those_of_differences_on_either_side(level):
    """So no number is at a kink, or so near that a nudge would cross it."""
    for seed in SEEDS:
        one = problem(level, seed)
        root, nodes = one.graph()
        root.backward()
        assert math.isclose(run(one)["L"], root.data, rel_tol=1e-12)
        for name, x in one.leaves.items():
            h = 1e-6
            for to in (h, -h):
                slope = (run(one, **{name: x + to})["L"] - run(one)["L"]) / to
                assert math.isclose(slope, nodes[name].grad, rel_tol=1e-3, abs_tol=1e-3), (one, name)


@pytest.mark.parametrize("level", LEVELS)
def test_numbers_are_small_and_not_all_gradients_are_zero(level):
    for seed in SEEDS:
        one = problem(level, seed)
        root, nodes = one.graph()
        root.backward()
        sizes = [abs(x) for n in topological(root) for x in (n.data, n.grad)]
        assert max(sizes) < 100 and not any(0 < x < LEAST for x in sizes)
        if level <= 3:
            assert all(x and x.is_integer() for x in sizes)
        grads = [nodes[name].grad for name in one.leaves]
        assert len(grads) >= 2 and sum(map(bool, grads)) > len(grads) / 2 and root.data


def test_the_same_seed_gives_the_same_expression_in_any_process():
    room = "from tinygrad_edu.learn.expressions import problem"
    code = f"{room}\nfor k in range(1, 6): print(problem(k, 0), problem(k, 7))"
    env = os.environ | {"PYTHONHASHSEED": "5"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
    assert told.split() == " ".join(str(problem(k, s)) for k in LEVELS for s in (0, 7)).split()
    assert len({problem(3, s).text for s in SEEDS}) > len(SEEDS) / 2


def uses(one):
    """How often each node is used."""
    root, nodes = one.graph()
    inputs = [p for n in topological(root) for p in n.parents]
    return {name: sum(n is p for p in inputs) for name, n in nodes.items()}


def test_a_level_has_what_it_is_about():
    for seed in SEEDS:
        one = {level: problem(level, seed) for level in LEVELS}
        assert len(one[1].steps) == 2 and len(one[2].steps) in (3, 4)
        assert max(uses(one[1]).values()) == max(uses(one[2]).values()) == 1 < max(uses(one[3]).values())
        assert not any("(" in one[k].text for k in (1, 2, 3))
        assert any(word in one[4].text for word in ("tanh", "relu", "exp", "log", "sigmoid", "** 3", "/"))
        assert any(word in one[5].text for word in ("maximum", "where")) and "w" in "".join(one[5].leaves)
        assert all(list(uses(p).values()).count(0) == 1 for p in one.values())  # L; all else is used


def test_rows_that_are_left_out_are_left_out():
    for seed in SEEDS:
        assert not {"-", "2", "3"} & {*problem(3, seed, rows=["add", "mul"]).text}
    with pytest.raises(ValueError, match="did you mean 'tanh'"):
        problem(4, rows=["tahn"])
    with pytest.raises(ValueError, match="allow more rows"):
        problem(1, rows=[])
    for level in (0, 6, "3", True):
        with pytest.raises(ValueError, match="levels 1 to 5"):
            problem(level)


def test_every_form_can_be_read_and_comes_up():
    for form in FORMS.values():
        assert parse(form.format(*"abc")).names
    texts = " ".join(problem(level, seed).text for level in LEVELS for seed in range(80))
    assert all(form.replace("{}", "").strip(" ,()").split("(")[0] in texts for form in FORMS.values())
