"""Under `anomalies` the first number that is not finite is named, with the line of the user's code that made it."""

import asyncio
import contextvars
import copy
import gc
import math
import os
import pickle
import re
import subprocess
import sys
import threading
import warnings
import weakref
from itertools import product
from pathlib import Path

import pytest

from tinygrad_edu import Op, Value, anomalies, callsites, diagnose, fit, grad, jit, losses, modes, nn, no_grad, ops
from tinygrad_edu.cli import main

HERE = "test_anomalies.py"
SPECIAL = (0.0, -1.0, 1.0, 3.0, -3.0, 1e308, -1e308)


def line_of(name):
    """The number of the line of this file that ends with `# here: name`."""
    lines = Path(__file__).read_text("utf-8").splitlines()
    [number] = [i for i, line in enumerate(lines, 1) if line.endswith(f"# here: {name}")]
    return number


def points(op, bad):
    """Inputs that are finite, of which `bad(y, xs)` is true; none if there are none among the special numbers."""
    n = len(op.domain) + (... in op.domain)
    return next((xs for xs in product(SPECIAL, repeat=n) if bad(op.forward(*xs), xs)), None)


def overflowing(op):
    return points(op, lambda y, xs: not math.isfinite(y))


def steep(op):
    return points(op, lambda y, xs: math.isfinite(y) and not all(map(math.isfinite, map(float, op.slopes(y, *xs)))))


ROWS = [*ops.TABLE.values(), ops.power(-1), ops.power(0.5), ops.power(3)]
SINGULAR, STEEP = [op for op in ROWS if overflowing(op)], [op for op in ROWS if steep(op)]


def told(what, f):
    """What an anomalies block said about f, once; and what f gave, if it went on."""
    if what == "raise":
        with anomalies("raise"), pytest.raises(FloatingPointError) as caught:
            f()
        return str(caught.value)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with anomalies("warn"):
            f()
    [warning] = caught
    assert warning.category is RuntimeWarning and warning.filename == __file__
    return str(warning.message)


# What is named


@pytest.mark.parametrize("what", ["raise", "warn"])
@pytest.mark.parametrize("op", SINGULAR, ids=lambda op: op.name)
def test_a_value_of_any_row_that_is_not_finite_is_named_with_its_inputs_its_domain_and_its_line(op, what):
    xs = [Value(x, label=f"x{i}") for i, x in enumerate(overflowing(op))]

    def forward():
        return op(*xs)  # here: any row

    said = told(what, forward)
    assert said.startswith(f"{op.name}(x0") and f"x0 = {xs[0].data!r}" in said
    assert said.count("is defined on") == any(d not in (ops.REAL, ...) for d in op.domain)
    assert re.search(rf"; at tests/{HERE}:{line_of('any row')}, in [\w.]+forward: return op\(\*xs\) # here", said)


@pytest.mark.parametrize("what", ["raise", "warn"])
@pytest.mark.parametrize("op", STEEP, ids=lambda op: op.name)
def test_an_infinite_slope_of_any_row_is_named_with_its_edge_and_the_line_that_made_its_node(op, what):
    xs = [Value(x, label=f"x{i}") for i, x in enumerate(steep(op))]

    def forward():
        y = op(*xs)  # here: the node of an infinite slope
        y.label = "y"
        return y

    def run():
        loss = forward() * 0.5
        loss.label = "loss"
        loss.backward()

    said = told(what, run)
    slopes = [float(d) for d in op.slopes(op.forward(*steep(op)), *steep(op))]
    place = next(i for i, d in enumerate(slopes) if not math.isfinite(d))
    assert said.startswith(
        f"the gradient of loss stops being finite at x{place} (value {xs[place].data!r}): y = {op.name}("
    )
    assert f"upstream × local = 0.5 × {slopes[place]:g} = {0.5 * slopes[place]:g}; y was made at" in said
    assert f"{HERE}:{line_of('the node of an infinite slope')}, in" in said
    assert ("no .grad was changed" in said) == (what == "raise")
    assert all((x.grad == 0.0) == (what == "raise") or math.isfinite(slopes[i]) for i, x in enumerate(xs))


def by_step(x):
    out = Value(0.0, (x,), "root")  # here: micrograd's way

    def _backward():
        x.grad += math.inf * out.grad

    out._backward = _backward
    return out


def by_gradients(x):
    return Value(0.0, (x,), (math.inf,))  # here: microgpt's way


@pytest.mark.parametrize("make, way", [(by_step, "micrograd's way"), (by_gradients, "microgpt's way")])
def test_a_node_made_by_hand_has_a_line_too(make, way):
    x = Value(0.0, label="x")
    said = told("raise", lambda: (make(x) * 2).backward())
    assert "2 × inf = inf" in said and f"at tests/{HERE}:{line_of(way)}, in {make.__name__}: " in said
    said = told("warn", lambda: Value(math.inf, (x,), "root"))
    assert said.startswith("root(x) = inf; its input is x = 0.0; at tests")


def test_a_gradient_that_only_sums_to_infinity_and_a_seed_are_told():
    x = Value(1.0, label="x")
    y = x * 1e200
    loss = (y + y) * 0.9e308
    with anomalies("raise"), pytest.raises(FloatingPointError, match=r"9e\+307 × 1 = 9e\+307, which is added to 9e"):
        loss.backward()
    with anomalies("raise"), pytest.raises(FloatingPointError, match="with respect to x is inf; no .grad"):
        x.backward(math.inf)
    assert x.grad == loss.grad == 0.0


def test_what_happens_in_a_layer_or_a_loss_is_said_to_and_the_line_is_still_the_users():
    model = nn.MLP(2, [3, 1], activation="tanh", seed=0)

    def of_model():
        return model([1e308, 1e308])  # here: a model

    def of_loss():
        return losses.mse([Value(1e200)], [0.0])  # here: a loss

    for p in model.parameters():
        p.data = 2.0
    where = ", in test_what_happens_in_a_layer_or_a_loss_is_said_to_and_the_line_is_still_the_users.of_"
    assert f"; in nn.MLP, called at tests/{HERE}:{line_of('a model')}{where}model: return model" in told(
        "raise", of_model
    )
    assert f"; in losses.mse, called at tests/{HERE}:{line_of('a loss')}{where}loss: return" in told("warn", of_loss)
    x = Value(0.0)
    y = x.sqrt()
    assert "in derivatives.grad, called at" in told("raise", lambda: grad(y, x))


def test_the_innermost_line_counts_also_of_what_the_package_calls_back():
    def act(z):
        return (z * 0).log()  # here: called back

    said = told("raise", lambda: nn.MLP(2, [2, 1], activation=act, seed=0)([1.0, 2.0]))
    assert f"; at tests/{HERE}:{line_of('called back')}, in" in said
    said = told("warn", lambda: jit(lambda x: act(x)).mean([1.0, 2.0]))
    assert f"; at tests/{HERE}:{line_of('called back')}, in" in said


def test_numbers_that_pass_through_other_libraries_have_a_line_too():
    np = pytest.importorskip("numpy")
    import colorsys

    xs = [Value(1e308), Value(1e308)]
    for name, f in {
        "np.var": lambda: np.var(np.array(xs)),
        "np.sum": lambda: np.sum(np.array(xs)),
        "colorsys.rgb_to_hls": lambda: colorsys.rgb_to_hls(xs[0], Value(-1e308), 0.0),
    }.items():
        said = told("raise", f)
        assert re.search(rf'; at tests/{HERE}:\d+, in test_numbers.*: "{name}": lambda: ', said), said


# Places without a file


def test_code_without_a_file_has_a_place_and_no_text(tmp_path):
    scope = {"Value": Value}
    exec("def f():\n    return Value(0.0).log()", scope)
    assert told("raise", scope["f"]).endswith("; at <string>:2, in f")
    code = "from tinygrad_edu import *\nwith anomalies('warn'): Value(0.0).log()"
    for command, name in (([sys.executable, "-c", code], "string"), ([sys.executable, "-"], "stdin")):
        run = subprocess.run(command, input=code, capture_output=True, text=True)
        assert run.returncode == 0 and re.search(rf"RuntimeWarning: log\(0.0\) = -inf.*; at <{name}>:2", run.stderr)
    path = tmp_path / "train.py"
    path.write_text(f"{code}\n")
    run = subprocess.run([sys.executable, path.name], capture_output=True, text=True, cwd=tmp_path)
    assert "; at train.py:2: with anomalies('warn'): Value(0.0).log()\n" in run.stderr.replace(f"{tmp_path}/", "")


def test_a_cell_of_a_notebook_has_its_number():
    pytest.importorskip("IPython")
    code = (
        "from IPython.core.interactiveshell import InteractiveShell as Shell\n"
        "s = Shell.instance(colors='nocolor', history_length=0)\n"
        "s.run_cell('from tinygrad_edu import *', store_history=True)\n"
        "r = s.run_cell('x = Value(0.0)\\nwith anomalies(\"warn\"):\\n    x.log()', store_history=True)\n"
    )
    run = subprocess.run([sys.executable, "-W", "always", "-c", code], capture_output=True, text=True)
    assert "-inf: log is defined on (0, inf); at cell 2, line 3: x.log()" in run.stderr, run.stderr


def test_a_source_that_is_written_anew_is_read_anew(tmp_path):
    path = tmp_path / "lesson.py"
    for name in ("first", "second, and longer"):
        path.write_text(f"y = x.log()  # {name}\n")
        run = compile(path.read_text(), str(path), "exec")
        assert told("raise", lambda: exec(run, {"x": Value(0.0)})).endswith(f"lesson.py:1: y = x.log() # {name}")


def test_a_command_has_no_line_and_a_system_of_the_zoo_has_one_from_anywhere(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    seen, plain = [], callsites._site
    monkeypatch.setattr(callsites, "_site", lambda frame: seen.append(plain(frame)) or seen[-1])
    with modes.lines():
        assert main(["grad", "a * b", "a=1", "b=2"]) == 0 and set(seen) == {None}
    essay = compile("y = x.log()", os.path.join(callsites._PACKAGE, "zoo", "essay.py"), "exec")
    said = told("raise", lambda: exec(essay, {"x": Value(0.0)}))
    assert said.endswith(f"; at {os.path.join('tinygrad_edu', 'zoo', 'essay.py')}:1")


# Blocks


def blow_up():
    return Value(0.0).log()


def counted(f):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        f()
    return len(caught)


def test_a_block_warns_once_however_much_goes_wrong_and_goes_on():
    x = Value(0.0)

    def run():
        with anomalies("warn"):
            y = x.sqrt() * 2
            for _ in range(3):
                y.backward()
            blow_up()
            assert blow_up().data == -math.inf

    assert counted(run) == 1 and x.grad == math.inf
    assert counted(lambda: [run(), run()]) == 2


def test_one_block_that_is_entered_twice_and_each_call_of_what_is_decorated_warn_once():
    block = anomalies("warn")

    def twice():
        for _ in range(2):
            with block:
                blow_up(), blow_up()

    def nested():
        with block:
            with block:
                blow_up(), blow_up()
            blow_up(), blow_up()

    @anomalies("warn")
    def steps():
        for _ in range(3):
            yield blow_up()

    def generator():
        assert [v.data for v in steps()] == [-math.inf] * 3
        blow_up()  # outside

    @anomalies("warn")
    async def awaited():
        blow_up()
        await asyncio.sleep(0)
        blow_up()

    @block
    async def stream():
        for _ in range(3):
            yield blow_up()

    async def streamed():
        assert [v.data async for v in stream()] == [-math.inf] * 3

    for f, times in (
        (twice, 2),
        (nested, 2),
        (anomalies("warn")(lambda: [blow_up(), blow_up()]), 1),
        (generator, 1),
        (lambda: asyncio.run(awaited()), 1),
        (lambda: asyncio.run(streamed()), 1),
    ):
        assert counted(f) == times


def test_the_inner_block_wins():
    for outer in ("raise", "warn"):
        with anomalies(outer), anomalies("ignore"):
            assert blow_up().data == -math.inf
        with anomalies("ignore"), anomalies(outer), pytest.raises((FloatingPointError, RuntimeWarning), match="log"):
            blow_up()
    with anomalies("warn"), anomalies("raise"), pytest.raises(FloatingPointError):
        blow_up()

    def warned_inside():
        with anomalies("raise"), anomalies("warn"):
            blow_up()

    assert counted(warned_inside) == 1


def test_a_warning_that_is_an_error_changes_no_gradient():
    x = Value(0.0)
    y = x.sqrt()
    with anomalies("warn"), pytest.raises(RuntimeWarning, match="stops being finite"):
        y.backward()
    assert x.grad == y.grad == 0.0


def test_a_block_belongs_to_its_thread_and_its_tasks():
    seen = {}

    def elsewhere(name):
        seen[name] = callsites.told(blow_up())

    with anomalies("warn"):
        thread = threading.Thread(target=elsewhere, args=("thread",), context=contextvars.Context()) \
            if sys.version_info >= (3, 14) else threading.Thread(target=elsewhere, args=("thread",))  # fmt: skip
        thread.start()
        thread.join()
    assert seen == {"thread": ""}

    async def tasks():
        async def quiet():
            await asyncio.sleep(0)
            return blow_up()

        async def loud():
            with anomalies("raise"):
                await asyncio.sleep(0)
                with pytest.raises(FloatingPointError):
                    blow_up()
                await asyncio.sleep(0)

        await asyncio.gather(loud(), quiet(), loud(), quiet())

    assert counted(lambda: asyncio.run(tasks())) == 0


# What a line costs


def test_nothing_that_a_line_saw_is_kept_alive():
    class Large:
        pass

    def forward(x):
        large = Large()
        alive.append(weakref.ref(large))
        return (x * 2).tanh()

    alive = []
    gc.disable()
    try:
        with anomalies("raise"):
            y = forward(Value(1.0))
        assert alive[0]() is None and "in test_nothing_that_a_line_saw" in callsites.told(y)
    finally:
        gc.enable()


def test_numbers_are_the_same_with_and_without_a_block():
    def run():
        model = nn.MLP(2, [8, 8, 1], activation="tanh", seed=1)
        loss = losses.mse([model([x, -x * x]) for x in (0.1, 0.7, -1.3)], [1.0, 0.0, 2.0])
        loss.backward()
        return [loss.data, *[p.grad for p in model.parameters()]]

    plain = run()
    for what in ("raise", "warn", "ignore"):
        with anomalies(what):
            assert run() == plain
    with modes.lines():
        assert run() == plain


def test_a_node_has_a_line_in_a_block_alone_and_copies_have_none():
    x = Value(2.0, label="x")
    assert callsites.told(x * 2) == ""
    with anomalies("ignore"):
        assert callsites.told(x * 2) == ""
    with anomalies("warn"):
        y = x * 2  # here: a node with a line
        with no_grad():
            assert callsites.told(x * 2)
    y.mine = 1
    assert f"{HERE}:{line_of('a node with a line')}, in" in callsites.told(y)
    for twin in (copy.copy(y), copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert vars(twin) == {"mine": 1} and callsites.told(twin) == ""
    assert repr(y) == "Value(4.0)"


def test_what_was_computed_in_a_block_can_be_read_by_a_function_that_is_recorded():
    with anomalies("raise"):
        w = Value(1.5) * 2
    f = jit(lambda x: w * x)
    assert f(2.0).data == 6.0 and f(3.0).data == 9.0


# Who uses it


def test_a_rule_of_ones_own_is_named_by_its_line():
    bad = Op("bad", lambda x: x, lambda y, x: (1 / x,))

    def forward(x):
        return bad(x)  # here: a rule of my own

    x = Value(0.0, "x")
    said = told("raise", lambda: forward(x).backward())
    assert f"{line_of('a rule of my own')}, in" in said and "1 × inf = inf" in said


@pytest.mark.parametrize("make", [lambda f: f, jit], ids=["plain", "jit"])
@pytest.mark.parametrize("around", [None, "raise"])
def test_the_doctor_shows_the_line_when_it_runs_the_function(make, around):
    w = Value(0.0, label="w")

    def loss(x):
        root = (w * x).sqrt()  # here: the doctor
        return root * 2

    with anomalies(around or "ignore"):
        diagnosis = diagnose(make(loss), None, [3.0] if make is jit else 3.0)
    [finding] = diagnosis.findings
    assert finding.line.startswith(f"at tests/{HERE}:{line_of('the doctor')}, in test_the_doctor")
    assert finding.line == finding.to_dict()["line"] and ("line", finding.line) in finding.parts()
    words = " ".join(str(diagnosis).split())
    assert finding.line in words and "To see lines" not in words and "**line** at" in diagnosis._repr_markdown_()
    again = pickle.loads(pickle.dumps(finding)) if make is not jit else finding
    assert again.line == finding.line and callsites.told(Value(1.0) * 2) == ""


def test_the_doctor_says_how_to_get_lines_where_there_are_none_but_findings():
    w = Value(0.0, label="w")
    words = " ".join(str(diagnose(w.sqrt() * 2)).split())
    assert words.endswith("diagnose(f), with a function that computes the loss.") and " line " not in words
    assert f"at tests/{HERE}:" in diagnose(lambda: w.sqrt() * 2).findings[0].line  # and so it does
    with pytest.raises(TypeError, match="takes nothing"):
        diagnose(lambda x: w.sqrt() * x)
    with anomalies("ignore"):
        assert diagnose(w.sqrt() * 2).findings[0].line == ""
    with anomalies("warn"):
        y = w.sqrt() * 2
    diagnosis = diagnose(y)
    assert HERE in diagnosis.findings[0].line and "To see lines" not in str(diagnosis)
    assert "To see lines" not in str(diagnose((w - 1) ** 2))


def test_fit_warns_once_names_the_line_and_goes_on():
    model = nn.MLP(1, [1], seed=0)

    def loss(output, target):
        return (output * 0).log() - target  # here: fit

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = fit(
            model, [[1.0], [2.0]], [0.0, 1.0], loss=loss, optimizer="sgd", lr=0.1, epochs=3, progress=False,
            anomalies="warn", stop_on_nan=False,
        )  # fmt: skip
    assert len(caught) == 1 and f"{HERE}:{line_of('fit')}, in" in str(caught[0].message)
    assert caught[0].lineno == line_of("fit") and history.steps == 3 and history.backend == "eager"
    with pytest.warns(RuntimeWarning) as stopped:
        fit(model, [[1.0]], [0.0], loss=loss, optimizer="sgd", lr=0.1, progress=False)
    assert "find the first bad number with anomalies='warn'" in str(stopped[-1].message)
    with pytest.raises(ValueError, match="anomalies='warn' looks at every node.*use backend='eager'"):
        fit(model, [[1.0]], [0.0], loss=loss, optimizer="sgd", lr=0.1, anomalies="warn", backend="python")
