"""Read JSON as scripts of pages have it: within comments and CDATA marks, with quotation marks that
nobody escaped, commas too many, brackets that were never closed.

Strict JSON is read by the standard library, everything else is written anew first, character by
character, and then read. Does not know what the values mean.
"""

from __future__ import annotations

import html
import json
import re
from typing import Any

#: A block above this is no metadata of an article; seen: a whole archive in one script.
_MAX_CHARS = 2_000_000
#: What has to be written anew is read by Python, a character at a time.
_MAX_MENDED = 300_000
#: Where the value begins, behind comments and CDATA marks that have no brackets of their own.
_START = re.compile(
    r"(?:\s|/\*(?:(?!\*/).){0,2000}\*/)*(?:.{0,2000}?)(?<!<!)(?<!CDATA)(?=[{\[])", re.DOTALL
)
#: Outside strings these are no more than space.
_SKIPPED = re.compile(r"[\s;]+|//[^\n]*|/\*.*?\*/|<!--|-->|<!\[CDATA\[|\]\]>", re.DOTALL)
_BARE = re.compile(r"[^\s,:{}\[\]\"'/]+")
_WORDS = {"undefined": "null", "None": "null", "NaN": "null", "True": "true", "False": "false"}
_KEY_ENDS = re.compile(r"\s*:")
#: Behind a string that is a value: a comment, the end of its object or list, the next key or item.
_VALUE_ENDS = re.compile(
    r"\s*(?:\}|\Z|//|/\*|,\s*(?:\}|//|/\*|(?P<q>[\"'])[^\"'\n]{1,80}(?:(?P=q)\s*:|\Z)|"
    r"[A-Za-z_@$][\w$]*\s*:)|\"[\w@:-]{1,60}\"\s*:\s*[\"{\[\d])"
)
_ITEM_ENDS = re.compile(r"\s*(?:\]|\Z|//|/\*|,\s*(?:\]|//|/\*|[\"'{\[\d-]|true\b|false\b|null\b))")
_HEX = re.compile(r"u[0-9a-fA-F]{4}")
_ESCAPES = frozenset('"\\/bfnrt')
#: Of keys that stand twice in an object the last one counts, but of these all do.
_JOINED = frozenset(("author", "creator", "contributor", "keywords", "articleSection"))


def load(script: str) -> Any:
    """Return the value of a script, mended when need be; an empty list for an empty one, None when
    nothing helps."""
    text = script[:_MAX_CHARS]
    start = _START.match(text)
    if start is None:
        return None if text.strip() else []
    text = text[start.end() :]
    tries = [text]
    if "&quot;" in text and '"' not in text.replace('"@', ""):
        tries.append(html.unescape(text))
    for attempt in tries:
        if (found := _read(attempt)) is not None:
            return found
    for attempt in tries:
        if len(attempt) <= _MAX_MENDED and (found := _read(remade(attempt))) is not None:
            return found
    return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, with all the values of a key that names people or keywords twice."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found and name in _JOINED:
            before = found[name]
            value = [
                *(before if isinstance(before, list) else [before]),
                *(value if isinstance(value, list) else [value]),
            ]
        found[name] = value
    return found


#: Not strict: control characters inside strings are the commonest fault.
_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_object)


def _read(text: str) -> Any:
    """Return the value at the start of a text behind which no other one begins, else None."""
    try:
        found, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return None if _MORE.search(text, end) else found


#: What begins another value; marks of comments and CDATA do not.
_MORE = re.compile(r"[{\"]|(?<!<!)(?<!CDATA)\[")


class _Writer:
    """Writes a broken text anew as JSON."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts: list[str] = []
        self.open: list[str] = []
        self.is_key = False
        self.is_list = False
        """Whether several values stand side by side, outside all brackets."""
        self.needs_comma = False
        """Whether a value has ended, so that another one needs a comma before it."""

    def value(self, written: str) -> None:
        """Write a key or a value, with the comma before it that is due."""
        if self.needs_comma:
            self.parts.append(",")
            self.is_list = self.is_list or not self.open
            self.is_key = bool(self.open) and self.open[-1] == "}"
        self.parts.append(written)
        self.needs_comma = not self.is_key

    def run(self) -> str:
        text, at = self.text, 0
        while at < len(text):
            char = text[at]
            if skipped := _SKIPPED.match(text, at):
                at = skipped.end()
                continue
            at += 1
            if char in "{[":
                self.value(char)
                self.open.append("}" if char == "{" else "]")
                self.is_key, self.needs_comma = char == "{", False
            elif char in "}]":
                self._close(char)
            elif char == ",":
                self.is_key = bool(self.open) and self.open[-1] == "}"
            elif char == ":":
                self.parts.append(":")
                self.is_key = self.needs_comma = False
            elif char in "\"'":
                at = self._string(char, at)
            elif bare := _BARE.match(text, at - 1):
                at = bare.end()
                self._bare(bare[0])
        self.parts.extend(reversed(self.open))
        made = _whole("".join(self.parts))
        return f"[{made}]" if self.is_list else made

    def _close(self, char: str) -> None:
        if char not in self.open:
            return
        while self.open[-1] != char:  # what was left open inside
            self.parts.append(self.open.pop())
        self.parts.append(self.open.pop())
        self.is_key, self.needs_comma = False, True

    def _bare(self, word: str) -> None:
        if self._names_key():
            self.value(json.dumps(word))
            return
        word = _WORDS.get(word, word)
        try:
            json.loads(word)
        except ValueError:
            word = json.dumps(word)
        self.value(word)

    def _names_key(self) -> bool:
        in_object = bool(self.open) and self.open[-1] == "}"
        return in_object and (self.is_key or self.needs_comma)

    def _string(self, quote: str, start: int) -> int:
        """Write the string that begins at `start`; return where the text goes on.

        A quotation mark ends it only if what follows is what can follow a string at its place; all
        others are its own.
        """
        if self._names_key():
            ends = _KEY_ENDS
        else:
            ends = _VALUE_ENDS if self.open and self.open[-1] == "}" else _ITEM_ENDS
        text, at = self.text, start
        written: list[str] = ['"']
        while at < len(text):
            char = text[at]
            if char == "\\" and at + 1 < len(text):
                after = text[at + 1]
                if after in _ESCAPES or _HEX.match(text, at + 1):
                    written.append(char + after)
                    at += 2
                else:  # it escapes nothing, and is one itself but before a quotation mark
                    written.append("" if after == "'" else "\\\\")
                    at += 1
                continue
            at += 1
            if char == quote and ends.match(text, at):
                break
            written.append('\\"' if char == '"' else char)
        written.append('"')
        self.value("".join(written))
        return at


#: What a cut text leaves at its end: a key without its value.
_LOOSE_KEY = re.compile(r',?"(?:[^"\\]|\\.)*":?(?=\}+[\]}]*$)')


def _whole(text: str) -> str:
    """Return JSON without the key at its end that has no value."""
    found = _LOOSE_KEY.search(text)
    if found is None:
        return text
    before = text[: found.start()]
    if not found[0].endswith(":") and before.endswith(":"):
        return text
    return before + text[found.end() :]


def remade(text: str) -> str:
    """Return a broken JSON text as one that can be read, as far as that is safe.

    >>> remade('{"a": "say "no"", /* x */ "b": [1, 2,],')
    '{"a":"say \\\\"no\\\\"","b":[1,2]}'
    """
    return _Writer(text).run()
