"""Frame: where a body's addresses and pictures are resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from urllib.parse import urljoin, urlsplit

from nordcrawl.extract.page.text import clean
from nordcrawl.model.printable import without_user


@dataclass(frozen=True, slots=True)
class Frame:
    """What is needed of the page around the runs."""

    base_url: str
    """What relative addresses are relative to: the page's, or that of its base element."""
    local: tzinfo
    summaries: frozenset[int] = frozenset()
    """id() of the runs that are the standfirst."""
    headings: frozenset[int] = frozenset()
    """id() of the runs that are headings though they are printed as paragraphs."""
    page_url: str = ""
    """The page's own address, if it is another one."""


def address(link: str | None, frame: Frame) -> str | None:
    """Return a link as an absolute http(s) address without fragment, or None."""
    try:
        absolute = without_user(urljoin(frame.base_url, clean(link).replace(" ", "%20")))
        parts = urlsplit(absolute)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
    except ValueError:
        return None
    absolute = absolute.partition("#")[0]
    here = (frame.page_url or frame.base_url).partition("#")[0]
    return None if absolute == here else absolute
