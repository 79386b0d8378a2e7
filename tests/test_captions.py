"""The numbers of edges can be read: none stands on a card or on another number, and each is beside its own edge."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, draw
from tinygrad_edu.engine import topological
from tinygrad_edu.figures.captions import EDGE, length, on_curve, pieces
from tinygrad_edu.nn import MLP
from tinygrad_edu.strategies import programs


def points(d):
    """Points along the `d` of a path, close to each other."""
    here, done = (0.0, 0.0), []
    for word, said in re.findall(r"([MCH])([^MCH]*)", d):
        xs = [float(x) for x in re.split("[ ,]", said)]
        if word == "M":
            here = tuple(xs)
            continue
        route = [here, *zip(xs[::2], xs[1::2])] if word == "C" else [here, here, (xs[0], here[1]), (xs[0], here[1])]
        done += [on_curve(curve, k / 40) for curve in pieces(route) for k in range(41)]
        here = route[-1]
    return done


def parts(drawing):
    """The areas of the cards, and of the numbers, each with the points of its edge."""
    cards, numbers, kind, line = [], [], None, []
    for tag, a, body, _ in drawing.picture.parts:
        if tag == "g":
            kind = (a.get("class") or "").partition(" ")[0]
        elif kind == "value" and tag == "rect":
            cards.append((a["x"], a["y"], a["x"] + a["width"], a["y"] + a["height"]))
        elif kind == "edge" and tag == "path" and a["fill"] == "none":
            line = points(a["d"])
        elif kind == "edge" and tag == "text":
            size = a["font-size"]
            wide = length(body, size, bold=a.get("font-weight") == "bold")
            numbers.append(((a["x"], a["y"] - 0.7 * size, a["x"] + wide, a["y"]), line))
    return cards, numbers


def meet(a, b):
    return a[0] + 0.5 < b[2] and b[0] + 0.5 < a[2] and a[1] + 0.5 < b[3] and b[1] + 0.5 < a[3]


def check(drawing):
    cards, numbers = parts(drawing)
    for i, (area, line) in enumerate(numbers):
        assert not any(meet(area, card) for card in cards)
        assert not any(meet(area, other) for other, _ in numbers[:i])
        left, top, right, bottom = area
        assert any(left - 12 < x < right + 12 and top - 28 < y < bottom + 28 for x, y in line)
    return len(numbers)


@settings(max_examples=60, deadline=None)
@given(programs(), st.sampled_from(["LR", "TB", "RL", "BT"]), st.sampled_from([300, 600, 840, None]), st.data())
def test_no_number_of_an_edge_stands_on_a_card_or_on_another_number(p, direction, width, data):
    L = p(*map(Value, p.inputs))
    L.backward()
    marked = data.draw(st.sampled_from([None, *(n for n in topological(L) if n is not L)]))
    path = (marked, L) if marked is not None else None
    drawing = draw(L, rankdir=direction, width=width, view="cards", path=path)
    seen = check(drawing)
    assert seen == drawing.edges if path is None else seen


@pytest.mark.parametrize("sizes", [[1], [3, 1], [4, 1], [2, 2, 1]])
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_nor_in_the_frames_of_a_network(sizes, direction):
    model = MLP(2, sizes, seed=1)
    L = sum((model(x) - 1) ** 2 for x in ([0.5, 1.0], [1.0, -0.25]))
    L.backward()
    assert check(L.draw(view="cards", rankdir=direction)) > 10


def loss():
    w, x, b, y, lam = (Value(v, label) for v, label in ((-0.5, "w"), (2.0, "x"), (0.8, "b"), (1.0, "y"), (0.1, "lam")))
    L = ((w * x + b).tanh() - y) ** 2 + lam * w**2
    L.backward()
    return w, L


def chain():
    x = first = Value(0.5, label="x")
    for _ in range(12):
        x = (x * 1.1).tanh()
    x.backward()
    return first, x


@pytest.mark.parametrize("make", [loss, chain])
@pytest.mark.parametrize("direction", ["LR", "RL"])
@pytest.mark.parametrize("marked", [False, True])
def test_where_there_is_room_a_number_stands_on_no_line_not_even_at_the_start_of_a_row(make, direction, marked):
    first, L = make()
    _, numbers = parts(L.draw(rankdir=direction, path=(first, L) if marked else None))
    lines = [point for _, line in numbers for point in line]
    assert len(numbers) >= 6
    assert not [a for a, _ in numbers if any(a[0] < x < a[2] and a[1] + 1 < y < a[3] - 1 for x, y in lines)]


@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_a_number_keeps_off_the_cards_where_there_is_room(rankdir):
    a, b, c, d = (Value(float(i + 1), label=name) for i, name in enumerate("abcd"))
    L = (a * b + c).tanh() * d + a * c + (b * d).exp() * a
    L.backward()
    cards, numbers = parts(draw(L, rankdir=rankdir))
    wide = [(x0 - EDGE, y0 - EDGE, x1 + EDGE, y1 + EDGE) for x0, y0, x1, y1 in cards]
    assert not [area for area, _ in numbers if any(meet(area, card) for card in wide)]


def test_a_bold_number_as_long_as_they_come_fits_between_two_cards_that_stay_whichever_path_is_marked():
    w, x, b, y = (Value(v, label) for v, label in ((2.0, "w"), (0.5, "x"), (3.0, "b"), (1.0, "y")))
    L = ((w * x + b).tanh() - y) ** 2
    L.backward()
    drawn = [draw(L, path=(leaf, L)) for leaf in (w, x, b, y)]
    assert all(map(check, drawn)) and all(parts(d)[0] == parts(drawn[0])[0] for d in drawn)
