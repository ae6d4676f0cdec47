"""The tally: one outcome a URL."""

from __future__ import annotations

import pytest

from nordcrawl.model.ledger import Outcome
from nordcrawl.model.tally import Tally


def test_each_url_ends_once():
    tally = Tally()
    assert tally.discover("a")
    assert not tally.discover("a")
    tally.discover("b")
    tally.settle("a", Outcome.NEW)
    with pytest.raises(ValueError, match="not open"):
        tally.settle("a", Outcome.UPDATED)
    assert (tally.discovered, tally.open, tally.counts()) == (2, {"b"}, {Outcome.NEW: 1})
