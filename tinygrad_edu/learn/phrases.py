"""How values and differences are written in a remark.

>>> shortly([1 / 3, True, 2]), band_of(1.0, 1.1, True)
('[0.33333333, yes, 2]', ('0.091', 'wrong'))
>>> begun("in the window"), begun("x = 2 is wrong")
('In the window', 'x = 2 is wrong')
"""

from __future__ import annotations

import math
from typing import Any

from ..check.report import HAPPY, SUSPICIOUS, WRONG

LONGEST = 600  # letters of a value


def begun(text: str) -> str:
    """A sentence with a capital at its beginning, unless it begins with a name or a number."""
    word = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if word.isalpha() and len(word) > 1 or word == "a" else text


def shortly(x: Any) -> str:
    """A value, of which nobody wants all digits, nor more than a few lines.

    >>> shortly("ab" * 1000)[-9:], shortly({"#": "todo"}), shortly({"#": []})
    ('ababab...', '...', '[]')
    """
    text = _text(x)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _text(x: Any) -> str:
    if isinstance(x, float):
        return f"{x or 0.0:.8g}"  # -0 is 0
    if isinstance(x, list):
        return f"[{', '.join(map(_text, x[:LONGEST]))}]"
    if isinstance(x, dict) and "#" in x:
        return {"todo": "...", "nothing": "missing"}.get(str(x["#"]), str(x["#"]))
    if isinstance(x, bool):
        return "yes" if x else "no"
    return repr(x) if isinstance(x, str) else str(x)


def band_of(a: Any, b: Any, wrong: bool) -> tuple[str, str]:
    """The relative error of CS231n's notes, and its verdict."""
    numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (a, b))
    if not numbers or not math.isfinite(a - b):
        return "", "wrong" * wrong
    error = abs(a - b) / (max(abs(a), abs(b)) or 1.0)
    bands = ((HAPPY, "happy"), (SUSPICIOUS, "acceptable"), (WRONG, "suspicious"))
    verdict = next((word for limit, word in bands if error <= limit), "wrong")
    return f"{error:.2g}", "wrong" if wrong and verdict == "happy" else verdict
