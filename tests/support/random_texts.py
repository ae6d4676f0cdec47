"""Texts for Hypothesis, with paragraphs and words that are alike more often than not."""

from __future__ import annotations

from hypothesis import strategies as st

#: Few words, so that many are alike; parted as records part them.
texts = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "d", "a,", "A"]), max_size=8).map(" ".join), max_size=6
).map("\n\n".join)
