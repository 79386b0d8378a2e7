"""The zoo: the systems that backpropagation is taught with, each a short essay in code that runs.

    >>> from tinygrad_edu import zoo
    >>> zoo.system("micrograd").year
    2020

`tinygrad-edu zoo NAME` runs one.  An essay is a module of this folder, to be read from top to bottom: its first words
say what it shows, its `main(run)` computes it, and tells the run (see `report`) each number beside the published one,
and each picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from .. import files
from ..errors import UserError, meant
from ..interruption import uninterrupted
from .report import Run

__all__ = ["SYSTEMS", "Run", "System", "among", "run", "system"]


class System(NamedTuple):
    """What the list says of an essay.

    `epochs` is how often it goes over its data, or None where `--epochs` has no meaning; `year` is None for what is
    as old as backpropagation.
    """

    name: str
    year: int | None
    line: str
    epochs: int | None = None
    unit: str = "passes"
    seed: int = 0
    data: str = ""  # what file it takes in place of its own data
    replayed: bool = True  # whether a backend can run its steps
    room: str = __name__  # where the essay is
    command: str = "zoo"  # what runs it

    @property
    def main(self) -> Callable[[Run], None]:
        """The essay itself."""
        return import_module(f"{self.room}.{self.name}").main  # type: ignore[no-any-return]

    @property
    def words(self) -> str:
        """The essay's first words, what it shows."""
        return (import_module(f"{self.room}.{self.name}").__doc__ or "").strip()

    @property
    def title(self) -> str:
        """Its name, its year and its line."""
        return f"{self.name}{f' ({self.year})' if self.year else ''}: {self.line}"

    @property
    def folder(self) -> str:
        """The folder of its pages: in docs/, and by default where the command writes them."""
        return self.room.rpartition(".")[2]


SYSTEMS = (  # in the order of history
    System("perceptron", 1957, "a line learned from mistakes, what no line can do, and the hidden layer that can",
           epochs=200),
    System("lecun1989", 1989, "a network of 1,256 units reads handwritten digits, with weights that are shared",
           epochs=23, seed=1, data="a pair of IDX files, or a CSV file of pixels and labels"),
    System("rnn", 1990, "the same weights at every step: gradients that vanish, explode, are clipped; "
                        "a network that spells",
           epochs=6000, unit="names"),
    System("control", 1992, "walkers on a cliff and a mass that is pushed: REINFORCE, actor-critic, Backprop-Q, and "
                            "the gradient through the world",
           epochs=300, unit="episodes", replayed=False),
    System("vae", 2014, "autoencoders that draw what is behind a digit: two numbers, or eight bits learned in "
                        "eight ways",
           epochs=100),
    System("cs231n", 2015, "circuits, gradient checks, every layer of the assignments by hand, and the spiral",
           epochs=10_000, unit="steps"),
    System("stochastic", 2015, "gradients through random choices, each held against the exact one, and a network "
                               "that looks at one place",
           epochs=600, unit="steps", replayed=False),
    System("dqn", 2016, "deep Q-learning along a cliff, and the clip that cut the gradient", epochs=1000,
           unit="episodes"),
    System("cs224n", 2017, "backpropagation as matrix calculus, and a window of five words that finds "
                           "the names in sentences",
           epochs=10,
           data="sentences with names in brackets, as in [PER Ada Holm] lives in [LOC Oslo] .; "
                "after a line “# held out” those to judge by"),
    System("scratch", 2019, "a network from scratch: deltas by hand beside the engine's gradients, a misprint caught",
           epochs=2000, unit="steps", seed=42),
    System("micrograd", 2020, "the lecture's walk from a derivative to a trained MLP, and two moons "
                              "to the published losses",
           epochs=100, unit="steps", seed=1337),
    System("makemore", 2022, "how names are spelled: by counting, by an MLP, and with a backward pass written by hand",
           epochs=200_000, unit="steps", seed=2147483647),
    System("microgpt", 2026, "a whole GPT of 4,192 scalars that learns to spell names and makes up its own",
           epochs=1000, unit="steps", seed=42, data="a list of texts, one per line"),
)  # fmt: skip


def system(name: str) -> System:
    """The system of that name.  Raises UserError, with the nearest name, if there is none."""
    return among(SYSTEMS, name, "the zoo")


def among(systems: Sequence[System], name: str, who: str) -> System:
    """The one of that name.  Raises UserError, with the nearest name, if `who` has none."""
    for one in systems:
        if one.name == name:
            return one
    names = [one.name for one in systems]
    raise UserError(f"{who} has no {name!r}{meant(name, names)} (there are {', '.join(names)})")


def run(name: str | System, *, seed: int | None = None, epochs: int | None = None, backend: str = "auto",
        out: Any = None, data: Any = None, small: bool = False, show: Callable[[str], object] | None = print,
        doctor: bool = False) -> Run:  # fmt: skip
    """Run one system, or an essay that is no part of the list, and return what came out: `rows`, `pictures`, and
    all of it as `markdown()`.

    `out` is a folder for its pictures and its report; without one nothing is written.  `small` runs it on a few samples
    and for few steps, to see it work.  `show` is told every line; with None it is quiet.  A `doctor` watches what is
    trained, and what is wrong is shown at the end; it is no part of the page.  Ctrl-C ends a training, a second one the
    essay; what has been computed is returned, and written, all the same.  Raises UserError for a name, a file or a
    number of epochs that does not fit; ImportError, with what to install, if it needs what is missing.

    >>> lecture = run("micrograd", small=True, show=None)
    >>> lecture
    <Run of micrograd: 45 numbers, 44 met, 3 pictures>
    """
    one = system(name) if isinstance(name, str) else name
    name = one.name
    if epochs is not None and one.epochs is None:
        raise UserError(f"{name} does not go over data in epochs: leave --epochs out")
    if epochs is not None and epochs < 1:
        raise UserError(f"epochs is a whole number from 1 up, got {epochs!r}")
    if data is not None and not one.data:
        raise UserError(f"{name} brings its own data: leave --data out")
    if data is not None:
        files.read(data)  # before anything is said
    seed, epochs = one.seed if seed is None else seed, one.epochs if epochs is None else epochs
    this = Run(name, seed=seed, epochs=epochs or 0, backend=backend, out=None if out is None else Path(out),
               data=None if data is None else Path(data), small=small, show=show, doctor=doctor,
               again=f"tinygrad-edu {one.command} {name} --out docs/{one.folder}",
               reduced=_apart(one, small, data is not None, seed, epochs))  # fmt: skip
    this.begin(one.title, one.words)
    if not one.replayed and backend not in ("auto", "eager"):
        this.say(f"Not {backend}: the graph of each step is another one here, and nothing can be replayed.")
    try:
        one.main(this)
    except KeyboardInterrupt:
        this.interrupt(broken=True)
    with uninterrupted():
        this.end()
    return this


def _apart(one: System, small: bool, data: bool, seed: int, epochs: int | None) -> str:
    """Why a run is not the one that the published numbers are of; nothing if it is."""
    if small or data:
        return "a small run" if small else "other data"
    if epochs != one.epochs:
        return f"{epochs:,} {one.unit} here, {one.epochs:,} there"
    return f"seed {seed} here, {one.seed} there" if seed != one.seed else ""
