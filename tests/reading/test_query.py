"""What a filter chooses is what a plain reading of its description chooses."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.errors import ArchiveDamaged, UsageError
from nordcrawl.model.times import rfc3339
from nordcrawl.reading.query import Query, fold, moment

DAYS = st.dates(date(2026, 10, 1), date(2026, 10, 6))
TIMES = st.integers(0, 6 * 86_400_000_000).map(
    lambda micros: datetime(2026, 9, 30, 22, tzinfo=UTC) + timedelta(microseconds=micros)
) | st.sampled_from(
    [datetime(2026, 10, d, h, m, s, u, UTC) for d in (1, 3) for h, m, s, u in
     ((0, 0, 0, 0), (23, 59, 59, 999999), (23, 59, 59, 0), (12, 0, 0, 500000))]
)  # fmt: skip
LETTERS = "aAøØåÅ\u030aßéıİσς"
# A word has a letter at least; made so, as what is made and thrown away is too much now and then.
WORDS = st.tuples(
    st.text(LETTERS + " ", max_size=1), st.sampled_from(LETTERS), st.text(LETTERS + " ", max_size=1)
).map("".join)
TEXTS = st.text(LETTERS + " ", max_size=8)

RECORDS = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["one", "two"]),
        "article_id": st.sampled_from(["one:1", "one:2"]),
        "revision": st.just(1),
        "title": st.none() | TEXTS,
        "subtitle": st.none() | TEXTS,
        "text": TEXTS,
        "language": st.sampled_from([None, "en", "en-GB", "eng", "nb", "NB"]),
        "section": st.sampled_from([None, "Politics", "politics", "Næring"]),
        "kind": st.sampled_from([None, "news", "Kronikk"]),
        "published_at": st.none() | TIMES.map(rfc3339),
        "fetch": st.fixed_dictionaries({"fetched_at": TIMES.map(rfc3339)}),
    }
)


def naive(record: dict[str, Any], asked: dict[str, Any]) -> bool:
    def among(value: str | None, name: str) -> bool:
        words = asked.get(name)
        if not words:
            return True
        if name == "language":
            tag = (value or "").lower()
            return any(tag == w.lower() or tag.startswith(w.lower() + "-") for w in words)
        return value is not None and value.casefold() in [w.casefold() for w in words]

    def within(value: str | None, name: str) -> bool:
        first, last = asked.get(f"{name}_from"), asked.get(f"{name}_to")
        if first is None and last is None:
            return True
        if value is None:
            return False
        at = datetime.fromisoformat(value)
        # A date is compared as a date, a time as a time.
        for end, good in ((first, lambda a, b: a >= b), (last, lambda a, b: a <= b)):
            if isinstance(end, datetime):
                if not good(at, end):
                    return False
            elif end is not None and not good(at.date(), end):
                return False
        return True

    def plain(text: str) -> str:
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())

    told = [plain(record[name] or "") for name in ("title", "subtitle", "text")]
    return (
        (not asked.get("source") or record["source"] in asked["source"])
        and among(record["language"], "language")
        and among(record["section"], "section")
        and among(record["kind"], "kind")
        and (not asked.get("article") or record["article_id"] in asked["article"])
        and within(record["published_at"], "published")
        and within(record["fetch"]["fetched_at"], "fetched")
        and all(any(plain(w) in text for text in told) for w in asked.get("text") or [])
    )


ASKED = st.fixed_dictionaries(
    {},
    optional={
        "source": st.lists(st.sampled_from(["one", "two", "three"]), max_size=2),
        "language": st.lists(st.sampled_from(["en", "EN", "en-gb", "nb", "x"]), max_size=2),
        "section": st.lists(st.sampled_from(["politics", "NÆRING"]), max_size=2),
        "kind": st.lists(st.sampled_from(["NEWS", "kronikk"]), max_size=2),
        "article": st.lists(st.sampled_from(["one:1", "one:2", "one:3"]), max_size=2),
        "text": st.lists(WORDS, max_size=2),
        **{
            f"{name}_{end}": DAYS | TIMES
            for name in ("published", "fetched")
            for end in ("from", "to")
        },
    },
)


@given(st.lists(RECORDS, max_size=12), ASKED)
def test_filters_choose_what_they_say(records: list[dict[str, Any]], asked: dict[str, Any]) -> None:
    for name in ("published", "fetched"):
        ends = [asked.get(f"{name}_{end}") for end in ("from", "to")]
        first, last = (end and moment(end, name, end=n > 0) for n, end in enumerate(ends))
        if first and last and first > last:
            with pytest.raises(UsageError, match="lies after"):
                Query.of(**asked)
            return
    query = Query.of(**asked)
    assert [r for r in records if query.chooses(r)] == [r for r in records if naive(r, asked)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("https://www.example.org/a", True),
        ("example.org/a/", True),
        ("http://example.org/a?utm_source=mail", True),
        ("example.org/before", True),
        ("example.org/hop", True),
        ("example.org/canonical", False),
        ("example.org/a/b", False),
        ("example.net/a", False),
    ],
)
def test_an_address_chooses_what_was_found_there(asked: str, found: bool) -> None:
    record = {
        "source": "one",
        "article_id": "one:1",
        "url": "https://example.org/a",
        "canonical_url": "https://example.org/canonical",
        "aliases": ["https://www.example.org/before"],
        "fetch": {
            "requested_url": "https://example.org/a",
            "redirects": ["http://example.org/hop"],
        },
    }
    assert Query.of(url=asked).chooses(record) is found
    assert Query.of(url=["example.net/x", asked]).chooses(record) is found


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(UsageError, match="is no address for --url"):
        Query.of(url="mailto://x", spelled=lambda name: f"--{name}")


def test_a_day_is_a_whole_day_in_utc() -> None:
    query = Query.of(published_from="2026-10-02", published_to="2026-10-02")
    found = [
        query.chooses({"published_at": at})
        for at in (
            *("2026-10-01T23:59:59.999999Z", "2026-10-02T00:00:00Z", "2026-10-02T23:59:59.999999Z"),
            *("2026-10-03T00:00:00Z", None),
        )
    ]
    assert found == [False, True, True, False, False]


def test_times_are_compared_as_times() -> None:
    query = Query.of(published_to="2026-10-02T08:00:00Z")
    assert query.chooses({"published_at": "2026-10-02T08:00:00Z"})
    assert not query.chooses({"published_at": "2026-10-02T08:00:00.5Z"}), "as text it sorts before"
    assert Query.of(published_to="2026-10-02T10:00+02:00") == query
    assert (
        Query.of(published_to=datetime(2026, 10, 2, 10, tzinfo=timezone(timedelta(hours=2))))
        == query
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"as_of": "yesterday"}, "--as-of 'yesterday': a date 2026-01-31"),
        ({"as_of": "20261002"}, "a date 2026-01-31"),
        ({"as_of": "2026-02-30"}, "a date 2026-01-31"),
        ({"published_from": "2026-10-02T08:00"}, "--published-from .* no zone"),
        ({"fetched_to": datetime(2026, 10, 2)}, "--fetched-to .* no zone"),  # noqa: DTZ001
        ({"as_of": "0001-01-01T00:00+14:00"}, "out of the calendar"),
        (
            {"published_from": "2026-10-03", "published_to": "2026-10-02"},
            "--published-from 2026-10-03 lies after --published-to 2026-10-02",
        ),
        ({"text": "  "}, "--text is empty"),
        ({"source": ["one", ""]}, "--source is empty"),
    ],
)
def test_a_wrong_value_is_refused_by_name(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Query.of(**asked, spelled=lambda name: "--" + name.replace("_", "-"))


def test_control_characters_of_the_input_do_not_reach_the_terminal() -> None:
    with pytest.raises(UsageError) as refused:
        moment("\x1b[31m", "--as-of")
    assert "\x1b" not in str(refused.value)


def test_a_time_that_is_none_is_damage_and_named() -> None:
    query = Query.of(published_from="2026-10-02")
    with pytest.raises(ArchiveDamaged, match=r"one:1 revision 2: published_at is no time: 'soon'"):
        query.chooses({"article_id": "one:1", "revision": 2, "published_at": "soon"})


@given(st.text(max_size=12))
def test_folding_is_done_once_for_all(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(text)
    if text.isascii():
        assert fold(text) == text.casefold()
