"""The table of signs that speak against a line: `RULES`, in the order in which they are named.

Each sign is a question, with its weight, its sort and what it may be asked of. It takes nothing
out: `nordcrawl.extract.body.judge` sums signs up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from nordcrawl.extract.body.blocks import is_byline
from nordcrawl.extract.body.signs import (
    Unit,
    are_headlines,
    is_link_list,
    shared_words,
)
from nordcrawl.extract.lexicon import tables
from nordcrawl.extract.lexicon.phrases import (
    CROSS_LANGUAGE,
    LABELS,
    NEWSLETTER,
    NOTICES,
    POINTERS,
    TAIL,
)
from nordcrawl.extract.page.dates import parse
from nordcrawl.extract.page.text import label_key
from nordcrawl.extract.page.text_runs import TextRun
from nordcrawl.extract.page.tree import text_of

#: Words of a line that a phrase at its beginning may still speak for as a whole.
_PHRASE_WORDS = 60
_LABEL_WORDS = 12
_HEADER_WORDS = 30
_NEWSLETTER_WORDS = 45
#: A closing paragraph up to this length is about the author when a name stands in its first
#: letters, of which so many may stand before it: "Our correspondent".
_BIO_WORDS = 70
_BIO_BEFORE = 20
#: A shorter name is not looked for within a line.
_NAME_LETTERS = 7
#: A closing line as short as this that begins with initials is an agency's and its editor's.
_SIGN_WORDS = 3
#: Link shares above which a line is linked, or most of it, or not just a word of it.
_LINKED = 0.8
_MOST_LINKED = 0.5
_SOME_LINKED = 0.2
#: Below this the rest of a whole sentence is its own words.
_SENTENCE_LINKED = 0.95
_SENTENCE_WORDS = 12
_LINKED_WORDS = 25
#: Links in one line above which it is a list of links.
_LIST_LINKS = 4
#: Link share of a list above which it is a list of links and not of text.
_LIST_LINKED = 0.4
_TAIL_WORDS = 60
_SHARE_WORDS = 20
_CREDIT_WORDS = 8
#: What stands within and between names.
_PARTICLES = frozenset(
    (
        "de", "da", "di", "du", "van", "von", "der", "den", "la", "le", "el", "af", "av", "ten",
        "og", "och", "and", "und", "et", "y",
    )
)  # fmt: skip
_BEFORE_NAMES = re.compile(r"^[\W_]*(?:\w{2,16}:\s*)?")
_BETWEEN_NAMES = re.compile(r"[\s,/&|–()-]+")

#: Where a page is sent on to others.
_SEND = re.compile("|".join(tables.words("share_addresses")))
#: Month names, whole or cut to their beginning.
_MONTHS = re.compile(rf"\b{tables.one_of(*tables.words('date_lines', 'months'))}\b", re.IGNORECASE)
#: What else stands in a line with a date and is no text.
_DATE_WORDS = re.compile(
    rf"[\d\W_]+|\b{tables.one_of(*tables.words('date_lines', 'words'))}\b", re.IGNORECASE
)
_ROLE = re.compile(r"^[\W_]*\w{2,16}:|[/|]|^\W*\(.*\)\W*$|\b[A-ZÆØÅÄÖÜ]{3,5}\b")
#: Which page of how many, or which other one to turn to.
_PAGE_NUMBER = re.compile(
    r"^\W*(?:(?:page|side|sida|seite|pagina|página|sivu|blad|síða|стр(?:аница)?)\W*)?"
    r"\d{1,3}\s*(?:of|av|af|von|de|sur|di|van|из|/|\|)\s*\d{1,3}\W*$",
    re.IGNORECASE,
)


Dropped = list[tuple[TextRun, str]]
"""Runs that were taken out, each with the name of the rule: for who asks why a line is missing."""
Sign = tuple[str, str, float]
"""Name, sort and weight of a sign that was found."""
Evidence = tuple[tuple[str, float], ...]
"""What speaks against a run: (name, weight) of each sign, in the order of `RULES`."""
Signs = dict[int, Evidence]
"""The same for the id() of each run."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One sign: a question about a unit, and how much a yes weighs."""

    name: str
    sort: str
    """What it looks at: ``words``, ``links``, ``target``, ``class``, ``place`` or ``form``."""
    weight: float
    where: frozenset[str]
    """Kinds of the units that it may be asked of."""
    holds: Callable[[Unit], bool]


_LINE = frozenset(("line",))
_LINES = frozenset(("line", "heading"))
_TEXTS = frozenset(("line", "heading", "caption"))
_ALL = frozenset(("line", "heading", "list", "table", "quote", "factbox", "caption"))
_SAID = frozenset(("line", "heading", "item"))
_TOLD = frozenset(("line", "item"))
_LIST = frozenset(("list",))
_HEADING = frozenset(("heading",))
#: The last line of the text only.
_LAST = frozenset(("last",))
_OF_ITEMS = frozenset(("list", "factbox"))
_SENDING = frozenset(("line", "list", "item"))
_BOXED = frozenset(("list", "quote", "factbox", "table"))


def is_label(text: str, labels: frozenset[str] = frozenset()) -> bool:
    """Return whether a line is a label of the page's furniture."""
    folded = label_key(text)
    return folded in LABELS or folded in labels


def is_pointer(run: TextRun) -> bool:
    """Return whether a run points to another page: such a phrase, and mostly linked or short."""
    if not POINTERS.match(run.text):
        return False
    return run.link_share > 0.4 or (run.words <= 12 and run.text[-1:] not in '.?!"”»')


def is_cross_language(run: TextRun) -> bool:
    """Return whether a run only points to the edition in another language."""
    return run.words <= _LABEL_WORDS and CROSS_LANGUAGE.match(run.text) is not None


def is_date_line(run: TextRun) -> bool:
    """Return whether a short run is a date with its label and nothing else."""
    if run.words > 10 or not any(c.isdigit() for c in run.text):
        return False
    dated = _MONTHS.search(run.text) is not None or parse(run.text, UTC) is not None
    if not dated:
        # A label may stand right before the day, with only an element's end between them.
        times = (text_of(element) for element in run.element.iter("time"))
        return "time" in run.near and any(parse(text, UTC) is not None for text in times)
    return "time" in run.near or len(_DATE_WORDS.sub("", _MONTHS.sub("", run.text.casefold()))) <= 4


def _is_dateline(unit: Unit) -> bool:
    """Return whether a line is a date of the page: one below the text's beginning that a sentence
    follows may be the heading of a day, unless its element is made for times."""
    if not is_date_line(unit.run):
        return False
    around, run = unit.around, unit.run
    if "time" in run.near or around.is_above(run) or not around.leads(run):
        return True
    is_bold = run.strong and next(run.element.iter("b", "strong"), None) is not None
    return not is_bold and unit.kind != "heading"


def _is_notice(unit: Unit) -> bool:
    return not unit.is_speech and unit.words < _PHRASE_WORDS and bool(NOTICES.match(unit.run.text))


def _is_closing(unit: Unit) -> bool:
    return not unit.is_quoted and unit.words < _TAIL_WORDS and bool(TAIL.match(unit.run.text))


def _is_pointing(unit: Unit) -> bool:
    return bool(POINTERS.match(unit.run.text)) and (
        unit.run.link_share > 0.4 or (unit.words <= _LABEL_WORDS and not unit.is_sentence)
    )


def _is_newsletter(unit: Unit) -> bool:
    return unit.words < _NEWSLETTER_WORDS and NEWSLETTER.search(unit.run.text) is not None


def _is_about_author(unit: Unit) -> bool:
    run = unit.run
    if unit.words >= _BIO_WORDS or run.text.rstrip().endswith(":"):
        return False
    if not unit.is_sentence and not (unit.around.is_above(run) or unit.around.is_below(run)):
        return False  # a list's item, or whose turn it is
    return any(
        len(name) > _NAME_LETTERS and run.key.find(name, 0, len(name) + _BIO_BEFORE) > -1
        for name in unit.around.clues.names
    )


def _is_initials(unit: Unit) -> bool:
    text = unit.run.text.lstrip("([/ ")
    return unit.words <= _SIGN_WORDS and not unit.is_sentence and text[:2].isupper()


def _is_credit_at_edge(unit: Unit) -> bool:
    """Return whether a line above or below all paragraphs is names, a place or roles only."""
    around, run = unit.around, unit.run
    if unit.words > _CREDIT_WORDS or unit.is_sentence or unit.is_speech or run.linked:
        return False
    if around.is_below(run):
        # A letter is signed by a name, too: here it takes a role, an agency or brackets.
        if around.ends_in_fragments or not _ROLE.search(run.text):
            return False
    elif not around.is_above(run):
        return False
    return is_names(run.text)


def is_names(text: str) -> bool:
    """Return whether a line is names and what joins them: each word in a capital or a particle.

    >>> is_names("Text: Kari Li / Jon van Dam"), is_names("Kari left")
    (True, False)
    """
    words = [w for w in _BETWEEN_NAMES.split(_BEFORE_NAMES.sub("", text, count=1)) if w]
    named = [word for word in words if word not in _PARTICLES]
    return bool(named) and all(word[0].isupper() for word in named)


def _is_linked(unit: Unit) -> bool:
    run = unit.run
    if unit.link_share < _SENTENCE_LINKED and run.text[-1] == "." and unit.words >= _SENTENCE_WORDS:
        return False
    if unit.link_share > _LINKED:
        return unit.words < _LINKED_WORDS or len(run.links) >= _LIST_LINKS
    if not unit.around.is_below(run):
        return False
    return unit.link_share > _MOST_LINKED and unit.words < _LINKED_WORDS and not unit.is_sentence


def _is_part_linked(unit: Unit) -> bool:
    return unit.link_share > _SOME_LINKED and not _is_linked(unit)


def _is_link_list(unit: Unit) -> bool:
    return is_link_list(unit) and unit.link_share > _LIST_LINKED


def _is_over_links(unit: Unit) -> bool:
    heads = unit.kind == "heading" or not unit.is_sentence
    return heads and unit.around.is_over_links(unit.run)


def _is_share(unit: Unit) -> bool:
    marks = unit.near if unit.kind in _LINES else unit.marks
    return "share" in marks and unit.words < _SHARE_WORDS


def _sends_on(unit: Unit) -> bool:
    """Return whether all that a unit links to are ways to send the page on to others."""
    links = [link for run in unit.runs for link in run.links]
    return (
        bool(links) and unit.link_share > _LINKED and all(map(_SEND.search, map(str.lower, links)))
    )


def _is_of_subject(unit: Unit) -> bool:
    return shared_words(unit) and not _is_about_author(unit)


def _lists_headlines(unit: Unit) -> bool:
    return _is_link_list(unit) and are_headlines(unit.runs)


def _is_header(unit: Unit) -> bool:
    return (
        "header" in unit.marks
        and "lead" not in unit.marks
        and unit.words < _HEADER_WORDS
        and "heading" not in unit.near
    )


RULES: tuple[Rule, ...] = (
    # What the words say.
    Rule("title", "words", 0.6, _LINES, lambda u: u.is_title),
    Rule("name", "words", 0.5, _LINES, lambda u: u.is_name and not u.is_turn),
    Rule("label", "words", 0.6, _SAID, lambda u: is_label(u.run.text, u.around.clues.labels)),
    Rule("other edition", "words", 0.7, _LINES, lambda u: is_cross_language(u.run)),
    Rule("pointer", "words", 0.6, _SAID, _is_pointing),
    Rule("notice", "words", 0.6, _SAID, _is_notice),
    Rule("newsletter", "words", 0.5, _SAID, _is_newsletter),
    Rule("date", "words", 0.6, _SAID, _is_dateline),
    Rule("byline", "words", 0.6, _LINES, lambda u: is_byline(u.run.text)),
    Rule("closing", "words", 0.5, _LINES, _is_closing),
    Rule("about the author", "words", 0.6, _TOLD, _is_about_author),
    Rule("initials", "words", 0.6, _LAST, _is_initials),
    Rule("names", "words", 0.6, _LINE, lambda u: not u.is_turn and _is_credit_at_edge(u)),
    Rule("page number", "words", 0.7, _LINE, lambda u: bool(_PAGE_NUMBER.match(u.run.text))),
    # What it links to.
    Rule("linked", "links", 0.5, _SAID, _is_linked),
    Rule("link list", "links", 0.6, _OF_ITEMS, _is_link_list),
    Rule("part linked", "links", 0.4, _SAID, _is_part_linked),
    Rule("sends on", "target", 0.6, _SENDING, _sends_on),
    Rule("link", "links", 0.1, _SAID, lambda u: 0 < u.link_share <= _SOME_LINKED),
    # What its own element, or a box around it, is called.
    Rule("header", "class", 0.6, _LINE, _is_header),
    Rule("related", "class", 0.6, _ALL, lambda u: u.has_class("related")),
    Rule("furniture", "class", 0.6, _ALL, lambda u: u.has_class("footer", "nav", "form")),
    Rule("comments", "class", 0.6, _ALL, lambda u: u.has_class("comments")),
    Rule("newsletter box", "class", 0.6, _ALL, lambda u: u.has_class("newsletter")),
    Rule("share", "class", 0.6, _ALL, _is_share),
    Rule("consent", "class", 0.6, _ALL, lambda u: u.has_class("consent")),
    Rule("bio", "class", 0.6, _ALL, lambda u: u.has_class("bio")),
    Rule("time", "class", 0.5, _LINES, lambda u: "time" in u.near),
    Rule("author", "class", 0.4, _LINES, lambda u: "byline" in u.near),
    # Where it stands.
    Rule("above", "place", 0.4, _ALL, lambda u: u.around.is_above(u.run)),
    Rule("below", "place", 0.4, _ALL, lambda u: u.around.is_below(u.run)),
    Rule("box", "place", 0.4, _ALL, lambda u: u.around.box_of(u.run) is not None),
    Rule("over links", "place", 0.4, _LINES, _is_over_links),
    # How it is printed.
    Rule("fragment", "form", 0.4, _LINE, lambda u: not u.is_sentence),
    Rule("headlines", "form", 0.4, _LIST, _lists_headlines),
    Rule("again", "form", 0.3, _LINES, lambda u: u.around.is_repeated(u.run)),
    Rule("foreign", "form", 0.3, _SAID, lambda u: u.around.is_foreign(u.run)),
    Rule("of the subject", "form", -0.4, _LINE, _is_of_subject),
    Rule("unlike its kind", "form", 0.3, _HEADING, lambda u: u.around.is_odd_link(u.run)),
)  # fmt: skip
