"""``nordcrawl history`` and `Archive.history`: every revision of what an address or id names."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from nordcrawl.api import Archive
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import UsageError
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.record import Record
from tests.support.archive_builders import (
    START,
    accept,
    archive,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.jobs import Job

OLD = "https://example.org/nyheter/havna-er-stengt"
NEW = "https://www.example.org/sak/havna?id=7"


def moved() -> list[Record]:
    """An article that was edited, then moved; beside it, one of a like address and a link to it."""
    first = make_record(7, text="Havna er stengt.\n\nIngen vet hvorfor.")
    second = make_record(7, revision=2, change="updated", text="Havna er åpnet.", at=START)
    third = make_record(7, revision=3, change="moved", text="Havna er åpnet igjen.", at=START)
    day = timedelta(days=1)
    return [
        replace(first, page=replace(first.page, url=OLD), canonical_url=OLD),
        make_record(70),
        replace(
            second, page=replace(second.page, url=OLD), canonical_url=OLD, archived_at=START + day
        ),
        replace(
            third, page=replace(third.page, url=NEW), canonical_url=NEW, aliases=(OLD,),
            archived_at=START + 2 * day,
        ),
        replace(make_record(8), canonical_url=OLD),
    ]  # fmt: skip


@pytest.fixture
def filled(store: Store, tmp_path: Path) -> Store:
    archive(store, tmp_path / "spool", *moved())
    return store


@pytest.mark.parametrize(
    "name",
    [
        "example:7", OLD, NEW,
        "http://www.example.org/nyheter/havna-er-stengt/?utm_source=x#top",
        "example.org/sak/havna?id=7",
        "https://example.org/nyheter/havna%2Der%2Dstengt",
    ],
)  # fmt: skip
def test_an_article_is_found_by_id_and_every_address(filled: Store, root: Path, name: str) -> None:
    found = Archive(root).history(name)
    assert [(r["article_id"], r["revision"]) for r in found] == [
        ("example:7", n) for n in (1, 2, 3)
    ]
    assert [r["change"] for r in found] == ["new", "updated", "moved"]


def test_a_canonical_link_counts_where_nobody_has_the_address(store: Store, root: Path,
                                                              tmp_path: Path) -> None:  # fmt: skip
    claims = replace(make_record(8), canonical_url=OLD)
    archive(store, tmp_path / "spool", claims)
    assert [r["article_id"] for r in Archive(root).history(OLD)] == ["example:8"]


def test_the_address_of_a_duplicate_is_known_from_the_ledger(
    store: Store, root: Path, tmp_path: Path
) -> None:
    record = make_record(7)
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, record)
        line = replace(
            make_entry(number=9, outcome=Outcome.DUPLICATE), article_id="example:7", revision=1
        )
        writer.accept(line, None).result(timeout=300)
        writer.finish(deadline_s=300)
    assert [r["article_id"] for r in Archive(root).history(url_of(9))] == ["example:7"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("https://example.org/nyheter/havna-er-aapen", OLD),
        ("example:77", "no article 'example:77'"),
        ("ftp://example.org/7", "ftp://example.org/7"),
    ],
)
def test_what_is_not_there_is_named(filled: Store, root: Path, name: str, told: str) -> None:
    with pytest.raises(UsageError, match=r"no article|neither") as caught:
        Archive(root).history(name)
    assert told in str(caught.value)


def test_the_table_tells_what_each_revision_changed(filled: Store, a_job: Job) -> None:
    done = a_job.nordcrawl("history", OLD)
    assert done.code == 0, done.text
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[0][:2] == ["example:7", "Tittel"]
    updated = next(line for line in lines if "updated" in line)
    assert updated == ["2", "updated", "2026-10-27", "08:38", "5", "+1", "-4", "text"]
    moved_ = next(line for line in lines if "moved" in line)
    assert moved_[-3:] == ["url,", "canonical_url,", "text"]
    assert "\x1b" not in done.out


def test_revisions_as_json(filled: Store, a_job: Job) -> None:
    done = a_job.nordcrawl("history", "example:7", "--format", "json")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["revision"], row["words"]) for row in rows] == [(1, 8), (2, 5), (3, 6)]
    assert rows[0]["changed"] is None
    assert rows[2]["changed"]["fields"] == ["url", "canonical_url", "text"]
    done = a_job.nordcrawl("history", "example:7", "--diff", "1..3", "--format", "json")
    told = json.loads(done.out)
    assert (told["before"], told["after"]) == (1, 3)
    assert {"mark": "added", "text": NEW} in told["passages"][0]["spans"]


def test_a_diff_is_readable_without_colour(filled: Store, a_job: Job) -> None:
    done = a_job.nordcrawl("history", "example:7", "--diff")
    assert done.code == 0, done.text
    assert "revision 2 .. 3" in done.out
    assert f"  [-{OLD}-] {{+{NEW}+}}\n" in done.out
    assert "  Havna er [-åpnet.-] {+åpnet igjen.+}\n" in done.out
    back = a_job.nordcrawl("history", "example:7", "--diff", "3..1").out
    assert "{+Ingen vet hvorfor.+}" in back


def terminal(a_job: Job, *arguments: str, **more: str) -> str:
    """Run the command at a terminal."""
    main, side = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "nordcrawl", "history", "example:7", "--diff", *arguments],
        env=a_job.environment | {"TERM": "xterm", "NO_COLOR": ""} | more, stdout=side, check=False,
    )  # fmt: skip
    os.close(side)
    assert done.returncode == 0
    with os.fdopen(main, "rb") as file:
        return file.read1(65536).decode()


def test_colour_is_for_terminals_that_want_it(filled: Store, a_job: Job) -> None:
    colored = terminal(a_job)
    assert "\x1b[9;31m" in colored
    assert "[-" not in colored
    for plain in (terminal(a_job, NO_COLOR="1"), terminal(a_job, "--no-color"),
                  terminal(a_job, TERM="dumb")):  # fmt: skip
        assert "\x1b" not in plain
        assert "[-åpnet.-]" in plain
    assert "\x1b[9;31m" in terminal(a_job, "--color", "always", NO_COLOR="1")
    piped = a_job.nordcrawl("history", "example:7", "--diff", "--color", "always")
    assert "\x1b[9;31m" in piped.out


def test_texts_from_outside_can_not_steer_the_terminal(
    store: Store, a_job: Job, tmp_path: Path
) -> None:
    bad = "ond \x1b[2J\u202eoverskrift [bold]x[/bold] :smile:"
    archive(
        store,
        tmp_path / "spool",
        make_record(1, text="Snill."),
        make_record(1, revision=2, change="silent_edit", text=bad),
    )
    done = a_job.nordcrawl("history", "example:1", "--diff")
    assert r"{+ond \x1b[2J\u202eoverskrift [bold]x[/bold] :smile:+}" in done.out
    assert not {"\x1b", "\u202e"} & {*done.out}


def test_several_articles_of_one_address_are_told_apart(
    store: Store, a_job: Job, tmp_path: Path
) -> None:
    other = make_record(2, text="En helt annen sak.")
    other = replace(other, page=replace(other.page, url=url_of(1)))
    archive(store, tmp_path / "spool", make_record(1), other)
    done = a_job.nordcrawl("history", url_of(1))
    assert "2 articles have had this address" in done.out
    assert done.out.index("example:1 ") < done.out.index("example:2 ")
    done = a_job.nordcrawl("history", url_of(1), "--diff")
    assert (done.code, "example:1, example:2" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["example:9"], "no article 'example:9'"),
        (["example:7", "--diff", "1..4"], "no revision 4 of this article; there are 1, 2, 3"),
        (["example:7", "--diff", "first"], "two revisions as 1..3"),
        (["example:70", "--diff"], "only revision 1"),
    ],
)
def test_mistakes_are_told(filled: Store, a_job: Job, arguments: list[str], told: str) -> None:
    done = a_job.nordcrawl("history", *arguments)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert "Traceback" not in done.err


def test_no_archive_and_a_damaged_part(filled: Store, a_job: Job, root: Path) -> None:
    (root.parent / "empty").mkdir()
    assert a_job.nordcrawl("history", "example:7", "--archive", "empty").code == 2
    for part in root.glob("articles-v1/*/*/*.gz"):
        part.write_bytes(part.read_bytes()[:-9])
    assert a_job.nordcrawl("history", "example:7").code == 13
