"""Build the documentation as a site: the repository's Markdown files, put together by Sphinx.

The files are written to be read in the repository, with links between them as they lie there. They
are laid out for the site in a folder of their own, where each link leads to the page that the file
becomes; one that leads nowhere fails the build, and so does every other warning.

    python docs/site/build.py               # into build/site
    python docs/site/build.py --output DIR

Needs Sphinx, myst-parser and furo (in the development requirements), and no network.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

#: Files outside of docs/ that are pages, and the pages that they are.
OUTSIDE = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "deploy/README.md": "runbook.md",
}

#: What the side of each page lists. Every page of docs/ has to be in it: Sphinx warns otherwise.
CONTENTS = {
    "Start": ("quick-start", "add-a-source", "troubleshooting"),
    "Look up": ("commands", "settings", "exit-codes", "sources", "archive-format", "glossary"),
    "Read": ("reading", "api", "dataset-card"),
    "Operate": ("operations", "runbook", "scrapy", "rights", "captures"),
    "Understand": ("extraction", "quality", "near-duplicates", "revisiting", "architecture"),
    "Project": ("contributing", "decisions/index", "changelog"),
}

#: Pages whose heading says less at the side than it does above their text.
NAMED = {
    "sources": "Sources and their keys",
    "archive-format": "Archive format",
    "reading": "Reading for consumers",
    "dataset-card": "A dataset card",
    "runbook": "Runbook",
    "rights": "Rights",
    "captures": "Captures",
    "extraction": "Extraction",
    "revisiting": "Revisiting",
}

API = """# Python API

Everything a consumer needs is in `nordcrawl` and `nordcrawl.views`; [reading](reading.md) shows it
at work.

```{eval-rst}
.. autoclass:: nordcrawl.Archive
   :members:

.. autoclass:: nordcrawl.api.Changes
   :members:

.. autoclass:: nordcrawl.reading.query.Filters
   :members:
   :undoc-members:
```

## Views

```{eval-rst}
.. automodule:: nordcrawl.views
   :members:
```

## Errors

```{eval-rst}
.. automodule:: nordcrawl.errors
   :members:
   :exclude-members: MEANINGS, Meaning, PRECEDENCE, first_of
   :undoc-members:
   :show-inheritance:
```
"""

DECISIONS = """# Decisions

Each with context, options, choice, cost, and when to look again.

```{toctree}
:glob:

0*
```
"""

_FENCED = re.compile(r"(?ms)^(```|~~~).*?^\1\s*$|`[^`\n]+`")
_LINK = re.compile(r"\[([^\]\n]*)\]\(([^)\s]+)\)")


def pages(root: Path) -> dict[str, str]:
    """Return the page that each file becomes, both relative: to the repository, to the site."""
    inside = sorted((root / "docs").rglob("*.md"))
    found = {
        p.relative_to(root).as_posix(): p.relative_to(root / "docs").as_posix() for p in inside
    }
    return OUTSIDE | found


def linked(text: str, file: str, root: Path) -> str:
    """Return a file's text with its links as they are on the site: to pages, to files that lie
    beside them; what is a folder of the repository is named, and no link."""
    where = pages(root)
    page = PurePosixPath(where[file])

    def turned(match: re.Match[str]) -> str:
        words, (target, sign, anchor) = match[1], match[2].partition("#")
        if not target or re.match(r"[a-z][a-z0-9+.-]*:", target):
            return match[0]
        path = os.path.normpath(PurePosixPath(file).parent / target)
        if path == "docs/decisions":
            leads = "decisions/index.md"
        elif path in where:
            leads = where[path]
        elif (root / path).is_dir():
            return f"`{words}`" if "`" not in words else words
        elif (root / path).is_file():
            leads = f"files/{path}"
        else:
            return match[0]  # Sphinx says that it leads nowhere
        return f"[{words}]({os.path.relpath(leads, page.parent)}{sign}{anchor})"

    parts, last = [], 0
    for code in _FENCED.finditer(text):
        parts += [_LINK.sub(turned, text[last : code.start()]), code[0]]
        last = code.end()
    return "".join(parts) + _LINK.sub(turned, text[last:])


def lay_out(root: Path, folder: Path) -> None:
    """Write what Sphinx reads."""
    for file, page in pages(root).items():
        target = folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (root / file).read_text(encoding="utf-8")
        if text.startswith("---\n"):  # of a data set's card, for others to read
            text = text.split("\n---\n", 1)[1].lstrip()
        target.write_text(linked(text, file, root), encoding="utf-8")
    (folder / "api.md").write_text(API, encoding="utf-8")
    (folder / "decisions").mkdir(exist_ok=True)
    (folder / "decisions" / "index.md").write_text(DECISIONS, encoding="utf-8")
    with (folder / "index.md").open("a", encoding="utf-8") as index:
        for caption, names in CONTENTS.items():
            named = (f"{NAMED[name]} <{name}>" if name in NAMED else name for name in names)
            listed = "\n".join(named)
            index.write(f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n")
    (folder / "files").mkdir()
    for name in ("docs/examples", "deploy"):
        if (root / name).is_dir():
            ignored = shutil.ignore_patterns("*.md", "__pycache__", "secrets", ".env")
            shutil.copytree(root / name, folder / "files" / name, ignore=ignored)
    licence = root / "LICENSE"
    if licence.is_file():
        shutil.copy(licence, folder / "files" / "LICENSE")
    (folder / "_static").mkdir()
    shutil.copy(HERE / "site.css", folder / "_static")
    shutil.copy(HERE / "conf.py", folder)


def build(root: Path, output: Path) -> int:
    """Build the site of a repository; return Sphinx's exit code, which is not 0 after a warning."""
    with tempfile.TemporaryDirectory(prefix="nordcrawl-docs-") as temporary:
        folder = Path(temporary) / "pages"
        folder.mkdir()
        lay_out(root, folder)
        command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet"]
        command += ["-b", "html", "-d", str(Path(temporary) / "trees"), str(folder), str(output)]
        return subprocess.run(command, check=False).returncode


def main() -> int:
    """Carry out the command."""
    parser = argparse.ArgumentParser(description="Build the documentation as a site.")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site", metavar="DIR")
    output = parser.parse_args().output
    if output.exists():
        shutil.rmtree(output)
    code = build(ROOT, output)
    if code == 0:
        print(f"{output / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
