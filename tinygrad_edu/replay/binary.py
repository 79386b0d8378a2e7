"""The machine as machine code: compiled by Numba once, kept in a file, and loaded by llvmlite alone, as importing Numba
takes longer than everything else.

The files lie in `__pycache__` beside this one, or in the user's cache; `NUMBA_CACHE_DIR` chooses another folder.  A
file is written whole or not at all, and carries a digest of itself and its name: what is damaged, or made from other
text or for another processor, is compiled again.  So is what others may have written, as it would be run: a folder that
belongs to somebody else, or that others may write to, is left alone.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.metadata
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import files, ieee, ops
from ..interruption import uninterrupted
from . import kernel, machine

FUNCTIONS: dict[str, Callable[..., Any]] = {"run": machine.run}
_loading = threading.Lock()


def _renew() -> None:
    """In a child after a fork nobody is left to release a lock that another thread held."""
    global _loading
    _loading = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


def function(name: str) -> Callable[..., int]:
    """One of the machine's functions, compiled: called with three addresses, see `lowering.compiled`,
    it works without Python's lock.
    """
    with _loading:
        return _function(name)


@functools.cache
def _function(name: str) -> Callable[..., int]:
    kept = _kept(name)
    address = kept and _linked(name, *kept)
    if not address:
        with uninterrupted():
            from . import lowering

        if sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules):
            print(
                "tinygrad_edu: compiling the kernel, once for all graphs: this takes some seconds",
                file=sys.stderr,
                flush=True,
            )
        with uninterrupted():  # Numba that was stopped while it learned its types fails at whatever it compiles next
            symbol, code, library = lowering.compiled(FUNCTIONS[name])
        _keep(name, symbol, code)
        address = _linked(f"{name}, new", symbol, code)
        if not address:  # only Numba knows what it calls
            address = library.get_pointer_to_function(symbol)
            _alive.append(library)
    return ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 3)(address)


_alive: list[Any] = []  # what must not be freed as long as its code may run


@functools.cache
def _linker() -> Any:
    with uninterrupted():
        import llvmlite.binding as llvm  # type: ignore[import-not-found,import-untyped,unused-ignore]

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm, llvm.create_lljit_compiler(llvm.Target.from_default_triple().create_target_machine(jit=True))


def _linked(name: str, symbol: str, code: bytes) -> int | None:
    """The address of a function in memory; None if this process lacks something that the code calls."""
    llvm, compiler = _linker()
    try:
        library = (
            llvm.JITLibraryBuilder()
            .add_object_img(code)
            .add_current_process()
            .export_symbol(symbol)
            .link(compiler, name)
        )
    except RuntimeError:
        return None
    _alive.append(library)
    return int(library[symbol])


# Files.


@functools.cache
def _stamp() -> bytes:
    """A number for the text of everything that is compiled, for what compiles it, and for the processor."""
    import llvmlite.binding as llvm

    from . import __path__ as here

    digest = hashlib.sha256()
    for module in (ieee, ops, kernel, machine):
        digest.update(Path(str(module.__file__)).read_bytes())
    digest.update(Path(here[0], "lowering.py").read_bytes())
    digest.update(kernel.TEXT.encode())
    versions = [importlib.metadata.version(package) for package in ("numba", "llvmlite")]
    target = [llvm.get_default_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]
    digest.update(repr([*versions, *target, sys.implementation.cache_tag]).encode())
    return digest.digest()


def _folders() -> Iterator[Path]:
    """Where files may be kept, the best first."""
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(chosen)
        return
    yield Path(__file__).parent / "__pycache__"
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    with suppress(RuntimeError):  # somebody without a home
        cache = Path(home) if home else Path.home() / ".cache"
        if home or cache.parent.is_dir():
            yield cache / "tinygrad_edu"


def _file(name: str) -> str:
    """Installations that share a folder have files of their own;
    one whose text has changed writes over its old file.
    """
    owner = hashlib.sha256(f"{Path(__file__).resolve()} {sys.implementation.cache_tag}".encode()).hexdigest()
    return f"tinygrad_edu.{name}.{owner[:12]}.machine"


def _digest(name: str, rest: bytes) -> bytes:
    return hashlib.sha256(_stamp() + name.encode() + b"\n" + rest).digest()


def _is_safe(found: os.stat_result) -> bool:
    """Whether nobody could have changed a file or folder but this user, root,
    and the owner of the code that runs here anyway.

    A group of the number of its only user is that user.
    """
    if not hasattr(os, "getuid"):  # Windows says who may write in other ways
        return True
    others = stat.S_IWOTH if found.st_gid == found.st_uid else stat.S_IWOTH | stat.S_IWGRP
    return found.st_uid in {os.getuid(), 0, os.stat(__file__).st_uid} and not found.st_mode & others


def _kept(name: str) -> tuple[str, bytes] | None:
    """The symbol and the object code that were kept, if they are whole and still true,
    and nobody else can have written them.
    """
    for folder in _folders():
        try:
            if not _is_safe(folder.stat()) or not stat.S_ISREG((folder / _file(name)).stat().st_mode):
                continue
            with open(folder / _file(name), "rb") as file:
                content = file.read() if _is_safe(os.fstat(file.fileno())) else b""
        except OSError:
            continue
        digest, rest = content[:32], content[32:]
        if digest == _digest(name, rest):
            symbol, _, code = rest.partition(b"\n")
            return symbol.decode(), code
    return None


def _keep(name: str, symbol: str, code: bytes) -> None:
    """Write the file in the first folder that takes it and that is safe, for those to read who may read this one."""
    rest = symbol.encode() + b"\n" + code
    for folder in _folders():
        with suppress(OSError):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            if _is_safe(folder.stat()):
                mode = stat.S_IMODE(os.stat(__file__).st_mode) & 0o644 | 0o600
                files.write(folder / _file(name), _digest(name, rest) + rest, over=True, mode=mode)
                return
