"""A recorder of what a process does to the files below a folder, system call by system call.

By ptrace, so that it sees what the kernel sees, whoever calls: Python, SQLite, any thread. Linux on
x86-64 or ARM. Source: man 2 ptrace; the numbers are the kernel's (arch/x86/entry/syscalls, and
asm-generic/unistd.h for ARM).
"""

from __future__ import annotations

import ctypes
import os
import pickle
import platform
import re
import signal
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

_NUMBERS = {
    "x86_64": {
        1: "write", 2: "open", 18: "pwrite64", 20: "writev", 40: "sendfile", 74: "fsync",
        75: "fdatasync", 76: "truncate", 77: "ftruncate", 82: "rename", 83: "mkdir", 84: "rmdir",
        85: "creat", 86: "link", 87: "unlink", 88: "symlink", 257: "openat", 258: "mkdirat",
        263: "unlinkat", 264: "renameat", 265: "linkat", 266: "symlinkat", 285: "fallocate",
        296: "pwritev", 316: "renameat2", 326: "copy_file_range", 328: "pwritev2",
    },
    "aarch64": {
        64: "write", 56: "openat", 68: "pwrite64", 66: "writev", 71: "sendfile", 82: "fsync",
        83: "fdatasync", 45: "truncate", 46: "ftruncate", 34: "mkdirat", 35: "unlinkat",
        36: "symlinkat", 37: "linkat", 38: "renameat", 47: "fallocate", 70: "pwritev",
        276: "renameat2", 285: "copy_file_range", 287: "pwritev2",
    },
}  # fmt: skip
_UNKNOWN = {"writev", "sendfile", "truncate", "creat", "symlink", "symlinkat", "fallocate",
            "pwritev", "pwritev2", "copy_file_range"}  # fmt: skip
"""What nothing here does to a file below the folder; if it comes to do so, the test must know."""

_TRACEME, _SYSCALL, _SETOPTIONS, _SYSCALL_INFO = 0, 24, 0x4200, 0x420E
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x100000  # sysgood, fork, vfork, clone, end with the recorder
_ENTRY, _EXIT = 1, 2
_ALL_THREADS = 0x40000000
_CURRENT_FOLDER = -100


class Step(NamedTuple):
    """One system call that was done. Paths are absolute."""

    what: str
    """``create``, ``write``, ``size``, ``sync``, ``mkdir``, ``link``, ``rename``, ``unlink``; or
    ``told``: a line on standard output."""
    path: str = ""
    other: str = ""
    """The new path of a link or rename."""
    offset: int = 0
    """Of a write; of ``size`` the new length. Of a sync how many steps were done when it began."""
    body: bytes = b""


def record(work: Callable[[], object], folder: Path) -> list[Step]:
    """Do some work in a child process, and return what it did to files below a folder."""
    found = folder.with_name(f"{folder.name}.steps")
    recorder = os.fork()  # of its own: it waits for all of its children, which are the work alone
    if recorder == 0:
        code = 1
        try:
            found.write_bytes(pickle.dumps(_Recorder(folder).run(work)))
            code = 0
        except BaseException as error:  # noqa: BLE001 (the process ends here)
            os.write(2, f"recorder: {error!r}\n".encode())
        finally:
            os._exit(code)
    _, status = os.waitpid(recorder, 0)
    assert status == 0, "what was to be recorded failed, or may not be traced here"
    steps: list[Step] = pickle.loads(found.read_bytes())
    return steps


def _ptrace(request: int, process: int, address: int = 0, data: Any = 0) -> int:
    done = int(_LIBC.ptrace(request, process, ctypes.c_void_p(address), data))
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace: {os.strerror(number)}")
    return done


_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.restype = ctypes.c_long
_LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class _Recorder:
    def __init__(self, folder: Path) -> None:
        self._root = str(folder)
        self._names = _NUMBERS[platform.machine()]
        self._steps: list[Step] = []
        self._begun: dict[int, Callable[[int], None] | None] = {}
        """What is to be noted, given its result, when the call of a thread has ended."""
        self._memory = -1

    def run(self, work: Callable[[], object]) -> list[Step]:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                _ptrace(_TRACEME, 0)
                os.kill(os.getpid(), signal.SIGSTOP)
                work()
                code = 0
            except BaseException as error:  # noqa: BLE001
                os.write(2, f"recorded: {error!r}\n".encode())
            finally:
                os._exit(code)
        os.waitpid(child, 0)
        _ptrace(_SETOPTIONS, child, 0, _OPTIONS)
        _ptrace(_SYSCALL, child)
        self._memory = os.open(f"/proc/{child}/mem", os.O_RDONLY)
        while True:
            thread, status = os.waitpid(-1, _ALL_THREADS)
            if not os.WIFSTOPPED(status):
                if thread == child:
                    assert status == 0, f"ended with {status}"
                    return self._steps
                continue
            stopped_by = os.WSTOPSIG(status)
            deliver = 0
            if stopped_by == signal.SIGTRAP | 0x80:
                self._stop(thread)
            elif stopped_by not in (signal.SIGTRAP, signal.SIGSTOP):  # of a new thread
                deliver = stopped_by
            try:
                _ptrace(_SYSCALL, thread, 0, deliver)
            except ProcessLookupError:  # it ended
                continue

    def _stop(self, thread: int) -> None:
        info = ctypes.create_string_buffer(88)
        _ptrace(_SYSCALL_INFO, thread, 88, info)
        if info.raw[0] == _ENTRY:
            number, *arguments = struct.unpack_from("<7Q", info.raw, 24)
            name = self._names.get(number)
            self._begun[thread] = self._begin(thread, name, arguments) if name else None
        elif info.raw[0] == _EXIT:
            result, failed = struct.unpack_from("<q?", info.raw, 24)
            note = self._begun.pop(thread, None)
            if note is not None and not failed:
                note(result)

    # --- what a call is about, when it begins ------------------------------------------------

    def _begin(self, thread: int, name: str, args: list[int]) -> Callable[[int], None] | None:
        match name:
            case "open" | "openat":
                flags = args[1] if name == "open" else args[2]
                return (lambda done: self._opened(thread, done, flags)) if flags & (
                    os.O_CREAT | os.O_TRUNC) else None  # fmt: skip
            case "write" | "pwrite64":
                return self._write(thread, name, args)
            case "ftruncate":
                return self._about(self._open_path(thread, args[0]), "size", offset=args[1])
            case "fsync" | "fdatasync":
                path = self._open_path(thread, args[0])
                return self._about(path, "sync", offset=len(self._steps))
            case "mkdir" | "unlink":
                return self._about(self._path(thread, args[0]), name)
            case "rmdir":
                return self._about(self._path(thread, args[0]), "unlink")
            case "mkdirat" | "unlinkat":
                return self._about(self._path(thread, args[1], args[0]), name.removesuffix("at"))
            case "rename" | "link":
                paths = self._path(thread, args[0]), self._path(thread, args[1])
                return self._about(paths[0], name, other=paths[1])
            case "renameat" | "linkat" | "renameat2":
                old, new = (self._path(thread, args[n + 1], args[n]) for n in (0, 2))
                return self._about(old, name.split("at")[0], other=new)
        assert name in _UNKNOWN
        open_paths = {self._open_path(thread, n) for n in args[:3]}
        assert not any(map(self._is_here, open_paths)), f"{name}: not recorded yet"
        return None

    def _about(self, path: str, what: str, **more: Any) -> Callable[[int], None] | None:
        if not self._is_here(path):
            return None
        return lambda done: self._steps.append(Step(what, path, **more))

    def _opened(self, thread: int, descriptor: int, flags: int) -> None:
        path = self._open_path(thread, descriptor)
        if self._is_here(path):
            if flags & os.O_CREAT:
                self._steps.append(Step("create", path))
            if flags & os.O_TRUNC:
                self._steps.append(Step("size", path, offset=0))

    def _write(self, thread: int, name: str, args: list[int]) -> Callable[[int], None] | None:
        descriptor, address, size, offset = args[:4]
        path = self._open_path(thread, descriptor)
        if descriptor == 1:
            body = self._bytes(address, size)
            return lambda done: self._steps.append(Step("told", body=body))
        if not self._is_here(path):
            return None
        if name == "write":
            told = Path(f"/proc/{thread}/fdinfo/{descriptor}").read_text()
            at, flags = re.findall(r"(?:pos|flags):\s*(\d+)", told)
            offset = Path(path).stat().st_size if int(flags, 8) & os.O_APPEND else int(at)
        body = self._bytes(address, size)
        return lambda done: self._steps.append(Step("write", path, "", offset, body[:done]))

    def _is_here(self, path: str) -> bool:
        return path.startswith(self._root) and not path.endswith(" (deleted)")

    def _open_path(self, thread: int, descriptor: int) -> str:
        try:
            return str(Path(f"/proc/{thread}/fd/{descriptor}").readlink())
        except OSError:
            return ""

    def _path(self, thread: int, address: int, folder: int = _CURRENT_FOLDER) -> str:
        path = os.fsdecode(self._bytes(address, os.pathconf("/", "PC_PATH_MAX")).split(b"\0")[0])
        folder = ctypes.c_int(folder).value
        link = "cwd" if folder == _CURRENT_FOLDER else f"fd/{folder}"
        return os.path.normpath(Path(f"/proc/{thread}/{link}").readlink() / path)

    def _bytes(self, address: int, size: int) -> bytes:
        """Return what lies in the traced process's memory, as far as there is any."""
        found = b""
        while len(found) < size:
            # To the end of a page: what follows it may be nobody's.
            wanted = min(size - len(found), 4096 - (address + len(found)) % 4096)
            try:
                found += os.pread(self._memory, wanted, address + len(found))
            except OSError:
                break
        return found
