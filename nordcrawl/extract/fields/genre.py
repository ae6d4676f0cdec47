"""Name the genre of an article: news, commentary, op-ed, letter, newsletter, live ...

Goes by what editors print (kicker, section, first words) and by schema.org types; never by the
text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nordcrawl.extract.lexicon.tables import one_of, table, words

#: (kind, words in a kicker, section or dateline that say so), the surest first.
_WORDS = tuple((kind, one_of(*words("genres", kind))) for kind in table("genres"))
_LABEL = tuple((kind, re.compile(rf"^\W*{named}\W*$", re.IGNORECASE)) for kind, named in _WORDS)
#: A genre printed before the headline or at the start of the standfirst, with a mark behind it.
_OPENING = tuple(
    (
        kind,
        re.compile(rf"^[\W_]*(?:[\w .,'-]{{2,40}}\()?{named}(?:\)?\s*[:：]|\))", re.IGNORECASE),
    )
    for kind, named in _WORDS
    if kind in ("newsletter", "letter", "op-ed", "editorial", "commentary", "analysis")
)
#: Source: schema.org subtypes of Article.
_TYPES = {
    "OpinionNewsArticle": "opinion",
    "AnalysisNewsArticle": "analysis",
    "ReviewNewsArticle": "review",
    "CriticReview": "review",
    "LiveBlogPosting": "live",
    "ReportageNewsArticle": "news",
    "NewsArticle": "news",
    "BackgroundNewsArticle": "news",
    "AdvertiserContentArticle": "advertorial",
    "BlogPosting": "blog",
    "VideoObject": "video",
    "ImageGallery": "gallery",
    "Recipe": "recipe",
    "PodcastEpisode": "podcast",
}


def find(
    kicker: str | None,
    sections: Iterable[str],
    types: Iterable[str],
    openings: Iterable[str | None],
    tags: Iterable[str] = (),
) -> tuple[str | None, str]:
    """Return (kind, origin), (None, "") when nothing tells.

    >>> find(None, (), ("NewsArticle",), ("Bodø (Kommentar): Ja.",))
    ('commentary', 'opening')
    """
    for label, origin in ((kicker, "kicker"), *((s, "section") for s in sections)):
        if label and (kind := _labelled(label)):
            return kind, origin
    for opening in openings:
        for kind, pattern in _OPENING:
            if opening and pattern.match(opening[:80]):
                return kind, "opening"
    named = [_TYPES[name] for name in types if name in _TYPES]
    if special := next((kind for kind in named if kind != "news"), None):
        return special, "json-ld"
    for label in tags:
        kind_of_tag = _labelled(label)
        if kind_of_tag in ("newsletter", "letter", "op-ed", "commentary", "podcast"):
            return kind_of_tag, "tags"
    return ("news", "json-ld") if named else (None, "")


def _labelled(label: str) -> str | None:
    return next((kind for kind, pattern in _LABEL if pattern.match(label)), None)
