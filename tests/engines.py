"""What an engine computes, to the last bit, for comparing the two: each runs in a process of its own.

python -m tests.engines 0 200        the digest of each of 200 random programs from seed 0 on, a line each
python -m tests.engines rows         every row at the numbers of the edge table, orders 1 to 3
"""

import itertools
import math
import random
import struct
import sys
import warnings

from tinygrad_edu import Value, compiled, grad, ops

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 0.25, 2.0, -3.0, 6.0, 1e-300, -1e-308, 1e-8, 30.0, -40.0, 710.0, -745.0,
         1e16, 1e308, -1e308, math.inf, -math.inf, math.nan]  # fmt: skip


def bits(x):
    """A float as its bits; one nan is as good as another."""
    return "nan" if x != x else struct.pack(">d", x).hex()


def orders(y, xs, most=3):
    """y, its gradients by backward(), and those of a sum of its derivatives, and so on, as bits; or what is raised."""
    said = [bits(y.data)]
    try:
        for x in xs:
            x.grad = 0.0
        y.backward()
        said += [bits(x.grad) for x in xs]
        for _ in range(most):
            gs = grad(y, *xs)
            said += [bits(g.data) for g in gs]
            y = gs[0] if len(gs) == 1 else gs[0] + gs[1] * 0.5
            y.backward()
            said += [bits(x.grad) for x in xs]
    except (ArithmeticError, ValueError, TypeError, RuntimeError) as error:
        said.append(type(error).__name__)
    return said


def of_row(op):
    """A row at all edges; one with many inputs at some."""
    count = len([d for d in op.domain if d is not ...]) + 2 * (... in op.domain)
    table = [*itertools.product(EDGES, repeat=count)] if count < 3 else random.Random(op.name).choices(
        [*itertools.product(EDGES, repeat=count)], k=400)  # fmt: skip
    for numbers in table:
        xs = [Value(x) for x in numbers]
        yield [bits(x) for x in numbers] + orders(op(*xs), xs)


def of_program(seed):
    """A random graph: leaves with edges and ordinary numbers, any rows, shared nodes, numbers among them."""
    rng = random.Random(seed)
    xs = [Value(rng.choice(EDGES) if rng.random() < 0.2 else rng.gauss(0, 2)) for _ in range(rng.randint(1, 5))]
    nodes, rows = list(xs), [op for name, op in ops.TABLE.items() if name != "polygamma(1)"]
    for _ in range(rng.randint(1, 30)):
        op = rng.choice([*rows, ops.add, ops.mul, ops.mul, ops.dot, ops.where, ops.power(rng.choice((2, 3, -1, 0.5)))])
        n = len([d for d in op.domain if d is not ...]) + rng.randint(1, 7) * (... in op.domain)
        args = [
            rng.choice((rng.gauss(0, 1), rng.randint(-3, 3))) if rng.random() < 0.1 else rng.choice(nodes)
            for _ in range(n)
        ]
        made = op(*args)
        if isinstance(made, Value):
            nodes.append(made)
    return (
        [bits(n.data) for n in nodes] + orders(sum(nodes[len(xs) :], nodes[-1]), xs, 2) + [bits(n.grad) for n in nodes]
    )


def main(first, count=None):
    warnings.simplefilter("ignore")
    print("compiled" if compiled else "python")
    if first == "rows":
        for name, op in ops.TABLE.items():
            for line in of_row(op):
                print(name, *line)
    else:
        for seed in range(int(first), int(first) + int(count)):
            print(seed, *of_program(seed))


if __name__ == "__main__":
    main(*sys.argv[1:])
