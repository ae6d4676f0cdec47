"""Score extraction on a folder of pages with known answers, beside plain trafilatura.

The folder holds ``truth.jsonl`` (id, url, charset, ...), ``pages/<id>.html.gz`` and a ``score.py``
that takes truth and predictions. Nothing is fetched. Usage: quality.py FOLDER
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    if not (folder / "truth.jsonl").is_file():
        print(f"skipped: no truth.jsonl in {folder}; give a folder by TRUTH=...")
        return 0
    rows = [json.loads(line) for line in (folder / "truth.jsonl").open(encoding="utf-8")]
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        manifest = work / "pages.jsonl"
        with manifest.open("w", encoding="utf-8") as out:
            for row in rows:
                page = folder / "pages" / f"{row['id']}.html.gz"
                task = {"id": row["id"], "url": row["url"], "html": str(page)}
                out.write(json.dumps(task | {"charset": row.get("charset")}) + "\n")
        ours = work / "nordcrawl.jsonl"
        with ours.open("wb") as out:
            command = [sys.executable, "-m", "nordcrawl", "extract", "--manifest", str(manifest)]
            subprocess.run(command, stdout=out, check=True)
        plain = work / "trafilatura.jsonl"
        with plain.open("w", encoding="utf-8") as out:
            for row in rows:
                out.write(json.dumps(plain_trafilatura(folder, row)) + "\n")
        for name, predictions in (("nordcrawl", ours), ("plain trafilatura", plain)):
            print(f"== {name}", flush=True)
            score = [sys.executable, str(folder / "score.py"), str(folder / "truth.jsonl")]
            subprocess.run([*score, str(predictions), "--by", "source"], check=True)
    return 0


def plain_trafilatura(folder: Path, row: dict[str, str]) -> dict[str, object]:
    import trafilatura

    body = gzip.decompress((folder / "pages" / f"{row['id']}.html.gz").read_bytes())
    text = body.decode(row["charset"]) if row.get("charset") else body
    found = trafilatura.bare_extraction(text, url=row["url"], with_metadata=True)
    if found is None:
        return {"id": row["id"]}
    values = found.as_dict()
    return {
        "id": row["id"],
        "text": values["text"],
        "title": values["title"],
        "authors": [a for a in (values["author"] or "").split("; ") if a],
        "published": values["date"],
        "description": values["description"],
        "tags": values["tags"],
        "sections": values["categories"],
        "image": values["image"],
    }


if __name__ == "__main__":
    sys.exit(main())
