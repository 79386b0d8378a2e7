"""The nodes of a tape while it is built, and how chains of them become dots."""

from __future__ import annotations

from bisect import bisect_right

from . import kernel


class Node:
    """One slot: `parents` are what its value needs, `flow` those that gradients go to if it is `needed`,
    None for all of them.
    `same`: an earlier node with the same value, and a gradient of its own.
    """

    __slots__ = ("code", "parents", "flow", "data", "level", "needed", "slot", "row", "uses", "same")

    def __init__(
        self, code: int, parents: list[Node], data: float = 0.0, needed: bool = False, flow: list[Node] | None = None
    ) -> None:
        self.code, self.parents, self.data, self.needed = code, parents, data, needed
        self.flow = parents if flow is None else flow
        self.level = 0 if code == LEAF else 1  # 0: a constant's, 1: the same in every lane, 2: varies by lane
        for p in parents:
            if p.level > self.level:
                self.level = p.level
        self.slot = self.row = -1
        self.uses: list[int] = []  # the slots of the nodes that it goes into
        self.same: Node | None = None


LEAF, GONE = -1, -2  # GONE: became part of a dot


def _level(n: Node) -> int:
    return n.level


def dots(nodes: list[Node], returned: list[Node]) -> list[Node]:
    """The nodes with each chain `b + w1 * x1 + w2 * x2 ...` as one dot, which adds in the same order.

    A dot sends out all its gradients at once, so a chain ends where another node would have come in between with a
    gradient for one of its inputs: the order in which gradients are added stays the engine's.
    """
    for i, n in enumerate(nodes):
        for p in n.parents if n.flow is n.parents else [*n.parents, *n.flow]:
            if not p.uses or p.uses[-1] != i:
                p.uses.append(i)
    for n in returned:
        n.uses += [len(nodes), len(nodes)]  # somebody wants it

    def alone(n: Node, code: int) -> bool:
        return n.code == code and len(n.uses) == 1

    def undisturbed(n: Node, used: int, end: int) -> bool:
        """Whether nothing between two places sends a gradient to a node that is used at the first of them."""
        next_use = bisect_right(n.uses, used)
        return not n.needed or next_use == len(n.uses) or n.uses[next_use] > end

    for end in range(len(nodes) - 1, -1, -1):
        top = link = nodes[end]
        products: list[Node] = []
        gone: list[Node] = []
        while link.code == kernel.ADD and (link is top or alone(link, kernel.ADD)):
            rest, product = link.parents
            if not alone(product, kernel.MUL):
                rest, product = product, rest
            inputs = product.parents if alone(product, kernel.MUL) else []
            if (
                not inputs
                or not undisturbed(rest, link.slot, end)
                or not all(undisturbed(p, product.slot, end) for p in inputs)
            ):
                break
            products.append(product)
            gone += [product] if link is top else [product, link]
            link = rest
        if not products:
            continue
        bias = [link]
        if alone(link, kernel.MUL) and all(undisturbed(p, link.slot, end) for p in link.parents):
            products.append(link)
            gone.append(link)
            bias = []
        for n in gone:
            n.code = GONE
        pairs = [sorted(p.parents, key=_level) for p in reversed(products)]
        top.code, top.parents = kernel.DOT, [*[w for w, _ in pairs], *[x for _, x in pairs], *bias]
        top.flow = top.parents
    return [n for n in nodes if n.code != GONE]
