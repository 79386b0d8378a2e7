"""One engine in a process of its own: `python -m benchmarks.peers.worker MODULE:FUNCTION [PACKAGE]`.

It speaks lines.  The first that it reads is the problem, as JSON; it answers with JSON as well: a dict with `loss`,
`gradient`, `start` and `moved` (parameters before and after one step) and `version`, or with `failed` and a reason.
Then each line `step N` is answered by the seconds that N steps took, until the input ends.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import sys
import time
from typing import Any


def proof(program: Any) -> dict[str, Any]:
    """What a program computes, for somebody who knows what is right."""
    gradient, run, parameters = program
    loss, slopes = gradient()
    start = parameters()
    run(1)
    return {"loss": float(loss), "gradient": [float(g) for g in slopes], "start": start, "moved": parameters()}


def version(package: str) -> str:
    try:
        return importlib.metadata.version(package) if package else ""
    except importlib.metadata.PackageNotFoundError:
        return ""


def seconds(run: Any, n: int) -> float:
    begin = time.perf_counter()
    run(n)
    return time.perf_counter() - begin


def main() -> None:
    name, _, function = sys.argv[1].partition(":")
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not pass for an answer
    try:
        program = getattr(importlib.import_module(f"benchmarks.peers.{name}"), function)(
            json.loads(sys.stdin.readline())
        )
        shown = proof(program)
    except Exception as error:
        lines = str(error).strip().splitlines()
        answers.write(json.dumps({"failed": f"{type(error).__name__}: {lines[0] if lines else ''}"}) + "\n")
        raise
    answers.write(json.dumps({**shown, "version": version(*sys.argv[2:3] or [""])}) + "\n")
    for line in sys.stdin:
        answers.write(f"{seconds(program[1], int(line.split()[1]))!r}\n")


if __name__ == "__main__":
    main()
