"""The benchmarks run, say what they measured, and keep what they have when they are interrupted."""

import json
import sys

import pytest

from benchmarks import eager, size, workloads
from benchmarks.peers import hosting
from benchmarks.peers.hosting import Environment, Peer, Unavailable, reason


def test_it_prints_a_table_and_writes_every_round(tmp_path, capsys):
    pytest.importorskip("micrograd")
    file = tmp_path / "rounds.json"
    assert eager.main(["--only", "W3", "--rounds", "2", "--json", str(file)]) == 0
    printed, rows = capsys.readouterr().out, json.loads(file.read_text())["rows"]
    assert [row["engine"] for row in rows] == ["micrograd", "node for node"]
    assert all(len(row["on"]) == len(row["paused"]) == 2 for row in rows)
    assert [row["nodes"] for row in rows] == [39, 33] and [row["freed"] for row in rows] == [False, True]
    assert "micrograd's README expression" in printed and "speed-up" in printed and "median of 2 rounds" in printed


def test_without_micrograd_ours_is_still_measured(monkeypatch, capsys):
    monkeypatch.setattr(workloads, "micrograd", None)
    assert eager.main(["--only", "W3", "--rounds", "1"]) == 0
    printed = capsys.readouterr().out
    assert "micrograd: not installed (pip install micrograd)" in printed and "node for node" in printed


@pytest.mark.parametrize("workload", workloads.WORKLOADS[::2], ids=lambda w: w.name)  # W1 and W3
def test_every_engine_computes_the_same_loss(workload):
    losses = [runner.build().data for runner in workload.runners()]
    assert len(losses) > 1 or workloads.micrograd is None
    assert losses == pytest.approx([losses[0]] * len(losses), rel=1e-9)


def test_an_interruption_keeps_the_rounds_that_were_finished(monkeypatch, capsys, tmp_path):
    calls = iter(range(100))

    def seconds(runner, setting):
        if next(calls) == 5:
            raise KeyboardInterrupt
        return 1.0

    monkeypatch.setattr(workloads, "micrograd", None)
    monkeypatch.setattr(eager, "seconds", seconds)
    assert eager.main(["--only", "W3", "--rounds", "9", "--json", str(tmp_path / "x.json")]) == 130
    printed = capsys.readouterr()
    assert "node for node" in printed.out and "interrupted" in printed.err
    assert len(json.loads((tmp_path / "x.json").read_text())["rows"][0]["on"]) >= 2


def test_a_file_that_cannot_be_written_is_an_error_before_the_work(capsys, tmp_path):
    with pytest.raises(SystemExit):
        eager.main(["--only", "W3", "--json", str(tmp_path / "missing" / "x.json")])
    assert "cannot write --json" in capsys.readouterr().err


def test_what_is_read_is_counted_however_it_is_laid_out():
    """Comments, docstrings and blank lines are none of it; a text inside a statement is."""
    dense = 'x = f("a", [1, "b"])\n'
    airy = '"""What it is."""\n\n# why\nx = f(  # so\n    "a",\n    [1, "b"]\n)\n'
    assert size.counted(dense).tokens == size.counted(airy).tokens == 12
    assert (size.counted(airy).lines, size.counted(airy).code) == (7, 4)
    found = size.rooms([("p/a.py", dense), ("p/b/c.py", airy), ("p/b/d.py", dense)])
    assert found == {"a": (1, 1, 12), "b": (8, 5, 24), "all": (9, 6, 36)}
    assert "+12" in size.table(found, {**found, "b": size.Size(7, 4, 12)}).splitlines()[2]


# benchmarks.replay: engines in processes of their own


ECHO = """
import json, sys
from benchmarks.peers import w1
problem = json.loads(sys.stdin.readline())
gradient, run, parameters = w1.numpy(problem)
(loss, slopes), start = gradient(), parameters()
run(1)
answer = {"loss": loss, "gradient": slopes, "start": start, "moved": parameters(), "version": "1.2.3"}
CHANGE
print(json.dumps(answer), flush=True)
for line in sys.stdin:
    print(0.5 * int(line.split()[1]), flush=True)
"""


def changed(change=""):
    return Peer("peer", "", command=[sys.executable, "-c", ECHO.replace("CHANGE", change)])


@pytest.fixture
def replay(monkeypatch):
    pytest.importorskip("numpy")
    from benchmarks import replay

    monkeypatch.setattr(replay, "ENOUGH", 1e-4)
    return replay


@pytest.fixture
def competed(replay, tmp_path):
    """One round of W1 with four points between some peers: their table, line by line."""

    def run(*peers):
        contest = replay.Contest(
            "W1", "small", lambda: replay.ours.w1_problem(4), replay.ours.w1_eager, lambda: list(peers), "peer"
        )
        for _ in replay.compete(contest, list(peers), 1, Environment(tmp_path, install=False), lambda what: None):
            pass
        return replay.table(contest, list(peers)).splitlines()[2:]

    return run


def test_a_peer_shows_what_it_computes_and_then_its_seconds(competed):
    right = changed()
    [line] = competed(right)
    assert right.times == [0.5] and right.version == "1.2.3"
    assert line.split() == ["peer", "1.2.3", "500.0000", "500.0000", "1x"]


@pytest.mark.parametrize(("change", "said"), [
    ("answer['loss'] *= 1 + 1e-8", "WRONG: loss"),
    ("answer['loss'] = float('nan')", "WRONG: loss nan"),
    ("answer['gradient'][7] += 1e-8", "WRONG: its gradient is off by up to 1e-08"),
    ("answer['gradient'][7] = float('nan')", "WRONG: its gradient is off by up to inf"),
    ("answer['gradient'].pop()", "WRONG: 336 numbers in its gradient, ours has 337"),
    ("answer['moved'] = answer['start']", "WRONG: its update is off"),
    ("answer = {'failed': 'no licence'}", "not timed: no licence"),
    ("raise SystemExit('something is missing')", "not timed: its process ended: something is missing"),
])  # fmt: skip
def test_a_peer_that_computes_something_else_is_named_and_not_timed(competed, change, said):
    peer = changed(change)
    [line] = competed(peer)
    assert said in line and peer.times == []


def test_a_peer_that_cannot_be_had_is_named_with_the_reason(competed, tmp_path):
    lines = competed(
        changed(), Peer("absent", "w1:micrograd", "micrograd"), Peer("barred", "", barred="its licence"),
        Peer("unknown", "w1:nothing"), Peer("crate", "rust/"),
        Peer("no such file", "", command=[str(tmp_path / "nothing")]),
    )  # fmt: skip
    for line, said in zip(
        lines,
        ["500.0000", "pip install micrograd", "its licence", "AttributeError", "not timed: ", "No such file"],
        strict=True,
    ):
        assert said in line


def test_a_peer_that_stops_half_way_is_named_and_the_others_go_on(competed):
    mortal = Peer("mortal", "", command=[sys.executable, "-c", ECHO.replace("CHANGE", "") + "    break"])
    lines = competed(mortal, changed())
    assert "its process ended" in lines[0] and "500.0000" in lines[1]


def test_a_peer_that_does_not_answer_is_named(competed, monkeypatch):
    monkeypatch.setattr(hosting, "PATIENCE", 0.05)
    [line] = competed(changed("import time; time.sleep(60)"))
    assert "no answer within" in line


def test_our_own_worker_speaks_the_lines(competed):
    peer = Peer("peer", "w1:microgpt_engine")
    [line] = competed(peer)
    assert 0 < peer.times[0] < 10 and line.endswith("1x")


@pytest.mark.parametrize("program", ["numpy", "numpy_flat", "c", "c_fast_math"])
def test_what_is_written_by_hand_is_right(competed, program):
    from benchmarks.peers import w1

    if program.startswith("c") and not w1.compiler_version():
        pytest.skip("no C compiler")
    peer = Peer("peer", getattr(w1, program))
    assert competed(peer)[0].endswith("1x"), peer.excuse


def test_nothing_is_installed_where_that_was_forbidden(tmp_path):
    home = Environment(tmp_path / "peers", install=False)
    with pytest.raises(Unavailable, match="--no-install"):
        home.python("micrograd")
    assert not (tmp_path / "peers").exists()


@pytest.mark.parametrize(("output", "said"), [
    ("ERROR: Could not find a version that satisfies the requirement x\nERROR: No matching distribution found for x\n"
     "[notice] pip",
     "ERROR: No matching distribution found for x"),
    ("error: subprocess-exited-with-error\n  error: linker `cc` not found\nerror: metadata-generation-failed\n"
     "hint: See above for details.",
     "error: linker `cc` not found"),
    ("warning: spurious network error\n  [6] Could not resolve host: somewhere",
     "its registry of packages cannot be reached"),
    ("odd", "odd"),
    ("", "no reason given"),
])  # fmt: skip
def test_of_a_long_complaint_the_telling_line_is_kept(output, said):
    assert reason(output) == said


def test_replay_prints_a_table_and_writes_every_round(replay, tmp_path, capsys):
    file = tmp_path / "rounds.json"
    assert (
        replay.main(["--only", "python", "--rounds", "2", "--no-install", "--venv", str(tmp_path), "--json", str(file)])
        == 0
    )
    printed, rows = capsys.readouterr().out, json.loads(file.read_text())["python"]
    assert [row["name"] for row in rows] == ["ours, eager", "ours, python, through Values", "ours, python, flat arrays"]
    assert all(len(row["seconds"]) == 2 and not row["excuse"] for row in rows)
    assert "median of 2 rounds" in printed and "flat arrays" in printed


@pytest.mark.parametrize(("arguments", "said"), [
    (["--only", "W1,W9"], "'W9' is none of W1, W4, digits, python, curve, start"),
    (["--rounds", "-1"], "--rounds takes a number from 1 up, got -1"),
    (["--json", "missing/x.json"], "cannot write --json missing/x.json"),
])  # fmt: skip
def test_replay_says_what_it_does_not_understand(replay, arguments, said, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        replay.main(arguments)
    assert said in capsys.readouterr().err
