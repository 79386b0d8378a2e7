"""x = x + x, again and again

    x1 = x0 + x0
    x2 = x1 + x1
    ...
    xn = x(n-1) + x(n-1)

Each of these nodes uses the one before it twice. From xn down to x0 there are two ways at every level, so 2 · 2 · 2 ...
ways in all. Nobody has to walk them one by one: begin at xn with 1, and go down level by level; what arrives at a node
is complete when both its edges have brought their part.

Return the gradients [dxn/dxn, dxn/dx(n-1), ..., dxn/dx0], n + 1 numbers. They are asked for n = 60 as well.
"""


def gradients(n):
    """dxn / d(each level), from the last to the first."""
    # TODO: one walk down the levels, not one for each way
    # [
    found = [1.0]
    for _ in range(n):
        arriving = found[-1]
        found.append(arriving * 1.0 + arriving * 1.0)
    return found
    # ]


# =====
from tinygrad_edu.learn import Query


def levels(their, n):
    found, names = [float(g) for g in their.gradients(n)], [f"dx{n}/dx{k}" for k in range(n, -1, -1)]
    return dict(zip(names, found)) if len(found) == len(names) else found


HINTS = (
    "Each edge brings upstream · 1, for the local gradient of a sum is 1. There are two edges at each level.",
    "what arrives at a level = what arrived above · 1 + what arrived above · 1",
    "found = [1.0]\nfor _ in range(n):\n    found.append(found[-1] + found[-1])\nreturn found",
)
QUERIES = (
    Query(levels, lambda rng: (rng.randint(3, 9),), also=((0,), (1,))),
    Query(levels, lambda rng: (60,), trials=1),
)
WRONG = {
    "forgot to add at the fork": "return [1.0] * (n + 1)",
    "order reversed": "return [2.0**k for k in range(n, -1, -1)]",
    "counts the edges": "return [1.0] + [2.0 * k for k in range(1, n + 1)]",
    "one level too few": "return [2.0**k for k in range(n)]",
    "^ is no power": "return [2 ^ k for k in range(n + 1)]",
    "two more at each level": "return [2 * k for k in range(n + 1)]",
    "visited one by one": "def ways(k):\n    return ways(k - 1) + ways(k - 1) if k else 1.0\n"
    "return [ways(k) for k in range(n + 1)]",
}
HANGS = ("visited one by one",)
SAID = {
    "order reversed": "they are in the wrong order: dxn/dxn, which is 1, comes first",
    "counts the edges": "at each level what arrived doubles: it is handed on over both edges, and not added once more",
    "one level too few": "from xn to x0 there are n + 1 nodes, both ends counted",
    "^ is no power": "a power is written 2**k: ^ is another operation",
    "two more at each level": "that grows by 2 from level to level: it is twice as much at each, beginning with 1",
    "visited one by one": "a walk over every single way takes 2 · 2 · 2 ... steps: go level by level",
}
RIGHT = (
    "return [2.0**k for k in range(n + 1)]",
    "found = [1]\nwhile len(found) <= n:\n    found += [2 * found[-1]]\nreturn found",
)
SECONDS = 1.0
