"""Files are written whole or not at all, and never over what is somebody else's.

Every file that a person names is read and written here.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "graph.svg")
    ...     said = [check(path), write(path, "<svg/>").name, check(path)]
    ...     with open(path, "w") as notes:
    ...         _ = notes.write("something of my own")
    ...     try:
    ...         write(path, "<svg/>")
    ...     except FileExistsError as error:
    ...         said.append(error.strerror)
    >>> said[:3]
    ['wrote', 'graph.svg', 'replaced']
    >>> said[3]
    'there is such a file, and tinygrad_edu did not write it: choose another name, or remove it'

What is written carries a mark, which pictures and pages do not show:
by it we know our own files when they are written again.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import IO

from .errors import meant

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

__all__ = ["StrPath", "check", "folder", "read", "write"]
StrPath = str | os.PathLike[str]
# Not on Windows, where nobody can remove a file that is open, so that no lock is needed; nor in a browser.
LOCKS = hasattr(fcntl, "flock")
MARK = b"written by tinygrad_edu"
DRAWN = b'digraph "computation graph"'  # the mark of a DOT text
_FORM = re.compile(
    rb'\s*\{\s*"format": "(tinygrad_edu[^"]*)"'
)  # that of what is written as JSON: a model, a history, ...
KINDS = {"tinygrad_edu": "model", "": "picture or page"}  # what a form is called, if not by its own name
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # a disk, or whatever is behind a stream, takes no more
MOST = 1 << 28  # bytes out of a pipe or a device
_HALVES = re.compile("[\ud800-\udfff]")
_NEAR = 512  # bytes from either end: a mark further inside is a mention
_NAME = ".tinygrad_edu-{}.tmp"


def read(path: StrPath) -> bytes:
    """What is in a file, or comes out of a pipe.  Raises OSError of the usual types, which says what to look at; and if
    so much comes out of a pipe or a device that it may never end.
    """
    try:
        with Path(path).open("rb") as file:
            ends = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            content = file.read(-1 if ends else MOST + 1)
    except OSError as error:
        raise _told(error, path) from None
    if ends or len(content) <= MOST:
        return content
    raise OSError(errno.EFBIG, f"this is no file, and more than {MOST >> 20} MiB come out of it, perhaps without end: "
                               "write what you need of it into a file", os.fspath(path))  # fmt: skip


def folder(path: StrPath) -> Path:
    """A folder to write in, made if it is not there.  Raises OSError, which says what to do."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _told(error, path) from None
    return Path(path)


def _told(error: OSError, path: StrPath) -> OSError:
    """The same error, which says what to do."""
    return type(error)(error.errno, _advice(error, Path(path)), os.fspath(path))


def _advice(error: OSError, path: Path) -> str:
    """What an error of the operating system means to the person who named the file."""
    where = next((p for p in path.absolute().parents if p.exists()), Path())
    if not where.is_dir() or isinstance(error, FileExistsError):
        return f"{where if not where.is_dir() else 'this'} is a file, and no folder: choose another name"
    if isinstance(error, FileNotFoundError):
        if not path.parent.is_dir():
            return f"there is no such file, and no folder {str(path.parent)!r}: its name begins in {Path.cwd()}"
        with suppress(OSError):
            if near := meant(path.name, os.listdir(path.parent)):
                return f"there is no such file{near}"
        return f"there is no such file in {path.absolute().parent}"
    if isinstance(error, IsADirectoryError):
        return "this is a folder: add the name of a file in it"
    if isinstance(error, PermissionError):
        return "this may not be read or changed by you: change its permissions, or take another"
    if error.errno in FULL:
        return f"{error.strerror}: make room, or choose another place; what was there before is as it was"
    return error.strerror or str(error)


def write(path: StrPath, content: str | bytes, *, over: bool = False, mode: int | None = None) -> Path:
    """Write text (as UTF-8) or bytes to a file, whole or not at all, and return its path.

    Until all of it is on the disk the old file stays as it was, whatever happens: a full disk, Ctrl-C, a crash.  The
    new one has the old one's permissions, or `mode`; links are followed; pipes and devices are written to as they are.
    Half a letter, which UTF-8 cannot say, is written as U+FFFD.
    Raises FileExistsError for a file with something in it that this package did not write, unless `over`, or with
    something else than what is written now, as a model is to a history; OSError with the path, or with the folder that
    is not there.
    """
    raw = _HALVES.sub("\ufffd", content).encode() if isinstance(content, str) else content
    check(path, over=over, form=_form(raw))
    target = _target(path)
    try:
        stream = _stream(target) if target.exists() else None
        if stream is None:
            _replace(target, _marked(raw), mode)
        else:
            with stream:
                stream.write(raw)
    except OSError as error:  # tells of the file that was asked for, not of the one that stands in for it
        raise _told(error, path) if error.errno else error from None
    return Path(path)


def check(path: StrPath, *, over: bool = False, form: str = "") -> str:
    """Raise the error that `write` would, before there is anything to write; else the word for it:
    "wrote" or "replaced".  JSON has a `form`, as in `{"format": "tinygrad_edu history", ...}`.
    """
    target = _target(path)
    if not target.parent.is_dir():
        if target.parent.exists():
            raise NotADirectoryError(
                errno.ENOTDIR, "this is a file, and no folder: choose another name", str(Path(path).parent)
            )
        raise FileNotFoundError(errno.ENOENT, "there is no such folder: make it first", str(Path(path).parent))
    try:
        old = target.stat()
    except FileNotFoundError:
        if not os.access(target.parent, os.W_OK):
            raise PermissionError(errno.EACCES, "no file may be added to this folder", str(Path(path).parent)) from None
        return "wrote"
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, "this is a folder: add the name of a file", os.fspath(path))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "this file may not be changed", os.fspath(path))
    if not old.st_size or not stat.S_ISREG(old.st_mode) or _standard(old):
        return "wrote"
    found = None if over else _found(target)
    if not over and (found is None or form != found and form):
        why = "tinygrad_edu did not write it: choose another name, or remove it"
        if found is not None:
            why = f"it is a {KINDS.get(found, found)}, which would be lost: choose another name"
        why = f"there is such a file, and {why}"
        raise FileExistsError(errno.EEXIST, why, os.fspath(path))
    return "replaced"


def _target(path: StrPath) -> Path:
    """Where a path leads."""
    return Path(os.path.realpath(path))


def _standard(old: os.stat_result) -> int | None:
    """Which of our own standard streams a file is, if one: /dev/stdout, or the file that
    a shell has put in its place.
    """
    for number in (1, 2):
        with suppress(OSError):
            if os.path.samestat(old, os.fstat(number)):
                return number
    return None


def _stream(target: Path) -> IO[bytes] | None:
    """What is written to as it comes: a standard stream, a pipe, a device; None for files."""
    old = target.stat()
    if number := _standard(old):
        with suppress(AttributeError, ValueError):  # what was printed before comes before
            sys.stdout.flush()
        return open(os.dup(number), "wb")
    return None if stat.S_ISREG(old.st_mode) else open(target, "wb")


def _replace(target: Path, raw: bytes, mode: int | None) -> None:
    """The bytes under another name in the same folder, then under the right one, in one step."""
    _sweep(target.parent)
    other = target.parent / _NAME.format(os.urandom(8).hex())
    try:
        with open(other, "xb") as file:
            with suppress(OSError):  # a folder on the network may know no locks
                _lock(file, wait=True)
            if not os.fstat(file.fileno()).st_nlink:  # swept by another process before it was locked
                return _replace(target, raw, mode)
            file.write(raw)
            with suppress(FileNotFoundError):
                os.chmod(other, stat.S_IMODE(target.stat().st_mode) if mode is None else mode)
            file.flush()
            os.fsync(file.fileno())
            if LOCKS:  # still locked
                os.replace(other, target)
        if not LOCKS:
            os.replace(other, target)
    finally:
        other.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what was left by processes that were killed: nobody has locked it."""
    for left in folder.glob(_NAME.format("*")):
        with suppress(OSError), open(left, "ab") as file:
            _lock(file, wait=False)
            left.unlink()


def _lock(file: IO[bytes], wait: bool) -> None:
    """Raises OSError if somebody else has locked the file and we do not wait."""
    if LOCKS:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _found(target: Path) -> str | None:
    """The form of a file that carries our mark, which has a name if it is JSON; None if it is somebody else's."""
    with open(target, "rb") as file:
        start = file.read(_NEAR)
        file.seek(max(0, os.fstat(file.fileno()).st_size - _NEAR))
        return _form(start) or ("" if _has_mark(start, file.read(_NEAR)) else None)


def _form(raw: bytes) -> str:
    found = _FORM.match(raw)
    return found[1].decode(errors="replace") if found else ""


def _has_mark(start: bytes, end: bytes) -> bool:
    return any(mark in start or mark in end for mark in (MARK, DRAWN))


def _marked(raw: bytes) -> bytes:
    """The same picture or page with our mark, where its format allows a remark."""
    start = raw[:_NEAR].lstrip().lower()
    if _has_mark(raw[:_NEAR], raw[-_NEAR:]):
        return raw
    if start.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        return raw + b"<!-- " + MARK + b" -->\n"
    if raw.startswith(b"%PDF") and b"startxref" in raw:  # a remark there moves nothing that has an address
        rest, word, end = raw.rpartition(b"startxref")
        return rest + b"% " + MARK + b"\n" + word + end
    if raw.startswith(b"\x89PNG") and raw[-8:-4] == b"IEND":
        body = b"tEXtComment\0" + MARK
        return raw[:-12] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) + raw[-12:]
    return raw
