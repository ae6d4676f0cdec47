"""Signatures of texts: stable for ever, near for what is near, far for what is not."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.model import signature as near

WORDS = [f"{a}{b}" for a in ("havn", "ferje", "råd", "sápmi", "vær") for b in "abcdefghijklmnop"]


def text(seed: int, words: int = 200) -> str:
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) for _ in range(words))


def signed(text: str) -> str:
    signature = near.signature(text)
    assert signature is not None
    return signature


def similarity(one: str, other: str) -> float:
    return near.similarity(signed(one), signed(other))


def test_a_signature_never_changes():
    known = (
        "m1:|NsC09uEKi|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC01||Rh|NsC0|NsC0|NsC0|Ns"
        "C0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|Nppj|NsC0|NsC0s>uK"
        "U|NsC0|NsC0Nt6Hod2Rpy|NsC0|NsC0|NsC0|NsC0|NsC0|NsC0|Nn)Q|NsC0|NnT6|NsC0|NsC0|NsC0"
    )
    assert signed("Elva gikk over sine bredder ved Skarvnes i natt. " * 4) == known


def test_it_is_the_same_in_every_process():
    code = f"from nordcrawl.model import signature as near; print(near.signature({text(1)!r}))"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == signed(text(1))


def test_case_space_and_quote_marks_do_not_count():
    assert similarity(text(1), text(1).upper().replace(" ", "\n  ")) == 1.0


@pytest.mark.parametrize("changed", [1, 4, 10])
def test_edits_keep_texts_near(changed):
    words = text(2).split()
    for at in range(0, len(words), len(words) // changed):
        words[at] = "annet"
    assert similarity(text(2), " ".join(words)) >= near.THRESHOLD
    assert set(near.bands(signed(text(2)))) & set(near.bands(signed(" ".join(words))))


def test_half_of_a_text_is_near_the_whole_and_another_text_is_not():
    assert similarity(text(3), text(3, 100)) == pytest.approx(0.5, abs=0.15)
    assert similarity(text(3), text(4)) < 0.1


def test_short_texts_say_nothing():
    assert near.signature(" ".join(["ord"] * (near.MIN_WORDS - 1))) is None
    assert near.signature("") is None


def test_scripts_without_spaces_are_told_by_their_characters():
    rng = random.Random(5)
    one, other = ("".join(chr(0x4E00 + rng.randrange(2000)) for _ in range(300)) for _ in "ab")
    assert similarity(one, one[:250]) > 0.6
    assert similarity(one, other) < 0.1


@given(st.text(max_size=2000))
def test_any_text_has_a_signature_of_bounded_size_or_none(anything):
    signature = near.signature(anything * 3)
    if signature is not None:
        assert len(signature) == 243
        assert signature.isascii()
        assert near.similarity(signature, signature) == 1.0
        assert len(near.bands(signature)) == near.BANDS


def test_what_is_no_signature_is_said_to_be_none():
    for broken in ("", "x9:abc", "m1:abc", signed(text(1))[:-5]):
        with pytest.raises(ValueError, match="signature"):
            near.similarity(broken, signed(text(1)))
