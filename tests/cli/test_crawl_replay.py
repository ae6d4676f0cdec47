"""What a replay refuses, before anything is crawled."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.cli.crawl import run_scrapy
from nordcrawl.cli.crawl_replay import crawl_replayed
from nordcrawl.errors import UsageError
from tests.support.archive_builders import SOURCE
from tests.support.archive_runs import run

TABLE = '[sources.{}]\ntitle = "T"\nhosts = {{ "example.org" = "nb" }}\n'


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The settings of an archive with captures of one source, and none of another."""
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", "nordcrawl.settings")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "sources.toml").write_text(TABLE.format(SOURCE) + TABLE.format("bare"))
    store = FolderStore(tmp_path / "archive")
    run(store, tmp_path / "spool", "run-1", 1, captures=True)
    settings = {"ARCHIVE": store.uri, "SOURCES": tmp_path / "sources.toml"}
    pairs = (f"NORDCRAWL_{name}={value}" for name, value in settings.items())
    return [part for pair in pairs for part in ("-s", pair)]


def never(arguments: Sequence[str]) -> int:
    raise AssertionError(arguments)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nothing"], "no source 'nothing'"),
        (["bare"], "has no captures of bare: capture = true"),
        ([SOURCE, "-s", "NORDCRAWL_ARCHIVE=EMPTY"], "no archive at"),
        ([SOURCE, "--sandbox"], "--replay goes with one source, and not with --sandbox"),
        ([SOURCE, "--all"], "and not with --all"),
        ([SOURCE, "--jobs", "2"], "and not with --jobs"),
        ([SOURCE, "--shard", "1/2"], "and not with --shard"),
        ([SOURCE, "--max-seconds", "9"], "and not with --max-seconds"),
        ([SOURCE, "bare"], "and not with bare"),
        ([SOURCE, "-a", "mode=full"], "a replay takes limit"),
        ([SOURCE, "-a", "limit=0"], "-a limit=0: '0': a whole number from 1"),
        ([SOURCE, "-s", "NORDCRAWL_WORKERS=many"], "NORDCRAWL_WORKERS = many"),
    ],
)
def test_what_can_not_be_replayed_is_told(
    given: list[str], arguments: list[str], text: str, tmp_path: Path
) -> None:
    name, *more = (one.replace("EMPTY", str(tmp_path / "temporary")) for one in arguments)
    with pytest.raises(UsageError) as caught:
        crawl_replayed([name, "--replay", "captures", *given, *more], never)
    assert text in str(caught.value)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_without_the_extra_it_is_named(given: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nordcrawl.cli.crawl_replay.is_there", lambda: False)
    with pytest.raises(UsageError, match=r"nordcrawl\[capture\]"):
        run_scrapy([SOURCE, "--replay=captures", *given])


def test_there_is_nothing_else_to_replay(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        run_scrapy([SOURCE, "--replay", "thin air", *given])
    assert end.value.code == 2
    assert "invalid choice: 'thin air'" in capsys.readouterr().err


def test_a_run_that_broke_off_compares_nothing(
    given: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text(TABLE.format(SOURCE))
    seen: list[str] = []

    def interrupted(arguments: Sequence[str]) -> int:
        seen.extend(arguments)
        return 6

    assert crawl_replayed([SOURCE, "--replay", "captures", *given], interrupted) == 6
    assert capsys.readouterr().err.startswith("nordcrawl: the replay broke off")
    last = {pair.partition("=")[0]: pair.partition("=")[2] for pair in seen if "=" in pair}
    (folder,) = (tmp_path / "temporary").iterdir()
    assert last["NORDCRAWL_ARCHIVE"] == str(folder / "archive")
    assert last["NORDCRAWL_CONTACT"].endswith(".invalid"), "nobody is asked, and need not reach us"
    assert list(folder.glob("*.warc.gz")) == []


def test_where_the_table_takes_no_address_any_more_all_are_lost(
    given: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text(TABLE.format(SOURCE) + "article_urls = ['^/none/']\n")
    assert crawl_replayed([SOURCE, "--replay", "captures", "--json", *given], never) == 14
    assert '"no_article": 1' in capsys.readouterr().out
