"""Pictures of training, as SVG: the loss curve and other curves, the confusion matrix, the decision boundary,
predictions beside what is true, heatmaps, images, weights.

    >>> picture = loss_curve({"losses": [2.3, 0.9, 0.4], "accuracies": [0.2, 0.7, 0.9]})
    >>> picture
    <Picture 'loss and accuracy', 440 x 520: .save("loss.svg") writes it, also .png, .pdf>

A picture shows itself in a notebook and is written with `.save("name.svg")`, .png or .pdf; what it is drawn with is
in `picture`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .. import signposts
from ..errors import UserError
from ..files import StrPath
from ..modes import no_grad
from ..picture import CARD, FAINT, GRID, INK, QUIET, Picture, width_of
from ..positions import by_position
from .axes import BLUE, CLASSES, ORANGE, PURPLE, Frame, axis, log_axis
from .lines import curves
from .pixels import heatmap, images, thinned, weights
from .predicted import predictions

__all__ = [
    "confusion_matrix",
    "curves",
    "decision_boundary",
    "heatmap",
    "images",
    "loss_curve",
    "predictions",
    "weights",
]
signposts.put_up(__name__)
WIDE, PANEL = 440, 250  # of the loss curve, and the height of each of its panels


# The loss curve


def loss_curve(history: Any, path: StrPath | None = None) -> Picture:
    """Loss, and below it accuracy if there is one, over the epochs;
    training in blue, validation in purple, test in orange.

    `history` is what `train.fit` returns, or a dict with its "losses", "test_losses", "validation_losses", "accuracies"
    and so on, or a list of losses that a loop of one's own has kept.  Losses that
    span more than a factor of 30 are drawn on a logarithmic scale.  Raises ValueError if no epoch was finished.
    """
    columns = history if isinstance(history, Mapping) else vars(history) if hasattr(history, "losses") else None
    if columns is None:
        columns = {"losses": _numbers(history)}
    if not columns.get("losses"):
        raise UserError("there is no loss to draw: the history has no finished epoch; train for at least one")
    panels = [("loss", "losses"), ("accuracy", "accuracies")]
    panels = [(name, key) for name, key in panels if columns.get(key) or columns.get(f"test_{key}")]
    # One below the other, over the same epochs: side by side they are too small to read on a phone.
    picture = Picture(WIDE, 20 + PANEL * len(panels), " and ".join(name for name, _ in panels))
    for i, (name, key) in enumerate(panels):
        kinds = ("training", "", BLUE), ("validation", "validation_", PURPLE), ("test", "test_", ORANGE)
        lines = [(who, columns.get(begin + key) or [], colour) for who, begin, colour in kinds]
        _panel(picture, PANEL * i, name, [line for line in lines if line[1]])
    return picture.kept(path)


def _numbers(losses: Any) -> list[float]:
    """The losses of a list, which may be Values."""
    try:
        return [float(loss) for loss in losses]
    except (TypeError, ValueError):
        raise UserError("loss_curve draws what fit returns, or a dict with its \"losses\", or a list of losses, "
                        f"not {type(losses).__name__} {losses!r:.60}") from None  # fmt: skip


def _panel(picture: Picture, top: float, name: str, lines: list[tuple[str, Sequence[float], str]]) -> None:
    """One pair of axes with its lines, and their last values, which are their legend too."""
    seen = [y for _, ys, _ in lines for y in ys if y is not None and math.isfinite(y)] or [0.0]
    low, high, share = min(seen), max(seen), name == "accuracy"
    log = not share and low > 0 and high > 30 * low
    bottom, highest, ticks = (
        log_axis(low, high) if log else axis(low, high, most=1.0) if share else axis(min(0.0, low), high)
    )
    epochs = max(len(ys) for _, ys, _ in lines)
    left, right = 62, WIDE - 20
    frame = Frame(
        (left, top + 76), (right - left, 140), (1.0 if epochs > 1 else 0.5, max(epochs, 1.5)), (bottom, highest), log
    )
    picture.text(18, top + 32, name + (" (log scale)" if log else ""), 15, bold=True)
    for y in ticks:
        picture.line([frame.at(frame.x[0], y), frame.at(frame.x[1], y)], GRID)
        said = f"{100 * y:.4g} %" if share else f"{y:.6g}"
        picture.text(left - 9, frame.at(1, y)[1] + 4, said, 12, QUIET, "end")
    for epoch in sorted(
        {max(1, round(x)) for x in axis(0.0 if epochs > 5 else 1.0, epochs, most=epochs)[2] if x <= epochs}
    ):
        x, y = frame.at(epoch, bottom)
        picture.line([(x, y), (x, y + 5)], FAINT)
        picture.text(x, y + 19, epoch, 12, QUIET, "middle")
    picture.line([(left, top + 216), (right, top + 216)], FAINT)
    picture.text((left + right) / 2, top + 250, "epoch", 12, QUIET, "middle")
    end = float(right)
    for who, ys, colour in reversed(lines):
        points = [frame.at(i + 1, y) for i, y in enumerate(ys) if y is not None and math.isfinite(y)]
        picture.line(points, colour, 2.2)
        for x, y in points[-1:]:
            picture.add("circle", cx=x, cy=y, r=3.6, fill=colour, stroke=CARD, stroke_width=1.2)
        y = next((y for y in reversed(ys) if y is not None), math.nan)
        last = f"{100 * y:.2f} %" if share else f"{y:.4g}"
        picture.text(end, top + 56, last, 12, anchor="end", bold=True)
        end -= width_of(last, 12) * 1.08 + 7
        picture.text(end, top + 56, who, 12, QUIET, "end")
        end -= width_of(who, 12) + 6
        picture.line([(end - 14, top + 52), (end, top + 52)], colour, 3)
        end -= 14 + 18


# The confusion matrix


def confusion_matrix(first: Any, second: Any = None, third: Any = None, *, labels: Sequence[object] | None = None,
                     path: StrPath | None = None) -> Picture:  # fmt: skip
    """How often each class (a row) was taken for each class (a column); what is right on the diagonal, in blue.

    Takes (y_true, y_pred); (model, X, y); or a square matrix of counts, with the names of its classes.
    Raises ValueError if the matrix is not square, if there is not one label per row, or one prediction per target.

    >>> confusion_matrix([[9, 1], [0, 10]], ["cat", "dog"])
    <Picture 'confusion matrix', 248 x 218: .save("confusion.svg") writes it, also .png, .pdf>
    >>> confusion_matrix(["a", "b", "b"], ["a", "b", "a"])
    <Picture 'confusion matrix', 248 x 218: .save("confusion.svg") writes it, also .png, .pdf>
    """
    matrix, found = _counts(first, second, third)
    labels = found if labels is None else labels
    n = len(matrix)
    names = [str(name) for name in (range(n) if labels is None else labels)]
    if not n or any(len(row) != n for row in matrix) or len(names) != n:
        raise UserError(f"a confusion matrix has as many columns as rows, and one label each, got rows of lengths "
                         f"{[len(row) for row in matrix]} and {len(names)} labels")  # fmt: skip
    cell, short = 40, [name if len(name) <= 16 else name[:15] + "…" for name in names]
    longest = max(map(width_of, short))
    left, slanted = 52 + longest, longest > cell - 6
    top = 104 + (0.75 * longest if slanted else 0)
    picture = Picture(max(248, left + cell * n + 76 + (40 if slanted else 0)), top + cell * n + 34, "confusion matrix")
    counts = [sum(row) for row in matrix]
    right = sum(matrix[i][i] for i in range(n))
    percent = f", {100 * right / sum(counts):.2f} %" if right else ""
    picture.head(20, 32, f"{right} of {sum(counts)} right{percent}")
    picture.text(left + cell * n / 2, 74, "predicted", fill=QUIET, anchor="middle")
    picture.text(
        left + cell * n + 10, top + cell * n + 16, "recall", fill=QUIET, tip="the share of each class that was found"
    )
    picture.text(24, top + cell * n / 2, "true", fill=QUIET, anchor="middle", turn=-90)
    for i, row in enumerate(matrix):
        middle = top + cell * i + cell / 2 + 4
        picture.text(left - 9, middle, short[i], anchor="end", tip=names[i])
        x = left + cell * i + cell / 2
        picture.text(
            x, top - 9, short[i], anchor=None if slanted else "middle", turn=-45 if slanted else 0, tip=names[i]
        )
        for j, count in enumerate(row):
            # A few mistakes should be seen among thousands of hits: the square root brings them out.
            share = count / max(1, counts[i])
            strength = (0.12 + 0.88 * (share if i == j else math.sqrt(share))) if count else 0.0
            full = bytes.fromhex((BLUE if i == j else ORANGE)[1:])
            x, y = left + cell * j, top + cell * i
            picture.add("rect", x=x + 1, y=y + 1, width=cell - 2, height=cell - 2, rx=3,
                        fill=thinned(full, strength) if count else "#f5f6f8")  # fmt: skip
            if count:
                picture.text(x + cell / 2, middle, count, 12 if count < 10000 else 9, anchor="middle", bold=i == j,
                             tip=f"{count} of {counts[i]} {names[i]} taken for {names[j]}")  # fmt: skip
        if counts[i]:
            picture.text(
                left + cell * n + 10,
                middle,
                f"{100 * row[i] / counts[i]:.1f} %",
                fill=QUIET,
                tip=f"of {counts[i]} {names[i]}",
            )
    return picture.kept(path)


def _counts(first: Any, second: Any, third: Any) -> tuple[list[list[int]], Sequence[object] | None]:
    """A matrix of counts and the names of its classes, from whatever they are to be counted."""
    if callable(first):
        if second is None or third is None:
            raise UserError("a model is judged by samples: confusion_matrix(model, X, y)")
        X, true = by_position(second, "samples"), list(by_position(third, "targets", targets=True))
        with no_grad():
            scores = [_scores(first([float(v) for v in x])) for x in X]
        if scores and len(scores[0]) == 2 and set(true) <= {-1, 1} and -1 in true:
            guessed: list[Any] = [1 if s[1] > s[0] else -1 for s in scores]
        else:
            guessed = [max(range(len(s)), key=s.__getitem__) for s in scores]
    elif (
        len(first)
        and hasattr(first[0] if not hasattr(first, "iloc") else 0, "__len__")
        and not isinstance(first[0], str)
    ):
        return [[int(n) for n in row] for row in first], second
    else:
        if second is None:
            raise UserError("the classes that were predicted are missing: confusion_matrix(y_true, y_pred)")
        true, guessed = (list(by_position(y, "targets", targets=True)) for y in (first, second))
    if len(true) != len(guessed) or not true:
        raise UserError(
            f"one prediction belongs to each target, got {len(true)} targets and {len(guessed)} predictions"
        )
    classes = sorted({*true, *guessed}, key=lambda c: (isinstance(c, str), c))
    if (
        all(isinstance(c, int) or getattr(c, "dtype", None) is not None and c == int(c) for c in classes)
        and min(classes) >= 0
    ):
        classes = list(range(int(max(classes)) + 1))  # classes that none of these samples has are there too
    pairs = Counter(zip(true, guessed))
    return [[pairs[t, g] for g in classes] for t in classes], classes


# The decision boundary

Grid = list[list[float]]


def decision_boundary(model: Callable[[list[float]], Any], X: Any, y: Any,
                      labels: Sequence[object] | None = None, path: StrPath | None = None, *,
                      axes: Sequence[object] = (), grid: int = 64) -> Picture:  # fmt: skip
    """Where in the plane a model decides for which class, darker where it is surer, with the samples on top.

    `model` is called with [x1, x2] on a grid, and returns one number, whose sign decides between two classes, or one
    score per class, of which the largest decides.  `y` holds the class of each sample: -1 and 1, or 0, 1, 2, ...
    `axes` names the two numbers.  Samples on the wrong side have a dark ring.
    Raises ValueError unless there are samples, each of two numbers.
    """
    X, y = by_position(X, "samples"), by_position(y, "classes", targets=True)
    if not len(X) or len(X) != len(y) or any(len(x) != 2 for x in X):
        raise UserError(
            f"a decision boundary is drawn in the plane: it needs samples of 2 numbers and one class for each, "
            f"got {len(X)} samples of {sorted({len(x) for x in X})} numbers and {len(y)} classes"
        )
    if grid < 2:
        raise UserError(f"a grid has at least 2 cells on a side, got {grid}")
    points = [[float(v) for v in x] for x in X]
    frame = _around(points)
    (x0, x1), (y0, y1) = frame.x, frame.y
    across, upward = ([a + (b - a) * i / grid for i in range(grid + 1)] for a, b in ((x0, x1), (y0, y1)))
    with no_grad():
        found = map(_scores, _all(model, [*[[a, b] for b in upward for a in across], *points]))
        scores = [[next(found) for _ in across] for _ in upward]
        decided = list(found)
    kinds = len(decided[0])
    place = {c: i for i, c in enumerate([-1, 1] if kinds == 2 and -1 in y else range(kinds))}
    if strange := sorted(map(str, set(y) - set(place))):
        rest = f", ... ({len(strange)} others): a target that is a number has no boundary" if len(strange) > 8 else ""
        raise UserError(
            f"the model decides between {', '.join(map(str, place))}, and there are samples of class "
            f"{', '.join(strange[:8])}{rest}"
        )
    names = [str(name) for name in (place if labels is None else labels)]
    if len(names) != kinds:
        raise UserError(f"the model decides between {kinds} classes, got {len(names)} labels")
    right, bottom = frame.corner[0] + frame.size[0], frame.corner[1] + frame.size[1]
    picture = Picture(right + 24, bottom + 46 + 12 * bool(axes), "decision boundary")
    for name, (ax, ay), turn in zip(
        axes, ((frame.corner[0] + frame.size[0] / 2, bottom + 40), (14, frame.corner[1] + frame.size[1] / 2)), (0, -90)
    ):
        picture.text(ax, ay, name, fill=QUIET, anchor="middle", turn=turn)
    cells = Frame(frame.corner, frame.size, (0, grid), (0, grid))
    for k in range(kinds):
        ahead = [[s[k] - max(s[:k] + s[k + 1 :]) for s in row] for row in scores]  # of the other classes
        for level in (0.0, 0.5, 2.0):
            if shape := "".join(_outline(cells.at(*corner) for corner in polygon) for polygon in _above(ahead, level)):
                picture.add("path", d=shape, fill=_class_colour(k), fill_opacity="0.16")
    for v in axis(x0, x1)[2][1:-1]:
        picture.text(frame.at(v, y0)[0], bottom + 18, f"{v:.6g}", fill=QUIET, anchor="middle")
    for v in axis(y0, y1)[2][1:-1]:
        picture.text(frame.corner[0] - 8, frame.at(x0, v)[1] + 4, f"{v:.6g}", fill=QUIET, anchor="end")
    wrong = 0
    for (a, b), target, s in zip(points, y, decided):
        missed = max(range(kinds), key=s.__getitem__) != place[target]
        wrong += missed
        cx, cy = frame.at(a, b)
        picture.add("circle", cx=cx, cy=cy, r=4, fill=_class_colour(place[target]), stroke=INK if missed else CARD,
                    stroke_width=1.6 if missed else 1)  # fmt: skip
    ringed = ", the others ringed" if wrong else ""
    picture.head(frame.corner[0], 30, f"{len(y) - wrong} of {len(y)} on their side{ringed}")
    for k in reversed(range(kinds)):
        picture.text(right, 30, names[k], fill=QUIET, anchor="end")
        right -= width_of(names[k]) + 9
        picture.add("circle", cx=right, cy=26, r=4, fill=_class_colour(k))
        right -= 18
    return picture.kept(path)


def _class_colour(k: int) -> str:
    return CLASSES[k % len(CLASSES)]


def _around(points: Sequence[Sequence[float]]) -> Frame:
    """A frame around points, with a margin; the same scale both ways, unless that would be too flat or too tall."""
    (x0, x1), (y0, y1) = ((min(c), max(c)) for c in zip(*points))
    dx, dy = (x1 - x0) or 1.0, (y1 - y0) or 1.0
    ratio = dy / dx if 0.4 < dy / dx < 1.6 else 0.8
    return Frame((56, 62), (440, 440 * ratio), (x0 - 0.12 * dx, x1 + 0.12 * dx), (y0 - 0.12 * dy, y1 + 0.12 * dy))


def _all(model: Any, points: list[list[float]]) -> Iterable[Any]:
    """What a model makes of each point; one that is replayed (see `jit`) takes them all at once."""
    return model.map(points) if hasattr(model, "map") else map(model, points)


def _scores(output: Any) -> list[float]:
    """One number per class: what a model returns as a list, or a score s as (-s, s), half each."""
    if isinstance(output, (list, tuple)) and len(output) > 1:
        return [float(v) for v in output]
    s = float(output[0] if isinstance(output, (list, tuple)) else output)
    return [-s / 2, s / 2]


def _above(field: Grid, level: float) -> Iterator[list[tuple[float, float]]]:
    """The part of a grid where a field is above a level, as polygons in grid coordinates.

    Cells that are above as a whole are joined to one strip per row; the others are cut where the field, taken
    as straight along their edges, crosses the level (marching squares).
    """
    for j in range(len(field) - 1):
        start = None
        for i in range(len(field[0])):
            corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)] if i + 1 < len(field[0]) else []
            values = [field[b][a] - level for a, b in corners]
            full = bool(values) and min(values) > 0
            if full and start is None:
                start = i
            if not full and start is not None:
                yield [(start, j), (i, j), (i, j + 1), (start, j + 1)]
                start = None
            if values and not full and max(values) > 0:
                cut: list[tuple[float, float]] = []
                for k in range(4):
                    (a, b), v, (c, d), w = corners[k], values[k], corners[k - 3], values[k - 3]
                    if v > 0:
                        cut.append((a, b))
                    if (v > 0) != (w > 0):
                        cut.append((a + (c - a) * v / (v - w), b + (d - b) * v / (v - w)))
                yield cut


def _outline(points: Iterable[tuple[float, float]]) -> str:
    """A closed path through points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "z"
