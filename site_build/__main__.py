"""python -m site_build: see the package."""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import subprocess
import sys
from pathlib import Path

# The site shows, and runs, the engine in Python; which one it is must be said before anything of it is loaded.
os.environ["TINYGRAD_EDU_C"] = "0"

from . import __doc__ as about  # noqa: E402
from . import play  # noqa: E402

PARTS = ("play", "docs", "lite")


def main() -> int:
    """Build what is asked for; 2 if the folder is no place for it, a program is missing, or the port is taken."""
    parser = argparse.ArgumentParser("python -m site_build", description=(about or "").split("\n")[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("build/site"), metavar="DIR")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts (default: all)")
    parser.add_argument("--notebooks", type=Path, metavar="DIR", help="notebooks of your own, beside ours")
    parser.add_argument(
        "--serve", nargs="?", type=int, const=8000, metavar="PORT", help="then serve it, on this machine"
    )
    given = parser.parse_args()
    if given.serve is not None and not 0 <= given.serve < 1 << 16:
        parser.error(f"--serve takes a port from 0 to 65535, got {given.serve}")
    try:
        build(given.output, tuple(given.only), given.notebooks)
        if given.serve is not None:
            serve(given.output, given.serve)
    except (OSError, ModuleNotFoundError) as error:
        print(f"site_build: {error}", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        print(f"site_build: {' '.join(map(str, error.cmd))} failed:\n{error.stderr or ''}", file=sys.stderr)
        return 2
    return 0


def build(out: Path, parts: tuple[str, ...] = PARTS, notebooks: Path | None = None) -> None:
    """Build parts of the site in a folder that is empty, or that held the site before."""
    if out.exists() and any(out.iterdir()) and not (out / play.MARK).exists():
        raise FileExistsError(f"{out} has other files in it: name a folder that is empty, or not there yet")
    out.mkdir(parents=True, exist_ok=True)
    (out / play.MARK).write_text("this folder is built by `python -m site_build`, and built anew: keep nothing here\n")
    wheel = play.build(out)
    print(f"play: {out / 'index.html'}")
    if "docs" in parts:
        from . import docs

        docs.build(out / "docs")
        print(f"docs: {out / 'docs' / 'index.html'}")
    if "lite" in parts:
        from . import lite

        lite.build(out / "lite", wheel, notebooks)
        print(f"lite: {out / 'lite'}")


def serve(folder: Path, port: int) -> None:
    """Serve a folder on this machine, until Ctrl-C."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    try:
        server = http.server.ThreadingHTTPServer(("localhost", port), handler)
    except OSError as error:
        raise OSError(f"cannot serve on port {port}: {error.strerror}; choose another, --serve 8001") from None
    with server:
        print(f"http://localhost:{server.server_port}/ (Ctrl-C ends it)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    sys.exit(main())
