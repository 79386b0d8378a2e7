"""Ten thousand random programs: eager, and replayed by each backend, give the same bits, value and every gradient.

A hundred programs are recorded together, each on leaves of its own, and their sum is differentiated: the gradient of a
sum with respect to a program's leaf is that program's own.  Where a backend runs lanes, there are three, all alike;
NumPy borrows Python's elementary functions, because its own round otherwise (`test_jit_arrays` says by how much).
"""

import functools
import random
from importlib.util import find_spec

import pytest
from test_jit_arrays import exact

from tinygrad_edu import Value, ops
from tinygrad_edu import functional as F
from tinygrad_edu.replay.recording import Recording
from tinygrad_edu.replay.structure import Batch, flat
from tinygrad_edu.replay.trace import OPTIMISATIONS

TOGETHER, TIMES = 100, 100
BACKENDS = ["python", *["numpy"] * bool(find_spec("numpy")), *["native"] * bool(find_spec("numba"))]
NEARLY = {"hypot", "atan2", "asinh"}  # Numba's own are an ulp away from Python's, and so are the slopes that use them
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e300, -1e-300, float("inf"), float("-inf"), float("nan")]
ROWS = [op for name, op in ops.TABLE.items() if name not in NEARLY]


def number(rng):
    return rng.choice(SPECIAL) if rng.random() < 0.1 else rng.gauss(0, 1) * 10.0 ** rng.choice([0, 0, 0, 0, 1, -1, 3])


def draw(rng):
    """A program: rows, each with the places of its inputs (a float is a constant); and where its leaves begin."""
    leaves = rng.randint(1, 3)
    steps = []
    for k in range(rng.randint(1, 12)):
        op = rng.choice(ROWS)
        if op.recipe:
            make, parameters = op.recipe
            op = make(rng.choice([2, -1, 0.5, 3.0, 0])) if make is ops.power else make(*parameters)
        count = rng.randint(1, 5) * (2 if op is ops.dot else 1) if ... in op.domain else len(op.domain)
        known = leaves + k
        places = [number(rng) if rng.random() < 0.1 else rng.randrange(max(0, known - 4), known) if rng.random() < 0.6
                  else rng.randrange(known)
                  for _ in range(count)]  # fmt: skip
        if steps and rng.random() < 0.1:
            op, places = rng.choice(steps)  # the same again: to be shared
        steps.append((op, places))
    return leaves, steps


def run(program, xs):
    """The last result, plus whatever nothing else used, so that every step counts."""
    _, steps = program
    values, used = list(xs), set()
    for op, places in steps:
        used.update(p for p in places if type(p) is int)
        values.append(op(*[values[p] if type(p) is int else p for p in places]))
    ends = [v for i, v in enumerate(values) if i not in used]
    return functools.reduce(lambda a, b: a + b, ends)


@functools.cache
def some(seed):
    rng = random.Random(seed)
    drawn = [draw(rng) for _ in range(TOGETHER)]
    inputs = [[number(rng) for _ in range(leaves)] for leaves, _ in drawn]
    return drawn, inputs


def bits(xs):
    return [repr(float(x)) for x in xs]


@functools.cache
def eager(seed):
    drawn, inputs = some(seed)
    leaves = [[Value(x) for x in xs] for xs in inputs]
    ends = [run(p, xs) for p, xs in zip(drawn, leaves)]
    F.sum([Value(0.0), *ends]).backward()
    return bits([float(v) for v in ends]), bits([v.grad for xs in leaves for v in xs])


def together(seed):
    """One function of all leaves: the sum of the programs, and each of them."""
    drawn, inputs = some(seed)

    def f(leaves):
        ends = [run(p, xs) for p, xs in zip(drawn, leaves)]
        return [F.sum([Value(0.0), *ends]), ends]

    shape, leaves = flat(([[Value(x) for x in xs] for xs in inputs],))
    return f, shape, leaves


@pytest.mark.parametrize("backend", BACKENDS)
def test_ten_thousand_random_programs_are_replayed_bit_for_bit(backend):
    """The machine runs all of them alone, and a quarter in lanes; Python and NumPy, whose source is one, a quarter."""
    seeds = {"python": range(0, TIMES, 4), "numpy": range(2, TIMES, 4)}.get(backend, range(TIMES))
    for seed in seeds:
        lanes = {"python": [1], "numpy": [3]}.get(backend, [1, 3] if seed % 4 == 1 else [1])
        f, shape, leaves = together(seed)
        recording = Recording(f, Batch(shape, 1, rows=[leaves]), backend, frozenset(OPTIMISATIONS), False)
        if backend == "numpy":
            exact(recording.engine)
        theta = recording.theta()
        for n in lanes:
            values, _, dX = recording.value_and_grads(theta, Batch(shape, n, rows=[leaves] * n), 1.0)
            for lane in range(n):
                assert bits([row[lane] for row in values[1:]]) == eager(seed)[0], f"seed {seed}, lane {lane} of {n}"
                assert bits([0.0 + row[lane] for row in dX]) == eager(seed)[1], (
                    f"seed {seed}, lane {lane} of {n}"
                )  # as `.grad` adds it
