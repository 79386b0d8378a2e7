"""Rosenblatt's rule finds a line wherever one is, and never where none is."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu.zoo import perceptron

WHOLE = st.integers(-3, 3)


@given(
    st.tuples(WHOLE, WHOLE, st.sampled_from([-2.5, -0.5, 0.5, 1.5])),
    st.lists(st.tuples(WHOLE, WHOLE), min_size=2, max_size=8),
)
@settings(max_examples=60)
def test_where_a_line_is_the_rule_finds_one(line, points):
    y = [perceptron.says(line, x) for x in points]
    w, k = perceptron.rosenblatt(points, y, passes=5000)
    assert k and [perceptron.says(w, x) for x in points] == y


@pytest.mark.parametrize("y", [(0, 1, 1, 0), (1, 0, 0, 1)])
def test_where_no_line_is_there_is_a_mistake_in_every_pass(y):
    w, k = perceptron.rosenblatt(perceptron.CORNERS, y, passes=2000)
    assert k == 0 and perceptron.right(w, y) < 4


def test_no_line_of_a_grid_has_four_corners_of_exclusive_or():
    lines = product([k / 3 for k in range(-6, 7)], repeat=3)
    assert max(perceptron.right(w, (0, 1, 1, 0)) for w in lines) == 3
