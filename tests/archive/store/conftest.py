"""Stores to test: a folder, and buckets of the real servers."""

from __future__ import annotations

from tests.support.store_fixtures import *  # noqa: F403
