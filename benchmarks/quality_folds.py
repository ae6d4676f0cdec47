"""Score extraction on folds of a folder by site, and tell what each sign of the body gains.

Pages of one site are in one fold, told by a digest of the site's name alone, so that the same page
is in the same fold on every machine. Whoever tunes looks at nine folds and leaves the tenth for
the end: what gains on the nine and not on the tenth was learned by heart.

With ``--unknown`` classes, ids and the like say nothing any more, as on a site that nothing was
made for. With ``--signs`` each sign of ``nordcrawl.extract.body.rules.RULES`` is taken away in
turn. A page is read again only where some decision would fall otherwise, which the weights tell.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree, html
from lxml.html import HtmlElement

from nordcrawl.cli.prediction import prediction
from nordcrawl.extract import pipeline, warm_up
from nordcrawl.extract.body import engine, judge, rules
from nordcrawl.model.article import Rejected
from nordcrawl.model.charset import decode
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from nordcrawl.model.url import host_of


def _loaded(name: str, file: Path) -> Any:
    """Return a file of Python as a module, which stands in no package."""
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{file} can't be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


quality = _loaded("quality", Path(__file__).with_name("quality.py"))

FOLDS = 10
HELD = 9
#: A page's figure has changed from this on.
_CHANGED = 0.0005
#: Difference in F1 of a page that is worth a look.
_MUCH = 0.1
#: Attributes beside class and id that tell what an element is for.
_TELLING = frozenset(("role", "itemprop", "itemtype", "itemscope", "aria-label", "rel"))
#: No digit, so that no name reads as a number.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
BEGIN = "<!-- gains: begin (written by make quality-signs) -->"
END = "<!-- gains: end -->"

Scores = Mapping[str, Any]


@dataclass(frozen=True)
class Scored:
    """One page with what it scored."""

    row: Mapping[str, Any]
    fold: int
    scores: Scores


def fold_of(site: str) -> int:
    """Return the fold of a site, 0 to 9, by its name alone.

    >>> fold_of("example.org") == fold_of("EXAMPLE.org"), 0 <= fold_of("a.test") < 10
    (True, True)
    """
    return int(hashlib.sha256(site.casefold().encode()).hexdigest(), 16) % FOLDS


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    folder = options.folder.resolve()
    for needed in ("truth.jsonl", "score.py", "pages"):
        if not (folder / needed).exists():
            print(f"skipped: no {needed} in {folder}; give a folder by TRUTH=...")
            return 0
    scorer = _loaded("score", folder / "score.py")
    warm_up()
    rows = [row for row in quality.rows_of(folder, options.every) if _has_text(row)]
    if options.signs:
        lines = list(signs_table(folder, rows, scorer))
        print("\n".join(lines))
        if options.markdown is not None:
            write_table(options.markdown, lines, len(rows))
        return 0
    for line in folds_table(folder, rows, scorer, options.held, is_unknown=options.unknown):
        print(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="take every Nth page only"
    )
    parser.add_argument("--held", type=int, default=HELD, metavar="FOLD", help="the fold held back")
    parser.add_argument("--unknown", action="store_true", help="replace names of classes and ids")
    parser.add_argument("--signs", action="store_true", help="take each sign away in turn")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the signs into this file too"
    )
    return parser


def _has_text(row: Mapping[str, Any]) -> bool:
    return bool(row.get("body") or row.get("must_have") or row.get("must_not_have"))


# --- folds -----------------------------------------------------------------------------------


def folds_table(
    folder: Path,
    rows: Sequence[Mapping[str, Any]],
    scorer: Any,
    held: int,
    *,
    is_unknown: bool = False,
) -> Iterator[str]:
    """Yield the table's lines: one a fold, the gap between the nine and the held one, and the pages
    on which the two differ by much."""
    found: dict[str, list[Scored]] = {"nordcrawl": [], "trafilatura": []}
    for row in rows:
        body = quality.body_of(folder, row)
        if is_unknown:
            body, row = unnamed(quality.page_of(row, body)), {**row, "charset": "utf-8"}
        for name, read in (("nordcrawl", quality.ours), ("trafilatura", quality.plain)):
            scores = scorer.score_page(row, read(row, body))
            found[name].append(Scored(row, fold_of(row["site"]), scores))
    names = ("fold", "pages", "text F1", "plain", "lead", "exact", "segments")
    yield "{:<8}{:>6}  {:>8} {:>8} {:>8} {:>7} {:>9}".format(*names)
    parts = [(str(n), [n]) for n in range(FOLDS)]
    nine = [n for n in range(FOLDS) if n != held]
    figures: dict[str, tuple[float, float]] = {}
    for name, folds in [*parts, ("nine", nine), ("held", [held])]:
        mine, theirs = (
            scorer.summarize([one.scores for one in found[who] if one.fold in folds])
            for who in ("nordcrawl", "trafilatura")
        )
        pages = sum(one.fold in folds for one in found["nordcrawl"])
        f1, plain_f1 = mine.get("text_f1", 0.0), theirs.get("text_f1", 0.0)
        figures[name] = f1, f1 - plain_f1
        yield (
            f"{name:<8}{pages:>6}  {f1:>8.4f} {plain_f1:>8.4f} {f1 - plain_f1:>+8.4f}"
            f" {mine.get('exact', 0.0):>7.3f} {mine.get('segments_f1', 0.0):>9.4f}"
        )
    gap = figures["nine"][0] - figures["held"][0]
    lead = figures["nine"][1] - figures["held"][1]
    pairs = zip(found["nordcrawl"], found["trafilatura"], strict=True)
    leads = [
        _figure(scorer, mine.scores) - _figure(scorer, theirs.scores) for mine, theirs in pairs
    ]
    better, worse = (sum(sign * lead > _MUCH for lead in leads) for sign in (1, -1))
    yield f"by more than {_MUCH}: better {better}, worse {worse} of {len(leads)} pages"
    recalls = [
        scorer.summarize([one.scores for one in found[who]]).get("text_r", 0.0)
        for who in ("nordcrawl", "trafilatura")
    ]
    yield f"recall: {recalls[0]:.4f}, plain {recalls[1]:.4f}"
    yield f"gap between the nine folds and fold {held}: text F1 {gap:+.4f}, lead {lead:+.4f}"


def unnamed(page: Page) -> bytes:
    """Return a page in UTF-8 whose names for elements say nothing: classes and ids are digests,
    roles, microdata and what scripts go by are gone."""
    root = html.document_fromstring(
        decode(page.body, page.header("content-type")).encode("utf-8", "replace"),
        parser=html.HTMLParser(encoding="utf-8"),
    )
    for element in root.iter(etree.Element):
        for name, value in element.items():
            if name in ("class", "id"):
                element.set(name, " ".join(map(_digest, value.split())))
            elif name in _TELLING or name.startswith("data-"):
                del element.attrib[name]
    return etree.tostring(root, method="html", encoding="utf-8", doctype="<!doctype html>")


def _digest(name: str) -> str:
    digits = hashlib.sha256(name.encode()).hexdigest()[:8]
    return "k" + digits.translate(_LETTERS)


# --- signs -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """What came of a page, and the signs on its lines."""

    scores: Scores
    signs: tuple[rules.Evidence, ...]


def signs_table(folder: Path, rows: Sequence[Mapping[str, Any]], scorer: Any) -> Iterator[str]:
    """Yield a Markdown table: for each sign the pages that it decides on, and what it does."""
    pages = {row["id"]: _read(folder, row, scorer) for row in rows}
    sorts = {rule.name: rule.sort for rule in rules.RULES}
    base = scorer.summarize([page.scores for page in pages.values()])
    yield "| sign | pages | better | worse | text F1, nine folds | text F1, the tenth | segments |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for rule in rules.RULES:
        decided = [row for row in rows if _turns(pages[row["id"]].signs, rule.name, sorts)]
        with _without(rule.name):
            other = {row["id"]: _read(folder, row, scorer) for row in decided}
        changes = [
            _figure(scorer, pages[key].scores) - _figure(scorer, page.scores)
            for key, page in other.items()
        ]
        without = {key: other.get(key, page).scores for key, page in pages.items()}
        gains = [
            _f1(
                scorer, [r for r in rows if (fold_of(r["site"]) == HELD) is is_held], pages, without
            )
            for is_held in (False, True)
        ]
        segments = base.get("segments_f1", 0.0) - scorer.summarize(list(without.values())).get(
            "segments_f1", 0.0
        )
        better = sum(change > _CHANGED for change in changes)
        worse = sum(change < -_CHANGED for change in changes)
        yield (
            f"| `{rule.name}` | {len(decided)} | {better} | {worse} | {gains[0]:+.4f} |"
            f" {gains[1]:+.4f} | {segments:+.4f} |"
        )


def _f1(
    scorer: Any,
    rows: Iterable[Mapping[str, Any]],
    pages: Mapping[str, Read],
    without: Mapping[str, Scores],
) -> float:
    keys = [row["id"] for row in rows]
    before = scorer.summarize([pages[key].scores for key in keys]).get("text_f1", 0.0)
    after = scorer.summarize([without[key] for key in keys]).get("text_f1", 0.0)
    return float(before - after)


def _figure(scorer: Any, scores: Scores) -> float:
    """Return one figure of a page: the F1 of its text, or of the pieces that are known of it."""
    if "shingle" in scores:
        return float(scorer.prf(*scores["shingle"])[2])
    return float(scorer.prf(*scores["segments"])[2]) if "segments" in scores else 0.0


_lines: dict[tuple[str, int, bool, bool, bool], list[str]] = {}
_engine = engine._run


@contextmanager
def _remembered(row: Mapping[str, Any]) -> Iterator[None]:
    """Have the engine asked once of each page: it knows nothing of signs, and costs the most."""

    def run(
        root: HtmlElement, precision: bool, fast: bool = False, *, comments: bool = False
    ) -> list[str]:
        key = (str(row["id"]), sum(1 for _ in root.iter()), precision, fast, comments)
        if key not in _lines:
            _lines[key] = _engine(root, precision, fast, comments=comments)
        return _lines[key]

    engine._run = run
    try:
        yield
    finally:
        engine._run = _engine


def _read(folder: Path, row: Mapping[str, Any], scorer: Any) -> Read:
    page = quality.page_of(row, quality.body_of(folder, row))
    root = pipeline.tree_of(page)
    if isinstance(root, Rejected):
        return Read(scorer.score_page(row, {"id": row["id"]}), ())
    with _remembered(row):
        found = pipeline.find(root, page, quality.profiles().get(host_of(page.url), Profile()))
    if isinstance(found.result, Rejected):
        return Read(scorer.score_page(row, {"id": row["id"]}), ())
    told = found.choice.signs if found.choice is not None else ()
    return Read(
        scorer.score_page(row, prediction(row["id"], found.result)),
        tuple(evidence for _, evidence in told),
    )


def _turns(signs: Iterable[rules.Evidence], name: str, sorts: Mapping[str, str]) -> bool:
    """Return whether a decision about some line falls otherwise without a sign."""
    for evidence in signs:
        if any(sign == name for sign, _ in evidence):
            whole = [(sign, sorts.get(sign, "place"), weight) for sign, weight in evidence]
            rest = [sign for sign in whole if sign[0] != name]
            if judge.is_against(whole) != judge.is_against(rest):
                return True
    return False


@contextmanager
def _without(name: str) -> Iterator[None]:
    kept = rules.RULES
    rules.RULES = tuple(rule for rule in kept if rule.name != name)
    try:
        yield
    finally:
        rules.RULES = kept


def write_table(document: Path, lines: Sequence[str], pages: int) -> None:
    """Put the table of gains between its two marks of a Markdown file; the rest of it stays."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{document}: there are no lines {BEGIN!r} and {END!r} in it")
    told = f"Measured on {datetime.now(UTC):%Y-%m-%d} on {pages} pages, as gained by the sign."
    table = "\n".join(lines)
    document.write_text(f"{before}{BEGIN}\n\n{told}\n\n{table}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
