"""Who is complete?

There is another way to the same order. Count for every node how often it is used: so many edges will bring it
something. A node whose last edge has brought its part is complete, and can hand on.

uses(root) gives these counts, for every node that root was computed from; the root itself is used by nobody. Write the
backward pass with them: keep a list of nodes that are complete, and of each node how many edges it still waits for.
"""


def uses(root):
    """How often each node is used by others, as a dict."""
    counts, todo = {root: 0}, [root]
    while todo:
        for parent in todo.pop().parents:
            if parent not in counts:
                counts[parent] = 0
                todo.append(parent)
            counts[parent] += 1
    return counts


def gradients(root):
    """The gradient of root by each node, as a dict."""
    waiting = uses(root)
    grad = dict.fromkeys(waiting, 0.0)
    grad[root] = 1.0
    complete = [root]
    while complete:
        node = complete.pop()
        for parent, local in zip(node.parents, node.local_grads):
            # TODO: what the edge brings; and when the parent is complete
            # [
            grad[parent] += local * grad[node]
            waiting[parent] -= 1
            if waiting[parent] == 0:
                complete.append(parent)
            # ]
    return grad


# =====
from tinygrad_edu.learn import Query


def graph(their, parents, locals):
    class Node:
        def __init__(self, parents, local_grads):
            self.parents, self.local_grads = parents, local_grads

    nodes = []
    for those, local in zip(parents, locals):
        nodes.append(Node(tuple(nodes[p] for p in those), tuple(local)))
    grad = their.gradients(nodes[-1])
    used = {p for those in parents for p in those} | {len(nodes) - 1}
    return {f"n{k}": grad.get(nodes[k]) for k in reversed(range(len(nodes))) if k in used}


def fork(rng):
    x = rng.uniform(0.5, 2)
    return [[], [0, 0], [1, 1], [1, 2]], [[], [x, x], [x * x, x * x], [1.0, 1.0]]


def random_graph(rng):
    edges = [[], []] + [[k - 1, *[rng.randrange(k) for _ in range(rng.randint(0, 2))]] for k in range(2, 9)]
    return edges, [[rng.uniform(0.5, 1.5) for _ in parents] for parents in edges]


HINTS = (
    "Three things happen at an edge: the parent receives, it waits for one edge less, and it may now be complete.",
    "grad[parent] += local · grad[node];  waiting[parent] goes down by 1;  at 0 the parent joins the complete ones",
    "grad[parent] += local * grad[node]\nwaiting[parent] -= 1\nif waiting[parent] == 0:\n    complete.append(parent)",
)
EDGES = (([[]], [[]]), ([[], [], [0, 1, 0], [2, 2, 1]], [[], [], [-1.0, 0.0, 2.0], [0.5, -3.0, 1.0]]))
QUERIES = (Query(graph, fork), Query(graph, random_graph, also=EDGES))
WRONG = {
    "= for +=": """
        grad[parent] = local * grad[node]
        waiting[parent] -= 1
        if waiting[parent] == 0:
            complete.append(parent)
    """,
    "visited twice": """
        grad[parent] += local * grad[node]
        complete.append(parent)
    """,
    "forgot upstream": """
        grad[parent] += local
        waiting[parent] -= 1
        if waiting[parent] == 0:
            complete.append(parent)
    """,
    "forgot local": """
        grad[parent] += grad[node]
        waiting[parent] -= 1
        if waiting[parent] == 0:
            complete.append(parent)
    """,
    "nobody becomes complete": """
        grad[parent] += local * grad[node]
        if waiting[parent] == 0:
            complete.append(parent)
    """,
    "handed on while it waits": """
        grad[parent] += local * grad[node]
        waiting[parent] -= 1
        if waiting[parent]:
            complete.append(parent)
    """,
    "complete with one edge alone": """
        grad[parent] += local * grad[node]
        if waiting[parent] == 1:
            complete.append(parent)
    """,
}
SAID = {
    "nobody becomes complete": "the walk ends after the root: an edge that has brought its part is no longer waited "
    "for",
    "handed on while it waits": "a parent is complete when it waits for no more edges: at 0",
    "complete with one edge alone": "nobody counts down: an edge that has brought its part is no longer waited for, "
    "waiting[parent] -= 1",
}
RIGHT = (
    """
        waiting[parent] -= 1
        grad[parent] = grad[parent] + grad[node] * local
        if not waiting[parent]:
            complete.insert(0, parent)
    """,
    """
        grad[parent] += local * grad[node]
        if waiting[parent] == 1:
            complete.append(parent)
        waiting[parent] -= 1
    """,
)
