"""What is written is read back the same by other readers: CSV and Parquet, whatever is in it."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, datetime
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nordcrawl.archive.format.schema_file import schema
from nordcrawl.errors import ArchiveDamaged, UsageError
from nordcrawl.reading.fields import EXTRA, KNOWN_KEYS, columns, parse
from nordcrawl.reading.forms import picked, write_csv
from nordcrawl.reading.parquet import write_parquet
from nordcrawl.reading.table import MOST_ROWS, write_table
from tests.support.archive_builders import make_record

csv.field_size_limit(sys.maxsize)
ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NASTY = ANY | st.sampled_from(
    ["", " ", "\0", "\r", "\n", "\r\n", '"', '""', ",", "\u2028", "=1+1", "\x85", "\ufeff", "a\tb"]
)
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def as_text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.dumps(make_record(1).to_json()))
    record["title"] = draw(st.none() | NASTY)
    record["subtitle"] = draw(st.none() | NASTY)
    record["text"] = draw(NASTY)
    record["tags"] = draw(st.lists(NASTY, max_size=3))
    record["paywalled"] = draw(st.none() | st.booleans())
    record["published_at"] = as_text(draw(st.none() | TIMES))
    record["blocks"] = [
        {"kind": "p", "text": draw(NASTY)},
        {"kind": "heading", "text": "x", "level": draw(st.integers(2, 6))},
    ]
    record["images"] = [dict.fromkeys(("url", "caption", "credit", "alt"), draw(st.none() | NASTY))]
    record["rights"] = draw(st.dictionaries(st.sampled_from(KNOWN_KEYS["rights"]), NASTY))
    record["provenance"] = draw(
        st.dictionaries(
            st.sampled_from(KNOWN_KEYS["provenance"]),
            st.fixed_dictionaries({"origin": NASTY}, optional={"precision": st.just("day")}),
            max_size=2,
        )
    )
    record["fetch"]["etag"] = draw(st.none() | NASTY)
    return record


def cells(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))


@given(st.lists(records(), max_size=3))
def test_csv_is_read_back(records: list[dict[str, Any]]) -> None:
    out = io.BytesIO()
    write_csv(records, None, out)
    head, *rows = cells(out.getvalue())
    assert head == [*columns(), EXTRA]
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        for name, cell in zip(head, row, strict=True):
            value = record.get(name)
            match value:
                case None:
                    assert cell == ""
                case str():
                    assert cell == value
                case _:
                    assert json.loads(cell) == value


def test_csv_is_as_the_rfc_says() -> None:
    out = io.BytesIO()
    record = {
        "title": 'Say "hi", all',
        "subtitle": None,
        "kicker": "",
        "tags": ["a"],
        "revision": 2,
    }
    write_csv([record], parse("title,subtitle,kicker,tags,revision"), out)
    assert out.getvalue() == (
        b'title,subtitle,kicker,tags,revision\r\n"Say ""hi"", all",,"","[""a""]",2\r\n'
    )


def test_a_later_key_goes_to_extra() -> None:
    record = make_record(1).to_json()
    record.update(summary_ai="x", rights={"tdm": "1", "new": "y"})
    record["fetch"]["proxy"] = "p"
    record["blocks"][1]["score"] = 0.5
    out = io.BytesIO()
    write_csv([record], None, out)
    head, row = cells(out.getvalue())
    values = dict(zip(head, row, strict=True))
    assert json.loads(values[EXTRA]) == {"summary_ai": "x"}
    assert json.loads(values["fetch"])["proxy"] == "p", "it stands in the text of its field"
    out = io.BytesIO()
    write_parquet([record], None, out)
    (read,) = pq.read_table(io.BytesIO(out.getvalue())).to_pylist()
    assert json.loads(read[EXTRA]) == {
        "summary_ai": "x", "rights.new": "y", "fetch.proxy": "p", "blocks.1.score": 0.5
    }  # fmt: skip


def narrowed(value: Any) -> Any:
    """What was written of what Arrow gives: no nulls for keys that were not there."""
    if isinstance(value, dict):
        return {k: narrowed(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [narrowed(item) for item in value]
    return as_text(value) if isinstance(value, datetime) else value


@settings(max_examples=40)
@given(st.lists(records(), max_size=3))
def test_parquet_is_read_back(records: list[dict[str, Any]]) -> None:
    out = io.BytesIO()
    write_parquet(records, None, out)
    table = pq.read_table(io.BytesIO(out.getvalue()))
    assert table.column_names == [*columns(), EXTRA]
    assert str(table.schema.field("published_at").type) == "timestamp[us, tz=UTC]"
    assert [narrowed(row) for row in table.to_pylist()] == [narrowed(r) for r in records]


def test_every_engine_reads_the_parquet(tmp_path: Any) -> None:
    path = tmp_path / "articles.parquet"
    with path.open("wb") as out:
        write_parquet((make_record(n).to_json() for n in range(1, 30)), None, out)
    assert duckdb.execute(f"SELECT count(rights.robots_meta) FROM '{path}'").fetchall() == [(29,)]
    assert pl.scan_parquet(path).select(pl.col("authors").list.len().sum()).collect().item() == 29
    assert pd.read_parquet(path)["published_at"].dt.year.unique().tolist() == [2026]
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


def test_row_groups_are_bounded() -> None:
    out = io.BytesIO()
    write_parquet((make_record(n).to_json() for n in range(1, 101)), None, out, group_bytes=20_000)
    meta = pq.ParquetFile(io.BytesIO(out.getvalue())).metadata
    assert (meta.num_rows, meta.num_row_groups > 4) == (100, True)


def test_a_value_of_another_type_is_damage_and_named() -> None:
    for name, value in (("revision", "two"), ("published_at", "soon"), ("authors", "Kari")):
        record = {**make_record(1).to_json(), name: value}
        with pytest.raises(
            ArchiveDamaged, match=f"example:1 revision .*: {name} is not of its type"
        ):
            write_parquet([record], None, io.BytesIO())


def test_half_a_parquet_file_has_no_footer() -> None:
    def breaks() -> Any:
        yield make_record(1).to_json()
        raise ArchiveDamaged("x")

    out = io.BytesIO()
    with pytest.raises(ArchiveDamaged):
        write_parquet(breaks(), None, out)
    assert not out.getvalue().endswith(b"PAR1") or len(out.getvalue()) <= 4


def test_fields_are_picked_by_dotted_name() -> None:
    fields = parse("title, fetch.fetched_at,provenance.published_at.origin,rights.tdm")
    (line,) = picked([make_record(1).to_json()], fields)
    assert json.loads(line) == {
        "title": "Tittel 1",
        "fetch.fetched_at": "2026-10-26T08:38:01Z",
        "provenance.published_at.origin": "json-ld",
        "rights.tdm": None,
    }
    out = io.BytesIO()
    write_parquet([make_record(1).to_json()], fields, out)
    table = pq.read_table(io.BytesIO(out.getvalue()))
    assert table.column_names == [field.name for field in fields]
    assert str(table.schema.field("fetch.fetched_at").type) == "timestamp[us, tz=UTC]"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("titel", "no field 'titel'; there are schema, source, publisher"),
        ("fetch.at", "no field 'fetch.at'; there are fetch.requested_url"),
        ("title.x", "no field 'title.x': title has none of its own"),
        ("blocks.text", "blocks has none of its own"),
        ("rights.x", "there are rights.robots_meta"),
        ("title,,url", "no field ''"),
        ("", "no field ''"),
        ("title,url,title", "title stands there twice"),
    ],
)
def test_unknown_fields_are_refused_by_name(names: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(names, "--fields")


def test_the_table_shows_the_newest_and_how_many_there_are() -> None:
    def many() -> Any:
        for number in range(MOST_ROWS + 234):
            at = datetime(2026, 1, 1 + number % 28, 12, tzinfo=UTC)
            yield {"published_at": as_text(at), "title": f"T{number}", "article_id": f"a:{number}"}

    out = io.BytesIO()
    write_table(many(), None, out)
    lines = out.getvalue().decode().splitlines()
    assert lines[-1].startswith("1,234 articles, of which these are the 1,000 newest")
    days = [line[:10] for line in lines[1:-1]]
    assert len(days) == MOST_ROWS
    assert days == sorted(days, reverse=True)
    assert days[0] == "2026-01-28"


def test_nothing_in_a_table_reaches_the_terminal_or_the_markup() -> None:
    title = "a\x1b[31m\u202eb [bold]c[/] :smile: d\x07\ne"
    out = io.BytesIO()
    write_table([{"title": title, "language": "\x1b]0;x\x07", "article_id": "[red]x"}], None, out)
    text = out.getvalue().decode()
    assert "a\\x1b[31m\\u202eb [bold]c[/] :smile: d\\x07\\ne" in text
    assert all(c.isprintable() or c == "\n" for c in text)
    out = io.BytesIO()
    write_table([], parse("title,fetch.bytes"), out)
    assert out.getvalue().decode().split() == ["title", "fetch.bytes", "0", "articles"]


def test_columns_are_the_documented_ones() -> None:
    assert list(columns()) == list(schema("article-1")["properties"])
    assert list(columns("ledger-1")) == list(schema("ledger-1")["properties"])
