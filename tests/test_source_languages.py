"""What is written in JavaScript and in LaTeX is read back, and gives the gradients: as in books, and exactly."""

import json
import math
import random
import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings

from tinygrad_edu import Value, ops, topological
from tinygrad_edu.check import intervals
from tinygrad_edu.engine import chain_rule
from tinygrad_edu.languages import kind
from tinygrad_edu.names import called, letters
from tinygrad_edu.sourcecode import source
from tinygrad_edu.strategies import programs

EVERY = [*ops.TABLE.values(), ops.power(-1), ops.power(2.5), ops.power(0), ops.leaky_relu(0.2), ops.clip(0.0, 2.0)]
each = pytest.mark.parametrize("op", EVERY, ids=lambda op: op.name)


def applied(op, seed):
    """A row at work on random numbers of its domain, between -3 and 3: its node, and its inputs."""
    rng, n = random.Random(seed), 5 if ... in op.domain else len(op.domain)
    xs = [rng.uniform(max(lo, -3.0), min(hi, 3.0)) for lo, hi in intervals(op, n)]
    leaves = [Value(x, label=f"x{i}") for i, x in enumerate(xs)]
    root = op(*leaves)
    root.label = "y"
    return root, leaves


# JavaScript


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js: apt install nodejs")
@pytest.mark.parametrize("exact", [False, True])
def test_every_row_has_its_gradients_in_javascript(exact):
    scripts, expected = [], []
    for op in EVERY:
        for seed in range(6):
            root, leaves = applied(op, seed)
            wanted = ", ".join(["y", *[f"d_{x.label}" for x in leaves]])
            scripts.append(
                f"(() => {{\n{source(root, 'javascript', exact=exact)}\nreturn [{wanted}].map(String); }})()"
            )
            expected.append((op.name, [root.data, *root.local_grads()]))
    script = f"console.log(JSON.stringify([{', '.join(scripts)}]))"
    done = subprocess.run(["node", "-"], input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-1000:]
    for (row, numbers), found in zip(expected, json.loads(done.stdout), strict=True):
        read = [float(x.replace("Infinity", "inf")) for x in found]
        assert read == pytest.approx(numbers, rel=1e-9, abs=1e-14, nan_ok=True), row


# LaTeX

TOKEN = re.compile(r"\\operatorname\{((?:\\_|[^}])*)\}|\\([a-zA-Z]+)|(\d+(?:\.\d+)?)|([a-zA-Z](?:_\{\d+\})?)|(\S)")
FUNCTIONS = {
    **{op.name: op for op in ops.TABLE.values()}, "arcsin": ops.asin, "arccos": ops.acos, "arctan": ops.atan,
    "max": ops.maximum, "min": ops.minimum,
}  # fmt: skip
FRACTION = re.compile(r"\\frac\{\\partial (\S+)\}\{\\partial (\S+?)\}(?= |$)")


class Reader:
    """A formula in LaTeX as a number; `known` has the numbers of its letters.

    It reads what `LATEX` may write, and no more.
    """

    def __init__(self, text, known):
        for i, found in enumerate(dict.fromkeys(m[0] for m in FRACTION.finditer(text))):
            text, known = text.replace(found, f" D_{{{i}}} "), {**known, f"D_{{{i}}}": known[found]}
        self.tokens, self.known, self.at = [m.groups() for m in TOKEN.finditer(text)], known, 0

    def value(self):
        result = self.sum()
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return result

    def sees(self, word):
        return self.at < len(self.tokens) and word in self.tokens[self.at][1::3] + self.tokens[self.at][4:]

    def takes(self, word):
        self.at += (seen := self.sees(word))
        return seen

    def must(self, word):
        assert self.takes(word), (word, self.tokens[self.at :])

    def inside(self, left, right):
        self.must(left)
        result = self.sum()
        self.must(right)
        return result

    def sum(self):
        result = self.product()
        while self.sees("+") or self.sees("-"):
            result = result + self.product() if self.takes("+") else result + self.product()
        return result

    def product(self):
        if self.takes("-"):
            return -self.product()
        result = self.power()
        while self.takes("cdot"):
            result = result * (-self.power() if self.takes("-") else self.power())
        return result

    def power(self):
        base = self.atom()
        if not self.takes("^"):
            return base
        return ops.pow(base, self.inside("{", "}") if self.sees("{") else self.atom())

    def atom(self):
        function, word, number, letter, sign = self.tokens[self.at]
        self.at += 1
        if number:
            return float(number)
        if letter:
            return math.e if letter == "e" else self.known[letter]
        if function or (word in FUNCTIONS and word != "sqrt"):
            return self.called(FUNCTIONS[(function or word).replace("\\_", "_")])
        match word or sign:
            case "infty":
                return math.inf
            case "mathrm":
                return {"nan": math.nan}["".join(self.tokens[self.at + k][3] for k in (1, 2, 3))]
            case "{":
                return self.closed("}")
            case "(":
                first = self.sum()
                if self.takes("bmod"):
                    return ops.mod(first, self.closed(")"))
                if self.takes("mathbin"):
                    self.must("?")
                    yes = self.sum()
                    self.must(":")
                    return ops.where(first, yes, self.closed(")"))
                self.must(")")
                return first
            case "[":
                first = self.sum()
                self.must(">")
                return ops.greater(first, self.closed("]"))
            case "|":
                return abs(self.closed("|"))
            case "frac":
                return ops.div(self.inside("{", "}"), self.inside("{", "}"))
            case "sqrt":
                if self.takes("["):
                    assert self.closed("]") == 3
                    return ops.cbrt(self.inside("{", "}"))
                return ops.sqrt(self.inside("{", "}"))
            case "left":
                self.must("lfloor")
                result = self.sum()
                self.must("right")
                self.must("rfloor")
                return ops.floor(result)
            case "lfloor":
                return ops.floor(self.closed("rfloor"))
            case "lceil":
                return ops.ceil(self.closed("rceil"))
            case "psi":
                if self.takes("^"):
                    self.must("{")
                    n = int(self.inside("(", ")"))
                    self.must("}")
                    return self.called(ops.polygamma(n))
                return self.called(ops.digamma)
        raise AssertionError((word, sign, self.tokens[self.at :]))

    def closed(self, right):
        result = self.sum()
        self.must(right)
        return result

    def called(self, op):
        if op is ops.log and self.takes("_"):
            braces = self.takes("{")
            op = {2: ops.log2, 10: ops.log10}[int(self.atom())]
            self.at += braces
        if op is ops.log and self.takes("|"):
            self.must("Gamma")
            result = self.inside("(", ")")
            self.must("|")
            return ops.lgamma(result)
        self.must("(")
        inputs = [self.sum()]
        while self.takes(","):
            inputs.append(self.sum())
        self.must(")")
        return op(*inputs)


def equations(text):
    """Left and right of every equation."""
    assert text.startswith("\\begin{aligned}\n") and text.endswith("\n\\end{aligned}")
    return [
        line.split(" &= ")
        for line in text.removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}").split(" \\\\\n")
    ]


@each
@pytest.mark.parametrize("exact", [False, True])
def test_every_row_has_its_value_and_gradients_in_latex(op, exact):
    for seed in range(6):
        root, leaves = applied(op, seed)
        (_, value), *gradients = equations(source(root, "latex", exact=exact))
        known = {"y": root.data, **{f"x_{{{i}}}": x.data for i, x in enumerate(leaves)}}
        formula, number = value.split(" = ")
        digits = {"rel": 1e-12, "abs": 1e-14} if exact else {"rel": 3e-5, "abs": 1e-6}  # else numbers have six digits
        assert Reader(formula, known).value() == pytest.approx(root.data, **digits), (op.name, formula)
        assert Reader(number, known).value() == pytest.approx(
            root.data, rel=1e-15 if exact else 1e-5, abs=0 if exact else 1e-9
        )
        assert [left for left, _ in gradients] == [
            f"\\frac{{\\partial y}}{{\\partial x_{{{i}}}}}" for i in range(len(leaves))
        ]
        for (_, right), d in zip(gradients, root.local_grads(), strict=True):
            assert Reader(right, known).value() == pytest.approx(d, **digits), (op.name, right)


def test_latex_is_in_the_words_of_books_unless_every_digit_is_asked_for_or_they_have_none_left():
    for op in EVERY:
        root, _ = applied(op, 1)
        assert not re.search(r"\\operatorname\{(bell|gap|within)", source(root, "latex", exact=True)), kind(op)
    near, far = Value(0.5, label="x").tanh(), Value(20.0, label="x").tanh()
    for y in (near, far):
        y.label = "y"
    assert source(near, "latex").splitlines()[-2].endswith("&= 1 - y \\cdot y")
    assert "e^{-|2 \\cdot x|}" in source(near, "latex", exact=True) and "e^{-|2 \\cdot x|}" in source(far, "latex")
    assert f"= {near.data!r} \\\\" in source(near, "latex", exact=True) and "= 0.462117 \\\\" in source(near, "latex")


@settings(max_examples=150, deadline=None)
@given(programs())
def test_the_equations_of_any_program_give_every_number_of_both_passes(p):
    root = p(*[Value(x, label=f"x{i}") for i, x in enumerate(p.inputs)])
    root.label = root.label or "L"
    order = topological(root)
    totals = chain_rule(root, 1.0, lambda n: n.op.slopes(*n.numbers))
    sizes = chain_rule(
        root, 1.0, lambda n: [abs(d) for d in n.op.slopes(*n.numbers)]
    )  # the same sums, but nothing cancels
    if not all(map(math.isfinite, [*totals.values(), *[n.data for n in order]])):
        return
    names = letters(called(order))
    fraction = {n: f"\\frac{{\\partial {names[root]}}}{{\\partial {name}}}" for n, name in names.items()}
    known = {name: n.data for n, name in names.items()} | {fraction[n]: totals[n] for n in names}
    size = {fraction[n]: sizes[n] for n in names}
    for left, right in equations(source(root, "latex", exact=True)) if root.parents else []:
        if left in size:
            assert abs(Reader(right, known).value() - known[left]) <= 1e-9 * max(size[left], 1e-300), (right, p)
        else:
            formula, number = right.rsplit(" = ", 1)
            assert Reader(number, known).value() == pytest.approx(known[left], rel=1e-15, abs=0)
            assert Reader(formula, known).value() == pytest.approx(known[left], rel=1e-9, abs=1e-12), (formula, p)
