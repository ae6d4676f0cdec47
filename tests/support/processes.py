"""Which processes a process has started, and an end for those that would outlive it (on Linux)."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

_BOUND = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""
"""PR_SET_PDEATHSIG, SIGKILL: it stays when the process becomes another program. Who set it after
the parent's death has another parent, and ends by itself. Source: man 2 prctl."""


def bound(*command: str | Path) -> list[str]:
    """Return a command that the kernel kills when this process ends, even by SIGKILL, whatever
    session or group it puts itself into; what it starts has to end by itself.

    The process has the number that it would have had. It may be begun by the main thread only: it
    would end with any other that began it.
    """
    words = [str(word) for word in command]
    if sys.platform != "linux":
        return words
    assert threading.current_thread() is threading.main_thread(), "it would end with this thread"
    return [sys.executable, "-I", "-S", "-c", _BOUND, str(os.getpid()), *words]


def is_there(pid: int) -> bool:
    """Tell whether a process is there, and is more than what its parent has yet to ask about."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below `pid`, parents before their children."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found
