"""``nordcrawl read``, ``files`` and ``schema`` as their users run them."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import pty
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from nordcrawl.archive.format import schema_file
from nordcrawl.archive.format.lines import encode_json, pack, unpack
from nordcrawl.archive.format.schema_file import SCHEMAS
from nordcrawl.archive.store.protocol import Store
from nordcrawl.cli.main import main
from nordcrawl.reading.fields import columns
from tests.support.archive_builders import archive, make_record
from tests.support.jobs import Done, Job

LINES = [encode_json(make_record(n).to_json()) for n in range(1, 4)]


def part(root: Path, number: int = 0) -> Path:
    return sorted(root.glob("articles-v1/*/*/*.gz"))[number]


def lines(done: Done) -> list[str]:
    return done.out.split("\n")[:-1]  # not splitlines: U+2028 may stand in a line


def cursor_of(err: str) -> str:
    return err.rpartition("next cursor: ")[2].strip()


@pytest.fixture
def three(store: Store, tmp_path: Path) -> Store:
    archive(store, tmp_path / "spool", *(make_record(n) for n in range(1, 4)))
    return store


def test_lines_pass_through_unchanged(three: Store, root: Path, a_job: Job, tmp_path: Path) -> None:
    plain = a_job.nordcrawl("read", "--output", "all.jsonl")
    assert (plain.code, plain.out) == (0, "")
    assert (tmp_path / "all.jsonl").read_bytes() == b"".join(LINES)
    # Chosen by a filter, or as the latest, a line is still the line that lies in the archive.
    for arguments in (["--text", "NUMMER 2"], ["--text", "nummer 2", "--latest"]):
        assert a_job.nordcrawl("read", *arguments).out.encode() == LINES[1]
    assert a_job.nordcrawl(
        "read", "--source", "example", "--language", "nb"
    ).out.encode() == b"".join(LINES)


def test_each_record_comes_once_by_a_cursor_file(store: Store, a_job: Job, tmp_path: Path) -> None:
    read: list[str] = []
    for number in (1, 2, 3):
        archive(store, tmp_path / "spool", make_record(number))
        for _ in range(2):
            done = a_job.nordcrawl("read", "--cursor-file", "cursor")
            assert done.code == 0, done.text
            read += [json.loads(line)["article_id"] for line in lines(done)]
            assert (tmp_path / "cursor").read_text().strip() == cursor_of(done.err)
    assert read == ["example:1", "example:2", "example:3"]
    first = a_job.nordcrawl("read", "--fields", "article_id", "--since", cursor_of(done.err))
    assert (first.code, first.out) == (0, "")


def test_the_cursor_file_moves_only_when_all_is_written(
    three: Store, root: Path, a_job: Job, tmp_path: Path
) -> None:
    body = part(root).read_bytes()
    part(root).write_bytes(b"x" + body[1:])
    for more in ([], ["--keep-going"], ["--output", "out.jsonl"]):
        done = a_job.nordcrawl("read", "--cursor-file", "cursor", *more)
        assert done.code == 13, done.text
        assert "next cursor:" not in done.err
        assert not (tmp_path / "cursor").exists()
    part(root).write_bytes(body)
    if Path("/dev/full").exists():
        with Path("/dev/full").open("wb") as full:
            broken = subprocess.run(
                [sys.executable, "-m", "nordcrawl", "read", "--cursor-file", "cursor"],
                stdout=full, stderr=subprocess.PIPE, env=a_job.environment, cwd=tmp_path,
                check=False,
            )  # fmt: skip
        assert broken.returncode == 1
        assert b"can't write standard output: No space left" in broken.stderr
        assert not (tmp_path / "cursor").exists()
    (tmp_path / "cursor").write_text("yesterday")
    done = a_job.nordcrawl("read", "--cursor-file", "cursor")
    assert done.code == 2
    assert "--cursor-file cursor: not a cursor" in done.err
    assert (tmp_path / "cursor").read_text() == "yesterday"


def test_latest_and_as_of(filled: Store, a_job: Job) -> None:
    def ids(*arguments: str) -> list[tuple[str, int]]:
        found = a_job.records("--fields", "article_id,revision", *arguments)
        return sorted((r["article_id"][8:], r["revision"]) for r in found)

    assert ids("--latest") == [("1", 2), ("2", 1), ("4", 1), ("5", 1)]
    assert ids("--latest", "--as-of", "2026-10-27") == [("1", 1), ("2", 1), ("3", 1)]
    assert ids("--as-of", "2026-10-26T08:38:00Z") == [("1", 1)]
    assert ids("--latest", "--fetched-to", "2026-10-27") == [("2", 1)], "no older one comes back"
    looked_back = a_job.nordcrawl("read", "--as-of", "2026-10-27")
    assert "next cursor:" not in looked_back.err
    absent = a_job.nordcrawl("read", "--source", "exmaple", "--source", "example")
    assert len(lines(absent)) == 7
    assert "note: no articles of exmaple here; there are example" in absent.err


def test_one_article_one_address_and_no_more_than_so_many(filled: Store, a_job: Job) -> None:
    def ids(*arguments: str) -> list[tuple[str, int]]:
        found = a_job.records("--fields", "article_id,revision", *arguments)
        return [(r["article_id"], r["revision"]) for r in found]

    assert ids("--article", "example:1") == [("example:1", 1), ("example:1", 2)]
    assert ids("--article", "example:1", "--latest") == [("example:1", 2)]
    assert ids("--url", "www.example.org/2", "--url", "example.org/4") == [
        ("example:2", 1), ("example:4", 1),
    ]  # fmt: skip
    assert ids("--kind", "news") == []
    done = a_job.nordcrawl("read", "--limit", "3", "--fields", "article_id")
    assert (done.code, len(done.out.splitlines())) == (0, 3)
    assert "next cursor" not in done.err  # it would step over the rest
    assert len(ids("--limit", "2")) == 2
    assert "2 articles" in a_job.nordcrawl("read", "--limit", "2", "--format", "table").out


@pytest.mark.slow
def test_csv_and_parquet_have_every_record(filled: Store, a_job: Job, tmp_path: Path) -> None:
    assert a_job.nordcrawl("read", "--format", "csv", "--output", "a.csv").code == 0
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file, strict=True)
    assert (len(rows), head[:3]) == (7, ["schema", "source", "publisher"])
    assert rows[0][head.index("text")] == make_record(1).to_json()["text"]
    assert a_job.nordcrawl("read", "--format", "parquet", "--output", "a.parquet").code == 0
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 7
    piped = subprocess.run(
        [sys.executable, "-m", "nordcrawl", "read", "--format", "parquet"],
        capture_output=True, env=a_job.environment, cwd=tmp_path, check=True,
    )  # fmt: skip
    assert piped.stdout == (tmp_path / "a.parquet").read_bytes()


def test_without_pyarrow_the_extra_is_named(
    three: Store,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as if it were not installed
    for name in ("arrow", "parquet"):
        monkeypatch.delitem(sys.modules, f"nordcrawl.reading.{name}", raising=False)
    out = tmp_path / "a.parquet"
    wanted = ["read", "--archive", str(root), "--format", "parquet", "--output", str(out)]
    assert main(wanted) == 2
    said = capsys.readouterr().err
    assert said == (
        "nordcrawl: error: --format parquet needs pyarrow: pip install 'nordcrawl[parquet]'\n"
    )
    assert not out.exists()
    for form in ("jsonl", "csv", "table"):
        assert main(["read", "--archive", str(root), "--format", form]) == 0


def test_parquet_is_not_for_a_terminal(three: Store, a_job: Job, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "nordcrawl", "read", "--format", "parquet"],
            stdout=theirs, stderr=subprocess.PIPE, env=a_job.environment, cwd=tmp_path, check=False,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert b"--output FILE" in done.stderr


def test_the_table_is_for_people(filled: Store, a_job: Job) -> None:
    done = a_job.nordcrawl("read", "--latest", "--format", "table")
    head, *rows, count = lines(done)
    assert head.split()[:2] == ["published", "(UTC)"]
    assert (len(rows), count) == (4, "4 articles")
    done = a_job.nordcrawl("read", "--format", "table", "--fields", "article_id,authors")
    assert "Kari Nordmann" in done.out


def test_an_output_is_whole_or_not_there(
    filled: Store, root: Path, a_job: Job, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("before")
    part(root, -1).unlink()
    done = a_job.nordcrawl("read", "--output", "out.jsonl")
    assert done.code == 13
    assert out.read_text() == "before"
    assert not list(tmp_path.glob(".*.tmp"))
    done = a_job.nordcrawl("read", "--output", "out.jsonl", "--keep-going")
    assert done.code == 13
    assert out.read_bytes().count(b"\n") == 6
    assert out.stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.slow
def test_keep_going_names_every_damaged_part(filled: Store, root: Path, a_job: Job) -> None:
    bad = [part(root, 1), part(root, 4)]
    bad[0].write_bytes(b"x")
    bad[1].unlink()
    stopped = a_job.nordcrawl("read")
    assert (stopped.code, len(lines(stopped))) == (13, 1)
    for arguments in ([], ["--latest"], ["--text", "nummer"], ["--format", "csv"]):
        done = a_job.nordcrawl("read", "--keep-going", *arguments)
        assert done.code == 13
        for path in bad:
            assert done.err.count(path.relative_to(root).as_posix()) == 1
        assert "2 damaged" in done.err
        assert "next cursor:" not in done.err
    assert len(lines(a_job.nordcrawl("read", "--keep-going"))) == 5


def test_a_hole_in_a_log_ends_reading_and_can_be_read_past(
    filled: Store, root: Path, a_job: Job
) -> None:
    hole = sorted(root.glob("commits/*/*.json"))[2]
    hole.unlink()
    name = hole.relative_to(root).as_posix()
    for command in (["read"], ["read", "--latest"], ["files"]):
        done = a_job.nordcrawl(*command)
        assert (done.code, done.out) == (13, ""), done.text
        assert f"{name}: missing in the log" in done.err
    done = a_job.nordcrawl("read", "--keep-going", "--cursor-file", "cursor")
    assert (done.code, len(lines(done))) == (13, 6)
    assert done.err.count(name) == 1
    assert not (root.parent / "cursor").exists()


def test_a_closed_pipe_is_no_failure(three: Store, a_job: Job, tmp_path: Path) -> None:
    for form in ("jsonl", "csv", "parquet", "table"):
        done = subprocess.run(
            f"'{sys.executable}' -m nordcrawl read --format {form} --cursor-file c | true; "
            "echo ${PIPESTATUS[0]}" if form != "table" else
            f"'{sys.executable}' -m nordcrawl read --format table | true; echo ${{PIPESTATUS[0]}}",
            shell=True, executable="/bin/bash", text=True, capture_output=True,
            env=a_job.environment, cwd=tmp_path, check=False,
        )  # fmt: skip
        assert (done.stdout, "Traceback" in done.stderr) == ("0\n", False), done.stderr


WRONG = [
    (["--since", "c1.AAAA", "--latest"], "leave out --latest, or --since"),
    (["--cursor-file", "c", "--latest"], "--cursor-file hands out every revision once"),
    (["--cursor-file", "c", "--as-of", "2026-10-26"], "--as-of looks back"),
    (["--cursor-file", "c", "--since", "c1.AAAA"], "give one of them"),
    (["--cursor-file", "c", "--format", "table"], "a table may show only the newest"),
    (["--cursor-file", "c", "--output", "./c"], "must be two files"),
    (["--cursor-file", "none/c"], "there is no folder"),
    (["--output", "."], "no regular file"),
    (["--output", "/dev/null"], "no regular file"),
    (["--output", "none/out"], "there is no folder"),
    (["--fields", "titel"], "--fields: no field 'titel'; there are schema, source"),
    (["--as-of", "soon"], "--as-of 'soon': a date 2026-01-31"),
    (["--published-from", "2026-10-26T08:00"], "--published-from '2026-10-26T08:00': the time has"),
    (["--fetched-from", "2026-10-27", "--fetched-to", "2026-10-26"], "lies after --fetched-to"),
    (["--text", ""], "--text is empty"),
    (["--limit", "0"], "--limit 0: 1 or more"),
    (["--limit", "3", "--cursor-file", "c"], "would step over them"),
    (["--url", "mailto://x"], "is no address for --url"),
    (["--since", "yesterday"], "not a cursor"),
    (["--archive", "gopher://x"], "gopher"),
    (["--archive", "."], "no archive at"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_wrong_options_are_refused_by_name(
    arguments: list[str], said: str, three: Store, root: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NORDCRAWL_ARCHIVE", str(root))
    assert main(["read", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_files_gives_the_exact_list(filled: Store, root: Path, a_job: Job) -> None:
    done = a_job.nordcrawl("files")
    assert done.code == 0, done.text
    paths = lines(done)
    assert paths == [str(path) for path in sorted(root.glob("articles-v1/*/*/*.gz"))]
    ledgers = lines(a_job.nordcrawl("files", "--kind", "ledger", "--json"))
    for file in map(json.loads, ledgers):
        body = (root / file["key"]).read_bytes()
        assert (file["kind"], file["source"], file["records"]) == ("ledger", "example", 1)
        assert file["sha256"] == hashlib.sha256(body).hexdigest()
        assert file["bytes"] == len(body)
    assert len(ledgers) == 7
    assert a_job.nordcrawl("files", "--source", "another").out == ""
    assert a_job.nordcrawl("files", "--archive", "nowhere").code != 0


def run(code: str, folder: Path) -> dict[str, Any]:
    names: dict[str, Any] = {}
    (folder / "columns.py").write_text(code)
    exec(compile(code, "columns.py", "exec"), names)
    return names


def test_schema_is_printed_for_validators_and_engines(a_job: Job, tmp_path: Path) -> None:
    for kind in ("article", "ledger"):
        name = f"{kind}-1"
        printed = a_job.nordcrawl("schema", kind)
        assert json.loads(printed.out) == schema_file.schema(name)
        for engine in ("polars", "pyarrow"):
            schema = run(a_job.nordcrawl("schema", kind, "--format", engine).out, tmp_path)[
                "schema"
            ]
            assert list(schema if engine == "polars" else schema.names) == list(columns(name))
        ddl = a_job.nordcrawl("schema", kind, "--format", "spark").out
        assert [line.split("`")[1] for line in ddl.splitlines()] == list(columns(name))
        duckdb.sql(a_job.nordcrawl("schema", kind, "--format", "duckdb").out)
    assert json.loads(a_job.nordcrawl("schema").out) == schema_file.schema("article-1")
    assert a_job.nordcrawl("schema", "runs").code == 2


def test_a_source_named_by_digits_is_a_text_for_duckdb(a_job: Job, tmp_path: Path) -> None:
    folder = tmp_path / "articles-v1/source=007/date=2026-11-22"
    folder.mkdir(parents=True)
    (folder / "a-1.jsonl.gz").write_bytes(
        pack([encode_json(make_record(1).to_json() | {"source": "007"})])
    )
    duckdb.sql(a_job.nordcrawl("schema", "--format", "duckdb").out)
    rows = duckdb.execute(
        "SELECT typeof(source), source FROM articles(?)", [f"{tmp_path}/articles-v1/**/*.gz"]
    )
    assert rows.fetchall() == [("VARCHAR", "007")]


def test_engines_read_parts_that_look_different_to_each(
    store: Store, root: Path, a_job: Job, tmp_path: Path
) -> None:
    """A part where a field is null or empty throughout beside one where it is not; and a key
    that this version does not know."""
    empty = make_record(1).to_json()
    for name in ("subtitle", "published_at", "language", "paywalled"):
        empty[name] = None
    for name in ("authors", "images", "tags", "links", "translations"):
        empty[name] = []
    empty.update(rights={}, provenance={})
    full = make_record(2).to_json() | {
        "subtitle": "Under", "paywalled": True, "rights": {"tdm": "1", "later": "x"},
        "modified_at": "2026-10-26T08:00:00.5Z", "later": {"x": [1]},
        "translations": [{"language": "en", "url": "https://example.org/en", "later": 1}],
    }  # fmt: skip
    paths = []
    for number, record in enumerate((empty, full, empty)):
        path = tmp_path / f"{number}.jsonl.gz"
        path.write_bytes(pack([encode_json(record)]))
        paths.append(str(path))
    schema = run(a_job.nordcrawl("schema", "--format", "polars").out, tmp_path)["schema"]
    frame = pl.scan_ndjson(paths, schema=schema).collect()
    assert frame["modified_at"].dt.microsecond().to_list() == [None, 500_000, None]
    assert frame["rights"].struct.field("tdm").to_list() == [None, "1", None]
    duckdb.sql(a_job.nordcrawl("schema", "--format", "duckdb").out)
    rows = duckdb.execute(
        'SELECT subtitle, rights.tdm, modified_at, "fetch".fetched_at FROM articles(?)', [paths]
    ).fetchall()
    assert [row[:2] for row in rows] == [(None, None), ("Under", "1"), (None, None)]
    assert rows[1][2].microsecond == 500_000
    run(a_job.nordcrawl("schema", "--format", "pyarrow").out, tmp_path)
    code = """
import sys
import pyarrow.dataset as ds, pyarrow.json as pj
from columns import schema
options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
found = ds.dataset(sys.argv[1:], schema=schema, format=ds.JsonFileFormat(parse_options=options))
print(found.to_table()["subtitle"].to_pylist())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *paths], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=True,
    )  # fmt: skip
    assert done.stdout == "[None, 'Under', None]\n"


def test_compaction_changes_the_files_and_nothing_that_is_read(filled: Store, a_job: Job) -> None:
    ways = (["read"], ["read", "--latest"], ["read", "--latest", "--as-of", "2026-10-27"])
    before = [a_job.nordcrawl(*way).out for way in ways]
    half = cursor_of(a_job.nordcrawl("read").err)
    files = lines(a_job.nordcrawl("files"))
    done = a_job.nordcrawl("compact", "--grace", "1")
    assert done.code == 0, done.text
    joined = lines(a_job.nordcrawl("files"))
    assert (len(files), len(joined)) == (7, 3)
    assert all(Path(path).exists() for path in files), "a glob would give them too"
    assert [a_job.nordcrawl(*way).out for way in ways] == before
    assert a_job.nordcrawl("read", "--since", half).out == ""
    read = [line for path in joined for line in unpack(Path(path).read_bytes())]
    assert sorted(read) == sorted(line.encode() + b"\n" for line in before[0].split("\n")[:-1])


def test_what_is_erased_is_read_in_no_form(filled: Store, a_job: Job, tmp_path: Path) -> None:
    done = a_job.nordcrawl("erase", "--article", "example:1", "--execute")
    assert done.code == 0, done.text
    for form in ("jsonl", "csv", "parquet", "table"):
        arguments = ["--format", form, "--output", f"out.{form}"]
        assert a_job.nordcrawl("read", *arguments).code == 0
        assert b"Havna" not in (tmp_path / f"out.{form}").read_bytes()
    stone = json.loads(a_job.nordcrawl("read", "--source", "example").out.split("\n")[-2])
    assert (stone["article_id"], stone["change"]) == ("example:1", "erased")
    assert list(stone) == list(columns()), "a tombstone is a record like any other"
    latest = a_job.records("--latest", "--fields", "article_id")
    assert sorted(r["article_id"] for r in latest) == ["example:2", "example:4", "example:5"]


def test_the_wheel_has_types_and_schemas(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=Path(__file__).parents[2], check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"nordcrawl/py.typed", "nordcrawl/api.py"} <= set(names)
    assert {f"nordcrawl/archive/schema/{name}.json" for name in SCHEMAS} <= set(names)
