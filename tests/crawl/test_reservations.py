"""Whoever holds an article lets it go, and whoever waits for it gets its turn."""

from __future__ import annotations

import asyncio

import pytest

from nordcrawl.crawl.reservations import Reservations


async def test_a_waiting_page_gets_its_turn_when_the_holder_lets_go():
    held = Reservations()
    assert held.take("first", ["article", "text"])
    waiting = asyncio.ensure_future(held.until_free(["text", "other"]))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert not held.take("second", ["text"])
    held.release("first")
    await asyncio.wait_for(waiting, 60)
    assert held.take("second", ["text"])


async def test_letting_go_twice_takes_nothing_from_the_next_holder():
    held = Reservations()
    held.take("first", ["article"])
    held.release("first")
    held.take("second", ["article"])
    held.release("first")
    assert not held.take("third", ["article"])
    held.release("never held")


async def test_an_owner_holds_once():
    held = Reservations()
    held.take("first", ["article"])
    with pytest.raises(ValueError, match="first"):
        held.take("first", ["another"])
