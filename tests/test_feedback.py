"""What learners are told of each planted mistake is kept as a text, `feedback.txt`, so that a change of words is seen.

    python -m tests.test_feedback          renews it

Numbers that were drawn are written `#`, and tables are left out: the words are what is compared.
"""

import re
import sys
import warnings
from pathlib import Path

import pytest

from tinygrad_edu.learn import assess, exercise
from tinygrad_edu.learn.course import exercise_names
from tinygrad_edu.learn.verdict import mistaken

KEPT = Path(__file__).with_name("feedback.txt")
NUMBER = re.compile(r"-?\d+\.\d+(e[-+]?\d+)?|-?\d+e[-+]?\d+")
TABLE = re.compile(r"\S {2,}\S")


def said(name):
    """The first remark on each planted mistake of an exercise, without its table."""
    one = exercise(name)
    if one.missing:
        pytest.skip(f"needs {one.missing}")
    parts = [f"==== {one.chapter.name}/{one.name}: {one.title}"]
    for mistake, module in mistaken(one).items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = str(assess(one, their=module).first)
        told = "\n".join(line for line in told.split("\n\n")[0].splitlines() if not TABLE.search(line[9:]))
        head, *advice = [NUMBER.sub("#", " ".join(part.split())) for part in told.split("\n   likely  ")]
        parts += [f"-- {mistake}", head.replace(f"<{mistake}>", "..."), *[f"   likely: {text}" for text in advice]]
    return "\n".join(parts) + "\n"


def kept():
    """What feedback.txt has, by exercise."""
    parts = re.split(r"(?m)^(?===== )", KEPT.read_text("utf-8"))
    return {part.split()[1].rpartition("/")[2].rstrip(":"): part.rstrip("\n") + "\n" for part in parts if part}


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="Python's own words for errors differ from version to version"
)
@pytest.mark.parametrize("name", exercise_names())
def test_what_is_said_of_a_mistake_is_what_was_reviewed(name):
    assert said(name) == kept().get(name), "if the words are meant: python -m tests.test_feedback"


def test_every_text_that_is_kept_belongs_to_an_exercise():
    assert [*kept()] == exercise_names()


if __name__ == "__main__":
    KEPT.write_text("\n".join(map(said, exercise_names())), "utf-8")
