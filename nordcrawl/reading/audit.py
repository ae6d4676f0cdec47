"""Audit: what a site's sitemaps name against what the archive holds, month by month. Pure.

Goes by the ledger alone, which says of every URL how it ended and which article it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nordcrawl.reading.record import ArticleStateRecord, LedgerRecord

#: The month of what tells no day.
UNDATED = "undated"
NEVER = "never asked for"


@dataclass(slots=True)
class Month:
    """One month (``YYYY-MM``): addresses, sorted."""

    named: int = 0
    """Addresses in the sitemaps that are or should be articles."""
    archived: int = 0
    """Those of them that the archive has an article of."""
    missing: dict[str, str] = field(default_factory=dict)
    """Those that it has none of -> how they ended the last time."""
    extra: list[str] = field(default_factory=list)
    """Articles of the archive that no sitemap names by any of their addresses."""
    gone: list[str] = field(default_factory=list)
    """Articles that the publisher took down."""

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "named": self.named,
            "archived": self.archived,
            "missing": [{"url": url, "last": last} for url, last in sorted(self.missing.items())],
            "extra": sorted(self.extra),
            "gone": sorted(self.gone),
        }


def compare(named: Mapping[str, str | None], ledger: Iterable[LedgerRecord]) -> dict[str, Month]:
    """Return the months, the latest first, what tells no day last.

    `named` are the sitemaps' addresses in canonical form -> the day of publication or last change
    that they tell. An article counts in the month in which it was published, an address without
    one in the month that the sitemap tells.
    """
    articles: dict[str, ArticleStateRecord] = {}
    shows: dict[str, str] = {}
    ended: dict[str, tuple[str, str]] = {}
    for line in ledger:
        url, at = line["url"], line["at"]
        if url not in ended or ended[url][0] <= at:
            reason = f": {line['reason']}" if line["reason"] else ""
            ended[url] = (at, f"{line['outcome']}{reason}")
        if line["article_id"]:
            shows[url] = line["article_id"]
        state = line["article"]
        if state is not None:
            known = articles.get(state["article_id"])
            if known is None or known["revision"] <= state["revision"]:
                articles[state["article_id"]] = state
            shows[state["url"]] = state["article_id"]
    months: dict[str, Month] = {}
    seen: set[str] = set()
    for url, told in named.items():
        article = articles.get(shows.get(url, ""))
        month = _month(months, article["published_at"] if article else None, told)
        month.named += 1
        if article is None:
            month.missing[url] = ended[url][1] if url in ended else NEVER
        else:
            month.archived += 1
            seen.add(article["article_id"])
    for article_id, article in articles.items():
        month = _month(months, article["published_at"])
        if article.get("gone"):
            month.gone.append(article["url"])
        elif article_id not in seen:
            month.extra.append(article["url"])
    dated = sorted((name for name in months if name != UNDATED), reverse=True)
    return {name: months[name] for name in (*dated, UNDATED) if name in months}


def _month(months: dict[str, Month], *told: str | None) -> Month:
    day = next((text for text in told if text), None)
    return months.setdefault(day[:7] if day else UNDATED, Month())
