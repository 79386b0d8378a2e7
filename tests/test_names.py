"""What every reader calls each node: one graph, one table."""

import re

import pytest

from tinygrad_edu import Value, draw, explain, gradcheck, order_lab, source, topological
from tinygrad_edu.blocks import (
    Chain,
    Code,
    Explanation,
    Items,
    Matrix,
    Rows,
    Strong,
    Terms,
    formula,
    markdown,
    plain_text,
)
from tinygrad_edu.doctor.evidence import Evidence
from tinygrad_edu.names import Names
from tinygrad_edu.sourcecode import names_of
from tinygrad_edu.webpage import snapshot


def graph():
    """Two nodes with one label, a Greek letter that is a word of Python, a constant, and nodes without a label."""
    x, other, decay = Value(2.0, "x"), Value(3.0, "x"), Value(0.1, "lambda")
    return ((x * other).tanh() + 3.0) ** 2 * decay


ROOT = [graph()]  # in a list, so that no variable holds it
ORDER = topological(ROOT[0])
CALLED = ["x", "x_2", "v1", "v2", "3", "v3", "v4", "lambda", "v5"]
LETTERS = ["x", "x_{2}", "v_{1}", "v_{2}", "3", "v_{3}", "v_{4}", "\\lambda", "v_{5}"]

READERS = {
    "explain": lambda: [*map(explain(ROOT[0]).names.__getitem__, ORDER)],
    "order_lab": lambda: [*map(order_lab(ROOT[0]).names.__getitem__, ORDER)],
    "diagnose": lambda: [*map(Evidence(ROOT[0], []).names.__getitem__, ORDER)],
    "page": lambda: [n.name or f"{x:g}" for n, x in zip(snapshot(ROOT[0]).nodes, snapshot(ROOT[0]).values)],
    "draw": lambda: [re.split(" = |\n", face.tip)[0].replace("constant", f"{face.value:g}")
                       for face in draw(ROOT[0])._content.faces.values()],
    "gradcheck": lambda: _with_leaves({p.node for p in gradcheck(ROOT[0], ORDER[0]).rules}),
    "source": lambda: [names_of(ORDER).get(n, f"{n.data:g}").replace("lambda_2", "lambda") for n in ORDER],
}  # fmt: skip


def _with_leaves(nodes):
    """What is said of computed nodes alone, in the order of the graph."""
    return [name if name in nodes or not n.parents else "?" for n, name in zip(ORDER, CALLED)]


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_calls_a_node_by_the_same_name(reader):
    assert READERS[reader]() == CALLED


def test_every_reader_writes_a_name_with_the_same_letters():
    names = Names(ORDER)
    assert [names[n].latex for n in ORDER] == LETTERS
    texts = explain(ROOT[0])._repr_markdown_(), source(ROOT[0], "latex")
    assert all(letter in text for letter in LETTERS for text in texts)
    assert "∂v5/∂lambda = 16" in draw(ROOT[0], path=(ORDER[-2], ROOT[0])).note


@pytest.mark.parametrize("x, said", [(1048576.0, "1048576"), (2.0**40, "1.1e12"), (0.1234567, "0.1235"), (-0.0, "0")])
def test_every_reader_writes_a_number_in_the_same_way(x, said):
    v = Value(x, "v")
    L = v * 1.0
    card = re.findall(">([^<]+)</FONT></TD></TR></TABLE>", draw(L).source)[0]
    assert card == said and f"v = {said}" in str(explain(L)) and f"v = {said}" in str(explain(L, of=v))


class Everything(Explanation):
    """One block of each kind."""

    def blocks(self):
        w = Names(ORDER)[ORDER[1]]
        return [Strong("One of each: a * b"), ("It is ", formula("{} = {}", w, -3.0), "."), Items([w, w]),
                Rows([("name", "worth"), (w, formula("{}", 1e-7))], notes={0: ("below ", w)}, noted="note",
                      foot=["end"]), Chain([w, w], [w, w], formula("{} · {}", 2.0, 3.0), "6", ", twice"),
                "grid:", Matrix([[w, w], [1.0, -2.5]]), "for:", Terms([("why", "because"), ("", "and so on")]), "code:",
                Code("x = a * b")]  # fmt: skip


def test_a_list_of_blocks_is_written_twice_and_says_the_same():
    plain, marked = str(Everything()), Everything()._repr_markdown_()
    assert (
        plain
        == """One of each: a * b

It is x_2 = -3.
  x_2, x_2

  name  worth
  x_2   1e-7
    below x_2
  end

  x_2 → x_2
    x_2 · x_2
    = 2 · 3 = 6, twice

grid:
  [[ x_2,  x_2],
   [   1, -2.5]]

for:
   why     because
           and so on

code:

x = a * b"""
    )
    assert (
        marked
        == """**One of each: a \\* b**

It is $x_{2} = -3$.

$x_{2}$, $x_{2}$

| name | worth | note |
| --- | --- | --- |
| $x_{2}$ | $10^{-7}$ | below $x_{2}$ |

end

$$x_{2} x_{2} = 2 \\cdot 3 = 6$$

twice

grid:

$$\\begin{bmatrix} x_{2} & x_{2} \\\\ 1 & -2.5 \\end{bmatrix}$$

for:

**why** because

and so on

code:

```python
x = a * b
```"""
    )
    assert not plain_text([]) and not markdown([])
