"""What is accepted is what is read, in the documented form, by us and by others."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from jsonschema import Draft202012Validator

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.lines import pack, unpack
from nordcrawl.archive.format.schema_file import SCHEMAS, schema
from nordcrawl.archive.log.follow import chain, writers
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.write.limits import Limits
from nordcrawl.errors import ArchiveDamaged
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.record import Record
from tests.support.archive_builders import (
    START,
    FileStore,
    accept,
    archive,
    check_archive,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.waiting import until


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "archive")


def as_read(record: Record) -> dict[str, object]:
    values: dict[str, object] = json.loads(json.dumps(record.to_json()))
    return values


def test_read_gives_back_what_was_accepted(store: FileStore, tmp_path: Path) -> None:
    records = [make_record(n, at=START + timedelta(hours=n)) for n in range(1, 40)]
    archive(store, tmp_path / "spool", *records)
    assert list(Reader(store).records()) == [as_read(r) for r in records]
    assert [e.url for e in Reader(store).ledger()] == [r.page.url for r in records]
    check_archive(store)


def test_the_keys_are_as_documented(store: FileStore, tmp_path: Path) -> None:
    archive(store, tmp_path / "spool", make_record(at=datetime(2026, 10, 26, 23, 59, tzinfo=UTC)))
    (writer,) = writers(store)
    day = "source=example/date=2026-10-26"
    assert sorted(entry.key for entry in store.list("")) == [
        "_nordcrawl-id.json",
        "_nordcrawl.json",
        f"articles-v1/{day}/{writer}-000000000001.jsonl.gz",
        f"commits/{writer}/000000000001.json",
        f"ledger-v1/{day}/{writer}-000000000002.jsonl.gz",
        "schema/article-1.json",
        "schema/ledger-1.json",
    ]


def test_a_commit_is_as_documented(store: FileStore, tmp_path: Path) -> None:
    for run_id in ("run-1", "run-2"):
        archive(store, tmp_path / "spool", make_record(run_id=run_id))
    (writer,) = writers(store)
    first, second = (store.get(keys.commit_key(writer, seq)) for seq in (1, 2))
    values = json.loads(second)
    assert list(values) == [
        "format", "version", "writer", "seq", "prev_sha256", "kind", "source", "run_id",
        "committed_at", "add", "remove", "sha256",
    ]  # fmt: skip
    assert values["prev_sha256"] == chain(store, writer)[0].sha256
    assert json.loads(first)["prev_sha256"] is None
    assert (values["run_id"], values["kind"], values["remove"]) == ("run-2", "append", [])
    assert list(values["add"][0]) == [
        "key", "kind", "sha256", "bytes", "records", "first_seq", "last_seq", "min_at", "max_at",
    ]  # fmt: skip
    assert values["add"][0]["min_at"] == "2026-10-26T08:38:01Z"


def test_every_line_is_valid_by_its_schema(store: FileStore, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, *(make_record(n) for n in range(1, 5)), make_record(1, revision=2))
        for number, outcome in enumerate(Outcome, start=10):
            writer.accept(make_entry(number=number, outcome=outcome, reason="så")).result()
        writer.finish(deadline_s=300)
    counts = {}
    for kind, name in (("articles", "article-1"), ("ledger", "ledger-1")):
        validator = Draft202012Validator(
            json.loads(store.get(keys.schema_key(name))),
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        Draft202012Validator.check_schema(schema(name))
        lines = [
            line for entry in store.list(f"{kind}-v1/") for line in unpack(store.get(entry.key))
        ]
        for line in lines:
            assert line.endswith(b"\n")
            validator.validate(json.loads(line))
        counts[kind] = len(lines)
    assert counts == {"articles": 5, "ledger": 5 + len(Outcome)}


@pytest.mark.parametrize(
    ("field", "value"), [("revision", "1"), ("text_sha256", "x"), ("archived_at", "2026-10-26")]
)
def test_the_schema_refuses_other_types(field: str, value: object) -> None:
    record = {**as_read(make_record()), field: value}
    assert not Draft202012Validator(schema("article-1")).is_valid(record)


def test_members_are_small_and_lines_whole() -> None:
    lines = [b"x" * 400 + b"\n", b"y" * 500 + b"\n", b"z" * 3000 + b"\n", b"q\n"]
    body = pack(lines, member_bytes=1000)
    assert list(unpack(body)) == lines
    assert body.count(b"\x1f\x8b\x08\x00\x00\x00\x00\x00") == 3
    assert pack(lines, member_bytes=1000) == body
    with pytest.raises(ValueError, match="gzip"):
        list(unpack(body[:-5]))


def test_size_closes_a_part(store: FileStore, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "s", limits=Limits(part_bytes=20_000, group_s=0.0)) as w:
        for number in range(1, 100):
            accept(w, make_record(number))
        until(lambda: w.shipped.commits >= 5, "commits while the crawl goes on")
        assert w.finish(deadline_s=300).failure is None
    check_archive(store)
    assert len(list(Reader(store).records())) == 99


def test_age_closes_a_part(store: FileStore, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "s", limits=Limits(part_age_s=0.1, group_s=0.0)) as w:
        accept(w, make_record())
        until(lambda: w.shipped.lines, "a commit while the crawl goes on")
        assert (w.pending_records, w.shipped.records, w.shipped.lines) == (0, 1, 2)


def test_nothing_accepted_is_no_part_and_no_commit(store: FileStore, tmp_path: Path) -> None:
    archive(store, tmp_path / "spool")
    assert writers(store) == []
    assert list(Reader(store).records()) == []


def test_a_line_that_is_no_json_is_refused_alone(store: FileStore, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "spool") as writer:
        with pytest.raises(TypeError, match="bytes is not JSON"):
            writer.accept(make_entry(number=2, reason=b"bytes"))
        with pytest.raises(ValueError, match="not of"):
            writer.accept(make_entry(number=2, run_id="another"))
        with pytest.raises(ValueError, match="a record of"):
            writer.accept(make_entry(make_record(2)), make_record(3))
        assert writer.state.url(url_of(2)) is None
        accept(writer, make_record(1))
        assert writer.finish(deadline_s=300).failure is None
    assert len(list(Reader(store).records())) == 1


def test_the_manifest_of_a_run_is_read_back(store: FileStore, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "spool", "20261026T083800Z-example-3fa2") as writer:
        writer.put_run({"exit_code": 0, "navn": "Ås"})
    assert store.exists("runs/20261026t083800z-example-3fa2.json")
    (run,) = Reader(store).runs()
    assert (run["exit_code"], run["navn"]) == (0, "Ås")


def test_latest_shows_the_highest_revision_and_hides_the_removed(
    store: FileStore, tmp_path: Path
) -> None:
    archive(
        store,
        tmp_path / "spool",
        make_record(1),
        make_record(2),
        make_record(3),
        make_record(1, revision=2, change="updated", at=START + timedelta(days=2)),
        make_record(3, revision=2, change="removed"),
    )
    # The other writer's clock is late, and it knows less.
    archive(
        store, tmp_path / "other", make_record(2, text="Senere", at=START + timedelta(seconds=2.5))
    )
    latest = list(Reader(store).latest())
    assert [(r["article_id"], r["revision"]) for r in latest] == [
        ("example:1", 2),
        ("example:2", 1),
    ]
    assert "Senere" in latest[1]["text"]


def test_what_two_writers_both_wrote_is_read_once(store: FileStore, tmp_path: Path) -> None:
    archive(store, tmp_path / "one", make_record(1), make_record(2))
    later = START + timedelta(hours=1)
    archive(
        store,
        tmp_path / "two",
        make_record(1, run_id="run-2", at=later),
        make_record(2, run_id="run-2", at=later, text="En annen tekst"),
    )
    read = [(r["article_id"], r["run_id"]) for r in Reader(store).records()]
    assert read == [("example:1", "run-1"), ("example:2", "run-1"), ("example:2", "run-2")]
    assert len(list(Reader(store).ledger())) == 4
    assert len(list(Reader(store).ledger(run_id="run-2"))) == 2
    assert list(Reader(store).records(source="another")) == []


def test_a_changed_byte_is_found_and_named(store: FileStore, tmp_path: Path) -> None:
    archive(store, tmp_path / "spool", make_record(1))
    key = next(e.key for e in store.list("articles-v1/"))
    body = store.get(key)
    for position in range(0, len(body), 7):
        damaged = bytearray(body)
        damaged[position] ^= 1
        (store.root / key).write_bytes(damaged)
        with pytest.raises(ArchiveDamaged, match=key):
            list(Reader(store).records())
    (store.root / key).unlink()
    with pytest.raises(ArchiveDamaged, match=f"{key}: missing"):
        list(Reader(store).records())


def test_a_changed_log_is_found_and_named(store: FileStore, tmp_path: Path) -> None:
    for run_id in ("run-1", "run-2"):
        archive(store, tmp_path / "spool", make_record(run_id=run_id))
    (writer,) = writers(store)
    first = keys.commit_key(writer, 1)
    body = store.get(first)
    (store.root / first).write_bytes(body.replace(b"run-1", b"run-9"))
    with pytest.raises(ArchiveDamaged, match=first):
        Reader(store).snapshot()
    (store.root / first).write_bytes(store.get(keys.commit_key(writer, 2)))
    with pytest.raises(ArchiveDamaged, match=first):
        Reader(store).snapshot()
    (store.root / first).write_bytes(body.replace(b"articles-v1", b"../../etc"))
    with pytest.raises(ArchiveDamaged, match=first):
        Reader(store).snapshot()


def test_duckdb_reads_it(store: FileStore, tmp_path: Path) -> None:
    archive(store, tmp_path / "spool", *(make_record(n) for n in range(1, 21)))
    glob = f"{store.root}/articles-v1/**/*.jsonl.gz"
    parts = "read_json(?, format='newline_delimited', hive_partitioning=true)"
    with duckdb.connect() as db:
        found = db.execute(
            f'SELECT count(*), min(source), min(date), max("fetch".fetched_at) FROM {parts}',
            [glob],
        ).fetchone()
    assert found is not None
    assert (found[0], found[1], str(found[2])) == (20, "example", "2026-10-26")


def test_the_documented_query_shows_the_latest(store: FileStore, tmp_path: Path) -> None:
    archive(
        store,
        tmp_path / "spool",
        *(make_record(n) for n in range(1, 5)),
        make_record(1, revision=2, change="updated"),
        make_record(2, revision=2, change="removed"),
    )
    later = make_record(3, text="Senere", at=START + timedelta(seconds=3.5))
    archive(store, tmp_path / "other", later)
    description = (Path(__file__).parents[2] / "docs" / "archive-format.md").read_text()
    query = description.split("```sql")[1].split("```")[0]
    with duckdb.connect() as db:
        found = db.sql(query.replace("archive/articles-v1", f"{store.root}/articles-v1"))
        rows = found.select("article_id, revision, text").order("article_id").fetchall()
    latest = list(Reader(store).latest())
    assert rows == sorted((r["article_id"], r["revision"], r["text"]) for r in latest)
    assert [row[1] for row in rows] == [2, 1, 1]


def test_the_description_has_every_key() -> None:
    description = (Path(__file__).parents[2] / "docs" / "archive-format.md").read_text()
    for name in SCHEMAS:
        for key in schema(name)["properties"]:
            assert f"`{key}`" in description
    assert list(schema("article-1")["properties"]) == list(make_record().to_json())
    assert list(schema("ledger-1")["properties"]) == list(make_entry().to_json())
    told = schema("ledger-1")["properties"]["outcome"]["description"]
    assert told == f"{', '.join(Outcome)}."
    assert all(f"`{outcome}`" in description for outcome in Outcome)


@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("zcat")), reason="needs jq and zcat")
def test_zcat_and_jq_read_it(store: FileStore, tmp_path: Path) -> None:
    archive(store, tmp_path / "spool", *(make_record(n) for n in range(1, 21)))
    key = next(e.key for e in store.list("articles-v1/"))
    lines = subprocess.run(["zcat", store.root / key], check=True, capture_output=True).stdout
    titles = subprocess.run(["jq", "-r", ".title"], input=lines, check=True, capture_output=True)
    assert titles.stdout.decode().split("\n")[19] == "Tittel 20"
