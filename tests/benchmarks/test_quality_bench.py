"""`make quality`: one table of figures, from any folder that has pages, truth and a scorer."""

# ruff: noqa: E501 - the stand-in's lines are a program of their own
from __future__ import annotations

import gzip
import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LONG = "Havna i byen skal bygges ut over de neste tre årene, og kommunen regner med at arbeidet vil gi plass til dobbelt så mange båter som i dag."

#: Stands in for the scorer of a truth folder: the same command line, and three of its figures.
SCORER = """
import argparse, json
parser = argparse.ArgumentParser()
for name in ("truth", "predictions"): parser.add_argument(name)
for name in ("--by", "--worst", "--json"): parser.add_argument(name)
given = parser.parse_args()
truth = [json.loads(line) for line in open(given.truth, encoding="utf-8")]
told = {p["id"]: p for p in map(json.loads, open(given.predictions, encoding="utf-8"))}
def figures(rows):
    pairs = [(row, told[row["id"]]) for row in rows]
    text = [row["body"] == (p.get("paragraphs") or p.get("text", "").split("\\n")) for row, p in pairs]
    title = [row["title"] == p.get("title") for row, p in pairs]
    return {"pages": len(pairs), "text_f1": sum(text) / len(text), "title": sum(title) / len(title)}
groups = {row[given.by]: [r for r in truth if r[given.by] == row[given.by]] for row in truth}
summary = {name: figures(rows) for name, rows in (groups | {"ALL": truth}).items()}
print("ALL", summary["ALL"])
for row in truth: print(f"{figures([row])['text_f1']:.3f} {row['id']}  {row['url']}")
json.dump(summary, open(given.json, "w", encoding="utf-8"))
"""


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("quality", ROOT / "benchmarks" / "quality.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["quality"] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pages; the truth of the last says of its text what no page holds."""
    pages = tmp_path / "pages"
    pages.mkdir()
    rows = []
    for number, source in enumerate(("fundus", "fundus", "other")):
        title = f"Ny havn i by nummer {number}"
        body = [f"{LONG} By {number}, punkt {point}." for point in range(4)]
        markup = (
            f"<!doctype html><html lang=nb><head><title>{title}</title></head><body><article>"
            f"<h1>{title}</h1>{''.join(f'<p>{text}</p>' for text in body)}</article></body></html>"
        )
        charset = "iso-8859-1" if number == 1 else "utf-8"
        (pages / f"p{number}.html.gz").write_bytes(gzip.compress(markup.encode(charset)))
        row = {"id": f"p{number}", "source": source, "url": f"https://avis.test/sak/{number}"}
        if charset != "utf-8":
            row["charset"] = charset
        rows.append(row | {"title": title, "body": body if number < 2 else ["Ganske annet."]})
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "truth.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "score.py").write_text(SCORER, encoding="utf-8")
    return tmp_path


def test_table_has_all_contenders_groups_and_times(
    bench: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main([str(folder)]) == 0
    shown = capsys.readouterr().out
    lines = {line[:26].strip(): line.split()[-3:] for line in shown.splitlines()}
    assert shown.startswith("3 pages; nordcrawl ")
    assert lines["text F1, all"][0] == "0.6667"
    assert lines["text F1, fundus"][0] == lines["title, all"][0] == "1.0000"
    assert lines["text F1, other"] == ["0.0000"] * 3
    assert "language, all" not in lines  # not in the truth
    assert all(float(cell) > 0 for cell in lines["CPU ms a page, mean"])
    assert lines["CPU beside trafilatura"][1] == "1.00"
    assert re.search(r"worst pages of nordcrawl.*\n(?:.*\n)*  0\.000 p2 +https://avis", shown)


def test_figures_go_between_their_marks_and_nothing_else_changes(
    bench: ModuleType, folder: Path, tmp_path: Path
) -> None:
    document = tmp_path / "quality.md"
    document.write_text(f"# A\n\n{bench.BEGIN}\nold\n{bench.END}\n\nlast\n", encoding="utf-8")
    assert bench.main([str(folder), "--markdown", str(document)]) == 0
    text = document.read_text(encoding="utf-8")
    assert text.startswith(f"# A\n\n{bench.BEGIN}\n\nMeasured on 20")
    assert text.endswith(f"|\n\n{bench.END}\n\nlast\n")
    assert "| text F1, all | 0.6667 |" in text
    assert "old" not in text
    assert bench.main([str(folder), "--markdown", str(document)]) == 0
    assert document.read_text(encoding="utf-8").count("text F1, all") == 1


def test_document_without_marks_is_left_alone(
    bench: ModuleType, folder: Path, tmp_path: Path
) -> None:
    document = tmp_path / "other.md"
    document.write_text("# A\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="there are no lines"):
        bench.main([str(folder), "--markdown", str(document)])
    assert document.read_text(encoding="utf-8") == "# A\n"


@pytest.mark.parametrize("missing", ["truth.jsonl", "score.py"])
def test_folder_that_lacks_something_is_skipped_with_a_reason(
    bench: ModuleType, folder: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / missing).unlink()
    assert bench.main([str(folder)]) == 0
    shown = capsys.readouterr().out
    assert shown == f"skipped: no {missing} in {folder}; give a folder by TRUTH=...\n"


def test_documents_own_figures_stand_between_the_marks(bench: ModuleType) -> None:
    text = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")
    figures = text.split(bench.BEGIN)[1].split(bench.END)[0]
    assert re.search(r"Measured on \d{4}-\d\d-\d\d on \d+ pages: nordcrawl ", figures)
    assert "| text F1, all |" in figures
