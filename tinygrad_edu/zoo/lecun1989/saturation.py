"""How it fails: an output that is pushed to where its curve is flat stays there, and its digit is never read again."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import fmean
from typing import Any

from ... import ops
from ...modes import no_grad
from .. import Run
from .network import Net, read
from .patterns import Patterns
from .training import RATE, has_kernel, learn

FLAT = 0.05  # a unit whose slope is below this learns hardly anything
STUCK = 2  # a seed of large first weights from which a unit is caught; from some others two are, or none


def within(bound: Callable[[int], float]) -> Callable[[Any, int, int], float]:
    """First weights between ± a bound that depends on how many inputs a unit has."""
    return lambda rng, inputs, _: float(rng.uniform(-bound(inputs), bound(inputs)))


BOUNDS = {
    "±2.4/n, the paper's": within(lambda n: 2.4 / n),
    "±2.4/√n, its re-run's": within(lambda n: 2.4 / math.sqrt(n)),
    "±4.8/√n, twice that": within(lambda n: 4.8 / math.sqrt(n)),
}


def saturate(run: Run, seen: Patterns) -> None:
    """Units that are flat before anything is learned, and a training that starts with many of them."""
    run.section("Why must the first weights be small?")
    run.say(
        "A unit y = tanh(z) hands on (1 - y²) times the gradient that it gets. Before any training, the share of units "
        f"whose 1 - y² is below {FLAT:g}, by how far the first weights may be from 0, if a unit has n inputs:"
    )
    rows: list[list[Any]] = []
    for name, init in BOUNDS.items():
        net = Net(STUCK, "tanh", init)
        with no_grad():
            layers = [net.layers(x) for x in seen.X_train[: 2 if run.small else 20]]
        flat = [[1 - y.data**2 < FLAT for units in layer for y in units] for layer in zip(*layers)]
        rows.append([name, *(f"{sum(units) / len(units):.0%}" for units in flat)])
    run.table(["first weights", "H1", "H2", "H3", "output"], rows)

    count = run.epochs if has_kernel(run) else min(5, run.epochs)
    passes, says = learn(run, net, seen, 1 if run.small else count)
    if not passes:
        return
    run.compare("errors on the test patterns, stuck", passes[-1].test_error, 0.12, within=0.02, form=".2%", whole=True)
    outputs = says(seen.X_train)
    missed = [sum(digit == k != read(out) for out, digit in zip(outputs, seen.y_train)) for k in range(10)]
    worst = max(range(10), key=missed.__getitem__)
    its = [out[worst] for out, digit in zip(outputs, seen.y_train) if digit == worst]
    others = [out[worst] for out, digit in zip(outputs, seen.y_train) if digit != worst]
    run.say(
        f"Trained from the last of these with tanh as its curve, it misreads {missed[worst]} of the {len(its)} "
        f"patterns of the digit {worst}. What output {worst} says, on average, where it should say 1 and where it "
        "should say -1; how many of these patterns find it flat; and how far they pull z in a whole pass, through "
        "its bias:"
    )
    rows = []
    for name, ys, t in ((f"of the digit {worst}", its, 1.0), ("of the others", others, -1.0)):
        slopes = [1 - y * y for y in ys]
        pull = math.fsum(-RATE * 2 / 10 * (y - t) * slope for y, slope in zip(ys, slopes))
        z, y, slope = map(fmean, ([ops.atanh(y) for y in ys], ys, slopes))
        flat = sum(slope < FLAT for slope in slopes) / len(slopes)
        rows.append([name, len(ys), f"{z:+.2f}", f"{y:+.5f}", f"{slope:.1e}", f"{flat:.0%}", f"{pull:+.1e}"])
    run.table(["patterns", "number", "z", "y", "1 - y²", f"below {FLAT:g}", "pull"], rows)
    if missed[worst] == len(its):
        run.say(
            "Where the output is most wrong it is flattest: its own digit cannot pull it up, however often it is seen, "
            "and the others go on pushing it down. Nothing is wrong with its gradient; it is small because the weights "
            "began large."
        )
    run.curves(
        "stuck",
        {"errors": [100 * p.error for p in passes], "test errors": [100 * p.test_error for p in passes]},
        "errors of a network that began with large weights: one digit of ten is lost, and stays so",
        title="stuck: large first weights",
        xlabel="pass",
        ylabel="percent of the patterns",
        log=False,
        marks={"one digit of ten": 10.0},
    )
