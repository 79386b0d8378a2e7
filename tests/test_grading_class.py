"""A class hands in what classes hand in, and some mean harm: each gets what is theirs, and nobody else less."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.classroom import AFFINE, BY_HAND, HANDED_IN, PARTS, hand_in
from tinygrad_edu.grading import Rubric, Submission, grade
from tinygrad_edu.grading.tasks import parts_of
from tinygrad_edu.learn.sandbox import Answer, Sandbox


def everything(*folders):
    return {p: (p.stat().st_mtime_ns, p.is_file() and p.read_bytes()) for f in folders for p in sorted(f.rglob("*"))}


def test_every_student_gets_the_points_of_what_works_and_nobody_gets_out(tmp_path):
    folder, rubric, out, people = hand_in(tmp_path)
    before = everything(folder, rubric.parent, out)
    results = grade(folder, Rubric.read(rubric), seed=7)
    lost = {r.student: {part.name for part in r.parts if not part} for r in results}
    assert lost == {student: {*one.lost} for student, one in people.items()}
    points = {r.student: r.points for r in results}
    assert points == {student: pytest.approx(sum(PARTS.values()) - sum(PARTS[part] for part in one.lost))
                      for student, one in people.items()}  # fmt: skip
    assert everything(folder, rubric.parent, out) == before
    assert all(part.said for r in results for part in r.parts if not part), "whoever loses points is told why"
    ours = {"## What to look at", "## What was handed in"}
    for r in results:  # what they print or raise is no heading of ours
        first, *others = [line for line in r.markdown().splitlines() if line.startswith("#")]
        assert first.startswith(f"# {r.student}: ") and {*others} <= ours


def test_gradients_by_hand_and_exercises_earn_what_is_right_in_them(tmp_path):
    folder = tmp_path / "submissions"
    for name, (files, *_) in HANDED_IN.items():
        (folder / name).mkdir(parents=True)
        for file, text in files.items():
            (folder / name / file).write_text(text)
    (tmp_path / "affine.py").write_text(AFFINE)
    (tmp_path / "class.toml").write_text(BY_HAND)
    results = grade(folder, Rubric.read(tmp_path / "class.toml"), seed=7)
    earned = {r.student: [sum(p.points for p in r.parts if p.task == task) for task in ("layer", "parabola")]
              for r in results}  # fmt: skip
    assert earned == {name: pytest.approx(points) for name, (_, *points) in HANDED_IN.items()}


TREES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(2**62), 2**62) | st.sampled_from(["", "todo", "#", "1"]),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.sampled_from([*"abcLh#", "text"]), part, max_size=4),
)
MIXED = Rubric.of({"task": [
    {"name": "engine", "kind": "value", "points": 3, "trials": 1, "parts": {"forks": 1, "twice": 2}},
    {"name": "loss", "kind": "backward", "trials": 1, "inputs": {"x": [2, 3], "y": []}},
    {"name": "product", "kind": "exercise"}, {"name": "topological", "kind": "exercise"},
]})  # fmt: skip


@settings(max_examples=60)
@given(st.lists(TREES, min_size=1, max_size=5))
def test_whatever_is_answered_is_judged_and_chance_is_not_right(trees):
    answers = iter(trees * 1000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sandbox, "load", lambda *a: Answer(["Value", "forward", "backward"]))
        patch.setattr(Sandbox, "call", lambda *a, **k: Answer(next(answers)))
        parts = parts_of(MIXED, Submission("ada", {"all.py": "class Value: pass"}), 7)
    assert [part.points for part in parts] == [0.0] * len(parts)


@pytest.mark.parametrize("tree", ["x" * 10**5, {str(i): i for i in range(10**4)}, {"#": "x" * 10**5}, {"#": [1, {}]},
                                  {"#": "int", "text": "9" * 10**5}, [[0.0] * 300] * 300])  # fmt: skip
def test_what_is_told_of_an_answer_is_short_whatever_its_length(tree):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sandbox, "load", lambda *a: Answer(["slope", "product"]))
        patch.setattr(Sandbox, "call", lambda *a, **k: Answer(tree))
        for rubric in (MIXED, Rubric.of({"answers": True, "task": [{"name": "parabola", "kind": "exercise"}]})):
            parts = parts_of(rubric, Submission("ada", {"all.py": ""}), 7)
            assert all(0 < len(part.said) < 2500 and not part.points for part in parts)
