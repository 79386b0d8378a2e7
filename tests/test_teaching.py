"""The course for teachers: what it tells to type works, its pictures are what that draws, and its times add up."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tinygrad_edu import zoo
from tinygrad_edu.cli import main
from tinygrad_edu.learn import chapters
from tinygrad_edu.learn.course import exercise_names

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "teaching.md").read_text("utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
OURS = [line for line in LINES if line.startswith("tinygrad-edu ") and "homework.toml" not in line]
GRADING = [line for line in LINES if line.startswith("tinygrad-edu ") and line not in OURS]
MEETINGS = re.split(r"\n## (?=\d\. )", TEXT.split("\n## Worksheets")[0])[1:]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder with the demos, in which commands are typed."""
    shutil.copytree(ROOT / "demos", tmp_path / "demos", ignore=shutil.ignore_patterns("*.ipynb"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", OURS)
def test_what_a_teacher_types_works(line, here, capsys):
    words = shlex.split(line)[1:]
    if words[0] == "zoo":  # test_zoo runs each of its systems
        assert words[1] in {system.name for system in zoo.SYSTEMS} and len(words) == 2
        return
    assert main([*words, "--small"] if words[0] == "leak" else words) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "teaching").glob("*.svg")), ids=lambda p: p.name)
def test_a_picture_is_what_its_command_draws(picture, here):
    [line] = [line for line in OURS if f"--svg {picture.name}" in line]
    assert main(shlex.split(line)[1:]) == 0
    assert (here / picture.name).read_text() == picture.read_text() and f"(teaching/{picture.name})" in TEXT


def test_every_picture_that_is_drawn_and_every_file_that_is_linked_is_there():
    for target in re.findall(r"\]\(([^)#:]+)[)#]", TEXT):
        assert (ROOT / "docs" / target).exists(), target
    assert len([line for line in OURS if "--svg" in line]) == len([*(ROOT / "docs" / "teaching").glob("*.svg")])


def test_the_homework_is_graded_as_the_course_says(here, capsys):
    for line in GRADING:
        if "class" not in line:
            assert main(shlex.split(line)[1:]) == 0
    assert {p.name for p in (here / "graded").iterdir()} >= {"summary.md", "summary.csv", "reports", "gradescope"}
    told = re.search(r"\| sums and products.*?\n\n", TEXT, re.S)[0]
    rubric = (here / "demos" / "homework.toml").read_text()
    assert sum(int(row.split("|")[2]) for row in told.splitlines() if row) == int(
        re.search(r"points = (\d+)", rubric)[1]
    )


def test_the_lines_for_gradescope_put_its_results_where_it_looks(here):
    """As a shell would do it, with another root in place of /autograder."""
    root = here / "autograder"
    shutil.copytree(here / "demos" / "homework" / "ada", root / "submission")
    (root / "results").mkdir()
    for file in ("homework.toml", "homework_reference.py"):
        shutil.copy(here / "demos" / file, here)
    begin = next(i for i, line in enumerate(LINES) if "/autograder/submission" in line)
    first, grade, last = LINES[begin : begin + 3]
    made, source, target = re.fullmatch(r"mkdir -p (\S+) && cp -r (\S+) (\S+)", first).groups()
    (here / made).mkdir()
    shutil.copytree(here / source.lstrip("/"), here / target)
    assert main(shlex.split(grade)[1:]) == 0
    _, source, target = last.split()
    shutil.copy(here / source, here / target.lstrip("/"))
    assert '"score": 22.0' in (root / "results" / "results.json").read_text()


def test_pytest_is_called_as_its_plugin_says():
    [line] = [line for line in LINES if line.startswith("pytest ")]
    plugin = (ROOT / "tinygrad_edu" / "grading" / "plugin.py").read_text()
    assert line.replace("demos/homework/ada", "ada").replace("demos/", "") in plugin  # test_grading_plugin runs it


@pytest.mark.parametrize("meeting", MEETINGS, ids=lambda text: text.partition("\n")[0])
def test_a_meeting_has_ninety_minutes_and_exercises_that_there_are(meeting):
    assert sum(int(minutes) for minutes in re.findall(r"^\| (\d+) \|", meeting, re.M)) == 90
    named = set(re.findall(r"\*(\w+)\*(?!\*)", meeting))
    assert named and named <= {*exercise_names()}, named - {*exercise_names()}


def test_the_course_goes_through_the_chapters_in_their_order():
    told = [name for row in re.findall(r"^\| \d \| \[.*", TEXT, re.M) for name in row.split("|")[3].strip().split(", ")]
    known = [chapter.name for chapter in chapters()]
    assert len(MEETINGS) == 6 and {*told} <= {*known}
    assert {*known} - {*told} == {"chance"} and "chapter of that name" in TEXT
