"""Streams: standard output and error that may be full, closed, or of another encoding.

A crawl's log and summary tell of it; that they can't be written must change neither what is
archived nor the exit code. Of other commands standard output is the result: there it is an error
of one line. Python's own way is a traceback, or exit code 120, or a worker that dies of a warning.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
from typing import Final, TextIO

_STANDARD: Final = (0, 1, 2)
#: Name of what writes a character that an encoding lacks as ``\\uXXXX``: as JSON wants it, too.
ESCAPED: Final = "nordcrawl.escaped"


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    codes = (f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))
    return "".join(codes), error.end


codecs.register_error(ESCAPED, _escape)


class OutputFailed(OSError):
    """Standard output can't be written; a broken pipe is none, it says that all was read that was
    wanted."""


class _Strict(io.FileIO):
    """A file descriptor whose errors can be told from those of other files."""

    def write(self, body: object) -> int:
        """Write it, or raise `OutputFailed`."""
        view = memoryview(body)  # type: ignore[arg-type]
        try:
            return super().write(view)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputFailed(error.errno, error.strerror) from error


class _Raw(io.FileIO):
    """A file descriptor that takes everything, whatever becomes of it."""

    failure: OSError | None = None

    def write(self, body: object) -> int:
        """Write it if that works; the first error is kept in `failure`."""
        view = memoryview(body)  # type: ignore[arg-type]
        try:
            written = super().write(view)
        except OSError as error:
            self.failure = self.failure or error
            return view.nbytes
        return view.nbytes if written is None else written


def occupy() -> None:
    """See that nothing else ever gets the number of a standard stream that is closed.

    A socket or the spool under number 1 or 2 would have the log written into it. In its place is
    a file that can't be written, as the stream could not. Worker processes inherit it.
    """
    for number in _STANDARD:
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is taken: this one, since those below are not free.
            opened = os.open(os.devnull, os.O_RDONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        os.set_inheritable(number, True)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = _text(_Strict(1, "wb", closefd=False))
    if sys.stderr is None:
        sys.stderr = _text(_Raw(2, "wb", closefd=False))


def prepare() -> None:
    """Make standard error one that never fails, and standard output one that has a character for
    everything; for commands whose output is the result."""
    occupy()
    sys.stderr = _over(sys.stderr, _Raw)
    sys.stdout = _over(sys.stdout, _Strict)


def prepare_for_crawl() -> None:
    """Make both streams ones that never fail; for the crawl and its workers."""
    occupy()
    sys.stderr = _over(sys.stderr, _Raw)
    sys.stdout = _over(sys.stdout, _Raw)


def failure(stream: TextIO) -> str | None:
    """Return why something written to a stream that never fails is lost, None if nothing is."""
    with contextlib.suppress(OSError, ValueError):
        stream.flush()
    raw = _raw_of(stream)
    if isinstance(raw, _Raw) and raw.failure is not None:
        return raw.failure.strerror or str(raw.failure)
    return None


def drop_output() -> None:
    """Let go what can't be written: at its end Python would try again, and exit with 120."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        void = os.open(os.devnull, os.O_WRONLY)
        os.dup2(void, sys.stdout.fileno())
        os.close(void)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()


def _text(
    raw: io.FileIO, encoding: str = "utf-8", *, lines: bool = True, write_through: bool = False
) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=encoding,
        errors=ESCAPED,
        line_buffering=lines,
        write_through=write_through,
    )


def _over(stream: TextIO, kind: type[_Raw | _Strict]) -> TextIO:
    """Return a stream of a kind to the same place; itself if it is none of the process's own, as
    under a test, or is one already."""
    try:
        number = stream.fileno()
    except (OSError, ValueError, AttributeError):
        return stream
    if number not in _STANDARD or isinstance(_raw_of(stream), kind):
        return stream
    with contextlib.suppress(OSError, ValueError):
        stream.flush()
    unbuffered = bool(getattr(stream, "write_through", False))  # PYTHONUNBUFFERED
    return _text(
        kind(number, "wb", closefd=False),
        stream.encoding,
        lines=kind is _Raw or unbuffered or stream.isatty(),
        write_through=unbuffered,
    )


def _raw_of(stream: TextIO) -> object:
    return getattr(getattr(stream, "buffer", None), "raw", None)
