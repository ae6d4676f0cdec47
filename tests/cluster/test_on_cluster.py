"""Commands that may work on a cluster, where there is none. Without Ray; with it: tests/fleet."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nordcrawl import cluster
from nordcrawl.cli.main import main
from tests.reextract.kept_pages import Paper, html


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("ARCHIVE", "SOURCES"):
        monkeypatch.delenv(f"NORDCRAWL_{name}", raising=False)
    monkeypatch.setenv("NORDCRAWL_STATE_DIR", str(tmp_path / "state"))
    paper = Paper(tmp_path)
    paper.crawl({"/news/1": html("A story")})
    return str(tmp_path / "archive")


COMMANDS = {"reextract": ("reextract", "--dry-run"), "signatures": ("signatures", "--output", "s")}


@pytest.mark.parametrize("name", [*COMMANDS])
@pytest.mark.parametrize("missing", ["ray", "pyarrow"])
def test_without_the_extra_it_is_named(
    name: str, missing: str, archive: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    if (name, missing) == ("signatures", "pyarrow"):
        pytest.skip("it needs that in any case")
    monkeypatch.setitem(sys.modules, missing, None)
    for module in ("join", "stream"):
        monkeypatch.delitem(sys.modules, f"nordcrawl.cluster.{module}", raising=False)
        monkeypatch.delattr(cluster, module, raising=False)
    assert main([*COMMANDS[name], "--archive", archive, "--engine", "ray"]) == 2
    said = capsys.readouterr()
    assert f"nordcrawl {name} --engine ray needs Ray: pip install 'nordcrawl[ray]'" in said.err
    assert said.out == ""


@pytest.mark.parametrize("name", [*COMMANDS])
def test_an_address_is_of_a_cluster(
    name: str, archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMANDS[name], "--archive", archive, "--address", "127.0.0.1:1"]) == 2
    assert "--address 127.0.0.1:1: it is of --engine ray" in capsys.readouterr().err
