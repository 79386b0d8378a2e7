"""How far apart two gradients are, for how large they are: two definitions are in use, and the course uses both.

>>> of_notes(1.0, 2.0), of_assignments(1.0, 2.0)
(0.5, 0.3333333333333333)
"""

from __future__ import annotations


def of_notes(a: float, n: float) -> float:
    """|a - n| / max(|a|, |n|), and 0 where both are 0: at most 2."""
    return abs(a - n) / (max(abs(a), abs(n)) or 1.0)


def of_assignments(a: float, n: float) -> float:
    """|a - n| / max(1e-8, |a| + |n|): at most 1, and about half of the notes'; small where both are tiny."""
    return abs(a - n) / max(1e-8, abs(a) + abs(n))
