"""The files of ``deploy/``, read by the parsers of their formats, and the tools that check them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
RUNBOOK = DEPLOY / "README.md"


def texts() -> list[Path]:
    """Return every file of ``deploy/``; all of them are text."""
    return sorted(path for path in DEPLOY.rglob("*") if path.is_file())


def yaml(path: Path) -> Any:
    """Return the one document of a YAML 1.2 file; a key that is there twice is an error."""
    return YAML(typ="safe").load(path)


def unit(path: Path) -> dict[str, list[str]]:
    """Return what a systemd unit assigns, as ``Section.Key``, in order."""
    values: dict[str, list[str]] = {}
    section = ""
    for line in path.read_text("utf-8").splitlines():
        if not line or line.startswith(("#", ";")):
            continue
        if head := re.fullmatch(r"\[(\w+)\]", line):
            section = head[1]
            continue
        key, equals, value = line.partition("=")
        assert section, f"{path.name}: {line}"
        assert equals, f"{path.name}: {line}"
        values.setdefault(f"{section}.{key}", []).append(value)
    return values


def instructions(path: Path) -> list[tuple[str, str]]:
    """Return a Containerfile's instructions, each with what stands behind it in one line."""
    lines = [line for line in path.read_text("utf-8").splitlines() if not re.match(r"\s*#", line)]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = []
    for line in joined.splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            found.append((name.upper(), rest.strip()))
    return found


def ran(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end and return what it said."""
    return subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def of_the_machine(name: str) -> str:
    """Return the path of a tool of the operating system; skip the test where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"this machine has no {name}")
    return found


def of_the_tests(name: str) -> Path:
    """Return the path of a tool that ``requirements/dev.txt`` brings."""
    found = Path(sys.executable).parent / name
    assert found.exists(), f"{name} is not installed; make test installs requirements/dev.txt"
    return found
