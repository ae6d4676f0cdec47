"""Find what the article is filed under: the keywords that its editors gave it, as printed.

What a system files for itself (kind of page, section, length) is no keyword; nor is the name of
the site.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import cast
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from nordcrawl.extract.lexicon.tables import one_of, words
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.jsonld import strings
from nordcrawl.extract.page.near_headline import headline, is_foreign, line_of
from nordcrawl.extract.page.text import clean_line, key, label_key, unmarked
from nordcrawl.extract.page.tree import select, text_of

#: In this order; "keywords" was meant for search engines, and many write there what they publish.
_METAS = (
    ("article:tag", "og:article:tag"), ("news_keywords",),
    ("keywords", "parsely-tags", "sailthru.tags", "cxenseparse:keywords", "dc.subject",
     "dcterms.subject"),
)  # fmt: skip
_PARTS = re.compile(r"\s*[;,|、，；]\s*")
#: "Page Type: Article": a field of a system. Those of the first kind name a subject all the same.
_FIELD = re.compile(r"^(?P<name>[A-Z][\w ]{1,20}): ?(?P<value>\S.*)$")
_SUBJECTS = frozenset(["subject", "topic", "tag", "keyword", "theme", "tema", "thema"])
_IDENTIFIER = re.compile(r"^(?:\d+|[\w-]+:[\w:./-]+|[a-z]+(?:[A-Z][a-z]+){2,}|https?://.*)$")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: "topic/harbours": where a system files it, and what as.
_FILED = re.compile(r"^([a-z][a-z_-]*)/(?=\S)")
#: Words of a language without spaces, which then part keywords.
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+(?:\s+[\u3040-\u30ff\u3400-\u9fff]+){2,}")
_CHARS = 100
_WORDS = 8
#: Parts of an address, and of a class name, of a link to all that is filed under a keyword.
_ADDRESS = frozenset(words("tag_addresses"))
_CLASS = re.compile(r"(?<![a-z])tags?(?![a-z])|tag-?list|taglist|keyword|schlagw", re.IGNORECASE)
_ADDRESS_WORDS = 4
_KEYWORDS = ("[itemprop=keywords]",)
_FURNITURE = ("nav", "header", "footer", "aside")
_LINKS = 40
_LABELS = frozenset(words("tag_labels"))
_LABEL = re.compile(rf"{one_of(*words('tag_labels'))}(?:\s*[:：]|\s|$)", re.IGNORECASE)
#: How many articles there are of a keyword, behind it.
_COUNT = re.compile(r"\s*[(\[]\d+[)\]]$")
#: A keyword in a list that only its label tells to be one has fewer words.
_NAME_WORDS = 4
#: How far above a link its list may begin, and how long such a list may be.
_LEVELS, _LIST_CHARS, _LABEL_CHARS = 4, 600, 40


def find(
    head: Head, root: HtmlElement, url: str, site: Iterable[str]
) -> tuple[tuple[str, ...], str]:
    """Return (tags, origin), each once in any case of letters; `site` are the site's names."""
    names = {key(name) for name in site}
    best: tuple[tuple[str, ...], str] = ((), "")
    for values, origin in _sources(head):
        found = tidy(values, names)
        if _is_address(found, url):
            continue
        if found and (not best[0] or _tells_more(found, best[0])):
            best = (found, origin)
    if best[0]:
        return best
    titles = (head.title, *head.all("og:title")[:1])
    for values, origin in (
        (_marked(head, root), "microdata"), (tuple(_linked(root, titles)), "links"),
        (_without_links(head, root), "class"),
    ):  # fmt: skip
        if found := tidy(values, names):
            return found, origin
    return (), ""


def _marked(head: Head, root: HtmlElement) -> tuple[str, ...]:
    """Return what is marked as keywords. Source: schema.org, CreativeWork, keywords."""
    if "keywords" not in head.names:
        return ()
    return tuple(
        e.get("content") or clean_line(text_of(e)) for e in select(root, _KEYWORDS)[:_LINKS]
    )


def _without_links(head: Head, root: HtmlElement) -> tuple[str, ...]:
    """Return the words of a list that is named as one of keywords and has no links."""
    if not _CLASS.search(head.names):
        return ()
    for holder in root.iter("ul", "div", "p"):
        names = holder.get("class")
        if not names or not _names_keywords(names) or next(holder.iter("a"), None) is not None:
            continue
        if any(e.tag in _FURNITURE for e in holder.iterancestors()):
            continue
        leaves = (
            e for e in holder.iter("li", "span") if next(e.iterchildren("li", "span"), None) is None
        )
        parts = [
            part for e in leaves if (part := clean_line(text_of(e))) and not part.endswith(":")
        ]
        parts = [part for part in parts if label_key(part) not in _LABELS]
        if len(parts) > 1 and all(part.count(" ") < _NAME_WORDS for part in parts):
            return tuple(parts[:_LINKS])
    return ()


def _sources(head: Head) -> Iterator[tuple[Sequence[str], str]]:
    yield tuple(strings(head.jsonld.node.get("keywords"), "name")), "json-ld"
    for metas in _METAS:
        yield head.all(*metas), "meta"


def _is_address(found: Sequence[str], url: str) -> bool:
    """Return whether tags are the words of the page's address, which a system has parted."""
    parts = set(re.split(r"[\W_]+", urlsplit(url).path.lower()))
    return len(found) >= _ADDRESS_WORDS and all(tag.lower() in parts for tag in found)


def _tells_more(found: Sequence[str], before: Sequence[str]) -> bool:
    """Return whether a later source has all of the earlier one and more, or parts its phrase."""
    now = {tag.casefold() for tag in found}
    then = {tag.casefold() for tag in before}
    if len(before) == 1 and len(found) > 1:
        return True
    return then < now and len(now) <= 3 * len(then)


def tidy(values: Sequence[str], site: Iterable[str] = ()) -> tuple[str, ...]:
    """Return tags parted where one value holds several, without what is none.

    >>> tidy(["Havn, Bodø, havn", ])
    ('Havn', 'Bodø')
    """
    if len(values) == 1 or (values and all(_PARTS.search(value) for value in values)):
        values = [part for value in values for part in _PARTS.split(value)]
    values = [
        part
        for value in values
        for part in (value.split() if _SPACELESS.fullmatch(value.strip()) else [value])
    ]
    known = {value.strip().casefold() for value in values} | _ADDRESS
    all_filed = len(values) > 1 and all(map(_FILED.match, values))
    names = set(site)
    kept: dict[str, str] = {}
    for value in values:
        name = unmarked(value).strip(" #\"'[]&,;")
        if (filed := _FILED.match(name)) and (all_filed or filed[1] in known):
            name = name[filed.end() :]
        if (found := _FIELD.match(name)) and len(values) > 1:
            if found["name"].casefold() not in _SUBJECTS:
                continue
            name = found["value"]
        if not name or len(name) > _CHARS or key(name) in names:
            continue
        if _IDENTIFIER.match(name) or _UUID.fullmatch(name):
            continue
        kept.setdefault(name.casefold(), name)
    return tuple(kept.values())


def _linked(root: HtmlElement, titles: Iterable[str]) -> Iterator[str]:
    """Yield the texts of the page's links to keywords, those in running text left out, and those
    that stand in its menus too; of a list with a label, no others."""
    links = list(root.iter("a"))
    menus = {
        link.get("href")
        for furniture in root.iter(*_FURNITURE)
        if not _is_of_article(furniture)
        for link in furniture.iter("a")
    }
    found = [link for link in links if _is_keyword(link)]
    shown = [link for link in found if link.get("href") not in menus]
    told = [link for link in shown if _is_labelled(link)]
    if not shown:
        told = [link for link in _listed(root, titles) if link.get("href") not in menus]
    count = 0
    for link in told or shown:
        text = _COUNT.sub("", clean_line(text_of(link)))
        if not text or text.count(" ") >= _WORDS:
            continue
        line = next(link.iterancestors("p"), None)
        if line is not None and len(clean_line(text_of(line))) > 3 * len(text) + 40:
            continue
        yield text
        count += 1
        if count == _LINKS:
            return


def _is_of_article(furniture: HtmlElement) -> bool:
    """Return whether what a page calls furniture closes its article, or is a list of keywords."""
    if _names_keywords(furniture.get("class") or ""):
        return True
    if furniture.tag not in ("header", "footer"):
        return False
    article = next(furniture.iterancestors("article"), None)
    return article is not None and next(article.iter("h1"), None) is not None


def _listed(root: HtmlElement, titles: Iterable[str]) -> Iterator[HtmlElement]:
    """Yield the links of lists that their label alone says to be ones of keywords: each is of few
    words, and nothing else stands there."""
    texts = (text.lstrip()[:_LABEL_CHARS] for text in cast("list[str]", list(root.itertext())))
    if not any(text and _LABEL.match(text) for text in texts):
        return
    heading = headline(list(root.iter("h1")), titles)
    above = set() if heading is None else set(heading.iterancestors())
    holders: dict[HtmlElement, bool] = {}
    for link in root.iter("a"):
        holder = next(link.iterancestors("ul", "div", "p", "section"), None)
        if holder is None or (link.get("href") or "#").startswith(("#", "javascript:")):
            continue
        if holder not in holders:
            holders[holder] = _is_list(holder, link) and not is_foreign(link, above, _CLASS)
        if holders[holder]:
            yield link


def _is_list(holder: HtmlElement, link: HtmlElement) -> bool:
    """Return whether a link's holder has a label for keywords, and nothing else but short links."""
    if next(holder.iter("ul"), holder) is not holder:  # of a menu, a part below another
        return False
    whole = line_of(holder, _LIST_CHARS)
    if whole is None or not _is_labelled(link):
        return False
    texts = [clean_line(text_of(e)) for e in holder.iter("a")]
    letters = sum(len(key(text)) for text in texts)
    return (
        all(text.count(" ") < _NAME_WORDS for text in texts)
        and len(key(whole)) <= letters + _LABEL_CHARS
    )


def _is_labelled(link: HtmlElement) -> bool:
    """Return whether the list that a link stands in begins with a label for keywords."""
    for holder in islice(link.iterancestors(), _LEVELS):
        line = _begin(holder, _LIST_CHARS)
        if len(line) >= _LIST_CHARS - 1:
            return False
        beside = _begin(holder.getprevious(), _LABEL_CHARS)
        first = _begin(holder[0], _LABEL_CHARS) if holder[0] is not link else ""
        if _LABEL.match(line) or any(label_key(told) in _LABELS for told in (beside, first)):
            return True
    return False


def _begin(element: HtmlElement | None, most: int) -> str:
    """Return how an element's text begins, `most` characters of it and of its white space."""
    parts: list[str] = []
    size = 0
    for text in () if element is None else element.itertext():
        parts.append(text)
        size += len(text)
        if size >= most:
            break
    return clean_line("".join(parts)[:most])


def _is_keyword(link: HtmlElement) -> bool:
    rel = (link.get("rel") or "").split()
    if "tag" in rel:
        return "category" not in rel
    if (link.text or "").lstrip().startswith("#") and (link.get("href") or "").startswith("/"):
        return True
    address = (link.get("href") or "").lower()
    # One that is plain can be parted, so that it need not be to see that nothing is in it.
    is_plain = address.isascii() and "[" not in address and "]" not in address
    if not is_plain or any(word in address for word in _ADDRESS):
        try:
            parts = urlsplit(address).path.split("/")
        except ValueError:
            return False
        if (
            any(part in _ADDRESS for part in parts[:-1])
            and parts[-1 if parts[-1] else -2] not in _ADDRESS
        ):
            return True
    near = (link, *islice(link.iterchildren(), 1), *islice(link.iterancestors(), 2))
    return any(_names_keywords(names) for element in near if (names := element.get("class")))


@lru_cache(maxsize=4096)
def _names_keywords(names: str) -> bool:
    return _CLASS.search(names) is not None
