"""Where cards stand: never on each other, inputs before what reads them, frames around what is theirs, no edge off its card."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, ops, topological
from tinygrad_edu.placement import layout, path


@st.composite
def graphs(draw):
    """The parents of each node, in topological order, their sizes, and frames around some of them, one in another."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    pool = [Value(1.0) for _ in range(draw(st.integers(1, 5)))]
    for _ in range(draw(st.integers(1, 40))):
        pool.append(ops.sum(*[rng.choice(pool[-8:]) for _ in range(rng.randint(1, 3))]))
    order = topological(pool[-1])
    place = {n: i for i, n in enumerate(order)}
    sizes = [(rng.choice([80.0, 120.0]), rng.choice([36.0, 64.0])) for _ in order]
    frames = [()] * len(order)
    start, framed = 0, draw(st.booleans())
    while framed and start < len(order):  # neighbours in the topological order stand in no circle
        n = rng.randint(1, 8)
        for i in range(start, min(start + n, len(order))):
            frames[i] = rng.choice([(), ("f", start)[:1], ("f", start)]) if n > 2 else ()
            frames[i] = ((start, "outer"), (start + i // 2, "inner"))[: len(frames[i])]
        start += n
    return [tuple(place[p] for p in n.parents) for n in order], sizes, frames


def box(spot, size):
    return spot[0] - size[0] / 2, spot[1] - size[1] / 2, *size


def overlap(a, b):
    return all(a[i] + 0.3 < b[i] + b[i + 2] and b[i] + 0.3 < a[i] + a[i + 2] for i in (0, 1))


def inside(a, b):
    return all(b[i] - 0.3 <= a[i] and a[i] + a[i + 2] <= b[i] + b[i + 2] + 0.3 for i in (0, 1))


@settings(max_examples=80, deadline=None)
@given(graphs(), st.sampled_from(["LR", "TB", "RL", "BT"]))
def test_nothing_overlaps_and_inputs_stand_before_what_reads_them(graph, direction):
    parents, sizes, frames = graph
    plan = layout(parents, sizes, frames, direction)
    boxes = [box(s, z) for s, z in zip(plan.spots, sizes)]
    assert not any(overlap(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(inside(b, (0, 0, *plan.size)) for b in [*boxes, *plan.boxes.values()])
    axis, sign = int(direction in ("TB", "BT")), -1 if direction in ("RL", "BT") else 1
    for n, ps in enumerate(parents):
        for p in ps:
            assert sign * (plan.spots[n][axis] - plan.spots[p][axis]) >= (sizes[n][axis] + sizes[p][axis]) / 2
    for frame, around in plan.boxes.items():
        for n, b in enumerate(boxes):
            assert inside(b, around) if frames[n][: len(frame)] == frame else not overlap(b, around)


@settings(max_examples=80, deadline=None)
@given(graphs(), st.sampled_from(["LR", "TB", "RL", "BT"]))
def test_every_edge_leaves_the_far_side_of_its_input_and_ends_at_the_near_side_of_its_node(graph, direction):
    parents, sizes, frames = graph
    plan = layout(parents, sizes, frames, direction)
    axis, sign = int(direction in ("TB", "BT")), -1 if direction in ("RL", "BT") else 1
    for n, ps in enumerate(parents):
        for p, route in zip(ps, plan.routes[n], strict=True):
            assert len(route) % 3 == 1
            assert route[0][axis] == pytest.approx(plan.spots[p][axis] + sign * sizes[p][axis] / 2, abs=0.2)
            assert route[0][1 - axis] == pytest.approx(plan.spots[p][1 - axis], abs=0.2)
            assert route[-1][axis] == pytest.approx(plan.spots[n][axis] - sign * sizes[n][axis] / 2, abs=0.2)
            assert abs(route[-1][1 - axis] - plan.spots[n][1 - axis]) <= sizes[n][1 - axis] / 2
            along = [sign * q[axis] for q in route]
            assert all(a <= b + 0.2 for a, b in zip(along, along[1:]))
            assert path(route).startswith("M")


def test_the_first_input_of_a_plain_operation_stands_above_the_second():
    (_, a), (_, b), _ = layout([(), (), (0, 1)], [(100, 64)] * 3).spots
    assert a < b


def test_frames_in_a_circle_are_left_out():
    parents, frames = [(), (0,), (1,)], [("a",), (), ("a",)]  # out of the frame and back into it
    plan = layout(parents, [(100, 64)] * 3, frames)
    assert plan.boxes == {} and len(plan.spots) == 3


def test_a_chain_of_thousands_is_laid_out():
    n = 2000
    plan = layout([(), *[(i,) for i in range(n)]], [(100, 64)] * (n + 1))
    assert len({y for _, y in plan.spots}) == 1
