"""The command line: each command is a module, and pays for nothing but its own work."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import nordcrawl.cli
from nordcrawl.cli.main import COMMANDS, main

HEAVY = {"trafilatura", "htmldate", "feedparser", "scrapy", "twisted", "boto3", "pyarrow"}
"""Libraries that crawling, extracting, S3 and one form of reading need, and nothing else."""
LOADED = """
import sys
from nordcrawl.cli.main import main
main(sys.argv[2:])
print("loaded:", *sorted(set(sys.argv[1].split(",")) & set(sys.modules)))
"""


def loaded(*arguments: str) -> set[str]:
    """Return which of `HEAVY` a command line loads, run to its end in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, ",".join(sorted(HEAVY)), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].removeprefix("loaded:").split())


@pytest.mark.parametrize("command", ["read", "files", "history", "verify", "compact", "doctor"])
def test_reading_and_keeping_load_neither_crawler_nor_extractor(
    command: str, tmp_path: Path
) -> None:
    rest = ["https://example.org/1"] if command == "history" else []
    assert loaded(command, *rest, "--archive", str(tmp_path / "archive")) == set()


def test_help_loads_no_command() -> None:
    assert loaded("--help") == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"usage: nordcrawl {command}" in capsys.readouterr().out


def test_a_command_has_a_module_of_its_name() -> None:
    for command in COMMANDS:
        assert callable(import_module(f"nordcrawl.cli.{command}").add_options)
    files = {path.stem for path in Path(nordcrawl.cli.__file__).parent.glob("*.py")}
    assert files >= COMMANDS.keys()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["raed"], "invalid choice: 'raed'"),
        ([], "print the archive's articles"),
        (["read", "--latst"], "usage: nordcrawl read "),
        (["read", "--latst"], "unrecognized arguments: --latst"),
    ],
)
def test_what_is_not_known_is_named(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
