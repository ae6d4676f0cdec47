"""``nordcrawl rights``: what a source's hosts and pages say of their rights, and what follows.

Asks each host for robots.txt, tdmrep.json, its front page and one article, politely, and archives
nothing. Pages are parsed in a worker. What the signals mean is `nordcrawl.rights`' to know.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from nordcrawl import discover
from nordcrawl._version import __version__
from nordcrawl.config.options import Options
from nordcrawl.errors import ExitCode
from nordcrawl.extract.fields import rights as page_rights
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.times import rfc3339, utc_now
from nordcrawl.model.url import canonicalize, host_of, path_of
from nordcrawl.rights import (
    TDMREP_PATH,
    PageRights,
    SiteRights,
    decide,
    holding,
    read_site,
    recorded,
)
from nordcrawl.sources.source import Source
from nordcrawl.spiders.asking import ROBOTS_PATH, Answer, Unanswered, ask, project_settings
from nordcrawl.workers.pool import Workers, WorkFailed


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Ask each host of a source for robots.txt, tdmrep.json, its front page and one article, "
        "politely; print what they reserve, and what nordcrawl makes of it. Archives nothing. Exit "
        "code 1: a host did not answer."
    )
    parser.epilog = "Example: nordcrawl rights highnorthnews"
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `show_rights`."""
    return show_rights(options.source, as_json=options.json)


@dataclass(slots=True)
class _Look:
    """What is gathered while pages come in."""

    source: Source
    workers: Workers
    rights: dict[str, dict[str, str]] = field(default_factory=dict)
    """Address asked for -> what its page tells."""
    problems: list[str] = field(default_factory=list)

    async def on_page(self, page: Page) -> Iterable[str]:
        """Read a page in a worker; of a front page or feed, return an article's address."""
        url = page.requested_url
        if path_of(url) in (ROBOTS_PATH, TDMREP_PATH) or page.status != 200:
            return ()
        try:
            if url in self._feeds:
                return self._article(await self.workers.call(discover.read, "feed", page.body, url))
            self.rights[url] = await self.workers.call(page_rights.read, page)
            if path_of(url) != "/":
                return ()
            if not self.source.article_urls:
                return self._feeds[:1]
            told = page.header("content-type")
            found = await self.workers.call(discover.read, "listing", page.body, page.url, told)
        except WorkFailed as error:
            self.problems.append(f"{shown(url)}: {error}")
            return ()
        return self._article(found)

    @property
    def _feeds(self) -> list[str]:
        return self.source.entries("feed")

    def _article(self, found: discover.Discovery) -> list[str]:
        for link in found.links:
            try:
                url = self.source.link(link.url)
                if self.source.is_denied(link.url) or self.source.is_listing(url):
                    continue
            except ValueError:
                continue
            if self.source.is_article(url) and path_of(url) != "/":
                return [url]
        return []


def show_rights(name: str, *, as_json: bool, clock: Callable[[], datetime] = utc_now) -> int:
    """Print what a source says of its rights, and return the exit code: 1 if a host did not tell.

    Raises:
        UsageError: no such source, or a real host without a contact (`Options.source`).
    """
    settings = project_settings()
    options = Options.from_settings(settings)
    source = options.source(name)
    homes = [source.home(host) for host in source.hosts]
    urls = [urljoin(home, path) for home in homes for path in (ROBOTS_PATH, TDMREP_PATH, "/")]
    workers = Workers(
        1,
        timeout_s=options.page_timeout_s,
        memory_bytes=options.worker_memory_bytes,
        preload=("nordcrawl.extract", "nordcrawl.discover"),
    )
    look = _Look(source, workers)
    try:
        answers = ask(settings, options, source, urls, look.on_page, clock=clock)
    finally:
        workers.close()
    report = _report(source, answers, look)
    print(json.dumps(report, ensure_ascii=False, indent=2) if as_json else "\n".join(_text(report)))
    return int(ExitCode.WHOLE if report["complete"] else ExitCode.FAILED)


def _report(source: Source, answers: Sequence[Answer], look: _Look) -> dict[str, Any]:
    by_url = {a.requested_url if isinstance(a, Page) else a.url: a for a in answers}
    hosts = []
    for host in source.hosts:
        home = canonicalize(source.home(host))
        files = [by_url.get(canonicalize(urljoin(home, p))) for p in (ROBOTS_PATH, TDMREP_PATH)]
        site = read_site(host_of(home), *(a if isinstance(a, Page) else None for a in files))
        pages = [
            _page(source, answer, look.rights.get(answer.requested_url, {}), site)
            for answer in answers
            if isinstance(answer, Page)
            and host_of(answer.url) == site.host
            and answer.requested_url in look.rights
        ]
        hosts.append({**site.to_json(), "pages": pages})
    missing = [
        {"url": a.url, "reason": a.reason, "denied": a.denied}
        for a in answers
        if isinstance(a, Unanswered)
    ] + [
        {"url": a.url, "reason": f"HTTP {a.status}", "denied": False}
        for a in answers
        if isinstance(a, Page) and not _is_answer(a)
    ]
    return {
        "nordcrawl": __version__,
        "source": source.name,
        "title": source.title,
        "policy": source.rights,
        "complete": not look.problems and not any(_matters(m) for m in missing),
        "hosts": hosts,
        "unanswered": missing,
        "problems": look.problems,
    }


def _is_answer(page: Page) -> bool:
    """Return whether a status says something; of a statement file, 4xx says that there is none."""
    if path_of(page.requested_url) in (ROBOTS_PATH, TDMREP_PATH):
        return page.status < 500 and page.status != 429
    return page.status == 200


def _matters(missing: Mapping[str, Any]) -> bool:
    # robots.txt that says no is an answer; robots.txt that can't be had is none.
    return not missing["denied"] or path_of(missing["url"]) == ROBOTS_PATH


def _page(
    source: Source, page: Page, rights: Mapping[str, str], site: SiteRights
) -> dict[str, Any]:
    said = PageRights.from_record(canonicalize(page.url), rights)
    denial = decide("respect", said, site)
    return {
        "url": page.url,
        "fetched_at": rfc3339(page.fetched_at),
        "last_modified": page.header("last-modified"),
        "rights": recorded(rights, said, site),
        "signals": [
            {
                "signal": s.name,
                "value": s.value or None,
                "where": str(s.place),
                "refuses": s.refuses,
                "meaning": s.signal.why if s.signal else "allowed",
                "source": s.signal.source if s.signal else None,
                **_since(s.place, page, site),
            }
            for s in holding(said, site)
        ],
        "under_respect": "archived" if denial is None else f"not archived: {denial.reason}",
        "under_record": "archived, with what is said",
        "policy": source.rights,
    }


def _since(place: str, page: Page, site: SiteRights) -> dict[str, str | None]:
    """Return when a place was read and, where its server tells, when it last changed."""
    of_site = {"robots.txt": site.robots, "tdmrep.json": site.tdmrep}
    if place in of_site:
        fetched = of_site[place]
        at = rfc3339(fetched.at) if fetched else None
        return {"read_at": at, "last_modified": fetched.last_modified if fetched else None}
    return {"read_at": rfc3339(page.fetched_at), "last_modified": page.header("last-modified")}


def _text(report: Mapping[str, Any]) -> Iterator[str]:
    yield f'{shown(report["title"])} ({report["source"]}): rights = "{report["policy"]}"'
    for host in report["hosts"]:
        yield ""
        yield host["host"]
        yield f"  robots.txt    {_fetched(host['robots'])}"
        for line in host["lines"]:
            whom = ", ".join(line["agents"]) or "all"
            words = f"{line['field']}: {line['path']} {line['text']}".replace("  ", " ")
            yield f"    for {shown(whom)}: {shown(words)}"
        yield f"  tdmrep.json   {_fetched(host['tdmrep'])}"
        if host["tdm_problem"]:
            yield f"    {shown(host['tdm_problem'])}"
        for rule in host["tdm_rules"]:
            policy = f", licence by {rule['tdm-policy']}" if rule["tdm-policy"] else ""
            yield shown(
                f"    {rule['location']}: tdm-reservation {rule['tdm-reservation']}{policy}"
            )
        for page in host["pages"]:
            yield from _page_text(page)
    for missing in (*report["unanswered"], *({"url": p} for p in report["problems"])):
        yield f"not answered: {shown(missing['url'])} {shown(missing.get('reason', ''))}".rstrip()


def _fetched(values: Mapping[str, Any] | None) -> str:
    if values is None:
        return "no answer"
    if not 200 <= values["status"] < 300:
        return f"none (HTTP {values['status']}), asked {values['at']}"
    since = f", last changed {shown(values['last_modified'])}" if values["last_modified"] else ""
    return f"read {values['at']}{since}"


def _page_text(page: Mapping[str, Any]) -> Iterator[str]:
    since = f", last changed {shown(page['last_modified'])}" if page["last_modified"] else ""
    yield f"  {shown(page['url'])}"
    yield f"    read {page['fetched_at']}{since}"
    for signal in page["signals"]:
        value = f"={signal['value']}" if signal["value"] else ""
        what = "refuses " if signal["refuses"] else "recorded"
        where = f"{signal['signal']}{value} ({signal['where']})"
        yield f"    {what}  {shown(where)}: {signal['meaning']}"
    for key in ("robots_meta", "x_robots_tag", "tdm", "licence", "paywalled"):
        if key in page["rights"]:
            yield f"    {key}: {shown(page['rights'][key])}"
    for policy in ("respect", "record"):
        mark = "*" if policy == page["policy"] else " "
        yield f"  {mark} under {policy}: {shown(page[f'under_{policy}'])}"
