"""Where a number becomes a finding: every threshold of the doctor, in one table, with where it comes from.

>>> severity("saturated layer", 0.3), severity("saturated layer", 0.1), severity("vanishing", 1e-6)
('worth a look', '', 'broken')
"""

from __future__ import annotations

from typing import NamedTuple

BROKEN, LOOK = "broken", "worth a look"


class Limit(NamedTuple):
    """From where on a number is worth a look, from where on something is broken, and who says so.

    Where `broken` is below `look`, small numbers are the bad ones.
    """

    look: float
    broken: float
    source: str


LIMITS = {
    # A share of the largest slope: below it, a unit passes next to nothing on.
    "slope": Limit(0.06, 1e-3, "Karpathy's makemore 3: |tanh| > 0.97, where the slope is 0.059; sigmoid beyond 0.985"),
    "saturated layer": Limit(0.2, 0.5, "share of (unit, sample) pairs; SageMaker, TheDeepChecker and nnscope: 0.5"),
    "saturated unit": Limit(0.5, 0.95, "share of the samples; as above"),
    "dead units": Limit(0.4, 0.7, "share of a layer; CS231n's notes name 0.4, AUTOTRAINER and DeepDiagnosis 0.7"),
    "killed units": Limit(0.1, 0.3, "those further from waking than their sums vary; nnscope: 0.1 and 0.3"),
    "least pairs": Limit(20, 20, "ours: of fewer (unit, sample) pairs, a share says little"),
    "vanishing": Limit(1e-2, 1e-3, "first layer against last; AUTOTRAINER, nnscope: 1e-3"),
    "exploding": Limit(1e2, 1e3, "first layer against last; AUTOTRAINER: 70"),
    "fewest layers": Limit(5, 5, "ours: fewer give no rate"),
    "vanishing in time": Limit(1e-3, 1e-8, "first step against last; AUTOTRAINER's ratio, ours"),
    "exploding in time": Limit(1e2, 1e3, "first step against last; AUTOTRAINER says 70"),
    "fewest steps": Limit(8, 8, "ours: fewer give no rate"),
    "blocked": Limit(0.1, 0.5, "ours: share of the samples"),
    "idle inputs": Limit(0.5, 2.0, "ours: share of the inputs; the corners of a picture are always empty"),
    "linear": Limit(0.8, 2.0, "ours: share of a unit's inputs"),
    "digits lost": Limit(8, 14, "ours: of the 16 that a float has"),
    "error in the loss": Limit(1e-6, 1e-2, "ours: what rounding does to the loss, as a share of it"),
    "rounded probability": Limit(1e-8, 0.0, "ours: half of the digits of 1 - p are lost"),
    "exponent": Limit(300.0, 709.78, "exp overflows beyond 709.78"),
    "small probability": Limit(1e-100, 5e-324, "the smallest float is 5e-324, and log(0) is -inf"),
}


def severity(name: str, x: float) -> str:
    """What the table says of a number: "broken", "worth a look" or "".  Raises KeyError for another name."""
    limit = LIMITS[name]
    sign = -1 if limit.broken < limit.look else 1
    return BROKEN if sign * x >= sign * limit.broken else LOOK if sign * x >= sign * limit.look else ""
