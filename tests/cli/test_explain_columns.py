"""An explanation in two columns: the record's text beside the page's, and what was dropped, why."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from nordcrawl.cli.explain_columns import WIDE, as_columns, has_room
from nordcrawl.cli.explain_text import as_text
from nordcrawl.extract.explain import Explanation, explain
from nordcrawl.model.article import Article
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

LONG = "The harbour is to be built out over the next three years, and twice as many boats find room"
MENU = "".join(f"<li><a href='/{n}'>Quite another story {n} of fish</a></li>" for n in range(6))
TABLE = "<table><tr><th>Year<th>Boats</tr><tr><td>2025<td>40</tr><tr><td>2026<td>80</tr></table>"
BODY = f"""<nav><ul>{MENU}</ul></nav><main><article><h1>A new harbour for the town</h1>
<p>{LONG} one.</p><p>{LONG} two.</p><p>Read also: <a href=/a>The harbour is too small</a></p>
<blockquote><p>We build it now, and do not wait.</p></blockquote>{TABLE}<p>{LONG} three.</p>
</article></main><footer><p>The editor is Kari Li.</p></footer>"""
_STYLE = re.compile(r"\x1b\[[\d;]*m")


def explained(body: str = BODY) -> Explanation:
    markup = f"<!doctype html><html lang=en><title>A harbour</title><body>{body}</body></html>"
    page = Page("https://a.example/7", markup.encode(), datetime(2026, 6, 1, tzinfo=UTC))
    return explain(page, Profile())


def rows(drawn: str) -> list[tuple[str, str, str]]:
    """The lines below the heads as (record, sign and reason, page), without colour."""
    lines = _STYLE.sub("", drawn).splitlines()
    (top,) = [n for n, line in enumerate(lines) if line.startswith("the record's text")]
    right = lines[top].index("the page")
    body = lines[top + 1 :]
    middle = min(m.start() for line in body if (m := re.search(r"(?<=  )[-+=.] \S", line)))
    return [(x[:middle].rstrip(), x[middle:right].rstrip(), x[right:].rstrip()) for x in body]


def test_the_record_stands_beside_the_line_that_it_is_of() -> None:
    found = rows(as_columns(explained(), 280))
    assert (f"{LONG} two.", "+ p", f"{LONG} two.") in found
    assert found[0][:2] == ("", ".")
    assert found[0][2].startswith("6 runs, 36 words: Quite another story 0 of fish")
    assert found[1] == ("", "= title", "A new harbour for the town  [title 0.6 + above 0.4 = 1.0]")


def test_what_was_dropped_has_its_sign_and_reason_and_nothing_beside_it() -> None:
    (dropped,) = [row for row in rows(as_columns(explained(), 200)) if row[1].startswith("-")]
    assert dropped[:2] == ("", "- pointer")
    assert dropped[2].startswith("Read also: The harbour is too small  [pointer 0.6 + ")


@pytest.mark.parametrize("width", [WIDE, 153, 400])
def test_the_left_column_is_all_of_the_record_in_its_order(width: int) -> None:
    found = explained()
    assert isinstance(found.result, Article)
    assert [str(block.kind) for block in found.result.blocks].count("table") == 1
    drawn = as_columns(found, width)
    left = " ".join(" ".join(row[0] for row in rows(drawn)).split())
    assert left == " ".join(" ".join(b.text for b in found.result.blocks).split())
    assert max(map(cell_len, _STYLE.sub("", drawn).splitlines())) <= width


def test_a_page_that_is_no_article_is_listed() -> None:
    found = explained("<p>Short of a matter today.</p>" + "<article><a href=/x>T</a></article>" * 3)
    assert as_columns(found, 150) == as_text(found, 150)


def test_nothing_of_the_page_can_turn_move_or_style_what_is_shown() -> None:
    trick = "hidden \u202eesrever\u2066 \u009b31m\x1b]0;x\x07 [bold]b[/bold] :smile: end"
    drawn = as_columns(explained(BODY.replace("two.", trick)), 400)
    shown = _STYLE.sub("", drawn)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    assert shown.count(r"hidden \u202eesrever\u2066") == 2
    assert shown.count("[bold]b[/bold] :smile: end") == 2


@pytest.mark.parametrize(
    ("width", "environment", "room"),
    [
        (WIDE, {"TERM": "xterm"}, True),
        (WIDE, {"TERM": "xterm", "NO_COLOR": ""}, True),
        (WIDE - 1, {"TERM": "xterm"}, False),
        (WIDE, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (WIDE, {"TERM": "dumb"}, False),
        (WIDE, {}, False),
    ],
)
def test_two_columns_are_for_a_wide_terminal_that_can_draw(
    width: int, environment: dict[str, str], room: bool
) -> None:
    assert has_room(width, environment) is room
