"""The doctor: backpropagation is a leaky abstraction, and this shows where it leaks.

    >>> from tinygrad_edu import Value, diagnose
    >>> q, target = Value(0.5, label="q"), 9.0
    >>> error = (q - target).clip(-1, 1)
    >>> loss = error**2
    >>> loss.label = "loss"
    >>> diagnose(loss).findings[0].what
    'blocked gradient'

Every local gradient is a row filled in with numbers, and so the doctor can say not only that a layer learns nothing,
but at which node, by which local gradient, and why.  `evidence` goes through a graph once; a check is a small function
that reads it and yields findings: `infinities`, `formulas`, `reach`, `flow`, `activations`, `outputs`, `agreement`,
`penalties`; `dataset` looks at the data alone.  All thresholds are in `limits`, how a row bends is in `rows`.  Where
two runs that should be alike first differ, `comparison` finds.  This room reads graphs and changes nothing, and knows
no layer: what it knows of units it reads from the labels of their weights.

    python -m tinygrad_edu.doctor     examines a network that was begun badly
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, Protocol, cast

from .. import collector
from ..engine import Value, topological
from ..errors import UserError
from ..functional import sum as total
from ..modes import lines
from ..names import named, variables
from ..opening import opened
from ..replay import Jit
from ..rules import takes
from ..trees import flatten
from ..usage import subset
from ..words import brief, plural
from . import activations, agreement, dataset, flow, formulas, infinities, outputs, penalties, reach
from .comparison import compare
from .difference import Comparison
from .evidence import Evidence, rms
from .findings import Diagnosis, Finding
from .limits import ASKED, LIMITS, causes_first
from .watch import Watch

__all__ = ["LIMITS", "Comparison", "Diagnosis", "Evidence", "Finding", "Watch", "compare", "diagnose"]

ANYWAY = [
    reach.cut,
    infinities.values,
    infinities.gradients,
    reach.unreached,
    formulas.twice,
    formulas.no_probability,
    formulas.unstable,
]
FINITE = [
    formulas.cancelled,
    reach.nothing_arrives,
    reach.behind_chance,
    activations.dead,
    reach.constant_outputs,
    flow.blocked,
    flow.across_depth,
    flow.across_time,
    outputs.chance,
    agreement.shares,
    agreement.margins,
    penalties.lowered,
    penalties.outweighs,
    outputs.stuck,
    agreement.squared,
    agreement.one_sided,
    agreement.out_of_reach,
    activations.saturated,
    reach.identical,
    reach.linear_pairs,
    reach.idle_inputs,
]


def _watch(model: Any, data: Any = None) -> Watch:
    """A doctor at a training: `for finding in watch(loss): print(finding)` in each step, `print(watch.report())` after.

    `watch(loss)` comes after `optimizer.step()`.  It follows the loss, looks at parameters and gradients at steps 0, 1,
    2, 5, 10, 20, 50, ..., and does all that `diagnose` does at 0, 10, 100, 1000, ...; a finding is told once, at two
    looks in a row (one that is exact, at once), and ends when it was gone for two.  The training goes as without it, to
    the last bit.  `data` are the samples (X, y), of which the model is asked 128: then it can say whether anything
    is learned, and a unit is dead only if it is closed on all of these.  `watch(loss, test=number)` looks for
    overfitting; `fit(..., watch=watch)` does all of this.  When, and how patiently: `doctor.limits`.

    >>> from tinygrad_edu import losses, nn, optim
    >>> model = nn.MLP(2, [4, 1], activation="tanh", init="xavier", seed=1)
    >>> watch, sgd = diagnose.watch(model), optim.SGD(model.parameters(), lr=0.1)
    >>> X, y = [[0.5, -1.0], [-0.25, 1.0], [0.75, 0.5], [-1.0, -0.5]], [1, 0, 1, 0]
    >>> for step in range(3):
    ...     loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
    ...     loss.backward()                                     # and zero_grad was forgotten
    ...     sgd.step()
    ...     for finding in watch(loss):
    ...         print(finding.heading)
    broken: gradients added up, told at step 1
    """
    parameters = _parameters(model)
    if not parameters:
        raise UserError(f"there is nothing to watch: {type(model).__name__}.parameters() is empty")
    pair = isinstance(data, (tuple, list)) and len(data) == 2 and all(hasattr(column, "__len__") for column in data)
    if data is not None and not (pair and len(data[0]) == len(data[1]) > 0):
        raise UserError("data are samples and their targets, (X, y), as many of the one as of the other")
    data = data if data is None else tuple(data)

    of_data: list[list[Finding]] = []

    def examine(root: Value, loss: Value | None, data: Any) -> tuple[list[Finding], dict[str, str], Evidence]:
        """Some samples of a batch: what their loss does not reach, that of the others may."""
        asked = None
        if data is not None:
            rows = getattr(data[0], "values", data[0])  # of a table
            rows = rows() if callable(rows) else rows
            asked = [rows[i] for i in subset(len(rows), ASKED)]
        inside, reached = set(topological(root)), set(topological(loss)) if loss is not None else set()
        e = Evidence(
            root,
            [p for p in parameters if p in inside or p not in reached],
            _answers(model, asked) if asked is not None and callable(model) else None,
        )
        if data is not None and not of_data:  # they stay as they are
            of_data.append(_of_data(e, data))
        return [*chain(*of_data), *_found(e)], _numbers(e), e

    return Watch(model, parameters, data, examine)


class _Diagnose(Protocol):
    """The function `diagnose`, and its `watch`."""

    def __call__(self, loss: Any, model: Any = None, data: Any = None) -> Diagnosis: ...

    @staticmethod
    def watch(model: Any, data: Any = None) -> Watch: ...


def _with_watch(f: Callable[..., Diagnosis]) -> _Diagnose:
    """`diagnose.watch`: two doors to one room, and to a type checker as well."""
    _watch.__name__, _watch.__qualname__ = "watch", "diagnose.watch"
    vars(f).update(watch=_watch)
    return cast(_Diagnose, f)


@_with_watch
def diagnose(loss: Any, model: Any = None, data: Any = None) -> Diagnosis:
    """What is wrong with the gradients of a loss, worst first: what, where, the numbers, the calculus, and what to try.

    `loss` is the Value that a forward pass gave, for one sample or a batch, also a replayed one; or a function,
    which is called on `data`: `diagnose(f, model, (X, y))`, with the mean over the samples if it is from `jit`; one
    that takes nothing computes the loss alone. `model` has `.parameters()`: those that the loss never reaches are
    then found too; if it can be called and `loss` is a Value, `data` are inputs for it, X or (X, y), and a unit is
    dead only if it is closed on all of them. The data themselves are looked at as well: their scale, what is
    missing, constant or there twice, and how often each class is. A `.grad` is neither read nor changed: the doctor
    goes through the graph itself. Of a function, findings have the `line` that made the node, for it is called node
    by node; of a Value too, if it was computed under `anomalies("warn")`.

    `diagnose.watch(model)` does so at a training.

    The result is true if nothing was found.  Thresholds, and where they come from: `doctor.LIMITS`.  Raises TypeError
    for what is neither Value nor function, a model without parameters, or a function without the data that it takes;
    ValueError if data are empty.

    >>> from tinygrad_edu import losses, nn
    >>> model = nn.MLP(2, [8, 8, 1], activation="tanh", init="xavier", seed=1)
    >>> X, y = [[0.5, -1.0], [-0.25, 1.0], [0.75, 0.5], [-1.0, -0.5]], [1, 0, 1, 0]
    >>> loss = losses.binary_cross_entropy_with_logits([model(x) for x in X], y)
    >>> loss.label = "loss"
    >>> diagnose(loss, model)
    loss = 0.4997: nothing found.
      graph: 254 nodes, 3 layers, 17 units, 4 samples
      gradient: size 0.09871 at the last layer, 0.03521 at the first
    """
    parameters = None if model is None else _parameters(model)
    if parameters == []:
        raise UserError(f"{type(model).__name__}.parameters() is empty: give a model that can learn, or leave it out")
    root = _computed(loss, data)
    answers = _answers(model, data) if isinstance(loss, Value) and data is not None else None
    with collector.paused():  # a large graph, and much that is made of it
        e = Evidence(opened(root), parameters, answers)
        findings = _found(e, data)
    name = named(root) or variables([root]).get(root, "the loss")
    return Diagnosis(
        f"{name} = {brief(root.data)}", _numbers(e), findings, [*reach.idle_note(e), *activations.dead_note(e)]
    )


def _found(e: Evidence, data: Any = None) -> list[Finding]:
    """The findings of all checks, worst first."""
    findings = [] if data is None else _of_data(e, data)
    findings += [f for check in ANYWAY + FINITE * infinities.stays_finite(e) for f in check(e)]
    return sorted(findings, key=lambda f: causes_first(f.what, f.severity))


def _of_data(e: Evidence, data: Any) -> list[Finding]:
    """The findings on the data, with the weights that read each column and the biases of the outputs."""
    first = next((c for c in e.cells if c.weights and all(u.level == 1 for u in c.uses)), None)
    ends = outputs.output_units(e)
    biases = [c.bias for c in ends if c.bias is not None]
    return list(dataset.findings(data, e.root, first.weights if first is not None else (), len(ends), biases))


def _parameters(model: Any) -> list[Value]:
    if not callable(getattr(model, "parameters", None)):
        raise TypeError(
            f"diagnose asks a model for its .parameters(), and {type(model).__name__} has none: give "
            "it the network, "
            "or leave it out"
        )
    return list(model.parameters())


def _computed(loss: Any, data: Any) -> Value:
    """The Value to look at: `loss` itself, or what it gives of `data`."""
    if isinstance(loss, Value):
        return loss
    if not callable(loss):
        hint = "one of them, or their sum" if isinstance(loss, (list, tuple)) else "a loss, before .data or float()"
        raise TypeError(
            f"diagnose takes a Value or a function that gives one, not {type(loss).__name__} {loss!r:.80}: give it "
            f"{hint}"
        )
    if data is None and (isinstance(loss, Jit) or not takes(loss, 0)):
        raise TypeError("diagnose calls a function on data, diagnose(f, model, (X, y)), or one that takes nothing")
    columns = data if isinstance(data, tuple) else () if data is None else (data,)
    with lines():
        found = loss.mean(*columns) if isinstance(loss, Jit) else loss(*columns)
    if not isinstance(found, Value):
        raise TypeError(
            f"diagnose needs a function that returns one Value, a loss; this one returned {type(found).__name__} "
            f"{found!r:.80}"
        )
    return found


def _answers(model: Any, data: Any) -> Callable[[], Iterator[Value]]:
    """What the model makes of each input, as one Value each."""
    if not callable(model):
        raise TypeError("data are inputs for the model, and there is none that can be called: diagnose(loss, model, X)")
    if hasattr(data, "__len__") and not len(data):
        raise UserError("diagnose got no data: give it inputs for the model, or leave data out")

    inputs = data[0] if isinstance(data, tuple) and data else data

    def answers() -> Iterator[Value]:
        for x in inputs.to_numpy() if hasattr(inputs, "to_numpy") else inputs:  # a table of pandas gives its columns
            y = model(x)
            if not isinstance(y, Value):
                y = total(flatten(y))
            yield y

    return answers


def _numbers(e: Evidence) -> dict[str, str]:
    """What was looked at."""
    labelled = [c for c in e.cells if c.weights]
    told = [plural(len(e.order), "node")]
    if labelled:
        told += [plural(len({c.layer for c in labelled}), "layer"), plural(len(labelled), "unit")]
    told += [plural(e.samples, "sample")] * (e.samples > 1)
    numbers = {"graph": ", ".join(told)}
    uses = sorted([u for c in labelled for u in c.uses], key=lambda u: u.level)
    if uses:
        ends = [rms(e.totals[u.z] for u in uses if u.level == level) for level in (uses[-1].level, uses[0].level)]
        numbers["gradient"] = f"size {brief(ends[0])} at the last layer, {brief(ends[1])} at the first"
    return numbers
