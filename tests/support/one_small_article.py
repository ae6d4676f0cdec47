"""One small article, whose head and byline a test fills, as extraction reads it."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import json
from datetime import UTC, datetime

from nordcrawl.extract import extract
from nordcrawl.model.article import Article
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

AT = datetime(2026, 6, 1, tzinfo=UTC)
NORWEGIAN = "Fiskerne på kysten sier at de aldri har sett så mye torsk som i år, og de vil ha flere båter ut på havet før våren er over."  # fmt: skip


def read(head: str = "", body: str = "", *, text: str = NORWEGIAN, lang: str = "nb", url: str = "https://avis.test/nyheter/torsk", headers: tuple[tuple[str, str], ...] = (), **profile: object) -> Article:  # fmt: skip
    paragraphs = "".join(f"<p>{text} ({n})</p>" for n in range(5))
    markup = (
        f"<html lang='{lang}'><head><title>Mye torsk langs kysten - Avis</title>{head}</head><body>"
        f"<article><h1>Mye torsk langs kysten</h1>{body}{paragraphs}</article></body></html>"
    )
    page = Page(url, markup.encode(), AT, headers=headers)
    found = extract(page, Profile(timezone="Europe/Oslo", **profile))  # type: ignore[arg-type]
    assert isinstance(found, Article), found
    return found


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{value if isinstance(value, str) else json.dumps(value)}</script>'  # fmt: skip
