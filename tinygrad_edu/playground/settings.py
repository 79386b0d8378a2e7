"""What can be chosen of a training in the page, checked; and the program that does the same in Python.

>>> print(Settings.of({"data": "xor", "points": 40, "layers": [4], "loss": "hinge"}).preparation())
X, y = data.xor(n=40, noise=0.1, seed=1)
y = [2 * c - 1 for c in y]  # this loss knows -1 and 1
model = nn.MLP(2, [4, 1], activation="tanh", init="xavier", seed=1)
watch = diagnose.watch(model)
>>> Settings.of({"data": "xor", "lr": -1})
Traceback (most recent call last):
tinygrad_edu.errors.UserError: the learning rate is a number above 0, at most 1000, got -1

That program is also what the page runs (`training`), so that what is copied is what was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple

from ..errors import UserError, meant
from ..nn.choices import INITS
from ..train.arguments import OPTIMIZERS

ONE, SEVERAL, NUMBER = "two classes", "several classes", "a number"


class DataSet(NamedTuple):
    """What a data set is called, what its targets are, the noise that suits it, and the expression that makes it."""

    title: str
    targets: str
    noise: float
    text: str
    inputs: int = 2
    classes: int = 2


class Loss(NamedTuple):
    """What a loss is called, and the targets it is for; whether it takes one output, and knows -1 and 1."""

    title: str
    targets: tuple[str, ...]
    one: bool = True
    signs: bool = False


CENTERS = "[[-1.0, -0.8], [1.0, -0.8], [0.0, 1.0]]"
DATA = {
    "moons": DataSet("moons", ONE, 0.1, "data.moons(n={n}, noise={noise}, seed={seed})"),
    "circles": DataSet("circles", ONE, 0.1, "data.circles(n={n}, noise={noise}, seed={seed})"),
    "spirals": DataSet("spirals", ONE, 0.1, "data.spirals({half}, classes=2, noise={noise}, seed={seed})"),
    "xor": DataSet("exclusive or", ONE, 0.1, "data.xor(n={n}, noise={noise}, seed={seed})"),
    "blobs": DataSet("three clouds", SEVERAL, 0.4, f"data.blobs(n={{n}}, centers={CENTERS}, noise={{noise}}, "
                     "seed={seed})", classes=3),
    "sine": DataSet("a sine", NUMBER, 0.1, "data.sine(n={n}, noise={noise}, seed={seed})", inputs=1),
    "drawn": DataSet("your own points", ONE, 0.0, ""),
}  # fmt: skip
LOSSES = {  # the first that is for the targets is taken, unless another is chosen
    "binary_cross_entropy_with_logits": Loss("binary cross-entropy", (ONE,)),
    "hinge": Loss("hinge", (ONE,), signs=True),
    "mse": Loss("squared error", (ONE, NUMBER), signs=True),
    "mae": Loss("absolute error", (NUMBER,)),
    "huber": Loss("Huber", (NUMBER,)),
    "cross_entropy": Loss("cross-entropy", (SEVERAL, ONE), one=False),
    "multiclass_hinge": Loss("multiclass hinge", (SEVERAL, ONE), one=False),
}
ACTIVATIONS = ("tanh", "relu", "leaky_relu", "sigmoid", "gelu", "silu", "sin", "linear")
POINTS, CLASSES, LAYERS, WIDTH = 500, "ABC", 6, 32


@dataclass(frozen=True)
class Settings:
    """All that a training follows from; `points` is how many, `held` the share of them that is only tested on,
    `decay` the weight decay, `drawn` points that were drawn by hand, each x, y and the number of its class.
    """

    data: str = "moons"
    points: int = 100
    noise: float = 0.1
    held: float = 0.0
    layers: tuple[int, ...] = (8, 8)
    activation: str = "tanh"
    init: str = "xavier"
    loss: str = ""
    optimizer: str = "adam"
    lr: float = 0.03
    batch: int = 10
    decay: float = 0.0
    seed: int = 1
    drawn: tuple[tuple[float, float, int], ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """Settings from what a page has sent; what is left out is as above.

        Raises UserError, which says what is allowed, for the first that is not.
        """
        known = [f.name for f in fields(cls)]
        if strange := next((name for name in given if name not in known), ""):
            raise UserError(f"there is nothing to set called {strange!r}{meant(strange, known)} "
                            f"(there are {', '.join(known)})")  # fmt: skip
        made = cls(**{**given, "layers": _sizes(given.get("layers", cls.layers)),
                      "drawn": _points(given.get("drawn", ()))})  # fmt: skip
        _one_of("data set", made.data, DATA)
        _one_of("activation", made.activation, ACTIVATIONS)
        _one_of("initialization", made.init, INITS)
        _one_of("optimizer", made.optimizer, OPTIMIZERS)
        fitting = [name for name, loss in LOSSES.items() if made.targets in loss.targets]
        made = cls(**{**vars(made), "loss": made.loss or fitting[0]})
        _one_of("loss", made.loss, LOSSES)
        if made.loss not in fitting:
            raise UserError(f"the loss {LOSSES[made.loss].title} is for {' and '.join(LOSSES[made.loss].targets)}, and "
                            f"these points have {made.targets}: choose {' or '.join(fitting)}")  # fmt: skip
        _number("how many points there are", made.points, 2, POINTS, whole=True)
        _number("the noise", made.noise, 0, 10)
        _number("the share to test on", made.held, 0, 0.9)
        _number("the learning rate", made.lr, 0, 1000, above=True)
        _number("the batch size", made.batch, 1, POINTS, whole=True)
        _number("the weight decay", made.decay, 0, 10)
        _number("the seed", made.seed, 0, 2**32 - 1, whole=True)
        if made.data == "drawn":
            made.check_drawn()
        return made

    def check_drawn(self) -> None:
        """Raise UserError unless there are points of two classes or more."""
        found = sorted({c for *_, c in self.drawn})
        if not found:
            raise UserError("there are no points yet: put some of class A and some of class B into the plane")
        if len(found) == 1:
            rest, many = "B" if found == [0] else "A", len(self.drawn) > 1
            raise UserError(f"{f'all {len(self.drawn)} points are' if many else 'the only point is'} of class "
                            f"{CLASSES[found[0]]}, and of one class there is nothing to tell apart: add some of class "
                            f"{rest}")  # fmt: skip

    @property
    def targets(self) -> str:
        """What is to be learned: ONE number that tells two classes apart, SEVERAL classes, or a NUMBER."""
        return SEVERAL if self.data == "drawn" and self.classes > 2 else DATA[self.data].targets

    @property
    def classes(self) -> int:
        """How many there are."""
        return max([2, *(c + 1 for *_, c in self.drawn)]) if self.data == "drawn" else DATA[self.data].classes

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON; `Settings.of` makes it again."""
        return asdict(self)

    # The program

    def preparation(self) -> str:
        """Lines that make the data, the model and the watch."""
        if self.data == "drawn":
            lines = [f"X = {[[x, y] for x, y, _ in self.drawn]}", f"y = {[c for *_, c in self.drawn]}"]
            points = "X, y"
        else:
            points = DATA[self.data].text.format(n=self.points, half=max(1, self.points // 2), noise=self.noise,
                                                 seed=self.seed)  # fmt: skip
            lines = [] if self.held else [f"X, y = {points}"]
        if self.held:
            lines.append(f"X, y, X_test, y_test = data.split({points}, test={self.held}, seed={self.seed})")
        if (loss := LOSSES[self.loss]).signs and self.targets == ONE:
            lines.append("y = [2 * c - 1 for c in y]  # this loss knows -1 and 1")
            if self.held:
                lines.append("y_test = [2 * c - 1 for c in y_test]")
        sizes = [*self.layers, 1 if loss.one else self.classes]
        lines.append(f'model = nn.MLP({DATA[self.data].inputs}, {sizes}, activation="{self.activation}", '
                     f'init="{self.init}", seed={self.seed})')  # fmt: skip
        return "\n".join([*lines, "watch = diagnose.watch(model)"])

    def stage(self) -> str:
        """The line that makes the optimizer."""
        decay = f", weight_decay={self.decay}" if self.decay or self.optimizer == "adamw" else ""
        return f"optimizer = optim.{OPTIMIZERS[self.optimizer].__name__}(model.parameters(), lr={self.lr}{decay})"

    def fitting(self, epochs: int) -> str:
        """The call of `fit` for so many epochs."""
        test = "test=(X_test, y_test), " if self.held else ""
        return (f'history = fit(model, X, y, loss="{self.loss}", optimizer=optimizer, epochs={epochs}, '
                f"batch_size={self.batch}, seed={self.seed},\n              {test}backend=\"python\", "
                "watch=watch)")  # fmt: skip


def program(stages: list[tuple[Settings, int]]) -> str:
    """The program that trains as the page did: settings, and for how many epochs they were in force."""
    lines = ["from tinygrad_edu import data, diagnose, fit, nn, optim", "", stages[0][0].preparation()]
    for settings, epochs in stages:
        lines += [settings.stage(), settings.fitting(epochs)]
    told = f"print(history.losses[-1])  # the mean loss of epoch {sum(epochs for _, epochs in stages)}"
    return "\n".join([*lines, told, "print(watch.report())"]) + "\n"


def options() -> dict[str, Any]:
    """What there is to choose from, for the page."""
    return {
        "data": [[name, of.title, of.noise, of.targets] for name, of in DATA.items()],
        "losses": [[name, of.title, of.targets] for name, of in LOSSES.items()],
        "activations": ACTIVATIONS, "inits": [*INITS], "optimizers": [*OPTIMIZERS],
        "limits": {"points": POINTS, "layers": LAYERS, "width": WIDTH, "classes": CLASSES},
        "settings": Settings().to_dict(),
    }  # fmt: skip


def _one_of(what: str, name: Any, known: Any) -> None:
    if not isinstance(name, str) or name not in known:
        near = meant(name, known) if isinstance(name, str) else ""
        raise UserError(f"there is no {what} {name!r}{near} (there are {', '.join(known)})")


def _number(what: str, x: Any, least: float, most: float, whole: bool = False, above: bool = False) -> None:
    kind = "a whole number" if whole else "a number"
    right = isinstance(x, int if whole else (int, float))  # nan and inf are in no span, below
    if not right or isinstance(x, bool) or not least <= x <= most or above and x == least:
        span = f"above {least:g}, at most {most:g}" if above else f"from {least:.10g} to {most:.10g}"
        raise UserError(f"{what} is {kind} {span}, got {x!r}")


def _sizes(given: Any) -> tuple[int, ...]:
    if not isinstance(given, (list, tuple)) or len(given) > LAYERS:
        got = len(given) if isinstance(given, (list, tuple)) else repr(given)
        raise UserError(f"layers are a list with the size of each hidden layer, at most {LAYERS} of them, got {got}")
    for k, size in enumerate(given, 1):
        _number(f"the size of layer {k}", size, 1, WIDTH, whole=True)
    return tuple(given)


def _points(given: Any) -> tuple[tuple[float, float, int], ...]:
    if not isinstance(given, (list, tuple)) or len(given) > POINTS:
        raise UserError(f"drawn points are a list of at most {POINTS}, each as x, y and a class")
    for k, point in enumerate(given, 1):
        if not isinstance(point, (list, tuple)) or len(point) != 3:
            raise UserError(f"point {k} is x, y and the number of its class, got {point!r:.60}")
        _number(f"x of point {k}", point[0], -100, 100)
        _number(f"y of point {k}", point[1], -100, 100)
        _number(f"the class of point {k}", point[2], 0, len(CLASSES) - 1, whole=True)
    return tuple((float(x), float(y), c) for x, y, c in given)
