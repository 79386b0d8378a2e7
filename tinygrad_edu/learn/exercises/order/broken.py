"""A backward pass in the wrong order

Somebody has written backward() and it is right for many graphs: for chains, for trees. For

    h = x * x        L = h + h * h

it is wrong. Each node hands on to its parents what it has at that moment; and here h hands on to x before all of its
own gradient has arrived, because the walk goes down one way to its end before it comes back for the other.

Mend it. topological(root) lists every node after its parents, and is right.
"""


def topological(root):
    """Every node that root was computed from, parents before children, each once."""
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    return order


def backward(root):
    """Add up .grad, for root and every node that it was computed from."""
    root.grad = 1.0

    # TODO: every node hands on once, when all that it gets has arrived
    # [
    for node in reversed(topological(root)):
        for parent, local in zip(node.parents, node.local_grads):
            parent.grad += local * node.grad
    # |
    # | def visit(node):
    # |     for parent, local in zip(node.parents, node.local_grads):
    # |         parent.grad += local * node.grad
    # |         visit(parent)
    # |
    # | visit(root)
    # ]


# =====
from tinygrad_edu.learn import Query


def graph(their, parents, locals):
    class Node:
        def __init__(self, parents, local_grads):
            self.parents, self.local_grads, self.grad = parents, local_grads, 0.0

    nodes = []
    for those, local in zip(parents, locals):
        nodes.append(Node(tuple(nodes[p] for p in those), tuple(local)))
    their.backward(nodes[-1])
    return {f"n{k}.grad": nodes[k].grad for k in reversed(range(len(nodes)))}


def fork(rng):
    x = rng.uniform(0.5, 2)
    return [[], [0, 0], [1, 1], [1, 2], [3]], [[], [x, x], [x * x, x * x], [1.0, 1.0], [x + 1]]


def random_graph(rng):
    edges = [[], []] + [[rng.randrange(k) for _ in range(rng.randint(1, 3))] for k in range(2, 9)]
    return edges, [[rng.uniform(0.5, 1.5) for _ in parents] for parents in edges]


HINTS = (
    "In which order must nodes hand on, so that each is complete when its turn comes? You have nearly that list.",
    "for each node from the root to the inputs: parent.grad += local · node.grad",
    "for node in reversed(topological(root)):\n    for parent, local in zip(node.parents, node.local_grads):\n"
    "        parent.grad += local * node.grad",
)
EDGES = (([[]], [[]]), ([[], [], [0, 1, 0], [2, 2, 1]], [[], [], [-1.0, 0.0, 2.0], [0.5, -3.0, 1.0]]))
QUERIES = (Query(graph, fork), Query(graph, random_graph, also=EDGES))
WRONG = {
    "order reversed": """
        for node in topological(root):
            for parent, local in zip(node.parents, node.local_grads):
                parent.grad += local * node.grad
    """,
    "= for +=": """
        for node in reversed(topological(root)):
            for parent, local in zip(node.parents, node.local_grads):
                parent.grad = local * node.grad
    """,
    "forgot upstream": """
        for node in reversed(topological(root)):
            for parent, local in zip(node.parents, node.local_grads):
                parent.grad += local
    """,
    "forgot local": """
        for node in reversed(topological(root)):
            for parent in node.parents:
                parent.grad += node.grad
    """,
    "once for each way": """
        def visit(node):
            for parent, local in zip(node.parents, node.local_grads):
                parent.grad += local * node.grad
            for parent in node.parents:
                visit(parent)

        visit(root)
    """,
    "set to 0 on arrival": """
        for node in reversed(topological(root)):
            node.grad = 0.0
            for parent, local in zip(node.parents, node.local_grads):
                parent.grad += local * node.grad
    """,
    "visited twice": """
        def visit(node):
            for parent, local in zip(node.parents, node.local_grads):
                parent.grad += local * node.grad
                visit(parent)

        visit(root)
    """,
    "each node once, at its first visit": """
        seen = set()

        def visit(node):
            seen.add(node)
            for parent, local in zip(node.parents, node.local_grads):
                parent.grad += local * node.grad
            for parent in node.parents:
                if parent not in seen:
                    visit(parent)

        visit(root)
    """,
}
SAID = {
    "once for each way": "a node hands on once for each way that leads to it, and each time all that it has",
    "set to 0 on arrival": "a node that is reached has its gradient already: set to 0 there, it is lost",
    "each node once, at its first visit": "a node is visited once, but too early: more arrives at it later",
}
RIGHT = (
    """
        order = topological(root)
        while order:
            node = order.pop()
            for k, parent in enumerate(node.parents):
                parent.grad += node.grad * node.local_grads[k]
    """,
    """
        def visit(node, upstream):
            for parent, local in zip(node.parents, node.local_grads):
                parent.grad += upstream * local
                visit(parent, upstream * local)

        visit(root, 1.0)
    """,
)
