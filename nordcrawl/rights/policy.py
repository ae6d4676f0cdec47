"""What a page says, what holds of it together with its site, and what follows under a policy.

Pure: no clock, no network. Source of the precedence: TDMRep, "Processing priority": what the
header says supersedes the file, what the page's meta says supersedes both, silence resets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from nordcrawl.model.printable import redacted
from nordcrawl.rights import directives, usage
from nordcrawl.rights.signals import Place, Statement, join, split
from nordcrawl.rights.site import SiteRights, rfc3339_z
from nordcrawl.rights.tdmrep import reservation_of

Policy: TypeAlias = Literal["respect", "record"]

_TDM = ("tdm-reservation", "tdm-policy")
#: Where a page speaks of itself, and where its site does.
_OWN = (Place.HEADER, Place.META)
_SITE = (Place.ROBOTS, Place.TDMREP)
_ORDER = (Place.TDMREP, Place.HEADER, Place.META)
_SIGNAL_WORDS = frozenset({"search", "ai-input", "ai-train", "train-ai"})


@dataclass(frozen=True, slots=True)
class PageRights:
    """What one page says to us, in its headers and its head."""

    url: str
    """Where it came from, after redirects, in canonical form."""
    statements: tuple[Statement, ...] = ()

    @classmethod
    def from_record(
        cls, url: str, rights: Mapping[str, str], places: Sequence[Place] = _OWN
    ) -> PageRights:
        """Read back the key ``signals`` of a record's ``rights``, less what stood elsewhere than in
        `places`: what its site said.

        Raises:
            ValueError: it is no such text.
        """
        found = split(rights.get("signals", ""))
        return cls(url, tuple(s for s in found if s.place in places))


@dataclass(frozen=True, slots=True)
class Denial:
    """The page is not to be kept; `reason` is for the ledger."""

    reason: str
    statement: Statement | None = None
    """None: the site's tdmrep.json can't be read."""


def read_page(
    url: str, headers: Iterable[tuple[str, str]], metas: Mapping[str, Sequence[str]]
) -> PageRights:
    """Return what a page says; names of headers and metas are lower-case, repeats kept."""
    found: list[Statement] = []
    for name, value in headers:
        if name == "x-robots-tag":
            found += directives.for_us(value, Place.HEADER)
        elif name in ("content-signal", "content-usage"):
            found += usage.statements(value, Place.HEADER)
        elif name in _TDM:
            found += _tdm(name, value, Place.HEADER)
    for name in ("robots", directives.AGENT, "x-robots-tag"):
        for value in metas.get(name, ()):
            found += directives.for_us(value, Place.META)
    for name in _TDM:
        for value in metas.get(name, ()):
            found += _tdm(name, value, Place.META)
    return PageRights(url, tuple(dict.fromkeys(found)))


def _tdm(name: str, value: str, place: Place) -> list[Statement]:
    if name == "tdm-policy":
        return [Statement(name, value.strip(), place)] if value.strip() else []
    # A field sent twice arrives as two, or joined by a comma. Source: RFC 9110 section 5.3.
    values = (reservation_of(part) for part in value.split(",")[:10])
    return [Statement(name, str(v), place) for v in values if v is not None]


def holding(page: PageRights, site: SiteRights | None) -> tuple[Statement, ...]:
    """Return what holds of a page: all that is said, less the TDM statements that are superseded.

    Directives and usage words add up, wherever they stand.
    """
    said = (*(site.statements(page.url) if site else ()), *page.statements)
    places = [s.place for s in said if s.name == "tdm-reservation"]
    # Of two values in one place the reservation holds: who says both has not given leave.
    top = max(places, key=_ORDER.index, default=None)
    reserved = Statement("tdm-reservation", "1", top) in said if top else False
    value = str(int(reserved))
    return tuple(
        s
        for s in dict.fromkeys(said)
        if s.name != "tdm-reservation" or (s.place == top and s.value == value)
    )


def decide(policy: Policy, page: PageRights, site: SiteRights | None) -> Denial | None:
    """Return why a page is not to be kept under a policy, None where it may be."""
    if policy == "record":
        return None
    held = holding(page, site)
    for statement in held:
        if statement.refuses:
            return Denial(str(statement), statement)
    if unreadable(held, site):
        return Denial(_unreadable_text(site))
    return None


def unreadable(held: Iterable[Statement], site: SiteRights | None) -> bool:
    """Return whether it can't be known if mining is reserved: the host has a tdmrep.json that
    nobody can read, and the page itself says neither."""
    if site is None or not site.tdm.is_unreadable:
        return False
    return not any(s.name == "tdm-reservation" for s in held)


def _unreadable_text(site: SiteRights | None) -> str:
    return f"tdmrep.json {site.tdm.problem if site else ''}"


def recorded(
    rights: Mapping[str, str], page: PageRights, site: SiteRights | None
) -> dict[str, str]:
    """Return a record's ``rights`` with what the site said of itself.

    Added keys, all text: ``signals`` (all that holds), ``reserved_by`` (those that refuse),
    ``content_signal`` (the words on uses), ``checked_at`` (when the site's files were read, RFC
    3339), ``tdm_problem``. A key without content is left out.
    """
    held = holding(page, site)
    refusing = [str(s) for s in held if s.refuses]
    if unreadable(held, site):
        refusing.append(_unreadable_text(site))
    checked = site.checked_at if site else None
    added = {
        "signals": join(held),
        "reserved_by": "; ".join(dict.fromkeys(refusing)),
        "content_signal": join(s for s in held if s.name in _SIGNAL_WORDS),
        "tdm_problem": (site.tdm.problem if site else None) or "",
        "checked_at": rfc3339_z(checked) if checked else "",
    }
    kept = {key: value for key, value in rights.items() if key not in added}
    told = kept | {key: value for key, value in added.items() if value}
    return {key: redacted(value) for key, value in told.items()}


def remembered(page: PageRights, before: Mapping[str, str]) -> PageRights:
    """Return what a page says with what its site said when it was archived, by that record's
    ``rights``: for a page that is read again long after its site was asked.

    Raises:
        ValueError: these are no rights of a record.
    """
    site = PageRights.from_record(page.url, before, _SITE)
    return PageRights(page.url, (*site.statements, *page.statements))


def recorded_again(
    rights: Mapping[str, str], page: PageRights, before: Mapping[str, str]
) -> dict[str, str]:
    """Return a record's ``rights`` as `recorded`, of a page that is read again; `page` is what was
    `remembered`, `before` are those of the record before, which tell when the site was asked."""
    kept = {key: before[key] for key in ("checked_at", "tdm_problem") if key in before}
    return recorded(rights, page, None) | kept
