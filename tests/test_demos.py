"""The demos run, and show the numbers they promise."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

DEMOS = Path(__file__).parent.parent / "demos"


def demo(name):
    """What a demo defines."""
    return SimpleNamespace(**runpy.run_path(str(DEMOS / f"{name}.py")))


def test_the_lecture_shows_every_expected_number(capsys):
    assert demo("lecture").main() == 0
    out = capsys.readouterr().out
    assert "Every number is as expected." in out and out.count(" ok\n") == 38


def test_micrograds_demo_reaches_its_published_losses_eager_and_replayed(capsys, tmp_path):
    assert demo("moons").main([str(tmp_path / "moons.svg"), "--steps", "30"]) == 0
    out = capsys.readouterr().out
    assert out.count(" ok\n") == 4 and "WRONG" not in out and "the losses of both agree to " in out
    assert (tmp_path / "moons.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("backend", ["eager", "python", "native"])
def test_every_way_to_train_on_moons_shows_the_published_losses(backend):
    moons = demo("moons")
    assert [loss for _, loss, _ in moons.train(2, backend)] == pytest.approx(moons.PUBLISHED, rel=1e-12)


def test_a_model_that_has_learned_the_moons_is_right_about_them():
    moons = demo("moons")
    *_, (_, loss, model) = moons.train(100, "python")
    assert moons.accuracy(model) == 1.0 and loss < 0.0111


WRONG = [
    ("moons", ["--steps", "0"], "'0' is not a whole number from 1 up"),
    ("moons", ["--backend", "juggling"], "invalid choice: 'juggling'"),
    ("moons", ["nowhere/moons.svg"], "a folder that is there"),
    ("moons", ["moons.png"], "ends in .svg"),
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
