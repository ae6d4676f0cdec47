"""Score extraction on a folder of pages with known answers, beside plain trafilatura.

The folder holds ``truth.jsonl`` (id, url, charset, ...), ``pages/<id>.html.gz`` and a ``score.py``
that takes truth and predictions; its own README says what the figures mean. Nothing is fetched.

All contenders read the same pages in one process, page by page in turn, so that whatever else the
machine does falls on all alike; who goes first changes from page to page. Time is that of the
CPU, in this process, from the page's bytes to the finished values.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import trafilatura
from trafilatura.settings import Document

import nordcrawl
from nordcrawl.cli.environment import options_from_environment
from nordcrawl.cli.prediction import prediction
from nordcrawl.extract import extract, warm_up
from nordcrawl.model.article import Rejected
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from nordcrawl.model.url import host_of

Truth = Mapping[str, Any]
Prediction = dict[str, Any]

#: (key in the scorer's summary, what it is).
FIGURES = (
    ("text_f1", "text F1"),
    ("exact", "exact body"),
    ("para_f1", "paragraph F1"),
    ("segments_f1", "segments F1"),
    ("language", "language"),
    ("title", "title"),
    ("authors", "authors"),
    ("day", "day"),
    ("instant", "minute"),
    ("tags", "tags"),
    ("captions_f1", "captions"),
    ("image", "image"),
)
#: The source whose pages are news of today and have all fields known.
NEWS = "fundus"
WORST = 20
BEGIN = "<!-- figures: begin (written by make quality-docs) -->"
END = "<!-- figures: end -->"
_WORST_LINE = re.compile(r"^[01]\.\d{3} \S+ ", re.MULTILINE)


@dataclass(frozen=True)
class Contender:
    """One way to read a page."""

    name: str
    read: Callable[[Truth, bytes], Prediction]


@dataclass(frozen=True)
class Result:
    """What one contender reached."""

    name: str
    summary: Mapping[str, Mapping[str, float]]
    """Of the scorer: figures by source, and of ``ALL``."""
    ms: Sequence[float]
    """CPU milliseconds of each page."""
    worst: Sequence[str]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    folder = options.folder.resolve()
    for needed in ("truth.jsonl", "score.py", "pages"):
        if not (folder / needed).exists():
            print(f"skipped: no {needed} in {folder}; give a folder by TRUTH=...")
            return 0
    contenders = (
        Contender("nordcrawl", ours),
        Contender("trafilatura", plain),
        Contender("trafilatura, precision", precise),
    )
    results = measure(folder, contenders, options.every)
    for line in table(results):
        print(line)
    print(f"\nworst pages of {results[0].name}: text F1, id, language, address")
    for line in results[0].worst:
        print(f"  {line}")
    if options.markdown is not None:
        write_figures(options.markdown, results, len(results[0].ms))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="write the table into this file too, between its two marks",
    )
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="take every Nth page only, for a look"
    )
    return parser


# --- the contenders --------------------------------------------------------------------------


@lru_cache(maxsize=1)
def profiles() -> Mapping[str, Profile]:
    """Return what nordcrawl knows of the sites that it has a source for, by host."""
    sources = options_from_environment().sources().values()
    return {host: source.profile for source in sources for host in source.all_hosts}


def page_of(truth: Truth, body: bytes) -> Page:
    """Return a page as a crawl would have it."""
    charset = truth.get("charset")
    kind = f"text/html; charset={charset}" if charset else "text/html"
    return Page(truth["url"], body, datetime.now(UTC), headers=(("content-type", kind),))


def ours(truth: Truth, body: bytes) -> Prediction:
    page = page_of(truth, body)
    found = extract(page, profiles().get(host_of(page.url), Profile()))
    if isinstance(found, Rejected):
        return {"id": truth["id"], "error": found.reason}
    return prediction(truth["id"], found)


def plain(truth: Truth, body: bytes) -> Prediction:
    """Return what trafilatura finds by itself, as its users would ask for it."""
    return _trafilatura(truth, body)


def precise(truth: Truth, body: bytes) -> Prediction:
    """Return what trafilatura finds when told to be careful."""
    return _trafilatura(truth, body, favor_precision=True)


def _trafilatura(truth: Truth, body: bytes, **options: Any) -> Prediction:
    charset = truth.get("charset")
    text = body.decode(charset, "replace") if charset else body
    found = trafilatura.bare_extraction(text, url=truth["url"], with_metadata=True, **options)
    if found is None:
        return {"id": truth["id"]}
    assert isinstance(found, Document)
    values = found.as_dict()
    return {
        "id": truth["id"],
        "text": values["text"],
        "title": values["title"],
        "authors": [name for name in (values["author"] or "").split("; ") if name],
        "published": values["date"],
        "description": values["description"],
        "tags": values["tags"],
        "sections": values["categories"],
        "language": values["language"],
        "image": values["image"],
    }


# --- the run ---------------------------------------------------------------------------------


def rows_of(folder: Path, every: int = 1) -> list[Truth]:
    """Return every Nth row of a folder's truth."""
    lines = (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()][::every]


def measure(folder: Path, contenders: Sequence[Contender], every: int = 1) -> list[Result]:
    """Return the results of the contenders on every Nth page, in their order."""
    warm_up()
    rows = rows_of(folder, every)
    found: dict[str, list[Prediction]] = {one.name: [] for one in contenders}
    ms: dict[str, list[float]] = {one.name: [] for one in contenders}
    for contender in contenders:  # what is loaded and compiled once is not the first page's
        contender.read(rows[0], body_of(folder, rows[0]))
    for number, row in enumerate(rows):
        body = body_of(folder, row)
        first = number % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            begun = time.process_time()
            read = contender.read(row, body)
            ms[contender.name].append(1000 * (time.process_time() - begun))
            found[contender.name].append(read)
        if number % 50 == 49 and sys.stderr.isatty():
            print(f"\r{number + 1} of {len(rows)} pages", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    results = []
    for contender in contenders:
        summary, worst = score(folder, found[contender.name])
        results.append(Result(contender.name, summary, ms[contender.name], worst))
    return results


def body_of(folder: Path, row: Truth) -> bytes:
    """Return a page's bytes as it was served."""
    return gzip.decompress((folder / "pages" / f"{row['id']}.html.gz").read_bytes())


def score(
    folder: Path, predictions: Iterable[Prediction]
) -> tuple[Mapping[str, Mapping[str, float]], list[str]]:
    """Return (figures by source, lines of the worst pages), by the folder's own scorer."""
    with tempfile.TemporaryDirectory() as scratch:
        told, out = Path(scratch, "predictions.jsonl"), Path(scratch, "summary.json")
        text = "".join(json.dumps(one) + "\n" for one in predictions)
        told.write_text(text, encoding="utf-8")
        command = [sys.executable, str(folder / "score.py"), str(folder / "truth.jsonl")]
        options = ["--by", "source", "--worst", str(WORST), "--json", str(out)]
        done = subprocess.run(
            [*command, str(told), *options], check=True, capture_output=True, text=True
        )
        worst = [line for line in done.stdout.splitlines() if _WORST_LINE.match(line)]
        return json.loads(out.read_text(encoding="utf-8")), worst


# --- the table -------------------------------------------------------------------------------


def rows(results: Sequence[Result]) -> Iterator[tuple[str, list[str]]]:
    """Yield (label, a cell for each contender): all pages, news pages, each source, time."""
    sources = [name for name in results[0].summary if name != "ALL"]
    for group, of in (("ALL", "all"), (NEWS, NEWS)):
        for key, name in FIGURES:
            if any(key in one.summary.get(group, {}) for one in results):
                yield f"{name}, {of}", [_figure(one, group, key) for one in results]
    for source in sources:
        if source != NEWS and any("text_f1" in one.summary[source] for one in results):
            yield f"text F1, {source}", [_figure(one, source, "text_f1") for one in results]
    yield "CPU ms a page, mean", [f"{statistics.fmean(one.ms):.1f}" for one in results]
    yield "CPU ms a page, median", [f"{statistics.median(one.ms):.1f}" for one in results]
    base = statistics.fmean(next(one.ms for one in results if one.name == "trafilatura"))
    yield (
        "CPU beside trafilatura",
        [f"{statistics.fmean(one.ms) / max(base, 1e-9):.2f}" for one in results],
    )


def _figure(result: Result, group: str, key: str) -> str:
    value = result.summary.get(group, {}).get(key)
    return "–" if value is None else f"{value:.4f}"


def table(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of the table for a terminal."""
    yield f"{len(results[0].ms)} pages; {about()}"
    wide = [max(len(one.name), 8) for one in results]
    broad = max(len(label) for label, _ in rows(results))
    names = "  ".join(f"{one.name:>{w}}" for one, w in zip(results, wide, strict=True))
    yield f"{'':<{broad}}  {names}"
    for label, cells in rows(results):
        shown = "  ".join(f"{cell:>{w}}" for cell, w in zip(cells, wide, strict=True))
        yield f"{label:<{broad}}  {shown}"


def about() -> str:
    """Return the versions that the figures are of."""
    return (
        f"nordcrawl {nordcrawl.__version__}, trafilatura {version('trafilatura')}, "
        f"lxml {version('lxml')}, Python {platform.python_version()}"
    )


def write_figures(document: Path, results: Sequence[Result], pages: int) -> None:
    """Put the table between the two marks of a Markdown file; the rest of it stays."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{document}: there are no lines {BEGIN!r} and {END!r} in it")
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {pages} pages: {about()}.",
        "",
        f"| | {' | '.join(one.name for one in results)} |",
        f"|---|{'---:|' * len(results)}",
        *(f"| {label} | {' | '.join(cells)} |" for label, cells in rows(results)),
    ]
    figures = "\n".join(lines)
    document.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
