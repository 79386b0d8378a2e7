"""`zoo` and `leak`: the systems that backpropagation is taught with, and the places where it leaks."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import files, zoo
from ..errors import UserError
from ..extras import MissingPackage
from ..learn.systems import run_on
from ..replay import BACKENDS
from ..zoo import leaks
from .parsing import seed, whole


def add_commands(commands: Any) -> None:
    """Add `zoo` and `leak` to the command line."""
    cmd = commands.add_parser(
        "zoo",
        help="the classic systems, each run beside its published numbers; a list of them if alone",
        description="Without a name: the list. With one: that system runs, its numbers beside the published ones, "
        "its pictures saved. Ctrl-C ends a training and keeps what was learned. The status is 1 if a "
        "published number was not met.",
        epilog="examples:\n  tinygrad-edu zoo\n  tinygrad-edu zoo micrograd\n  tinygrad-edu zoo --all --report zoo.md\n"
        "  tinygrad-edu zoo micrograd --learner my_value.py",
    )
    add = cmd.add_argument
    add("name", nargs="?", metavar="NAME", help="which system; they are listed by `tinygrad-edu zoo`")
    add("--all", action="store_true", help="run all of them, in the order of history")
    add("--report", metavar="FILE.md", help="with --all: one page with all tables and pictures")
    add("--seed", type=seed, metavar="N", help="of everything random (default: the one of the published numbers)")
    add("--epochs", type=whole, metavar="N", help="how often to go over the data (default: as published)")
    add(
        "--backend",
        choices=("auto", "eager", *BACKENDS),
        default="auto",
        help="what runs the steps (default: the fastest)",
    )
    add("--out", metavar="FOLDER", help="where pictures and pages go (default zoo/)")
    add("--data", metavar="FILE", help="a file of your own in place of the system's data, where it takes one")
    add("--small", action="store_true", help="on few samples and for few steps, to see it work")
    add(
        "--doctor",
        action="store_true",
        help="watch what is trained, and say at the end what is wrong with its gradients",
    )
    add(
        "--learner",
        metavar="FILE.py",
        help="on the class Value in this file: its numbers beside ours and the published ones; writes nothing",
    )
    cmd.set_defaults(run=run_zoo)

    cmd = commands.add_parser(
        "leak",
        help="where backpropagation leaks: each failure, what the doctor says, and the cure; a list of them if alone",
        description="Without a name: the list. With one: a program that fails, in numbers; what the doctor says of it; "
        "the lines that mend it; what the doctor says then; and a picture of both. The status is 1 if a "
        "published number was not met.",
        epilog="examples:\n  tinygrad-edu leak\n  tinygrad-edu leak vanishing\n  tinygrad-edu leak --all --out leaks",
    )
    add = cmd.add_argument
    add("name", nargs="?", metavar="NAME", help="which leak; they are listed by `tinygrad-edu leak`")
    add("--all", action="store_true", help="run all of them")
    add("--seed", type=seed, metavar="N", help="of everything random (default: 0)")
    add("--out", metavar="FOLDER", help="where pictures and pages go (default leaks/)")
    add("--small", action="store_true", help="for few steps, to see it work")
    cmd.set_defaults(run=run_leak, report=None, epochs=None, data=None, backend="auto", doctor=False)


def run_zoo(arguments: argparse.Namespace) -> int:
    """The list, one system, or all of them."""
    if arguments.report and not arguments.all:
        raise UserError("--report gathers all systems: say --all with it")
    if arguments.learner is not None:
        for option in ("all", "report", "seed", "epochs", "out", "data", "doctor"):
            if getattr(arguments, option) not in (None, False) or arguments.backend != "auto":
                option = option if arguments.backend == "auto" else "backend"
                raise UserError(f"--learner runs what a Value can run, as it was published: leave --{option} out")
        if arguments.name is None:
            raise UserError("--learner goes with the name of a system: micrograd, perceptron or microgpt")
        return int(not run_on(arguments.name, arguments.learner, small=arguments.small))
    return _run(arguments, zoo.SYSTEMS, "system", "the zoo")


def run_leak(arguments: argparse.Namespace) -> int:
    """The list, one leak, or all of them."""
    return _run(arguments, leaks.LEAKS, "leak", "the leak lab")


def _run(arguments: argparse.Namespace, systems: Sequence[zoo.System], noun: str, who: str) -> int:
    folder = arguments.out or systems[0].folder
    if arguments.all:
        if arguments.name or arguments.data or arguments.epochs:
            others = ", --data and --epochs" if noun == "system" else ""
            raise UserError(f"--all runs every {noun} as it is: leave NAME{others} out")
        return run_all(arguments, systems, who)
    if arguments.name is None:
        asked = {**vars(arguments), "backend": arguments.backend != "auto"}
        for option in ("seed", "epochs", "backend", "out", "data", "small", "doctor"):
            if asked[option] is not None and asked[option] is not False:
                raise UserError(f"--{option} goes with the name of a {noun}, or with --all")
        return show_list(systems)
    one = zoo.among(systems, arguments.name, who)
    this = zoo.run(one, data=arguments.data, epochs=arguments.epochs, **_how(arguments, folder))
    return 130 if this.broken else int(bool(this.missed))


def show_list(systems: Sequence[zoo.System]) -> int:
    """One line for each."""
    wide, command = max(len(one.name) for one in systems), systems[0].command
    for one in systems:
        print(f"{one.year}  " * bool(one.year) + f"{one.name.ljust(wide)}  {one.line}")
    together = "--report zoo.md" if command == "zoo" else "--out leaks"
    print(f"\nrun one:  tinygrad-edu {command} {systems[0].name}        all:  tinygrad-edu {command} --all {together}")
    if command == "zoo":
        print("on a Value of your own:  tinygrad-edu zoo micrograd --learner FILE.py")
    return 0


def run_all(arguments: argparse.Namespace, systems: Sequence[zoo.System], who: str) -> int:
    """Every one; what is missing on this machine is said, and left out.

    The report is written after each of them.
    """
    report = Path(arguments.report) if arguments.report else None
    if report is not None:
        files.check(files.folder(report.parent) / report.name)
    folder = Path(arguments.out or (report.parent / systems[0].folder if report else systems[0].folder))
    files.folder(folder)
    pages, runs = list[str](), list[zoo.Run]()
    lines = ["| year | system | numbers met | seconds |", "| --- | --- | --- | ---: |"]
    if not (dated := systems[0].year is not None):
        lines = ["| leak | numbers met | seconds |", "| --- | --- | ---: |"]
    for one in systems:
        print(f"\n{'=' * 100}")
        begin = f"| {one.year} " * bool(one.year)
        try:
            this = zoo.run(one, **_how(arguments, folder))
        except MissingPackage as absent:
            print(f"{one.name} was not run: {absent}")
            lines.append(f"{begin}| {one.name} | not run: {absent} | |")
            continue
        judged = [row for row in this.rows if row.verdict]
        told = f"{len(judged) - len(this.missed)} of {len(judged)}" + "; NOT MET: " * bool(this.missed)
        told += ", ".join(row.what for row in this.missed) + ", interrupted" * this.interrupted
        name = f"[{one.name}](#{_anchor(one)})" if report else one.name
        lines.append(f"{begin}| {name} | {told} | {this.seconds:.1f} |")
        runs.append(this)
        if report is not None:
            pages.append(_moved(this.markdown(), _from(report.parent, folder)))
            files.write(report, "\n".join(["# The zoo", "", *lines, _all(runs, dated), "", *pages]))
        if this.interrupted:
            print(f"interrupted: {one.name} was the last of {who} that ran")
            break
    print("\n" + "\n".join([*lines, _all(runs, dated)]) + (f"\nwrote {report}" if report and pages else ""))
    return 130 if runs and runs[-1].broken else int(any(this.missed for this in runs))


def _all(runs: Sequence[zoo.Run], dated: bool) -> str:
    """The last line of the table: what all of them together met, and took."""
    judged = sum(bool(row.verdict) for this in runs for row in this.rows)
    met = judged - sum(len(this.missed) for this in runs)
    return "| " * dated + f"| all | {met} of {judged} | {sum(this.seconds for this in runs):.1f} |"


def _how(arguments: argparse.Namespace, folder: Any) -> dict[str, Any]:
    return {"seed": arguments.seed, "backend": arguments.backend, "small": arguments.small, "out": folder,
            "doctor": arguments.doctor}  # fmt: skip


def _from(here: Path, folder: Path) -> str:
    """How a page in one folder links to another: together they can be moved."""
    with suppress(ValueError):  # Windows: on another drive
        return quote(Path(os.path.relpath(folder, here)).as_posix())
    return folder.resolve().as_uri()


def _moved(page: str, folder: str) -> str:
    """A page whose pictures are in a folder."""
    return re.sub(r"\]\((?=[\w-]+\.svg\))", lambda found: f"]({folder}/", page)


def _anchor(one: zoo.System) -> str:
    """Where GitHub puts the heading of a system's page."""
    return re.sub(r"[^\w\- ]", "", one.title).lower().replace(" ", "-")
