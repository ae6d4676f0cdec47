"""Logs: a crawl's lines for people or for machines, safe whatever a site or a library says.

Every line, at every level, is without secrets, without bodies and without characters that do
something to a terminal. What Scrapy would have done with its log settings is done here instead.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from nordcrawl.model.printable import shown
from nordcrawl.model.secrets import Secrets
from nordcrawl.model.times import rfc3339

FORMS: Final = ("text", "json")
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
#: Characters of a message, and of a traceback; no line has a body in it.
MOST_CHARS: Final = 2_000
_MOST_TRACE_CHARS: Final = 20_000
#: Libraries that log what they send and receive, byte for byte, below a warning.
_TALKATIVE: Final = ("boto3", "botocore", "hpack", "s3transfer", "urllib3")


class TextLine(logging.Formatter):
    """A line for people; a traceback follows it, indented."""

    def __init__(self, form: str | None, dates: str | None, secrets: Secrets) -> None:
        super().__init__(form, dates)
        self._secrets = secrets

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line with its message made safe."""
        record.message = safe(record.message, self._secrets)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and what follows it."""
        copy = logging.makeLogRecord(record.__dict__)
        copy.exc_info = copy.exc_text = copy.stack_info = None
        lines = [super().format(copy)]
        lines += [f"    {shown(line, 1000)}" for line in _trace(record, self._secrets)]
        return "\n".join(lines)


class JsonLine(logging.Formatter):
    """A JSON object on one line: ``at`` (RFC 3339, UTC), ``level``, ``logger``, ``message``, where
    there is one ``exception``, and what the line was given to tell: ``outcome``, ``url``, ..."""

    def __init__(self, secrets: Secrets, always: Mapping[str, str]) -> None:
        super().__init__()
        self._secrets = secrets
        self._always = dict(always)

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        line: dict[str, Any] = {
            "at": rfc3339(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": safe(record.getMessage(), self._secrets),
            **self._always,
        }
        for name, value in getattr(record, "told", {}).items():
            line[name] = safe(value, self._secrets) if isinstance(value, str) else value
        if trace := _trace(record, self._secrets):
            line["exception"] = "\n".join(shown(one, 1000) for one in trace)
        return orjson.dumps(line, default=str).decode()


def safe(text: str, secrets: Secrets) -> str:
    """Return a message as it may stand in a log: one line of bounded length, no secret, and what is
    not seen as escapes."""
    return shown(secrets.hidden(text[: 2 * MOST_CHARS]), MOST_CHARS)


def _trace(record: logging.LogRecord, secrets: Secrets) -> list[str]:
    text = record.exc_text or ""
    if record.exc_info and not text and isinstance(record.exc_info, tuple):
        text = logging.Formatter().formatException(record.exc_info)
    text = "\n".join(filter(None, (text, record.stack_info)))
    return secrets.hidden(text[-_MOST_TRACE_CHARS:]).splitlines()


def told_by_libraries(record: logging.LogRecord) -> bool:
    """Return whether a record is to be logged: of libraries that tell what they send, only
    warnings."""
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in _TALKATIVE


class LogHandler(logging.Handler):
    """Writes the lines where they belong: to a file, to standard error, or above a live display."""

    def __init__(self, path: str | None = None, *, append: bool = True) -> None:
        super().__init__()
        self.above: Callable[[str], None] | None = None
        """Takes lines of warnings while a live display is shown; other lines are left out then."""
        self.calm = False
        """Leave out what Scrapy says of itself: somebody looks on."""
        self.warnings = 0
        self.last_warning = ""
        mode = "a" if append else "w"
        self._file = open(path, mode, encoding="utf-8") if path else None  # noqa: SIM115, PTH123
        self.addFilter(told_by_libraries)

    @property
    def is_drawn(self) -> bool:
        """Whether a live display may take the place of lines: on a terminal that can move its
        cursor, where lines are for people, and nobody asked for the inner parts.

        Source: terminfo(5): ``dumb`` can't; NO_COLOR is about colour only.
        """
        return (
            self._file is None
            and sys.stderr.isatty()
            and os.environ.get("TERM", "dumb") not in ("dumb", "unknown", "")
            and not isinstance(self.formatter, JsonLine)
            and self.level > logging.DEBUG
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's line."""
        try:
            line = self.format(record)
            if record.levelno >= logging.WARNING:
                self.warnings += 1
                self.last_warning = record.getMessage()
            elif self.calm and not record.name.startswith("nordcrawl"):
                return
            if self.above is not None and self._file is None:
                if record.levelno >= logging.WARNING:
                    self.above(line)
                return
            stream = self._file or sys.stderr
            stream.write(line + "\n")
            stream.flush()
        except Exception:  # noqa: BLE001 - as logging does: a line must not end a crawl
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        super().close()


_installed: list[LogHandler] = []


def release_terminal() -> None:
    """Give a terminal its cursor back, where the process ends without ending the display."""
    handler = current()
    if handler is not None and handler.above is not None:
        with contextlib.suppress(OSError):
            os.write(2, b"\x1b[?25h\r\n")  # DECTCEM, VT510 reference manual


def current() -> LogHandler | None:
    """Return the handler of this process's crawl, None where somebody else logs."""
    return _installed[-1] if _installed else None


def spare_records() -> None:
    """Have Scrapy make no record that no line comes of, such as the two that it makes of each page
    at DEBUG. To be called when it has configured logging, which sets the level anew."""
    if (handler := current()) is not None:
        logging.getLogger("scrapy").setLevel(handler.level)


def install(
    *,
    form: str,
    level: str,
    line: str | None,
    dates: str | None,
    path: str | None = None,
    append: bool = True,
    always: Mapping[str, str] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> LogHandler:
    """Log to a file or to standard error from here on; return the handler.

    `form` is one of `FORMS`, `level` of logging's, `line` and `dates` the formats of a text line,
    `always` what every JSON line has.

    Raises:
        OSError: the file can't be written.
    """
    secrets = Secrets.of(environment)
    handler = LogHandler(path, append=append)
    handler.setFormatter(
        JsonLine(secrets, always or {}) if form == "json" else TextLine(line, dates, secrets)
    )
    handler.setLevel(level)
    handler.calm = handler.is_drawn
    for old in _installed:
        logging.root.removeHandler(old)
        old.close()
    _installed[:] = [handler]
    logging.root.addHandler(handler)
    return handler
