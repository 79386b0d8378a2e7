"""The west wing's inspector: is the gradient that the chain rule finds the slope that the function has?

Central differences know nothing of rules: they push one input a little to the left and to the right and look
at what comes out.  Where both agree to seven digits the rules are right; where they do not, each row that was used
is checked by itself, at the numbers that it saw, and a wrong one is named.  A kink (relu at 0) is nobody's fault.

    >>> from tinygrad_edu import ops
    >>> print(gradcheck(lambda x, y: ops.relu(x) * y + y ** 3, 0.0, 2.0))  # doctest: +ELLIPSIS
    input  chain rule a  differences n  |a-n|/max(|a|,|n|)  verdict
    x                 0              1                   1  kink     x is at the kink of relu(x): slope 0 before, ...
    y                12             12                   0  happy
    f = 8: 1 kink, 1 happy; its rules: 1 kink, 5 happy

`check_backward` does the same for a backward pass written by hand, `step_sizes` shows how the step was chosen.

`probes` are functions at one point, `slopes` their differences, `rules` the rows one by one, `report` what is said.

    python -m tinygrad_edu.check      finds a mistake in a rule
"""

from .gradients import gradcheck
from .handwritten import Gradient, Handwritten, check_backward
from .probes import bends, intervals
from .report import HAPPY, SUSPICIOUS, VERDICTS, WRONG, InputCheck, Partial, Report
from .steps import StepSizes, step_sizes

__all__ = [
    "HAPPY", "SUSPICIOUS", "VERDICTS", "WRONG", "InputCheck", "Gradient", "Handwritten", "Partial", "Report",
    "StepSizes", "bends", "check_backward", "gradcheck", "intervals", "step_sizes",
]  # fmt: skip
