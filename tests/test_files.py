"""Files: every writer leaves the old file or the new one, and what is somebody else's is not written over."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tinygrad_edu import Value, draw, files, nn, plot
from tinygrad_edu.data import read_csv
from tinygrad_edu.nn import MLP
from tinygrad_edu.render import renderer
from tinygrad_edu.train import History
from tinygrad_edu.webpage import page

posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and limits of POSIX")


def graph(size):
    x = Value(0.5, label="x")
    for _ in range(size):
        x = x.tanh() * x
    return x


def picture(size):
    return plot.loss_curve({"losses": [1.0 + i % 7 for i in range(2 + 50 * size)]})


WRITERS = {  # each writes a file of one size, or a larger one
    "model.json": lambda path, size: MLP(2, [2 * size, 1], seed=0).save(path),
    "page.html": lambda path, size: page(graph(size)).save(path),
    "made.html": lambda path, size: page(graph(size), path),
    "plot.svg": lambda path, size: picture(size).save(path),
    "made.svg": lambda path, size: plot.loss_curve({"losses": [1.0, 2.0 + size]}, path),
    "history.json": lambda path, size: History(losses=[0.5] * 50 * size).save(path),
    "history.csv": lambda path, size: History(losses=[0.5] * 50 * size).save(path),
    "graph.dot": lambda path, size: draw(graph(size)).save(path),
    **{
        f"graph.{form}": lambda path, size: draw(graph(size)).save(path)
        for form in ("svg", "png", "pdf")
        if renderer() is not None
    },
}
each_writer = pytest.mark.parametrize("name", WRITERS)


def names(folder):
    return sorted(os.listdir(folder))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@each_writer
def test_a_file_of_ours_is_written_over_without_a_word(name, tmp_path):
    path = tmp_path / name
    assert files.check(path) == "wrote"
    WRITERS[name](path, 1)
    old = path.read_bytes()
    if path.suffix != ".csv":  # a table carries no mark: what writes it knows its columns
        assert files.check(path) == "replaced"
    WRITERS[name](path, 3)
    assert path.read_bytes() != old and names(tmp_path) == [name]


@each_writer
def test_where_files_cannot_be_locked_they_are_written_all_the_same(name, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LOCKS", False)
    WRITERS[name](tmp_path / name, 1)
    assert names(tmp_path) == [name] and (tmp_path / name).stat().st_size


@each_writer
@pytest.mark.parametrize(
    "content", [b"hello\n", b"<svg/>", b"{}", b"\x89PNG", b"x" * 2000 + b"written by tinygrad_edu" + b"x" * 2000]
)
def test_what_somebody_else_wrote_is_not_written_over(name, content, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileExistsError, match="did not write it: choose another name"):
        WRITERS[name](path, 1)
    assert contents(tmp_path) == {name: content}


FORMS = {"model": ("tinygrad_edu", "model.json"), "history": ("tinygrad_edu history", "history.json")}


@pytest.mark.parametrize("there", FORMS)
@pytest.mark.parametrize("new", FORMS)
def test_json_of_ours_takes_the_place_of_its_own_kind_alone(there, new, tmp_path):
    path = tmp_path / "told.json"
    WRITERS[FORMS[there][1]](path, 1)
    before = path.read_bytes()
    assert files.check(path) == "replaced"
    if there == new:
        assert files.check(path, form=FORMS[new][0]) == "replaced"
        WRITERS[FORMS[new][1]](path, 2)
        return
    for write in (lambda: WRITERS[FORMS[new][1]](path, 2), lambda: files.check(path, form=FORMS[new][0])):
        with pytest.raises(FileExistsError, match=f"it is a (tinygrad_edu )?{there}, which would be lost"):
            write()
    assert path.read_bytes() == before


@pytest.mark.parametrize("thing", [lambda x: draw(x), page, lambda x: plot.loss_curve({"losses": [1.0, 2.0]})])
def test_what_is_shown_is_a_file_that_a_browser_opens(thing, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", opened.append)
    path = thing(graph(1)).show()
    assert opened == [path.as_uri()] and path.suffix in (".svg", ".html") and path.stat().st_size > 500
    assert tmp_path in path.parents


def test_half_a_letter_is_written_as_what_stands_for_it(tmp_path):
    x = Value(1.0, "\ud800x")
    for path in (page(x * x, title="\udc80").save(tmp_path / "a.html"), draw(x * x).save(tmp_path / "a.dot"),
                 draw(x * x).save(tmp_path / "a.svg")):  # fmt: skip
        assert "\ufffd" in path.read_text("utf-8")


@each_writer
def test_an_empty_file_may_be_filled(name, tmp_path):
    path = tmp_path / name
    path.touch()
    WRITERS[name](path, 1)
    assert path.stat().st_size


@each_writer
def test_the_folder_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        WRITERS[name](tmp_path / "nowhere" / name, 1)
    assert caught.value.filename == str(tmp_path / "nowhere") and "no such folder" in str(caught.value)
    assert not names(tmp_path)


@posix
def test_on_a_full_disk_every_writer_keeps_the_old_file(tmp_path):
    for name, write in WRITERS.items():
        write(tmp_path / name, 1)
    old = contents(tmp_path)
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_files import WRITERS
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for name, write in WRITERS.items():
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))
    try:
        write(Path(name), 3)
    except OSError as error:
        assert error.filename == name and ".tmp" not in str(error), error
        print(name)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.split() == list(WRITERS), run.stderr
    assert contents(tmp_path) == old


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file that the collector closes
def test_interrupted_at_any_line_a_file_is_the_old_one_or_the_new_one(tmp_path):
    with ThreadPoolExecutor(1) as alone:  # whose thread takes along the error that a tracer interrupted the handling of
        alone.submit(interrupted_at_any_line, tmp_path).result()
    assert sys.exc_info() == (None, None, None)


def interrupted_at_any_line(tmp_path):
    path, old, new = tmp_path / "x.svg", b"<svg>old</svg>", b"<svg>new</svg>"
    for old_is_there in (True, False):
        moment, done = 0, False
        while not done:
            moment, left = moment + 1, [moment + 1]
            if old_is_there:
                files.write(path, old)
            else:
                path.unlink(missing_ok=True)
            before = path.read_bytes() if old_is_there else None

            def at(frame, event, argument):
                if frame.f_code.co_filename != files.__file__:
                    return None
                if event == "line":
                    left[0] -= 1
                    if not left[0]:
                        raise KeyboardInterrupt
                return at

            sys.settrace(at)
            try:
                files.write(path, new)
                done = True
            except KeyboardInterrupt:
                pass
            finally:
                sys.settrace(None)
            now = path.read_bytes() if path.exists() else None
            assert now == before or now.startswith(new), moment
        assert moment > 30
        assert names(tmp_path) == ["x.svg"]


@posix
def test_what_killed_processes_left_is_swept_and_what_others_write_is_not(tmp_path):
    (tmp_path / ".tinygrad_edu-dead.tmp").write_text("half of")
    with open(tmp_path / ".tinygrad_edu-alive.tmp", "wb") as file:
        files._lock(file, wait=True)
        files.write(tmp_path / "x.svg", "<svg/>")
        assert names(tmp_path) == [".tinygrad_edu-alive.tmp", "x.svg"]
    files.write(tmp_path / "y.svg", "<svg/>")
    assert names(tmp_path) == ["x.svg", "y.svg"]


def test_many_threads_may_write_one_file(tmp_path):
    path, texts = tmp_path / "x.svg", [f"<svg>{i}{'x' * 10_000}</svg>" for i in range(8)]
    threads = [threading.Thread(target=lambda t=t: [files.write(path, t) for _ in range(5)]) for t in texts]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert any(path.read_text().startswith(t) for t in texts) and names(tmp_path) == ["x.svg"]


@posix
def test_links_are_followed_and_permissions_kept(tmp_path):
    real, link = tmp_path / "real.svg", tmp_path / "link.svg"
    files.write(real, "<svg>1</svg>")
    umask = os.umask(0)
    os.umask(umask)
    assert real.stat().st_mode & 0o777 == 0o666 & ~umask
    real.chmod(0o640)
    link.symlink_to("real.svg")
    files.write(link, "<svg>2</svg>")
    assert link.is_symlink() and "2" in real.read_text() and real.stat().st_mode & 0o777 == 0o640


@posix
@pytest.mark.parametrize("device", ["/dev/zero", *["/dev/full"][: os.path.exists("/dev/full")]])  # macOS has none
def test_what_never_ends_is_not_read_to_its_end(device, monkeypatch):
    monkeypatch.setattr(files, "MOST", 1 << 20)
    for door in read_csv, nn.load, MLP(1, [1]).load, files.read:
        with pytest.raises(OSError, match="no file, and more than 1 MiB come out of it") as told:
            door(device)
        assert told.value.filename == device


@posix
def test_a_pipe_that_ends_is_read_like_a_file(tmp_path):
    pipe, text = tmp_path / "table.csv", "a,b\n1,2\n3,4\n"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(text))
    writer.start()
    assert files.read(pipe) == text.encode()
    writer.join()


@posix
def test_pipes_and_devices_are_written_to_as_they_are(tmp_path):
    pipe, read = tmp_path / "pipe.svg", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    files.write(pipe, "<svg/>")
    reader.join()
    assert read == [b"<svg/>"] and pipe.is_fifo()
    files.write("/dev/null", "<svg/>")
    code = "from tinygrad_edu import files; print('a'); files.write('/dev/stdout', 'b\\n'); print('c')"
    with open(tmp_path / "out", "wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "a\nb\nc\n"


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_the_mark_is_no_part_of_the_picture(form, tmp_path):
    if renderer() is None:
        pytest.skip("no Graphviz")
    marked = draw(graph(1)).save(tmp_path / f"x.{form}").read_bytes()
    if form == "svg":
        from xml.etree import ElementTree

        assert ElementTree.fromstring(marked).tag.endswith("svg")
    elif form == "png":
        pytest.importorskip("PIL.Image").open(tmp_path / "x.png").load()
    else:
        address = int(marked.rpartition(b"startxref")[2].split()[0])
        assert marked[address:].startswith(b"xref") or b"/XRef" in marked[address : address + 200]
