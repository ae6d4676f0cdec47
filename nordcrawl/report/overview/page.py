"""Page: an overview as one HTML page that needs nothing else: no script, no network, any screen.

Whatever comes from a site is escaped by the template engine, its unseen characters are made seen,
its addresses are links only where they are http(s), and a policy lets nothing be loaded or run.

Sources: Content Security Policy Level 3, 6 (directives); WCAG 2.2, 1.1.1 "Non-text Content",
1.3.1 "Info and Relationships", 1.4.1 "Use of Color", 1.4.3 "Contrast (Minimum)", 1.4.10 "Reflow",
2.4.1 "Bypass Blocks".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from nordcrawl._version import __version__
from nordcrawl.model.printable import shown
from nordcrawl.report.overview import words
from nordcrawl.report.overview.charts import charts
from nordcrawl.report.overview.values import Overview, Shown

#: Entries that are listed; those that did not answer go first.
_MOST_ENTRIES: Final = 40
_NO_LIMIT: Final = 1 << 62
#: Of a run's report, what the page asks for.
_KEYS: Final = (
    "source", "started_at", "complete", "exit", "exit_code", "finish_reason", "why", "archive",
)  # fmt: skip
_CONTENTS: Final = (
    ("failed", "What failed"), ("articles", "What came"), ("sources", "Sources"),
    ("coverage", "Fields"), ("charts", "Over time"),
)  # fmt: skip


def as_html(overview: Overview) -> str:
    """Return the page; UTF-8 is what it says of itself."""
    files = resources.files(__package__)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, finalize=_seen, trim_blocks=True
    )
    environment.filters.update(drawing=Markup, lines=_lines, href=_href)
    environment.tests["web"] = lambda url: re.match(r"https?://", str(url)) is not None
    template = environment.from_string((files / "page.html.jinja").read_text(encoding="utf-8"))
    # The report of a run that was killed has few keys.
    run = dict.fromkeys(_KEYS) | dict(overview.run)
    entries = sorted(run.get("entries") or (), key=lambda entry: not entry.get("problem"))
    return template.render(
        charts=[*charts(overview)],
        contents=_CONTENTS,
        covered=[one for one in overview.coverage if one.now is not None],
        entries=entries[:_MOST_ENTRIES],
        entries_more=len(entries[_MOST_ENTRIES:]),
        figures=[*_figures(overview)],
        groups=[*groups(overview)],
        moment=words.moment,
        overview=overview,
        rate=words.rate(overview),
        run=run,
        share=words.share,
        style=Markup((files / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - our own
        took=words.took,
        trouble=[one for one in overview.ended if one.outcome not in words.FINE],
        version=__version__,
        warnings=run.get("warnings") or (),
    )


def groups(overview: Overview) -> Iterator[tuple[str, Sequence[Shown], int]]:
    """Yield each change: its heading, its articles, and how many more there are."""
    for change, heading in words.CHANGES.items():
        found = [one for one in overview.articles if one.change == change]
        more = overview.more.get(change, 0)
        if found or more:
            yield heading, found, more


def _figures(overview: Overview) -> Iterator[tuple[str, int, str]]:
    run = overview.run
    outcomes = run.get("outcomes") or {}
    changed = [one for one in overview.articles if one.change == "silent_edit"]
    yield "found", int(run.get("discovered") or 0), ""
    yield "fetched", int(run.get("fetched") or 0), ""
    yield "new", int(outcomes.get("new", 0)), ""
    yield "updated", int(outcomes.get("updated", 0)), ""
    yield "edited in silence", len(changed) + overview.more.get("silent_edit", 0), ""
    yield "failed", overview.past[-1].failed, "bad"


def _seen(value: Any) -> Any:
    """Return a value as it may stand in the page: unseen characters of a text as escapes."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return shown(value, _NO_LIMIT)
    return value


def _lines(text: str) -> Markup:
    """Return a text with its own line breaks, and an empty line between paragraphs."""
    breaks = ("<br><br>" if "\n\n" in part else "<br>" for part in re.findall(r"\n+", text))
    first, *others = (escape(_seen(line)) for line in re.split(r"\n+", text))
    rest = (Markup(sign) + line for sign, line in zip(breaks, others, strict=True))  # noqa: S704
    return Markup("").join((first, *rest))


def _href(url: str) -> str:
    """Return an address as it may stand in an attribute: no white space, no control characters."""
    return re.sub(r"[\x00-\x20\x7f]", "", url)
