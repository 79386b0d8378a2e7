"""The engine in C beside the one in Python, and micrograd: each in a fresh process, in turn.

    python -m benchmarks.twin [--rounds N] [--only W1]

Of each workload of `benchmarks.workloads` the median step, with Python's garbage collector at its defaults and paused;
then the thousandth step beside the twentieth, what a node takes of the memory that the system counts, and a chain of a
million nodes.  Ratios are to the engine in Python, of the same round, and of these the median.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from .workloads import MICROGRAD, PLAIN, WORKLOADS

ENGINES = {"in Python": "0", "in C": "1", MICROGRAD: "0"}
CHAIN = 1_000_000


def timed(step: Any, count: int) -> float:
    """The median of some steps, in seconds."""
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def resident() -> int:
    """Bytes of this process that are in memory.  Linux says them."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def chained() -> dict[str, float]:
    """A chain: microseconds and bytes a node, forward and backward."""
    from tinygrad_edu import Value

    gc.disable()
    before, begin = resident(), time.perf_counter()
    v = x = Value(1.0)
    for _ in range(CHAIN // 2):
        v = v * 1.0 + x
    v.backward()
    seconds, held = time.perf_counter() - begin, resident() - before
    nodes = CHAIN + CHAIN // 2  # the numbers are leaves
    return {"us a node": seconds / nodes * 1e6, "bytes a node": held / nodes}


def child(name: str, engine: str) -> dict[str, Any]:
    """What one process measures: {runner: {figure: number}}."""
    if name == "chain":
        return {PLAIN: chained()}
    [workload] = [w for w in WORKLOADS if w.name == name]
    found = {}
    for runner in workload.runners():
        if (runner.engine == MICROGRAD) != (engine == MICROGRAD):
            continue
        figures = {}
        timed(runner.step, 3)
        for setting in ("on", "paused"):
            gc.collect()
            gc.disable() if setting == "paused" else gc.enable()
            figures[setting] = timed(runner.step, 3 * runner.steps) / workload.repeats
        gc.enable()
        if name == "W1" and engine == "in C":
            early = timed(runner.step, 20)
            timed(runner.step, 960)
            figures["step 1000 / step 20"] = timed(runner.step, 20) / early
        found[runner.engine] = figures
    return found


def asked(name: str, engine: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.twin", "--child", name, engine]
    chosen = {**os.environ, "TINYGRAD_EDU_C": ENGINES[engine]}
    run = subprocess.run(command, capture_output=True, text=True, env=chosen, check=True)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def main() -> None:
    """Measure in rounds, and print the medians."""
    parser = argparse.ArgumentParser("python -m benchmarks.twin", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=[*[w.name for w in WORKLOADS], "chain"])
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(child(*given.child)))
        return
    for name in [given.only] if given.only else [*[w.name for w in WORKLOADS], "chain"]:
        rounds = [{engine: asked(name, engine) for engine in ENGINES if not (name == "chain" and engine == MICROGRAD)}
                  for _ in range(given.rounds)]  # fmt: skip
        print(name)
        for engine, runners in rounds[0].items():
            for runner, figures in runners.items():
                for figure in figures:
                    mine = [r[engine][runner][figure] for r in rounds]
                    base = [r["in Python"].get(runner, r["in Python"][PLAIN]).get(figure) for r in rounds]
                    ratio = f"{statistics.median([m / b for m, b in zip(mine, base)]):8.3f}" if base[0] else ""
                    scale = 1e3 if figure in ("on", "paused") else 1.0
                    print(
                        f"  {engine:10} {runner:14} {figure:20} {statistics.median(mine) * scale:10.4f}{ratio}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
