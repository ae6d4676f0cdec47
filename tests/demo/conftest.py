"""The demo site, one for all its tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nordcrawl.demo import DemoSite


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite() as running:
        yield running


@pytest.fixture(autouse=True)
def _first_edition(site: DemoSite) -> None:
    site.edition = 1
    site.clear_requests()
