"""Numbers that a model predicted beside the true ones.

>>> predictions([1.0, 2.0, 3.0], [1.25, 2.0, 2.75])
<Picture 'predicted and true', 470 x 502: .save("predicted.svg") writes it, also .png, .pdf>
"""

from __future__ import annotations

import math
from typing import Any

from ..errors import UserError
from ..files import StrPath
from ..picture import CARD, FAINT, GRID, QUIET, Picture
from ..positions import by_position
from .axes import BLUE, Frame, axis

SIDE = 370.0  # of the frame


def predictions(
    y_true: Any, y_pred: Any, path: StrPath | None = None, *, target: str = "", title: str = "predicted and true"
) -> Picture:
    """What a model predicted, upwards, over what is true: on the line it was right, above it too high.

    `target` names the number.  Raises ValueError unless there are as many predictions as targets, all of them finite.
    """
    pair = [by_position(part, "targets and predictions", targets=True) for part in (y_true, y_pred)]
    true, found = ([float(v) for v in part] for part in pair)
    if not true or len(true) != len(found) or not all(map(math.isfinite, [*true, *found])):
        raise UserError(
            "predictions draws a finite number for each of the targets: predictions(y, train.predict(model, X)); "
            f"got {len(true)} targets and {len(found)} predictions"
            + ", some of them inf or nan"
            * (len(true) == len(found) > 0)
        )
    low, high, ticks = axis(min(*true, *found), max(*true, *found))
    frame = Frame((76, 68), (SIDE, SIDE), (low, high), (low, high))
    picture = Picture(SIDE + 100, SIDE + 132, title)
    picture.head(20, 30, f"{target} predicted".strip())
    for v in ticks:
        picture.line([frame.at(low, v), frame.at(high, v)], GRID)
        picture.text(67, frame.at(low, v)[1] + 4, f"{v:.6g}", fill=QUIET, anchor="end")
        picture.text(frame.at(v, low)[0], frame.at(v, low)[1] + 19, f"{v:.6g}", fill=QUIET, anchor="middle")
    picture.line([frame.at(low, low), frame.at(high, high)], FAINT)
    picture.text(76 + SIDE / 2, 68 + SIDE + 44, f"{target} as it is".strip(), fill=QUIET, anchor="middle")
    for place in zip(true, found):
        x, y = frame.at(*place)
        picture.add("circle", cx=x, cy=y, r=4, fill=BLUE, stroke=CARD, stroke_width=1)
    return picture.kept(path)
