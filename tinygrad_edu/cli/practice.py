"""`practice`: random expressions to do by hand, asked node by node."""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import dataclass
from typing import Any

from .. import files
from ..errors import UserError
from ..learn import practice, worksheet
from ..learn.expressions import LEVELS
from ..learn.quiz import Blank, Practice
from ..words import WIDTH, brief, plural, sentence
from . import outputs
from .parsing import seed, whole

KEYS = "Write a number, or a product such as 2 * -3. ? is a hint, Enter alone shows the answer, q ends."
TRIES = 2  # after so many wrong answers the right one is shown


class Ended(Exception):
    """The person has had enough."""


@dataclass
class Score:
    """How many numbers were asked for, found, and found at once without a hint."""

    of: int = 0
    right: int = 0
    at_once: int = 0

    def __str__(self) -> str:
        once = f", {'all' if self.at_once == self.right else self.at_once} at once" if self.right else ""
        return f"{self.right} of {plural(self.of, 'number')} right{once}."


def add_commands(commands: Any) -> None:
    """Add `practice` to the command line."""
    command = commands.add_parser(
        "practice",
        help="random expressions to do by hand: their values, then their gradients",
        description="Asks for the values of a random expression, then in backward order for its gradients; "
        "says what is wrong, and why. With --worksheet, a sheet to print. Levels: "
        + "; ".join(f"{n}: {level.about}" for n, level in LEVELS.items())
        + ".",
        epilog="examples:\n  tinygrad-edu practice --level 3 --seed 7\n"
        "  tinygrad-edu practice --level 3 --count 4 --worksheet sheet.html --answers",
    )
    command.add_argument("--level", type=whole, default=1, choices=[*LEVELS], metavar="N", help="1 to 5 (default: 1)")
    command.add_argument("--seed", type=seed, metavar="N", help="the same seed gives the same expression")
    command.add_argument("--count", type=whole, default=1, metavar="N", help="how many expressions (default: 1)")
    command.add_argument("--picture", metavar="FILE", help="also draw the graph, to be filled in (.svg, .png or .pdf)")
    command.add_argument("--worksheet", metavar="FILE", help="instead of asking, write a sheet to print (.html or .md)")
    command.add_argument("--answers", action="store_true", help="with --worksheet: the answers on a sheet of their own")
    command.set_defaults(run=run_practice)


def run_practice(arguments: argparse.Namespace) -> int:
    """Write a worksheet, or ask until all is found, or the person, or the input, ends."""
    first = random.randrange(10_000) if arguments.seed is None else arguments.seed
    if arguments.worksheet:
        return _print(arguments, first)
    if arguments.answers:
        raise UserError("--answers belongs to --worksheet FILE: without it, Enter alone shows an answer")
    outputs.check(arguments.picture, *outputs.PICTURES)
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")
    score = Score()
    print(*sentence(KEYS), sep="\n")
    try:
        for number in range(first, first + arguments.count):
            one = practice(arguments.level, number)
            print(f"\nLevel {arguments.level}, seed {number}:\n\n{one.problem}")
            if arguments.picture:
                print(f"\nThe graph, to be filled in: {one.draw().save(arguments.picture)}")
            _asked(one, score)
    except (Ended, KeyboardInterrupt):
        print()
    print(f"\n{score}")
    return 0


def _print(arguments: argparse.Namespace, first: int) -> int:
    if arguments.picture:
        raise UserError("--picture is for practice on the screen: a worksheet has its pictures in it")
    outputs.endings(arguments.worksheet, ".html", ".htm", ".md")
    sheet = worksheet(arguments.level, first, arguments.count, arguments.answers)
    word = files.check(arguments.worksheet)
    for path in sheet.save(arguments.worksheet):
        print(f"{word} {path}")
    print(f"Level {arguments.level}, --seed {first}: the same seed gives the same sheet.")
    return 0


def _asked(one: Practice, score: Score) -> None:
    """One expression, number by number."""
    values = [blank for blank in one.blanks.values() if blank.step]
    grads = [blank for blank in one.blanks.values() if not blank.step]
    print("\nForward: every node from its inputs.")
    for blank in values:
        _ask(one, blank, f"  {blank.step} = ", score)
    print("\nBackward: dL/dL is 1, and each node hands upstream × local to its inputs.")
    for blank in grads:
        _ask(one, blank, f"  {blank.name} = ", score)


def _ask(one: Practice, blank: Blank, prompt: str, score: Score) -> None:
    wrong = hints = 0
    while wrong < TRIES:
        answer = _read(prompt)
        if answer == "?":
            hints += 1
            _say(one.hint(blank.name, hints))
            continue
        if not answer:
            break
        try:
            marks = one.check(blank.name, answer)
        except ValueError as error:
            _say(str(error))
            continue
        if marks:
            score.of += 1
            score.right += 1
            score.at_once += not wrong and not hints
            if answer != (result := brief(blank.right)):
                print(f"    = {result}")
            return
        wrong += 1
        _say(str(marks) if marks.remarks[0].mistake else f"{marks} A hint: ?")
    score.of += 1
    _say(str(one.explained(blank.name)))


def _read(prompt: str) -> str:
    """A line that somebody types; in a pipe it is shown, too.  Raises Ended at q and at the end of the input."""
    print(prompt, end="", flush=True)
    line = sys.stdin.readline() if sys.stdin else ""
    answer = line.strip()
    if not (sys.stdin and sys.stdin.isatty()):
        print(answer)
    if not line or answer.lower() in ("q", "quit", "exit"):
        raise Ended
    return answer


def _say(words: str) -> None:
    """What is said of an answer."""
    lines = [part for line in words.splitlines() for part in (sentence(line) if len(line) > WIDTH else [line])]
    print(*lines, sep="\n")
