"""The door to look through: an expression and its numbers, as a graph, in words, step by step, and as a program.

>>> seen = graph("tanh(w*x + b)", {"w": -0.5, "x": 2, "b": 0.8})
>>> seen["names"], seen["root"], f"{seen['value']:.4f}", seen["svg"][:4]
(('w', 'x', 'b'), 'L', '-0.1974', '<svg')
>>> seen = graph("w*x", {"w": 2, "x": "inf"}, of="w")
>>> seen["why"][:52], seen["path"]
('<p><strong>Why is</strong> <code>dL/dw = inf</code><', True)

Numbers are floats, or the words "inf", "-inf" and "nan", which JSON has no numbers for.
"""

from __future__ import annotations

import keyword
import math
import re
from typing import Any

from .. import ops
from ..blocks import Rows, Strong, formula
from ..check import gradcheck
from ..engine import Value, topological
from ..errors import UserError
from ..explanation import alarms, explain
from ..expression import as_typed, parse
from ..figures import draw
from ..names import Names
from ..order import order_lab
from ..sourcecode import source
from ..webpage import page
from ..words import brief
from . import html

__all__ = ["check", "explanation", "graph", "order", "program", "read", "step_page"]
MOST = 100  # cards in a picture that is seen alone
Numbers = dict[str, float | str]


def read(expression: str) -> dict[str, Any]:
    """The names in an expression, in order.  Raises ExpressionError if it cannot be read."""
    names = parse(expression).names
    if function := next((n for n in names if n in ops.TABLE or n in ops.FACTORIES), ""):
        raise UserError(f"{function} is a function: write {function}(x), or call the number something else")
    return {"names": names}


def graph(expression: str, numbers: Numbers, of: str = "", width: float = 800) -> dict[str, Any]:
    """The value, the gradient of each name, and the graph as SVG at most about so wide; with `of`, the name of a node,
    why its gradient is what it is, and its path lit.

    `said` and `slopes` are the value and the gradients as people read them; `cards` are what each card of the picture
    is called, by its id.  Raises ExpressionError for what cannot be read.
    """
    root, values = rooted(expression, numbers)
    order = topological(root)
    names = Names(order, held={})
    free, told, way = parse(expression).names, "", None
    if found := names.find(of) if of else []:
        node = found[0]
        told = html(explain(root, of=node).blocks())
        way = (node, root) if node is not root else None
    elif of in values:
        told = html(
            [
                (Strong("Why is"), " ", formula("d{}/d{} = 0", names[root], of), Strong("?")),
                f"{names[root]} is not computed from {of}: whatever {of} is, {names[root]} stays as it is.",
            ]
        )
    elif of:
        raise UserError(f"nothing in this expression is called {of!r}")
    elif not free and all(n is root for n in values.values()):
        named = re.sub(r"(?<![\w.])-?\d[\d.]*(e[+-]?\d+)?", "x", as_typed(expression), count=1)
        told = html([(Strong("There is no gradient to ask for"),),
                      ("This formula has no name, so nothing in it can change. Write one in place of a number, as in ",
                       formula("{}", named), ": its gradient is explained here.")])  # fmt: skip
    for n in order:  # cards are called what they are called in words
        if n.parents and not n.label:
            n.label = names.full[n]
    drawing = draw(root, width=width, path=way, max_nodes=MOST)
    return {
        "names": free,
        "root": str(names[root]),
        "value": root.data,
        "grads": [values[n].grad for n in free],
        "said": brief(root.data),
        "slopes": [brief(values[n].grad) for n in free],
        "width": width,
        "svg": drawing.svg(),
        "note": next((part for part in drawing.note.split("; ") if " nodes, " in part), ""),
        "alarms": alarms(root),
        "cards": {f"n{i}": name for i, n in enumerate(order) if (name := names.full.get(n))},
        "why": told,
        "path": way is not None,
    }


def explanation(expression: str, numbers: Numbers) -> str:
    """The backward pass in words, as HTML."""
    return html(explain(rooted(expression, numbers)[0]).blocks())


def step_page(expression: str, numbers: Numbers) -> str:
    """The page to step through, as HTML.  Raises UserError for a graph that is too large for it."""
    return page(rooted(expression, numbers)[0]).html


def order(expression: str, numbers: Numbers) -> str:
    """What goes wrong in another order than the topological one, as HTML."""
    return html(order_lab(rooted(expression, numbers)[0]).blocks())


def check(expression: str, numbers: Numbers) -> str:
    """The gradients of the names beside central differences, as HTML."""
    read, (_, values) = parse(expression), rooted(expression, numbers)
    if not read.names:
        raise UserError("there is no name in this expression whose gradient could be checked")
    if bad := [n for n in read.names if not math.isfinite(values[n].data)]:
        raise UserError(f"{bad[0]} is {values[bad[0]].data}: differences need finite numbers")
    report = gradcheck(lambda *xs: read.on(dict(zip(read.names, xs))), *[values[n] for n in read.names])
    rows = [(r.name, f"{r.analytic:.10g}", f"{r.numeric:.10g}", f"{r.error:.2g}", r.verdict) for r in report.sorted()]
    notes = {i: note for i, r in enumerate(report.sorted()) if (note := r.kink or r.hint)}
    heading = "input", "chain rule a", "differences n", "|a − n| / max(|a|, |n|)", "verdict"
    lines = str(report).splitlines()  # after the table, the sums
    rest = next(i for i, line in enumerate(lines) if line.startswith(f"{report.name} = "))
    return html([Rows([heading, *rows], "lrrrl", notes=notes), *lines[rest:]])


def program(expression: str, numbers: Numbers, language: str = "tinygrad_edu", of: str = "") -> str:
    """Both passes written out in a language; in "tinygrad_edu", a program to paste that builds the same graph.

    Raises UserError for a language that is not known.

    >>> print(program("o = tanh(w*x)", {"w": 2, "x": -1}, of="w"))
    from tinygrad_edu.expression import parse
    <BLANKLINE>
    o, values = parse("o = tanh(w*x)")(
        w=2.0, x=-1.0
    )
    o.backward()
    print(values["w"].grad)
    print(o.explain(of="w"))
    o.draw(path=(values["w"], o)).save("o.svg")
    """
    root, values = rooted(expression, numbers)
    if language != "tinygrad_edu":
        return str(source(root, language))
    name = str(root.label) if root.label.isidentifier() else "L"
    text = "; ".join(as_typed(expression).splitlines())
    given = {n: float(values[n].data) for n in parse(expression).names}
    plain = not any(map(keyword.iskeyword, given)) and all(map(math.isfinite, given.values()))
    words = ", ".join([f"{n}={x!r}" for n, x in given.items()]) if plain else f"**{_written(given)}"
    built = f'{name}, values = parse("{text}")(' + (f"\n    {words}\n" if given else "") + ")"
    lines = [built, f"{name}.backward()"]
    if of in values and any(n is values[of] for n in topological(root)[:-1]):
        lines += [f'print(values["{of}"].grad)', f'print({name}.explain(of="{of}"))',
                  f'{name}.draw(path=(values["{of}"], {name})).save("{name}.svg")']  # fmt: skip
    else:
        lines += [f"print({name}.explain())", f'{name}.draw().save("{name}.svg")']
    return "\n".join(["from tinygrad_edu.expression import parse", "", *lines])


def rooted(expression: str, numbers: Numbers) -> tuple[Value, dict[str, Value]]:
    """The root of an expression, after backward(), and every named Value."""
    root, values = parse(expression)(**_floats(numbers))
    if not root.label:
        root.label = next(n for n in ("L", "y", "out", "result_") if n not in values)
    root.backward()
    return root, values


def _floats(numbers: Numbers) -> dict[str, float]:
    """The numbers as floats.  Raises UserError for a word that is none."""
    given = {}
    for name, x in numbers.items():
        try:
            given[name] = float(x)
        except (ValueError, TypeError, OverflowError):
            raise UserError(f"{name} needs a number such as 2, -0.5, 1e-3 or inf, got {x!r:.60}") from None
    return given


def _written(numbers: dict[str, float]) -> str:
    """A dict of floats as Python reads it, also those that are not finite."""
    words = [f'"{n}": {x!r}' if math.isfinite(x) else f'"{n}": float("{x}")' for n, x in numbers.items()]
    return "{" + ", ".join(words) + "}"
