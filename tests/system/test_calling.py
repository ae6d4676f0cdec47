"""Hints name programs as they can be called from where the reader is."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from nordcrawl.system.calling import as_called


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with a program in it, beside a folder that the reader is in."""
    folder = tmp_path / "venv" / "bin"
    for made in (folder, tmp_path / "elsewhere"):
        made.mkdir(parents=True)
    (folder / "nordcrawl").write_text("#!/bin/sh\n")
    (folder / "nordcrawl").chmod(0o755)
    monkeypatch.chdir(tmp_path / "elsewhere")
    return folder


def called(scripts: Path, argv0: str = "-m", search: str = "/nowhere") -> str:
    return as_called("nordcrawl", argv0=argv0, scripts=scripts, search=search)


def test_the_bare_name_where_the_shell_finds_this_installation(scripts, tmp_path):
    assert called(scripts, search=str(scripts)) == "nordcrawl"
    links = tmp_path / "links"
    links.mkdir()
    (links / "nordcrawl").symlink_to(scripts / "nordcrawl")
    assert called(scripts, search=str(links)) == "nordcrawl"


def test_the_path_where_the_shell_finds_none_or_another(scripts, tmp_path):
    assert called(scripts) == str(scripts / "nordcrawl")
    other = tmp_path / "other"
    other.mkdir()
    (other / "nordcrawl").write_text("#!/bin/sh\n")
    (other / "nordcrawl").chmod(0o755)
    assert called(scripts, search=str(other)) == str(scripts / "nordcrawl")


def test_as_it_was_called_or_from_here(scripts, tmp_path, monkeypatch):
    assert called(scripts, "../venv/bin/nordcrawl") == "../venv/bin/nordcrawl"
    monkeypatch.chdir(tmp_path)
    assert called(scripts) == "venv/bin/nordcrawl"
    monkeypatch.chdir(scripts)
    assert called(scripts) == "./nordcrawl"
    (tmp_path / "a b").symlink_to(scripts)
    assert called(scripts, f"{tmp_path}/a b/nordcrawl") == f"'{tmp_path}/a b/nordcrawl'"


def test_by_python_where_no_program_was_installed(scripts, tmp_path):
    assert called(tmp_path) == f"{shlex.quote(sys.executable)} -m nordcrawl"
