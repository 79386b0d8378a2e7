"""The doctor's own examination: faults are planted in trainings that are sound, and what it says of them is counted.

    python -m tests.calibration            prints the confusion table
    python -m tests.calibration FAULT      what it says of one fault, look by look
    python -m tests.calibration --write    renews docs/doctor.md

Three programs that learn what they should, each begun with three seeds; into each, one fault at a time.  A run is
looked at after steps 0, 10, 100 and the last.
"""

from __future__ import annotations

import itertools
import math
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinygrad_edu import Value, data, diagnose, functional, jit, losses, nn, optim
from tinygrad_edu.doctor import LIMITS

SEEDS = (0, 1, 2)
LAST = 200
LOOKS = (0, 10, 100, LAST)
SCALE = 255.0  # the features come in these units, as the grey of a pixel does, and a program divides by it


@dataclass
class Training:
    """A training as its author wrote it down: every part can be written wrongly.

    `plant` are changes to the finished model; `update` is what the author does with each loss.
    """

    seed: int
    X: list[list[float]]
    y: list[Any]
    sizes: list[int]
    activation: str
    init: str
    loss: Callable[[Any, Any], Value]
    optimizer: Callable[[list[Value]], Any]
    output: str = "linear"
    prepare: Callable[[float], float] = lambda x: x / SCALE
    forward: Callable[[Any, Any], Any] = lambda model, x: model(x)
    before: Callable[[Any, Any], Any] | None = None
    penalty: Callable[[list[Value]], Value] | None = None
    update: Callable[[Training, Value], None] = lambda t, loss: t.step(loss)
    plant: list[Callable[[Any], Any]] = field(default_factory=list)
    learning: Callable[[Any], list[Value]] = lambda model: model.parameters()

    def begin(self) -> None:
        """Build the model and what trains it."""
        self.X = [[self.prepare(x) for x in xs] for xs in self.X]
        self.model = nn.MLP(
            len(self.X[0]), self.sizes, activation=self.activation, output=self.output, init=self.init, seed=self.seed
        )
        for change in self.plant:
            change(self.model)
        n = len(self.X) // 2
        self.X, self.X_test, self.y, self.y_test = self.X[:n], self.X[n:], self.y[:n], self.y[n:]
        self.moved = self.optimizer(self.learning(self.model))
        self.numbers = jit(lambda x: self.before(self.model, x)).map if self.before else lambda X: X
        self.mean = jit(lambda x, y: self.loss(self.forward(self.model, x), y)).mean

    def now(self) -> Value:
        """The loss of all samples."""
        loss = self.mean(self.numbers(self.X), self.y)
        return loss if self.penalty is None else loss + self.penalty(self.model.parameters())

    def tested(self) -> float:
        """The loss of samples that are not learned from."""
        return self.mean(self.numbers(self.X_test), self.y_test).data

    def step(self, loss: Value) -> None:
        """What belongs after every loss."""
        self.moved.zero_grad()
        loss.backward()
        self.moved.step()


def moons(seed: int) -> Training:
    """Two classes, one logit, tanh in three layers; Adam with weight decay."""
    X, y = data.moons(64, noise=0.1, seed=seed)
    return Training(seed, [[SCALE * x for x in xs] for xs in X], list(y), [8, 8, 1], "tanh", "xavier",
                    lambda z, t: losses.binary_cross_entropy_with_logits([z], [t]),
                    lambda ps: optim.AdamW(ps, lr=0.02, weight_decay=0.3))  # fmt: skip


def classes(seed: int) -> Training:
    """Three classes, three logits, relu in two layers; SGD with momentum."""
    rng = random.Random(seed)
    y = [i % 3 for i in range(48)]
    rng.shuffle(y)
    middle = [(-1.0, -0.5, 0.5), (1.0, -0.5, -0.5), (0.0, 1.0, 0.0)]
    X = [[SCALE * rng.gauss(m, 0.3) for m in middle[t]] for t in y]
    return Training(seed, X, y, [12, 3], "relu", "xavier", losses.cross_entropy,
                    lambda ps: optim.SGD(ps, lr=0.05, momentum=0.9))  # fmt: skip


def curve(seed: int) -> Training:
    """A number that depends on two, gelu in four layers; SGD with momentum."""
    rng = random.Random(seed)
    X = [[rng.uniform(-1.5, 1.5) for _ in range(2)] for _ in range(48)]
    y = [math.sin(2 * a) + 0.5 * b + rng.gauss(0, 0.05) for a, b in X]
    return Training(seed, [[SCALE * x for x in xs] for xs in X], y, [8, 8, 8, 1], "gelu", "xavier",
                    lambda z, t: losses.mse([z], [t]),
                    lambda ps: optim.SGD(ps, lr=0.02, momentum=0.9))  # fmt: skip


def one_hot(y: list[int]) -> list[list[float]]:
    """Classes as a row of a 1 among 0s."""
    return [[float(t == k) for k in range(3)] for t in y]


PROGRAMS = {"moons": moons, "classes": classes, "curve": curve}
ALL = tuple(PROGRAMS)


@dataclass(frozen=True)
class Fault:
    """One thing that is done wrong, and the finding that must name it, with the labels that it must point at."""

    name: str
    what: str
    plant: Callable[[Training], None]
    programs: tuple[str, ...] = ALL
    labels: tuple[str, ...] = ()


def _faults() -> list[Fault]:
    """Every fault, in the order of the doctor's findings that must name them."""
    faults: list[Fault] = []

    def fault(name: str, what: str, *programs: str, labels: str = "") -> Callable[..., Any]:
        def planted(plant: Callable[[Training], None]) -> Callable[[Training], None]:
            faults.append(Fault(name, what, plant, programs or ALL, tuple(labels.split())))
            return plant

        return planted

    def settled(**parts: Any) -> Callable[[Training], None]:
        return lambda t: vars(t).update(parts)

    def begun(change: Callable[[Any], Any], **parts: Any) -> Callable[[Training], None]:
        def plant(t: Training) -> None:
            vars(t).update(parts)
            t.plant.append(change)

        return plant

    def tilted(model: Any) -> None:
        model.layers[-1].neurons[0].b.data = 20.0

    # The update

    @fault("update of the wrong sign", "update in the wrong direction")
    def _(t: Training) -> None:
        def up(t: Training, loss: Value) -> None:
            t.moved.zero_grad()
            (-loss).backward()
            t.moved.step()

        t.update = up

    def rate(times: float) -> Callable[[Training], None]:
        def plant(t: Training) -> None:
            make = t.optimizer

            def optimizer(ps: list[Value]) -> Any:
                made = make(ps)
                made.lr *= times
                return made

            t.optimizer = optimizer

        return plant

    fault("learning rate × 1000", "updates too large")(rate(1000))
    fault("learning rate ÷ 1000", "updates too small")(rate(1e-3))
    fault("Adam's ε of 1,000", "updates too small", "moons")(
        settled(optimizer=lambda ps: optim.Adam(ps, lr=0.02, eps=1e3))
    )

    @fault("zero_grad forgotten", "gradients added up")
    def _(t: Training) -> None:
        def added(t: Training, loss: Value) -> None:
            loss.backward()
            t.moved.step()

        t.update = added

    @fault("backward of the first loss, again and again", "stale gradients")
    def _(t: Training) -> None:
        first: list[Value] = []

        def stale(t: Training, loss: Value) -> None:
            first.append(loss)
            t.step(first[0])

        t.update = stale

    @fault("backward forgotten", "stale gradients")
    def _(t: Training) -> None:
        def idle(t: Training, loss: Value) -> None:
            t.moved.zero_grad()
            t.moved.step()

        t.update = idle

    fault("an optimizer for a copy of the model", "no update")(
        settled(learning=lambda model: [Value(p.data) for p in model.parameters()])
    )
    fault("a layer that the optimizer does not know", "no update", labels="mlp.layers.0")(
        settled(learning=lambda model: [p for layer in model.layers[1:] for p in layer.parameters()])
    )

    # Features

    fault("features ÷ 255 twice", "tiny features")(settled(prepare=lambda x: x / SCALE / SCALE))
    fault("features not scaled", "unscaled features")(settled(prepare=lambda x: x))

    def columns(change: Callable[[int, list[float]], list[float]]) -> Callable[[Training], None]:
        def plant(t: Training) -> None:
            t.X = [change(i, xs) for i, xs in enumerate(t.X)]

        return plant

    fault("a constant feature", "constant feature")(columns(lambda i, xs: [*xs, SCALE / 2]))
    fault("a feature twice", "duplicate features")(columns(lambda i, xs: [*xs, xs[0]]))
    fault("a number that is missing", "missing numbers")(columns(lambda i, xs: xs if i != 7 else [math.nan, *xs[1:]]))

    # Labels

    def labels(change: Callable[[int, Any], Any]) -> Callable[[Training], None]:
        def plant(t: Training) -> None:
            t.y = [change(i, y) for i, y in enumerate(t.y)]

        return plant

    fault("labels that are constant", "labels are constant")(labels(lambda i, y: 1))
    fault("unbalanced labels", "unbalanced labels", "moons")(labels(lambda i, y: y * (i % 14 == 0)))
    fault("unbalanced labels", "unbalanced labels", "classes")(labels(lambda i, y: int(i == 5)))

    @fault("shuffled labels", "overfitting")
    def _(t: Training) -> None:
        random.Random(t.seed).shuffle(t.y)

    fault("targets beyond what the last activation can give", "labels do not fit the outputs", "curve")(
        settled(output="sigmoid")
    )

    # Initial weights

    def weights(change: Callable[[float], float]) -> Callable[[Training], None]:
        def changed(model: Any) -> None:
            for p in model.parameters():
                p.data = change(p.data)

        return begun(changed)

    fault("weights that begin constant", "identical units")(weights(lambda w: 0.3))
    fault("weights that begin at 0", "identical units")(weights(lambda w: 0.0))
    fault("weights that begin × 100", "loss at the start far from chance")(weights(lambda w: 100 * w))
    fault("weights that begin ÷ 10,000", "vanishing gradient", "classes", "curve")(weights(lambda w: w / 1e4))

    # Activations

    fault("activations missing", "linear after linear")(settled(activation="linear"))
    fault("relu on the output", "loss and last activation do not match", "moons", "classes")(settled(output="relu"))
    fault("relu on the output", "labels do not fit the outputs", "curve")(settled(output="relu"))

    def biased(model: Any) -> None:
        for neuron in model.layers[0].neurons:
            neuron.b.data = -10.0

    fault("a bias of -10 on hidden units", "dead units", "classes", "curve", labels="mlp.layers.0")(begun(biased))
    fault("a bias of -10 on hidden units", "saturated units", "moons", labels="mlp.layers.0")(begun(biased))

    # Losses

    fault("sigmoid missing", "log of what is no probability", "moons")(
        settled(loss=lambda z, t: losses.binary_cross_entropy([z], [t]))
    )
    fault("softmax missing", "log of what is no probability", "classes")(settled(loss=losses.categorical_cross_entropy))
    fault("sigmoid twice", "sigmoid of a sigmoid", "moons")(settled(output="sigmoid"))
    fault("softmax twice", "softmax of a softmax", "classes")(
        settled(loss=lambda zs, t: losses.cross_entropy(functional.softmax(zs), t))
    )
    fault("a loss that counts errors", "no gradient arrives", "moons")(
        settled(loss=lambda z, t: (z.sign() - (2 * t - 1)) ** 2)
    )
    fault("a loss of rounded outputs", "no gradient arrives", "curve")(
        settled(loss=lambda z, t: losses.mse([z.round()], [t]))
    )
    fault("log(sigmoid(x)) at -800", "unstable formula: log(sigmoid(x))", "moons")(
        settled(
            forward=lambda model, x: 8000 * model(x).tanh(),
            loss=lambda z, t: -(z.sigmoid().log() * t + (-z).sigmoid().log() * (1 - t)),
        )
    )

    @fault("log(softmax(x)) at -800", "unstable formula: log(softmax(x))", "classes")
    def _(t: Training) -> None:
        t.y = one_hot(t.y)
        t.forward = lambda model, x: [8000 * z.tanh() for z in model(x)]
        t.loss = lambda zs, hot: -functional.dot(hot, [p.log() for p in functional.softmax(zs)])

    fault("a squared error of probabilities", "loss and last activation do not match", "moons")(
        settled(output="sigmoid", loss=lambda p, t: losses.mse([p], [t]))
    )
    fault("targets -1 and 1 for a tanh that begins at 1", "outputs saturated and wrong", "moons")(
        begun(tilted, output="tanh", loss=lambda p, t: losses.mse([p], [2 * t - 1]))
    )
    fault("a clip on the error", "blocked gradient", "curve")(settled(loss=lambda z, t: (z - t).clip(-0.1, 0.1) ** 2))
    fault("a clip on the error", "blocked gradient", "moons")(
        settled(loss=lambda z, t: (z - (2 * t - 1)).clip(-0.1, 0.1) ** 2)
    )

    @fault("a clip on the error", "blocked gradient", "classes")
    def _(t: Training) -> None:
        t.y = one_hot(t.y)
        t.loss = lambda zs, hot: functional.sum([(z - (2 * h - 1)).clip(-0.1, 0.1) ** 2 for z, h in zip(zs, hot)])

    fault("a root at 0", "gradient stops being finite: slope inf", "curve")(
        settled(loss=lambda z, t: (z - t) ** 2 + (0 * z * z).sqrt())
    )

    # Outputs

    fault("outputs × 100", "loss at the start far from chance", "moons", "curve")(
        settled(forward=lambda model, x: 100 * model(x))
    )
    fault("outputs × 100", "loss at the start far from chance", "classes")(
        settled(forward=lambda model, x: [100 * z for z in model(x)])
    )

    fault("a last bias of 20", "loss at the start far from chance")(begun(tilted))

    # Regularisation

    fault("too much regularisation", "regularisation outweighs the data")(
        settled(penalty=lambda ps: losses.l2(ps, alpha=1.0))
    )
    fault("regularisation of the wrong sign", "regularisation lowers the loss")(
        settled(penalty=lambda ps: -losses.l2(ps, alpha=0.01))
    )

    # What the loss reaches

    def hidden(model: Any, x: Any) -> Any:
        for layer in model.layers[:-1]:
            x = layer.fire(x)
        return x

    fault("hidden numbers that are taken out of the graph", "parameters the loss never reaches", labels="mlp.layers.0")(
        settled(before=hidden, forward=lambda model, x: model.layers[-1](x))
    )

    def extra(model: Any) -> None:
        model.scale = [Value(x, label=f"mlp.scale[{i}]") for i, x in enumerate((1.0, 2.0))]

    fault("a parameter outside the loss", "parameters the loss never reaches", labels="mlp.scale")(begun(extra))
    return faults


FAULTS = _faults()


@dataclass(frozen=True)
class Look:
    """What was said at a step: by one look at the graph, and by the doctor who watches the training."""

    step: int
    loss: float
    seen: list[Any]
    told: list[Any]


def looks(t: Training, twice: bool = False, last: int = LAST) -> list[Look]:
    """Train, and look now and then; a loss that is no number ends it, as it ends `fit`.

    `twice` if single looks, which are not patient, are to be taken as well.
    """
    t.begin()
    watch, said = diagnose.watch(t.model, data=(t.X, t.y)), []
    for step in range(last + 1):
        loss = t.now()
        ends = step == last or not math.isfinite(loss.data)
        look = step in LOOKS or ends
        seen = diagnose(loss, t.model, (t.X, t.y)).findings if look and twice else []
        t.update(t, loss)
        watch(loss, test=None if step % 10 else t.tested())
        if look:
            said.append(Look(step, loss.data, seen, (watch.report() if ends else watch).findings))
        if ends:
            break
    return said


@dataclass(frozen=True)
class Run:
    """One training with one fault, or none."""

    program: str
    fault: Fault | None
    seed: int
    looks: list[Look]

    @property
    def first(self) -> str:
        """The first thing that is told, at the first look at which there is something to tell; "" if there is none."""
        return next((look.told[0].what for look in self.looks if look.told), "")

    @property
    def right(self) -> bool:
        """Whether it is the fault that is told first, with every label that it must point at."""
        if self.fault is None:
            return not self.first and not self.repeated
        named = [look.told[0] for look in self.looks if look.told]
        return bool(named) and named[0].what == self.fault.what and all(
            any(label in text for text in (*named[0].labels, named[0].where)) for label in self.fault.labels
        )  # fmt: skip

    @property
    def repeated(self) -> list[str]:
        """What single looks at the graph say at two in a row."""
        said = [{f.what for f in look.seen} for look in self.looks]
        return sorted({what for a, b in itertools.pairwise(said) for what in a & b})

    def story(self) -> str:
        """What was said, look by look."""
        verdict, fault = "right" if self.right else "WRONG", self.fault
        planted = f"{fault.name}, to be told first: {fault.what}" if fault else "no fault"
        lines = [f"{verdict}: {self.program}, seed {self.seed}, {planted}"]
        for look in self.looks:
            told = "; ".join(f"{f.what} ({f.severity}, {f.where:.40})" for f in look.told)
            once = ", ".join(f.what for f in look.seen)
            lines.append(f"    step {look.step}, loss {look.loss:.4g}: {told or '-'}" + f"  [{once}]" * bool(once))
        return "\n".join(lines)


def runs(program: str, seeds: Iterable[int] = SEEDS, only: Iterable[str] = ()) -> Iterator[Run]:
    """All trainings of one program: the sound ones first, then those with a fault; or those of some faults `only`."""
    for fault in [None, *[f for f in FAULTS if program in f.programs]]:
        if only and not any(word in (fault.name if fault else "none") for word in only):
            continue
        for seed in seeds:
            t = PROGRAMS[program](seed)
            if fault:
                fault.plant(t)
            yield Run(program, fault, seed, looks(t, twice=fault is None))


# What is printed

MARK = "<!-- {}: printed by python -m tests.calibration --write -->"
DOCUMENT = Path(__file__).parent.parent / "docs" / "doctor.md"

# What each finding looks at, and the limits that decide.
FINDINGS: dict[str, tuple[str, str]] = {
    "missing numbers": ("the data: cells that are nan or inf", ""),
    "labels are constant": ("the targets", ""),
    "labels do not fit the outputs": ("targets against the outputs and what the last activation gives", "out of reach"),
    "unbalanced labels": ("the share of each class", "unbalanced"),
    "unscaled features": ("the size of each column", "unscaled, scales apart, sparse"),
    "tiny features": ("the size of the largest column", "tiny"),
    "constant feature": ("each column", ""),
    "duplicate features": ("pairs of columns", "correlated"),
    "no gradient at all": ("a loss without parents", ""),
    "parameters the loss never reaches": ("parameters that are in no path to the loss", ""),
    "no gradient arrives": ("ways that all lead through slopes of 0, as of round", ""),
    "softmax of a softmax, sigmoid of a sigmoid": ("what goes into a softmax or sigmoid", ""),
    "loss and last activation do not match": ("logits of one sign, squares of probabilities, bounded margins", ""),
    "loss and targets do not match": ("margins whose target is 0", ""),
    "log of what is no probability": ("log(p), where nothing keeps p between 0 and 1", ""),
    "linear after linear": ("units that read weighted sums as they are", "linear"),
    "identical units": ("units with equal weights and equal gradients", ""),
    "gradients added up": (".grad against the gradient of this loss and what was left before", ""),
    "stale gradients": (".grad against the gradient of this loss", ""),
    "no update": ("parameters that have a gradient and stand still", ""),
    "update in the wrong direction": ("the angle between update and gradient", "climbs"),
    "regularisation lowers the loss": ("the sign of a penalty", ""),
    "regularisation outweighs the data": ("the penalty's gradient against that of the data", "penalty"),
    "unstable formula": ("log(sigmoid), log(softmax), log(1 + exp) and exp, at numbers where they fail",
                         "rounded probability, exponent, small probability"),
    "loss at the start far from chance": ("the loss against that of outputs of 0", "chance, distance, fewest samples"),
    "outputs worse than nothing": ("the same, where the outputs point the right way", "chance, distance"),
    "updates too large": ("update : weight, by layer", "update too large, first update too large, diverges"),
    "updates too small": ("update : weight, by layer", "update too small, falls"),
    "gradient stops being finite": ("the first edge that makes nan or inf of a gradient", ""),
    "nan begins here, inf begins here": ("the first value that is not finite, though its inputs are", ""),
    "difference of nearly equal numbers": ("differences, and what their rounding does to the loss",
                                           "digits lost, error in the loss"),
    "dead units": ("slopes of relu and its kin, on all samples", "dead units, killed units, learned"),
    "blocked gradient": ("clip, maximum, minimum and where behind the outputs", "blocked"),
    "outputs saturated and wrong": ("slopes of the last activation, where the loss pulls", "stuck outputs"),
    "saturated units": ("slopes of squashing activations",
                        "slope, saturated layer, saturated unit, killed units, least pairs, learned, goes well"),
    "vanishing gradient": ("the gradient's size, layer by layer", "vanishing, vanishing in few layers, fewest layers"),
    "exploding gradient": ("the gradient's size, layer by layer", "exploding"),
    "gradient vanishes in time": ("the gradient's size, step by step", "vanishing in time, fewest steps"),
    "gradient explodes in time": ("the gradient's size, step by step", "exploding in time"),
    "output does not depend on the input": ("outputs that are the same for different samples", ""),
    "inputs whose weights get no gradient": ("columns that are 0 on every sample of the graph", "idle inputs"),
    "loss diverges": ("the mean loss over 10 steps, against the best", "diverges"),
    "learns nothing from the inputs": ("the outputs' correlation with the targets", "learns"),
    "loss does not fall": ("the best mean loss over 10 steps, against the first", "falls"),
    "overfitting": ("the loss on samples that are not learned from, against its best", "overfitting, training went on"),
}  # fmt: skip


def row(*cells: Any) -> str:
    """One row of a table in Markdown."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table in Markdown."""
    heads = list(heads)
    return "\n".join([row(*heads), row(*["---"] * len(heads)), *[row(*cells) for cells in rows]])


def confusion(program: str, found: Iterable[Run]) -> str:
    """What was told first of each fault, and how often."""
    by: dict[Any, list[Run]] = {}
    for run in found:
        by.setdefault(run.fault, []).append(run)
    rows = []
    for fault, several in by.items():
        right = sum(run.right for run in several)
        other = Counter(run.first or "nothing" for run in several if not run.right)
        rows.append(
            (
                fault.name if fault else "none",
                fault.what if fault else "nothing",
                f"{right} of {len(several)}",
                ", ".join(f"{what} {n}×" for what, n in sorted(other.items())),
            )
        )
    first = (PROGRAMS[program].__doc__ or "").splitlines()[0]
    return f"**{program}**: {first}\n\n" + table(("planted", "to be told first", "was", "instead"), rows)  # fmt: skip


def block(text: str, name: str) -> str:
    """What stands between two marks."""
    return text.partition(MARK.format(name))[2].partition(MARK.format(f"end of {name}"))[0].strip()


def filled(text: str, name: str, inside: str) -> str:
    """The text with something else between two marks."""
    begin, end = MARK.format(name), MARK.format(f"end of {name}")
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    assert found and ended, f"{DOCUMENT.name} has no marks for {name}"
    return f"{before}{begin}\n\n{inside}\n\n{end}{after}"


def counted(tables: str) -> dict[str, Counter[str]]:
    """Of each finding how often it was to be told first (planted), was rightly (right), and was though it was not to
    be (wrong): read from the tables of `confusion`.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for planted, what, was, instead in [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in tables.splitlines()
        if re.search(r"\d of \d", line)
    ]:
        right, of = map(int, was.split(" of "))
        counts[what] += Counter(planted=of, right=right)
        for other in filter(None, instead.split(", ")):
            name, n = other.rstrip("×").rsplit(" ", 1)
            counts[name]["wrong"] += int(n)
        assert planted
    return counts


def totals(tables: str) -> str:
    """Precision and recall of each finding, and of all."""
    counts = counted(tables)
    silent = counts.pop("nothing")
    whole = sum(counts.values(), Counter())
    rows = [
        (what, n["planted"], n["right"], _share(n["right"], n["planted"]), _share(n["right"], n["right"] + n["wrong"]))
        for what, n in sorted(counts.items())
    ]
    rows.append(
        (
            "**all**",
            whole["planted"],
            whole["right"],
            _share(whole["right"], whole["planted"]),
            _share(whole["right"], whole["right"] + whole["wrong"]),
        )
    )
    return table(("finding", "planted", "told first", "recall", "precision"), rows) + (
        f"\n\nOf {silent['planted']} trainings without a fault, {silent['right']} ended without a word."
    )  # fmt: skip


def _share(part: int, of: int) -> str:
    return f"{part / of:.2f}" if of else "–"


def limits() -> str:
    """Every finding, what it looks at and its limits, out of `doctor.limits`."""
    rows = []
    for what, (at, names) in FINDINGS.items():
        told = [f"{name}: {LIMITS[name].look:g}, {LIMITS[name].broken:g} ({LIMITS[name].source})"
                for name in filter(None, names.split(", "))]  # fmt: skip
        rows.append((what, at, "; ".join(told) or "exact"))
    return table(("finding", "what it looks at", "worth a look from, broken from"), rows)


def printed(text: str, found: dict[str, str]) -> str:
    """The document, with these tables of `confusion` in it."""
    for name, inside in found.items():
        text = filled(text, name, inside)
    text = filled(text, "totals", totals("\n".join(block(text, name) for name in PROGRAMS)))
    return filled(text, "limits", limits())


def main(arguments: list[str]) -> None:
    """See the first lines of this file."""
    names = [a for a in arguments if a != "--write"]
    found: dict[str, str] = {}
    for program in PROGRAMS:
        several = []
        for run in runs(program, only=names):
            several.append(run)
            if names:
                print(run.story(), flush=True)
        found[program] = confusion(program, several)
        if not names and "--write" not in arguments:
            print(found[program], end="\n\n", flush=True)
    if "--write" in arguments:
        DOCUMENT.write_text(printed(DOCUMENT.read_text("utf-8"), found), "utf-8")
    elif not names:
        print(totals("\n".join(found.values())))


if __name__ == "__main__":
    main(sys.argv[1:])
