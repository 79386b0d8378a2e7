"""All that is there, one line each, in the words of its own docstring: `printouts` keeps it as docs/contents.md.

>>> _entry("nn.", nn.Flatten)
('`nn.Flatten(name)`', "All numbers of nested lists in one list: from maps to a layer's inputs.")
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

import tinygrad_edu

from . import cli, data, functional, losses, nn, optim, plot, runs, stochastic, train

LONGEST = 64  # letters of a call
SENTENCE = re.compile(r"(?<!\.\.)(?<!\bal)\.(?=\s+[A-Z`(]|$)")  # its end: not after "w1*x1 + ...", not after "et al."
SECTIONS = [
    ("To begin with", "`from tinygrad_edu import Value, ...`; what takes a Value first is a method too: "
                      "`L.explain()`.", "", tinygrad_edu),
    ("Operations", "[docs/operations.md](operations.md) has all rows, each a method of every Value and a "
                   "function in `functional`. `from tinygrad_edu import functional`; with it:", "functional.",
     functional),
    ("Layers", "`from tinygrad_edu import nn`. A module has `parameters()`, `named_parameters()`, `train()`, "
               "`eval()`, `save(path)`.",
     "nn.", nn),
    ("Losses", "`from tinygrad_edu import losses`. `fit(loss=...)` takes them by name as well.", "losses.", losses),
    ("Optimizers", "`from tinygrad_edu import optim`. `fit(optimizer=...)` takes them by name as well; "
                   "any `lr` may be a schedule, the last five.",
     "optim.", optim),
    ("Random choices", "`from tinygrad_edu import stochastic`; [docs/stochastic.md](stochastic.md) is a walk through "
                       "them. A distribution has `sample(rng)`, `log_prob(x)`, `mean`, `entropy()`, `kl(other)`, "
                       "`outcomes()`, and `rsample(rng)` where there is a path.", "stochastic.", stochastic),
    ("Training and metrics", "`from tinygrad_edu import train`.", "train.", train),
    ("A training, seen again", '`fit(..., record="run.html")` writes [a page](runs.md). In a loop of one\'s own, '
                               "`from tinygrad_edu import runs`.", "runs.", runs),
    ("Data", "`from tinygrad_edu import data`. What gives samples gives a `Split`: `X_train, y_train, X_test, "
             "y_test`, and `X, y = ...`.",
     "data.", data),
    ("Plots", "`from tinygrad_edu import plot`. A picture shows itself in a notebook; "
              "`.save(\"name.svg\")`, also .png and .pdf.",
     "plot.", plot),
]  # fmt: skip


def contents_page() -> str:
    """The whole page, as Markdown."""
    parts = [
        "# Contents",
        "All that is there, one line each; `help(name)` says more. Printed by `python -m tinygrad_edu.ops --write`.",
    ]
    for title, how, prefix, room in SECTIONS:
        parts += [f"## {title}", how, _table(("name", "what it is"), [_entry(prefix, thing) for thing in things(room)])]
    options = [p for p in inspect.signature(train.fit).parameters.values() if p.default is not p.empty]
    parts += ["## What `fit` can be told", "`fit(model, X, y, loss=..., optimizer=...)`, and: "
              + ", ".join(f"`{p.name}={p.default!r}`" for p in options) + ". `help(fit)` says what each does.",
              "## On the command line", _table(("command", "what it does"), commands())]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def things(room: Any) -> list[Any]:
    """The functions and classes of a room that are for everybody."""
    names = getattr(room, "__all__", None) or [
        n for n, x in vars(room).items() if n[0] != "_" and getattr(x, "__module__", "") == room.__name__
    ]
    found = [getattr(room, n) for n in names]
    return [x for x in found if callable(x) and getattr(x, "__name__", "") in names and inspect.getdoc(x)]


def _entry(prefix: str, thing: Any) -> tuple[str, str]:
    """How something is called, and the first sentence of what it says of itself."""
    doc = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    end = SENTENCE.search(doc)
    return f"`{prefix}{thing.__name__}{_inputs(thing)}`", doc[: end.end()] if end else f"{doc}."


def _inputs(thing: Any) -> str:
    """The names of what a call takes."""
    if isinstance(thing, type) and issubclass(thing, Exception):
        return ""
    parameters = [
        f"{'*' * (p.kind is p.VAR_POSITIONAL)}{p.name}"
        for p in inspect.signature(thing).parameters.values()
        if p.kind is not p.VAR_KEYWORD and p.name[0] != "_"
    ]
    while len(shown := ", ".join(parameters)) > LONGEST:
        parameters = [*parameters[: -1 - (parameters[-1] == "...")], "..."]
    return f"({shown})"


def commands() -> Iterator[tuple[str, str]]:
    """Every command with its options, and what it is for."""
    [group] = [action for action in cli.parser()._actions if action.dest == "command"]
    helped = {action.dest: action.help or "" for action in getattr(group, "_choices_actions", [])}
    for name, command in dict(group.choices or {}).items():
        options = [max(a.option_strings, key=len) for a in command._actions if a.option_strings and a.dest != "help"]
        yield (
            f"`tinygrad-edu {name}`",
            f"{helped[name]}. Options: {', '.join(f'`{option}`' for option in options) or 'none'}",
        )


def _cell(text: str) -> str:
    """Text in a table in Markdown: outside of backticks a star is a star."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(
        part if i % 2 else re.sub(r"([*_])", r"\\\1", part).replace("<", "&lt;") for i, part in enumerate(parts)
    )


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as a table in Markdown."""
    lines = [heading, ("---",) * len(heading), *[tuple(map(_cell, line)) for line in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
