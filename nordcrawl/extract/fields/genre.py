"""Name the genre of an article: news, commentary, op-ed, letter, newsletter, live ...

Goes by what editors print (kicker, section, first words) and by schema.org types; never by the
text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: (kind, words in a kicker, section or dateline that say so), the surest first.
_WORDS: tuple[tuple[str, str], ...] = (
    ("newsletter", r"newsletter|nyhetsbrev\w*|nyhedsbrev\w*"),
    ("letter", r"leserinnlegg|leserbrev|læserbrev|insändare|reader'?s letters?|"
        r"letters? to the editor|letters?"),
    ("op-ed", r"op-?ed|kronikk(?:er|en)?|kronik(?:er|en)?|debattinnlegg|debattartikel|"
        r"gjesteinnlegg|guest (?:essay|opinion|commentary)"),
    ("editorial", r"leder(?:artikkel|en)?|editorials?|ledare|på lederplass"),
    ("commentary", r"kommentar(?:er|en)?|comment|commentar(?:y|ies)|columns?|columnists?|"
        r"arne o\. holm (?:says|sier|mener)|spaltist(?:en)?|klumme|krönika|krönikor"),
    ("opinion", r"opinions?|debatt|debat|debate|meninger|meningar|synspunkt|views?|perspectives?|"
        r"blogs?|ytring|ytringer|åsikt(?:er)?"),
    ("analysis", r"analyse|analyser|analysis|analys|explainer"),
    ("review", r"anmeldelser?|reviews?|recension(?:er)?"),
    ("interview", r"intervju|interviews?|interview"),
    ("live", r"live|direkte|minutt for minutt|minute by minute|liveblog|live updates?"),
    ("podcast", r"pod[ck]ast(?:er|s)?"),
    ("video", r"video(?:er|s)?"),
    ("feature", r"features?|reportasjer?|reportage|longread|longform"),
)  # fmt: skip
_LABEL = tuple((kind, re.compile(rf"^\W*(?:{words})\W*$", re.IGNORECASE)) for kind, words in _WORDS)
#: A genre printed before the headline or at the start of the standfirst, with a mark behind it.
_OPENING = tuple(
    (
        kind,
        re.compile(rf"^[\W_]*(?:[\w .,'-]{{2,40}}\()?(?:{words})(?:\)?\s*[:：]|\))", re.IGNORECASE),
    )
    for kind, words in _WORDS
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
