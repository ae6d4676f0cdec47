"""The command line: each command is a module, and pays for nothing but its own work."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import nordcrawl.cli
from nordcrawl.api import Archive
from nordcrawl.cli.environment import options_from_environment
from nordcrawl.cli.main import COMMANDS, main
from nordcrawl.errors import UsageError

OLD_ARCHIVE = Path(__file__).parents[1] / "compat" / "archive-0.1.0"
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
        (["demo", "site", "--port", "99999"], "--port 99999"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_a_way_out(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", "site", "--port", str(port)]) == 2
    assert f"--port {port}: Address already in use" in capsys.readouterr().err


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
