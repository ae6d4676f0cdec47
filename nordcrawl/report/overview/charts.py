"""Charts: an overview's figures as SVG, drawn by Vega-Lite without a browser or a network.

Each is drawn twice, for a wide screen and for a phone, with colours that the page's style sheet
gives, so that one page is right in light and in dark. What a chart shows is also there as a table.

Source: vega.github.io/vega-lite (specifications); the converter is vl-convert, which runs them in
an engine of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import vl_convert

from nordcrawl.model.printable import shown
from nordcrawl.report.overview.values import Overview, Published

#: Of Vega-Lite, so that a newer converter draws the same.
_VERSION: Final = "6.1"
_WIDE: Final = 792
_NARROW: Final = 330
#: Languages or sections that are told apart; what is less frequent is one of "other".
_MOST: Final = 6
OTHER: Final = "other"
_NONE: Final = "not told"
#: A colour in the drawing -> the name by which the style sheet gives it.
_COLOURS: Final = {
    "#a1b2c0": "--ink", "#a1b2c1": "--soft", "#a1b2c2": "--line", "#a1b2c3": "--paper",
    **{f"#d4e5f{n}": f"--c{n}" for n in range(7)},
    **{f"#b7c8d{n}": f"--level{n}" for n in range(5)},
    "#e8f9a0": "--bad",
}  # fmt: skip
_HEX: Final = {name: value for value, name in _COLOURS.items()}
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_STEPS_H: Final = (
    (0.25, "15 min"), (1, "1 h"), (3, "3 h"), (6, "6 h"), (12, "12 h"), (24, "1 day"),
    (72, "3 days"), (168, "1 week"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure: what it is, its drawings, and what it draws."""

    name: str
    title: str
    caption: str
    """In a sentence, for those who do not see it."""
    wide: str
    narrow: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def charts(overview: Overview) -> Iterator[Chart]:
    """Yield the charts of an overview for which there are figures."""
    if overview.published:
        yield _by_day(overview, "language")
        yield _by_day(overview, "section")
        yield _calendar(overview)
    if overview.latency_h:
        yield _latency(overview.latency_h)
    if overview.kept:
        yield _kept(overview.kept)
    if len(overview.past) > 1:
        yield _runs(overview)


# --- the figures -----------------------------------------------------------------------------


def _by_day(overview: Overview, what: str) -> Chart:
    def of(one: Published) -> str:
        return shown(getattr(one, what), 40) or _NONE

    total: Counter[str] = Counter()
    for one in overview.published:
        total[of(one)] += one.count
    named = [name for name, _ in total.most_common(_MOST)]
    names = [*named, *([OTHER] if len(total) > len(named) else [])]
    counts: Counter[tuple[date, str]] = Counter()
    for one in overview.published:
        counts[one.day, of(one) if of(one) in named else OTHER] += one.count
    values = [
        {"day": day.isoformat(), "of": name, "count": count, "place": names.index(name)}
        for (day, name), count in sorted(counts.items())
    ]
    told = ", ".join(
        f"{name} {sum(c for (_, n), c in counts.items() if n == name):,}" for name in names
    )
    return _chart(
        f"by-{what}",
        f"Articles a day, by {what}",
        f"Published in the {overview.days} days up to the run: {told}.",
        {
            "data": {"values": values},
            "mark": {"type": "bar"},
            "height": 200,
            "encoding": {
                "x": _days_axis([date.fromisoformat(str(v["day"])) for v in values]),
                "y": {"field": "count", "type": "quantitative", "title": None, "stack": True,
                      "axis": {"tickMinStep": 1}},
                "color": _colour(names),
                "order": {"field": "place", "type": "quantitative"},
            },
        },
        ("day (UTC)", *names),
        [
            (day.isoformat(), *(str(counts.get((day, name), 0)) for name in names))
            for day in sorted({day for day, _ in counts}, reverse=True)
        ],
    )  # fmt: skip


def _calendar(overview: Overview) -> Chart:
    counts: Counter[date] = Counter()
    for one in overview.published:
        counts[one.day] += one.count
    first, last = min(counts), max(counts)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    most = max(counts.values())
    gaps = [day for day in days if not counts[day]]
    values = [
        {
            "week": (day - timedelta(days=day.weekday())).isoformat(),
            "weekday": _DAYS[day.weekday()],
            "level": 0 if not counts[day] else 1 + min(3, 4 * (counts[day] - 1) // max(1, most)),
            "told": str(counts[day]) if counts[day] else "×",
        }
        for day in days
    ]
    weeks = sorted({str(one["week"]) for one in values})
    marked = [week for n, week in enumerate(weeks) if n % 2 == 0]
    told = f"{len(gaps)} of {len(days)} days have none" if gaps else "No day is without an article"
    return _chart(
        "calendar",
        "Coverage by day of publication",
        f"{told}{f', the last on {gaps[-1]}' if gaps else ''}; × marks a day without an article.",
        {
            "data": {"values": values},
            "height": 190,
            "encoding": {
                "x": {"field": "week", "type": "ordinal", "title": "week of",
                      "axis": {"labelAngle": -45, "values": marked, "ticks": False, "domain": False,
                               "labelExpr": "slice(datum.value, 5)"}},
                "y": {"field": "weekday", "type": "ordinal", "title": None, "sort": list(_DAYS),
                      "axis": {"ticks": False, "domain": False}},
            },
            "layer": [
                {"mark": {"type": "rect", "stroke": _HEX["--line"]},
                 "encoding": {"color": {
                     "field": "level", "type": "ordinal", "legend": None,
                     "scale": {"domain": [0, 1, 2, 3, 4],
                               "range": [_HEX[f"--level{n}"] for n in range(5)]}}}},
                {"mark": {"type": "text", "fontSize": 10, "color": _HEX["--ink"]},
                 "encoding": {"text": {"field": "told"}}},
            ],
        },
        ("day (UTC)", "articles"),
        [(day.isoformat(), str(counts[day])) for day in reversed(days)],
    )  # fmt: skip


def _latency(hours: Sequence[float]) -> Chart:
    counts = Counter(
        next((name for limit, name in _STEPS_H if one < limit), "longer") for one in hours
    )
    names = [*(name for _, name in _STEPS_H), "longer"]
    half = sorted(hours)[len(hours) // 2]
    return _chart(
        "latency",
        "From publication to archive",
        f"Half of {len(hours):,} new articles were archived within {_hours(half)} of the time at "
        "which they say that they were published; those that tell no more than a day are left out.",
        _bars(names, counts, "sooner than"),
        ("sooner than", "articles"),
        [(name, str(counts[name])) for name in names],
    )


def _kept(kept: Sequence[tuple[date, float]]) -> Chart:
    values = [{"day": day.isoformat(), "share": round(share, 4)} for day, share in kept]
    shares = [share for _, share in kept]
    return _chart(
        "kept",
        "Share of a page that is text of the article",
        "Median of the pages fetched on a day, in bytes: between "
        f"{min(shares):.1%} and {max(shares):.1%}, {shares[-1]:.1%} on the last. A sudden fall "
        "says that text is missed, a rise that what is no text is taken for it.",
        {
            "data": {"values": values},
            "mark": {"type": "line", "point": {"color": _HEX["--c0"]}, "color": _HEX["--c0"]},
            "height": 160,
            "encoding": {
                "x": _days_axis([day for day, _ in kept]),
                "y": {"field": "share", "type": "quantitative", "title": None,
                      "axis": {"format": ".1~%"}, "scale": {"zero": True}},
            },
        },
        ("day (UTC)", "share"),
        [(day.isoformat(), f"{share:.2%}") for day, share in reversed(kept)],
    )  # fmt: skip


def _runs(overview: Overview) -> Chart:
    rows = [*overview.past]
    values = [
        {"n": f"{n:03d}", "run": one.started_at[5:16].replace("T", " "), "count": count, "of": of,
         "place": place}
        for n, one in enumerate(rows)
        for place, (of, count) in enumerate((("archived", one.archived), ("failed", one.failed)))
    ]  # fmt: skip
    names = {f"{n:03d}": one.started_at[5:16].replace("T", " ") for n, one in enumerate(rows)}
    step = max(1, len(rows) // 6)
    marked = [name for n, name in enumerate(names) if (len(rows) - 1 - n) % step == 0]
    labels = "".join(f"datum.value=='{n}'?'{_plain(told)}':" for n, told in names.items()) + "''"
    return _chart(
        "runs",
        "This run and those before",
        f"{rows[-1].archived:,} archived and {rows[-1].failed:,} failed in this run, which is the "
        f"last one; it took {_seconds(rows[-1].seconds)}.",
        {
            "data": {"values": values},
            "mark": {"type": "bar"},
            "height": 160,
            "encoding": {
                "x": {"field": "n", "type": "ordinal", "title": None,
                      "axis": {"labelExpr": labels, "values": marked, "labelAngle": -30}},
                "y": {"field": "count", "type": "quantitative", "title": None,
                      "axis": {"tickMinStep": 1}},
                "color": _colour(("archived", "failed"), ("--c0", "--bad")),
                "order": {"field": "place", "type": "quantitative"},
            },
        },
        ("started (UTC)", "took", "archived", "failed", "ended"),
        [
            (one.started_at[:16].replace("T", " "), _seconds(one.seconds), f"{one.archived:,}",
             f"{one.failed:,}", shown(one.exit))
            for one in reversed(rows)
        ],
    )  # fmt: skip


# --- parts of a drawing ----------------------------------------------------------------------


def _bars(names: Sequence[str], counts: Mapping[str, int], title: str) -> dict[str, Any]:
    return {
        "data": {"values": [{"of": name, "count": counts.get(name, 0)} for name in names]},
        "height": 160,
        "encoding": {
            "x": {"field": "of", "type": "ordinal", "title": title, "sort": list(names),
                  "axis": {"labelAngle": -30}},
            "y": {"field": "count", "type": "quantitative", "title": None,
                  "axis": {"tickMinStep": 1}},
        },
        "mark": {"type": "bar", "color": _HEX["--c0"]},
    }  # fmt: skip


def _days_axis(days: Sequence[date]) -> dict[str, Any]:
    # A day is drawn as wide as a day, also where the next one is weeks away.
    ends = [min(days).isoformat(), (max(days) + timedelta(days=1)).isoformat()]
    long = (max(days) - min(days)).days > 10
    return {
        "field": "day", "type": "temporal", "timeUnit": "utcyearmonthdate", "title": None,
        "scale": {"type": "utc", "domain": ends},
        "axis": {"format": "%-d %b", "grid": False, "labelOverlap": True,
                 **({} if long else {"tickCount": {"interval": "day", "step": 1}})},
    }  # fmt: skip


def _colour(names: Sequence[str], colours: Sequence[str] | None = None) -> dict[str, Any]:
    given = colours or [f"--c{n}" for n in range(len(names))]
    return {
        "field": "of", "type": "nominal", "title": None, "sort": list(names),
        "scale": {"domain": list(names), "range": [_HEX[name] for name in given]},
    }  # fmt: skip


def _chart(
    name: str,
    title: str,
    caption: str,
    spec: dict[str, Any],
    heads: Sequence[str],
    rows: Iterable[tuple[str, ...]],
) -> Chart:
    wide, narrow = (_drawn(spec, width, f"{name}-{width}") for width in (_WIDE, _NARROW))
    return Chart(name, title, caption, wide, narrow, tuple(heads), tuple(rows))


def _drawn(spec: dict[str, Any], width: int, name: str) -> str:
    ink, soft, line = _HEX["--ink"], _HEX["--soft"], _HEX["--line"]
    config = {
        "background": None,
        "font": "sans-serif",
        "view": {"stroke": None},
        "axis": {"labelColor": soft, "titleColor": soft, "gridColor": line, "domainColor": line,
                 "tickColor": line, "labelFontSize": 12, "titleFontSize": 12,
                 "titleFontWeight": "normal", "tickCount": 4},
        "legend": {"labelColor": ink, "orient": "top", "labelFontSize": 12, "labelLimit": 120,
                   "columns": 7 if width == _WIDE else 3, "symbolType": "square"},
        "bar": {"stroke": _HEX["--paper"], "strokeWidth": 0.5},
    }  # fmt: skip
    whole = {
        "width": width,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 4,
        **spec,
        "height": spec["height"] + (0 if width == _WIDE else 40),
    }
    svg = vl_convert.vegalite_to_svg(
        whole, vl_version=_VERSION, config=config, allowed_base_urls=[]
    )
    return _fitted(svg, name)


def _fitted(svg: str, name: str) -> str:
    """Return a drawing as it may stand among others in a page: ids of its own, colours by name, and
    nothing for a reader of the page's text, who has the caption and the table."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    svg = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', svg)
    svg = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", svg)
    for value, variable in _COLOURS.items():
        svg = svg.replace(value, f"var({variable})")
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def _plain(text: str) -> str:
    return re.sub(r"[^0-9: -]", "", text)


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{hours * 60:.0f} minutes"
    return f"{hours:.1f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def _seconds(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
