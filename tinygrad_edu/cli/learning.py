"""`learn`: exercises in a folder of the learner's own, checked one after the other."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import files
from ..errors import UserError
from ..figures import draw
from ..learn import Exercise, Verdict, chapters, exercise, read
from ..learn.author import examined
from ..learn.course import exercise_names
from ..learn.folder import Folder, quoted
from ..learn.sandbox import limits
from ..learn.texts import decoded
from ..words import aligned, plural, sentence
from .parsing import whole

PAUSE = 0.5  # seconds between two looks at a file
PICTURE = "feedback.svg"
PRINTED = 20  # lines that a file printed


def add_commands(commands: Any) -> None:
    """Add `learn` to the command line."""
    cmd = commands.add_parser(
        "learn",
        help="exercises: write the backward pass yourself, and be told which term is wrong",
        description="Alone, in the folder of the exercises: checks the present one, and shows the next if it is right.",
        epilog="examples:\n  tinygrad-edu learn start course\n  cd course\n  tinygrad-edu learn",
    )
    cmd.set_defaults(run=run_check, name=None, dir=None, all=False)
    actions = cmd.add_subparsers(title="actions", metavar="ACTION")
    actions.elsewhere = lambda w: f", did you mean 'check {w}'?" if w in exercise_names() else ""

    def action(name: str, run: Any, words: str, exercise: str = "") -> Any:
        one = actions.add_parser(name, help=words, description=words[:1].upper() + words[1:] + ".")
        if exercise:
            one.add_argument(
                "name", nargs="?" if exercise == "?" else None, metavar="EXERCISE", help="its name, as in the list"
            )
        if name not in ("start", "author"):
            one.add_argument("--dir", metavar="FOLDER", help="where the exercises are (default: here, or above)")
        one.set_defaults(run=run)
        return one

    start = action("start", run_start, "put the exercises into a folder; what is there already stays")
    start.add_argument("folder", metavar="FOLDER", help="a new one, or one that was begun")
    check = action("check", run_check, "check one exercise, or the present one", "?")
    check.add_argument(
        "--all", action="store_true", help="say everything that is wrong, not the most basic thing alone"
    )
    action("watch", run_watch, "check whenever the present exercise is saved, until Ctrl-C", "?")
    hint = action("hint", run_hint, "an idea; asked again, the formula; then the line", "?")
    hint.add_argument("--level", type=whole, metavar="N", help="1, 2 or 3")
    solution = action("solution", run_solution, "how we would have written it, once yours is right", "?")
    solution.add_argument("--reveal", action="store_true", help="before that, too")
    action("list", run_list, "all exercises, and which are done")
    action("reset", run_reset, "the file as it was at first; what you wrote is kept beside it", "1")
    status = action("status", run_status, "how far you are")
    status.add_argument("--json", action="store_true", help="for programs")
    author = action("author", run_author, "examine an exercise that you have written yourself")
    author.add_argument("file", metavar="FILE.py", help="the exercise")
    author.add_argument("--out", metavar="FOLDER", help="write what a learner gets there, if it is sound")


def run_start(arguments: argparse.Namespace) -> int:
    here = Folder.start(arguments.folder)
    done = here.status()
    print(f"{plural(done['of'], 'exercise')} in {here.root}, {done['passed']} of them done.")
    if "memory" not in limits():  # Windows
        print("On this system a check has a limit of time, and none of memory.")
    if (now := here.current()) is not None:
        cd = "" if here.root.resolve() == Path.cwd() else f"  cd {quoted(here.root)}\n"
        print(f"\nNow open {here.path(now)} and write what is missing. Then:\n\n{cd}  tinygrad-edu learn")
    return 0


def run_check(arguments: argparse.Namespace) -> int:
    here = Folder.find(arguments.dir)
    one = _chosen(here, arguments.name)
    if one is None:
        print("All exercises are done. `tinygrad-edu learn list` has them.")
        return 0
    return 0 if _checked(here, one, everything=arguments.all) else 1


def _chosen(here: Folder, name: str | None) -> Exercise | None:
    return exercise(name) if name else here.current()


def _where(here: Folder, one: Exercise) -> str:
    return os.path.relpath(here.path(one))


def _checked(here: Folder, one: Exercise, everything: bool = False) -> bool:
    """Check one exercise, say what is wrong, or show the next."""
    if not here.path(one).is_file():
        raise UserError(f"{_where(here, one)} is not there: `tinygrad-edu learn reset {one.name}` writes it anew")
    print(f"{_where(here, one)}: {one.title}\n")
    if not one.missing and any(query.long > 30 for query in one.queries):
        print("If its parts are right, all of it runs: that may take a minute.\n", flush=True)
    verdict = here.check(one)
    if verdict.printed.strip():
        lines = [_plain(line) for line in verdict.printed.rstrip().splitlines()]
        shown = lines[:PRINTED] + ["..."] * (len(lines) > PRINTED)
        print("Your file printed:", *[f"  {line}" for line in shown], sep="\n", end="\n\n")
    if here.unkept:
        print(f"What you have reached could not be kept: {here.unkept}", file=sys.stderr)
    if verdict.missing:
        print(*sentence(f"This one needs {verdict.missing}: pip install {verdict.missing}. Or go on with another: "
                        "tinygrad-edu learn check NAME"), sep="\n")  # fmt: skip
        return False
    if not verdict:
        _say(here, one, verdict, everything)
        return False
    done = here.status()
    print(f"Right. {done['passed']} of {done['of']} done.\nOurs: tinygrad-edu learn solution {one.name}")
    now = here.current()
    if now is None:
        print("\nThese were all. You have written backpropagation yourself.")
    else:
        if now.chapter != one.chapter:
            print(f"\nNext chapter: {now.chapter.title}.")
        print(f"\nNext: {now.title}\n  {_where(here, now)}")
    return True


def _plain(line: str) -> str:
    """A line as any terminal takes it: what would move the cursor, or ring, is shown as a mark."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)


def _say(here: Folder, one: Exercise, verdict: Verdict, everything: bool) -> None:
    assert verdict.first is not None
    for remark in verdict.remarks if everything else [verdict.first]:
        print(remark, end="\n\n")
        if remark.path:
            with suppress(OSError):  # in a folder that nobody may write in
                draw(remark.path[-1], path=remark.path).save(here.root / PICTURE)
                print(f"The graph, with the path that counts: {os.path.relpath(here.root / PICTURE)}\n")
    here_now = "" if one == here.current() else f" {one.name}"
    causes = {remark.mistake or str(remark) for remark in verdict.remarks}
    if len(causes) > 1 and not everything:
        print(f"There is more to mend, but first this (all of it: tinygrad-edu learn check{here_now} --all).")
    print(f"A hint: tinygrad-edu learn hint{here_now}")


def run_watch(arguments: argparse.Namespace) -> int:
    here = Folder.find(arguments.dir)
    one, seen = _chosen(here, arguments.name), 0.0
    print("Checked whenever it is saved; Ctrl-C ends.\n", flush=True)
    try:
        while one is not None:
            path = here.path(one)
            changed = path.stat().st_mtime if path.exists() else 0.0
            if changed == seen:
                time.sleep(PAUSE)
                continue
            seen = changed
            if path.exists() and _checked(here, one):
                one, seen = here.current(), 0.0
                if one is not None:
                    seen = here.path(one).stat().st_mtime if here.path(one).exists() else 0.0
            print(flush=True)
    except KeyboardInterrupt:
        print()
    return 0


def run_hint(arguments: argparse.Namespace) -> int:
    here = Folder.find(arguments.dir)
    one = _chosen(here, arguments.name)
    if one is None:
        raise UserError("all exercises are done: say which one a hint is for")
    if arguments.level is not None and arguments.level > len(one.hints):
        raise UserError(f"there are {len(one.hints)} hints: --level 1 to {len(one.hints)}")
    level, words = here.hint(one, arguments.level)
    print(f"{one.name}, hint {level} of {len(one.hints)}:")
    print(words if "\n" in words else "\n".join(sentence(words)))
    return 0


def run_solution(arguments: argparse.Namespace) -> int:
    here = Folder.find(arguments.dir)
    before = None if arguments.name or arguments.reveal else here.latest()
    one = before or _chosen(here, arguments.name)
    if one is None:
        raise UserError("all exercises are done: say whose solution to show")
    if not (here.passed(one) or arguments.reveal):
        raise UserError(
            f"{one.name} is not right yet: `tinygrad-edu learn hint` helps, and --reveal shows it all the same"
        )
    print(one.solution, end="")
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    here = Folder.find(arguments.dir)
    now = here.current()
    for chapter in chapters():
        if not chapter.names:
            continue
        print(chapter.title)
        marks = ["✓" if n in here.notes["passed"] else "→" if now and n == now.name else "·" for n in chapter.names]
        needs = [f" (needs {package})" if (package := exercise(n).missing) else "" for n in chapter.names]
        rows = [(mark, n, exercise(n).title + need) for mark, n, need in zip(marks, chapter.names, needs)]
        print(*aligned(rows, "lll", indent="  "), sep="\n")
    done = here.status()
    print(f"\n{done['passed']} of {done['of']} done; check one: tinygrad-edu learn check NAME")
    return 0


def run_reset(arguments: argparse.Namespace) -> int:
    here = Folder.find(arguments.dir)
    one = exercise(arguments.name)
    kept = here.reset(one)
    print(f"{_where(here, one)} is as it was at first" + (f"; yours is in {os.path.relpath(kept)}" if kept else ""))
    return 0


def run_status(arguments: argparse.Namespace) -> int:
    done = Folder.find(arguments.dir).status()
    if arguments.json:
        print(json.dumps(done, indent=1))
    else:
        print(f"{done['passed']} of {done['of']} done" + (f"; next: {done['next']}" if done["next"] else ""))
    return 0


def run_author(arguments: argparse.Namespace) -> int:
    one = read(Path(arguments.file))
    files.read(arguments.file)
    if one.missing:
        raise UserError(f"{one.name} needs {one.missing}, which is not installed: without it nothing can be examined")
    wrong = examined(one)
    for words in wrong:
        print(*sentence(words), sep="\n")
    print(f"{one.name}: " + (plural(len(wrong), "thing") + " to mend" if wrong else "a sound exercise"))
    if arguments.out and not wrong:
        path = files.folder(arguments.out) / f"{one.name}.py"
        with suppress(FileNotFoundError):
            if decoded(files.read(path))[0] == one.starter:
                print(f"{path} is there already")
                return 0
            raise UserError(f"{path} is there and holds something else, perhaps an answer: remove it, or choose "
                            "another folder")  # fmt: skip
        print(f"wrote {files.write(path, one.starter)}")
    return 1 if wrong else 0
