"""The backward pass written out: the program that a student of backpropagation writes by hand, printed from the graph.

    >>> from tinygrad_edu import Value
    >>> w, x, b = Value(-0.5, label="w"), Value(2.0, label="x"), Value(0.8, label="b")
    >>> h = w * x + b; h.label = "h"
    >>> L = h * h + 0.1 * w**2; L.label = "L"
    >>> source(L)
    # forward pass
    w = -0.5
    x = 2.0
    v1 = w * x
    b = 0.8
    h = v1 + b
    v2 = h * h
    v3 = w ** 2
    v4 = 0.1 * v3
    L = v2 + v4
    <BLANKLINE>
    # backward pass: each line is local times upstream
    dL = 1.0
    dv2 = dL
    dv4 = dL
    dv3 = 0.1 * dv4
    dw = 2 * w * dv3
    dh = h * dv2
    dh += h * dv2  # h is used twice: gradients add where paths meet
    dv1 = dh
    db = dh
    dw += x * dv1  # w is used twice: gradients add where paths meet
    dx = w * dv1

This is the engine's own chain rule, filled with lines: so the text, when it is run, gives the engine's gradients to
the last bit.
"""

from __future__ import annotations

import functools
import itertools
import keyword
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from . import javascript, notebook, ops
from .engine import Value, chain_rule, topological
from .errors import UserError, meant, one_value
from .exact import check_rules, filled, is_builtin
from .floats import Float
from .languages import BOOKS, CAREFUL, LANGUAGES, LATEX, LATEX_IN_FULL, PYTHON, Language
from .names import called, letters, named, variables
from .opening import opened
from .ops import Op
from .text import Expr, name, write

MOST = 20_000  # nodes: more than that is not for reading
# By the texts themselves.
_USED = (
    "np jnp math leaves seed float any map len max range enumerate ValueError OverflowError ZeroDivisionError "
    "inf nan isfinite total divide power"
).split()
LISTED = ("python", "numpy", "javascript", "latex")


class Source(str):
    """A program as text, which shows itself as it is: `print` it, `exec` it, or save it."""

    language: str = "python"

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        remark = "//" if self.language == "javascript" else "#"
        form = (
            notebook.switched(self._repr_markdown_(), self) if self.language == "latex" else notebook.code(self, remark)
        )
        return {"text/plain": str(self), "text/markdown": self._repr_markdown_(), "text/html": form}

    def _display_(self) -> Any:
        return notebook.Marked(self._repr_markdown_())

    def _repr_markdown_(self) -> str:
        return f"$$\n{self}\n$$" if self.language == "latex" else f"```{self.language}\n{self}\n```"


def source(root: Value, language: str = "python", *, exact: bool = False) -> Source:
    """The forward and backward pass of a graph as straight-line code in "python", "numpy" or "javascript",
    or as "latex".

    Names come from labels, or else from the variables of the caller; what has neither is v1, v2, ...  Local gradients
    are those of textbooks, `1 - h * h` for tanh, wherever these give ten digits at the numbers of this graph;
    elsewhere, and with `exact=True` everywhere, they are those of the rows, which lose no digits;
    LaTeX then has every number in full.
    The Python text needs nothing but the standard library, and with `exact=True` gives `root` and every gradient bit
    for bit; so it does where something is inf or nan.  The NumPy text takes arrays in place of its numbers, and works
    element by element: give it the exact form if they go far from these.
    Raises TypeError if `root` is no Value, or if a registered row has a rule that only numbers can run; ValueError for
    another language, and for more than 20,000 nodes.

    >>> x = Value(0.5, label="x")
    >>> source(x.tanh()).splitlines()[-1], source(x.tanh(), exact=True).splitlines()[-1]
    ('dx = (1 - v1 * v1) * dv1  # tanh', 'dx = 4.0 * bell(2 * x) * dv1  # tanh, in books 1 - v1 * v1')
    """
    one_value("source", root, Value, alive=False)
    if language not in LISTED:
        raise UserError(f"source can write {', '.join(LISTED)}, not {language!r}{meant(str(language), LISTED)}")
    order = topological(opened(root))
    if len(order) > MOST:
        raise UserError(
            f"this graph has {len(order):,} nodes, and source writes at most {MOST:,}: write out one sample, "
            "or one layer"
        )
    held = variables(order)
    if language == "latex":
        text = _equations(order, held, exact)
    else:
        plain = _is_plain(order)
        if language == "python":
            speech = CAREFUL if not plain else PYTHON if exact else BOOKS
        else:
            speech = LANGUAGES[language]
        text = _Writer(order, speech, held, books=plain and not exact).program()
    written = Source(text)
    written.language = language
    return written


def _is_plain(order: list[Value]) -> bool:
    """Whether Python's own `/`, `**` and math functions suffice:
    nothing on the way divides by zero, overflows or is nan.
    """
    try:
        return all(math.isfinite(d) for n in order for d in (n.data, *(n.op.partials(*n.numbers) if n.parents else ())))
    except (ArithmeticError, ValueError):
        return False


def names_of(order: list[Value], prefix: str = "d", held: Mapping[Value, str] | None = None) -> dict[Value, str]:
    """What `names.called` calls each node, made fit for a program; no two alike, nor like a gradient's."""
    taken = {*keyword.kwlist, *_USED, *PYTHON.math, *ops.TABLE, *(() if prefix == "d" else javascript.WORDS), prefix}
    seen: Counter[str] = Counter()
    shown = called(order, held=held)
    found = dict.fromkeys(shown, "")
    stems = {n: _stem(name) for n, name in shown.items()}
    for n in sorted(shown, key=lambda n: shown[n] != stems[n]):  # those that are fit already keep their names
        choice = stem = stems[n] if any(map(str.isalpha, shown[n])) else "node"
        while choice in taken or prefix + choice in taken:
            seen[stem] += 1
            choice = f"{stem}_{seen[stem] + 1}"
        taken |= {choice, prefix + choice}
        found[n] = choice
    return found


def _stem(label: str) -> str:
    """A label as a name, in the one of its forms that Python sees: "\ufb01" is "fi" to it."""
    plain = re.sub(r"[\s*+]|\]$", "", unicodedata.normalize("NFKC", label))
    stem = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", plain)).strip("_")
    if not stem or stem.isidentifier():
        return stem
    stem = "".join(c if f"v{c}".isidentifier() else "_" for c in stem).strip(
        "_"
    )  # a circled digit is no letter, but \w
    return stem if not stem or stem.isidentifier() else f"v{stem}"


class Assignment:
    """`target = text`: to the chain rule a gradient, one line of which is `+=` when it has been added to another."""

    def __init__(self, target: str, text: str, remarks: Sequence[str] = (), meeting: str = "") -> None:
        self.target, self.text, self.remarks, self.meeting, self.adds = target, text, [*remarks], meeting, False

    def __add__(self, other: Assignment) -> Assignment:
        other.adds = True
        other.remarks.append(other.meeting)
        return other


class Factor:
    """A local gradient, written down: `times(upstream)` is what the chain rule has when it has multiplied by it."""

    def __init__(self, times: Callable[[Any], Any]) -> None:
        self.times = times

    def __mul__(self, upstream: Any) -> Any:
        return self.times(upstream)


class _Writer:
    """Both passes of a graph as lines of one language; `used` collects every expression, for the prelude."""

    def __init__(
        self, order: list[Value], speech: Language, held: Mapping[Value, str] | None = None, books: bool = False
    ) -> None:
        self.order, self.speech, self.books = order, speech.fresh(), books
        self.js, self.numpy = speech.title == "JavaScript", speech.title == "NumPy"
        self.prefix = "d_" if self.js else "d"  # `do` is a word of JavaScript
        self.remark = "//" if self.js else "#"
        self.guarded = speech is CAREFUL
        self.names = names_of(order, self.prefix, held)
        self.taken = {*self.names.values(), *[self.prefix + n for n in self.names.values()], *ops.TABLE}
        self.uses = Counter(p for n in order for p in n.parents)
        self.lines: list[str | Assignment] = []
        self.used: list[Any] = []

    def program(self) -> str:
        """The whole text: what it needs to run, the forward pass, the backward pass."""
        self.lines.append(f"{self.remark} forward pass")
        for n in self.order:
            if n.parents:
                self.set(self.names[n], Expr(n.op, tuple(map(self.term, n.parents))))
            elif n in self.names:
                number = self.speech.number(n.data)
                said = [named(n)] if n.label and self.names[n].startswith("node") else []
                self.lines.append(Assignment(self.names[n], f"np.asarray({number})" if self.numpy else number, said))
        self.lines += ["", f"{self.remark} backward pass: each line is local times upstream"]
        root = self.order[-1]
        chain_rule(root, self.set(self.prefix + self.names[root], 1.0), self.slopes)
        prelude = self.speech.prelude(self.used)
        for op in self.speech.given:
            check_rules(op)  # raises, and says why
            raise TypeError(
                f"the row {op.name!r} takes any number of inputs, and is written out by its `parts` alone: give it some"
            )
        text = "\n".join([line if isinstance(line, str) else self.written(line) for line in self.lines])
        return (prelude + ("\n\n\n" if "\n\n" in prelude else "\n\n") if prelude else "") + text

    def set(self, target: str, e: Any, remarks: Sequence[str] = (), meeting: str = "") -> Assignment:
        """One more line."""
        self.used.append(e)
        self.lines.append(line := Assignment(target, self.speech.write(e), remarks, meeting))
        return line

    def written(self, line: Assignment) -> str:
        """A line as it is printed."""
        target, text, adds = line.target, line.text, line.adds
        if adds and self.numpy:  # += would write into an array that another gradient may share
            text, adds = f"{target} + {text}", False
        body = f"{'let ' * (self.js and not adds)}{target} {'+=' if adds else '='} {text}{';' * self.js}"
        return body + (f"  {self.remark} {'; '.join(line.remarks)}" if line.remarks else "")

    def term(self, n: Value) -> Expr:
        """A node as it stands in a formula: its name, or its number if it has none."""
        if n in self.names:
            return name(self.names[n])
        number = self.speech.number(n.data)
        return name(f"({number})" if number.startswith("-") else number)

    def passed(self, p: Value, d: Any, remarks: Sequence[str], upstream: Assignment) -> Assignment:
        """The line of one edge: local times upstream, without a factor of one; for a number without a name none."""
        if p not in self.names:
            return Assignment("", "")
        g, called, uses = name(upstream.target), self.names[p], self.uses[p]
        flow = Expr(ops.mul, (d, g)) if isinstance(d, Expr) or abs(d) != 1 else g if d == 1 else -g
        times = "twice" if uses == 2 else f"{uses} times"
        meeting = f"{called} is used {times}: gradients add where paths meet"
        return self.set(self.prefix + called, flow, remarks, meeting)

    def slopes(self, n: Value) -> Iterator[Factor]:
        """The local gradients of a node, and remarks; what they share becomes a line of its own.

        Raises TypeError for a rule that cannot be filled with names.
        """
        terms = [name(self.names[n]), *map(self.term, n.parents)]
        books = n.op.textbook(*terms) if n.op.textbook else ()
        taught = self.books and bool(books) and _agree(n)
        ds = books if taught else _rule(n.op, n.op.partials, terms)
        if self.guarded and not taught and goes_on(n.op):
            ds = [Expr(ops.within, (d, terms[0])) for d in ds]
        counts = Counter(_inner([d for p, d in zip(n.parents, ds) if p in self.names]))
        shared: dict[int, Expr] = {}
        free = (f"{self.names[n]}_t{i}" for i in itertools.count(1) if f"{self.names[n]}_t{i}" not in self.taken)

        def cut(e: Any) -> Any:
            """The expression with its shared parts replaced by names, after the lines that compute them."""
            if not isinstance(e, Expr) or e.op is ops.leaf:
                return e
            if id(e) not in shared:
                fresh = Expr(e.op, tuple(map(cut, e.args)))
                if counts[id(e)] < 2:
                    return fresh
                shared[id(e)] = name(next(free))
                self.set(str(shared[id(e)]), fresh)
            return shared[id(e)]

        word = n.op.name if not n.op.symbol or books else ""
        for i, (p, d) in enumerate(zip(n.parents, ds)):
            said = word
            if books and not taught and len(n.parents) <= 2:
                bends = getattr(books[i], "op", None) is ops.greater
                book = f"1 if {write(books[i])} else 0" if bends else write(books[i])
                said += f"; the books' {book} is off at these numbers" if self.books else f", in books {book}"
            yield Factor(functools.partial(self.passed, p, cut(d) if p in self.names else d, [said] * bool(said)))


def _rule(op: Op, rule: Callable[..., Any], terms: list[Expr]) -> Any:
    """A rule of a row filled with names.  Raises TypeError if it cannot be."""
    return rule(*terms) if is_builtin(op) else filled(op, rule, terms)


def _agree(n: Value) -> bool:
    """Whether the local gradients of a node, as books write them, have the digits that they should have at its numbers.

    1 - tanh(x)**2 has none left at x = 20; a tie of maximum is told otherwise in books.
    """
    try:
        books = n.op.textbook(*n.numbers) if n.op.textbook else ()
    except (ArithmeticError, ValueError):
        return False
    return all(math.isclose(b, d, rel_tol=1e-10) for b, d in zip(books, n.op.slopes(*n.numbers)))


@functools.cache
def goes_on(op: Op) -> bool:
    """Whether a rule goes on where its row is not defined, as log's 1 / x does: the engine has no slope there.

    >>> goes_on(ops.log), goes_on(ops.pow), goes_on(ops.sqrt), goes_on(ops.tanh)
    (True, True, False, False)
    """
    if op.domain[0] == ops.REAL or ... in op.domain:
        return False
    if not is_builtin(op):  # nobody knows what its rule would raise there
        return True
    lo, hi = op.domain[0]
    outside = [
        lo - 1 if math.isfinite(lo) else hi + 1,
        *[1e-20] * (len(op.domain) - 1),
    ]  # b of a ** b, where b - 1 is -1
    return any(d == d for d in op.partials(Float(math.nan), *map(Float, outside)))


def _inner(expressions: list[Any]) -> Iterator[int]:
    """The identity of each operation in some expressions, as often as it is used."""
    seen: set[int] = set()
    stack = list(expressions)
    while stack:
        e = stack.pop()
        if isinstance(e, Expr) and e.op is not ops.leaf:
            yield id(e)
            if id(e) not in seen:
                seen.add(id(e))
                stack.extend(e.args)


# LaTeX


class Sum:
    """A gradient, and the products that it is the sum of."""

    def __init__(self, called: str, products: list[str]) -> None:
        self.called, self.products = called, products

    def __add__(self, other: Sum) -> Sum:
        self.products += other.products
        return self


def _equations(order: list[Value], held: Mapping[Value, str], exact: bool) -> str:
    """Both passes as aligned equations; with `exact` every number in full, and every gradient as its row has it."""
    names, speech = letters(called(order, held=held)), LATEX_IN_FULL if exact else LATEX
    books = not exact and _is_plain(order)

    def term(n: Value) -> Expr:
        number = speech.number(n.data)
        return name(names.get(n) or (f"({number})" if number.startswith("-") or "\\cdot" in number else number))

    last: dict[Value, None] = {}  # as their gradients become complete: each comes after those that it is made of

    def product(p: Value, d: Any, upstream: Sum) -> Sum:
        last[p] = last.pop(p, None)
        local = speech.write(d)
        factor = [local if _is_tight(d) else f"({local})"] * (local != "1")
        whole = " \\cdot ".join([upstream.called, *factor]) if upstream.called else local
        return Sum(f"\\frac{{\\partial {root}}}{{\\partial {names[p]}}}" if p in names else "", [whole])

    def slopes(n: Value) -> list[Factor]:
        rule = n.op.textbook if n.op.textbook and books and _agree(n) else n.op.partials
        ds = _rule(n.op, rule, [name(names[n]), *map(term, n.parents)])
        return [Factor(functools.partial(product, p, d)) for p, d in zip(n.parents, ds)]

    root, lines = names[order[-1]], []
    for n in order:
        if n.parents:
            whole = speech.write(Expr(n.op, tuple(map(term, n.parents))))
            lines.append(f"{names[n]} &= {whole} = {speech.number(n.data)}")
    totals = chain_rule(order[-1], Sum("", []), slopes)
    for total in map(totals.__getitem__, last):
        if total.called:
            added = [f"({x})" if i and x.startswith("-") else x for i, x in enumerate(total.products)]
            lines.append(f"{total.called} &= {' + '.join(added)}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _is_tight(d: Any) -> bool:
    return not (isinstance(d, Expr) and d.op in (ops.add, ops.sub, ops.neg)) and not (not isinstance(d, Expr) and d < 0)
