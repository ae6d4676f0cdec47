"""Markdown of an overview: for a mail, an issue or a chat; GitHub's flavour, read well as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from nordcrawl.identity.passages import Mark, Span
from nordcrawl.model.printable import shown
from nordcrawl.report.overview import words
from nordcrawl.report.overview.values import Overview, Shown

_MOST: Final = 20
#: What is markup within a line of CommonMark or of GFM. Source: CommonMark 0.31, 2.4 and 6.
_MARKUP: Final = re.compile(r"[\\`*_{}\[\]<>()#+!|~&-]")
_SIGNS: Final = {Mark.KEPT: "", Mark.REMOVED: "~~", Mark.ADDED: "**"}


def as_markdown(overview: Overview) -> str:
    """Return the overview as Markdown, without charts; ends with a line break."""
    return "\n".join(_parts(overview)) + "\n"


def _parts(overview: Overview) -> Iterator[str]:
    run = overview.run
    sign = "✓" if run.get("complete") else "✗"
    yield f"# {sign} {_text(str(run.get('source')))}, {words.moment(run.get('started_at'))} UTC"
    yield ""
    told = [_text(str(run.get("exit") or run.get("finish_reason") or "broken off"))]
    if run.get("why"):
        told.append(_text(str(run["why"]), 500))
    yield f"**{': '.join(told)}**"
    yield ""
    rate = ", ".join(filter(None, ("", words.rate(overview))))
    yield f"- run `{run['run_id']}`, took {words.took(overview.seconds)}{rate}"
    outcomes = ", ".join(
        f"{count:,} {_text(one)}" for one, count in (run.get("outcomes") or {}).items()
    )
    yield f"- found {run.get('discovered') or 0:,} URLs: {outcomes or 'nothing'}"
    yield from _trouble(overview)
    yield from _came(overview)
    yield from _entries(overview)
    yield from _coverage(overview)


def _trouble(overview: Overview) -> Iterator[str]:
    trouble = [one for one in overview.ended if one.outcome not in words.FINE]
    warnings = overview.run.get("warnings") or ()
    if trouble or warnings:
        yield from ("", "## What failed, and why", "")
    for one in trouble[:_MOST]:
        first = f", such as {_link(one.examples[0])}" if one.examples else ""
        why = _text(one.reason or "no reason told")
        yield f"- {one.count:,} {_text(one.outcome)}: {why}{first}"
    yield from (f"- warning: {_text(text)}" for text in warnings[:_MOST])
    if (rest := len(trouble[_MOST:]) + len(warnings[_MOST:])) > 0:
        yield f"- and {rest:,} more"


def _came(overview: Overview) -> Iterator[str]:
    for change, heading in words.CHANGES.items():
        found = [one for one in overview.articles if one.change == change]
        count = len(found) + overview.more.get(change, 0)
        if count:
            yield from ("", f"## {heading} ({count:,})", "")
            for one in found[:_MOST]:
                yield from _article(one)
            if count > _MOST:
                yield f"- and {count - len(found[:_MOST]):,} more"


def _article(one: Shown) -> Iterator[str]:
    yield f"- {_link(one.url, one.title)} ({one.words:,} words)"
    for passage in one.passages:
        if any(span.mark is not Mark.KEPT for span in passage.spans):
            yield f"  - {_text(passage.field)}: {' '.join(map(_span, passage.spans))}"


def _entries(overview: Overview) -> Iterator[str]:
    entries = sorted(overview.run.get("entries") or (), key=lambda entry: not entry.get("problem"))
    if entries:
        yield from (
            "",
            "## Sources",
            "",
            "| entry | answer | articles named |",
            "| --- | --- | ---: |",
        )
    for entry in entries[:_MOST]:
        spared = f"not asked: {entry['spared']}" if entry.get("spared") else None
        answer = entry.get("problem") or spared or str(entry.get("status") or "read")
        named = entry.get("links") or 0
        yield f"| {entry['kind']} {_link(entry['url'])} | {_text(answer)} | {named} |"
    if len(entries) > _MOST:
        yield f"| and {len(entries) - _MOST} more | | |"


def _coverage(overview: Overview) -> Iterator[str]:
    covered = [one for one in overview.coverage if one.now is not None]
    if covered:
        yield from ("", "## Fields of the articles", "")
        yield from ("| field | this run | usual | least |", "| --- | ---: | ---: | ---: |")
    for one in covered:
        low = " **lower than ever**" if one.is_low else ""
        shares = " | ".join(map(words.share, (one.now, one.usual, one.least)))
        yield f"| {_text(one.field)}{low} | {shares} |"


def _span(span: Span) -> str:
    sign = _SIGNS[span.mark]
    text = _text(" ".join(span.text.split()), 400)
    return f"{sign}{text}{sign}" if text else ""


def _text(text: str, limit: int = 200) -> str:
    """Return a text of one line in which nothing is markup.

    >>> print(_text("<b>[x](y) _z_"))
    \\<b\\>\\[x\\]\\(y\\) \\_z\\_
    """
    return _MARKUP.sub(r"\\\g<0>", shown(text, limit))


def _link(url: str, text: str | None = None) -> str:
    if not re.match(r"https?://", url):
        return _text(text or url)
    # Percent signs for what would end the address. Source: RFC 3986 section 2.1.
    safe = re.sub(r"[\s<>()\\|]", lambda match: f"%{ord(match[0]):02X}", shown(url, 2000))
    return f"[{_text(text or url)}](<{safe}>)"
