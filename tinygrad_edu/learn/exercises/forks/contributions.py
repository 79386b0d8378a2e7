"""Add up what arrives

A backward pass has found what every edge of a graph brings to the node below it:

    [("a", 2.0, -3.0), ("b", 2.0, 4.0), ("a", -1.0, 5.0)]

says that a is used in two places. Over the first edge 2.0 arrives from above and the local gradient is -3.0; over the
last, -1.0 arrives and the local gradient is 5.0. Return the gradient of every name, as a dict: what an edge brings is
upstream times local, and all that the edges bring to one name adds up.
"""


def add_up(edges):
    """The gradient of each name, from (name, upstream, local) for every edge."""
    total = {}
    for name, upstream, local in edges:
        # TODO: add what this edge brings to what the name has already
        # [
        total[name] = total.get(name, 0.0) + upstream * local
        # ]
    return total


# =====
from tinygrad_edu.learn import Query


def several(their, edges):
    return their.add_up([tuple(edge) for edge in edges])


def nothing_besides(their, edges):
    return {"how many names": len(their.add_up([tuple(edge) for edge in edges]))}


def draw(rng):
    names = rng.sample(["a", "b", "a", "c", "b", "a"], 6)
    return ([(n, rng.uniform(-3, 3), rng.uniform(-3, 3)) for n in names],)


HINTS = (
    "The dict begins empty: what does a name have that has received nothing yet? total.get(name, 0.0) says it.",
    "total[name] = what it had + upstream · local",
    "total[name] = total.get(name, 0.0) + upstream * local",
)
EDGES = ([("w", -2.0, 0.5)], [("b", 1.0, 2.0), ("b", 1.0, 2.0), ("b", 0.0, 3.0)], [])
QUERIES = (
    Query(several, draw, also=tuple((edges,) for edges in EDGES)),
    Query(nothing_besides, draw, also=((EDGES[0],),)),
)
WRONG = {
    "= for +=": "total[name] = upstream * local",
    "forgot upstream": "total[name] = total.get(name, 0.0) + local",
    "forgot local": "total[name] = total.get(name, 0.0) + upstream",
    "the first one only": "total.setdefault(name, upstream * local)",
    "multiplied at the fork": "total[name] = total.get(name, 1.0) * upstream * local",
    "added along an edge": "total[name] = total.get(name, 0.0) + upstream + local",
    "begins with 1": "total[name] = total.get(name, 1.0) + upstream * local",
}
SAID = {
    "the first one only": "what came first is kept, and what arrives later is lost: it is added",
    "multiplied at the fork": "along a way one multiplies; where ways meet one adds",
    "added along an edge": "what an edge brings is upstream times local; only what the edges bring is added",
    "begins with 1": "a name that has received nothing yet has 0, not 1",
}
RIGHT = (
    "if name not in total:\n    total[name] = 0.0\ntotal[name] += local * upstream",
    "total[name] = sum(u * d for n, u, d in edges if n == name)",
)
