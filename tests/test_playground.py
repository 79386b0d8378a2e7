"""What a page in the browser asks, and what it is answered: plain data, the engine's numbers, errors in a sentence."""

import contextlib
import io
import json
import math
from xml.etree import ElementTree

import pytest

from tinygrad_edu.expression import parse
from tinygrad_edu.playground import answer

FORMULAS = [
    ("o = tanh(x1*w1 + x2*w2 + b)", {"x1": 2, "w1": -3, "x2": 0, "w2": 1, "b": 6.88}),
    ("h = x**2; L = h + h**2", {"x": 2}),
    ("lambda*sin(x)", {"lambda": -0.5, "x": 1}),
    ("maximum(a, b) > 1", {"a": 2, "b": 1}),
    ("π·√a", {"a": 2}),
    ("x", {"x": 3}),
]


def asked(question, **given):
    said = json.loads(answer(f"look.{question}", json.dumps(given)))
    assert "fault" not in said, said["fault"]
    return said


@pytest.mark.parametrize(("text", "numbers"), FORMULAS)
def test_a_graph_has_the_gradients_of_the_engine_and_a_card_for_each_node(text, numbers):
    seen = asked("graph", expression=text, numbers=numbers)["value"]
    root, values = parse(text)(**numbers)
    root.backward()
    assert seen["names"] == list(numbers) and seen["value"] == root.data
    assert seen["grads"] == [values[n].grad for n in numbers]
    drawn = {g.get("id") for g in ElementTree.fromstring(seen["svg"]).iter("{http://www.w3.org/2000/svg}g")}
    assert set(seen["cards"]) <= drawn and set(numbers) <= set(seen["cards"].values())


@pytest.mark.parametrize(("text", "numbers"), FORMULAS)
def test_each_card_can_be_explained_by_what_it_is_called(text, numbers):
    seen = asked("graph", expression=text, numbers=numbers)["value"]
    for name in seen["cards"].values():
        told = asked("graph", expression=text, numbers=numbers, of=name)["value"]["why"]
        assert told.startswith("<p><strong>Why is</strong> <code>d") and f"/d{name} = " in told


@pytest.mark.parametrize(("text", "numbers"), FORMULAS)
def test_the_program_to_paste_prints_the_gradient_that_is_seen(text, numbers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen, of = asked("graph", expression=text, numbers=numbers)["value"], [*numbers][-1]
    program = asked("program", expression=text, numbers=numbers, of=of)["value"]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(program, {})
    said = out.getvalue()
    if seen["path"] or len(seen["cards"]) > 1:
        assert float(said.splitlines()[0]) == seen["grads"][-1]
    assert list(tmp_path.glob("*.svg"))


@pytest.mark.parametrize("x", ["inf", "-inf", "nan"])
def test_what_is_not_finite_is_shown_told_and_written_down(x):
    given = {"expression": "L = tanh(w*x)", "numbers": {"w": 0, "x": x}}
    seen = asked("graph", **given, of="w")["value"]
    assert "nan" in seen["grads"] or x == "nan"
    assert seen["alarms"] or x == "nan"
    program = asked("program", **given, of="w")["value"]
    assert f'float("{x}")' in program
    for question in ("explanation", "step_page", "order"):
        assert "value" in asked(question, **given)
    assert asked("check", **given)["error"] == f"x is {float(x)}: differences need finite numbers"


@pytest.mark.parametrize("question", ["graph", "explanation", "step_page", "order", "program", "check"])
@pytest.mark.parametrize(
    ("text", "numbers", "said"),
    [
        ("tanh(", {}, "cannot read 'tanh(' at column 5"),
        ("a*b", {"a": 1}, "b has no value"),
        ("a", {"a": "one"}, "a needs a number such as 2"),
        ("a", {"a": None}, "a needs a number such as 2"),
        ("a", {"a": 10**400}, "a needs a number such as 2"),
        ("clip(a, 1, 0)", {"a": 1}, "needs lo <= hi"),
        ("__import__('os')", {}, "cannot read"),
    ],
)
def test_what_a_person_can_put_right_is_an_error_in_a_sentence(question, text, numbers, said):
    assert said in asked(question, expression=text, numbers=numbers)["error"]


@pytest.mark.parametrize(
    ("text", "named"), [("log(-1)", "log(x)"), ("1/0", "x/0"), ("3", "x"), ("log1p(1e-3)", "log1p(x)")]
)
def test_a_formula_without_names_says_how_one_gets_a_gradient_to_ask_for(text, named):
    seen = asked("graph", expression=text, numbers={})["value"]
    assert seen["root"] == "L" and f"as in <code>{named}</code>" in seen["why"] and not seen["path"]
    assert "Why is" not in seen["why"]


def test_a_name_that_the_result_does_not_read_has_gradient_0_and_is_told_so():
    given = {"expression": "a; b", "numbers": {"a": 1, "b": 2}, "of": "a"}
    assert "b is not computed from a" in asked("graph", **given)["value"]["why"]
    exec(asked("program", **given)["value"].replace("b.draw().save", "str"), {})
    assert "called 'q'" in asked("graph", **{**given, "of": "q"})["error"]


def test_a_function_is_not_taken_for_a_name():
    assert asked("read", expression="1 + tanh")["error"].startswith("tanh is a function: write tanh(x)")


@pytest.mark.parametrize("text", ["log(-1)", "log((-1))", "sqrt(-1)", "exp(1000)", "0/0"])
def test_a_number_alone_has_one_pair_of_parentheses_and_is_not_said_to_be_itself(text):
    said = " ".join(asked("graph", expression=text, numbers={})["value"]["alarms"])
    assert said and "((" not in said and " at " not in said
    assert "((" not in asked("program", expression=text, numbers={}, language="latex")["value"]


def test_a_large_graph_is_drawn_in_part_and_says_so_and_has_no_step_page():
    steps = "; ".join(["a0 = x"] + [f"a{i + 1} = tanh(a{i}) + {i}" for i in range(150)])
    seen = asked("graph", expression=steps, numbers={"x": 1}, of="x")["value"]
    assert "100 of 453 nodes" in seen["note"]
    assert math.isfinite(seen["grads"][0])
    assert "nodes" in asked("step_page", expression=steps, numbers={"x": 1})["error"]


def test_only_what_a_door_offers_can_be_asked():
    for question in ("look.rooted", "look.parse", "os.system", "look", "look.__all__"):
        said = json.loads(answer(question, "{}"))
        assert "nothing answers to" in said["fault"], question
