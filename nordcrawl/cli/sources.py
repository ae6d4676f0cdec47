"""``nordcrawl sources``: whom we can crawl."""

from __future__ import annotations

import argparse

from nordcrawl.cli.environment import options_from_environment


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes: nothing."""
    parser.description = (
        "List the sources that can be crawled: those of nordcrawl, and of the files and folders in "
        "NORDCRAWL_SOURCES. Each line: name, title, hosts with their language, page family."
    )
    parser.epilog = "Example: NORDCRAWL_SOURCES=my-sources/ nordcrawl sources"


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `list_sources`."""
    return list_sources()


def list_sources() -> int:
    """Print each source's name, title, family and hosts."""
    sources = options_from_environment().sources()
    width = max(map(len, sources))
    for name, source in sources.items():
        hosts = ", ".join(f"{host} ({language})" for host, language in source.hosts.items())
        print(f"{name:<{width}}  {source.title}: {hosts}  [{source.family}]")
    return 0
