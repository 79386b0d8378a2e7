"""docs/learning.md: its commands run, and its table has every exercise."""

import re
from pathlib import Path

import pytest

from tinygrad_edu.cli import main
from tinygrad_edu.learn import chapters, exercise
from tinygrad_edu.learn.course import exercise_names

PAGE = (Path(__file__).parent.parent / "docs" / "learning.md").read_text("utf-8")
COMMANDS = re.findall(r"(?m)^\| `tinygrad-edu (learn[^`]*)` \|", PAGE)


def test_its_first_commands_begin_the_course(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for line in re.search(r"```sh\n(.*?)```", PAGE, re.S)[1].splitlines():
        if line.startswith("cd "):
            monkeypatch.chdir(line.removeprefix("cd "))
        else:
            assert main(line.split()[1:]) == (
                line == "tinygrad-edu learn"
            )  # which says that something is to be written


@pytest.mark.parametrize("command", COMMANDS)
def test_each_of_its_commands_runs(tmp_path, monkeypatch, capsys, command):
    def enough(seconds):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    main(["learn", "start", "."])
    (Path.cwd() / "01_slopes" / "01_parabola.py").write_text(exercise("parabola").solution, "utf-8")
    main(["learn"])
    monkeypatch.setattr("time.sleep", enough)
    assert main(command.split()) == (command in ("learn", "learn check product"))
    assert capsys.readouterr().err == ""


def test_its_table_has_every_exercise_in_the_order_of_the_course():
    rows = re.findall(r"(?m)^\| (\w*) ?\| `(\w+)` \| (\d+) \| (.+) \|$", PAGE)
    assert [name for _, name, *_ in rows] == exercise_names()
    assert [int(minutes) for *_, minutes, _ in rows] == [m for chapter in chapters() for m in chapter.minutes]
    assert [(room, name) for room, name, *_ in rows if room] == [(c.name, c.names[0]) for c in chapters()]


def test_its_numbers_are_those_of_the_course():
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    count = len(exercise_names())
    assert f"There are {count} exercises in {len(chapters())}" in PAGE, f"docs/learning.md counts others than {count}"
    assert f"{count} small files" in readme, f"README.md counts others than {count}"
