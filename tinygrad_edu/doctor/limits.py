"""Where a number becomes a finding: every threshold of the doctor, in one table, with where it comes from.

>>> severity("saturated layer", 0.65), severity("saturated layer", 0.1), severity("vanishing", 1e-6)
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
    "saturated layer": Limit(
        0.6,
        0.7,
        "share of (unit, sample) pairs; SageMaker, TheDeepChecker and nnscope: 0.5, but tanh networks of the zoo "
        "that learn well come to 0.58, and weights ten times too large to 0.75 and more",
    ),
    "saturated unit": Limit(0.5, 0.95, "share of the samples; as above"),
    "dead units": Limit(0.4, 0.7, "share of a layer; CS231n's notes name 0.4, AUTOTRAINER and DeepDiagnosis 0.7"),
    "killed units": Limit(0.1, 0.3, "those further from waking than their sums vary; nnscope: 0.1 and 0.3"),
    "least pairs": Limit(20, 20, "ours: of fewer (unit, sample) pairs, a share says little"),
    "learned": Limit(0.1, 0.1, "ours: the loss as a share of that of constant outputs; below it units may be shut"),
    "chance": Limit(
        2.5,
        3.0,
        'the loss over that of outputs that are 0; CS231n: near 1, but init="he" makes 1.4, a line of the zoo 2.1, and '
        "one step repairs it",
    ),
    "distance": Limit(10.0, 100.0, "ours: the same of |output - target|, for nobody knows how large targets are"),
    "fewest samples": Limit(8, 8, "ours: about fewer samples a good network may be wrong"),
    "stuck outputs": Limit(0.25, 0.4, "share of the samples of one side; wrong labels, up to a fifth, are no fault"),
    "out of reach": Limit(0.1, 0.5, "ours: share of the targets beyond what the last activation gives"),
    "penalty": Limit(3.0, 10.0, "ours: over the data, in gradient and in loss; at rest the gradients are equal"),
    "vanishing": Limit(1e-2, 1e-3, "first layer against last; AUTOTRAINER, nnscope: 1e-3"),
    "vanishing in few layers": Limit(1e-3, 1e-5, "as above, of fewer than 5; AUTOTRAINER: 1e-3"),
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
    # Of data.
    "unscaled": Limit(30.0, 100.0, "root mean square of a column; UMLAUT: outside [-1, 1], but the zoo learns with 10"),
    "scales apart": Limit(100.0, 1e4, "largest column against smallest; CS231n: each of variance 1"),
    "tiny": Limit(0.1, 0.01, "root mean square of the largest column, zeros aside; UMLAUT, CS231n"),
    "sparse": Limit(0.1, 0.1, "ours: share of zeros from which on columns are counts, marks or pixels"),
    "correlated": Limit(1e-9, 1e-9, "ours: 1 - |correlation|, what rounding leaves of equal columns"),
    "unbalanced": Limit(0.9, 0.99, "share of the most frequent class; Karpathy's recipe: begin the last bias there"),
    # Of a training.
    "update too small": Limit(
        3e-4,
        1e-6,
        "update : weight, sizes by layer; TheDeepChecker: 1e-4, but a thousandth of a good rate gave 1.2e-4 with "
        "momentum; nnscope: 1e-6",
    ),
    "update too large": Limit(0.1, 1.0, "as above; TheDeepChecker and nnscope: 0.1, Karpathy: about 1e-3 is healthy"),
    "first update too large": Limit(
        10.0, 10.0, "before step 5; SageMaker: 10, and a sound relu network may begin with 2.6 and repair it"
    ),
    "climbs": Limit(0.05, 0.05, "ours: cosine of the angle between update and gradient, at three looks in a row"),
    "diverges": Limit(3.0, 3.0, "loss against its best; nnscope: 3"),
    "falls": Limit(0.05, 0.05, "share of the loss; TheDeepChecker: 5 % in a period"),
    "goes well": Limit(0.5, 0.5, "ours: loss against that at the start"),
    "learns": Limit(0.05, 0.02, "ours: share of the targets' variance that the outputs explain"),
    "overfitting": Limit(1.15, 1.5, "test loss against its best; nnscope: 1.15"),
    "training went on": Limit(0.9, 0.9, "training loss against that at the best test loss; nnscope: 0.9"),
}

# Findings in the order of causes: where several are as bad, what brings about the others is told first.
CAUSES = (
    "missing numbers",  # the data, as they are given
    "labels are constant",
    "labels do not fit the outputs",
    "unscaled features",
    "tiny features",
    "constant feature",
    "duplicate features",
    "unbalanced labels",
    "no gradient at all",  # what the graph is, whatever its numbers are
    "parameters the loss never reaches",
    "no gradient arrives",
    "softmax of a softmax",
    "sigmoid of a sigmoid",
    "loss and last activation do not match",
    "log of what is no probability",
    "loss and targets do not match",
    "linear after linear",
    "identical units",
    "gradients added up",  # what is done with the gradient
    "stale gradients",
    "no update",
    "update in the wrong direction",
    "regularisation lowers the loss",
    "regularisation outweighs the data",
    "unstable formula",  # what the numbers are
    "loss at the start far from chance",
    "updates too large",
    "updates too small",
    "gradient stops being finite",
    "begins here",
    "difference of nearly equal numbers",
    "dead units",
    "blocked gradient",
    "outputs saturated and wrong",
    "saturated units",
    "vanishing gradient",
    "exploding gradient",
    "gradient vanishes in time",
    "gradient explodes in time",
    "output does not depend on the input",
    "inputs whose weights get no gradient",
    "outputs worse than nothing",
    "loss diverges",  # what comes of all this
    "learns nothing from the inputs",
    "loss does not fall",
    "overfitting",
)

# A watch.  It looks at the graph at steps 0, 10, 100, ..., and while a question is open also at 20, 200, ...; at the
# numbers of parameters and gradients at 0, 1, 2, 5, 10, 20, 50, ...; at the loss at every step.
PATIENCE = 2  # looks in a row at which something must be seen before it is told; AUTOTRAINER and others: 3
CLEAN = 2  # looks in a row without it, after which it is taken back; nnscope: 9, at shorter distances
WINDOW = 10  # steps: the loss of one batch says little, so the mean over a window is taken
MOST = 600  # nodes of a graph that is looked at, parameters aside: of a larger batch some samples are
SAMPLES = 8  # at least, of a batch, also if they have more nodes; and as many where the graph must be built
ASKED = 128  # samples that the model is asked for, to see whether it has learned anything from them

# What is told at the first look that sees it: it is exact, and a second look would see the same numbers.
AT_ONCE = (
    "begins here",  # nan or inf: the next step spreads it to every parameter
    "gradient stops being finite",
    "no gradient at all",
    "parameters the loss never reaches",  # no edge leads there, whatever the numbers are
    "identical units",  # equal to the last bit, and the same equations from now on
    "linear after linear",
    "softmax of a softmax",
    "sigmoid of a sigmoid",
    "loss and last activation do not match",  # formulas, whatever the numbers are
    "loss and targets do not match",
    "regularisation lowers the loss",
    "log of what is no probability",
    "no gradient arrives",
    "unstable formula",  # at a number that shows it
    "loss at the start far from chance",  # some steps on, the last layer may have come down
    "missing numbers",  # data stay as they are
    "labels are constant",
    "labels do not fit the outputs",
    "unbalanced labels",
    "unscaled features",
    "tiny features",
    "constant feature",
    "duplicate features",
    "gradients added up",  # a sum of two known numbers, for every parameter
    "stale gradients",  # to the last bit those of the step before, or none
    "update in the wrong direction",  # three looks are in it already
    "loss diverges",  # two windows are in it already
)
# The first step at which something counts: before, it is a matter of how the weights were drawn, or of the first batch.
NOT_BEFORE = {
    "saturated units": 10,
    "vanishing gradient": 3,
    "exploding gradient": 3,
    "gradient vanishes in time": 3,
    "gradient explodes in time": 3,
    "stale gradients": 2,
    "no update": 5,
    "updates too small": 20,  # Adam's first 10 steps are larger than the gradient says
    "updates too large": 1,  # as above, unless the loss has risen by then; at steps 1 to 4, only if they are huge
    "loss does not fall": 100,
    "learns nothing from the inputs": 100,
}
# What, as long as it is only worth a look, is told from this step on, and not at all if the loss has come down by half:
# a network that learns may shut some units.
IF_NOT_WELL = {"saturated units": 100, "dead units": 100}
# What is told at step 0 or not at all, and stands until it is gone.
AT_START = ("loss at the start far from chance",)
# Where something that stands ends: lower than where it began, so that it does not come and go.
CLEARS = {"updates too large": 0.03, "overfitting": 1.05}  # nnscope


def causes_first(what: str, how: str) -> tuple[bool, int]:
    """To sort findings by: worst first, and of those that are as bad what brings about the others."""
    return how != BROKEN, next((i for i, cause in enumerate(CAUSES) if cause in what), len(CAUSES))


def severity(name: str, x: float) -> str:
    """What the table says of a number: "broken", "worth a look" or "".  Raises KeyError for another name."""
    limit = LIMITS[name]
    sign = -1 if limit.broken < limit.look else 1
    return BROKEN if sign * x >= sign * limit.broken else LOOK if sign * x >= sign * limit.look else ""
