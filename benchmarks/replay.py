"""Record once, replay many, next to everybody else: `python -m benchmarks.replay`.

    python -m benchmarks.replay [--quick] [--only W1,W4,digits,python,curve,start] [--rounds N]
        [--json FILE] [--venv DIR] [--no-install]

Every round lets every engine in turn do a few steps, so that a machine that slows down slows all of them; shown are the
median over the rounds and the ratio of medians.  Our engine and hand-written NumPy run in this process, every other
engine in one of its own, from a virtual environment that is made for them.  All start from the same parameters and the
same data, handed over as decimal numbers that are read back exactly.  Before it is timed, an engine shows its loss, its
gradient and the parameters after one step; one that differs from our eager engine by more than 1e-9 is called wrong and
not timed.  One that cannot be had is named with the reason.

All have one thread: these problems are too small for more.
A step is forward, backward and update, and gives its loss as a Python float.
"""

from __future__ import annotations

import os

from .peers.hosting import ONE_THREAD, ROOT, Environment, Peer, Unavailable

if __name__ == "__main__":
    os.environ.update(ONE_THREAD)  # before NumPy is imported

import argparse  # noqa: E402
import datetime  # noqa: E402
import json  # noqa: E402
import math  # noqa: E402
import platform  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402
from statistics import median  # noqa: E402
from typing import Any  # noqa: E402

import numpy  # noqa: E402

from . import ours  # noqa: E402
from .eager import version  # noqa: E402
from .peers import w1  # noqa: E402

ENOUGH = 0.03  # seconds that an engine gets in one round, or one step if that takes longer
AADC = "its licence forbids to publish benchmarks, and to compare others with it, without its maker's consent"


@dataclass
class Contest:
    """One problem, and those who solve it; `judge`, our eager engine, says what is right."""

    name: str
    title: str
    problem: Callable[[], dict[str, Any]]
    judge: Any
    peers: Callable[[], list[Peer]]
    base: str  # whom the others are compared with
    faster: bool = True  # show base / time, else time / base


def w1_peers() -> list[Peer]:
    cc = w1.compiler_version()
    return [
        Peer(
            "hand-written NumPy",
            w1.numpy,
            version=numpy.__version__,
            note="the backward pass written out, results into arrays that are there",
        ),
        Peer(
            "hand-written NumPy, few calls",
            w1.numpy_flat,
            version=numpy.__version__,
            note="biases in the weights, one array of parameters",
        ),
        Peer("ours, flat arrays", ours.w1_flat, note="value_and_grad, SGD on pack(parameters)"),
        Peer("ours, through Values", ours.w1_values, note="f.mean(X, Y).backward(), SGD"),
        Peer("ours, kernel only", ours.w1_kernel, note="the machine alone, and the update in NumPy"),
        Peer("ours, numpy backend", partial(ours.w1_flat, backend="numpy"), note="flat arrays"),
        Peer("ours, jax backend", partial(ours.w1_flat, backend="jax"), note="flat arrays"),
        Peer("ours, eager", ours.w1_eager, note="fused neurons"),
        Peer("micrograd", "w1:micrograd", "micrograd"),
        Peer("microgpt's engine", "w1:microgpt_engine", note="our writing of its design"),
        Peer("Rust, rustygrad", "rust/", note="an engine of scalars, one node for each multiplication"),
        Peer("PyTorch, scalars", "w1_libraries:torch_scalars", "torch==2.13.0"),
        Peer("PyTorch, tensors", "w1_libraries:torch_tensors", "torch==2.13.0"),
        Peer(
            "PyTorch, torch.compile",
            "w1_libraries:torch_compile",
            "torch==2.13.0",
            note="forward, backward and update in one graph",
        ),
        Peer("HIPS autograd", "w1_libraries:autograd", "autograd"),
        Peer("AADC", "", barred=AADC),
        Peer("CasADi, virtual machine", "w1_libraries:casadi_vm", "casadi"),
        Peer(
            "CasADi, compiled", "w1_libraries:casadi_compiled", "casadi", note="the C that it writes, -O3 -march=native"
        ),
        Peer("JAX, jit", "w1_libraries:jax", "jax"),
        Peer(
            "JAX, jit, loss not read",
            "w1_libraries:jax_unread",
            "jax",
            note="two threads: JAX works on one step while Python asks for the next",
        ),
        Peer(
            "hand-written C",
            "w1:c",
            version=cc,
            note="a point at a time, -O3 -march=native; the training loop is in C as well",
        ),
        Peer("hand-written C, fast-math", "w1:c_fast_math", version=cc, note="a layer at a time, -ffast-math as well"),
    ]


def w4_peers() -> list[Peer]:
    return [
        Peer("microgpt's engine", "w4:microgpt_engine", note="our writing of its design; collector at its defaults"),
        Peer("micrograd", "w4:micrograd", "micrograd", note="with exp and log added"),
        Peer("ours, eager", ours.w4_eager, note="zoo/microgpt.py"),
        Peer("ours, replayed", ours.w4_replayed, note="zoo/microgpt.py"),
    ]


def digits_peers() -> list[Peer]:
    return [
        Peer("ours, eager", ours.digits_eager, note="one batch of 100"),
        Peer("ours, through Values", partial(ours.digits_batches, batches=1, values=True), note="one batch of 100"),
        Peer("ours, flat arrays", partial(ours.digits_batches, batches=1), note="one batch of 100"),
        Peer(
            "ours, flat arrays, an epoch",
            partial(ours.digits_batches, batches=15),
            updates=15,
            note="15 batches: 1,437 digits",
        ),
    ]


def python_peers() -> list[Peer]:
    return [
        Peer("ours, eager", partial(ours.w1_eager, expand=True)),
        Peer("ours, python, through Values", partial(ours.w1_apart, backend="python", flat=False)),
        Peer("ours, python, flat arrays", partial(ours.w1_apart, backend="python", flat=True)),
    ]


CONTESTS = {
    c.name: c
    for c in [
        Contest("W1", "moons training step: MLP 2-16-16-1, 100 points, hinge + L2; forward, backward, update",
                ours.w1_problem, ours.w1_eager, w1_peers, "hand-written NumPy", faster=False),
        Contest("W4", "microgpt training step: 4,192 parameters, 8 letters; forward, backward, Adam", ours.w4_problem,
                ours.w4_eager, w4_peers, "microgpt's engine"),
        Contest("digits", "MLP 64-32-10, cross-entropy, batches of 100; forward, backward, update", ours.digits_problem,
                ours.digits_eager, digits_peers, "ours, eager"),
        Contest("python", "W1 with a node for each multiplication, in plain Python", ours.w1_problem,
                partial(ours.w1_eager, expand=True), python_peers, "ours, eager"),
    ]
}  # fmt: skip


def wrong(shown: dict[str, Any], right: dict[str, Any], updates: int = 1) -> str:
    """What an engine computes that our eager engine does not; blank if nothing.  Only a single update is compared."""
    if not abs(shown["loss"] - right["loss"]) <= 1e-9 * abs(right["loss"]):  # also true of nan
        return f"WRONG: loss {shown['loss']!r}, ours {right['loss']!r}"
    moves = [[b - a for a, b in zip(p["start"], p["moved"])] for p in (shown, right)]
    for what, mine, theirs, share in (
        ("gradient", right["gradient"], shown["gradient"], 1e-9),
        ("update", moves[1], moves[0], 1e-4),
    ):
        if len(mine) != len(theirs):
            return f"WRONG: {len(theirs)} numbers in its {what}, ours has {len(mine)}"
        off = max(abs(a - b) if a - b == a - b else math.inf for a, b in zip(mine, theirs))
        if off > share * max(map(abs, mine)) and (what == "gradient" or updates == 1):
            return f"WRONG: its {what} is off by up to {off:.2g}"
    return ""


def compete(contest: Contest, peers: list[Peer], rounds: int, home: Environment, say: Any) -> Iterator[list[Peer]]:
    """All peers, again after every round."""
    problem = contest.problem()
    right = Peer("judge", contest.judge).start(problem, home)
    try:
        for peer in peers:
            say(f"{contest.name}: {peer.name} gets ready")
            try:
                peer.excuse = wrong(peer.start(problem, home), right, peer.updates)
                if not peer.excuse:
                    peer.steps = steps(peer)
            except Unavailable as error:
                peer.excuse = f"not timed: {error}"
        for i in range(rounds):
            for peer in peers:
                if not peer.excuse:
                    say(f"{contest.name} round {i + 1} of {rounds}: {peer.name}")
                    try:
                        peer.times.append(peer.seconds(peer.steps) / peer.steps)
                    except Unavailable as error:
                        peer.excuse = f"stopped: {error}"
            yield peers
    finally:
        for peer in peers:
            peer.stop()


def steps(peer: Peer) -> int:
    """How many fit into ENOUGH seconds, at least one."""
    n = 1
    while (spent := peer.seconds(n)) < ENOUGH / 5 and n < 1_000_000:
        n *= 4
    return max(1, round(n * ENOUGH / spent))


def table(contest: Contest, peers: list[Peer]) -> str:
    """Times and ratios for people."""
    times = {peer.name: median(peer.times) for peer in peers if peer.times and not peer.excuse}
    base = times.get(contest.base)
    lines = [["", "version", "median ms", "least", "faster" if contest.faster else "ratio", ""]]
    for peer in peers:
        if peer.name not in times:
            lines.append([peer.name, peer.version, "-", "-", "-", peer.excuse])
            continue
        t = times[peer.name]
        ratio = "" if base is None else how_many(base / t if contest.faster else t / base)
        lines.append([peer.name, peer.version, f"{t * 1e3:.4f}", f"{min(peer.times) * 1e3:.4f}", ratio, peer.note])
    return laid_out(f"{contest.name}  {contest.title}", lines)


def how_many(ratio: float) -> str:
    return f"{ratio:,.0f}x" if ratio >= 100 else f"{ratio:.3g}x"


def laid_out(title: str, lines: list[list[str]]) -> str:
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    left = (0, 1, len(widths) - 1)
    cells = [
        [cell.ljust(w) if i in left else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))]
        for line in lines
    ]
    return "\n".join([title, *["    " + "  ".join(line).rstrip() for line in cells]])


def point(*arguments: str, **environment: str) -> dict[str, Any]:
    """What `benchmarks.points` measures in a process of its own, or {"failed": why}."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.points", *arguments], cwd=ROOT,
                          env={**os.environ, **environment}, capture_output=True, text=True, check=False)  # fmt: skip
    try:
        return json.loads(done.stdout)  # type: ignore[no-any-return]
    except ValueError:
        return {"failed": (done.stderr.strip().splitlines() or ["no answer"])[-1]}


def curve(quick: bool, say: Any) -> tuple[str, list[dict[str, Any]]]:
    """How time and memory grow."""
    top = 100_000 if quick else 1_000_000
    rows = []
    for what, sizes in {"nodes": [1_000, 10_000, 100_000, 1_000_000], "lanes": [100, 1_000, 10_000, 100_000]}.items():
        for size in [s for s in sizes if s <= top]:
            say(f"curve: {size} {what}")
            if size == sizes[0]:
                point(what, "20000")  # compiles what is not cached yet
            rows.append({"what": what, "asked": size, **point(what, str(size))})
    lines = [["", "size", "ms per call", "ns each", "first call s", "held MB", "peak MB", "bytes each", ""]]
    for r in rows:
        if "failed" in r:
            lines.append([r["what"], f"{r['asked']:,}", *["-"] * 6, r["failed"]])
            continue
        peak = max(r["peak"], r.get("peak_first", 0))
        lines.append([r["what"], f"{r['size']:,}", f"{r['seconds'] * 1e3:.4f}", f"{r['seconds'] / r['size'] * 1e9:.2f}",
                      f"{r['first']:.3f}", f"{r['held'] / 1e6:.2f}", f"{peak / 1e6:.2f}", f"{peak / r['size']:.0f}",
                      ""])  # fmt: skip
    title = (
        "curve  value_and_grad, native: a graph of many nodes on one lane; W1 over many lanes.  Peak: "
        "above what the process held before"
    )
    return laid_out(title, lines), rows


def start(quick: bool, say: Any) -> tuple[str, list[dict[str, Any]]]:
    """From call to first result, in fresh processes."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as cache:
        for backend, state, times in [
            ("native", "cold", 1),
            ("native", "cached", 3 if quick else 7),
            ("numpy", "", 3),
            ("python", "", 3),
        ]:
            say(f"start: {backend} {state}")
            got = [point("start", backend, NUMBA_CACHE_DIR=cache) for _ in range(times)]
            rows.append(
                {
                    "backend": backend,
                    "state": state,
                    "times": got,
                    "failed": next((g["failed"] for g in got if "failed" in g), ""),
                }
            )
    lines = [["", "", "median s", "least", ""]]
    for r in rows:
        ts = [g["seconds"] for g in r["times"] if "seconds" in g]
        lines.append(
            [r["backend"], r["state"], f"{median(ts):.3f}" if ts else "-", f"{min(ts):.3f}" if ts else "-", r["failed"]]
        )
    return laid_out("start  W1: from the first call to its result, after import, in a fresh process", lines), rows


def training(quick: bool, say: Any) -> tuple[str, list[dict[str, Any]]]:
    """The whole of zoo/microgpt.py's training."""
    say("W4: 1,000 steps")
    r = point("training")
    if "failed" in r:
        return "    1,000 steps: " + r["failed"], [r]
    return (f"    {r['seconds']:.2f} s for 1,000 steps of zoo/microgpt.py, all recordings included; "
            f"mean of the last 100 losses {r['last']:.4f}"), [r]  # fmt: skip


ALSO = {"curve": curve, "start": start}
SECTIONS = [*CONTESTS, *ALSO]


def sections(text: str) -> list[str]:
    """The names in --only.  Raises ArgumentTypeError."""
    names = text.split(",")
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(SECTIONS)}")
    return names


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write JSON if asked.  Ctrl-C prints what there is."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.replay", description="Recorded graphs next to everybody else."
    )
    parser.add_argument(
        "--only", metavar="NAMES", type=sections, default=SECTIONS, help=f"some of {','.join(SECTIONS)}"
    )
    parser.add_argument("--quick", action="store_true", help="three rounds, and a shorter curve: rough numbers")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds (15, or 3 with --quick)")
    parser.add_argument("--json", metavar="FILE", help="also write every round's numbers to FILE")
    parser.add_argument(
        "--venv", metavar="DIR", type=Path, help="where the other engines live (default: in the user's cache)"
    )
    parser.add_argument("--no-install", action="store_true", help="time only what is installed there already")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (3 if options.quick else 15)
    if rounds < 1:
        parser.error(f"--rounds takes a number from 1 up, got {rounds}")

    about = {
        "engine": f"{version('tinygrad-edu')}, {version('numba')}, {version('numpy')}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "date": datetime.date.today().isoformat(),
        "rounds": rounds,
    }
    done: dict[str, Any] = {}

    def save() -> None:
        if options.json:
            Path(options.json).write_text(json.dumps({**about, **done}, indent=1), "utf-8")

    def say(what: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)

    def show(name: str, text: str, rows: list[dict[str, Any]]) -> None:
        say("")
        print(text + "\n", flush=True)
        done[name] = rows
        save()

    try:
        save()  # a file that cannot be written is better found out now
    except OSError as error:
        parser.error(f"cannot write --json {options.json}: {error.strerror}")
    print(
        f"{about['engine']}\n{about['python']}, {about['machine']}, {about['date']}, median of {rounds} rounds, "
        "one thread each\n",
        flush=True,
    )
    home = Environment(options.venv, not options.no_install, lambda what: print(what, file=sys.stderr, flush=True))
    try:
        for name in options.only:
            if name in ALSO:
                show(name, *ALSO[name](options.quick, say))
                continue
            contest, peers = CONTESTS[name], CONTESTS[name].peers()
            try:
                for _ in compete(contest, peers, rounds, home, say):
                    pass
            finally:  # interrupted: the rounds that were finished
                if any(peer.times for peer in peers):
                    show(name, table(contest, peers), [peer.record() for peer in peers])
            if name == "W4" and not options.quick:
                show("training", *training(options.quick, say))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
