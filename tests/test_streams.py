"""Streams: every text reaches any terminal, and a stream that takes none is no reason to end."""

import io
import os
import subprocess
import sys

import pytest

from tinygrad_edu import Value, fit, losses, optim, streams
from tinygrad_edu.cli import main
from tinygrad_edu.nn import MLP

COMMANDS = {
    "explain": ["grad", "tanh(λ*b)", "λ=2", "b=3", "--explain"],
    "explain one": ["grad", "tanh(a*b)", "a=2", "b=3", "--explain", "a"],
    "latex": ["grad", "tanh(a*b)", "a=2", "b=3", "--source", "latex"],
    "order": ["order", "h = x**2; L = h + h**2", "x=3"],
    "ops": ["ops"],
    "help": ["--help"],
}
posix = pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")


def reads(letters, encoding):
    """What is read of a text from a stream in an encoding, once it is safe."""
    return letters.encode(encoding, "tinygrad_edu").decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "cp932", "utf-8", "utf-16"])
def test_every_letter_can_be_written_in_every_encoding(encoding):
    for code in range(0x110000) if encoding == "ascii" else [*range(0x3000), *range(0xD7F0, 0xE010), 0x1F600]:
        reads(chr(code), encoding)
    assert reads("dL/dw = 2 * x", encoding) == "dL/dw = 2 * x"


@pytest.mark.parametrize(
    ("text", "ascii"),
    {
        "w → v1": "w -> v1", "x₁·w₁": "x1*w1", "upstream × local": "upstream x local", "∂L/∂w": "dL/dw", "x²": "x^2",
        "σ(x)": "sigma(x)", "Δ": "Delta", "½": "1/2", "café": "cafe", "Ærø": "AEro", "“so”…": '"so"...', "−3": "-3",
        "Wᵀ": "W^T", "名": "\\u540d", "ﬁ": "fi",
    }.items(),
)  # fmt: skip
def test_a_replaced_letter_still_reads_well(text, ascii):
    assert text.encode("ascii", "tinygrad_edu").decode() == ascii


def test_greek_names_stay_names_in_programs():
    for code in range(0x370, 0x400):
        if (letter := chr(code)).isidentifier() and (word := reads(letter, "ascii"))[0] != "\\":
            compile(f"{word} = 1", "<test>", "exec")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_every_command_says_all_in_every_encoding(name, encoding, monkeypatch):
    said = {}
    for code in (encoding, "utf-8"):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=code))
        try:
            assert main(COMMANDS[name]) == 0
        except SystemExit as end:
            assert not end.code
        sys.stdout.flush()
        assert sys.stdout.errors == "strict"
        said[code] = raw.getvalue().decode(code)
    assert len(said[encoding].splitlines()) == len(said["utf-8"].splitlines())
    assert "?" not in said[encoding] or "?" in said["utf-8"]


SHELL = {  # what comes after the command: its status, and whether stderr may say something
    ">&-": (0, False),
    "2>&-": (0, False),
    ">&- 2>&-": (0, False),
    "| head -c 1 >/dev/null": (0, False),
    ">/dev/full": (2, True),
    ">/dev/full 2>/dev/full": (2, False),
    "2>/dev/full": (0, False),
    "</dev/null": (0, False),
}
if not os.path.exists("/dev/full"):  # as on macOS
    SHELL = {rest: expected for rest, expected in SHELL.items() if "/dev/full" not in rest}


@posix
def test_a_stream_that_takes_nothing_makes_no_noise():
    command = f"'{sys.executable}' -m tinygrad_edu grad 'a*b' a=2 b=3 --explain a"
    lines = [(f"{command} {rest}", *expected) for rest, expected in SHELL.items()]
    script = "\n".join(f"( {command} ); echo status $? >&3" for command, *_ in lines)
    run = subprocess.run(
        ["bash", "-c", f"set -o pipefail; exec 3>&1 >/dev/null\n{script}"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert [int(line.split()[1]) for line in run.stdout.splitlines()] == [status for _, status, _ in lines]
    assert run.stderr.splitlines() == ["tinygrad-edu: No space left on device"] * sum(speaks for *_, speaks in lines)


@pytest.mark.parametrize("status", [0, 2])
def test_without_streams_a_command_has_its_status(status, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["grad", "a*b" if status == 0 else "a*c", "a=2", "b=3"]) == status
    assert sys.stdout is None and sys.stderr is None


class Broken(io.StringIO):
    """A stream that takes a few words and then fails."""

    def __init__(self, error, terminal):
        super().__init__()
        self.error, self.terminal = error, terminal

    def isatty(self):
        return self.terminal

    def write(self, text):
        raise self.error


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("columns", ["", "0", "1", "3", "-5", "many", "80"])
@pytest.mark.parametrize("error", [OSError(28, "full"), BrokenPipeError(), ValueError("closed"), None])
def test_no_progress_line_ends_a_training(terminal, columns, error, monkeypatch):
    from tinygrad_edu.train import progress

    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(progress.time, "monotonic", iter(range(0, 10**6, 7)).__next__)
    monkeypatch.setattr(sys, "stderr", Broken(error, terminal) if error else None)
    model = MLP(2, [1], seed=0)
    history = fit(
        model,
        [[0.0, 1.0]] * 4,
        [1.0] * 4,
        loss=losses.mse,
        optimizer=optim.SGD(model.parameters(), lr=0.1),
        epochs=2,
        backend="eager",
    )
    assert history.steps == 2 and not history.interrupted


@pytest.mark.parametrize("given", ["\x1b[31mred", "bell\x07", "\x9b2J", "back\x08", "\u202eleft", "\udc9b"])
def test_nothing_that_was_typed_steers_a_terminal(given, tmp_path, capsys):
    for command in (
        ["grad", given], ["grad", "a*b", f"{given}=2"], ["grad", "a", f"a={given}"], [given], ["train", given],
        ["train", f"{given}.csv"], ["grad", "a", "a=1", "--svg", f"{tmp_path}/{given}/x.svg"],
        ["train", "moons", "--save", f"{given}.txt"], ["page", "a", "a=1", "-o", given],
        ["grad", "a", "a=1", f"--{given}"], ["predict", f"{tmp_path}/{given}.json", "x.csv"],
        ["train", "moons", "--hidden", given],
    ):  # fmt: skip
        try:
            assert main(command) == 2
        except SystemExit as end:
            assert end.code == 2
        out, said = capsys.readouterr()
        assert said.strip() and all(c.isprintable() or c == "\n" for c in out + said), command


def test_nothing_that_a_file_holds_steers_a_terminal(tmp_path, monkeypatch, capsys):
    """Names of columns, of classes and of files, in whatever is printed of them, and in pictures;
    what is written stays as it is.
    """
    monkeypatch.chdir(tmp_path)
    red, data = "\x1b[31m", "x\x1b[31m.csv"
    lines = [
        f"{a}.5;{b}.5;{kind}" for kind, a, b in ((red, 1, 2), ("b\x07ell", 5, 6), ("c\x9bsi", 9, 1)) for _ in range(8)
    ]
    (tmp_path / data).write_text("\n".join([f"a{red};b\x08;c\x1b", *lines]), encoding="utf-8")
    train = ["train", data, "--target", "c\x1b"]
    for command, status in (
        (["train", data], 2), ([*train, "--features", "zz"], 2), ([*train, "--class-weights", "zz=1"], 2),
        ([*train, "--epochs", "2", "--save", f"{red}.json", "--plot", f"{red}.svg", "--history", f"{red}h.csv"], 0),
        (["predict", f"{red}.json", data, "--keep", f"a{red}"], 0),
        (["predict", f"{red}.json", data, "-o", f"{red}p.csv"], 0),
        (["predict", f"{red}.json", data, "--keep", "zz"], 2),
        ([*train, "--resume", f"{red}.json", "--target", "zz"], 2),
    ):  # fmt: skip
        assert main(command) == status
        out, said = capsys.readouterr()
        assert (out + said).strip() and all(c.isprintable() or c == "\n" for c in out + said), command
    assert red in (tmp_path / f"{red}p.csv").read_text(encoding="utf-8")
    assert not [c for c in (tmp_path / f"{red}.svg").read_text(encoding="utf-8") if c < " " and c != "\n"]


def test_an_interrupt_is_one_line_and_status_130(monkeypatch, capsys):
    from tinygrad_edu.cli import gradient

    for name in ("parse", "source", "draw", "explain"):
        with monkeypatch.context() as m:
            where = gradient if name == "parse" else Value
            m.setattr(where, name, lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
            how = {"source": ["--source", "python"], "draw": ["--svg", "x.svg"], "explain": ["--explain"]}.get(name, [])
            assert main(["grad", "a*b", "a=2", "b=3", *how]) == 130
            assert capsys.readouterr().err == "tinygrad-edu: interrupted\n"


def test_inside_safe_and_after_it_the_streams_are_who_they_were(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    with pytest.raises(ZeroDivisionError), streams.safe():
        print("→")
        raise ZeroDivisionError
    assert sys.stdout is out and out.errors == "strict" and out.buffer.getvalue().split() == [b"->"]
