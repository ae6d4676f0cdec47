"""Divide an archive into train, validation and test, the same way whoever does it and whenever.

    python splits.py ARCHIVE

What belongs together is on one side: all revisions of an article, its translations, and its near
duplicates, else the test set has been seen in training. The side is told by a digest of the least
id of these, so an article changes sides only where a later one with a lesser id joins it.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterable

from nordcrawl import Archive
from nordcrawl.api import ArticleRecord


def split(records: Iterable[ArticleRecord]) -> dict[str, str]:
    """Return ``{article_id: train, validation or test}``: four fifths, a tenth, a tenth."""
    before: dict[str, str] = {}

    def least(article_id: str) -> str:
        while (other := before.setdefault(article_id, article_id)) != article_id:
            article_id = other
        return article_id

    own = []
    for record in records:
        own.append(record["article_id"])
        likeness = record.get("near_duplicate_of")
        others = [likeness["article_id"]] if likeness else []
        others += [one.get("article_id") or own[-1] for one in record["translations"]]
        for other in others:
            first, second = sorted((least(own[-1]), least(other)))
            before[second] = first
    return {article_id: _side(least(article_id)) for article_id in own}


def _side(group: str) -> str:
    place = int(hashlib.sha256(group.encode()).hexdigest(), 16) % 100
    return "train" if place < 80 else "validation" if place < 90 else "test"


if __name__ == "__main__":
    sides = split(Archive(sys.argv[1]).articles())
    for side, count in sorted(Counter(sides.values()).items()):
        print(f"{side}\t{count}")
