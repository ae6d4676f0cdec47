"""Run our commands as their users do: in a process of its own, with an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.processes import bound
from tests.support.waiting import HANG_S, until


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass
class Job:
    """Crawls of one source into one archive, with one state folder."""

    folder: Path
    source: str
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings.setdefault("NORDCRAWL_ARCHIVE", str(self.folder / "archive"))
        self.settings.setdefault("NORDCRAWL_STATE_DIR", str(self.folder / "state"))
        self.settings.setdefault("NORDCRAWL_STORE_RETRY_S", "60")

    @property
    def archive(self) -> Path:
        return Path(self.settings["NORDCRAWL_ARCHIVE"])

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("NORDCRAWL_", "AWS_", "SCRAPY_", "PYTHONDONTWRITE"))
        }
        return kept | {"SCRAPY_SETTINGS_MODULE": "nordcrawl.settings"} | self.settings

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "scrapy", "crawl", self.source, *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            bound(*self.command(*arguments)),
            env=self.environment,
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def end(self, process: subprocess.Popen[str]) -> Done:
        """Wait for a crawl that was started, and return what it said; kill it if it hangs."""
        try:
            out, err = process.communicate(timeout=HANG_S)
        except subprocess.TimeoutExpired:
            self.kill(process)
            raise
        return Done(process.returncode, out, err)

    def kill(self, process: subprocess.Popen[str]) -> None:
        """Kill a crawl as a power cut does, but for its workers, which end by themselves."""
        process.kill()
        process.communicate()

    @staticmethod
    def wait(process: subprocess.Popen[str], condition: Callable[[], object], what: str) -> None:
        """Wait until something is so, which a crawl that was started brings about."""
        until(lambda: condition() or process.poll() is not None, what)
        assert condition(), f"the crawl ended with {process.returncode} before: {what}"

    def crawl(self, *arguments: str, timeout_s: float = HANG_S) -> Done:
        return self._run(self.command(*arguments), timeout_s)

    def scrapy(self, *arguments: str, timeout_s: float = HANG_S) -> Done:
        return self._run([sys.executable, "-m", "scrapy", *arguments], timeout_s)

    def nordcrawl(self, *arguments: str, timeout_s: float = HANG_S) -> Done:
        return self._run([sys.executable, "-m", "nordcrawl", *arguments], timeout_s)

    def _run(self, command: list[str], timeout_s: float) -> Done:
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=self.folder,
            text=True,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def report(self) -> dict[str, Any]:
        """Return the report of the latest run."""
        state = Path(self.settings["NORDCRAWL_STATE_DIR"])
        reports = sorted(state.glob("*/*/reports/*.json"), key=lambda p: p.stat().st_mtime_ns)
        report: dict[str, Any] = json.loads(reports[-1].read_text(encoding="utf-8"))
        return report

    def records(self, *arguments: str) -> list[dict[str, Any]]:
        done = self.nordcrawl("read", *arguments)
        assert done.code == 0, done.text
        return [json.loads(line) for line in done.out.splitlines()]
