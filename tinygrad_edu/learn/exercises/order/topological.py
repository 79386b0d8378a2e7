"""Parents before children

A node of a graph knows its parents, the nodes that it was computed from: node.parents. Write a function that lists
every node that a root was computed from, the root too, such that

    - each node is in the list once, however many nodes use it, and
    - every node comes after all of its parents.

Walked backwards, such a list is the order of a backward pass: a node is reached after everything that uses it.

Remember which nodes you have seen. A graph of thirty diamonds, each the parent of the next twice over, has a billion
ways through it, and a walk along all of them never ends.
"""


def topological(root):
    """Every node that root was computed from, parents before children, each once."""
    # TODO
    # [
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    return order
    # ]


# =====
from tinygrad_edu.learn import Query


def graph(their, parents):
    class Node:
        def __init__(self, name, parents):
            self.name, self.parents = name, parents

        def __repr__(self):
            return self.name

    nodes = []
    for k, those in enumerate(parents):
        nodes.append(Node(f"n{k}", tuple(nodes[p] for p in those)))
    order = list(their.topological(nodes[-1]))
    return [getattr(node, "name", None) or str(node) for node in order]


def judge(theirs, right, edges):
    wanted = set(right)
    if missing := sorted(wanted - set(theirs)):
        return f"{missing[0]} is missing from the list{f' {shown(theirs)}' if theirs else ', which is empty'}"
    if more := sorted(set(theirs) - wanted):
        return f"{more[0]} is in the list, and the root was not computed from it"
    if twice := sorted(name for name in wanted if theirs.count(name) > 1):
        return f"{twice[0]} is in the list {theirs.count(twice[0])} times: {shown(theirs)}"
    place = {name: i for i, name in enumerate(theirs)}
    for k, parents in enumerate(edges):
        for p in parents:
            if f"n{k}" in place and place[f"n{p}"] > place[f"n{k}"]:
                return f"n{k} comes before its parent n{p}: {shown(theirs)}"
    return ""


def shown(names):
    return " ".join(names[:12]) + " ..." * (len(names) > 12)


def again(their, parents):
    class Node:
        def __init__(self, name, parents):
            self.name, self.parents = name, parents

    nodes = []
    for k, those in enumerate(parents):
        nodes.append(Node(f"n{k}", tuple(nodes[p] for p in those)))
    their.topological(nodes[-1])
    return [node.name for node in their.topological(nodes[-1])]


def judge_again(theirs, right, edges):
    told = judge(theirs, right, edges)
    return told and f"asked a second time about the same root, it is not as before: {told}"


def small(rng):
    return ([[], [], [0, 1], [0, 2], [1, 1], [3, 4], [2, 5]],)


def random_graph(rng):
    return ([[], []] + [[rng.randrange(k) for _ in range(rng.randint(1, 3))] for k in range(2, 12)],)


def diamonds(rng):
    return ([[]] + [[k, k] for k in range(60)],)


HINTS = (
    "A node may be put into the list when all its parents are in it: visit the parents first, then add the node.",
    "visit(node): if it was seen, do nothing; else remember it, visit each parent, and then add it to the list",
    "def visit(node):\n    if node not in seen:\n        seen.add(node)\n        for parent in node.parents:\n"
    "            visit(parent)\n        order.append(node)",
)
QUERIES = (
    Query(graph, small, trials=1, judge=judge),
    Query(graph, random_graph, judge=judge, also=(([[]],), ([[], [], [], [0, 1, 2], [3, 2, 2, 1]],))),
    Query(again, small, trials=1, judge=judge_again),
    Query(graph, diamonds, trials=1, judge=judge),
)
WRONG = {
    "order reversed": """
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                order.append(node)
                for parent in node.parents:
                    visit(parent)

        visit(root)
        return order
    """,
    "visited twice": """
        order = []

        def visit(node, deep=0):
            if deep < 9:
                for parent in node.parents:
                    visit(parent, deep + 1)
                order.append(node)

        visit(root)
        return order
    """,
    "never marked": """
        order = []

        def visit(node):
            for parent in node.parents:
                visit(parent)
            if node not in order:
                order.append(node)

        visit(root)
        return order
    """,
    "level by level": """
        order, seen, level = [], set(), [root]
        while level:
            order = [n for n in dict.fromkeys(level) if n not in seen] + order
            seen.update(level)
            level = [p for n in dict.fromkeys(level) for p in n.parents if p not in seen]
        return order
    """,
    "the root is missing": """
        order, seen = [], {root}
        stack = [root]

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        for parent in root.parents:
            visit(parent)
        return order
    """,
    "turned round at the end": """
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                order.append(node)
                for parent in node.parents:
                    visit(parent)

        visit(root)
        return order[::-1]
    """,
    "first seen, last listed": """
        order = todo = [root]
        for node in todo:
            todo.extend(p for p in dict.fromkeys(node.parents) if p not in order)
        return order[::-1]
    """,
}
HANGS = ("never marked",)
SAID = {
    "order reversed": "a node is added before its parents: add it after the loop that visits them",
    "visited twice": "a node comes into the list once for every way to it: remember which you have seen",
    "never marked": "what was seen is remembered too late, or not at all: what many use is walked again for each",
    "level by level": "how far a node is from the root does not say where it belongs: it may be used far away as well",
    "the root is missing": "the root is a node too, the last one",
    "turned round at the end": "turning the list round is not enough: a node goes into it after the loop that visits "
    "its parents",
    "first seen, last listed": "a parent that was seen early may be used by a node that is seen later: how far it is "
    "from the root "
    "does not say where it belongs",
}
RIGHT = (
    """
        order, seen, stack = [], set(), [(root, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((p, False) for p in reversed(node.parents))
        return order
    """,
    """
        waiting, todo, seen = {}, [root], {root}
        while todo:
            node = todo.pop()
            for parent in node.parents:
                waiting[parent] = waiting.get(parent, 0) + 1
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
        backwards, ready = [], [root]
        while ready:
            node = ready.pop(0)
            backwards.append(node)
            for parent in node.parents:
                waiting[parent] -= 1
                if waiting[parent] == 0:
                    ready.append(parent)
        return backwards[::-1]
    """,
)
SECONDS = 1.0
