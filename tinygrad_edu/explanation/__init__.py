"""The chain rule, said aloud: why a gradient is what it is.

    >>> from tinygrad_edu import Value
    >>> x, y, z = Value(-2.0, label="x"), Value(5.0, label="y"), Value(-4.0, label="z")
    >>> f = (x + y) * z
    >>> f.label = "f"
    >>> f.backward()
    >>> explain(f)
    f = v1 * z = -12: 5 nodes, 4 edges
    <BLANKLINE>
    Forward: every node from its inputs.
      x = -2, y = 5, z = -4
    <BLANKLINE>
      v1  = x + y   = 3
      f   = v1 * z  = -12
    <BLANKLINE>
    Backward: f.grad starts at 1, and each edge hands on upstream × local:
      edge    local gradient  upstream × local = contribution
      f → v1  z                      1 ×    -4 = -4
      f → z   v1                     1 ×     3 = 3
      v1 → x  1                     -4 ×     1 = -4
      v1 → y  1                     -4 ×     1 = -4
    <BLANKLINE>
    The gradients:
      df/dx = -4, df/dy = -4, df/dz = 3

This room reads graphs and changes nothing.  It lists every edge of one backward pass (`walk`), and fills `text` and
`languages` in with the names of the nodes; what is said of a whole graph is in `whole`, of one gradient in `single`, of
a matrix in `shaped`, of a network and its parts in `network`.

    python -m tinygrad_edu.explanation     explains the lecture's neuron, and then one of its gradients
"""

from __future__ import annotations

from typing import Any, Protocol, overload

from ..engine import Value
from ..errors import UserError, meant, one_value
from ..figures.units import group
from ..trees import flatten, parts, unflatten
from ..words import few, plural
from .network import Overview
from .shaped import Shaped
from .single import Single
from .walk import Edge, Walk
from .whole import Whole

__all__ = ["Edge", "Overview", "Shaped", "Single", "Whole", "alarms", "explain"]


class HasParameters(Protocol):
    """What has parameters, such as a layer."""

    def parameters(self) -> list[Value]: ...


@overload
def explain(root: Value, of: None = None, *, max_nodes: int = 40, max_paths: int = 5) -> Whole: ...
@overload
def explain(root: Value, of: Value, *, max_nodes: int = 40, max_paths: int = 5) -> Single: ...
@overload
def explain(root: Value, of: str, *, max_nodes: int = 40, max_paths: int = 5) -> Single | Overview | Shaped: ...
@overload
def explain(root: Value, of: HasParameters, *, max_nodes: int = 40, max_paths: int = 5) -> Overview | Shaped: ...
@overload
def explain(root: Value, of: list[Any] | tuple[Any, ...], *, max_nodes: int = 40, max_paths: int = 5) -> Shaped: ...
def explain(root: Value, of: Any = None, *, max_nodes: int = 40, max_paths: int = 5) -> Any:
    """The backward pass from `root`, edge by edge, as text; with `of=x`, why dL/dx is what it is.

    `of` is a Value, the label of one, or nested lists of these, for a gradient in the shape of a parameter; or a
    module, or the name of one, as "mlp.layers.0": then its layers, its neurons, or all about one neuron.  A network of
    more than `max_nodes` nodes is told layer by layer; of another graph as large, the nodes nearest to the root are
    shown.  Of the paths from `of` to the root, the `max_paths` with the largest product are shown.  Totals and counts
    are of all.  The result prints itself, shows itself in a notebook, and has its numbers as attributes:
    see `Whole`, `Single`, `Shaped` and `Overview`.
    No `.grad` changes.  Raises TypeError for what is no Value; ValueError for a Value that `root` was not computed
    from, a label that none or several have, or an option without meaning;
    RuntimeError if `root` has forgotten its parents.

    >>> x = Value(3.0, label="x")
    >>> L = x * x + x
    >>> L.label = "L"
    >>> L.backward()
    >>> why = explain(L, of=x)
    >>> why
    Why is dL/dx = 7?
    <BLANKLINE>
    x = 3 is used 3 times. Each node that uses it hands it upstream × local, where
    upstream is dL/d(that node):
      used in     local gradient  upstream × local = contribution
      L = v1 + x  1                      1 ×     1 = 1
      v1 = x * x  x                      1 ×     3 = 3
      v1 = x * x  x                      1 ×     3 = 3
      Gradients add where paths meet: 1 + 3 + 3 = 7
    <BLANKLINE>
    3 paths lead from x to L; the products along them add up to the gradient.
      x → v1 → L
        x · 1
        = 3 · 1 = 3, along each of 2 such paths
      x → L
        1
        = 1
    >>> why.total == x.grad, why.count, [(path.product, path.ways) for path in why.paths]
    (True, 3, [(3.0, 2), (1.0, 1)])
    """
    one_value("explain", root, Value)
    for option, n in (("max_nodes", max_nodes), ("max_paths", max_paths)):
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise UserError(f"{option} must be a whole number from 1 upwards, got {n!r}")
    if of is None:
        return Whole(root, max_nodes)
    if parts(of) is None:
        walk = Walk(root, also=[of] if isinstance(of, Value) else [])
        if part := _part(walk, of):
            groups = group(root, walk.order)
            if {w for u in groups.units for w, _ in u.inputs}.isdisjoint(part):
                return Shaped(walk, part)
            return Overview(walk, groups, part)
        return Single(walk, _used(walk, _resolved(walk, of)), max_paths)
    leaves = flatten(of)
    if not leaves:
        raise UserError("of is an empty list: give explain the Values whose gradients it should write")
    walk = Walk(root, also=[n for n in leaves if isinstance(n, Value)])
    found = [_resolved(walk, n) for n in leaves]
    if not any(n in walk.totals for n in found):
        _used(walk, found[0])
    return Shaped(walk, unflatten(of, found))


def alarms(root: Value) -> list[str]:
    """Sentences on where inf and nan begin in the graph of `root`; none if all is finite.

    >>> alarms(Value(-1.0, label="a").log())[0]
    'v1 = log(a) = nan begins here, with a = -1: log is defined on (0, inf).'
    """
    walk = Walk(root)
    return walk.nonfinite_notes(walk.edges, walk.order)


def _part(walk: Walk, of: Any) -> list[Value]:
    """The parameters of a module, or of the module of that name, that the root was computed from;
    none if `of` is no module.
    """
    if isinstance(of, str):
        inside = () if walk.names.find(of) else (f"{of}.", f"{of}[")
        return [n for n in walk.order if not n.parents and inside and n.label.startswith(inside)]
    if isinstance(of, Value) or not hasattr(of, "parameters"):
        return []
    parameters = list(of.parameters())
    if used := [p for p in parameters if p in walk.totals]:
        return used
    raise UserError(
        f"{walk.names[walk.root]} was computed from none of the {plural(len(parameters), 'parameter')} of "
        f"{of!r:.80}: has the model been made anew since then?"
    )


def _resolved(walk: Walk, of: Any) -> Value:
    """The Value that is meant: itself, or the one with this label."""
    if isinstance(of, Value):
        return of
    if not isinstance(of, str):
        raise TypeError(
            f"of must be a Value, the label of one, a module, or lists of Values, not {type(of).__name__} {of!r}: "
            "give explain the Value that went into the computation, not its number"
        )
    nodes, root = walk.names.find(of), walk.names[walk.root]
    if not nodes:
        known = list(walk.names.full.values())
        there = f"{few(known, 8)}{meant(of, known).replace(',', ';', 1)}"
        raise UserError(f"nothing that {root} was computed from is called {of!r:.80}: there is {there}")
    if len(nodes) > 1:
        raise UserError(
            f"{len(nodes)} nodes are labelled {of!r}; here they are called "
            f"{', '.join(walk.names[n] for n in nodes[:8])}: give explain the Value itself, or make the labels differ"
        )
    return nodes[0]


def _used(walk: Walk, x: Value) -> Value:
    """Refuse a Value that the root does not depend on."""
    if x not in walk.totals:
        name, root = x.label or repr(x), walk.names[walk.root]
        leaves = [walk.names[n] for n in walk.order if not n.parents and n in walk.names]
        hint = f"it depends on {few(leaves, 8)}"
        if x.label and walk.names.find(x.label):
            hint = f"another Value that is labelled {x.label!r} was: has it been made anew since then?"
        raise UserError(
            f"{root} was not computed from {name}, so its gradient is 0 and there is nothing to explain; {hint}"
        )
    return x
