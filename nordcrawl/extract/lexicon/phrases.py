"""Words that tell a label, pointer or notice from text, in the form that they are used in.

What is compared with sets of words is folded by `nordcrawl.extract.page.text.label_key`. Does not
know what is done with a match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nordcrawl.extract.lexicon.tables import one_of, table, words

_READ_ALSO = words("read_also")

#: Whole lines that are labels of a box or of the page's furniture.
LABELS = frozenset((*words("labels"), *_READ_ALSO))

#: Begin of a line that points to another page; it is one when it is short or linked.
POINTERS = re.compile(
    rf"^[\W_]*{one_of(*sorted(_READ_ALSO, key=len, reverse=True), *words('pointers'))}(?!\w)",
    re.IGNORECASE,
)

#: Labels of boxes that list other articles; what follows such a heading belongs to the box.
LISTS = frozenset((*words("related_boxes"), *_READ_ALSO))

#: The language that a line about another edition means by a name, by that name.
LANGUAGE_NAMES: dict[str, str] = {
    name: meant
    for names in table("other_editions", "means").values()
    for name, meant in names.items()
}


def _other_editions() -> Iterator[str]:
    """Yield an expression for each form of such lines, with a group around the language's name."""
    count = 0
    for language, lines in table("other_editions", "lines").items():
        names = "|".join(table("other_editions", "named")[language])
        for line in lines:
            yield line.replace("<language>", f"(?P<in{count}>{names})")
            count += 1


#: A short line about the edition in another language; the one group that matched has its name.
CROSS_LANGUAGE = re.compile(
    rf"^[\W_]*{one_of(*_other_editions())}"
    rf"(?: {one_of(*words('other_editions', 'here'))})?[\W_]*$",
    re.IGNORECASE,
)

#: Notices that are no part of an article, wherever they stand.
NOTICES = re.compile(rf"^[\W_]*{one_of(*words('notices'))}", re.IGNORECASE)

#: Lines that close a page: about the author, the paper, the rights.
TAIL = re.compile(rf"^[\W_]*{one_of(*words('closing_lines'))}", re.IGNORECASE)

#: Words that make a short linked line an offer of letters by mail.
NEWSLETTER = re.compile("|".join(words("newsletters")), re.IGNORECASE)

#: Labels before a credit.
CREDIT_LABEL = re.compile(
    rf"^[\s(\[|/–—-]*(?:{one_of(*words('credits', 'labels'))}"
    r"\s*(?:/\s*\w+\s*)?(?:[:：]|\bby\b|\bav\b)\s*|©\s*)",
    re.IGNORECASE,
)
#: A credit in brackets, or after its label at the end of a caption.
CREDIT_IN_CAPTION = re.compile(
    rf"[\s(\[]*\b({one_of(*words('credits', 'in_captions'))}"
    r"\s*(?:/\s*\w+\s*)?[:：]\s*([^()\[\]]{2,120}(?:\([^()]{1,60}\)[^()\[\]]{0,40})?))[)\]]?[\s.]*$",
    re.IGNORECASE,
)

#: Begin of a credit in brackets that has no colon.
CREDIT_IN_BRACKETS = re.compile(
    rf"(?:{one_of(*words('credits', 'in_brackets'))}(?!\w)|©)\s*", re.IGNORECASE
)
#: Begin of a caption that says no more than that it is one.
CAPTION_LABEL = re.compile(rf"^\W*{one_of(*words('credits', 'announced'))}\s*(?=\w)", re.IGNORECASE)

#: Lines in a figure that work it and tell nothing of it.
NO_CAPTION = re.compile(rf"^\W*{one_of(*words('picture_tools'))}\W*$", re.IGNORECASE)

#: Begin of a line that is a byline.
BYLINE = re.compile(
    rf"^{one_of(*words('bylines', 'openings'))}(?:\s*[:：]\s*|\s+)(?=\S)", re.IGNORECASE
)
