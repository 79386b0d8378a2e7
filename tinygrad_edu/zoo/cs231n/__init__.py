"""CS231n, the course that teaches backpropagation with circuits: a gradient is checked before it is trusted.

Each gate of a circuit knows one thing, how much its output moves when its inputs do, and nothing of the rest: that is
enough to find every gradient, be it of (x + y)·z or of a batch normalisation.  This page walks the notes' circuits;
says what a relative error is, and when one is too large; checks the layers of the assignments, written forward and
backward by hand in NumPy (`layers.py`, to compare yours with), against the scalar engine, number by number, and against
finite differences; does the checks that the notes ask for before any training; and trains their spiral, with a line and
with one hidden layer.

Is your own backward pass right?  `check.layer` runs it on the inputs of the assignments, and names the first number
that is wrong:

    from tinygrad_edu.zoo.cs231n import check
    print(check.layer(affine_forward, affine_backward))     # yours

Sources: Stanford's CS231n, notes and assignments, 2015 to 2023 (Karpathy, Johnson, Li and others): "Backpropagation,
Intuitions", "Neural Networks Part 3" (gradient checks, sanity checks), "Putting it together: Minimal Neural Network
Case Study", assignments 1 to 3.
"""

from __future__ import annotations

from typing import Any

from ... import losses, ops, plot
from ...check import HAPPY, SUSPICIOUS, WRONG, gradcheck
from ...engine import Value
from ...extras import MissingPackage
from ...figures import draw
from ..report import Run
from .relative import of_assignments, of_notes
from .training import before_training, spiral

TINY = 1e-12


def main(run: Run) -> None:
    """All of it.  What is NumPy by hand is left out where there is no NumPy."""
    circuits(run)
    relative_errors(run)
    steps(run)
    kinks(run)
    try:
        from . import assignments
    except MissingPackage as absent:
        run.section("The layers of the assignments")
        run.say(f"Left out: {absent}.")
    else:
        assignments.forward(run)
        assignments.backward(run)
        assignments.batch_normalisation(run)
        assignments.whole_nets(run)
    before_training(run)
    spiral(run)


def circuits(run: Run) -> None:
    """The notes' four circuits; the last but one in stages, as a program."""
    run.section("Circuits, gate by gate")
    x, y, z = Value(-2.0, "x"), Value(5.0, "y"), Value(-4.0, "z")
    f = (x + y) * z
    f.backward()
    run.compare("f = (x + y)·z at -2, 5, -4", f.data, -12.0)
    run.gradients("df/d{}", {x: -4.0, y: -4.0, z: 3.0})

    x, y, z, w = Value(3.0, "x"), Value(-4.0, "y"), Value(2.0, "z"), Value(-1.0, "w")
    f = 2 * (x * y + ops.maximum(z, w))
    f.label = "f"
    f.backward()
    run.compare("f = 2·(x·y + max(z, w)) at 3, -4, 2, -1", f.data, -20.0)
    run.gradients("df/d{}, through add, multiply or max", {x: -8.0, y: 6.0, z: 2.0, w: 0.0})
    run.picture(
        "circuit",
        draw(f),
        "2·(x·y + max(z, w)): each card shows a value and its gradient, each edge its local gradient",
    )
    run.say(
        "What gates do with the gradient 2 that reaches them: + hands the same on to both of its inputs; max hands "
        "all of it to the larger, z, and nothing to w; · hands each input the value of the other, times 2."
    )

    ws = [Value(v, f"w{i}") for i, v in enumerate((2.0, -3.0, -3.0))]
    xs = [Value(v, f"x{i}") for i, v in enumerate((-1.0, -2.0))]
    f = 1 / (1 + (-(ws[0] * xs[0] + ws[1] * xs[1] + ws[2])).exp())
    f.backward()
    run.compare("a sigmoid neuron, out of +, ·, exp and /", f.data, 0.7310585786, within=5e-11, form=".10f")
    slopes = (-0.1966119333, -0.3932238665, 0.1966119333, 0.3932238665, -0.5898357998)
    run.gradients("its df/d{}", dict(zip([*ws, *xs], slopes)), within=1e-10, form=".10f")

    f, x, y = staged(3.0, -4.0)
    f.backward()
    run.compare("f = (x + σ(y)) / (σ(x) + (x + y)²) at 3, -4", f.data, 1.5456448841, within=1e-10, form=".10f")
    run.gradients("df/d{}", {x: 2.0595697956, y: 1.5922327515}, within=1e-10, form=".10f")
    run.say(
        "Nobody would want the derivative of that formula on paper, and nobody needs it: give each stage a name going "
        "forward, and read the lines backwards.  This program was written out of the graph, by f.source():"
    )
    run.code(str(f.source("python")), "python")


def staged(at_x: float, at_y: float) -> tuple[Value, Value, Value]:
    """(x + σ(y)) / (σ(x) + (x + y)²), its stages named as in the notes; f, x and y."""
    x, y = Value(at_x, "x"), Value(at_y, "y")
    sigy, sigx, xpy = y.sigmoid(), x.sigmoid(), x + y
    xpysqr = xpy**2
    num, den = x + sigy, sigx + xpysqr
    f = num / den
    for name, v in dict(sigy=sigy, sigx=sigx, xpy=xpy, xpysqr=xpysqr, num=num, den=den, f=f).items():
        v.label = name
    return f, x, y


def relative_errors(run: Run) -> None:
    """Two definitions are in use, and they differ: by a factor of 2, and wholly where a gradient is 0."""
    run.section("How far apart is too far?")
    run.say(
        "A gradient a by the chain rule is compared with n, by central differences, (f(x + h) - f(x - h)) / 2h.  0.01 "
        "apart says nothing: it is fine for a gradient of 1000, and all wrong for one of 0.01.  So the error is "
        "divided by how large the two are, and the course does it in two ways: |a - n| / max(|a|, |n|) in its notes, "
        "|a - n| / max(1e-8, |a| + |n|) in its assignments."
    )
    pairs = ((1.0, 1.0001), (1000.0, 1000.01), (0.01, 0.02), (0.0, 1e-12), (1e-9, 2e-9), (2.0, 0.0), (0.0, 0.0))
    rows = [[*(f"{x:.10g}" for x in (a, n)), *(f"{e(a, n):.2g}" for e in (of_notes, of_assignments))] for a, n in pairs]
    run.table(["a", "n", "notes", "assignments"], rows)
    run.say(
        "The second is about half of the first, and at most 1.  Where a gradient is exactly 0, what rounding leaves "
        "of n, 1e-12, is all wrong to the first and harmless to the second.  Below, errors are those of the "
        "assignments, and the notes' stand beside them; tinygrad_edu's own gradcheck takes the notes', with a "
        "denominator that is never so small that rounding could fill it."
    )
    run.compare("gradcheck: a relative error above this is wrong", WRONG, 1e-2, form="g")
    run.compare("gradcheck: above this only kinks excuse it", SUSPICIOUS, 1e-4, form="g")
    run.compare("gradcheck: up to this one may be happy", HAPPY, 1e-7, form="g")


def steps(run: Run) -> None:
    """How large a step should be: the function must not bend under it, nor rounding be all that is left."""
    run.section("Which step?")
    f, at = ops.sigmoid, 0.5
    x = Value(at)
    f(x).backward()

    def one_sided(h: float) -> float:
        return float(abs((f(at + h) - f(at)) / h - x.grad))

    def central(h: float) -> float:
        return float(abs((f(at + h) - f(at - h)) / (2 * h) - x.grad))

    halved = one_sided(1e-2) / one_sided(5e-3), central(1e-2) / central(5e-3)
    run.compare("half the step divides the error of (f(x + h) - f(x)) / h by", halved[0], 2.0, within=0.01, form=".4f")
    run.compare("and of (f(x + h) - f(x - h)) / 2h by", halved[1], 4.0, within=0.01, form=".4f")
    run.compare("error of σ's slope at 0.5, the second with h = 1e-5", central(1e-5), 0.0, within=1e-10, form=".2g")
    powers = [k / 4 for k in range(-60, -3)]
    lines = {
        "central": [central(10**p) or None for p in powers],
        "one-sided": [one_sided(10**p) or None for p in powers],
    }
    curve = plot.curves(
        lines,
        powers,
        title="error of a numerical slope",
        xlabel="step, as a power of 10",
        ylabel="error for σ at 0.5",
        log=True,
    )
    run.picture(
        "steps",
        curve,
        "from the right: the formula's own error, which falls with the step; to the left: rounding, which rises",
    )
    run.say(
        "The notes ask for the central formula, whose error falls with the square of the step, and for a step that is "
        "not too small: below, two nearly equal numbers are subtracted, and what is left of their sixteen digits is "
        "divided by less and less."
    )


def kinks(run: Run) -> None:
    """Where a function bends, differences stand astride; gradcheck says at which gate."""
    run.section("Kinks")
    places: list[tuple[str, Any, tuple[float, ...]]] = [
        ("relu(x) at 0", lambda x: ops.relu(x), (0.0,)),
        ("max(z, w) at a tie, by z", lambda z, w: ops.maximum(z, w), (2.0, 2.0)),
        ("SVM loss, by a score on the margin", lambda s: losses.multiclass_hinge([s, 2.0], 1), (1.0,)),
        ("relu(x) at 1e-3, beside it", lambda x: ops.relu(x), (1e-3,)),
    ]
    found = [(where, gradcheck(f, *at).rows[0]) for where, f, at in places]
    rows = [[where, f"{row.analytic:g}", f"{row.numeric:.6g}", row.verdict, row.kink] for where, row in found]
    run.table(["where", "chain rule", "differences", "verdict", "why"], rows)
    run.compare("places on a kink that are named", sum(row.verdict == "kink" for _, row in found), 3)
    run.say(
        "At a kink the slope before and the slope after are both right, and differences give their mean.  Few samples "
        "mean few kinks: that is why one checks gradients on a handful.  relu here has slope 0 at 0; max shares a "
        "tie, ½ to each, while the assignments' pooling, `layers.max_pool_backward_naive`, gives all of it to the "
        "first."
    )
