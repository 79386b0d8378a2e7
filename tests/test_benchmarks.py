"""The benchmark runs, says what it measured, and keeps what it has when it is interrupted."""

import json

import pytest

from benchmarks import eager, workloads


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
