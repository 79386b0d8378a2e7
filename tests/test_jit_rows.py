"""Rows that somebody registers, and names that somebody gives:
whatever replays a graph gives the engine's numbers with them.
"""

from __future__ import annotations

import builtins
import dis
import math
import multiprocessing
import os
import subprocess
import sys
import types
from importlib.util import find_spec

import pytest

from tinygrad_edu import Op, Value, functional, grad, nn, ops, register, topological
from tinygrad_edu.languages import LANGUAGES
from tinygrad_edu.replay import jit
from tinygrad_edu.replay.python_backend import Python
from tinygrad_edu.replay.record import record
from tinygrad_edu.replay.trace import trace
from tinygrad_edu.sourcecode import names_of, source
from tinygrad_edu.text import name

TWO = (ops.REAL, ops.REAL)
# What can be written with other rows: by `parts`, or because its rules take names as well as numbers.
WRITTEN = [
    Op("cube_parts", lambda x: x * x * x, lambda y, x: (3 * x * x,), parts=lambda x: x * x * x),
    Op("cube", lambda x: x * x * x, lambda y, x: (3 * x * x,)),
    Op("saddle", lambda a, b: a * a - b, lambda y, a, b: (2 * a, -1.0), domain=TWO),
    Op("saddle_parts", lambda a, b: a * a - b, lambda y, a, b: (2 * a, -1.0), domain=TWO, parts=lambda a, b: a * a - b),
    Op("lg", lambda x: ops.log(x) / math.log(10), lambda y, x: (1 / (x * math.log(10)),), domain=(ops.POSITIVE,)),
    Op("zero", lambda x: 0 * x, lambda y, x: (0.0 * x,)),
    Op(
        "dense", lambda a, b: a * b + a, lambda y, a, b: (b + 1, a), domain=TWO
    ),  # names that the kernel, Python and texts have, too
    Op("linear", lambda x: 2 * x, lambda y, x: (2,)),
    Op("within", lambda x: x + 1, lambda y, x: (1.0,)),
    Op("lambda", lambda x: x / 3, lambda y, x: (1 / 3,)),
    Op("value", lambda x: x - 3, lambda y, x: (1.0,)),
    Op("x1", lambda x: x * x, lambda y, x: (x + x,)),
    Op("dw", lambda x: -x, lambda y, x: (-1.0,)),
]
# What only numbers can run: rules with branches, and with functions of floats.
NUMBERS = [
    Op("leaky", lambda x: x if x > 0 else 0.1 * x, lambda y, x: (1.0 if x > 0 else 0.1,)),
    Op("sinc_", lambda x: math.sin(x) / x if x else 1.0, lambda y, x: ((math.cos(x) - y) / x if x != 0 else 0.0,)),
    Op("halfway", lambda x: x * x, lambda y, x: (2 * x if x == x else 0.0,)),
    Op("steps", lambda x: math.floor(4 * x), lambda y, x: (0,)),
    Op("lb", math.log2, lambda y, x: (1 / (x * math.log(2)),), domain=(ops.POSITIVE,)),
    Op("larger", lambda a, b: max(a, b), lambda y, a, b: (float(a > b), float(b >= a)), domain=TWO),
    Op(
        "largest", lambda *xs: sorted(xs)[-1], lambda y, *xs: tuple([float(x >= y) for x in xs]), domain=(ops.REAL, ...)
    ),
]
each = pytest.mark.parametrize("op", [*WRITTEN, *NUMBERS], ids=lambda op: op.name)
POINTS = [0.6, 1.5, 0.2, 0.0625]
EXACT = ["python", *["numpy"] * bool(find_spec("numpy")), *["native"] * bool(find_spec("numba"))]


@pytest.fixture(autouse=True)
def table():
    before = {op.name: vars(Value)[op.name] for op in (*WRITTEN, *NUMBERS) if op.name in vars(Value)}
    for op in (*WRITTEN, *NUMBERS):
        register(op)
    yield
    for op in (*WRITTEN, *NUMBERS):
        del ops.TABLE[op.name]
        delattr(Value, op.name)
    for word, method in before.items():  # words that say what is meant, such as `value`
        setattr(Value, word, method)


def used(op, w):
    """A row by itself, of its own result, of a parameter alone, and inside a dot."""

    def f(x):
        more = [w] * (len(op.domain) - 1 + (... in op.domain))
        once = op(x * w, *more)
        return functional.dot([once, w, op(w, *more)], [x, op(x, *more), once], bias=op(once * once + 1, *more)) * once

    return f


def passes(f, x, w):
    x.grad = w.grad = 0.0
    y = f(x)
    y.backward()
    return y.data, x.grad, w.grad


@each
def test_a_registered_row_is_replayed_to_the_engines_bits(op):
    w, x = Value(0.7, "w"), Value(0.6, "x")
    f = used(op, w)
    expected, [d] = passes(f, x, w), grad(f(x), x)
    w.grad = 0.0
    functional.mean([f(v) for v in POINTS]).backward()
    of_batch = w.grad
    for backend in ("auto", *EXACT):
        if backend == "native" and op in NUMBERS:
            with pytest.raises(
                TypeError, match=rf"row '{op.name}' cannot be written with other rows.*where.*backend=\"python\""
            ):
                jit(f, backend)(x)
            continue
        g = jit(f, backend)
        assert passes(g, x, w) == expected, backend
        assert g.map(POINTS) == pytest.approx([f(v).data for v in POINTS], rel=1e-15, abs=0), backend
        w.grad = 0.0
        g.mean(POINTS).backward()
        assert w.grad == pytest.approx(of_batch, rel=1e-13), backend
        again = grad(g(x), x)[0]
        assert again.data == d.data and "def value_and_grads" in g.source
        if op.name not in ("sinc_", "lb"):  # whose rules only floats can differentiate
            w.grad = x.grad = 0.0
            again.backward()
            twice, x.grad = x.grad, 0.0
            d.backward()
            assert twice == x.grad
            d = grad(f(x), x)[0]


@pytest.mark.parametrize("backend", EXACT)
def test_where_a_row_is_not_defined_a_replay_has_no_slope_either(backend):
    bounded = [op for op in (*ops.TABLE.values(), ops.power(0.5)) if op.domain[0] != ops.REAL and op not in NUMBERS]
    bits = lambda xs: [repr(x.grad) for x in xs]  # noqa: E731
    for op in bounded:
        f, slopes = jit(op, backend), jit(lambda x, *rest, op=op: functional.sum(grad(op(x, *rest), x, *rest)), backend)
        for a in (-2.0, -1e-300, 3.0, math.inf, math.nan):
            for b in (1e-20, -1e-20, 0.5, 1.0, 1e300)[: 5 if len(op.domain) > 1 else 1]:
                by_hand, replayed = ([Value(a), *[Value(b) for _ in op.domain[1:]]] for _ in range(2))
                op(*by_hand).backward()
                f(*replayed).backward()
                assert bits(by_hand) == bits(replayed), (op, a, b)
                assert repr(slopes(*replayed).data) == repr(functional.sum(grad(op(*by_hand), *by_hand)).data), (
                    op,
                    a,
                    b,
                )


@pytest.mark.skipif(not find_spec("jax"), reason="the jax backend needs JAX")
def test_jax_runs_what_can_be_written_and_names_what_cannot():
    w, x = Value(0.7, "w"), Value(0.6, "x")
    every = lambda x: functional.sum([used(op, w)(x) for op in WRITTEN])  # noqa: E731
    assert passes(jit(every, "jax"), x, w) == pytest.approx(passes(every, x, w), rel=1e-12)
    for op in NUMBERS:
        with pytest.raises(TypeError, match=rf"jax backend cannot run the row '{op.name}'.*where.*backend=\"python\""):
            jit(used(op, w), "jax")(x)


@each
def test_a_text_for_people_defines_every_row_or_says_which_it_cannot(op):
    w, x = Value(0.7, "w"), Value(0.6, "x")
    y = used(op, w)(x)
    expected = passes(used(op, w), x, w)
    for language in ("python", *["numpy"] * bool(find_spec("numpy"))):
        if op in NUMBERS:
            with pytest.raises(TypeError, match=f"row '{op.name}' cannot be written with other rows"):
                source(y, language)
            continue
        scope = {}
        exec(source(y, language, exact=True), scope)
        names = names_of(topological(y), held={y: "y"})
        assert (scope[names[y]], scope[f"d{names[x]}"], scope[f"d{names[w]}"]) == expected


def test_a_row_of_any_number_of_inputs_asks_for_its_parts():
    squares = register(Op("squares", lambda *xs: functional.sum([x * x for x in xs]),
                          lambda y, *xs: tuple([2 * x for x in xs]), domain=(ops.REAL, ...)))  # fmt: skip
    try:
        w = Value(2.0, "w")
        with pytest.raises(TypeError, match=r"'squares' takes any number of inputs.*parts"):
            source(squares(w, w * 3))
        for backend in EXACT:
            assert passes(jit(used(squares, w), backend), Value(0.5), w) == passes(used(squares, w), Value(0.5), w)
    finally:
        del ops.TABLE["squares"], Value.squares


def test_rows_that_share_a_name_stay_apart():
    rows = [Op("tanh", lambda x: 2 * x, lambda y, x: (2.0,)), Op("tanh", lambda x: 3 * x, lambda y, x: (3.0,)),
            Op("if so(1)", lambda x: x if x > 1 else 1.0, lambda y, x: (float(x > 1),)),
            Op("if so(2)", lambda x: x if x > 2 else 2.0, lambda y, x: (float(x > 2),))]  # fmt: skip
    w = Value(0.7, "tanh_")

    def f(x):
        return functional.sum([op(x * w) * (i + 1) for i, op in enumerate(rows)]) * x.tanh()

    for backend in ("auto", "python", *["numpy"] * bool(find_spec("numpy"))):
        for x in (0.3, 2.0, 9.0):
            assert passes(jit(f, backend), Value(x), w) == passes(f, Value(x), w)


@pytest.mark.parametrize("language", ["python", "numpy", "javascript"])
def test_only_a_row_of_ours_has_a_languages_own_word(language):
    speech = LANGUAGES[language].fresh()
    stranger = Op("exp", lambda x: x + 1, lambda y, x: (1.0,))
    e = stranger(name("v"))
    assert speech.write(e) == "exp_(v)" and "x + 1" in speech.prelude([e]) and not speech.given
    assert (
        LANGUAGES["latex"].fresh().write(Op("my_row", abs, lambda y, x: (1.0,))(name("v")))
        == r"\operatorname{my\_row}(v)"
    )


def test_a_rule_with_too_few_local_gradients_never_reaches_the_kernel():
    pytest.importorskip("numba")
    short = Op("short", lambda a, b: a * b, lambda y, a, b: (b,), domain=TWO)
    with pytest.raises(
        TypeError, match=r"'short' must return a tuple with one local gradient for each of its 2 inputs"
    ):
        jit(lambda x: short(x, x * 2), "native")(Value(1.0))


# Registered before anything of `jit` is imported.

EARLY = """
import sys
from tinygrad_edu import Op, Value, jit, nn, register
rows = [register(Op("cube", lambda x: x * x * x, lambda y, x: (3 * x * x,), parts=lambda x: x * x * x)),
        register(Op("squared_", lambda x: x * x, lambda y, x: (2 * x,))),
        register(Op("pick", lambda a, b: a if a > b else b, lambda y, a, b: (float(a > b), float(a <= b)),
                    domain=((-9, 9), (-9, 9))))]
assert not any(m.startswith("tinygrad_edu.replay.") and m.endswith(("kernel", "machine")) for m in sys.modules)
model = nn.MLP(2, [4, 1], seed=0)
def plain(a, b): return (model([a, b]) * b).exp() - model([b, a]).tanh() / a
def ours(a, b): return rows[0](plain(a, b)) + rows[1](a * b) * rows[0](a)
def branches(a, b): return rows[2](plain(a, b), a)
def passes(f):
    model.zero_grad()
    a, b = Value(1.0), Value(2.0)
    y = f(a, b)
    y.backward()
    return [y.data, a.grad, b.grad, *[p.grad for p in model.parameters()]]
for backend in sys.argv[1:]:
    for f in (plain, ours, branches) if backend != "native" else (plain, ours):
        assert passes(jit(f, backend)) == passes(f), (backend, f)
print("equal")
"""


def test_rows_registered_before_the_first_replay_change_no_other_row():
    run = subprocess.run([sys.executable, "-c", EARLY, "auto", *EXACT], capture_output=True, text=True)
    assert run.stdout == "equal\n", run.stderr


def test_the_kernel_has_only_the_rows_of_the_package():
    pytest.importorskip("numpy")
    code = "from tinygrad_edu import Op, register; register(Op('cube', abs, lambda y, x: (1.0,)));" \
           "from tinygrad_edu.replay import kernel; print('cube' in str(kernel.UNARY), kernel.TEXT)"  # fmt: skip
    from tinygrad_edu.replay import kernel

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == f"False {kernel.TEXT}\n"


# Names.


@pytest.mark.parametrize(
    ("one", "other"),
    [("\ufb01", "fi"), ("x\u00b2", "x2"), ("\u2460", "1"), ("\u212b", "\u00c5"), ("\u1100*\u1161", "\uac00")],
)
def test_labels_that_are_one_name_to_python_are_two_names_in_the_text(one, other):
    a, c = Value(2.0, one), Value(3.0, other)
    f = lambda x: a * x - c  # noqa: E731
    assert [f(1.0).data] == jit(f, "python").map([1.0]) == [-1.0] and jit(f, "python")(1.0).data == -1.0
    scope = {}
    exec(source(f(Value(1.0, "x"))), scope)
    assert -1.0 in scope.values()


@pytest.mark.parametrize(
    "label", ["\u2460", "\U00010a40", "\u00bd", "\u0301a", "\u00aa", "a\u00b7", "\u2118", "\u0e33"]
)
def test_any_sign_becomes_a_name(label):
    x = Value(0.5, label)
    [leaf, *_] = names_of([x, x * x]).values()
    assert leaf.isidentifier()
    assert jit(lambda v: v * x, "python")(3.0).data == 1.5


TAKEN = ["reversed", "enumerate", "float", "abs", "ValueError", "OverflowError", "ZeroDivisionError", "isfinite",
         "divide", "total", "limits", "f", "g", "e", "batch", "value", "leaves", "leaf", "theta_", "samples_",
         "outputs_", "seed", "np", "jnp", "math", "_closed", "Float", "nan", "v1", "x1", "number", "append", "NaN",
         "x1_slopes"]  # fmt: skip


@pytest.mark.parametrize("label", TAKEN)
def test_a_label_takes_no_name_from_the_text(label):
    w = Value(0.25, label)

    def plain(x):
        lse = functional.logsumexp([x * w, w, x])
        return (lse * w).log() + x / w + (x * w) ** 0.5 + (w * x).sigmoid() + (w * x).erf() + w.sinh() + (x * w).pow(w)

    def f(x):
        return plain(x) + ops.TABLE["leaky"](w * x)

    expected = functional.mean([f(v) for v in map(Value, (1.0, 2.0))])
    expected.backward()
    slope, w.grad = w.grad, 0.0
    for backend in ("python", *["numpy"] * bool(find_spec("numpy"))):
        w.grad = 0.0
        y = jit(f, backend).mean([1.0, 2.0])
        y.backward()
        assert (y.data, w.grad) == pytest.approx((expected.data, slope), rel=1e-14)
        assert passes(jit(f, backend), Value(1.5), w) == passes(f, Value(1.5), w)
    x = Value(1.5, "x")
    y = plain(x)
    for language in ("python", *["numpy"] * bool(find_spec("numpy"))):
        scope, names = {}, names_of(topological(y))
        exec(source(y, language, exact=True), scope)
        w.grad = 0.0
        y.backward()
        assert float(scope[f"d{names[w]}"]) == pytest.approx(w.grad, rel=1e-13)


def _globals(code):
    """Every name that some code looks up outside of its functions."""
    found = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return found.union(*[_globals(c) for c in code.co_consts if isinstance(c, types.CodeType)])


def test_no_builtin_that_a_text_uses_may_be_the_name_of_a_label():
    w = Value(0.4, "w")

    def f(x):
        return functional.sum([op(*[x * w, w, x][: len(op.domain)]) for op in ops.TABLE.values()
                               if op not in NUMBERS and ... not in op.domain]
                              + [functional.logsumexp([x, w, x]), ops.power(0.5)(x), ops.power(-1)(w)])  # fmt: skip

    r = record(f, [0.3], lambda leaves: leaves)
    texts = [source(f(Value(0.3, "x")), language) for language in ("python", "numpy")]
    p = Python(trace(r, [*r.inputs, *r.parameters]))
    texts += [p.text, p.loop_text]
    used = set().union(*[_globals(compile(t, "text", "exec")) for t in texts]) & set(dir(builtins))
    assert {"float", "abs"} <= used
    assert [word for word in used if word in names_of([Value(1.0, word)]).values()] == []


def test_words_of_javascript_are_no_names_in_it():
    for word in ("var", "function", "new", "Math", "let", "this"):
        assert f"let {word} " not in source(Value(1.0, word) * Value(2.0, "y"), "javascript")
        assert word in source(Value(1.0, word) * Value(2.0, "y"))


# Forks.


def _many(seed):
    import numpy as np

    model = nn.MLP(4, [8, 1], seed=seed)
    f = jit(lambda a, b, c, d: model([a, b, c, d]).tanh(), "native")
    X = np.random.default_rng(0).normal(size=(4, 20_000))
    y = f.mean(*X)
    y.backward()
    return y.data, [p.grad for p in model.parameters()]


def _in_child(queue):
    queue.put(_many(1))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning", "ignore:.*fork.*:RuntimeWarning")
def test_a_forked_child_has_threads_of_its_own(monkeypatch):
    pytest.importorskip("numba")
    from tinygrad_edu.replay import binary, native_backend

    monkeypatch.setattr(native_backend, "_processors", lambda: 2)
    expected = _many(1)
    assert native_backend._pool(2)._threads
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    with binary._loading:  # as if another thread were loading just now
        child = context.Process(target=_in_child, args=(queue,))
        child.start()
    try:
        assert queue.get(timeout=60) == expected
        child.join(60)
        assert child.exitcode == 0
    finally:
        child.kill()
    assert _many(1) == expected


def test_a_row_whose_domain_says_less_than_its_rules_take_is_told_so_where_it_must_be_written():
    two = Op("two", lambda a, b: float(a if a > 0 else b), lambda y, a, b: (1.0, 0.0), domain=(ops.REAL,))
    assert jit(lambda x, y: two(x, y), "python")(1.0, 2.0).data == 1.0
    says = r"the row 'two' has 1 input, .*: domain=\(REAL, REAL\) says two inputs"
    with pytest.raises(TypeError, match=says):
        two(Value(1.0), Value(2.0)).source()
    if "native" in EXACT:
        with pytest.raises(TypeError, match=says):
            jit(lambda x, y: two(x, y), "native")(1.0, 2.0)


@pytest.mark.parametrize("backend", [*EXACT, *["jax"] * bool(find_spec("jax")), "auto"])
def test_partials_with_a_value_among_numbers_name_their_row_replayed_too(backend):
    row = Op("cube", lambda x: x * x * x, lambda y, x: (Value(3.0) * x * x,))
    with pytest.raises(TypeError, match=r"(partials of|rules of|run) the row 'cube'"):
        jit(lambda x: row(x) * 1.0, backend)(Value(2.0)).backward()
