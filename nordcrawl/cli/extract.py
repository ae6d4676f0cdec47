"""``nordcrawl extract``: what we read out of saved pages: the record, a view of it, or why a line
of the page is not in it. The way to look at a page, and to score quality."""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import re
import shutil
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nordcrawl import views
from nordcrawl.cli import explain_text as listing
from nordcrawl.cli import output
from nordcrawl.cli.environment import options_from_environment
from nordcrawl.cli.explain_html import as_html
from nordcrawl.cli.prediction import prediction
from nordcrawl.config.options import Options
from nordcrawl.errors import UsageError
from nordcrawl.extract import extract
from nordcrawl.extract.explain import Explanation, explain
from nordcrawl.model.article import Article, Rejected
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.profile import Profile
from nordcrawl.model.record import article_json, extractor_json, provenance_json
from nordcrawl.model.url import canonicalize, host_of
from nordcrawl.workers.pool import Workers, WorkFailed

#: A saved page may unpack to this many bytes; the crawler's own limit is the same.
_MAX_BYTES = 16 << 20
#: The name of a FILE that is standard input.
_STDIN = "-"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Print what nordcrawl reads out of saved pages (HTML, or gzipped HTML), one JSON object a "
        "line. With --manifest, one prediction for each line of a JSON Lines file with id, url "
        "and html (a path, relative to the manifest or to here). Exit code 1: a page is no article."
    )
    parser.epilog = "Example: nordcrawl extract page.html --url https://example.org/news/7 --pretty"
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="- is standard input")
    parser.add_argument("--url", help="where the page came from")
    parser.add_argument("--source", help="read it as a page of this source")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--manifest", type=Path, metavar="PAGES.jsonl")
    form.add_argument(
        "--view",
        choices=("record", "text", "markdown", "full", "blocks"),
        default="record",
        help="record: the JSON object (default); text: standfirst and body; markdown; full: also "
        "headline and captions, as printed; blocks: a JSON object a line",
    )
    form.add_argument(
        "--explain",
        action="store_true",
        help="list every run of text on the page: the block that has it, or the rule that took it "
        "out; and where each field is from",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "html"),
        help="of --explain (default: text); html is one page that needs nothing else",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="a file, written whole or not at all (default: standard output)",
    )
    parser.add_argument("--pretty", action="store_true", help="indent the JSON")


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `extract_files` and `extract_manifest`.

    Raises:
        UsageError: options that do not go together; see also there.
    """
    if options.format is not None and not options.explain:
        raise UsageError("extract: --format goes with --explain")
    if options.manifest is not None:
        if options.files or options.output or options.url:
            raise UsageError("extract: --manifest goes without FILE, --url and --output")
        return extract_manifest(options.manifest, options.source)
    explained = (options.format or "text") if options.explain else None
    wanted = ExtractRequest(options.view, explained, options.pretty, options.output)
    return extract_files(options.files, options.url, options.source, wanted)


@dataclass(frozen=True, slots=True)
class Task:
    """A line of a manifest."""

    page_id: str
    url: str
    path: Path
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class ExtractRequest:
    """What is to be printed of a page."""

    view: str = "record"
    """record (the JSON object), text, markdown, full, or blocks (JSON Lines)."""
    explained: str | None = None
    """text, json or html: print this form of the explanation instead."""
    pretty: bool = False
    output: Path | None = None

    @property
    def of_one(self) -> str | None:
        """Return the option that asks for what is made of one page only."""
        if self.explained is not None:
            return "--explain"
        return None if self.view == "record" else "--view"


def extract_files(
    files: list[Path], url: str | None, source: str | None, wanted: ExtractRequest
) -> int:
    """Print what is wanted of each file; the exit status is 1 if one is no article.

    Raises:
        UsageError: no file, one that can't be read, a bad URL, an unknown source, or an output
            that can't be written.
    """
    if not files:
        raise UsageError("extract: a FILE or --manifest is needed")
    one = "--url" if url is not None else wanted.of_one
    if one is not None and len(files) > 1:
        raise UsageError(f"extract: {one} goes with one FILE")
    options = options_from_environment()
    failed = 0
    with output.opened(wanted.output) as out:
        for path in files:
            named = "file:///dev/stdin" if str(path) == _STDIN else path.absolute().as_uri()
            page = _page(path, url or named, None, check=url is not None)
            profile = _profile(options, source, page.url)
            if wanted.explained is not None:
                explanation = explain(page, profile)
                result, shown_as = explanation.result, _explained(explanation, wanted)
            else:
                result = extract(page, profile)
                shown_as = _viewed(page, result, wanted)
            if isinstance(result, Rejected):
                failed += 1
                print(f"nordcrawl: {path}: no article: {result.reason}", file=sys.stderr)
            out.write(shown_as.encode(errors="replace"))
    return 1 if failed else 0


def _explained(explanation: Explanation, wanted: ExtractRequest) -> str:
    if wanted.explained == "json":
        return listing.as_json_line(explanation, pretty=wanted.pretty)
    if wanted.explained == "html":
        return as_html(explanation)
    on_screen = wanted.output is None and sys.stdout.isatty()
    return listing.as_text(explanation, shutil.get_terminal_size().columns if on_screen else None)


def _viewed(page: Page, result: Article | Rejected, wanted: ExtractRequest) -> str:
    """Return the view with a line break at its end; nothing for a page that is no article."""
    if wanted.view == "record":
        record = _record(page, result)
        return json.dumps(record, ensure_ascii=False, indent=2 if wanted.pretty else None) + "\n"
    if isinstance(result, Rejected):
        return ""
    blocks = result.blocks
    match wanted.view:
        case "text":
            return views.text(blocks) + "\n"
        case "markdown":
            return views.markdown(blocks, title=result.title)
        case "full":
            images, language = result.images, result.language
            return views.full(blocks, title=result.title, images=images, language=language) + "\n"
        case _:
            lines = (json.dumps(block.to_json(), ensure_ascii=False) for block in blocks)
            return "".join(f"{line}\n" for line in lines)


def extract_manifest(manifest: Path, source: str | None) -> int:
    """Print a prediction for each line of a manifest, in its order, on all cores.

    A page that fails gives a line with ``id`` and ``error``, and the rest goes on.

    Raises:
        UsageError: the manifest can't be read, or a line of it is no task; the text names it.
    """
    options = options_from_environment()
    tasks = list(_tasks(manifest))
    workers = Workers(
        options.workers,
        timeout_s=options.page_timeout_s,
        memory_bytes=options.worker_memory_bytes,
        preload=("nordcrawl.extract.warmed",),
    )
    profiles = [_profile(options, source, task.url) for task in tasks]
    try:
        asyncio.run(_print_predictions(workers, tasks, profiles))
    finally:
        workers.close()
    return 0


async def _print_predictions(
    workers: Workers, tasks: Sequence[Task], profiles: Sequence[Profile]
) -> None:
    calls = [
        asyncio.ensure_future(workers.call(_predict, task, profile))
        for task, profile in zip(tasks, profiles, strict=True)
    ]
    for task, call in zip(tasks, calls, strict=True):
        try:
            line = await call
        except WorkFailed as error:
            line = {"id": task.page_id, "error": str(error)}
        print(json.dumps(line, ensure_ascii=False), flush=True)


def _tasks(manifest: Path) -> Iterator[Task]:
    try:
        text = manifest.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{manifest}: can't be read: {why}") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
            path = Path(values["html"])
            yield Task(
                page_id=str(values["id"]),
                url=str(values["url"]),
                path=path if path.is_absolute() else _beside(manifest, path),
                charset=values.get("charset"),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{manifest}, line {number}: id, url and html are needed "
                f"({type(error).__name__}: {shown(str(error))})"
            ) from error


def _beside(manifest: Path, path: Path) -> Path:
    """Return a relative path as seen from the manifest, else from the working folder."""
    beside = manifest.parent / path
    return beside if beside.exists() else path


def _predict(task: Task, profile: Profile) -> dict[str, Any]:
    try:
        page = _page(task.path, task.url, task.charset, check=False)
    except UsageError as error:
        return {"id": task.page_id, "error": str(error)}
    result = extract(page, profile)
    if isinstance(result, Rejected):
        return {"id": task.page_id, "error": result.reason}
    return prediction(task.page_id, result)


def _page(path: Path, url: str, charset: str | None, *, check: bool) -> Page:
    try:
        body = sys.stdin.buffer.read() if str(path) == _STDIN else path.read_bytes()
        if body[:2] == b"\x1f\x8b":
            body = _gunzip(body)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        if re.match(r"https?:/", str(path)):
            why = "a saved page is needed, e.g. curl -s URL | nordcrawl extract --url URL -"
        raise UsageError(f"{path}: can't be read: {why}") from error
    if check:
        try:
            canonicalize(url)
        except ValueError as error:
            raise UsageError(f"--url: {error}") from error
    kind = "text/html" if charset is None else f"text/html; charset={charset}"
    # When a saved page was fetched is not known; no date on it can lie after now.
    now = datetime.now(UTC)
    return Page(url=url, body=body, fetched_at=now, headers=(("content-type", kind),))


def _gunzip(body: bytes) -> bytes:
    stream = zlib.decompressobj(wbits=31)
    out = stream.decompress(body, _MAX_BYTES)
    if stream.unconsumed_tail:
        raise EOFError(f"more than {_MAX_BYTES} bytes when unpacked")
    if not stream.eof:
        raise gzip.BadGzipFile("cut short")
    return out


def _profile(options: Options, source: str | None, url: str) -> Profile:
    """Return the named source's profile, else that of the source whose host the URL is on."""
    sources = options.sources()
    if source is not None:
        if source not in sources:
            raise UsageError(f"no source {source!r}: there are {', '.join(sources)}")
        return sources[source].profile
    try:
        host = host_of(canonicalize(url))
    except ValueError:
        return Profile()
    return next((s.profile for s in sources.values() if host in s.all_hosts), Profile())


def _record(page: Page, result: Article | Rejected) -> dict[str, Any]:
    if isinstance(result, Rejected):
        return {"url": page.url, "error": result.reason}
    return {
        "url": page.url,
        "canonical_url": result.canonical_url,
        "cms_id": result.cms_id,
        **article_json(result),
        "text_sha256": result.text_sha256,
        "rights": dict(result.rights),
        "provenance": provenance_json(result),
        "extractor": extractor_json(result.extractor),
    }
