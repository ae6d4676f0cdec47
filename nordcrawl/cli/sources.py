"""``nordcrawl sources``: whom we can crawl; whether a site is as its table says; a table for a new
one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

from nordcrawl.cli.environment import options_from_environment
from nordcrawl.errors import ExitCode, UsageError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "List the sources that can be crawled: those of nordcrawl, and of the files and folders in "
        "NORDCRAWL_SOURCES. Each line: name, title, hosts with their language, page family. "
        "'check NAME' asks a source's robots.txt, entries and five articles; 'suggest URL' asks a "
        "new site the same and prints a commented table for it. Neither archives anything."
    )
    parser.epilog = "Example: nordcrawl sources suggest https://example.org > my-sources/paper.toml"
    parser.add_argument("action", nargs="?", choices=("check", "suggest"), metavar="check|suggest")
    parser.add_argument("what", nargs="?", metavar="NAME|URL")
    parser.add_argument("--name", help="of suggest: the table's name (default: of the host)")


def run(options: argparse.Namespace) -> int:
    """Carry out the command.

    Raises:
        UsageError: see `list_sources`, `check` and `suggest`.
    """
    if options.action is None:
        return list_sources()
    if options.what is None:
        needed = "NAME" if options.action == "check" else "URL"
        raise UsageError(f"sources {options.action}: {needed} is needed")
    if options.name is not None and options.action != "suggest":
        raise UsageError("sources: --name goes with suggest")
    if options.action == "check":
        return check(options.what)
    return suggest(options.what, options.name)


def list_sources() -> int:
    """Print each source's name, title, family and hosts."""
    sources = options_from_environment().sources()
    width = max(map(len, sources))
    for name, source in sources.items():
        hosts = ", ".join(f"{host} ({language})" for host, language in source.hosts.items())
        print(f"{name:<{width}}  {source.title}: {hosts}  [{source.family}]")
    return 0


def check(name: str) -> int:
    """Ask a source's site, and print how it answered; return 0, 10 if an entry did not answer or
    named nothing, or 14 if most of the pages that were tried are no articles.

    Raises:
        UsageError: no such source, or a real host without a contact.
    """
    from nordcrawl.cli.looking import Looked, look
    from nordcrawl.config.options import Options
    from nordcrawl.model.article import Rejected
    from nordcrawl.model.printable import shown
    from nordcrawl.spiders.asking import project_settings

    settings = project_settings()
    options = Options.from_settings(settings)
    source = options.source(name)
    seen = look(settings, options, source, only_its_own=True)

    def lines(seen: Looked) -> Iterator[str]:
        yield f"{name}: {source.title}, {', '.join(source.hosts)}"
        for entry in seen.entries.values():
            told = entry.problem or (
                f"{len(entry.links):,} articles, {entry.others:,} others"
                f"{f', {entry.further:,} further sitemaps' if entry.further else ''}"
            )
            yield f"  {entry.kind:<8} {shown(entry.url)}: {shown(told)}"
        for url, one in seen.articles.items():
            if isinstance(one.result, Rejected):
                yield f"  no article {shown(url)}: {shown(one.result.reason)}"
            else:
                at = one.result.published_at
                day = at.date().isoformat() if at else "no date"
                words = f"{one.result.word_count:,} words"
                title = shown(one.result.title or "no title", 70)
                yield f"  article  {day}  {one.result.language or '?':<3} {words:>12}  {title}"
        yield from (f"  warning  {shown(text)}" for text in seen.problems)

    print("\n".join(lines(seen)))
    silent = [entry for entry in seen.entries.values() if entry.problem is not None]
    if silent or not any(entry.links for entry in seen.entries.values()):
        print("exit 10: an entry did not answer, or none names an article", file=sys.stderr)
        return int(ExitCode.SOURCE_DOWN)
    good = sum(not isinstance(one.result, Rejected) for one in seen.articles.values())
    if good * 2 <= len(seen.articles):
        print("exit 14: most of the pages that were tried are no articles", file=sys.stderr)
        return int(ExitCode.SUSPECT)
    return int(ExitCode.WHOLE)


def suggest(address: str, name: str | None) -> int:
    """Ask a site that has no table yet, and print one; return 0, 8 if nothing names an article
    there, or 10 if its front page did not answer.

    Raises:
        UsageError: no http(s) address, a name that can't be a table's, or a real host without a
            contact.
    """
    from nordcrawl.cli.looking import look
    from nordcrawl.cli.suggested import site_of
    from nordcrawl.config.options import Options
    from nordcrawl.model.printable import shown
    from nordcrawl.model.url import canonicalize, host_of, is_loopback
    from nordcrawl.sources.guessed import source_for
    from nordcrawl.sources.suggestion import table
    from nordcrawl.spiders.asking import project_settings

    try:
        url = canonicalize(address if "://" in address else f"https://{address}")
    except ValueError as error:
        raise UsageError(f"{shown(address)} is no address of a site: {error}") from error
    settings = project_settings()
    options = Options.from_settings(settings)
    host = host_of(url)
    other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    if is_loopback(host):  # has but one name
        other = host
    aliases = (other,) if other != host else ()
    told = {"scheme": urlsplit(url).scheme, "alias_hosts": aliases}
    source = source_for(name or host, [host], told)
    options.require_contact(source)
    seen = look(settings, options, source, only_its_own=False)
    if not seen.home:
        print(f"nordcrawl: {host}: {'; '.join(map(shown, seen.problems))}", file=sys.stderr)
        return int(ExitCode.SOURCE_DOWN)
    site = site_of(seen, host, other)
    made = source_for(name or site.host.removeprefix("www."), [site.host])
    print(table(made.name, site), end="")
    for text in seen.problems:
        print(f"nordcrawl: note: {shown(text)}", file=sys.stderr)
    if not site.links:
        print("nordcrawl: note: no sitemap or feed was found that names articles", file=sys.stderr)
        return int(ExitCode.NOTHING)
    return int(ExitCode.WHOLE)
