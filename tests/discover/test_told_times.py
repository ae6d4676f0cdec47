"""Times as sitemaps and feeds write them: by their grammars, else no date; never guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.discover.link import told_time
from nordcrawl.discover.times import parse

IQALUIT = ZoneInfo("America/Iqaluit")
OSLO = ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize(
    ("text", "form", "precision", "zone"),
    [
        # RFC 822 and 5322, with the zones that feeds really write.
        ("Tue, 17 Mar 2026 07:05:09 +0100", "2026-03-17T06:05:09Z", "second", "stated"),
        ("Tue, 17 Mar 2026 07:05:09 -05:00", "2026-03-17T12:05:09Z", "second", "stated"),
        ("17 Mar 2026 07:05 GMT", "2026-03-17T07:05:00Z", "minute", "stated"),
        ("17 Mar 26 07:05 UT", "2026-03-17T07:05:00Z", "minute", "stated"),
        ("Tue, 17 Mar 2026 07:05:09 UTC+02:00", "2026-03-17T05:05:09Z", "second", "stated"),
        ("Tue, 17 Mar 2026 07:05:09 GMT-0330", "2026-03-17T10:35:09Z", "second", "stated"),
        ("Tue, 17 Mar 2026 07:05:09 EDT", "2026-03-17T11:05:09Z", "second", "stated"),
        ("Tue, 17 Mar 2026 07:05:09 NDT", "2026-03-17T09:35:09Z", "second", "stated"),
        ("Tue, 17 Mar 2026 07:05:09 CEST", "2026-03-17T05:05:09Z", "second", "stated"),
        ("Tue, 17 Mar 2026 07:05:09 +0100 (CET)", "2026-03-17T06:05:09Z", "second", "stated"),
        ("lør., 21 Mar 2026 07:05:09 +0100", "2026-03-21T06:05:09Z", "second", "stated"),
        ("Tuesday, 17-Mar-26 07:05:09 GMT", "2026-03-17T07:05:09Z", "second", "stated"),
        ("Tue, 17 Mar 2026 07:05:09", "2026-03-17T11:05:09Z", "second", "assumed"),
        ("Tue, 17 Mar 2026 07:05:09 XYZ", "2026-03-17T11:05:09Z", "second", "assumed"),
        # RFC 3339 and the W3C profile.
        ("2026-03-17T07:05:09+01:00", "2026-03-17T06:05:09Z", "second", "stated"),
        ("2026-03-17t07:05:09z", "2026-03-17T07:05:09Z", "second", "stated"),
        ("2026-03-17T07:05Z", "2026-03-17T07:05:00Z", "minute", "stated"),
        ("2026-03-17 07:05:09.123456789 +0100", "2026-03-17T06:05:09Z", "second", "stated"),
        ("2026-03-17T07:05:09+01", "2026-03-17T06:05:09Z", "second", "stated"),
        ("2026-06-30T23:59:60Z", "2026-06-30T23:59:59Z", "second", "stated"),
        ("2026-03-17T07:05:09", "2026-03-17T11:05:09Z", "second", "assumed"),
        ("2026-01-17T07:05:09", "2026-01-17T12:05:09Z", "second", "assumed"),
        # Days, of which no more is known; midnight is how many systems write one.
        ("2026-03-17", "2026-03-17", "day", "assumed"),
        ("2026-03-17T00:00:00+01:00", "2026-03-17", "day", "stated"),
        ("Tue, 17 Mar 2026 00:00:00 GMT", "2026-03-17", "day", "stated"),
        ("2026-03-17T00:00", "2026-03-17", "day", "assumed"),
        ("2026-03-17T00:00:01Z", "2026-03-17T00:00:01Z", "second", "stated"),
        # With dots the day is first, wherever it is written.
        ("3.12.2026 09:30", "2026-12-03T14:30:00Z", "minute", "assumed"),
        ("03.12.2026", "2026-12-03", "day", "assumed"),
        ("1773727509", "2026-03-17T06:05:09Z", "second", "stated"),
        ("1773727509123", "2026-03-17T06:05:09Z", "second", "stated"),
    ],
)
def test_a_time_has_its_precision_and_its_zone(text, form, precision, zone):
    told = parse(text, IQALUIT)
    assert told is not None
    assert (told.form, told.precision, told.zone) == (form, precision, zone)
    assert told_time(f"\n {text}\t", IQALUIT) == form


@pytest.mark.parametrize(
    "text",
    [
        None, "", "soon", "07:05", "Tue", "Tuesday", "March 2026", "17 March", "2026", "2026-03",
        "17/03/2026", "03/17/2026 07:05", "3/4/26", "2026-13-01", "2026-02-30", "2026-3-7",
        "31.2.2026", "12.31.2026", "yesterday", "2 hours ago", "1 d", "2026-W12", "20260317",
        "17 Mrt 2026 07:05 GMT", "Tue, 17 Mar 2026 25:05:09 GMT", "2026-03-17T07:05:09+99:00",
        "2026-03-17T24:01:00Z", "0000-00-00", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "0",
        "99999999999999", "9999-12-31T23:59:59-23:59", "2026-03-17T07:05:09Z and more",
        "٢٠٢٦-٠٣-١٧", "2026-03-17" + "0" * 100,
    ],
)  # fmt: skip
def test_whatever_no_grammar_has_is_no_date(text):
    assert parse(text, OSLO) is None


def test_an_abbreviation_is_that_of_the_papers_own_zone():
    """Three zones write IST, and two write NST."""
    text = "Tue, 17 Mar 2026 07:05:09 {}"
    for name, zone, form in (
        ("IST", "Asia/Kolkata", "2026-03-17T01:35:09Z"),
        ("CST", "Asia/Shanghai", "2026-03-16T23:05:09Z"),
        ("CST", "America/Winnipeg", "2026-03-17T13:05:09Z"),
    ):
        assert told_time(text.format(name), ZoneInfo(zone)) == form


def test_a_time_that_is_told_without_zone_is_the_sources():
    assert told_time("2026-11-23T01:00:00", IQALUIT) == "2026-11-23T06:00:00Z"
    assert told_time("2026-11-23T01:00:00", OSLO) == "2026-11-23T00:00:00Z"
    assert told_time("2026-11-23T01:00:00", UTC) == "2026-11-23T01:00:00Z"


@given(st.text(max_size=60))
def test_no_text_is_too_much(text):
    told = parse(text, OSLO)
    assert told is None or told.at.tzinfo is not None


@given(st.datetimes(min_value=datetime(1991, 1, 1)))  # noqa: DTZ001 - Hypothesis wants it so
def test_what_a_feed_writes_is_read_back(at):
    aware = at.replace(microsecond=0, tzinfo=UTC)
    told = told_time(format_datetime(aware, usegmt=True), OSLO)
    if aware.year > 2100:
        assert told is None
    elif aware.time().isoformat() == "00:00:00":
        assert told == aware.date().isoformat()
    else:
        assert told == aware.isoformat().replace("+00:00", "Z")
