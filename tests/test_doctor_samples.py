"""Faults that are planted in data are found, named and placed; of data that are sound nothing is said."""

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_edu import Value, data, diagnose, losses, nn
from tinygrad_edu.doctor.dataset import findings

ROOT = Value(0.0)
RNG = random.Random(0)
TABLE = [[RNG.gauss(0, 1) for _ in range(5)] for _ in range(40)]
CLASSES = [RNG.randrange(3) for _ in TABLE]
DIGITS = data.digits()


def lists(rows):
    return rows


def arrays(rows):
    return pytest.importorskip("numpy").array(rows)


def frames(rows):
    return pytest.importorskip("pandas").DataFrame(rows, columns=list("abcde"))


def values(rows):
    return [[Value(v) for v in row] for row in rows]


KINDS = [lists, arrays, frames, values]


def planted(change):
    return [change(i, list(row)) for i, row in enumerate(TABLE)]


def with_column(j, f):
    def change(i, row):
        row[j] = f(i, row)
        return row

    return planted(change)


def names(kind, *columns):
    return tuple("abcde"[j] if kind is frames else str(j) for j in columns)


def one(X, y=None, **more):
    [finding] = findings((X, CLASSES if y is None else y), ROOT, **more)
    return finding


# What is sound


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_scaled_table_nothing_is_said(kind):
    assert not list(findings((kind(TABLE), CLASSES), ROOT))
    assert not list(findings(kind(TABLE), ROOT))


SOUND = {
    "moons": data.moons(),
    "circles": data.circles(),
    "blobs": data.blobs(),
    "spirals": data.spirals(50),
    "xor": data.xor(),
    "digits": DIGITS,
    "classification": data.classification(200, informative=15, redundant=3, flip=0.05, seed=42),
    "three digits": (DIGITS.X[:3], DIGITS.y[:3]),
    "digits, a few": (DIGITS.X[:20], DIGITS.y[:20]),
    "letters": [[float(i == k % 26) for i in range(27)] for k in range(60)],
    "word counts": [[float(RNG.random() < 0.05) * RNG.randrange(1, 4) for _ in range(50)] for _ in range(60)],
    "marks of 0 and 1": [[float(RNG.random() < 0.3) for _ in range(6)] for _ in range(60)],
    "pictures on -1": [[2 * v - 1 for v in row] for row in DIGITS.X[:30]],
    "pictures": [[row[i : i + 8] for i in range(0, 64, 8)] for row in DIGITS.X[:30]],
    "words": (["a", "b"] * 20, [0, 1] * 20),
    "sentences": ([["a", "b"], ["c"]] * 20, [["X", "O"], ["O"]] * 20),
    "indices": ([1, 7, 300] * 10, [0, 1, 2] * 10),
    "sequences": ([[0.5, 1.0], [0.25]] * 10, [1.0, 2.0] * 10),
    "numbers to predict": (TABLE, [row[0] * 1000 for row in TABLE]),
    "several to predict": (TABLE, [row[:2] for row in TABLE]),
    "signs": (TABLE, [1, -1] * 20),
    "shares": (TABLE, [[1.0, 0.0], [0.5, 0.5]] * 20),
    "one column": ([[row[0]] for row in TABLE], CLASSES),
    "a list of numbers": ([row[0] for row in TABLE], CLASSES),
    "nothing": ([], []),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_of_data_that_are_sound_nothing_is_said(name):
    assert [f.what for f in findings(SOUND[name], ROOT)] == []


@pytest.mark.parametrize("name", ["simple", "diag", "split", "xor", "circle", "spiral"])
def test_the_points_of_a_unit_square_are_sound(name):
    assert not list(findings(data.minitorch(name, 200), ROOT))


# Features


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(0, 4), st.floats(1e3, 1e6))
@settings(max_examples=10, deadline=None)
def test_a_column_that_is_far_too_large_is_named(kind, j, scale):
    finding = one(kind(with_column(j, lambda i, row: row[j] * scale + scale)))
    assert finding.what == "unscaled features" and finding.severity == "broken" and finding.labels == names(kind, j)
    assert finding.numbers["size"] > scale / 2


def test_all_columns_may_be_too_large_or_too_small():
    for scale, what, how in ((60.0, "unscaled features", "worth a look"), (1e-3, "tiny features", "broken")):
        finding = one(planted(lambda i, row, s=scale: [v * s for v in row]))
        assert (finding.what, finding.severity) == (what, how) and len(finding.labels) == 5


def test_pixels_that_were_not_scaled_or_twice_are_named_flat_or_not():
    for scale, what in ((255.0, "unscaled features"), (1 / 255, "tiny features")):
        flat = [[v * scale for v in row] for row in DIGITS.X[:50]]
        for rows in (flat, [[r[i : i + 8] for i in range(0, 64, 8)] for r in flat]):
            assert one(rows, DIGITS.y[:50]).what == what


def test_columns_of_scales_that_are_far_apart_are_named_though_none_is_large():
    finding = one(with_column(2, lambda i, row: row[2] / 1e3))
    assert finding.what == "unscaled features" and 500 < finding.numbers["ratio"] < 2000


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0.0, 1.0, -2.5])
def test_a_column_that_never_changes_is_named(kind, value):
    finding = one(kind(with_column(3, lambda i, row: value)))
    assert finding.what == "constant feature" and finding.labels == names(kind, 3)


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(1, 4), st.sampled_from([1.0, -3.0, 0.25]), st.sampled_from([0.0, 2.0]))
@settings(max_examples=10, deadline=None)
def test_a_column_that_is_there_twice_is_named_up_to_scale_and_shift(kind, j, scale, shift):
    finding = one(kind(with_column(j, lambda i, row: scale * row[0] + shift)))
    assert finding.what == "duplicate features" and finding.labels == names(kind, j)
    assert ("factor" in finding.seen) == ((scale, shift) != (1.0, 0.0))


def test_columns_that_are_nearly_the_same_are_two():
    assert not list(findings(with_column(1, lambda i, row: row[0] + 1e-3 * row[1]), ROOT))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_missing_number_is_named_by_row_and_column(kind, bad):
    finding = one(kind(with_column(4, lambda i, row: bad if i == 7 else row[4])))
    assert finding.what == "missing numbers" and finding.labels == names(kind, 4)
    assert (finding.numbers["row"], finding.numbers["column"]) == (7, 4)
    assert json.dumps(finding.to_dict(), allow_nan=False)


def test_a_missing_target_is_named():
    for bad in (math.nan, None):
        finding = one(TABLE, [*CLASSES[:5], bad, *CLASSES[6:]])
        assert finding.what == "missing numbers" and finding.numbers["row"] == 5


# Targets


@pytest.mark.parametrize("label", [0, 1.0, "yes", True])
def test_labels_that_are_all_the_same_are_named(label):
    assert one(TABLE, [label] * 40).what == "labels are constant"


@pytest.mark.parametrize("kinds", [(0, 1), (-1, 1), ("no", "yes"), ([1.0, 0.0], [0.0, 1.0])])
def test_labels_of_which_nearly_all_are_one_are_named_with_the_odds(kinds):
    finding = one(TABLE, [kinds[i in (3, 9)] for i in range(40)])
    assert finding.what == "unbalanced labels" and finding.numbers["share"] == 0.95
    assert f"{math.log(2 / 38):.4g}" in finding.advice
    assert not list(findings((TABLE, [kinds[i < 6] for i in range(40)]), ROOT))


def test_classes_beyond_the_outputs_are_named():
    for y, words in (([1, 2, 3] * 13 + [1], "subtract 1"), ([0, 1, -1] * 13 + [0], "numbered 0 to 2")):
        finding = one(TABLE, y, outputs=3)
        assert finding.what == "labels do not fit the outputs" and words in finding.advice
    assert not list(findings((TABLE, [0, 1] * 20), ROOT, outputs=5))
    assert not list(findings((TABLE, [1, 2] * 20), ROOT, outputs=1))


# In a diagnosis


def test_a_diagnosis_opens_the_weights_that_read_a_column_and_the_bias_of_the_output():
    rows = with_column(2, lambda i, row: row[2] * 1e4)
    y = [float(i in (3, 9)) for i in range(40)]
    model = nn.MLP(5, [4, 1], activation="tanh", init="xavier", seed=0)
    loss = losses.binary_cross_entropy_with_logits([model(x) for x in rows], y)
    diagnosis = diagnose(loss, model, (rows, y))
    [scale], [odds] = diagnosis.named("unscaled features"), diagnosis.named("unbalanced labels")
    assert scale.node.label.endswith("w[2]") and odds.node.label.endswith("neurons.0.b")
    assert scale.draw()._repr_svg_() and str(odds.explain()) and "it is 0 now" in odds.advice
    assert not diagnose(loss, model).named("unscaled features")


def test_a_diagnosis_counts_the_outputs_itself():
    model = nn.Linear(5, 3, seed=0)
    y = [k + 1 for k in CLASSES]
    loss = losses.cross_entropy([model(x) for x in TABLE], CLASSES)
    assert diagnose(loss, model, (TABLE, y)).named("labels do not fit the outputs")
    assert not diagnose(loss, model, (TABLE, CLASSES)).named("labels do not fit the outputs")


def test_a_watch_tells_what_is_wrong_with_the_data_once():
    model = nn.MLP(5, [4, 1], activation="tanh", init="xavier", seed=0)
    rows = with_column(2, lambda i, row: row[2] * 1e4)
    y = [k % 2 for k in CLASSES]
    watch = diagnose.watch(model, (rows, y))
    told = []
    for _ in range(12):
        loss = losses.binary_cross_entropy_with_logits([model(x) for x in rows], y)
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data -= 0.001 * p.grad
        told += [f.what for f in watch(loss)]
    assert told.count("unscaled features") == 1


def test_what_is_advised_takes_the_finding_away():
    rows = with_column(2, lambda i, row: row[2] * 1e4 + 5e4)
    assert "data.Standardizer.of(X)(X)" in one(rows).advice
    assert not list(findings((data.Standardizer.of(rows)(rows), CLASSES), ROOT))
