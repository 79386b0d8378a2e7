"""The training that the page shows: it is the one that `fit` does, and what cannot be is told in our words."""

import base64
import contextlib
import io
import json
import re
from array import array

import pytest

from tinygrad_edu.playground import answer
from tinygrad_edu.playground.settings import ACTIVATIONS, DATA, LOSSES, Settings

DRAWN = [[x / 2, y / 2, (x + y) % 2] for x in range(4) for y in range(3)]
SMALL = {"points": 24, "layers": [3], "batch": 8}


def ask(name, **given):
    """What the page is answered."""
    said = json.loads(answer(f"training.{name}", json.dumps(given)))
    assert "fault" not in said, said["fault"]
    return said


def begin(**settings):
    return ask("start", settings={**SMALL, **settings})["value"]


def go(most, **more):
    return ask("advance", most=most, **more)["value"]


def numbers(text):
    return list(array("d", base64.b64decode(text)))


def ran(program):
    """The names that a program leaves, and what it printed first."""
    out, names = io.StringIO(), {}
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        exec(program, names)
    return names, float(out.getvalue().split()[0])


EVERY = [
    *[{"data": name, "drawn": DRAWN if name == "drawn" else []} for name in DATA],
    *[{"data": name, "loss": loss} for loss, of in LOSSES.items() for name in ("moons", "blobs", "sine")
      if DATA[name].targets in of.targets],
    {"loss": "cross_entropy", "held": 0.25}, {"loss": "hinge", "held": 0.25}, {"data": "sine", "held": 0.25},
    {"data": "drawn", "drawn": DRAWN, "held": 0.25}, {"data": "drawn", "drawn": [*DRAWN, [0.1, 0.2, 2]]},
    {"layers": []}, {"layers": [3, 2], "activation": "relu", "init": "he", "seed": 7}, {"noise": 0},
    *[{"optimizer": name, "decay": 0.01} for name in ("sgd", "adamw", "rmsprop", "adagrad")],
]  # fmt: skip


@pytest.mark.parametrize("settings", EVERY, ids=str)
def test_the_program_that_is_copied_ends_at_the_numbers_that_were_seen(settings):
    begin(**settings)
    count = len(settings.get("drawn") or range(24))
    seen = go(3 * -(-(count - int(count * settings.get("held", 0))) // 8))
    names, loss = ran(ask("as_python")["value"])
    assert [p.data for p in names["model"].parameters()] == numbers(seen["frame"]["w"])
    assert loss == seen["epochs"][-1]["loss"] and len(seen["epochs"]) == 3


def test_steps_are_the_same_however_many_are_asked_for_at_once():
    begin(seed=3)
    at_once = go(20)["frame"]
    begin(seed=3)
    one_by_one = [go(1) for _ in range(20)][-1]["frame"]
    assert at_once == one_by_one and at_once["step"] == 20


def test_a_step_moves_the_parameters_against_the_gradient_that_was_shown():
    begin(optimizer="sgd", lr=0.5)
    before, after = go(1)["frame"], go(1)["frame"]
    moved = [w - 0.5 * g for w, g in zip(numbers(before["w"]), numbers(before["g"]))]
    assert numbers(after["w"]) == moved and any(numbers(before["g"]))


def test_what_is_changed_meanwhile_holds_from_the_next_epoch_on_and_is_in_the_program():
    begin()
    go(4)  # one step into the second epoch
    ask("adjust", settings={**SMALL, "lr": 0.001, "optimizer": "sgd", "batch": 12})
    seen = go(2 + 2 * 2)
    assert [e["step"] for e in seen["epochs"]] == [6, 8, 10]
    program = ask("as_python")["value"]
    assert program.count("fit(") == 2 and "optim.SGD(model.parameters(), lr=0.001)" in program
    names, loss = ran(program)
    assert [p.data for p in names["model"].parameters()] == numbers(seen["frame"]["w"])
    assert loss == seen["epochs"][-1]["loss"]


def test_a_change_that_is_taken_back_changes_nothing():
    begin()
    go(1)
    ask("adjust", settings={**SMALL, "lr": 5.0})
    ask("adjust", settings=SMALL)
    changed = go(9)["frame"]
    begin()
    assert go(10)["frame"] == changed


def test_what_belongs_to_the_beginning_cannot_be_changed_later():
    begin()
    for other in ({"layers": [4]}, {"noise": 0.2}, {"activation": "relu"}, {"loss": "hinge"}, {"seed": 2}):
        assert "begin a new one" in ask("adjust", settings={**SMALL, **other})["error"]


def test_a_learning_rate_that_is_too_large_is_a_finding_with_its_step_and_ends_in_our_words():
    begin(optimizer="sgd", lr=1000, loss="mse", activation="relu", data="circles")
    seen = go(400)
    assert seen["stopped"].startswith("training stopped at epoch") and "smaller learning rate" in seen["stopped"]
    assert seen["frame"]["g"] is None and go(5)["taken"] == 0
    assert seen["findings"] and all(f["what"] and f["why"] and f["try"] for f in seen["findings"])
    assert all(0 <= f["step"] <= seen["frame"]["step"] for f in seen["findings"])


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"lr": -1}, "the learning rate is a number above 0, at most 1000, got -1"),
        ({"lr": 10**400}, "the learning rate is a number above 0, at most 1000, got 1000"),
        ({"lr": 0}, "the learning rate"),
        ({"lr": "fast"}, "the learning rate is a number above 0, at most 1000, got 'fast'"),
        ({"points": 1}, "from 2 to 500"),
        ({"points": True}, "whole number"),
        ({"points": 10.5}, "whole number"),
        ({"noise": float("inf")}, "the noise is a number"),
        ({"layers": [16, 0]}, "the size of layer 2 is a whole number from 1 to 32, got 0"),
        ({"seed": 2**32}, "the seed is a whole number from 0 to 4294967295, got 4294967296"),
        ({"layers": [1000]}, "the size of layer 1"),
        ({"layers": [2] * 7}, "at most 6"),
        ({"layers": 3}, "at most 6"),
        ({"data": "mons"}, "did you mean 'moons'?"),
        ({"data": ["moons"]}, "there is no data set"),
        ({"activation": "__import__"}, "there is no activation"),
        ({"loss": "hinge", "data": "blobs"}, "is for two classes, and these points have several classes"),
        ({"loss": "hing"}, "did you mean 'hinge'?"),
        ({"optimizer": "sdg"}, "did you mean 'sgd'?"),
        ({"batch": 0}, "the batch size"),
        ({"held": 1}, "the share to test on"),
        ({"held": 0.01, "points": 2}, "to learn from"),
        ({"speed": 3}, "nothing to set called 'speed'"),
        ({"data": "drawn"}, "there are no points yet"),
        ({"data": "drawn", "drawn": [[0, 0, 0]]}, "the only point is of class A, and of one class there is"),
        ({"data": "drawn", "drawn": [[0, 0, 1], [1, 1, 1]]}, "all 2 points are of class B"),
        ({"data": "drawn", "drawn": [[0, 0, 7]]}, "the class of point 1"),
        ({"data": "drawn", "drawn": [[0, 0]]}, "point 1 is x, y"),
        ({"data": "drawn", "drawn": [["a", 0, 1]]}, "x of point 1"),
        ({"data": "drawn", "drawn": [[0, 0, 1]] * 501}, "at most 500"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_is_not_allowed_is_told_in_our_words_and_the_training_before_goes_on(settings, words):
    begin()
    go(2)
    assert words in ask("start", settings={**SMALL, **settings})["error"]
    assert go(1)["frame"]["step"] == 3


def test_settings_come_back_as_they_were_sent():
    for settings in EVERY:
        full = json.loads(json.dumps(Settings.of({**SMALL, **settings}).to_dict()))
        assert Settings.of(full) == Settings.of({**SMALL, **settings})
    assert begin(**full)["settings"] == full


def test_the_viewer_is_given_a_unit_for_every_neuron_and_the_frame_that_comes_first():
    run = begin(layers=[3, 2])
    assert len(run["units"]) == 6 and run["programs"] and not run["why"]
    assert run["frames"]["step"] == [0] and not run["frames"]["without"]
    assert run["samples"]["of"] == 24 and run["classes"]


def test_every_activation_and_every_choice_of_the_page_can_be_trained():
    choices = ask("options")["value"]
    for activation, init in zip(ACTIVATIONS, choices["inits"], strict=True):
        begin(activation=activation, init=init, points=8, layers=[2])
        assert go(1)["taken"] == 1, (activation, init)
    assert Settings.of(choices["settings"]) == Settings.of({})


def test_no_more_time_is_taken_than_was_given_but_for_one_step():
    begin()
    go(3)
    assert go(10**6, seconds=0.0)["taken"] == 1
    assert go(3, seconds=600.0)["taken"] == 3


def test_the_page_that_is_saved_holds_the_run():
    begin()
    go(5)
    page = ask("whole_page")["value"]
    assert page.startswith("<!doctype html>") and re.search(r'"steps": ?5\b', page)
    assert go(1)["frame"]["step"] == 6  # and the training goes on


def test_points_that_were_drawn_have_their_classes_names():
    assert begin(data="drawn", drawn=[[0, 0, 0], [1, 1, 1]], loss="hinge")["kinds"] == ["A", "B"]
    assert begin(data="drawn", drawn=[[0, 0, 0], [1, 1, 2]])["kinds"] == ["A", "B", "C"]
    assert begin(data="xor", points=8)["kinds"] == []


def test_without_a_training_there_is_nothing_to_go_on_with():
    from tinygrad_edu.playground import training

    training._runs.clear()
    for name, given in (("advance", {"most": 1}), ("adjust", {"settings": {}}), ("whole_page", {}), ("as_python", {})):
        assert "begin one" in ask(name, **given)["error"]


BLOWN_UP = [
    {"data": "sine", "optimizer": "sgd", "lr": 1000},
    {"data": "spirals", "points": 20, "layers": [1, 1, 1], "activation": "silu", "optimizer": "adamw", "lr": 1000,
     "decay": 1, "batch": 1, "seed": 15, "init": "zeros", "loss": "cross_entropy"},
    {"data": "moons", "points": 4, "layers": [2], "activation": "sin", "optimizer": "sgd", "lr": 30, "decay": 1,
     "batch": 500, "seed": 38, "init": "xavier_normal", "loss": "multiclass_hinge"},
    {"data": "sine", "points": 20, "layers": [], "optimizer": "adamw", "lr": 1.0, "decay": 10, "batch": 500, "seed": 6,
     "init": "xavier_normal", "loss": "huber"},
]  # fmt: skip


@pytest.mark.parametrize("settings", BLOWN_UP, ids=str)
def test_numbers_whose_squares_are_too_large_are_looked_at_too(settings):
    ask("start", settings=settings)
    while not go(100)["stopped"]:
        assert go(1)["frame"]["step"] < 1000
