"""Our eager engine next to micrograd, in one process, interleaved.

    python -m benchmarks.eager [--quick] [--only W1] [--rounds N] [--json FILE]

Each round times every engine in turn, so that a machine that slows down slows all of them, and the median over the
rounds is reported.  `gc.collect()` before each timing, outside of it, keeps one engine's garbage off the other's bill.
Two settings stand side by side:

- collector on: Python's defaults.  A round is several consecutive steps, as in training, because the garbage that an
  engine leaves behind is part of what it costs; the first step after `gc.collect()`,
  which has none to carry, is not timed.
- collector paused: `gc.disable()`, and `gc.collect()` before every step, not timed.

Memory is what `tracemalloc` sees with the collector paused, and the nodes of the engine in C: bytes that the graph of
one step holds after the forward pass and after backward(), and the peak during backward(), per node that the step made
(parameters are not counted).  A graph is freed by itself if `gc.collect()` finds nothing after it was dropped.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import json
import os
import platform
import statistics
import sys
import time
import tracemalloc
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from tinygrad_edu import Value, compiled, twin

from .workloads import MICROGRAD, WORKLOADS, Runner, Workload

SETTINGS = ("on", "paused")
SCALE = {"ms": 1e3, "us": 1e6}


def seconds(runner: Runner, setting: str) -> float:
    """The mean time of one step, over `runner.steps` in a row."""
    spent = 0.0
    gc.collect()
    try:
        if setting == "paused":
            gc.disable()
        else:
            runner.step()
        for _ in range(runner.steps):
            if setting == "paused":
                gc.collect()
            start = time.perf_counter()
            runner.step()
            spent += time.perf_counter() - start
    finally:
        gc.enable()
    return spent / runner.steps


def count(root: Any, parameters: list[Any]) -> int:
    """The nodes that a step made: all that `root` was computed from, less the parameters, which were there before."""
    seen, stack = {root}, [root]
    while stack:
        node = stack.pop()
        for p in node.parents if hasattr(node, "parents") else node._prev:
            if p not in seen:
                seen.add(p)
                stack.append(p)
    return len(seen.difference(parameters))


def owned() -> tuple[int, int]:
    """Bytes that tracemalloc sees, and those of the engine in C, whose nodes lie where it does not look."""
    a_node = Value.__basicsize__ + 16  # with the collector's
    return tracemalloc.get_traced_memory()[0], twin.extension.alive() * a_node if compiled else 0


def memory(runner: Runner) -> dict[str, Any]:
    """Bytes per node, and whether a dropped graph goes by itself."""
    root = runner.build()
    result: dict[str, Any] = {"loss": float(root.data), "nodes": count(root, runner.parameters)}
    del root
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        start = sum(owned())
        root = runner.build()
        forward = sum(owned()) - start
        root.backward()
        traced, nodes = owned()
        held, peak = traced + nodes - start, tracemalloc.get_traced_memory()[1] + nodes - start
        del root
        result["freed"] = gc.collect() == 0
    finally:
        tracemalloc.stop()
        gc.enable()
    for p in runner.parameters:
        p.grad = 0.0
    for name, size in {"forward": forward, "backward": held, "peak": peak}.items():
        result[f"bytes_{name}"] = size / result["nodes"]
    return result


def measure(workload: Workload, rounds: int, say: Any) -> Iterator[list[dict[str, Any]]]:
    """The rows of one workload, again after every round, from more and more rounds."""
    runners = list(workload.runners())
    rows: list[dict[str, Any]]
    rows = [{"workload": workload.name, "engine": runner.engine, "unit": workload.unit, "steps": runner.steps, "on": [],
             "paused": []}
            for runner in runners]  # fmt: skip
    for runner, row in zip(runners, rows):
        say(f"{workload.name} memory: {runner.engine}")
        row.update(memory(runner))
    for row in rows:  # engines that disagree are not worth a comparison
        if not abs(row["loss"] - rows[0]["loss"]) <= 1e-9 * abs(rows[0]["loss"]):
            raise AssertionError(
                f"{workload.name}: {row['engine']} computes {row['loss']}, {rows[0]['engine']} {rows[0]['loss']}"
            )
    for i in range(rounds):
        for setting in SETTINGS:
            for runner, row in zip(runners, rows):
                say(f"{workload.name} round {i + 1} of {rounds}, collector {setting}: {runner.engine}")
                row[setting].append(seconds(runner, setting) * SCALE[workload.unit] / workload.repeats)
        yield rows


def table(workload: Workload, rows: list[dict[str, Any]]) -> str:
    """The rows for people: times, how many times faster than micrograd, nodes and bytes."""
    median = {(row["engine"], s): statistics.median(row[s]) for row in rows for s in SETTINGS}
    lines = [[workload.unit, "collector on", "speed-up", "ns/node", "paused", "speed-up",
              "nodes", "B/node fwd", "+ bwd", "peak", "freed by itself"]]  # fmt: skip
    if rows[0]["engine"] != MICROGRAD:
        lines.append([f"{MICROGRAD}: not installed (pip install micrograd)"] + [""] * 10)
    for row in rows:
        cells = [row["engine"]]
        for setting in SETTINGS:
            t, reference = median[row["engine"], setting], median.get((MICROGRAD, setting))
            cells += [f"{t:.1f}", f"{reference / t:.2f}x" if reference else ""]
            if setting == "on":
                cells += [f"{t / row['nodes'] / SCALE[row['unit']] * 1e9:.0f}"]
        cells += [f"{row['nodes']:,}", *[f"{row[f'bytes_{when}']:.0f}" for when in ("forward", "backward", "peak")]]
        lines.append([*cells, "yes" if row["freed"] else "no"])
    widths = [max(len(line[i]) for line in lines if line[1]) for i in range(len(lines[0]))]
    text = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines]
    return "\n".join([f"{workload.name}  {workload.title}", *["    " + line for line in text]])


def version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"{package} (not installed)"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write JSON if asked.  Ctrl-C prints what there is."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.eager", description="Our eager engine next to micrograd."
    )
    parser.add_argument("--quick", action="store_true", help="two rounds: a minute, rough numbers")
    parser.add_argument("--only", metavar="W1", choices=[w.name for w in WORKLOADS], help="one workload")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds (5, or 2 with --quick)")
    parser.add_argument("--json", metavar="FILE", help="also write every round's numbers to FILE")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (2 if options.quick else 5)
    if rounds < 1:
        parser.error(f"--rounds takes a number from 1 up, got {rounds}")

    about = {
        "engines": f"{version('tinygrad-edu')} in {'C' if compiled else 'Python'} and {version('micrograd')}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "date": datetime.date.today().isoformat(),
        "rounds": rounds,
    }
    done: dict[str, list[dict[str, Any]]] = {}

    def save() -> None:
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump({**about, "rows": [row for rows in done.values() for row in rows]}, file, indent=1)

    def say(what: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)

    try:
        save()  # a file that cannot be written is better found out now
    except OSError as error:
        parser.error(f"cannot write --json {options.json}: {error.strerror}")
    print(
        f"{about['engines']}\n{about['python']}, {about['machine']}, {about['date']}, median of {rounds} rounds\n",
        flush=True,
    )
    for workload in WORKLOADS:
        if options.only not in (None, workload.name):
            continue
        interrupted = False
        try:
            for rows in measure(workload, rounds, say):
                done[workload.name] = rows
                if not sys.stderr.isatty():
                    print(f"{workload.name} round {len(rows[0]['paused'])} of {rounds}", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            interrupted = True
        say("")
        if workload.name in done:
            print(table(workload, done[workload.name]) + "\n", flush=True)
            save()
        if interrupted:
            print("interrupted: these are the rounds that were finished", file=sys.stderr)
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
