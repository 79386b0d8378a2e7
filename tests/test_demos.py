"""The demos run, and show the numbers they promise."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

DEMOS = Path(__file__).parent.parent / "demos"


def demo(name):
    """What a demo defines."""
    return SimpleNamespace(**runpy.run_path(str(DEMOS / f"{name}.py")))


WRONG = [
    ("microgpt", ["--steps", "many"], "'many' is not a whole number from 1 up"),
    ("microgpt", ["--temperature", "0"], "'0' is not a number above 0"),
    ("microgpt", ["--names", "nowhere.txt"], "nowhere.txt: No such file or directory"),
    ("microgpt", ["--names", "empty.txt"], "empty.txt: there is no text in it"),
    ("microgpt", ["--names", "picture.png"], "picture.png: this is no text in UTF-8"),
]


@pytest.mark.parametrize("name, given, told", WRONG, ids=lambda x: x if isinstance(x, str) else " ".join(x))
def test_a_mistake_on_the_command_line_of_a_demo_is_one_line_and_status_2(
    name, given, told, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").write_text("\n  \n")
    Path("picture.png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(SystemExit) as stopped:
        demo(name).main(given)
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and told in said and said.count("\n") == 1
