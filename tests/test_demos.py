"""The demos run, and show the numbers they promise."""

import runpy
from pathlib import Path

import pytest

DEMOS = Path(__file__).parent.parent / "demos"


def test_the_lecture_shows_every_expected_number(capsys):
    lecture = runpy.run_path(str(DEMOS / "lecture.py"))
    assert lecture["main"]() == 0
    out = capsys.readouterr().out
    assert "Every number is as expected." in out and out.count(" ok\n") == 38


def test_micrograds_demo_reaches_its_published_losses(capsys, tmp_path):
    moons = runpy.run_path(str(DEMOS / "moons.py"))
    assert moons["main"](str(tmp_path / "moons.svg"), steps=60) == 0
    losses = [loss for _, loss, _, _ in moons["train"](2)]
    assert losses == pytest.approx(moons["PUBLISHED"], rel=1e-13)
    assert (tmp_path / "moons.svg").read_text().startswith("<svg") and "WRONG" not in capsys.readouterr().out
