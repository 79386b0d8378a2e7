"""What a gradient does in time: powers of a number, and a matrix that neither stretches nor shrinks."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, optim
from tinygrad_edu.zoo import rnn


@given(st.floats(0.3, 3.0), st.integers(2, 60))
def test_a_gradient_back_through_n_steps_is_the_nth_power(a, n):
    gradients = rnn.over_time(Value(1.0), lambda h: (a * h).relu(), n)
    assert gradients == pytest.approx([a ** (n - k) for k in range(n + 1)], rel=1e-12)
    assert rnn.growth(gradients) == pytest.approx(a, rel=1e-9)


@given(st.floats(0.3, 3.0), st.integers(1, 40))
def test_tanh_passes_on_no_more_than_the_line(a, n):
    bent = rnn.over_time(Value(1.0), lambda h: (a * h).tanh(), n)[0]
    assert 0 <= bent <= a**n * (1 + 1e-12)


@given(st.floats(-30, 30), st.integers(1, 25))
def test_a_chain_of_sigmoids_passes_on_at_most_a_quarter_each(x, n):
    slope = rnn.over_time(Value(x), lambda h: h.sigmoid(), n)[0]
    assert 0 < slope <= 0.25**n * (1 + 1e-12)


@given(st.integers(1, 8), st.integers(0, 99))
@settings(max_examples=20)
def test_a_turn_keeps_lengths_and_right_angles(n, seed):
    rows = rnn.orthogonal(n, random.Random(seed))
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            assert sum(x * y for x, y in zip(a, b)) == pytest.approx(float(i == j), abs=1e-9)


def test_a_speller_learns_one_name_by_heart():
    model = rnn.Speller("aehnt", 4, 12, 0)
    adam = optim.Adam(model.parameters(), lr=0.03)
    for _ in range(80):
        loss = model.loss(*model.arguments("hannah"))
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss.data < 0.1 < math.log(6) and model.spell(random.Random(0)) == "hannah"
