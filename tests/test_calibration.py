"""The doctor names what was planted, first, and says nothing of what is sound; docs/doctor.md says how often."""

import doctest
import math
import re

import pytest

from tests import calibration
from tinygrad_edu import data, diagnose, losses, nn
from tinygrad_edu.doctor import LIMITS
from tinygrad_edu.doctor.limits import AT_ONCE, CAUSES, NOT_BEFORE

TEXT = calibration.DOCUMENT.read_text("utf-8")
TABLES = "\n".join(calibration.block(TEXT, name) for name in calibration.PROGRAMS)


@pytest.mark.parametrize("program, seed", [*zip(calibration.PROGRAMS, calibration.SEEDS, strict=True)])
def test_what_was_planted_is_told_first_and_nothing_is_told_of_what_is_sound(program, seed):
    """One seed of the three for each program: `python -m tests.calibration --write` runs them all."""
    rows = dict(re.findall(r"^\| ([^|]+) \| [^|]+ \| (\d) of 3 \|", calibration.block(TEXT, program), re.M))
    runs = list(calibration.runs(program, [seed]))
    assert {run.fault.name if run.fault else "none" for run in runs} == set(rows) and len(runs) > 20
    wrong = [run for run in runs if not run.right]
    assert not [run.story() for run in wrong if not run.fault or rows[run.fault.name] == "3"]
    assert len(wrong) <= 0.05 * len(runs)


def test_recall_and_precision_are_what_was_asked_for():
    counts = calibration.counted(TABLES)
    counts.pop("nothing", None)
    planted, right, wrong = (sum(n[which] for n in counts.values()) for which in ("planted", "right", "wrong"))
    assert planted >= 180 and right / planted >= 0.95 and right / (right + wrong) >= 0.95


def test_the_document_is_what_is_printed():
    found = {name: calibration.block(TEXT, name) for name in calibration.PROGRAMS}
    assert calibration.printed(TEXT, found) == TEXT
    assert not doctest.testfile(str(calibration.DOCUMENT), module_relative=False).failed


def test_every_finding_and_every_limit_is_in_the_document():
    used = {name for _, names in calibration.FINDINGS.values() for name in names.split(", ") if name}
    assert used == set(LIMITS)
    told = " ".join(calibration.FINDINGS)
    assert all(cause in told for cause in (*CAUSES, *NOT_BEFORE, *AT_ONCE))
    assert {fault.what.split(":")[0] for fault in calibration.FAULTS} <= {
        what for name in calibration.FINDINGS for what in name.split(", ")
    }
    assert all(math.isfinite(limit.look) for limit in LIMITS.values())


@pytest.mark.parametrize("seed", range(3))
def test_an_output_that_is_never_negative_is_no_logit_and_reaches_no_negative_target(seed):
    X, y = data.moons(20, seed=0)
    model = nn.MLP(2, [4, 1], activation="tanh", output="relu", init="xavier", seed=seed)
    outputs = [model(x) for x in X]
    logits = diagnose(losses.binary_cross_entropy_with_logits(outputs, y), model)
    assert logits.named("loss and last activation do not match")
    targets = diagnose(losses.mse(outputs, [2 * t - 1 for t in y]), model)
    assert targets.named("labels do not fit the outputs")[0].numbers["share"] == 0.5
    assert not diagnose(losses.mse(outputs, y), model).named("labels do not fit the outputs")
