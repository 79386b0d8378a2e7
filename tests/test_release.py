"""Freeing a graph node after node, as in the browser: all that nobody holds goes at once, and nothing else."""

import gc
import sys
import weakref

import pytest

from tinygrad_edu import Value
from tinygrad_edu.release import dismantle


class Seen(Value):
    """A Value whose end can be seen."""

    __slots__ = ("__weakref__",)
    __del__ = dismantle


def chain(length, begin):
    nodes = [begin]
    for _ in range(length):
        y = Seen(0.0)
        y.parents = (nodes[-1], nodes[max(0, len(nodes) - 3)])
        nodes.append(y)
    return nodes


@pytest.mark.parametrize("held", [0, 1, 700, 1999])
def test_what_nobody_holds_is_freed_at_once_and_what_somebody_holds_keeps_its_past(held):
    gc.disable()
    try:
        nodes = chain(2000, Seen(1.0))
        alive = [weakref.ref(node) for node in nodes]
        kept, parents = nodes[held], nodes[held].parents
        nodes.clear()
        assert [ref() is not None for ref in alive] == [k <= held for k in range(2001)]
        assert [*map(id, kept.parents)] == [*map(id, parents)]
        del kept
        assert alive[held]() is None and all(parent.parents is not None for parent in parents)
    finally:
        gc.enable()


def test_no_node_is_freed_inside_of_another():
    depths = []

    class Deep(Seen):
        __slots__ = ()

        def __del__(self):
            frame, n = sys._getframe(), 0
            while frame := frame.f_back:
                n += 1
            depths.append(n)
            dismantle(self)

    y = Deep(1.0)
    for _ in range(500):
        x, y = y, Deep(0.0)
        y.parents = (x,)
    del x, y
    assert len(depths) == 501 and max(depths) - min(depths) <= 2  # its own frames
