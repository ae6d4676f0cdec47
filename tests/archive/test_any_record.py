"""What is written is read back: any record, whatever stands in it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.errors import ExitCode
from nordcrawl.model.article import Block, BlockKind, Image, Translation
from nordcrawl.model.reading import Reading
from nordcrawl.model.record import Record
from tests.support.archive_builders import accept, make_record, open_writer

#: Everything: control characters, NUL, line separators, both halves of surrogate pairs, alone.
text = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.sampled_from(
        ["\x00", "\r\n", "\u2028\u2029\x85", "\ud800", "\udc00a", "\ufeff", '"\\', "𝄞"]
    ),
)
maybe = st.none() | text
blocks = st.builds(
    Block, st.sampled_from(BlockKind), text, speaker=maybe, level=st.none() | st.integers(2, 6),
    credit=maybe, title=maybe, at=maybe,
)  # fmt: skip


@st.composite
def records(draw: st.DrawFn, number: int) -> Record:
    record = make_record(number)
    article = replace(
        record.article,
        title=draw(maybe),
        subtitle=draw(maybe),
        kicker=draw(maybe),
        authors=tuple(draw(st.lists(text, max_size=3))),
        blocks=tuple(draw(st.lists(blocks, max_size=4))),
        section=draw(maybe),
        tags=tuple(draw(st.lists(text, max_size=3))),
        images=tuple(draw(st.lists(st.builds(Image, maybe, maybe, maybe, maybe), max_size=2))),
        links=tuple(draw(st.lists(text, max_size=2))),
        translations=tuple(draw(st.lists(st.builds(Translation, text, text), max_size=2))),
        rights=draw(st.dictionaries(st.sampled_from(["robots_meta", "tdm"]), text)),
    )
    headers = (("etag", draw(text)), ("content-type", draw(text)))
    page = replace(record.page, headers=headers)
    return replace(record, reading=Reading.of(article, page.body_sha256), page=page)


def characters(value: Any) -> Any:
    """Return a value with U+FFFD for each half of a surrogate pair; the halves of one, side by
    side, are the character: all that writing changes."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {characters(k): characters(v) for k, v in value.items()}
    return [characters(v) for v in value] if isinstance(value, list) else value


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_record_is_read_back(data: st.DataObject) -> None:
    written = [data.draw(records(number)) for number in range(1, 4)]
    with TemporaryDirectory() as name:
        store = FolderStore(Path(name) / "archive")
        with open_writer(store, Path(name) / "spool") as writer:
            accept(writer, *written)
            assert writer.finish(deadline_s=300).failure is None
            writer.put_run({"run_id": "run-1", "nordcrawl": "0.2.0"})
        reader = Reader(store)
        wanted = [characters(record.to_json()) for record in written]
        assert list(reader.records()) == wanted
        lines = list(reader.lines_of(reader.snapshot()))
        assert [json.loads(line) for line in lines] == wanted
        assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines)
        assert verify(store).exit_code is ExitCode.WHOLE


@pytest.mark.slow
def test_huge_fields_are_read_back(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    huge = make_record(1, text="Ordet æøå \u2028" * 900_000)
    wide = make_record(2)
    tagged = replace(wide.article, tags=tuple(map(str, range(200_000))))
    wide = replace(wide, reading=Reading.of(tagged, wide.page.body_sha256))
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, huge, wide, make_record(3))
        assert writer.finish(deadline_s=300).failure is None
    read = list(Reader(store).records())
    assert read == [json.loads(json.dumps(r.to_json())) for r in (huge, wide, make_record(3))]
    assert len(read[0]["text"]) > 9_000_000
