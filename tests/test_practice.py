"""Practice: expressions that a person can do by hand, a dialog that says what is wrong, sheets to print."""

import base64
import html
import io
import math
import os
import re
import subprocess
import sys

import pytest

from tinygrad_edu import Value, ops, topological
from tinygrad_edu.cli import main
from tinygrad_edu.expression import parse
from tinygrad_edu.learn import practice, worksheet
from tinygrad_edu.learn.expressions import FORMS, LEAST, LEVELS, Problem, problem
from tinygrad_edu.learn.quiz import Practice
from tinygrad_edu.learn.slips import agrees

PLAIN = {
    "tanh": math.tanh, "exp": math.exp, "log": math.log, "relu": lambda x: max(x, 0.0), "maximum": max,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "where": lambda c, a, b: a if c else b,
}  # fmt: skip
SEEDS = range(60)


def run(one, **other):
    """All nodes in plain floats, with other numbers for some leaves."""
    room = {**PLAIN, **one.leaves, **other}
    exec("\n".join(one.steps), room)
    return room


@pytest.mark.parametrize("level", LEVELS)
def test_the_gradients_are_those_of_differences_on_either_side(level):
    """So no number is at a kink, or so near that a nudge would cross it."""
    for seed in SEEDS:
        one = problem(level, seed)
        root, nodes = one.graph()
        root.backward()
        assert math.isclose(run(one)["L"], root.data, rel_tol=1e-12)
        for name, x in one.leaves.items():
            h = 1e-6
            for to in (h, -h):
                slope = (run(one, **{name: x + to})["L"] - run(one)["L"]) / to
                assert math.isclose(slope, nodes[name].grad, rel_tol=1e-3, abs_tol=1e-3), (one, name)


@pytest.mark.parametrize("level", LEVELS)
def test_numbers_are_small_and_not_all_gradients_are_zero(level):
    for seed in SEEDS:
        one = problem(level, seed)
        root, nodes = one.graph()
        root.backward()
        sizes = [abs(x) for n in topological(root) for x in (n.data, n.grad)]
        assert max(sizes) < 100 and not any(0 < x < LEAST for x in sizes)
        if level <= 3:
            assert all(x and x.is_integer() for x in sizes)
        grads = [nodes[name].grad for name in one.leaves]
        assert len(grads) >= 2 and sum(map(bool, grads)) > len(grads) / 2 and root.data


def test_the_same_seed_gives_the_same_expression_in_any_process():
    room = "from tinygrad_edu.learn.expressions import problem"
    code = f"{room}\nfor k in range(1, 6): print(problem(k, 0), problem(k, 7))"
    env = os.environ | {"PYTHONHASHSEED": "5"}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout
    assert told.split() == " ".join(str(problem(k, s)) for k in LEVELS for s in (0, 7)).split()
    assert len({problem(3, s).text for s in SEEDS}) > len(SEEDS) / 2


def uses(one):
    """How often each node is used."""
    root, nodes = one.graph()
    inputs = [p for n in topological(root) for p in n.parents]
    return {name: sum(n is p for p in inputs) for name, n in nodes.items()}


def test_a_level_has_what_it_is_about():
    for seed in SEEDS:
        one = {level: problem(level, seed) for level in LEVELS}
        assert len(one[1].steps) == 2 and len(one[2].steps) in (3, 4)
        assert max(uses(one[1]).values()) == max(uses(one[2]).values()) == 1 < max(uses(one[3]).values())
        assert all("* " in one[k].text for k in (1, 2, 3))
        assert not any("(" in one[k].text for k in (1, 2, 3))
        assert any(word in one[4].text for word in ("tanh", "relu", "exp", "log", "sigmoid", "** 3", "/"))
        assert any(word in one[5].text for word in ("maximum", "where")) and "w" in "".join(one[5].leaves)
        assert all(list(uses(p).values()).count(0) == 1 for p in one.values())  # L; all else is used


def test_rows_that_are_left_out_are_left_out():
    for seed in SEEDS:
        assert not {"-", "2", "3"} & {*problem(3, seed, rows=["add", "mul"]).text}
    with pytest.raises(ValueError, match="did you mean 'tanh'"):
        problem(4, rows=["tahn"])
    with pytest.raises(ValueError, match="allow more rows"):
        problem(1, rows=[])
    for level in (0, 6, "3", True):
        with pytest.raises(ValueError, match="levels 1 to 5"):
            problem(level)


def test_every_form_can_be_read_and_comes_up():
    for form in FORMS.values():
        assert parse(form.format(*"abc")).names
    texts = " ".join(problem(level, seed).text for level in LEVELS for seed in range(80))
    assert all(form.replace("{}", "").strip(" ,()").split("(")[0] in texts for form in FORMS.values())


def wrong_answers(one, blank):
    """Numbers that people give for a gradient, by what they did, computed from the edges that lead to it."""
    edges, right = one.walk.into[blank.node], blank.right
    yield "missing minus", -right
    if len(edges) == 1:
        [e] = edges
        yield "forgot upstream", e.local
        yield "forgot local", e.upstream
        yield "added along the path", e.upstream + e.local
    else:
        yield "multiplied at the fork", math.prod(e.contribution for e in edges)
        for e in edges:
            yield "forgot to add at the fork", right - e.contribution
    for e in edges:
        if e.node.op is ops.mul and e.node.parents[0] is not e.node.parents[1]:
            yield "swapped arguments", right - e.contribution + e.upstream * one.walk.value(e.parent)
        if e.node.op is ops.square or e.node.op.name == "power(2)":
            yield "power rule", right - e.contribution / 2
        if e.node.op is ops.tanh:
            yield "input used for output", right - e.contribution + e.upstream * (1 - one.walk.value(e.parent) ** 2)
        if e.node.op in (ops.relu, ops.maximum) or (e.node.op is ops.where and e.place):
            yield "other side of a kink", right - e.contribution + e.upstream * (1 - e.local)


@pytest.mark.parametrize("level", LEVELS)
def test_a_wrong_gradient_is_known_by_what_was_done_or_by_something_that_gives_the_same(level):
    """Where two mistakes give one number, either name is right; most of the time there is one."""
    named, count = 0, 0
    for seed in range(25):
        one = practice(level, seed)
        for blank in one.blanks.values():
            if not blank.step:
                for what, x in wrong_answers(one, blank):
                    if not agrees(x, blank.right):
                        marks = one.check(blank.name, x)
                        [remark] = marks.remarks
                        assert remark.mistake, (one, blank.name, what, x)
                        assert not marks and f"{blank.name} is not" in str(marks)
                        named, count = named + (remark.mistake == what), count + 1
    assert count > 100 and named > 0.7 * count, (named, count)


@pytest.mark.parametrize("level", LEVELS)
def test_a_right_answer_passes_however_it_is_written_and_no_hint_has_it(level):
    for seed in range(10):
        one = practice(level, seed)
        for name, blank in one.blanks.items():
            told = one.derivation(name)
            _, formula, *ways, result = told
            if blank.step:
                with pytest.raises(ValueError, match="write a number in the place of"):
                    one.check(name, formula)
            elif " if " not in formula:
                ways.append(formula)
            digits = max(3 - math.floor(math.log10(abs(blank.right) or 1)), 0)
            for way in (blank.right, repr(blank.right), *ways, f"{blank.right:.{digits}f}", f"{blank.right}/1"):
                assert one.check(name, way), (one, name, way)
            assert agrees(float(result), blank.right) and one.hint(name, 2) == " = ".join(told[:3])
        assert one.check({name: blank.right for name, blank in one.blanks.items()})


@pytest.mark.parametrize("level", [4, 5])
def test_who_rounds_every_number_to_four_digits_is_right(level):
    for seed in SEEDS:
        one = practice(level, seed)
        for name in one.blanks:
            _, formula, numbers, *_ = one.derivation(name)
            assert one.check(name, numbers), (one, name)


VALUES = [
    ("d = a * b; L = d + a", "d", 5, "this is a + b"),
    ("d = a - b; L = d * a", "d", -1, "the sign is turned"),
    ("d = a / b; L = d * a", "d", 2 / 3, "this is b / a"),
    ("d = a ** 2; L = d + b", "d", 6, "a power multiplies a with itself"),
    ("d = 2 * a; L = d + b", "d", 5, "this is 2 + a"),
    ("d = tanh(a); L = d + b", "d", 3, "this is a itself"),
    ("d = tanh(a); L = d + b", "d", 0.9526, "this is sigmoid(a)"),
    ("d = maximum(a, b); L = d * b", "d", 2, "this is minimum(a, b)"),
    ("d = a > b; L = where(d, b, a)", "d", 0, "a condition is 1 where it is so"),
    ("d = a > b; L = where(d, b, a)", "L", 3, "x if c is not 0"),
    ("d = b / a; L = d * a", "d", 0.7, "rounded too far"),
    ("d = a / b; L = d * a", "d", 77, None),
]


@pytest.mark.parametrize("text, name, x, said", VALUES)
def test_a_wrong_value_is_known_by_what_was_computed_in_its_place(text, name, x, said):
    marks = Practice(Problem(1, 0, tuple(text.split("; ")), {"a": 3.0, "b": 2.0})).check(name, x)
    assert not marks and (" ".join(str(marks).split()).find(said) > 0 if said else "likely" not in str(marks))


def test_gradients_are_asked_for_when_all_that_they_need_is_there():
    for level in LEVELS:
        for seed in SEEDS:
            one = practice(level, seed)
            known = {one.root}
            for blank in one.blanks.values():
                if not blank.step:
                    assert {e.node for e in one.walk.into[blank.node]} <= known
                    known.add(blank.node)
            assert len(one.blanks) == 2 * len(one.problem.steps) - 1 + len(one.problem.leaves)


def test_in_a_notebook_an_answer_has_several_names_and_an_error_says_what_to_write():
    one = practice(level=3, seed=3)
    assert one.check("da", -45) and one.check("a.grad", -45.0) and one.check("dL/da", "dL/dg + dL/de")
    assert one.check("dL/dc", Value(-15.0)) and one.check("dL/dg", "dL/dh × d") and one.check("e", "= −3 − −4")
    assert str(one.check({"e": 1, "f": -3})) == "2 answers, all of them right."
    with pytest.raises(ValueError, match="nothing here is called 'dL/dz', did you mean"):
        one.check("dL/dz", 3)
    for answer, told in {"": "write a number", "f": "a number in the place of f", "2,5": "write 2.5 for 2,5",
                         "1" * 999: "cannot read",
                         "import os": "cannot read", "[1]": "cannot read", "__import__('os')": "cannot read",
                         "2 +": "cannot read", "dL/de": "dL, de have", None: "is no number"}.items():  # fmt: skip
        with pytest.raises(ValueError, match=told):
            one.check("e", answer)
    assert not one.check("e", "9**9**9") and not one.check("e", math.nan)
    assert "<svg" in one.draw().svg() and ">-45<" not in one.draw().svg() and ">-45<" in one.draw(hide=()).svg()


def talk(*options, typed, status=0):
    command = [sys.executable, "-m", "tinygrad_edu", "practice", *options]
    done = subprocess.run(command, input=typed, capture_output=True)
    assert done.returncode == status, done.stderr
    return done.stdout.decode(), done.stderr.decode()


def answers(one):
    return [repr(blank.right) for blank in one.blanks.values()]


def typed(*lines):
    return "\n".join([*lines, ""]).encode()


def test_a_dialog_through_a_pipe_asks_explains_and_counts(monkeypatch, capsys):
    one = practice(3, 3)
    lines = answers(one)
    out, err = talk("--level", "3", "--seed", "3", typed=typed("wh?t", "?", *lines[:-1], "-15", "-15"))
    assert err == "" and "cannot read 'wh?t'" in out and "where b is -3 and a is 4." in out
    assert "gradients add; the contribution of e = b + a is" in out
    assert "Gradients add where paths meet: -15 + (-30) = -45" in out
    assert out.endswith("12 of 13 numbers right, 11 at once.\n")
    out, _ = talk("--seed", "3", "--count", "2", typed=typed(*answers(practice(1, 3)), *answers(practice(1, 4))))
    assert "12 of 12 numbers right, all at once." in out


@pytest.mark.parametrize("end", [b"", b"q\n", b"1\nQuit", b"\xff\xfe\n?\n", b"?\n?\n?\n\n\n\n"])
def test_it_ends_politely_whatever_comes(end, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(end), encoding="utf-8"))
    assert main(["practice", "--seed", "3"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and re.search(r"\n\d of \d numbers? right.*\.\n$", out)


def test_ctrl_c_ends_with_the_score(monkeypatch, capsys):
    class Impatient(io.StringIO):
        def readline(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Impatient())
    assert main(["practice"]) == 0 and "0 of 0 numbers right" in capsys.readouterr().out


def test_the_picture_of_a_dialog_has_no_answers(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["practice", "--level", "3", "--seed", "3", "--picture", str(tmp_path / "g.svg")]) == 0
    assert "____" in (text := (tmp_path / "g.svg").read_text()) and "-45" not in text


def svgs(page):
    return [base64.b64decode(code).decode() for code in re.findall(r"base64,([\w+/=]+)", page)]


@pytest.mark.parametrize("level", LEVELS)
def test_a_worksheet_tells_no_answer_and_its_answers_are_right(level):
    sheet, solved = worksheet(level, 7, 3), worksheet(level, 7, 3, answers=True)
    page, answered, text, told = sheet.html(), solved.html(), sheet.markdown(), solved.markdown()
    assert len(svgs(page)) == 3 and len(svgs(answered)) == 6
    for part in sheet.parts:
        for name, blank in part.blanks.items():
            line = " = ".join(part.derivation(name))
            assert html.escape(line) in answered and line in told
            assert html.escape(line) not in page and line not in text
            assert html.escape(blank.step or f"{name} = ") in page
    picture = part.draw(hide=["value", "grad", "local"], width=800).svg()
    assert re.findall(r">([^<]*)<", picture) == re.findall(r">([^<]*)<", svgs(page)[-1])


def test_a_worksheet_is_black_on_white_and_asks_nothing_of_the_network():
    page = worksheet(5, 3, 2, answers=True).html()
    for text in (page, *svgs(page)):
        links = re.findall(r"(?:src|href|url|@import)\W*([\w:]+)", text)
        assert {*links} <= {"data:image"} and "http" not in text.replace("http://www.w3.org/2000/svg", "")
        assert {*re.findall(r"#[0-9a-f]{3,6}\b", text)} <= {"#fff", "#000", "#ffffff", "#000000"}
    assert html.escape(page) in worksheet(5, 3, 2, answers=True)._repr_html_()  # a notebook shows the page itself
    assert "<script" not in page and "break-before: page" in page


def test_sheets_are_written_by_the_command_and_only_over_our_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["practice", "--level", "2", "--seed", "5", "--count", "2", "--answers", "--worksheet"]
    assert main([*command, "a b.md"]) == 0 and main([*command, "sheet.html"]) == 0
    assert capsys.readouterr().out.count("wrote") == 4
    text = (tmp_path / "a b.md").read_text()
    for target in re.findall(r"\]\((.*?)\)", text):
        assert (tmp_path / target.replace("%20", " ")).exists()
    assert "# Answers" in text and (tmp_path / "sheet.html").read_text().startswith("<!doctype html>")
    assert main([*command, "sheet.html"]) == 0 and "replaced sheet.html" in capsys.readouterr().out
    (tmp_path / "other-2.svg").write_text("mine")
    assert main([*command, "other.md"]) == 2 and "did not write it" in capsys.readouterr().err
    assert not (tmp_path / "other.md").exists() and not (tmp_path / "other-1.svg").exists()


def test_the_same_sheet_is_written_again():
    assert worksheet(4, 2, 2, True).html() == worksheet(4, 2, 2, True).html()
    for wrong in (0, 1.5, True, 101):
        with pytest.raises(ValueError, match="1 to 100 expressions"):
            worksheet(count=wrong)
