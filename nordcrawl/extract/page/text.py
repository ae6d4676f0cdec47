"""Make any string of a page fit for the record: NFC, single-spaced, valid UTF-8.

Knows nothing of HTML nor of what the string means.
"""

from __future__ import annotations

import html
import re
import unicodedata

#: Controls, surrogates, noncharacters; and the invisible: soft hyphen, zero-width space, BOM.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
#: Marks that turn the direction of what stands around them.
#: Source: Unicode Standard Annex 9, section 2 (explicit and implicit directional formatting).
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
#: Of plain characters letters and digits, in small letters.
_PLAIN_KEY = {code: chr(code).lower() if chr(code).isalnum() else None for code in range(128)}


def clean(text: str | None) -> str:
    """Return the text NFC and single-spaced, without control characters and lone surrogates.

    >>> clean(" Tromsø\\x00:\\n\\u00a0 ja ")
    'Tromsø: ja'
    """
    if not text:
        return ""
    # Spaces that str.split does not know as such come in as they are; the rest is folded.
    folded = " ".join(text.split())
    if not folded.isprintable():  # nothing unwanted is
        folded = " ".join(_UNWANTED.sub("", text).split())
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


#: Words so long carry what a text is about.
_CONTENT = re.compile(r"\w{5,}")


def content(text: str) -> frozenset[str]:
    """Return the words that carry what a text is about: the long ones, case-folded.

    >>> sorted(content("The Ferry is late, the ferry!"))
    ['ferry']
    """
    return frozenset(_CONTENT.findall(text.casefold()))


#: References with their semicolon; without one "&copy" may be part of an address or of a name.
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
#: Tags that stand in single lines; other angle brackets are the text's own.
_LINE_TAG = re.compile(
    r"<(/?(?:br|p|div|h[1-6]|li)|/?(?:a|abbr|b|big|cite|em|font|i|mark|nobr|q|s|small|span|strong|sub|"
    r"sup|u|wbr))(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
_PARTING = frozenset(("br", "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li"))
#: Seen: "&amp;amp;#8217;"; what is escaped more often is nobody's mistake.
_ESCAPED = 3


def unmarked(text: str | None) -> str:
    """Return a line as it is read: `clean_line`, references resolved that were escaped again, and
    tags taken out, of which those that break lines are a space.

    >>> unmarked("Stein &amp;amp; storm:<br>Skarv&#248;y&amp;#8217;s <i>molo</i>")
    'Stein & storm: Skarvøy’s molo'
    """
    if not text:
        return ""
    for _ in range(_ESCAPED):
        if "&" not in text:
            break
        text = _REFERENCE.sub(lambda found: html.unescape(found[0]), text)
    if "<" in text:
        text = _LINE_TAG.sub(
            lambda found: " " if found[1].lstrip("/").lower() in _PARTING else "", text
        )
    return clean_line(text)


def clean_line(text: str | None) -> str:
    """Return a title, name or label: as `clean`, and without marks that turn directions."""
    return clean(_BIDI.sub("", text)) if text else ""


def key(text: str) -> str:
    """Return what two printings of one line have in common: letters and digits, case-folded.

    >>> key("– Vi har, «ikke»") == key("Vi har ikke")
    True
    """
    if text.isascii():
        return text.translate(_PLAIN_KEY)
    return "".join(filter(str.isalnum, text)).casefold()


def label_key(text: str) -> str:
    """Return a label as labels are compared: case-folded, without closing punctuation.

    >>> label_key("LES OGSÅ:")
    'les også'
    """
    return clean_line(text).strip(" .:;!…–—-|»›>→").casefold()


#: How sentences end.
LINE_ENDS = '.!?…:"”»。」'


SENTENCE_ENDS = '.!?…"”»。」'
