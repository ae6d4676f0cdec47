"""``nordcrawl doctor`` names what is wrong, on real servers and on broken ones."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from archive.builders import LIMITS, accept, make_record, open_writer

from nordcrawl.archive import bucket_examination, examination
from nordcrawl.archive.store import MARKER_BODY, MARKER_KEY
from nordcrawl.archive.uri import open_store
from nordcrawl.commandline import doctor
from nordcrawl.errors import StoreUnavailable
from nordcrawl.options import SETTINGS
from nordcrawl.run import spool_folder

from . import faulty, servers
from .faulty import Fault

NOW = datetime.now(UTC)
PROBE = f"probe/{NOW:%Y-%m-%d}.json"
ALWAYS = 10**6


@dataclass
class Report:
    code: int
    findings: dict[str, dict[str, Any]]

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self.findings[name]

    def failed(self) -> list[str]:
        return [name for name, found in self.findings.items() if found["status"] == "fail"]


Ask = Callable[..., Report]


@pytest.fixture
def ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ask:
    """Run the doctor on an address and return its JSON, having looked for secrets in it."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delattr(f"nordcrawl.settings.{name}", raising=False)
    set_option(monkeypatch, "NORDCRAWL_STATE_DIR", str(tmp_path / "state"))

    def run(archive: str | None, **more: Any) -> Report:
        capsys.readouterr()
        code = doctor.examine(archive, as_json=True, clock=lambda: NOW, **more)
        out, err = capsys.readouterr()
        assert err == ""
        for secret in ("canary", "Traceback", "Signature="):
            assert secret not in out
        values = json.loads(out)
        assert values["exit_code"] == code
        findings = {found["name"]: found for found in values["findings"]}
        assert len(findings) == len(values["findings"])
        assert all(found["exit_code"] for found in findings.values() if found["status"] == "fail")
        return Report(code, findings)

    return run


def set_option(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The settings module has read the environment already, once and for all tests."""
    monkeypatch.setattr(f"nordcrawl.settings.{name}", value, raising=False)
