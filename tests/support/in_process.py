"""Run our commands in the process of the tests: the same words, streams and exit code as in one of
their own, without the second that a process takes to load all that a command needs.

For commands whose subject is what they say, not how a process ends: signals, pipes, terminals and
settings of the interpreter have `Job`.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
from unittest import mock

import nordcrawl
from nordcrawl.cli.main import main
from tests.support.jobs import Done, Job
from tests.support.waiting import HANG_S

HERE = (
    "read", "history", "files", "schema", "signatures", "report", "status", "runs", "check",
    "ship", "state", "verify", "compact", "erase", "quarantine",
)  # fmt: skip
"""Commands that start no process and load neither Scrapy nor an extractor."""


class LocalJob(Job):
    """A job whose commands are run here if they are among `HERE`; all else, and each crawl, has a
    process of its own.
    """

    def nordcrawl(self, *arguments: str, timeout_s: float = HANG_S) -> Done:
        """Run one and return what it said; here the test run alone bounds its time."""
        if not arguments or arguments[0] not in HERE:
            return super().nordcrawl(*arguments, timeout_s=timeout_s)
        log, level = list(logging.root.handlers), logging.root.level
        try:
            return self._here(*arguments)
        finally:
            logging.root.handlers[:] = log
            logging.root.setLevel(level)

    def _here(self, *arguments: str) -> Done:
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as out,
            tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as err,
        ):
            sys.modules.pop("nordcrawl.settings", None)  # it reads the environment when loaded
            vars(nordcrawl).pop("settings", None)
            with (
                mock.patch.dict("os.environ", self.environment, clear=True),
                contextlib.chdir(self.folder),
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
            ):
                code = main(arguments)
            said = []
            for stream in (out, err):
                stream.flush()
                stream.seek(0)
                said.append(stream.read())
            return Done(code, *said)
