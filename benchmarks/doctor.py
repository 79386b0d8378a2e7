"""What the doctor costs: `python -m benchmarks.doctor [--rounds N]`.

A training of moons (MLP 2-16-16-1, hinge, 100 points, native backend) with and without a watch, as a loop through
Values and as `fit`; and `diagnose` on a graph of 100,000 nodes.  Every measurement is a process
of its own, and those that are compared take turns; shown are medians, and the median of the ratios.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from statistics import median
from typing import Any

from tinygrad_edu import data, diagnose, fit, jit, losses, nn, optim
from tinygrad_edu.engine import topological

from .peers.hosting import ONE_THREAD, ROOT

NODES, LIMIT = 100_000, 3.0  # seconds
STEPS = (1_000, 10_000)


def _begin(watched: bool) -> tuple[Any, Any, Any, list[Any], list[Any]]:
    X, y = data.moons(100, noise=0.1, seed=1337)
    model = nn.MLP(2, [16, 16, 1], activation="relu", init="he", seed=0)
    watch = diagnose.watch(model) if watched else None
    return model, optim.SGD(model.parameters(), lr=0.05), watch, list(X), [2 * t - 1 for t in y]


def loop(steps: int, watched: bool) -> float:
    """Seconds of so many steps through Values, recorded before."""
    model, sgd, watch, X, y = _begin(watched)
    f = jit(lambda x, t: (1 - t * model(x)).relu(), backend="native")
    f.mean(X, y).backward()
    begin = time.perf_counter()
    for _ in range(steps):
        loss = f.mean(X, y)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        if watch is not None:
            watch(loss)
    return time.perf_counter() - begin


def whole(steps: int, watched: bool) -> float:
    """Seconds of a `fit` of about so many steps, 4 in each epoch, all its recordings and checks included."""
    model, sgd, watch, X, y = _begin(watched)
    options: dict[str, Any] = {"loss": losses.hinge, "progress": False, "backend": "native", "batch_size": 25}
    fit(model, X, y, optimizer=sgd, epochs=1, **options)
    begin = time.perf_counter()
    fit(model, X, y, optimizer=sgd, epochs=steps // 4, watch=watch, **options)
    return time.perf_counter() - begin


def large(nodes: int, watched: bool) -> float:
    """Seconds of `diagnose` on a graph of so many nodes: as many samples as it takes."""
    model, _, _, X, y = _begin(False)
    outputs: list[Any] = [model(x) for x in X]
    each = len(topological(losses.hinge(outputs, y))) / len(X)
    times = round(nodes / each / len(X))
    loss = losses.hinge([model(x) for x in X * times], y * times)
    begin = time.perf_counter()
    diagnose(loss, model)
    return time.perf_counter() - begin


WHAT = {"loop": loop, "fit": whole, "diagnose": large}


def point(what: str, size: int, watched: bool) -> float:
    """One measurement, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.doctor", "--point", what, str(size), str(int(watched))]
    environment = {**os.environ, **ONE_THREAD}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def main(arguments: list[str] | None = None) -> int:
    """Measure and print, as a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doctor", description="What the doctor costs.")
    parser.add_argument("--rounds", type=int, metavar="N", default=7, help="rounds (7)")
    parser.add_argument("--point", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.point:
        what, size, watched = options.point
        print(json.dumps(WHAT[what](int(size), watched == "1")))
        return 0
    if options.rounds < 1:
        parser.error(f"--rounds takes a number from 1 up, got {options.rounds}")
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    print(
        f"CPython {platform.python_version()}, {machine}, {datetime.date.today()}, median of {options.rounds} rounds\n"
    )
    point("loop", 10, True)  # compiles what is not cached yet
    print("| | plain | watched | ratio |\n|---|---|---|---|")
    for what, steps in [(what, steps) for what in ("loop", "fit") for steps in STEPS]:
        pairs = [(point(what, steps, False), point(what, steps, True)) for _ in range(options.rounds)]
        plain, watched = (median(ts) for ts in zip(*pairs))
        ratio = median(b / a for a, b in pairs)
        name = "a loop through Values" if what == "loop" else "`fit`"
        print(f"| {name}, {steps:,} steps | {plain:.3f} s | {watched:.3f} s | {ratio:.3f} |", flush=True)
    seconds = median(point("diagnose", NODES, False) for _ in range(options.rounds))
    print(f"\n`diagnose` on {NODES:,} nodes: {seconds:.2f} s (limit {LIMIT:g} s)")
    return int(seconds > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
