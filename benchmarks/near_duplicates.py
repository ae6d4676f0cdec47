"""Near duplicates: precision and recall of `nordcrawl.model.signature` on real texts, edited on
purpose.

TRUTH is a folder as `benchmarks/quality.py` reads it. Positive pairs are its texts with edits of
known strength; negative pairs are its texts with each other, and one story in many languages.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

from nordcrawl.model import signature

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
Edit = Callable[[list[str], random.Random, list[str]], list[str]]


def change_words(share: float) -> Edit:
    def edit(paragraphs: list[str], rng: random.Random, other: list[str]) -> list[str]:
        pool = " ".join(other).split()
        return [
            " ".join(rng.choice(pool) if rng.random() < share else w for w in p.split())
            for p in paragraphs
        ]

    return edit


def add(count: int) -> Edit:
    def edit(paragraphs: list[str], rng: random.Random, other: list[str]) -> list[str]:
        at = rng.randrange(len(paragraphs) + 1)
        return [*paragraphs[:at], *other[:count], *paragraphs[at:]]

    return edit


def cut(share: float) -> Edit:
    def edit(paragraphs: list[str], rng: random.Random, other: list[str]) -> list[str]:
        words = "\n".join(paragraphs).split(" ")
        return " ".join(words[: max(1, int(len(words) * share))]).split("\n")

    return edit


def headline(paragraphs: list[str], rng: random.Random, other: list[str]) -> list[str]:
    return [" ".join(other[0].split()[:12]), *paragraphs[1:]]


def shuffled(paragraphs: list[str], rng: random.Random, other: list[str]) -> list[str]:
    return rng.sample(paragraphs, len(paragraphs))


EDITS: dict[str, Edit] = {
    **{f"{s:.0%} of the words changed": change_words(s) for s in (0.01, 0.05, 0.1, 0.2)},
    **{f"{count} paragraphs added": add(count) for count in (1, 2, 4)},
    **{f"cut to {share:.0%}": cut(share) for share in (0.9, 0.75, 0.5, 0.3)},
    "another first paragraph": headline,
    "paragraphs in another order": shuffled,
}


def texts(truth: Path) -> list[tuple[str, list[str]]]:
    found = []
    for line in (truth / "truth.jsonl").open(encoding="utf-8"):
        page = json.loads(line)
        paragraphs = [b["text"] for b in page.get("body") or () if b.get("text")]
        if signature.signature("\n".join(paragraphs)):
            found.append((page["site"], paragraphs))
    return found


def translations() -> Iterator[str]:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.support import stories_in_ten_languages as stories

    for tale in next(v for v in vars(stories).values() if isinstance(v, (list, tuple)) and v):
        told = [v for v in vars(tale).values() if isinstance(v, str)]
        yield "\n".join([*told, *tale.opening, *tale.middle.split("\n"), *tale.points])


def measure(truth: Path) -> str:
    rng = random.Random(1)
    pages = texts(truth)
    signed = [str(signature.signature("\n".join(p))) for _, p in pages]
    scores: dict[str, list[float]] = {}
    found_by_band: dict[str, list[bool]] = {}
    for name, edit in EDITS.items():
        for n, (_, paragraphs) in enumerate(pages):
            edited = signature.signature(
                "\n".join(edit(paragraphs, rng, pages[(n * 7 + 1) % len(pages)][1]))
            )
            if edited is None:
                continue
            scores.setdefault(name, []).append(signature.similarity(signed[n], edited))
            shared = set(signature.bands(signed[n])) & set(signature.bands(edited))
            found_by_band.setdefault(name, []).append(bool(shared))
    others: dict[str, list[float]] = {"same site": [], "other site": []}
    alike = []
    for a, b in combinations(range(len(pages)), 2):
        score = signature.similarity(signed[a], signed[b])
        others["same site" if pages[a][0] == pages[b][0] else "other site"].append(score)
        if score >= 0.2:
            alike.append((score, pages[a][1][0][:60], pages[b][1][0][:60]))
    sketches = [s for s in map(signature.signature, translations()) if s]
    others["one story in two languages"] = [
        signature.similarity(a, b) for a, b in combinations(sketches, 2)
    ]
    lines = [
        f"| pairs | count | {' | '.join(f'>= {t}' for t in THRESHOLDS)} | a band in common |",
        f"| --- | ---: |{' ---: |' * (len(THRESHOLDS) + 1)}",
    ]
    for name, values in scores.items():
        shares = [sum(v >= t for v in values) / len(values) for t in THRESHOLDS]
        band = statistics.mean(found_by_band[name])
        told = " | ".join(f"{share:.3f}" for share in (*shares, band))
        lines.append(f"| {name} | {len(values)} | {told} |")
    for name, values in others.items():
        counts = " | ".join(str(sum(v >= t for v in values)) for t in THRESHOLDS)
        lines.append(f"| {name} (how many) | {len(values)} | {counts} | |")
    kept = [v for name, values in scores.items() for v in values]
    wrong = [v for values in others.values() for v in values]
    precise = []
    for t in THRESHOLDS:
        right = sum(v >= t for v in kept)
        precise.append(right / (right + sum(v >= t for v in wrong)))
    lines.append(f"| precision over all | | {' | '.join(f'{p:.4f}' for p in precise)} | |")
    lines += ["", *_cost(pages)]
    for score, one, other in sorted(alike, reverse=True)[:10]:
        print(f"alike {score:.2f}: {one!r} {other!r}", file=sys.stderr)
    return "\n".join(lines)


def _cost(pages: list[tuple[str, list[str]]]) -> list[str]:
    joined = ["\n".join(p) for _, p in pages]
    words = sum(len(text.split()) for text in joined)
    began = time.process_time()
    for text in joined:
        signature.signature(text)
    each = (time.process_time() - began) / words * 800 * 1000
    rng = random.Random(2)
    pool = sorted({w for text in joined for w in text.split()})
    with tempfile.TemporaryDirectory() as folder:
        db = sqlite3.connect(Path(folder) / "index.sqlite")
        db.execute("CREATE TABLE band(band, id, PRIMARY KEY(band, id)) WITHOUT ROWID")
        sample = [str(signature.signature(" ".join(rng.choices(pool, k=300)))) for _ in range(2000)]
        rows = [
            (band ^ (copy * 7919 & 0xFFFFFFFF), copy * 2000 + n)
            for copy in range(50)
            for n, sketch in enumerate(sample)
            for band in signature.bands(sketch)
        ]
        db.executemany("INSERT OR IGNORE INTO band VALUES (?, ?)", rows)
        db.commit()
        began = time.process_time()
        for sketch in sample[:500]:
            for band in signature.bands(sketch):
                db.execute("SELECT id FROM band WHERE band = ? LIMIT 50", (band,)).fetchall()
        look_up = (time.process_time() - began) / 500 * 1000
        size = (Path(folder) / "index.sqlite").stat().st_size / 100_000
        db.close()
    return [
        f"A signature of 800 words takes {each:.2f} ms of CPU, a look-up among 100,000 articles "
        f"{look_up:.2f} ms; the index has {size:.0f} bytes an article on the disk.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path, nargs="?")
    parser.add_argument("--markdown", type=Path, help="write the table between its markers there")
    options = parser.parse_args()
    if options.truth is None or not (options.truth / "truth.jsonl").exists():
        print("near duplicates: skipped: no folder with truth.jsonl was given (TRUTH=...)")
        return
    table = measure(options.truth)
    print(table)
    if options.markdown:
        text = options.markdown.read_text(encoding="utf-8")
        marked = re.compile(r"(<!-- figures -->\n).*(<!-- end -->)", re.DOTALL)
        options.markdown.write_text(
            marked.sub(lambda m: f"{m[1]}{table}\n{m[2]}", text), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
