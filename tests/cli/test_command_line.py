"""The command line: each command is a module, and pays for nothing but its own work."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import nordcrawl.cli
from nordcrawl.api import Archive
from nordcrawl.cli.environment import options_from_environment
from nordcrawl.cli.main import COMMANDS, main
from nordcrawl.errors import UsageError
from tests.support.jobs import Job

OLD_ARCHIVE = Path(__file__).parents[1] / "compat" / "archive-0.1.0"
HEAVY = {"trafilatura", "htmldate", "feedparser", "scrapy", "twisted", "boto3", "pyarrow"}
"""Libraries that crawling, extracting, S3 and one form of reading need, and nothing else."""
LOADING = """
import os, signal, sys

class Pressed:
    def find_spec(self, name, path=None, target=None):
        if name == "nordcrawl.cli.main":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Pressed())
"""
"""Presses Ctrl-C as a module is looked for."""
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


@pytest.mark.parametrize(
    "command",
    ["read", "files", "history", "verify", "compact", "doctor", "runs", "status", "check"],
)
def test_reading_and_keeping_load_neither_crawler_nor_extractor(
    command: str, tmp_path: Path
) -> None:
    rest = ["https://example.org/1"] if command == "history" else []
    assert loaded(command, *rest, "--archive", str(tmp_path / "archive")) == set()


def test_signatures_load_no_more_than_their_extra(tmp_path: Path) -> None:
    out = tmp_path / "s.parquet"
    assert loaded("signatures", "--archive", str(OLD_ARCHIVE), "--output", str(out)) == {"pyarrow"}
    assert out.exists()


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


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_has_a_description_and_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"Example: nordcrawl {command}" in shown.replace("NORDCRAWL_SOURCES=my-sources/ ", "")
    assert len(shown) > 300


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compact", "nosuch", "--archive", str(OLD_ARCHIVE)], "nothing of 'nosuch'; its sources"),
        (["extract", "https://example.org/a"], "nordcrawl extract --url URL -"),
        (["demo", "site", "--port", "99999"], "--port 99999: a number from 0 to 65535 is allowed"),
        (["demo", "--port", "-1"], "--port -1: a number from 0 to 65535 is allowed"),
        (["reextract", "nosuch", "--archive", str(OLD_ARCHIVE)], "keeps no pages as they were"),
        (["crawl", "paper", "--json"], "--json is for --replay"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_a_way_out(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("what", ["site", "run"])
def test_a_port_that_is_taken_is_named(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", what, "--port", str(port), "--dir", str(tmp_path / "demo")]) == 2
    assert f"--port {port}: Address already in use" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compact", "--grace", "x"], "--grace: 'x': a number is allowed"),
        (["crawl", "--all", "--max-seconds", "x"], "--max-seconds: 'x': a number is allowed"),
        (["crawl", "--all", "--jobs", "1.5"], "--jobs: '1.5': a whole number is allowed"),
        (["fleet", "--shards", "x"], "--shards: 'x': a whole number is allowed"),
        (["read", "--limit", "x"], "--limit: 'x': a whole number is allowed"),
        (["quarantine", "list", "--limit", "x"], "--limit: 'x': a whole number is allowed"),
        (["demo", "--port", "x"], "--port: 'x': a whole number is allowed"),
    ],
)
def test_what_is_no_number_is_told_with_what_is_allowed(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_a_crawl_of_no_source_is_told_what_takes_one(job: Callable[..., Job]) -> None:
    done = job().nordcrawl("crawl")
    assert done.code == 2
    assert "usage: nordcrawl crawl" in done.err.lower().replace("\n=====\n ", ":")
    assert "nordcrawl sources" in done.err
    assert "--all" in done.err


def test_ctrl_c_while_modules_load_is_no_traceback(tmp_path: Path) -> None:
    """Wherever in the loading it comes: each line of the modules is as good as any other."""
    (tmp_path / "sitecustomize.py").write_text(LOADING)
    done = subprocess.run(
        [sys.executable, "-m", "nordcrawl", "read", "--archive", str(OLD_ARCHIVE)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_ctrl_c_while_a_command_loads_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LOADING.replace("cli.main", "cli.read"))
    done = subprocess.run(
        [sys.executable, "-m", "nordcrawl", "read", "--archive", str(OLD_ARCHIVE)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (6, "", "")


def test_a_page_may_come_by_standard_input() -> None:
    page = "<html><head><title>Quay</title></head><body><article><h1>Quay</h1>"
    page += "<p>The outer quay is closed until the breakwater has been mended.</p>" * 5
    done = subprocess.run(
        [sys.executable, "-m", "nordcrawl", "extract", "--url", "https://example.org/a", "-"],
        input=page,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["title"] == "Quay"


def test_choosing_nothing_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", "--archive", str(OLD_ARCHIVE), "--language", "english"]) == 0
    assert "no article is so chosen" in capsys.readouterr().err


def test_an_argument_that_is_no_filter_is_named() -> None:
    with pytest.raises(TypeError, match=r"articles\(\) .*'lang'; filters are source, language"):
        Archive(OLD_ARCHIVE).articles(lang="en")  # type: ignore[call-arg]


def test_a_folder_of_sources_is_all_its_files(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.toml").write_text(
            f'[sources.{name}]\ntitle = "{name}"\nhosts = {{ "{name}.localhost:80" = "en" }}\n'
            'timezone = "UTC"\nsitemaps = ["/s.xml"]\n'
        )
    options = options_from_environment(NORDCRAWL_SOURCES=str(tmp_path))
    assert [path.name for path in options.source_files] == ["a.toml", "b.toml"]
    assert {"a", "b"} <= options.sources().keys()
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="empty has no file"):
        options_from_environment(NORDCRAWL_SOURCES=str(tmp_path / "empty"))


@pytest.mark.parametrize("command", ["compact", "erase"])
def test_a_state_folder_that_can_not_be_made_is_told_with_its_setting(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    archive = shutil.copytree(OLD_ARCHIVE, tmp_path / "archive")
    monkeypatch.delitem(sys.modules, "nordcrawl.settings", raising=False)
    monkeypatch.setenv("NORDCRAWL_STATE_DIR", "/proc/none")
    monkeypatch.delattr(nordcrawl, "settings", raising=False)
    more = ["--resume"] if command == "erase" else []
    assert main([command, "--archive", str(archive), *more]) == 3
    said = capsys.readouterr().err
    assert "/proc/none" in said
    assert "let NORDCRAWL_STATE_DIR name a folder that this user can write" in said
