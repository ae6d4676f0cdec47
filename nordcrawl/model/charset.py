"""Turn a page's bytes into text: byte order mark, UTF-8 proof, what is declared, detection.

Of what is declared the header goes before the page, as the HTML standard has it. Does not know
HTML beyond the place of its charset declaration. Never raises.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

#: Bytes at the start in which a declaration counts; the standard has 1024, pages have more.
#: Source: WHATWG HTML, 13.2.3.2 "Determining the character encoding".
_HEAD_BYTES = 8192
#: Names longer than this are no charset but an attack on the codec registry's cache.
_NAME_CHARS = 40
_SAMPLE_BYTES = 65_536
#: Share of bytes that may be wrong before a declared charset is not believed.
_WRONG_SHARE = 0.01

#: Characters beyond ASCII to a byte that is wrong, from which on a text is UTF-8 all the same.
_UTF8_SHARE = 3
_BEYOND = re.compile("[^\x00-\x7f]+")

#: What stands beyond ASCII in texts of north-western Europe.
_WESTERN = frozenset(
    "æøåÆØÅäöüÄÖÜßéèêëáàâíìîïóòôúùûçñÉÈÁÍÓÚÇÑðþÐÞýÝ«»“”„‘’‚–—…•©®°§´·€£½²³\u00a0\u00ad"
)

_META = re.compile(rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
#: Source: XML 1.0 section 2.8; WHATWG HTML has it too, after all that HTML itself declares.
_XML = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([\w.:-]{1,40})""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: What browsers read where a page names the left. Source: WHATWG Encoding, 4.2.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
#: Python codecs that read text but are no charset of the web.
_NOT_WEB = {
    "idna",
    "punycode",
    "raw-unicode-escape",
    "unicode-escape",
    "undefined",
    "utf-7",
    "mbcs",
}


def decode(body: bytes, content_type: str | None = None) -> str:
    """Return a body as text; what can't be decoded becomes U+FFFD.

    `content_type` is the value of the header, if there was one.

    Source: WHATWG HTML, 13.2.3.2 "Determining the character encoding".
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    if wide := _wide(body):
        return body.decode(wide, "replace")
    try:
        # Text in any other charset with letters beyond ASCII is almost never valid UTF-8.
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if _UTF8_SHARE * bad < sum(map(len, _BEYOND.findall(text))) - bad:
        return text  # nor does it have many characters of it by chance
    for name in declared(body, content_type):
        text = body.decode(name, "replace")
        if text.count("\ufffd") <= _WRONG_SHARE * len(text):
            return text
    western = body.decode("cp1252", "replace")
    beyond = [char for char in western[:_SAMPLE_BYTES] if char > "\x7f"]
    if sum(char in _WESTERN for char in beyond) > 0.95 * len(beyond):
        return western  # the detector takes short Nordic texts for Baltic or Central European
    if found := from_bytes(body[:_SAMPLE_BYTES], steps=3, chunk_size=512).best():
        return body.decode(found.encoding, "replace")
    return western


def _wide(body: bytes) -> str | None:
    """Return UTF-16 with its byte order when every other byte of the start is NUL."""
    start = body[:256]
    if len(start) < 8 or b"\x00" not in start:
        return None
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > len(start) * 0.35 and even < len(start) * 0.05:
        return "utf-16-le"
    if even > len(start) * 0.35 and odd < len(start) * 0.05:
        return "utf-16-be"
    return None


def is_wide(body: bytes) -> bool:
    """Return whether a body is UTF-16 or UTF-32 by its mark, or UTF-16 by its bytes."""
    return body.startswith(tuple(mark for mark, _ in _MARKS[1:])) or _wide(body) is not None


def declared(body: bytes, content_type: str | None) -> list[str]:
    """Return the codecs that header, page and XML declaration name, in this order; `decode` does
    not believe all of them."""
    names = []
    if found := _HEADER.search(content_type or ""):
        names.append(found[1])
    names.extend(m[1].decode("ascii", "replace") for m in _META.finditer(body[:_HEAD_BYTES]))
    if found_in_xml := _XML.match(body[:_HEAD_BYTES]):
        names.append(found_in_xml[1].decode("ascii", "replace"))
    return [codec for name in names if (codec := _codec(name))]


def _codec(name: str) -> str | None:
    """Return the codec that browsers would use for a declared name, if it is one for text."""
    if len(name) > _NAME_CHARS:
        return None
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return None
    # The registry also holds base64, rot13, zlib ..., which decode no text.
    if not getattr(found, "_is_text_encoding", True) or found.name in _NOT_WEB:
        return None
    if found.name.startswith(("utf-16", "utf-32")):
        return None  # declared in readable ASCII: it can't be
    return _MEANT.get(found.name, found.name)
