"""Compiles the engine, tinygrad_edu/c, when a wheel is built, where there is a compiler; without one the wheel is plain
Python, which computes the same.

The environment variable TINYGRAD_EDU_C decides: 0 leaves it uncompiled, 1 fails where it cannot be compiled.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "tinygrad_edu._twin"


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        choice = os.environ.get("TINYGRAD_EDU_C", "")
        if choice == "0" or self.target_name != "wheel":
            return
        try:
            built = compiled(Path(self.root))
        except (Exception, SystemExit) as error:  # no compiler, no headers, or one that fails
            if choice == "1":
                raise
            why = str(error).strip().splitlines() or [type(error).__name__]
            self.app.display_warning(
                f"tinygrad-edu: the engine was not compiled ({why[0]}): plain Python computes the same"
            )
            return
        if version == "editable":  # is imported from where the source is
            shutil.copy(built, Path(self.root) / "tinygrad_edu")
        else:
            build_data["force_include"][str(built)] = f"tinygrad_edu/{built.name}"
            build_data["pure_python"], build_data["infer_tag"] = False, True


def compiled(root: Path) -> Path:
    """The extension, in a folder of its own.  Raises whatever says why it cannot be."""
    if (
        sys.implementation.name != "cpython"
        or sys.platform == "emscripten"
        or sysconfig.get_config_var("Py_GIL_DISABLED")
    ):
        raise RuntimeError(
            f"it is not for {sys.implementation.name} on {sys.platform} without a lock of the interpreter"
        )
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    flags = ["/O2", "/std:c11"] if os.name == "nt" else ["-O3", "-ffp-contract=off"]
    source = os.path.relpath(root / "tinygrad_edu" / "c" / "twin.c")
    command = build_ext(
        Distribution({"name": "tinygrad-edu", "ext_modules": [Extension(NAME, [source], extra_compile_args=flags)]})
    )
    folder = tempfile.mkdtemp(prefix="tinygrad_edu-build-")
    command.build_lib, command.build_temp = folder, os.path.join(folder, "temp")
    command.ensure_finalized()
    command.run()
    return Path(command.get_ext_fullpath(NAME))
