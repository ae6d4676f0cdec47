"""The public API: what other programs import."""

from __future__ import annotations

import json
import subprocess
import sys
import typing
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import nordcrawl
from nordcrawl import Archive
from nordcrawl.archive.format import schema_file
from nordcrawl.archive.format.lines import unpack
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, UsageError
from nordcrawl.reading import record as types
from tests.support.archive_builders import START, archive, make_entry, make_record


def ids(records: Any) -> list[tuple[str, int]]:
    return [(r["article_id"].partition(":")[2], r["revision"]) for r in records]


def test_articles_are_the_latest_and_the_filters_choose_among_these(
    filled: Store, root: Path
) -> None:
    found = Archive(root)
    assert sorted(ids(found.articles())) == [("1", 2), ("2", 1), ("4", 1), ("5", 1)]
    assert len(ids(found.articles(latest=False))) == 7
    assert ids(found.articles(text="HAVNA")) == [("1", 2)]
    # Only the old revision of 1 has this text: it must not come back.
    assert ids(found.articles(text="utgave» 1")) == [("2", 1), ("4", 1), ("5", 1)]
    assert ids(found.articles(text="utgave» 1", latest=False)) == [
        ("1", 1), ("2", 1), ("3", 1), ("4", 1), ("5", 1),
    ]  # fmt: skip
    assert ids(found.articles(source="another")) == []
    assert len(ids(found.articles(source=["another", "example"]))) == 4
    assert len(ids(found.articles(language="nb", fetched_from=date(2026, 10, 28)))) == 3


def test_as_of_is_the_archive_as_it_was(filled: Store, root: Path) -> None:
    found = Archive(root)
    assert sorted(ids(found.articles(as_of="2026-10-26"))) == [("1", 1)]
    assert sorted(ids(found.articles(as_of=date(2026, 10, 27)))) == [("1", 1), ("2", 1), ("3", 1)]
    # As times: the archived_at of that day is START to the second.
    assert sorted(ids(found.articles(as_of=START))) == [("1", 1)]
    assert ids(found.articles(as_of=START - timedelta(microseconds=1))) == []
    assert ids(found.articles(as_of="2026-10-28", latest=False)) == ids(
        found.articles(latest=False)
    )


def test_changes_hand_out_each_revision_once(store: Store, root: Path, tmp_path: Path) -> None:
    store.probe()
    cursor, read = None, []
    for number in range(1, 6):
        archive(store, tmp_path / ("one" if number % 2 else "two"), make_record(number))
        changes = Archive(root).changes(cursor)
        archive(store, tmp_path / "three", make_record(100 + number))  # after the snapshot
        assert [*changes] == [*changes], "a snapshot does not change"
        read += ids(changes)
        cursor = changes.cursor
    read += ids(Archive(root).changes(cursor))
    assert sorted(read) == sorted((str(k + n), 1) for n in range(1, 6) for k in (0, 100))
    with pytest.raises(UsageError, match="not a cursor"):
        Archive(root).changes("yesterday")


def test_files_are_the_live_parts(filled: Store, root: Path) -> None:
    found = Archive(root).files()
    assert {f.kind for f in found} == {"article", "ledger"}
    articles = Archive(root).files("article", "example")
    assert [f.date for f in articles] == sorted(f.date for f in articles)
    assert sum(f.records for f in articles) == 7
    lines = [
        json.loads(line) for file in articles for line in unpack(Path(file.location).read_bytes())
    ]
    assert len(lines) == 7
    for file in articles:
        assert file.uri == f"{root.as_uri()}/{file.key}"
        assert Path(file.location).stat().st_size == file.bytes
    (root / articles[0].key).with_name("00aa11bb22-000000000001.jsonl.gz").write_bytes(b"pending")
    assert Archive(root).files("article") == articles
    assert Archive(root).files(source="another") == []
    with pytest.raises(UsageError, match="'articles'"):
        Archive(root).files("articles")  # type: ignore[arg-type]


def test_ledger_and_runs(store: Store, root: Path, tmp_path: Path) -> None:
    archive(store, tmp_path / "spool", make_record(1), make_record(2))
    (first, _) = Archive(root).ledger()
    assert first == make_entry(make_record(1)).to_json()
    assert [*Archive(root).ledger(run_id="run-9")] == []
    assert [*Archive(root).runs()] == []
    assert Archive(root).schema("ledger") == schema_file.schema("ledger-1")


def test_no_archive_is_no_empty_archive(tmp_path: Path) -> None:
    empty = Archive(tmp_path)
    for ask in (empty.articles, empty.changes, empty.files, empty.ledger, empty.runs):
        with pytest.raises(UsageError, match="no archive at"):
            ask()
    with pytest.raises(UsageError, match="gopher"):
        Archive("gopher://x")


def test_damage_is_named(filled: Store, root: Path) -> None:
    file = Archive(root).files("article")[0]
    Path(file.location).write_bytes(b"x")
    with pytest.raises(ArchiveDamaged, match=file.key):
        list(Archive(root).articles())


def test_wrong_filters_are_refused(filled: Store, root: Path) -> None:
    with pytest.raises(UsageError, match="published_from 'soon'"):
        Archive(root).articles(published_from="soon")
    with pytest.raises(TypeError, match="sorce"):
        Archive(root).articles(sorce="example")  # type: ignore[call-arg]
    with pytest.raises(UsageError, match="no zone"):
        Archive(root).articles(as_of=datetime.now(UTC).replace(tzinfo=None))


def keys(of: Any) -> dict[str, Any]:
    """Return the keys of a TypedDict, each with those of what is below it."""
    hints = typing.get_type_hints(of)
    return {name: below(hint) for name, hint in hints.items()}


def below(hint: Any) -> dict[str, Any] | None:
    if typing.is_typeddict(hint):
        return keys(hint)
    found = [below(part) for part in typing.get_args(hint)]
    return next((part for part in found if part), None)


def schema_keys(node: dict[str, Any]) -> dict[str, Any] | None:
    if "properties" in node:
        return {name: schema_keys(of) for name, of in node["properties"].items()}
    inner = node.get("items") or node.get("additionalProperties")
    return schema_keys(inner) if isinstance(inner, dict) else None


def test_frames_have_the_types_of_the_schema(filled: Store, root: Path) -> None:
    found = Archive(root)
    table = found.to_arrow(latest=False)
    assert (table.num_rows, table.column_names[-1]) == (7, "extra")
    assert str(table.schema.field("published_at").type) == "timestamp[us, tz=UTC]"
    assert str(table.schema.field("kicker").type) == "string"  # though null throughout
    fields = ["article_id", "revision", "fetch.fetched_at", "word_count"]
    pandas, polars = found.to_pandas(fields=fields), found.to_polars(fields=fields)
    latest = {r["article_id"]: r for r in found.articles()}
    assert [*pandas.columns] == polars.columns == fields
    assert dict(zip(pandas["article_id"], pandas["revision"], strict=True)) == {
        name: record["revision"] for name, record in latest.items()
    }
    assert str(pandas["fetch.fetched_at"].dtype) == "timestamp[us, tz=UTC][pyarrow]"
    assert str(polars.schema["fetch.fetched_at"]) == "Datetime(time_unit='us', time_zone='UTC')"
    assert polars["word_count"].to_list() == [
        len(record["text"].split()) for record in latest.values()
    ]
    assert found.to_arrow(article="example:none").num_rows == 0
    with pytest.raises(UsageError, match="no field 'titel'"):
        found.to_polars(fields=["titel"])


@pytest.mark.parametrize(
    ("frame", "library", "extra"),
    [
        ("arrow", "pyarrow", "parquet"),
        ("pandas", "pandas", "pandas"),
        ("pandas", "pyarrow", "pandas"),
        ("polars", "polars", "polars"),
        ("polars", "pyarrow", "polars"),
    ],
)
def test_without_the_library_the_extra_is_named(
    frame: str,
    library: str,
    extra: str,
    filled: Store,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "nordcrawl.reading.arrow", raising=False)
    with pytest.raises(UsageError) as error:
        getattr(Archive(root), f"to_{frame}")()
    assert str(error.value) == f"to_{frame}() needs {library}: pip install 'nordcrawl[{extra}]'"


@pytest.mark.parametrize(
    ("of", "name", "written"),
    [
        (types.ArticleRecord, "article-1", make_record(1).to_json()),
        (types.LedgerRecord, "ledger-1", make_entry(make_record(1)).to_json()),
    ],
)
def test_types_schema_and_record_name_the_same_keys(
    of: Any, name: str, written: dict[str, Any]
) -> None:
    schema = schema_file.schema(name)
    assert keys(of) == schema_keys(schema)
    assert list(keys(of)) == list(schema["properties"]) == list(written)
    for key, hint in typing.get_type_hints(of).items():
        told = schema["properties"][key].get("type", "integer")
        assert (type(None) in typing.get_args(hint)) == ("null" in told), key


def test_required_keys_are_the_same() -> None:
    for of, path in (
        (types.BlockRecord, ("blocks", "items")),
        (types.EvidenceRecord, ("provenance", "additionalProperties")),
        (types.FetchRecord, ("fetch",)),
        (types.ImageRecord, ("images", "items")),
    ):
        node = schema_file.schema("article-1")["properties"]
        for step in path:
            node = node[step]
        # Under `from __future__ import annotations` 3.11 can't tell NotRequired at class time.
        wanted = {
            name
            for name, hint in typing.get_type_hints(of, include_extras=True).items()
            if typing.get_origin(hint) is not typing.NotRequired
        }
        assert wanted == set(node["required"])


READS = """
import sys
import nordcrawl
own = {name for name in sys.modules if name.startswith("nordcrawl.")}
assert own <= {"nordcrawl._version"}, "importing is instant"
found = nordcrawl.Archive(sys.argv[1])
assert len(list(found.articles())) == 4
assert len(list(found.changes())) == 7
assert found.files() and list(found.ledger())
heavy = ("scrapy", "twisted", "boto3", "botocore", "pyarrow", "pydantic", "trafilatura", "lxml")
print(sorted(name for name in heavy if name in sys.modules))
"""


def test_reading_a_folder_loads_nothing_of_the_crawler(filled: Store, root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READS, str(root)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_the_package_names_what_it_gives() -> None:
    for name in nordcrawl.__all__:
        assert getattr(nordcrawl, name) is not None
        assert name in dir(nordcrawl)
    with pytest.raises(AttributeError, match="no attribute 'archiv'"):
        nordcrawl.archiv  # noqa: B018
    assert (Path(nordcrawl.__file__).parent / "py.typed").is_file()


@pytest.mark.parametrize("name", ["article-1", "ledger-1"])
def test_every_property_of_the_schema_is_described(name: str) -> None:
    def bare(node: dict[str, Any], path: str) -> Iterator[str]:
        for key, of in node.get("properties", {}).items():
            if not of.get("description", "").endswith("."):
                yield path + key
            yield from bare(of, f"{path}{key}.")
        for inner in ("items", "additionalProperties"):
            if isinstance(node.get(inner), dict):
                yield from bare(node[inner], path)

    assert list(bare(schema_file.schema(name), "")) == []
