"""Samples by position: what pandas and Polars keep under labels, as rows that a loop can count through."""

from __future__ import annotations

from typing import Any

from .streams import short

_MISSING = ("NoneType", "NAType", "NaTType")  # what pandas has in a cell that is empty


def by_position(data: Any, what: str, targets: bool = False) -> Any:
    """Samples or targets that can be looked up by position: a table of pandas or Polars as rows of numbers,
    all else as it is.

    `data[i]` of pandas looks for a *label* i, which after a shuffle is another sample.  Of targets, text may stay, and
    a table of one column is that column.
    Raises TypeError for what has no positions, or holds no numbers, naming the column.
    """
    if (
        isinstance(data, (str, bytes, set, frozenset, dict))
        or not hasattr(data, "__len__")
        or not hasattr(data, "__getitem__")
    ):
        if not hasattr(data, "iloc") and not hasattr(data, "to_numpy"):
            hint = (
                ": make it a list first"
                if hasattr(data, "__iter__") and not isinstance(data, (str, bytes, dict))
                else ""
            )
            hint = " (a set has no order)" + hint if isinstance(data, (set, frozenset)) else hint
            raise TypeError(
                f"{what} are lists or arrays, because they are read more than once, got a {type(data).__name__}{hint}"
            )
    if getattr(data, "ndim", 1) == 0:
        raise TypeError(
            f"{what} are lists or arrays, one entry per sample, got a single {type(data).__name__} {data!r:.60}"
        )
    if hasattr(data, "iloc"):
        if data.ndim == 1 or targets and data.shape[1] == 1:
            column = data.tolist() if data.ndim == 1 else data.iloc[:, 0].tolist()
            if (i := next((i for i, v in enumerate(column) if type(v).__name__ in _MISSING), None)) is not None:
                raise ValueError(
                    f"{what}: there is {column[i]!r} in row {i}, no number and no class: fill it in, "
                    "or leave the row out, as table.dropna() does"
                )
            return column
        columns = [_numbers(data.iloc[:, j].tolist(), name, what) for j, name in enumerate(data.columns)]
        return [list(row) for row in zip(*columns)] if columns else [[] for _ in range(len(data))]
    return data.to_numpy() if hasattr(data, "to_numpy") else data


def check_data(what: str, X: Any, y: Any) -> tuple[Any, Any]:
    """Samples and targets by position.

    Raises TypeError or ValueError unless there are samples, and a target for each.
    """
    X, y = by_position(X, what), by_position(y, what, targets=True)
    if not len(X) or len(X) != len(y):
        hint = "; split gives X_train, y_train, X_test, y_test, in this order" if len(X) and len(y) else ""
        raise ValueError(
            f"{what} hold one target per sample, and at least one sample, got {len(X)} samples and "
            f"{len(y)} targets{hint}"
        )
    return X, y


def _numbers(column: list[Any], name: object, what: str) -> list[float]:
    """A column of a table.  Raises TypeError for text or dates, ValueError for a missing cell."""
    numbers = []
    for i, v in enumerate(column):
        try:
            numbers.append(None if isinstance(v, str) else float(v))
        except (TypeError, ValueError):
            numbers.append(None)
        if numbers[-1] is None and type(v).__name__ not in _MISSING:
            how = "numbers first, as pandas.get_dummies(table) does"
            if hasattr(v, "isoformat"):
                how = "a number, such as days since a day"
            raise TypeError(
                f"{what}: column {short(name)!r} holds {type(v).__name__} {v!r:.40} in row {i}, and no number: "
                f"leave it out, or make it {how}"
            )
        if numbers[-1] is None or numbers[-1] != numbers[-1]:
            raise ValueError(
                f"{what}: column {short(name)!r} is missing in row {i}: fill it in, as "
                "table.fillna(table.mean()) does, or leave the row out, as table.dropna() does"
            )
    return numbers  # type: ignore[return-value]
