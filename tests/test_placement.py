"""Where cards stand: never on each other, inputs before what reads them, frames around what is theirs,
no edge off its card.
"""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu
from tinygrad_edu import Value, ops, topological
from tinygrad_edu.errors import UserError
from tinygrad_edu.folds import folded
from tinygrad_edu.placement import layout, path
from tinygrad_edu.plans import Plan


@st.composite
def graphs(draw):
    """The parents of each node, in topological order, their sizes, and frames around some of them, one in another."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    pool = [Value(1.0) for _ in range(draw(st.integers(1, 5)))]
    for _ in range(draw(st.integers(1, 40))):
        pool.append(ops.sum(*[rng.choice(pool[-8:]) for _ in range(rng.randint(1, 3))]))
    order = topological(pool[-1])
    place = {n: i for i, n in enumerate(order)}
    sizes = [(rng.choice([80.0, 104.76, 120.0]), rng.choice([36.0, 64.0])) for _ in order]
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


@pytest.mark.parametrize("shared", [False, True])
def test_in_a_long_sum_each_product_stands_beside_its_addition(shared):
    x, total, n, parents = 0, 1, 300, [(), ()]
    for _ in range(n):
        w = len(parents)
        parents += [(), () if not shared else (w, x)]
        parents += [] if shared else [(w, w + 1)]
        product = len(parents) - 1
        parents.append((total, product))
        total = product + 1
    plan = layout(parents, [(100, 64)] * len(parents))
    column = {x: i for i, x in enumerate(sorted({spot[0] for spot in plan.spots}))}
    at = [column[spot[0]] for spot in plan.spots]
    sums = [k for k, ps in enumerate(parents) if ps and parents[ps[-1]]]
    assert len(sums) == n and all(at[k] - at[parents[k][1]] == 1 for k in sums)
    assert sum(len(route) for routes in plan.routes for route in routes) < 60 * n + 10 * n * n * shared


@settings(max_examples=80, deadline=None)
@given(graphs(), st.sampled_from([250, 500, 900]), st.sampled_from(["LR", "RL"]))
def test_what_is_folded_reads_like_text(graph, most, direction):
    """Rows one below the other, in each of them inputs before what reads them;
    frames around what is theirs, edges at their cards.
    """
    parents, sizes, frames = graph
    whole = layout(parents, sizes, frames, direction)
    plan = folded(whole, parents, sizes, most, direction)
    boxes, sign = [box(s, z) for s, z in zip(plan.spots, sizes)], -1 if direction == "RL" else 1
    assert not any(overlap(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(inside(b, (0, 0, *plan.size)) for b in [*boxes, *plan.boxes.values()])
    assert all(inside((*q, 0, 0), (0, 0, *plan.size)) for ways in plan.routes for way in ways for q in way)
    for frame, around in plan.boxes.items():
        for n, b in enumerate(boxes):
            assert inside(b, around) if frames[n][: len(frame)] == frame else not overlap(b, around)
    for n, ps in enumerate(parents):
        for p, route in zip(ps, plan.routes[n], strict=True):
            before = sign * (plan.spots[n][0] - plan.spots[p][0]) >= (sizes[n][0] + sizes[p][0]) / 2
            assert before or plan.spots[n][1] > plan.spots[p][1]
            assert len(route) % 3 == 1
            assert route[0] == pytest.approx((plan.spots[p][0] + sign * sizes[p][0] / 2, plan.spots[p][1]), abs=0.3)
            assert route[-1][0] == pytest.approx(plan.spots[n][0] - sign * sizes[n][0] / 2, abs=0.3)
            assert abs(route[-1][1] - plan.spots[n][1]) <= sizes[n][1] / 2


@pytest.mark.parametrize("n, most", [(7, 400), (13, 840), (40, 840), (400, 500)])
def test_a_long_chain_has_as_few_rows_as_are_narrow_enough_all_about_as_long(n, most):
    parents, sizes = [(), *[(i,) for i in range(n - 1)]], [(100, 64)] * n
    plan = folded(layout(parents, sizes), parents, sizes, most)
    lengths = [sum(y == row for _, y in plan.spots) for row in dict.fromkeys(y for _, y in plan.spots)]
    most_cards = max(lengths)
    assert plan.size[0] <= most and max(lengths) - min(lengths) <= 1
    assert len(lengths) == -(-n // most_cards) and (most_cards + 1) * 164 + 71 > most


def test_a_card_that_is_wider_than_a_row_may_be_stands_alone_in_its_own():
    parents, sizes = [(), (0,), (1,)], [(100, 64), (900, 64), (100, 64)]
    plan = folded(layout(parents, sizes), parents, sizes, 300)
    assert len({y for _, y in plan.spots}) == 3


def test_a_drawing_that_flows_down_is_not_folded():
    parents, sizes = [(), *[(i,) for i in range(9)]], [(100, 64)] * 10
    for direction in ("TB", "BT"):
        plan = layout(parents, sizes, direction=direction)
        assert folded(plan, parents, sizes, 50, direction) is plan


@pytest.mark.parametrize("wide", [100.0, 104.75, 97.77, 83.33])
@pytest.mark.parametrize("direction", ["LR", "RL"])
def test_an_edge_of_a_folded_chain_ends_at_its_card_whatever_the_widths(wide, direction):
    sizes = [(wide, 65.0), (90.0, 36.0), *[(wide, 65.0)] * 39]
    parents = [(), (), *[(i + 1, 0) if i % 2 else (i + 1,) for i in range(39)]]
    plan = folded(layout(parents, sizes, direction=direction), parents, sizes, 840, direction)
    sign = -1 if direction == "RL" else 1
    for n, ps in enumerate(parents):
        for p, route in zip(ps, plan.routes[n]):
            assert sign * (route[0][0] - plan.spots[p][0]) == pytest.approx(sizes[p][0] / 2, abs=0.3)
            assert sign * (plan.spots[n][0] - route[-1][0]) == pytest.approx(sizes[n][0] / 2, abs=0.3)
            assert abs(route[-1][1] - plan.spots[n][1]) < 32.5 and abs(route[0][1] - plan.spots[p][1]) < 1


def row(parents, sizes, frames=(), direction="LR", beside=40.0):
    """A layout of somebody's own: all in a row, edges straight from middle to middle."""
    x, spots = 0.0, []
    for w, _ in sizes:
        spots.append((x + w / 2, 50.0))
        x += w + beside
    routes = [[[spots[p], spots[p], spots[n], spots[n]] for p in ps] for n, ps in enumerate(parents)]
    return Plan(spots, routes, {}, (x - beside, 100.0))


@pytest.mark.parametrize("path", [False, True])
def test_a_drawing_stands_where_the_layout_that_it_is_given_says(path):
    w = Value(2.0, "w")
    L = (w * Value(3.0, "x")).tanh() + w
    picture = tinygrad_edu.draw(L, layout=row, width=100, path=(w, L) if path else None).picture
    cards = [a for tag, a, *_ in picture.parts if tag == "rect" and a.get("fill") == "none"]
    assert len(cards) == 5 and len({a["y"] for a in cards}) == 1
    [gap] = {round(b["x"] - a["x"] - a["width"], 6) for a, b in zip(cards, cards[1:])}
    assert gap >= 64


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda p: None, "returns a Plan"),
        (lambda p: p._replace(spots=p.spots[1:]), "middle .* each of the 3 nodes"),
        (lambda p: p._replace(spots=[(math.nan, 0.0), *p.spots[1:]]), "middle .* each of the 3 nodes"),
        (lambda p: p._replace(spots=None), "middle .* each of the 3 nodes"),
        (lambda p: p._replace(size=(10.0, 10.0)), "puts node 0, which is .* outside of its size 10 x 10"),
        (lambda p: p._replace(size=None), r"the size \(width, height\)"),
        (lambda p: p._replace(routes=p.routes[:2]), "a list of ways, one from each parent"),
        (lambda p: p._replace(routes=None), "a list of ways, one from each parent"),
        (lambda p: p._replace(routes=[None, [], []]), "a list of ways, one from each parent"),
        (lambda p: p._replace(boxes=None), "a dict of frames"),
        (lambda p: p._replace(boxes={(1,): (0.0, 0.0)}), r"\(left, top, width, height\)"),
        (lambda p: p._replace(routes=[[], [], [way[:3] for way in p.routes[2]]]), "the way from node 0 to node 2"),
    ],
)
def test_a_plan_that_cannot_be_drawn_is_refused_and_told(wrong, said):
    L = Value(2.0, "w") * Value(3.0, "x")
    drawing = tinygrad_edu.draw(L, layout=lambda *given: wrong(row(*given)))
    with pytest.raises(UserError, match=said):
        drawing.svg()


def test_modules_and_what_is_no_function_are_no_place_for_a_layout():
    L = Value(2.0, "w") * Value(3.0, "x")
    with pytest.raises(UserError, match="layout= chooses cards"):
        tinygrad_edu.draw(L, view="modules", layout=row)
    with pytest.raises(TypeError, match="layout= takes a function"):
        tinygrad_edu.draw(L, layout="dot")
