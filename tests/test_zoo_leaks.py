"""The leak lab: each failure is named first by the doctor, its cure gets a clean bill, and its page says the same."""

import re
from pathlib import Path

import pytest

from tinygrad_edu import cli
from tinygrad_edu.zoo import leaks

ROOT = Path(__file__).parent.parent
NAMES = [one.name for one in leaks.LEAKS]
# What the doctor must say first of each program of a leak, in its order; "" where it has to find nothing.
SAID = {
    "vanishing": ["vanishing gradient", ""],
    "dying": ["dead units", ""],
    "exploding": ["gradient explodes in time", ""],
    "clip": ["blocked gradient", ""],
    "logloss": [
        "unstable formula: log(sigmoid(x))",
        "",
        "unstable formula: log(softmax(x))",
        "",
        "gradient stops being finite: 0 × inf",
        "",
    ],
    "zero_grad": ["gradients added up", ""],
    "init": ["loss at the start far from chance", "vanishing gradient", "identical units", ""],
}


@pytest.fixture(scope="module")
def small():
    """Each leak's small run with each seed, made once."""
    runs = {}

    def run(name, seed=0):
        if (name, seed) not in runs:
            runs[name, seed] = leaks.run(name, seed=seed, small=True, show=None)
        return runs[name, seed]

    return run


def test_every_leak_is_in_the_list_and_on_its_page(capsys):
    rooms = {path.stem for path in (ROOT / "tinygrad_edu" / "zoo" / "leaks").iterdir()}
    assert set(NAMES) == set(SAID) == rooms - {"__init__", "__pycache__"}
    assert cli.main(["leak"]) == 0
    told = capsys.readouterr().out
    page = (ROOT / "docs" / "leaks.md").read_text("utf-8")
    assert all(one.name in told and one.line in told for one in leaks.LEAKS)
    assert all(f"[{one.name}](leaks/{one.name}.md) | {one.line} |" in page for one in leaks.LEAKS)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_the_doctor_names_the_leak_first_and_finds_nothing_in_what_is_mended(name, seed, small):
    this = small(name, seed)
    assert [d.findings[0].what if d.findings else "" for d in this.diagnoses] == SAID[name]
    assert not [(row.what, row.ours, row.published) for row in this.missed]
    assert this.pictures and "```diff\n" in this.markdown()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_weights_that_are_too_large_saturate_nearly_every_layer(seed, small):
    assert len(small("init", seed).diagnoses[0].named("saturated units")) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_every_leak_has_a_page_of_its_whole_run(name, small):
    """To renew it: `tinygrad-edu leak NAME --out docs/leaks`."""
    page, this = (ROOT / "docs" / "leaks" / f"{name}.md").read_text("utf-8"), small(name)
    assert leaks.leak(name).words in page and "not judged" not in page and "NOT MET" not in page
    for kind in this.pictures:
        assert f"{name}-{kind}.svg" in page and (ROOT / "docs" / "leaks" / f"{name}-{kind}.svg").is_file()
    rows = [[cell.strip() for cell in line.split(" | ")] for line in page.replace("\\|", "|").splitlines()]
    printed = {row[0].removeprefix("| "): row[1:3] for row in rows if len(row) == 5}
    for row in this.rows:
        ours, published = map(float, (x.rstrip("%").replace(",", "") for x in printed[row.what]))
        assert published == pytest.approx(float(row.cells()[2].rstrip("%").replace(",", "")), rel=1e-6)
        if row.verdict == "met" and " to " not in row.why:
            assert ours == pytest.approx(float(row.cells()[1].rstrip("%").replace(",", "")), rel=1e-3, abs=1e-12)
    first = r"^1[.] (?:broken|worth a look): (.*?)(?:, told at step \d+)?$"
    assert re.findall(rf"{first}|^.*: nothing found[.]$", page, re.M) == SAID[name]
    change = "```diff\n(.*?)```"
    assert re.findall(change, page, re.S) == re.findall(change, this.markdown(), re.S)
