"""Whole pages with their truth, all of our own writing: what is right today stays right.

Each page is a file NAME.html with NAME.json beside it: url, profile (where it isn't the default),
title, language, published, authors, tags, and every block with its kind; where a page is about
them, also modified, paywalled, and images as pairs of address and caption. Shapes are those of
pages seen in the wild, texts and names are made up.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

FOLDER = Path(__file__).parent / "golden"
NAMES = sorted(file.stem for file in FOLDER.glob("*.html"))
#: Pages that are no article: their truth is a url and the reason, as `rejected`.
REFUSED = frozenset(name for name in NAMES if name.startswith("generic-no-text"))
FIELDS = ("title", "language", "published", "authors", "tags")
#: What only some truths tell.
SOMETIMES = ("modified", "paywalled", "images")
#: Pages that are not all right yet, and why. One that becomes right must leave the list.
KNOWN: dict[str, str] = {}
#: What the set as a whole reaches; a figure below is a regression wherever it comes from.
FLOORS = {"text_f1": 0.99, "exact": 0.9, "kinds": 0.98, **dict.fromkeys(FIELDS, 0.97)}


@cache
def truth(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


@cache
def read(name: str) -> dict[str, Any]:
    """Return what extraction makes of a page, in the truth's form."""
    told = truth(name)
    body = (FOLDER / f"{name}.html").read_bytes()
    page = Page(told["url"], body, datetime(2026, 7, 1, tzinfo=UTC))
    article = extract(page, Profile(**told.get("profile", {})))
    if not isinstance(article, Article):
        return {"blocks": [], "rejected": article.reason}
    blocks = [block.to_json() for block in article.blocks]
    return {
        "title": article.title,
        "language": article.language,
        "published": article.published_at.isoformat() if article.published_at else None,
        "authors": list(article.authors),
        "tags": list(article.tags),
        "modified": article.modified_at.isoformat() if article.modified_at else None,
        "paywalled": article.paywalled,
        "images": [[image.url, image.caption] for image in article.images],
        "blocks": [{k: v for k, v in block.items() if k != "level"} for block in blocks],
    }


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_page_that_is_no_article(name: str) -> None:
    assert read(name).get("rejected") == truth(name)["rejected"]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in REFUSED])
def test_page(name: str, request: pytest.FixtureRequest) -> None:
    if name in KNOWN:
        request.applymarker(pytest.mark.xfail(strict=True, reason=KNOWN[name]))
    want = {key: truth(name)[key] for key in (*FIELDS, "blocks")}
    want |= {key: truth(name)[key] for key in SOMETIMES if key in truth(name)}
    got = {key: value for key, value in read(name).items() if key in want or key == "rejected"}
    if got != want:
        lines = difflib.unified_diff(_lines(want), _lines(got), "truth", "extracted", "", "", 0, "")
        pytest.fail(f"golden/{name}.html\n" + "\n".join(lines), pytrace=False)


def _lines(told: dict[str, Any]) -> list[str]:
    fields = [f"{key}: {value}" for key, value in told.items() if key != "blocks"]
    return [*fields, *(json.dumps(block, ensure_ascii=False) for block in told["blocks"])]


def test_figures_of_the_whole_set() -> None:
    scores = [score(truth(name), read(name)) for name in NAMES if name not in REFUSED]
    figures = {key: fmean(page[key] for page in scores) for key in FLOORS}
    low = {key: round(value, 4) for key, value in figures.items() if value < FLOORS[key]}
    assert not low, f"below {FLOORS}"


def score(want: dict[str, Any], got: dict[str, Any]) -> dict[str, float]:
    true, found = _text(want["blocks"]), _text(got["blocks"])
    blocks = [(b["kind"], b["text"]) for b in want["blocks"]]
    same = sum((Counter(blocks) & Counter((b["kind"], b["text"]) for b in got["blocks"])).values())
    fields = {name: float(want[name] == got.get(name)) for name in FIELDS}
    return {
        "text_f1": overlap(true, found),
        "exact": float(re.findall(r"\w+", true) == re.findall(r"\w+", found)),
        "kinds": 2 * same / (len(blocks) + len(got["blocks"])),
        **fields,
    }


def _text(blocks: list[dict[str, Any]]) -> str:
    return "\n".join(block["text"] for block in blocks if block["kind"] != "caption")


def overlap(true: str, found: str) -> float:
    """Return the F1 of stretches of four words, as article-extraction-benchmark counts them."""
    want, got = shingles(true), shingles(found)
    both = sum((want & got).values())
    return 2 * both / max(1, sum(want.values()) + sum(got.values()))


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3)))


def test_known_pages_exist() -> None:
    assert set(KNOWN) <= set(NAMES)
