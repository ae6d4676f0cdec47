"""The site: built by the real Sphinx, whole, and with nothing from outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docs.site.build import build, linked

ROOT = Path(__file__).parents[2]


class Loaded(HTMLParser):
    """What a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "source"):
            self.addresses.append(given.get("src") or "")
        if tag == "link" and given.get("rel") != "canonical":
            self.addresses.append(given.get("href") or "")


def test_the_site_is_built_without_a_warning_and_needs_no_network(tmp_path: Path) -> None:
    assert build(ROOT, tmp_path / "site") == 0
    pages = [*(tmp_path / "site").rglob("*.html")]
    assert len(pages) > 30
    for page in pages:
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert not [one for one in loaded.addresses if re.match(r"(?:https?:)?//", one)], page
    for style in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//|@import", style.read_text("utf-8")), style


@pytest.mark.parametrize(
    ("link", "said"),
    [("[a](docs/nothing.md)", "nothing.md"), ("[a](docs/other.md#nothing)", "'nothing'")],
)
def test_a_link_that_leads_nowhere_fails_the_build(
    link: str, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text("# Other\n\n## Something\n")
    for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG"):
        (tmp_path / f"{name}.md").write_text(f"# {name}\n")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "README.md").write_text("# Runbook\n")
    (tmp_path / "README.md").write_text(f"# Home\n\n{link}\n")
    assert build(tmp_path, tmp_path / "site") != 0
    assert said in capfd.readouterr().err


def test_links_lead_to_the_pages_that_files_become() -> None:
    text = (
        "[a](../README.md#install) [b](examples/splits.py) [c](https://example.org/) [d](#keys)\n"
        "`[e](../README.md)` [f](decisions) [deploy/](../deploy/systemd/)\n"
    )
    assert linked(text, "docs/sources.md", ROOT) == (
        "[a](index.md#install) [b](files/docs/examples/splits.py) [c](https://example.org/) "
        "[d](#keys)\n`[e](../README.md)` [f](decisions/index.md) `deploy/`\n"
    )
    assert linked("[s](../sources.md#keys)", "docs/decisions/0001-rooms-and-shelves.md", ROOT) == (
        "[s](../sources.md#keys)"
    )
