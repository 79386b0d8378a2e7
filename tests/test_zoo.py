"""The zoo: each system runs, meets its published numbers and has its page; what is asked of it wrongly is one line."""

import os
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

import pytest

from tinygrad_edu import Value, cli, diagnose, zoo
from tinygrad_edu.extras import MissingPackage
from tinygrad_edu.parameters import unpack
from tinygrad_edu.replay import Jit
from tinygrad_edu.zoo.report import Parameters, Run

ROOT = Path(__file__).parent.parent
NAMES = [one.name for one in zoo.SYSTEMS]


@pytest.fixture(scope="module", params=NAMES)
def small(request):
    """A system's small run, made once, with a doctor who looks at it."""
    with pytest.MonkeyPatch.context() as patch:
        looks = looked_at(request.param, patch)
        run = zoo.run(request.param, small=True, show=None, doctor=True)
    run.looks = looks
    return run


SAMPLES, STEPS = 12, (0, 10, 100, 1000)
MEANT = {  # what is shown on purpose, and what is true of a small run
    "perceptron": {"saturated units", "unbalanced labels"},  # two units on xor; 60 points, 56 of one class
    "scratch": {"identical units"},  # begun so, to show that they stay so
    "control": {"gradient explodes in time"},  # the first of ten pushes moves the mass for the rest of the ride
    "rnn": {"gradient vanishes in time", "gradient explodes in time"},  # a memory over 30 steps
    "makemore": {"loss at the start far from chance", "saturated units"},  # the first of its rungs
}


def looked_at(name, patch):
    """What a doctor sees of a system: at the steps of each recorded loss, as a watch would look at them."""
    looks, calls = defaultdict(list), defaultdict(int)
    replay, backward = Jit.value_and_grad, Value.backward

    def look(who, loss, model=None):
        if calls[who] in STEPS:
            looks[who].append({f.what for f in diagnose(loss, model).findings})
        calls[who] += 1

    def replayed(self, theta, *columns, **named):
        if named:  # fit's own, which a watch looks at
            return replay(self, theta, *columns, **named)
        if calls[self] in STEPS:
            model = Parameters(unpack(theta)) if hasattr(theta, "parameters") else None
            few = [column[:SAMPLES] for column in columns]
            look(self, lambda: self.mean(*few), model)
        else:
            calls[self] += 1
        return replay(self, theta, *columns)

    def built(self, seed=1.0):
        look("built", self)
        return backward(self, seed)

    patch.setattr(Jit, "value_and_grad", replayed)
    if name == "lecun1989" or (name == "microgpt" and not find_spec("numba")):  # which then build every graph
        patch.setattr(Value, "backward", built)
    return looks


def test_a_small_run_meets_every_number_that_it_can_meet(small):
    this = small
    assert not [(row.what, row.ours, row.published) for row in this.missed]
    met = sum(row.verdict == "met" for row in this.rows)
    assert met >= 5 and this.pictures, f"five numbers that are met, and a picture: {met} and {len(this.pictures)}"
    assert not this.interrupted
    if this.name == "vae":  # what does not depend on training is judged, and everything is shown
        assert met == 10 and set(this.pictures) == {"path", "score", "latents", "curves", "rebuilt"}


def test_of_a_sound_system_nothing_is_said_at_two_looks_in_a_row(small):
    this, name = small, small.name
    told = {f.what for watch in this.watches for f in watch.findings}
    for seen in this.looks.values():
        told |= {what for one, other in zip(seen, seen[1:]) for what in one & other}
    assert told <= MEANT.get(name, set()), (told, dict(this.looks))
    looked = this.looks or any(watch.looks for watch in this.watches) or name == "stochastic"
    assert looked, f"nothing in {name} is trained through an optimizer of `optim` or `fit`, where the doctor looks"


def test_every_system_has_a_page_of_its_whole_run(small):
    """To renew it: `tinygrad-edu zoo NAME --out docs/zoo`."""
    name = small.name
    page = (ROOT / "docs" / "zoo" / f"{name}.md").read_text("utf-8")
    again = f"tinygrad-edu zoo {name} --out docs/zoo"
    assert zoo.system(name).words in page and "not judged" not in page, again
    assert not [row.what for row in small.rows if f"| {row.what.replace('|', chr(92) + '|')} |" not in page], again
    for kind in small.pictures:
        assert f"{name}-{kind}.svg" in page and (ROOT / "docs" / "zoo" / f"{name}-{kind}.svg").is_file(), again


def test_the_list_is_in_the_order_of_history_and_names_every_essay(capsys):
    years = [one.year for one in zoo.SYSTEMS]
    rooms = {path.stem if path.is_file() else path.name for path in (ROOT / "tinygrad_edu" / "zoo").iterdir()}
    assert years == sorted(years) and set(NAMES) == rooms - {"__init__", "__pycache__", "report", "leaks"}
    assert cli.main(["zoo"]) == 0
    told = capsys.readouterr().out
    assert all(f"{one.year}  {one.name}" in told and one.line in told for one in zoo.SYSTEMS)
    page = (ROOT / "docs" / "zoo.md").read_text("utf-8")
    assert not [name for name in NAMES if f"](zoo/{name}.md)" not in page], "it gets its line in docs/zoo.md"


WRONG = [
    (["zoo", "micrograt"], "did you mean 'micrograd'?"),
    (["zoo", "micrograd", "--epochs", "0"], "'0' is not a whole number"),
    (["zoo", "micrograd", "--data", "x.csv"], "brings its own data"),
    (["zoo", "micrograd", "--backend", "juggling"], "invalid choice: 'juggling'"),
    (["zoo", "micrograd", "--out", "file/zoo"], "file"),
    (["zoo", "micrograd", "--report", "zoo.md"], "--all"),
    (["zoo", "micrograd", "--all"], "leave NAME"),
    (["zoo", "--small"], "--small goes with the name of a system"),
    (["zoo", "--seed", "0"], "--seed goes with the name of a system"),
    (["zoo", "--backend", "numpy"], "--backend goes with the name of a system"),
    (["zoo", "micrograd", "--out", "pictures"], "tinygrad_edu did not write it"),
    (["zoo", "--all", "--report", "notes.md"], "tinygrad_edu did not write it"),
]


@pytest.mark.parametrize("given, said", WRONG, ids=lambda x: " ".join(x) if isinstance(x, list) else "")
def test_a_wrong_command_is_one_line_and_status_2(given, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("a file")
    Path("notes.md").write_text("my own notes")
    Path("pictures").mkdir()
    Path("pictures/micrograd-moons.svg").write_text("a drawing of my own")
    before = sorted(os.listdir())
    try:
        status = cli.main(given)
    except SystemExit as stopped:
        status = stopped.code
    told = capsys.readouterr().err
    assert status == 2 and said in told and told.count("\n") == 1 and sorted(os.listdir()) == before


@pytest.mark.skipif(os.name == "nt" or not os.getuid(), reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused_before_anything_runs(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert cli.main(["zoo", "micrograd", "--small", "--out", str(tmp_path / "zoo")]) == 2
    assert capsys.readouterr().out == ""


def test_all_writes_one_page_with_every_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(zoo, "SYSTEMS", tuple(one for one in zoo.SYSTEMS if one.name == "micrograd"))
    report = tmp_path / "new" / "zoo.md"
    assert cli.main(["zoo", "--all", "--small", "--report", str(report)]) == 0
    page = report.read_text("utf-8")
    assert "zoo/micrograd-moons.svg" in page and (report.parent / "zoo" / "micrograd-moons.svg").is_file()
    assert "| 2020 | [micrograd]" in page and "\n| | all | 44 of 44 |" in page
    assert "wrote" in capsys.readouterr().out
    assert cli.main(["zoo", "--all", "--small", "--report", str(report)]) == 0  # ours may be replaced
    monkeypatch.chdir(tmp_path)
    assert cli.main(["zoo", "--all", "--small", "--out", "my pictures", "--report", str(report)]) == 0
    assert "](../my%20pictures/micrograd-moons.svg)" in report.read_text("utf-8")


def test_a_number_that_is_not_met_is_said_and_makes_the_status_1(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(zoo.System, "main", property(lambda one: lambda run: run.compare("two", 3.0, 2.0, within=0.5)))
    assert cli.main(["zoo", "micrograd", "--out", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "NOT MET, within 0.5" in told and "0 of 1 published numbers met; NOT MET: two" in told


def test_what_a_system_needs_and_is_missing_is_said_and_the_others_run(monkeypatch, capsys, tmp_path):
    def main(run):
        raise MissingPackage("this needs numpy: pip install numpy")

    monkeypatch.setattr(zoo.System, "main", property(lambda one: main if one == zoo.SYSTEMS[0] else lambda run: None))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["zoo", "--all", "--report", "zoo.md"]) == 0
    assert f"{NAMES[0]} was not run: this needs numpy" in capsys.readouterr().out


def test_an_interrupt_outside_of_a_training_ends_the_essay_and_what_it_has_is_written(monkeypatch, capsys, tmp_path):
    def main(run):
        run.compare("computed before", 2.0, 2.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(zoo.System, "main", property(lambda one: main))
    assert cli.main(["zoo", "micrograd", "--out", str(tmp_path)]) == 130
    assert "| computed before | 2 | 2 | 0 | met |" in (tmp_path / "micrograd.md").read_text("utf-8")
    assert cli.main(["zoo", "--all", "--report", str(tmp_path / "zoo.md")]) == 130
    page = (tmp_path / "zoo.md").read_text("utf-8")
    assert (
        "1 of 1, interrupted" in page and page.count("computed before") == 1 and "ends here" in capsys.readouterr().out
    )


def test_another_seed_or_fewer_steps_is_not_the_whole_run(monkeypatch):
    monkeypatch.setattr(zoo.System, "main", property(lambda one: lambda run: run.compare("x", 1.0, 2.0, whole=True)))
    asked = [{}, {"seed": 1337}, {"epochs": 100}, {"seed": 0}, {"seed": 1}, {"epochs": 1}, {"small": True}]
    rows = [zoo.run("micrograd", show=None, **one).rows[0] for one in asked]
    assert [row.verdict for row in rows] == ["not met"] * 3 + [""] * 4
    told = ["seed 0 here, 1337 there", "seed 1 here, 1337 there", "1 steps here, 100 there", "a small run"]
    assert [row.why for row in rows[3:]] == [f"not judged: {why}" for why in told]


def test_a_backend_that_an_essay_does_not_take_is_said_and_once(monkeypatch):
    monkeypatch.setattr(zoo.System, "main", property(lambda one: lambda run: None))
    for name in NAMES:
        told = [backend for backend in ("auto", "eager", "numpy")
                if f"Not {backend}" in zoo.run(name, backend=backend, show=None).markdown()]  # fmt: skip
        assert told == ([] if zoo.system(name).replayed else ["numpy"])
    run = Run("test", backend="eager", show=None)
    assert [run.replay_backend, run.replay_backend] == ["auto", "auto"] and run.markdown().count("Not eager") == 1
    assert Run("test", backend="numpy", show=None).replay_backend == "numpy"


def test_a_small_run_takes_no_more_steps_than_are_asked_for():
    assert [
        Run("x", epochs=n, small=small, show=None).steps(20) for n, small in ((100, False), (100, True), (3, True))
    ] == [100, 20, 3]
    assert (
        len([row for row in zoo.run("microgpt", small=True, epochs=2, show=None).rows if "loss of step" in row.what])
        == 3
    )


def test_what_an_essay_shows_is_said_first_in_lines_that_a_terminal_holds(capsys, monkeypatch):
    monkeypatch.setattr(zoo.System, "main", property(lambda one: lambda run: None))
    for name in NAMES:
        zoo.run(name)
        told = capsys.readouterr().out
        assert zoo.system(name).words.split() == told.split("\n", 1)[1].split()
        assert max(map(len, told.splitlines()[1:])) <= 100


def test_a_table_keeps_its_columns_whatever_its_cells_say():
    told = []
    run = Run("test", show=told.append)
    why = "of other data and another initialisation, and of random numbers that nobody has but whoever drew them first"
    run.table(["|x|", "y"], [["a|b", 1]])
    run.compare("x", 1.0, 2.0, unlike=why)
    run.end()
    rows = [row.replace("\\|", "") for row in run.markdown().splitlines() if row.startswith("|")]
    assert [row.count("|") for row in rows] == [3] * 3 + [6] * 3
    *_, first, second = "\n".join(told).splitlines()
    assert max(len(first), len(second)) <= 100 and first.index("unlike:") == len(second) - len(second.lstrip())
    assert f"unlike: {why}" in " ".join([first, second.strip()])


def test_an_interrupt_ends_every_training_and_keeps_what_was_done():
    run, seen = Run("test", show=None), []

    def step(k):
        if k == 3:
            raise KeyboardInterrupt
        seen.append(k)

    assert run.repeat(10, step) == 3 and seen == [0, 1, 2] and run.interrupted and run.reduced
    assert run.repeat(10, step) == 0 and seen == [0, 1, 2]
    run.compare("accuracy", 0.5, 0.9, whole=True)
    assert run.rows[-1].verdict == "" and run.rows[-1].why == "not judged: interrupted"


@pytest.mark.parametrize(
    "ours, published, options, verdict",
    [
        (1.0, 1.0, {}, "met"),
        (1.0, 1.0 + 1e-9, {}, "not met"),
        (1.0, 1.1, {"within": 0.1001}, "met"),
        (0.49, 0.5, {"within": (0.45, 0.55)}, "met"),
        (0.44, 0.5, {"within": (0.45, 0.55)}, "not met"),
        (float("nan"), 1.0, {"within": 1.0}, "not met"),
        ("abc", "abc", {}, "met"),
        (1.0, 2.0, {"unlike": "other data"}, ""),
        (1.0, 2.0, {"whole": True}, "not met"),
    ],
)
def test_a_number_is_met_exactly_or_within_its_spread(ours, published, options, verdict):
    run = Run("test", show=None)
    run.compare("x", ours, published, **options)
    assert run.rows[0].verdict == verdict
