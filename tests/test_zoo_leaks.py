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


def test_every_leak_is_in_the_list_and_in_the_readme(capsys):
    rooms = {path.stem for path in (ROOT / "tinygrad_edu" / "zoo" / "leaks").iterdir()}
    assert set(NAMES) == set(SAID) == rooms - {"__init__", "__pycache__"}
    assert cli.main(["leak"]) == 0
    told = capsys.readouterr().out
    readme = (ROOT / "README.md").read_text("utf-8")
    assert all(one.name in told and one.line in told for one in leaks.LEAKS)
    assert all(f"[{one.name}](docs/leaks/{one.name}.md) | {one.line} |" in readme for one in leaks.LEAKS)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_the_doctor_names_the_leak_first_and_finds_nothing_in_what_is_mended(name, seed, small):
    this = small(name, seed)
    assert [d.findings[0].what if d.findings else "" for d in this.diagnoses] == SAID[name]
    assert not [(row.what, row.ours, row.published) for row in this.missed]
    assert this.pictures and "```diff\n" in this.markdown()


def numbers(text):
    """A text without its numbers, and the numbers."""
    number = r"-?\d[\d,]*\.?\d*(?:e[+-]?\d+)?"
    return re.sub(number, "#", text), [float(n.replace(",", "")) for n in re.findall(number, text)]


@pytest.mark.parametrize("name", NAMES)
def test_every_leak_has_a_page_of_its_whole_run(name, small):
    """To renew it: `tinygrad-edu leak NAME --out docs/leaks`."""
    page, this = (ROOT / "docs" / "leaks" / f"{name}.md").read_text("utf-8"), small(name)
    assert leaks.leak(name).words in page and "not the whole run" not in page
    for kind in this.pictures:
        assert f"{name}-{kind}.svg" in page and (ROOT / "docs" / "leaks" / f"{name}-{kind}.svg").is_file()
    for row in this.rows:
        if row.verdict == "met":
            line = next(line for line in page.splitlines() if line.startswith(f"| {row.what} |"))
            ours = line.replace("\\|", "").split("|")[2].strip()
            assert numbers(row.cells()[1])[1] == pytest.approx(numbers(ours)[1], rel=1e-3)
    blocks = r"```(?:text|diff)\n(.*?)```"
    printed, again = (re.findall(blocks, text, re.S) for text in (page, this.markdown()))
    for old, new in zip(printed, again, strict=True):
        (words, old_numbers), (others, new_numbers) = numbers(old), numbers(new)
        assert " ".join(words.split()) == " ".join(others.split())
        assert new_numbers == pytest.approx(old_numbers, rel=1e-2)
