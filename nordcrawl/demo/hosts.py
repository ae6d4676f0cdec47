"""Hosts: the demo site's three host names on one port, and the addresses of its stories.

Real host names map to names below ``localhost``, which never leave the machine (RFC 6761
section 6.3) but which a system resolver may not know: the server looks at the Host header only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nordcrawl.demo.story import Story

EN = "en.highnorthnews.com"
WWW = "www.highnorthnews.com"
BARE = "highnorthnews.com"

#: Real host to the name it has here.
LOCAL_NAMES = {host: host.replace(".com", ".localhost") for host in (EN, WWW, BARE)}


@dataclass(frozen=True, slots=True)
class Hosts:
    """Host and port of each edition, as they stand in the site's links."""

    en: str
    www: str
    bare: str

    @classmethod
    def on(cls, port: int) -> Hosts:
        """Return the hosts for a port.

        >>> Hosts.on(8017).en
        'en.highnorthnews.localhost:8017'
        """
        return cls(*(f"{LOCAL_NAMES[host]}:{port}" for host in (EN, WWW, BARE)))

    def with_plain(self, host: str) -> Hosts:
        """Return the hosts for who came by address: the address is the Norwegian edition."""
        return replace(self, www=host)

    def base(self, language: str) -> str:
        """Return the root address of a language's edition, without a final slash."""
        return f"http://{self.en if language == 'en' else self.www}"

    def url(self, story: Story) -> str:
        """Return the one right address of a story."""
        return f"http://{self.www if story.is_old else self.of(story)}{story.path}"

    def of(self, story: Story) -> str:
        """Return the host of the edition that a story's language has now."""
        return self.en if story.language == "en" else self.www


def real_host(story: Story) -> str:
    """Return the real host name that stands for the story's host; old pages are all on www."""
    return EN if story.language == "en" and not story.is_old else WWW
