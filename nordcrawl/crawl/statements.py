"""Statements: what hosts say of themselves in robots.txt and tdmrep.json, as far as it is known."""

from __future__ import annotations

from typing import Final

from nordcrawl.model.page import Page
from nordcrawl.model.url import canonicalize, host_of, path_of
from nordcrawl.rights import TDMREP_PATH, SiteRights, read_site

#: Where a host speaks of itself.
PATHS: Final = ("/robots.txt", TDMREP_PATH)


class Statements:
    """The statements of a run's hosts."""

    def __init__(self) -> None:
        self._pages: dict[tuple[str, str], Page] = {}
        self._sites: dict[str, SiteRights] = {}

    def take(self, page: Page) -> None:
        """Take a host's robots.txt or tdmrep.json, by the address asked for; the latest holds."""
        url = canonicalize(page.requested_url)
        host = host_of(url)
        self._pages[host, path_of(url)] = page
        self._sites[host] = read_site(host, *(self._pages.get((host, path)) for path in PATHS))

    def of(self, page: Page) -> SiteRights | None:
        """Return what the host of a fetched page says of itself; None where it told nothing."""
        # What is asked for is in canonical form already.
        url = page.url if page.url == page.requested_url else canonicalize(page.url)
        return self._sites.get(host_of(url))
