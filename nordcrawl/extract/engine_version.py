"""The engine and its version, as records name them; without loading it."""

from __future__ import annotations

from importlib.metadata import version

VERSION = f"trafilatura {version('trafilatura')}"
