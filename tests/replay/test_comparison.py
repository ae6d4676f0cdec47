"""What came out of a replay against what the archive has."""

from __future__ import annotations

from typing import Any

import pytest

from nordcrawl.errors import ExitCode
from nordcrawl.replay.comparison import EXAMPLES, Comparison

URL = "https://example.org/1"


def record(**more: Any) -> dict[str, Any]:
    values = {"article_id": "example:1", "url": URL, "title": "A title", "text": "Some words."}
    return values | {"published_at": "2026-10-26T08:38:00Z"} | more


def compared(before: dict[str, Any], after: dict[str, Any]) -> Comparison:
    found = Comparison()
    found.compare(URL, before, after)
    return found


def test_the_same_is_the_same() -> None:
    found = compared(record(), record(run_id="other"))
    assert (found.same, found.exit_code) == (1, ExitCode.WHOLE)
    assert found.to_json()["examples"] == []


def test_the_fields_that_differ_are_counted_and_named() -> None:
    found = compared(record(), record(title="Another", text="Some other words."))
    found.compare(URL, record(), record(title="A third"))
    found.compare(URL, record(), record())
    told = found.to_json()
    assert (told["same"], told["differ"]) == (1, 2)
    assert told["fields"] == {"title": 2, "text": 1}
    assert told["examples"][0] == {
        "url": URL, "article_id": "example:1", "fields": ["title", "text"], "reason": None,
    }  # fmt: skip
    assert (told["exit_code"], told["exit"]) == (14, "suspect")


def test_an_article_that_gives_none_any_more_is_counted_by_why() -> None:
    found = Comparison(same=1)
    for _ in range(2):
        found.lose(URL, "example:1", "not_article: too short")
    told = found.to_json()
    assert (told["no_article"], told["reasons"]) == (2, {"not_article: too short": 2})
    assert found.exit_code is ExitCode.SUSPECT


def test_where_nothing_could_be_compared_that_is_no_success() -> None:
    assert Comparison().exit_code is ExitCode.NOTHING


SITE = {"signals": "content-signal=no (robots.txt)", "content_signal": "x", "checked_at": "now"}


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        # What robots.txt and tdmrep.json say is not kept, so it can't be said again.
        ({"robots_meta": "noai"} | SITE, {"robots_meta": "noai"}, True),
        ({"robots_meta": "noai"}, {"robots_meta": "none"}, False),
        ({"robots_meta": "noai"}, {}, False),
    ],
)
def test_of_rights_those_count_that_the_page_says(
    before: dict[str, str], after: dict[str, str], same: bool
) -> None:
    found = compared(record(rights=before), record(rights=after))
    assert (found.same == 1) is same


def test_what_only_the_revision_before_told_is_no_difference() -> None:
    before = record(provenance={"title": {"origin": "archive"}})
    assert compared(before, record(title=None)).same == 1
    assert compared(before, record(title=None, text="x")).to_json()["fields"] == {"text": 1}
    page = record(provenance={"title": {"origin": "h1"}})
    assert compared(page, record(title=None)).differ == 1


def test_examples_of_either_kind_are_bounded() -> None:
    found = Comparison()
    for _ in range(EXAMPLES + 1):
        found.compare(URL, record(), record(title="x"))
        found.lose(URL, "example:1", "why")
    assert len(found.examples) == 2 * EXAMPLES
