"""Calling: how a person calls a program of this installation from where they are.

A virtual environment need not be activated, so the bare name in a hint may be no command, or that
of another installation.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import sysconfig
from pathlib import Path


def as_called(
    name: str,
    *,
    argv0: str | None = None,
    scripts: Path | None = None,
    search: str | None = None,
) -> str:
    """Return what to type for the program `name`: its bare name where the shell finds ours, else
    its path as it was called, or where it was installed; or by Python's ``-m``.

    By default for this process: `argv0` is what it was called by, `scripts` where its
    installation has programs, `search` the shell's PATH.
    """
    called = Path(sys.argv[0] if argv0 is None else argv0)
    installed = (Path(sysconfig.get_path("scripts")) if scripts is None else scripts) / name
    ours = [path for path in (called, installed) if path.name == name and path.is_file()]
    found = shutil.which(name, path=search)
    if found is not None and any(path.samefile(found) for path in ours):
        return name
    if ours:
        return shlex.quote(_short(ours[0]))
    return f"{shlex.quote(sys.executable)} -m {name}"


def _short(path: Path) -> str:
    """Return a program's path, from here if it lies below, with a slash in it for the shell."""
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return str(path) if len(path.parts) > 1 else f"./{path}"
