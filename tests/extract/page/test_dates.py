"""One string, one moment: each form of date, with its time and zone; nothing is guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.extract.lexicon.tables import table
from nordcrawl.extract.page import dates

OSLO = ZoneInfo("Europe/Oslo")


def told(text: str, month_first: bool | None = False) -> tuple[str, str, str] | None:
    moment = dates.parse(text, OSLO, month_first)
    return (moment.at.isoformat(), moment.precision, moment.zone) if moment else None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2023-11-20T17:40:05Z", "2023-11-20T17:40:05+00:00"),
        ("2023-11-20T17:40:05.250-03:30", "2023-11-20T17:40:05-03:30"),
        ("2023-11-20 17:40:05 +0200", "2023-11-20T17:40:05+02:00"),
        ("2023-11-20T17:40:05−05:00", "2023-11-20T17:40:05-05:00"),
        ("20231120T174005Z", "2023-11-20T17:40:05+00:00"),
        ("2023-11-20T17:40:05 America/Halifax", "2023-11-20T17:40:05-04:00"),
        ("2023-11-20T17:40:05+01:00[Europe/Oslo]", "2023-11-20T17:40:05+01:00"),
        ("2023-11-20T17:40:05 Etc/GMT+5", "2023-11-20T17:40:05-05:00"),
        ("2023-11-20T17:40:05 GMT+1", "2023-11-20T17:40:05+01:00"),
        ("Mon, 20 Nov 2023 17:40:05 +0100", "2023-11-20T17:40:05+01:00"),
        ("Mon, 20 Nov 23 17:40:05 EST", "2023-11-20T17:40:05-05:00"),
        ("Mon Nov 20 2023 17:40:05 GMT-0500 (Eastern Standard Time)", "2023-11-20T17:40:05-05:00"),
        ("Mon Nov 20 17:40:05 UTC 2023", "2023-11-20T17:40:05+00:00"),
        ("1700502005", "2023-11-20T17:40:05+00:00"),
        ("1700502005000", "2023-11-20T17:40:05+00:00"),
        ("/Date(1700502005000+0100)/", "2023-11-20T18:40:05+01:00"),
    ],
)
def test_coded_forms_keep_the_offset_that_they_state(text: str, at: str) -> None:
    assert told(text) == (at, "second", "stated")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("November 20, 2023 5:40 PM CST", "2023-11-20T17:40:00-06:00"),
        ("November 20, 2023 at 5:40 p.m. ET", "2023-11-20T17:40:00-05:00"),
        ("July 20, 2023 at 5:40 p.m. ET", "2023-07-20T17:40:00-04:00"),
        ("5:40 p.m. PDT Thursday, July 20, 2023", "2023-07-20T17:40:00-07:00"),
        ("20 ноября 2023, 17:40 МСК", "2023-11-20T17:40:00+03:00"),
        ("20 ноября 2023 в 17:40 (мск)", "2023-11-20T17:40:00+03:00"),
        ("20. Nov 2023 17:40 MEZ", "2023-11-20T17:40:00+01:00"),
        ("20/11-2023 kl. 17.40 CET", "2023-11-20T17:40:00+01:00"),
        ("20.11.2023, 17:40 Uhr MEZ", "2023-11-20T17:40:00+01:00"),
        ("20 November 2023 | 17:40 (UTC+2)", "2023-11-20T17:40:00+02:00"),
        ("20 novembre 2023 à 17h40 CET", "2023-11-20T17:40:00+01:00"),
    ],
)
def test_printed_forms_keep_the_zone_that_they_name(text: str, at: str) -> None:
    assert told(text) == (at, "minute", "stated")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2023-11-20 5:40 PM", "2023-11-20T17:40:00+01:00"),
        ("2023-11-20 12:05 am", "2023-11-20T00:05:00+01:00"),
        ("2023-11-20 17:40 PM", "2023-11-20T17:40:00+01:00"),
        ("2023-3-9 7:05", "2023-03-09T07:05:00+01:00"),
        ("2023/3/9 7:05", "2023-03-09T07:05:00+01:00"),
        ("202311201740", "2023-11-20T17:40:00+01:00"),
        ("9.3.2023 klo 7.05", "2023-03-09T07:05:00+01:00"),
        ("9. 3. 2023 7:05", "2023-03-09T07:05:00+01:00"),
        ("9. mars 2023 kl. 07.05", "2023-03-09T07:05:00+01:00"),
        ("9. März 2023, 7 Uhr", "2023-03-09T07:00:00+01:00"),
        ("9 mars 2023 à 7h05", "2023-03-09T07:05:00+01:00"),
        ("9 mars 2023 à 7h", "2023-03-09T07:00:00+01:00"),
        ("9 de marzo de 2023 a las 7:05", "2023-03-09T07:05:00+01:00"),
        ("9 marzo 2023 ore 7:05", "2023-03-09T07:05:00+01:00"),
        ("9 марта 2023 в 07:05", "2023-03-09T07:05:00+01:00"),
        ("2023年3月9日 07:05", "2023-03-09T07:05:00+01:00"),
        ("2023年3月9日7时05分", "2023-03-09T07:05:00+01:00"),
        ("2023年3月9日 下午7:05", "2023-03-09T19:05:00+01:00"),
        ("2023년 3월 9일 오후 7:05", "2023-03-09T19:05:00+01:00"),
        ("2023. 3. 9. 7:05", "2023-03-09T07:05:00+01:00"),
        ("2023年3月9日（木）7時05分", "2023-03-09T07:05:00+01:00"),
        ("9 марта 2023 г., 07:05", "2023-03-09T07:05:00+01:00"),
        ("9 marca 2023 r., godz. 7:05", "2023-03-09T07:05:00+01:00"),
        ("07:05, 9 March 2023", "2023-03-09T07:05:00+01:00"),
        ("9 March 2023 7am", "2023-03-09T07:00:00+01:00"),
        ("Mar 9 2023  7:05AM", "2023-03-09T07:05:00+01:00"),
    ],
)
def test_a_time_without_a_zone_gets_the_sites_and_says_so(text: str, at: str) -> None:
    assert told(text) == (at, "minute", "assumed")


def test_fourteen_digits_are_a_time_to_the_second() -> None:
    assert told("20231120174005") == ("2023-11-20T17:40:05+01:00", "second", "assumed")


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30", "30.02.2026", "31 June 2026", "2025-02-29T10:00:00Z", "20260230101500",
        "2026-13-01", "0000-01-01", "9999-12-31T23:59:59Z", "June 2024", "2024-06", "2024",
        "v1.2.2024", "12.03.20245", "", "soon",
    ],
)  # fmt: skip
def test_what_no_calendar_has_and_what_tells_no_day_is_no_date(text: str) -> None:
    assert told(text) is None


@pytest.mark.parametrize("zone", ["IST", "AST", "[Nowhere/City]", "+99:00", "+15:30"])
def test_of_a_time_whose_zone_means_nothing_the_day_is_kept(zone: str) -> None:
    assert told(f"2023-11-20T17:40:05 {zone}") == ("2023-11-20T00:00:00+01:00", "day", "assumed")


def test_words_of_other_languages_are_no_zones() -> None:
    expected = ("2023-11-20T17:40:00+01:00", "minute", "assumed")
    assert told("20 novembre 2023 à 17h40 et modifié ensuite") == expected
    assert told("20 novembre 2023 17:40 est paru") == expected


def test_a_time_that_belongs_to_another_date_is_left_to_it() -> None:
    assert told("20.11.2023, päivitetty 21.10.2023") == (
        "2023-11-20T00:00:00+01:00", "day", "assumed",
    )  # fmt: skip
    day = told("20.11.2023, oppdatert 07:05")
    assert day is not None
    assert day[1] == "day"


@pytest.mark.parametrize(
    ("text", "month_first", "day"),
    [
        # 5 April 2023 was a Wednesday, 4 May 2023 a Thursday.
        ("Wed, 04/05/2023 - 10:00", None, "2023-04-05"),
        ("Thu, 04/05/2023 - 10:00", None, "2023-05-04"),
        ("torsdag 04/05/2023", True, "2023-05-04"),
        ("mercredi 04/05/2023", False, "2023-04-05"),
        # A day of the week that fits neither decides nothing.
        ("Monday 04/05/2023", None, None),
        ("Monday 04/05/2023", True, "2023-04-05"),
        ("04/05/2023", True, "2023-04-05"),
        ("04/05/2023", False, "2023-05-04"),
        ("04/05/2023", None, None),
        ("04-05-2023", None, None),
        # Where only one reading is a day, or both are the same, nothing needs deciding.
        ("04/25/2023", None, "2023-04-25"),
        ("25/04/2023", None, "2023-04-25"),
        ("04/04/2023", None, "2023-04-04"),
        # With stops the day stands first everywhere.
        ("04.05.2023", True, "2023-05-04"),
    ],
)
def test_two_small_numbers_are_day_and_month_as_something_tells(
    text: str, month_first: bool | None, day: str | None
) -> None:
    found = told(text, month_first)
    assert (found and found[0][:10]) == day


def test_every_date_of_a_line_with_its_place() -> None:
    line = "Publié le 20 novembre 2023 à 17h40 - Mis à jour le 21 novembre 2023 à 9h05"
    found = list(dates.every(line, UTC))
    assert [moment.at for _, moment in found] == [
        datetime(2023, 11, 20, 17, 40, tzinfo=UTC),
        datetime(2023, 11, 21, 9, 5, tzinfo=UTC),
    ]
    assert [line[place:].startswith("2") for place, _ in found] == [True, True]


def test_a_name_of_a_month_or_day_means_one_in_all_languages() -> None:
    for name in ("months", "weekdays"):
        numbers: dict[str, set[int]] = {}
        for lists in table(name).values():
            for number, words in enumerate(lists):
                for word in words:
                    numbers.setdefault(word, set()).add(number)
        assert [word for word, those in numbers.items() if len(those) > 1] == []


@given(st.text(max_size=60))
def test_no_string_breaks_it(text: str) -> None:
    dates.parse(text, OSLO, None)


@given(
    st.integers(-2_208_900_000, 4_133_900_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
    st.integers(-12 * 60, 14 * 60),
)
def test_what_iso_writes_is_read_back(at: datetime, minutes: int) -> None:
    sign, size = ("-", -minutes) if minutes < 0 else ("+", minutes)
    text = f"{at:%Y-%m-%dT%H:%M:%S}{sign}{size // 60:02d}:{size % 60:02d}"
    moment = dates.parse(text, OSLO)
    assert moment is not None
    assert moment.at == datetime.fromisoformat(text).replace(microsecond=0)
