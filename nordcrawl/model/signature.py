"""Near: signatures of texts, by which nearly equal ones are found. Pure, and the same for ever.

A text's set of shingles (three words in a row, folded) is sketched by one-permutation MinHash:
every shingle falls into one of `BINS` bins by its hash, and each bin keeps its least value. The
share of bins in which two sketches agree estimates the Jaccard similarity of the sets, with a
standard error of at most .05. Sketches that agree in all bins of some band are candidates; two
texts at `THRESHOLD` share a band with probability 1 - (1 - .4 ** 2) ** 24 = .985.

Sources: A. Broder, On the resemblance and containment of documents, 1997 (shingles, MinHash);
P. Li, A. Owen, C.-H. Zhang, One permutation hashing, NIPS 2012 (bins, and the estimate over those
that are not empty in both); A. Shrivastava, P. Li, Densifying one permutation hashing, ICML 2014
(empty bins of a band take the value of the next one). What the figures are on real news, and why
this threshold: docs/near-duplicates.md. No library, because what does this (datasketch) brings
SciPy along for a dozen lines.
"""

from __future__ import annotations

import base64
import struct
import zlib
from functools import lru_cache
from operator import eq
from typing import Final

from nordcrawl.model.article import normalize

#: Similarity from which an article is marked as nearly the same as another one.
THRESHOLD: Final = 0.4
#: From which it may be the very same at a new address, if title and day agree too.
SAME_STORY: Final = 0.5
#: Words below which a text says too little.
MIN_WORDS: Final = 30

_VERSION: Final = "m1:"
_SHINGLE: Final = 3
BINS: Final = 96
BANDS: Final = 24
_ROWS: Final = 2
#: What stands in a bin into which no shingle fell.
EMPTY: Final = 0xFFFF
_MASK: Final = (1 << 64) - 1
#: Odd 64-bit constants of splitmix64 (S. Vigna) and of the golden ratio; any would do, for ever.
_A, _B, _C = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
#: A script that parts no words has "words" longer than this; its characters are taken instead.
_LONG_WORD: Final = 20


def signature(text: str) -> str | None:
    """Return a text's sketch, some 240 characters of ASCII; None of a text that is too short.

    >>> signature("too short") is None
    True
    """
    words = normalize(text).casefold().split()
    if sum(map(len, words)) > _LONG_WORD * max(len(words), 1):
        words = list("".join(words))
    if len(words) < MIN_WORDS:
        return None
    hashed: dict[str, int] = {}
    for word in words:
        if word not in hashed:
            hashed[word] = zlib.crc32(word.encode(errors="replace"))
    codes = [hashed[word] for word in words]
    least = [EMPTY] * BINS
    shingles = {
        (a * _A + b * _B + c * _C) & _MASK
        for a, b, c in zip(codes, codes[1:], codes[2:], strict=False)
    }
    for shingle in shingles:
        mixed = ((shingle ^ (shingle >> 31)) * _B) & _MASK
        mixed ^= mixed >> 29
        bin_ = mixed % BINS
        value = (mixed >> 40) & 0xFFFF
        if value < least[bin_]:
            least[bin_] = value
    return _VERSION + base64.b85encode(struct.pack(f">{BINS}H", *least)).decode()


def similarity(one: str, other: str) -> float:
    """Return the estimated Jaccard similarity of two texts by their signatures, 0 to 1.

    Raises:
        ValueError: one is no signature, or of a version that this nordcrawl does not know.
    """
    a, b = bins(one), bins(other)
    # Counted in C, for a text is compared with dozens; few have an empty bin at all.
    empty = len(_empty_bins(one) & _empty_bins(other))
    full = BINS - empty
    return (sum(map(eq, a, b)) - empty) / full if full else 0.0


@lru_cache(maxsize=256)
def bands(text_signature: str) -> tuple[int, ...]:
    """Return the keys of a signature for an index, `BANDS` of them: two texts at `THRESHOLD` share
    one, nearly always.

    Raises:
        ValueError: it is no signature, or of a version that this nordcrawl does not know.
    """
    values = list(bins(text_signature))
    if EMPTY in values:
        for index in range(BINS * 2 - 1, -1, -1):  # twice round, so that the last finds the first
            at = index % BINS
            if values[at] == EMPTY:
                values[at] = values[(at + 1) % BINS]
    return tuple(
        (band << 32) | (values[band * _ROWS] << 16) | values[band * _ROWS + 1]
        for band in range(BANDS)
    )


@lru_cache(maxsize=256)
def _empty_bins(text_signature: str) -> frozenset[int]:
    return frozenset(n for n, value in enumerate(bins(text_signature)) if value == EMPTY)


@lru_cache(maxsize=256)  # one is compared with many
def bins(text_signature: str) -> tuple[int, ...]:
    """Return the least value of each bin of a signature, 16 bits; `EMPTY` of one that has none.

    Raises:
        ValueError: it is no signature, or of a version that this nordcrawl does not know.
    """
    if not text_signature.startswith(_VERSION):
        raise ValueError(f"no signature of a version that is known: {text_signature[:10]!r}")
    try:
        return struct.unpack(f">{BINS}H", base64.b85decode(text_signature[len(_VERSION) :]))
    except struct.error as error:
        raise ValueError(f"no whole signature: {error}") from error
