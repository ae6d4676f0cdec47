"""Addresses: what a sitemap, feed or listing writes -> an absolute http(s) address."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from nordcrawl.model.printable import shown, without_user


class Unreadable(ValueError):
    """An address of which a part could not be read: a page is named, and not known."""


def absolute(written: str, url: str, base: str = "") -> str:
    """Return an address, made absolute by the document's own `base` within `url`, where it came
    from. Relative ones are against some protocols, common, and unambiguous.

    Source: XML Base section 4.1 (a relative base is resolved against the one around it).

    Raises:
        Unreadable: a character of it is damaged.
        ValueError: it is empty, or not an http(s) address.
    """
    written = "".join(written.split("\n")).strip()
    if not written:
        raise ValueError("an entry without an address")
    if "\ufffd" in written:
        raise Unreadable(f"{shown(written)}: a character that can't be read")
    try:
        joined = urljoin(urljoin(url, base), written)
        parts = urlsplit(joined)
    except ValueError as error:
        raise ValueError(f"{shown(written)}: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{shown(written)}: not an http(s) address")
    return without_user(joined)
