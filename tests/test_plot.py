"""Pictures: well-formed SVG that shows what it was given, and nothing outside its frame."""

import base64
import json
import math
import re
import struct
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, data, nn, plot, render
from tinygrad_edu.errors import UserError
from tinygrad_edu.plot import (
    axes,
    confusion_matrix,
    curves,
    decision_boundary,
    heatmap,
    images,
    loss_curve,
    predictions,
)
from tinygrad_edu.train import History

SVG = "{http://www.w3.org/2000/svg}"
HISTORY = {
    "losses": [2.3, 0.9, 0.02],
    "test_losses": [2.2, 1.0, 0.3],
    "accuracies": [0.2, 0.7, 0.99],
    "test_accuracies": [0.3, 0.6, 0.9],
}


def parsed(picture):
    return ET.fromstring(picture._repr_svg_())


def words(picture):
    return [e.text for e in parsed(picture).iter(SVG + "text")]


def lines(picture, colour):
    """The points of each line in a colour, legend left out."""
    found = [
        e.get("points")
        for e in parsed(picture).iter(SVG + "polyline")
        if e.get("stroke") == colour and e.get("stroke-width") == "2.2"
    ]
    return [[tuple(map(float, p.split(","))) for p in points.split()] for points in found]


PICTURES = {
    "loss": lambda: loss_curve(HISTORY),
    "loss alone": lambda: loss_curve({"losses": [1.0]}),
    "confusion": lambda: confusion_matrix([[9, 1], [0, 10]], ["a cat & <dog>", "b"]),
    "heatmap": lambda: heatmap([[3, -1, 0], [1, 2, 0.5]], rows=["<a>", "b"], columns="xyz", numbers=True),
    "predictions": lambda: predictions([1, 2, 3.5], [-1e3, 2.5, 3], target="a <name>"),
    "one prediction": lambda: predictions([1.0], [1.0]),
    "boundary": lambda: decision_boundary(lambda x: x[0] - x[1], *data.moons(20), grid=8),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_svg_on_a_white_card_in_helvetica(name):
    picture = PICTURES[name]()
    root = parsed(picture)
    assert root.tag == SVG + "svg" and root.get("font-family") == "Helvetica, Arial, sans-serif"
    assert picture._repr_svg_().count("font-family") == 1
    card = root.find(SVG + "rect")
    assert card.get("fill") == "#ffffff" and float(card.get("width")) == picture.width - 1
    assert not re.search(
        r"nan|inf", " ".join(v for e in root.iter() for k, v in e.items() if k not in ("font-family", "text-anchor"))
    )


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_drawn_outside_the_card(name):
    picture = PICTURES[name]()
    for e in parsed(picture).iter():
        for x, y in re.findall(r"(-?[\d.]+)[, ](-?[\d.]+)", e.get("points", "") + e.get("d", "")):
            assert 0 <= float(x) <= picture.width and 0 <= float(y) <= picture.height
        if e.get("x") and e.get("y"):
            assert 0 <= float(e.get("x")) <= picture.width and 0 <= float(e.get("y")) <= picture.height


@pytest.mark.parametrize("draw", [
    lambda path: loss_curve(HISTORY, path), lambda path: confusion_matrix([[1]], path=path),
    lambda path: decision_boundary(lambda x: x[0], [[0.0, 1.0]], [1], path=path, grid=2),
    lambda path: loss_curve(HISTORY).save(path),
])  # fmt: skip
def test_a_picture_is_saved_in_the_form_that_its_name_ends_in(tmp_path, draw):
    draw(tmp_path / "p.svg")
    assert ET.parse(tmp_path / "p.svg").getroot().tag == SVG + "svg"
    with pytest.raises(ValueError, match=r"'p\.jpg': its name must end in \.svg, \.png or \.pdf"):
        draw(tmp_path / "p.jpg")
    assert [f.name for f in tmp_path.iterdir()] == ["p.svg"]


@pytest.mark.skipif(render.renderer() is None, reason="no program that draws is installed here")
@pytest.mark.parametrize("name", PICTURES)
def test_a_png_has_as_many_pixels_as_its_scale_says(name):
    picture = PICTURES[name]()
    for scale in (1.0, 2.5):
        png = picture.png(scale)
        width, height = struct.unpack(">II", png[16:24])
        assert png.startswith(b"\x89PNG")
        assert (width, height) == (
            pytest.approx(scale * picture.width, abs=3),
            pytest.approx(scale * picture.height, abs=3),
        )
    for scale in (0, -1, 1000, math.nan):
        with pytest.raises(ValueError, match="number of pixels"):
            picture.png(scale)


@pytest.mark.parametrize(
    "words", ['<b>&"q"</b>', "nul\x00\x1b", "\ud800", "漢字🙂", "back\\slash\\", "%s", "x" * 40_000, ""]
)
def test_any_words_can_be_written(words):
    picture = plot.Picture(100, 40, words)
    picture.text(5, 5, words, tip=words)
    assert parsed(picture).tag == SVG + "svg"
    if render.renderer():
        assert picture.png(1.0).startswith(b"\x89PNG")


@pytest.mark.skipif(render.renderer() is None, reason="no program that draws is installed here")
def test_words_that_are_empty_take_nothing_else_away():
    pictures = [plot.Picture(100, 40, "p") for _ in range(2)]
    for picture, words in zip(pictures, (["some", "more"], ["some", "", "more"])):
        for said in words:
            picture.text(20 + 10 * len(said), 20, said)
    assert pictures[0].png() == pictures[1].png() != plot.Picture(100, 40, "p").png()


@pytest.mark.skipif(render.renderer() is None, reason="no program that draws is installed here")
def test_a_png_shows_the_styles_of_its_words():
    seen = set()
    for style in ("", "italic", "bold", "lowered"):
        picture = plot.Picture(100, 40, "p")
        picture.runs(50, 20, [("words", style), (" =", "")], 13, "#000000", "middle")
        seen.add(picture.png())
    assert len(seen) == 4


def test_a_pdf_without_graphviz_holds_no_words_for_a_mouse(monkeypatch):
    given = []
    monkeypatch.setattr(render, "is_pure", lambda: True)
    monkeypatch.setattr(render, "svg_to_pdf", lambda svg: given.append(svg.decode()) or b"%PDF")
    picture = PICTURES["confusion"]()
    assert picture.pdf() == b"%PDF" and "<title>" in picture.svg() and "<title>" not in given[0]
    assert f'width="{picture.width}pt"' in given[0]


@pytest.mark.parametrize("card", [True, False])
def test_a_background_lies_behind_everything(card):
    picture = plot.Picture(100, 40, "p", card=card)
    picture.add("rect", x=60, y=10, width=20, height=20, fill="#ff0000")
    for colour in ("white", "black", "#12ab34"):
        first = next(ET.fromstring(picture.svg(colour)).iter(SVG + "rect"))
        assert (first.get("fill"), first.get("width"), first.get("height")) == (colour, "100", "40")
    assert picture.svg("transparent") == picture.svg()
    for wrong in ("", "#12", "reddish", 3):
        with pytest.raises(ValueError, match="background is"):
            picture.svg(wrong)
    if render.renderer():
        shown = {background: picture.png(1.0, background) for background in (None, "white", "transparent", "#12ab34")}
        assert len(set(shown.values())) == 3 and shown[None] == shown["transparent" if card else "white"]


def test_a_notebook_gets_html_svg_and_png_no_wider_than_its_cell():
    picture = loss_curve(HISTORY)
    data, about = picture._repr_mimebundle_()
    assert "max-width:100%;min-width:396px" in data["text/html"] and data["image/svg+xml"] == picture.svg()
    if render.renderer():
        assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
        assert about["image/png"] == {"width": picture.width, "height": picture.height}


def test_on_paper_nothing_is_cut_off_at_the_right():
    source = Value(2.0, "x").tanh()
    for one in (loss_curve(HISTORY), source.draw(), source.explain(), source.source(), source.source("latex")):
        data = one._repr_mimebundle_()
        shown = (data[0] if isinstance(data, tuple) else data)["text/html"]
        [print_only] = set(re.findall("@media print {(.*?})\\s*}", shown))
        looks = dict(re.findall(r"\.([\w-]+) {(.*?)}", print_only))
        [name] = [name for name in looks if f'class="{name}"' in shown]
        assert "min-width: 0 !important" in looks[name] or "white-space: pre-wrap !important" in looks[name]


# The loss curve


def test_a_loss_curve_takes_a_history_or_its_json():
    history = History(**HISTORY)
    drawn = loss_curve(history)._repr_svg_()
    assert (
        drawn == loss_curve(json.loads(json.dumps(history.to_dict())))._repr_svg_() == loss_curve(HISTORY)._repr_svg_()
    )


def test_a_loss_curve_shows_last_values_names_and_scale():
    shown = words(loss_curve(HISTORY))
    for word in ("loss (log scale)", "accuracy", "training", "test", "epoch", "0.02", "0.3", "99.00 %", "90.00 %"):
        assert word in shown
    assert "loss" in words(loss_curve({"losses": [1.0, 0.5]})) and "accuracy" not in words(
        loss_curve({"losses": [1.0, 0.5]})
    )


def test_points_lie_where_their_numbers_say():
    [points] = lines(loss_curve({"losses": [1.0, 0.5, 0.0, 0.25]}), plot.BLUE)
    xs, ys = zip(*points)
    assert [round(b - a, 1) for a, b in zip(xs, xs[1:])] == pytest.approx([(xs[3] - xs[0]) / 3] * 3, abs=0.11)
    assert (
        ys[2] - ys[1] == pytest.approx(ys[1] - ys[0]) and ys[1] > ys[0] and ys[3] == pytest.approx((ys[1] + ys[2]) / 2)
    )
    [points] = lines(loss_curve({"losses": [100.0, 10.0, 1.0]}), plot.BLUE)
    assert points[1][1] - points[0][1] == pytest.approx(points[2][1] - points[1][1])


def test_a_loss_curve_can_be_read_on_a_phone():
    kinds = ("", "validation_", "test_")
    picture = loss_curve({f"{kind}{key}": [0.5, 1.0] for kind in kinds for key in ("losses", "accuracies")})
    sizes = [float(t.get("font-size")) for t in parsed(picture).iter(SVG + "text")]
    assert min(sizes) * min(390 / picture.width, 1.0) >= 10


def test_what_is_not_finite_is_left_out():
    [points] = lines(loss_curve({"losses": [1.0, math.inf, math.nan, None, 2.0]}), plot.BLUE)
    assert len(points) == 2
    assert "1" in words(loss_curve({"losses": [1.0, None]}))


@pytest.mark.parametrize("history", [{}, {"losses": []}, History(interrupted=True)])
def test_a_history_without_an_epoch_is_refused(history):
    with pytest.raises(ValueError, match="no finished epoch"):
        loss_curve(history)


@settings(max_examples=200, deadline=None)
@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_an_axis_has_a_few_round_ticks_that_enclose_the_numbers(a, b):
    lo, hi = min(a, b), max(a, b)
    if 0 < hi - lo < 1e-6 * max(abs(a), abs(b)):
        return  # ticks could not be told apart
    start, stop, ticks = axes.axis(lo, hi)
    step = ticks[1] - ticks[0]
    assert start <= lo + 1e-6 * step and stop >= hi - 1e-6 * step and 2 <= len(ticks) <= 8
    assert f"{step:.0e}"[0] in "125"


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-300, 1e300), st.floats(31, 1e8))
def test_a_logarithmic_axis_encloses_the_numbers(lo, ratio):
    hi = min(lo * ratio, 1e301)
    start, stop, ticks = axes.log_axis(lo, hi)
    assert start <= lo * (1 + 1e-8) and stop >= hi * (1 - 1e-8) and 2 <= len(ticks) <= 12


# The confusion matrix


def test_a_confusion_matrix_shows_every_count_and_recall():
    shown = words(confusion_matrix([[8, 2], [0, 5]], ["cat", "dog"]))
    assert {"8", "2", "5"} <= set(shown) and "0" not in shown
    assert (
        shown.count("cat") == shown.count("dog") == 2
        and "80.0 %" in shown
        and "100.0 %" in shown
        and "13 of 15 right, 86.67 %" in shown
    )


def test_classes_without_samples_and_long_names_are_drawn():
    picture = confusion_matrix([[0, 0], [0, 3]], ["a very long name indeed, longer than fits", "x"])
    assert "a very long nam…" in words(picture)
    assert "a very long name indeed, longer than fits" in [e.text for e in parsed(picture).iter(SVG + "title")]
    assert "0 of 0 right" in words(confusion_matrix([[0]]))


@pytest.mark.parametrize("matrix, labels", [([[1, 2]], None), ([[1, 2], [3]], None), ([[1]], ["a", "b"])])
def test_a_matrix_that_is_not_square_is_refused(matrix, labels):
    with pytest.raises(ValueError, match="as many columns as rows, and one label each"):
        confusion_matrix(matrix, labels)


# The decision boundary

CORNERS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]


def circles(picture, radius="4"):
    return [e for e in parsed(picture).iter(SVG + "circle") if e.get("cx") and e.get("r") == radius]


def area(path):
    """The area inside closed polygons, by the shoelace formula."""
    total = 0.0
    for polygon in path.split("M")[1:]:
        points = [tuple(map(float, p.split())) for p in polygon.rstrip("z").split("L")]
        total += sum(a * d - b * c for (a, b), (c, d) in zip(points, points[1:] + points[:1])) / 2
    return abs(total)


@pytest.mark.parametrize("model, shares", [
    (lambda x: x[0] - 0.5, (0.5, 0.5)),
    (lambda x: x[1] - x[0], (0.5, 0.5)),
    (lambda x: 0.25 - (x[0] - 0.5) ** 2 - (x[1] - 0.5) ** 2, (1 - math.pi / 4 / 1.24**2, math.pi / 4 / 1.24**2)),
    (lambda x: [x[0] - 0.19, 0.0], (0.75, 0.25)),
])  # fmt: skip
def test_each_side_is_shaded_as_large_as_it_is(model, shares):
    side = lambda x: int((s := model(x)) > 0 if not isinstance(s := model(x), list) else s[1] > s[0])
    picture = decision_boundary(model, CORNERS, [side(x) for x in CORNERS], grid=62)
    whole = 440.0 * 440.0
    for k, share in enumerate(shares):
        paths = [e.get("d") for e in parsed(picture).iter(SVG + "path") if e.get("fill") == plot.CLASSES[k]]
        assert area(paths[0]) / whole == pytest.approx(share, abs=0.003)
        assert all(area(inner) <= area(outer) for outer, inner in zip(paths, paths[1:]))  # surer is smaller


def test_samples_on_the_wrong_side_are_ringed_and_counted():
    picture = decision_boundary(lambda x: x[0] - 0.5, CORNERS, [-1, 1, 1, 1], grid=4)
    points = circles(picture)[:4]
    assert [p.get("stroke") for p in points] == [plot.CARD, plot.INK, plot.CARD, plot.CARD]
    assert [p.get("fill") for p in points] == [plot.BLUE, plot.ORANGE, plot.ORANGE, plot.ORANGE]
    assert "3 of 4 on their side, the others ringed" in words(picture) and {"-1", "1"} <= set(words(picture))


def test_a_boundary_needs_no_graph_and_takes_labels():
    from tinygrad_edu.nn import MLP

    made = []
    model = MLP(2, [4, 3], seed=0)
    picture = decision_boundary(
        lambda x: made.append(model(x)) or made[-1], CORNERS, [0, 1, 2, 0], ["red", "green", "blue"], grid=4
    )
    assert {"red", "green", "blue"} <= set(words(picture)) and len(made) == 25 + 4
    assert all(v.parents == () for out in made for v in out)


@pytest.mark.parametrize("arguments, message", [
    (([], []), "samples of 2 numbers"), (([[1.0, 2.0]], []), "samples of 2 numbers"),
    (([[1.0, 2.0, 3.0]], [0]), r"samples of \[3\] numbers"),
    (([[1.0, 2.0]], [2]), "decides between 0, 1, and there are samples of class 2"),
    (([[1.0, 2.0]], [0], ["a"]), "2 classes, got 1 labels"),
])  # fmt: skip
def test_what_is_not_in_the_plane_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        decision_boundary(lambda x: x[0], *arguments)
    with pytest.raises(ValueError, match="at least 2 cells"):
        decision_boundary(lambda x: x[0], CORNERS, [0, 0, 0, 0], grid=1)


def test_a_boundary_is_drawn_of_arrays_and_tables_and_by_models_that_take_all_points_at_once():
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    X, y = data.moons(20)
    model, calls = lambda x: x[0] - x[1], []
    plain = decision_boundary(model, X, y, grid=8)._repr_svg_()

    def mapped(x):
        raise AssertionError

    mapped.map = lambda points: calls.append(len(points)) or [p[0] - p[1] for p in points]
    frame = pd.DataFrame(X, index=range(20, 0, -1))
    for samples, classes in (X, y), (np.array(X), np.array(y)), (frame, pd.Series(y, index=range(7, 27))):
        assert decision_boundary(mapped, samples, classes, grid=8)._repr_svg_() == plain
    assert calls == [9 * 9 + 20] * 3


def test_classes_can_be_counted_from_targets_and_predictions_or_a_model():
    true, guessed = [0, 0, 1, 2, 2], [0, 1, 1, 2, 0]
    matrix = [[1, 1, 0], [0, 1, 0], [1, 0, 1]]
    same = confusion_matrix(matrix).svg()
    assert confusion_matrix(true, guessed).svg() == same
    model = lambda x: [float(k == guessed[int(x[0])]) for k in range(3)]
    assert confusion_matrix(model, [[i] for i in range(5)], true).svg() == same
    names = confusion_matrix([f"c{t}" for t in true], [f"c{g}" for g in guessed])
    assert names.svg() == confusion_matrix(matrix, ["c0", "c1", "c2"]).svg()
    np = pytest.importorskip("numpy")
    assert confusion_matrix(np.array(true), np.array(guessed)).svg() == same
    assert confusion_matrix(np.array(matrix)).svg() == same
    signs = confusion_matrix(lambda x: x[0], [[-2.0], [1.0], [3.0]], [-1, -1, 1])
    assert "2 of 3 right, 66.67 %" in words(signs) and {"-1", "1"} <= set(words(signs))
    for wrong in ((true, guessed[:3]), (true,), (model, [[1]]), ([], [])):
        with pytest.raises(ValueError):
            confusion_matrix(*wrong)


@pytest.mark.parametrize("model, count, pixels", [
    (nn.MLP(64, [5, 10], seed=0), 5, 64), (nn.MLP(3, [2], seed=0), 2, 3), (nn.Conv2d(2, 3, 4, seed=0), 6, 16),
    (nn.Sequential(nn.Linear(9, 4, seed=1), nn.Linear(4, 2, seed=1)), 4, 9),
])  # fmt: skip
def test_weights_are_images_blue_below_zero_and_orange_above(model, count, pixels):
    cells = [e for e in parsed(plot.weights(model)).iter(SVG + "rect") if len(e)]
    assert len(cells) == count * pixels
    for cell in cells:
        w = float(cell[0].text.rpartition(": ")[2])
        r, b = (int(cell.get("fill")[i : i + 2], 16) for i in (1, 5))
        assert (r >= b) if w > 0 else (b >= r)


def test_weights_say_which_layers_and_shapes_there_are():
    model = nn.MLP(6, [4, 2], seed=0)
    assert plot.weights(model, 1).title == "weights of mlp.layers.1" and plot.weights(model, shape=(2, 3)).width
    for options, said in (({"layer": 2}, "from 0 to 1"), ({"shape": (2, 2)}, "has 6 numbers")):
        with pytest.raises(ValueError, match=said):
            plot.weights(model, **options)


@pytest.mark.parametrize("kept", [[3.0, 2.0, 1.0], (3, 2, 1), [Value(3.0), 2, Value(1.0)], iter([3, 2, 1])])
def test_losses_that_a_loop_has_kept_are_a_history(kept):
    assert loss_curve(kept)._repr_svg_() == loss_curve({"losses": [3.0, 2.0, 1.0]})._repr_svg_()


@pytest.mark.parametrize("wrong", [3.0, None, ["a"], [[1.0]], Value(1.0)])
def test_what_is_no_history_is_refused_with_what_is(wrong):
    with pytest.raises(UserError, match="list of losses"):
        loss_curve(wrong)


def test_targets_that_are_numbers_have_no_boundary():
    with pytest.raises(UserError, match="a target that is a number has no boundary") as got:
        decision_boundary(lambda x: x[0], [[0.0, i] for i in range(50)], [i / 7 for i in range(50)], grid=2)
    assert len(str(got.value)) < 300


def test_a_curve_has_a_gap_where_a_number_is_missing_and_a_dot_where_it_stands_alone():
    svg = curves({"a": [1.0, 2.0, None, 4.0, float("nan"), 6.0, 7.0]}).svg()
    lines = [
        line for line in re.findall(r"<polyline[^>]*>", svg) if axes.CLASSES[0] in line and 'stroke-width="2"' in line
    ]
    assert len(lines) == 2 and svg.count("<circle") == 1


@pytest.mark.parametrize("lines, options, said", [
    ({}, {}, "nothing to draw"),
    ({"a": [None, float("inf")]}, {}, "no line has a finite number"),
    ({"a": [0.0, -1.0]}, {"log": True}, "above zero"),
    ({"a": [1.0, 2.0]}, {"x": [1.0]}, "2 numbers, and x has 1"),
])  # fmt: skip
def test_curves_that_cannot_be_drawn_say_why(lines, options, said):
    with pytest.raises(ValueError, match=said):
        curves(lines, **options)


def test_the_band_of_a_curve_is_shaded_in_its_colour_and_lies_in_the_frame():
    plain, shaded = (curves({"a": [1.0, 2.0], "b": [2.0, 1.0]}, bands=bands).svg()
                     for bands in (None, {"b": ([1.0, 0.5], [3.0, 8.0])}))  # fmt: skip
    [band] = re.findall(r'<path d="M([^"]*)z" fill="(#\w+)" fill-opacity', shaded)
    assert "fill-opacity" not in plain and band[1] == axes.ORANGE
    heights = [float(point.split()[1]) for point in band[0].split("L")]  # there along one end, back along the other
    assert heights == pytest.approx([64 + 230 * (1 - y / 8) for y in (1.0, 0.5, 8.0, 3.0)], abs=0.06)


@pytest.mark.skipif(render.renderer() is None, reason="no program that draws is installed here")
def test_a_line_of_thousands_of_points_is_drawn_in_pixels_too():
    """Graphviz reads no string of more than 16,384 letters."""
    assert curves({"a": [math.sin(k / 50) for k in range(3000)]}).png(scale=1).startswith(b"\x89PNG")


def test_curves_are_on_a_logarithmic_scale_where_numbers_span_much():
    assert "log scale" in curves({"a": [1.0, 100.0]}).svg() and "log scale" not in curves({"a": [0.0, 100.0]}).svg()
    assert "log scale" not in curves({"a": [1.0, 100.0]}, log=False).svg()


@pytest.mark.parametrize("given, shape, said", [
    ([], None, "at least one"),
    ([[1, 2], [1]], None, "all of one size"),
    ([[1, 2, 3]], (2, 2), "2 x 2 has 4 places"),
])  # fmt: skip
def test_images_that_cannot_be_drawn_say_why(given, shape, said):
    with pytest.raises(ValueError, match=said):
        images(given, shape=shape)


def test_images_may_be_rows_flat_or_values_and_give_the_same_picture():
    rows, flat = [[[1, -1], [0, 2]]], [[1, -1, 0, 2]]
    assert images(rows).svg() == images(flat).svg() == images([[Value(v) for v in flat[0]]], shape=(2, 2)).svg()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from([-1.0, 0.0, 2.0, math.nan]), min_size=12, max_size=12),
    st.sampled_from([1, 2, 3, 4, 6, 12]),
)
def test_equal_numbers_in_a_row_are_one_piece_and_every_place_has_its_number(pixels, columns):
    drawn = [e for e in parsed(images([pixels], shape=(12 // columns, columns))).iter(SVG + "rect") if len(e)]
    told = [(e[0].text.rpartition(": ")[2], *(float(e.get(k)) for k in ("x", "y", "width", "height"))) for e in drawn]
    cell = told[0][4]
    pieces = [said for said, _, _, width, _ in told for _ in range(round(width / cell))]
    assert pieces == [repr(v) for v in pixels]  # from left to right, row by row
    assert [place[1:3] for place in told] == sorted((place[1:3] for place in told), key=lambda xy: xy[::-1])
    assert all(b[2] > a[2] or a[0] != b[0] or a[0] == "nan" for a, b in zip(told, told[1:]))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(-9, 9), min_size=4, max_size=4), min_size=1, max_size=6))
def test_a_heatmap_has_a_cell_for_each_number_in_its_row_and_column_as_strong_as_the_number(matrix):
    picture = heatmap(matrix, rows=range(len(matrix)), columns="abcd")
    cells = [e for e in parsed(picture).iter(SVG + "rect") if e.get("stroke") is None]
    marked = [(i, j, v) for i, row in enumerate(matrix) for j, v in enumerate(row) if v]
    assert len(cells) == len(marked)
    assert [w for w in words(picture)[2:] if w not in "abcd"] == [
        str(w) for i, row in enumerate(matrix) for w in (i, *row)
    ]
    corner = [(round(float(e.get("x")) - 40 * j, 3), float(e.get("y")) - 40 * i) for e, (i, j, _) in zip(cells, marked)]
    assert len(set(corner)) <= 1
    for e, (_, _, v) in zip(cells, marked):
        for f, (_, _, w) in zip(cells, marked):
            pale, strong = (int(x.get("fill")[3:5], 16) for x in (e, f))
            assert not (v * w > 0 and abs(v) < abs(w) and pale <= strong)


def test_a_heatmap_takes_values_and_shows_what_is_not_finite_in_black():
    plain = heatmap([[1.5, -2.0]]).svg()
    assert heatmap([[Value(1.5), Value(-2.0)]]).svg() == plain and "1.5" not in plain
    assert "#1b2430" in re.findall(r'fill="(#\w+)"/>', heatmap([[math.nan, 1.0]]).svg())


@pytest.mark.parametrize("matrix, options, said", [
    ([], {}, "rows of one length"),
    ([[]], {}, "rows of one length"),
    ([[1, 2], [3]], {}, r"rows of \[1, 2\] numbers"),
    ([[1, 2]], {"rows": "ab"}, "1 rows, got 2 words"),
    ([[1, 2]], {"columns": "abc"}, "2 columns, got 3 words"),
])  # fmt: skip
def test_a_heatmap_that_cannot_be_drawn_says_why(matrix, options, said):
    with pytest.raises(UserError, match=said):
        heatmap(matrix, **options)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=9))
def test_a_prediction_is_above_the_line_if_it_is_too_high_and_on_it_if_it_is_right(pairs):
    dots = [e for e in parsed(predictions(*zip(*pairs))).iter(SVG + "circle")]
    assert len(dots) == len(pairs)
    for (true, found), dot in zip(pairs, dots):
        above = float(dot.get("cx")) - 76 - (68 + 370 - float(dot.get("cy")))  # on the line both are alike
        assert above * (true - found) >= 0 or abs(above) < 0.2


@pytest.mark.parametrize("wrong", [([], []), ([1.0], [1.0, 2.0]), ([1.0], [float("nan")])])
def test_predictions_that_do_not_fit_their_targets_are_refused(wrong):
    with pytest.raises(ValueError, match="a finite number for each of the targets"):
        predictions(*wrong)
