"""Make any string of a page fit for the record: NFC, single-spaced, valid UTF-8.

Knows nothing of HTML nor of what the string means.
"""

from __future__ import annotations

import re
import unicodedata

#: Controls, surrogates, noncharacters; and the invisible: soft hyphen, zero-width space, BOM.
_UNWANTED = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
#: Marks that turn the direction of what stands around them.
#: Source: Unicode Standard Annex 9, section 2 (explicit and implicit directional formatting).
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_KEY = re.compile(r"[\W_]+")


def clean(text: str | None) -> str:
    """Return the text NFC and single-spaced, without control characters and lone surrogates.

    >>> clean(" Tromsø\\x00:\\n\\u00a0 ja ")
    'Tromsø: ja'
    """
    if not text:
        return ""
    # Spaces that str.split does not know as such come in as they are; the rest is folded.
    folded = " ".join(_UNWANTED.sub("", text).split())
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


def clean_line(text: str | None) -> str:
    """Return a title, name or label: as `clean`, and without marks that turn directions."""
    return clean(_BIDI.sub("", text)) if text else ""


def key(text: str) -> str:
    """Return what two printings of one line have in common: letters and digits, case-folded.

    >>> key("– Vi har, «ikke»") == key("Vi har ikke")
    True
    """
    return _KEY.sub("", text).casefold()


def label_key(text: str) -> str:
    """Return a label as labels are compared: case-folded, without closing punctuation.

    >>> label_key("LES OGSÅ:")
    'les også'
    """
    return clean_line(text).strip(" .:;!…–—-|»›>→").casefold()


#: How sentences end.
LINE_ENDS = '.!?…:"”»。」'


SENTENCE_ENDS = '.!?…"”»。」'
