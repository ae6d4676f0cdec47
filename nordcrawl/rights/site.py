"""SiteRights: what a host says for itself, in robots.txt and tdmrep.json, and when it was read.

Small, and JSON both ways, so that it can be kept for a day beside a crawl's state. Fetches
nothing; knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from nordcrawl.model.page import Page
from nordcrawl.model.url import host_of
from nordcrawl.rights import tdmrep, usage
from nordcrawl.rights.patterns import path_of_url
from nordcrawl.rights.signals import Place, Statement
from nordcrawl.rights.tdmrep import TdmFile, TdmRule
from nordcrawl.rights.usage import UsageLine


def rfc3339_z(at: datetime) -> str:
    """Return an aware time in UTC with a final Z, as records have it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Fetched:
    """How a statement file was got."""

    at: datetime
    """UTC, aware."""
    status: int
    last_modified: str | None = None
    """The header as sent. Source: RFC 9110 section 8.8.2."""

    @property
    def found(self) -> bool:
        """Whether there is such a file."""
        return 200 <= self.status < 300

    def to_json(self) -> dict[str, Any]:
        """Return it with the time in RFC 3339."""
        return {
            "at": rfc3339_z(self.at),
            "status": self.status,
            "last_modified": self.last_modified,
        }


@dataclass(frozen=True, slots=True)
class SiteRights:
    """What a host says for all of its pages."""

    host: str
    """With port where it is unusual, as in canonical URLs."""
    lines: tuple[UsageLine, ...] = ()
    tdm: TdmFile = field(default_factory=TdmFile)
    robots: Fetched | None = None
    """None: not asked, or no answer."""
    tdmrep: Fetched | None = None
    """None: not asked, or no answer."""

    @property
    def checked_at(self) -> datetime | None:
        """When the older of the two files was read, UTC."""
        return min((f.at for f in (self.robots, self.tdmrep) if f is not None), default=None)

    def statements(self, url: str) -> tuple[Statement, ...]:
        """Return what holds for an address of this host; nothing for another host's."""
        if host_of(url) != self.host:
            return ()
        path = path_of_url(url)
        found = []
        for line in usage.for_us(self.lines, path):
            found += usage.statements(line.text, Place.ROBOTS)
        rule = self.tdm.rule(path)
        if rule is not None and rule.reservation is not None:
            found.append(Statement("tdm-reservation", str(rule.reservation), Place.TDMREP))
            if rule.policy:
                found.append(Statement("tdm-policy", rule.policy, Place.TDMREP))
        return tuple(dict.fromkeys(found))

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "host": self.host,
            "lines": [asdict(line) for line in self.lines],
            "tdm_rules": [rule.to_json() for rule in self.tdm.rules],
            "tdm_problem": self.tdm.problem,
            "robots": self.robots.to_json() if self.robots else None,
            "tdmrep": self.tdmrep.to_json() if self.tdmrep else None,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SiteRights:
        """Read back what `to_json` wrote.

        Raises: KeyError, TypeError, ValueError for anything else.
        """
        return cls(
            host=values["host"],
            lines=tuple(
                UsageLine(tuple(v["agents"]), v["field"], v["path"], v["text"])
                for v in values["lines"]
            ),
            tdm=TdmFile(
                tuple(
                    TdmRule(v["location"], v["tdm-reservation"], v["tdm-policy"])
                    for v in values["tdm_rules"]
                ),
                values["tdm_problem"],
            ),
            robots=_fetched(values["robots"]),
            tdmrep=_fetched(values["tdmrep"]),
        )


def _fetched(values: Mapping[str, Any] | None) -> Fetched | None:
    if values is None:
        return None
    return Fetched(datetime.fromisoformat(values["at"]), values["status"], values["last_modified"])


def read_site(host: str, robots: Page | None, well_known: Page | None) -> SiteRights:
    """Return what two answers say; None is one that never came.

    A tdmrep.json that is there and can't be read is told of in `TdmFile.problem`. Any status but
    2xx is no file (TDMRep: the server "does not implement this protocol"), and so is a web page:
    many sites answer every unknown path with one.
    """
    lines: tuple[UsageLine, ...] = ()
    if robots is not None and 200 <= robots.status < 300:
        lines = usage.parse(robots.body)
    tdm = TdmFile()
    if well_known is not None and 200 <= well_known.status < 300 and not _is_web_page(well_known):
        tdm = tdmrep.parse(well_known.body)
    return SiteRights(host, lines, tdm, _told(robots), _told(well_known))


def _told(page: Page | None) -> Fetched | None:
    if page is None:
        return None
    # A web page in the file's place is no file, and the record of it must not look like one.
    status = 404 if 200 <= page.status < 300 and _is_web_page(page) else page.status
    return Fetched(page.fetched_at, status, page.header("last-modified"))


def _is_web_page(page: Page) -> bool:
    return page.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
