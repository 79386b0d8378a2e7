"""One measurement in a process of its own: `python -m benchmarks.points nodes 100000`, `lanes 1000`,
`start native` or `training`.

It prints a line of JSON.
A fresh process has no compiled kernel in memory, and its peak memory is that of one thing only.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any


def memory(what: str) -> int:
    """Bytes of this process: "VmRSS" now, "VmHWM" at its peak."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:  # not Linux: the peak since the process began stands for both
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


def memory_before() -> int:
    """Bytes now, from which a new peak is counted."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # proc(5): sets the peak to what is in use now
    except OSError:
        pass
    return memory("VmRSS")


def timed(step: Callable[[], Any], seconds: float = 1.0) -> float:
    """The median time of a step."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        step()
        times.append(time.perf_counter() - begin)
    return median(times)


def nodes(count: int) -> dict[str, Any]:
    """A graph of that many multiplications and additions on one lane, with microgpt's number of parameters."""
    from tinygrad_edu import Value, functional, jit, pack

    rng = random.Random(3)
    ps = [Value(rng.gauss(0, 0.3)) for _ in range(4192)]
    xs = [rng.gauss(0, 1) for _ in range(16)]
    theta = pack(ps)

    def f(xs: Any) -> Any:
        layer, made = list(xs), 0
        while True:
            fresh = []
            for _ in range(16):
                total = None
                for x in layer:
                    product = ps[made // 2 % 4192] * x
                    total = product if total is None else total + product
                    made += 2
                fresh.append(total * 0.9)
            layer = fresh
            if made >= count:
                return functional.sum(layer)

    jit(lambda x: x * ps[0], "native").value_and_grad(theta, [1.0])  # loads the kernel
    g, before = jit(f, "native"), memory_before()
    begin = time.perf_counter()
    g.value_and_grad(theta, [xs])
    first, peak = time.perf_counter() - begin, memory("VmHWM") - before
    size = g.stats.alive
    before = memory_before()
    seconds = timed(lambda: g.value_and_grad(theta, [xs]))
    return {
        "size": size,
        "seconds": seconds,
        "first": first,
        "held": g.stats.nbytes,
        "peak_first": peak,
        "peak": memory("VmHWM") - before,
    }


def lanes(count: int) -> dict[str, Any]:
    """W1 over that many points."""
    import numpy as np

    from tinygrad_edu import jit, pack

    from . import ours

    problem = ours.w1_problem(count)
    ps, sample = ours.w1_sample(problem)
    X, Y, theta, f = np.array(problem["X"]), np.array(problem["Y"], float), pack(ps), jit(sample, "native")
    f.value_and_grad(theta, X[:2], Y[:2])
    before = memory_before()
    begin = time.perf_counter()
    f.value_and_grad(theta, X, Y)
    first = time.perf_counter() - begin
    seconds = timed(lambda: f.value_and_grad(theta, X, Y))
    return {
        "size": count,
        "seconds": seconds,
        "first": first,
        "held": f.stats.nbytes,
        "peak": memory("VmHWM") - before,
        "given": X.nbytes + Y.nbytes,
    }


def start(backend: str) -> dict[str, Any]:
    """From the first call to the first result, after import."""
    import numpy as np

    from tinygrad_edu import jit, pack

    from . import ours

    problem = ours.w1_problem()
    ps, sample = ours.w1_sample(problem)
    X, Y = np.array(problem["X"]), np.array(problem["Y"], float)
    begin = time.perf_counter()
    f, theta = jit(sample, backend), pack(ps)
    f.value_and_grad(theta, X, Y)
    return {"seconds": time.perf_counter() - begin}


def training(_: str = "") -> dict[str, Any]:
    """The 1,000 steps of zoo/microgpt.py, recordings included."""
    from tinygrad_edu import jit
    from tinygrad_edu.zoo import microgpt as essay

    texts = essay.texts_of(None)
    rng = random.Random(42)
    rng.shuffle(texts)
    model = essay.GPT("".join(sorted(set("".join(texts))))).initialised(rng)
    begin = time.perf_counter()
    losses = list(essay.train(jit(model.loss, "native"), model, texts, 1000))
    return {
        "seconds": time.perf_counter() - begin,
        "last": sum(losses[-100:]) / 100,
        "parameters": len(model.parameters()),
    }


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    which, argument = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    print(json.dumps(globals()[which](int(argument) if argument.isdecimal() else argument)))
