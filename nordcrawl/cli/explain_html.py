"""An explanation as one HTML page that needs nothing else: no script, no network, any screen.

All that a page says is escaped and shut in: the policy lets nothing be loaded or run, direction
marks are made visible, and each text is isolated. What became of a text is told by sign and word,
colour only repeats it.

Sources: Content Security Policy Level 3, 6 (directives); WCAG 2.2, 1.4.1 "Use of Color",
1.4.3 "Contrast (Minimum)", 1.4.10 "Reflow", 1.3.1 "Info and Relationships".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from nordcrawl.cli.explain_text import (
    MEANINGS,
    SIGNS,
    folded,
    provenance,
    status,
    stretches,
    visible,
    weighed,
    weighs,
)
from nordcrawl.extract.explain import Explanation, Fate, FieldValue, Line
from nordcrawl.model.article import Rejected

_PREVIEW_CHARS = 70

#: Every pair of text and ground has a contrast of 4.5 or more, in both schemes; a test computes it.
_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;
--kept:#e6f4ea;--kept-ink:#0f5323;--kept-edge:#2da44e;--field:#e7effb;--field-ink:#0b3f82;
--field-edge:#4184d9;--dropped:#fdebe9;--dropped-ink:#8c1a10;--dropped-edge:#d1453b;
--passed:#f3f4f6;--passed-ink:#4d5560;--passed-edge:#a3abb4}
@media (prefers-color-scheme:dark){:root{--paper:#12161b;--ink:#e6e9ed;--soft:#a3adb8;
--line:#323a44;--kept:#12291a;--kept-ink:#8fdba6;--kept-edge:#2f8a4a;--field:#12233c;
--field-ink:#a5c8f8;--field-edge:#3c74bd;--dropped:#361614;--dropped-ink:#ffb3aa;
--dropped-edge:#b5443b;--passed:#1c2127;--passed-ink:#aab4bf;--passed-edge:#5a646f}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
header,main,footer{max-width:60rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.5rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .25rem}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin-top:.75rem}
a{color:var(--field-ink)}
a,summary{padding-block:.25rem}
:target{scroll-margin-top:1rem}
h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.25rem 0}
.soft,footer{color:var(--soft);font-size:.875rem}
footer{padding-bottom:2rem;margin-top:2rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:start;vertical-align:top;padding:.35rem .75rem .35rem 0;
border-bottom:1px solid var(--line)}
th[scope=row]{font-weight:600;white-space:nowrap}
td.number,th.number{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
td.number:last-child,th.number:last-child{padding-inline-end:0}
.tag{display:inline-block;padding:0 .4rem;border-radius:.25rem;font-size:.8125rem;font-weight:600;
border:1px solid var(--edge);background:var(--ground);color:var(--mark)}
.kept{--ground:var(--kept);--mark:var(--kept-ink);--edge:var(--kept-edge)}
.field{--ground:var(--field);--mark:var(--field-ink);--edge:var(--field-edge)}
.dropped{--ground:var(--dropped);--mark:var(--dropped-ink);--edge:var(--dropped-edge)}
.passed{--ground:var(--passed);--mark:var(--passed-ink);--edge:var(--passed-edge)}
ul{list-style:none;margin:0;padding:0}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:.25rem 0 1rem;font-size:.875rem}
.run{border-inline-start:.25rem solid var(--edge);background:var(--ground);
padding:.4rem .75rem;margin:.25rem 0;border-radius:0 .25rem .25rem 0}
.run>p{margin:.15rem 0 0}
.run.dropped>p,.run.passed>p{color:var(--mark)}
.run.heading>p{font-weight:700}
.place{color:var(--mark);font:.75rem/1.4 ui-monospace,SFMono-Regular,Menlo,monospace;
margin-inline-start:.5rem}
details{margin:.25rem 0;border:1px solid var(--line);border-radius:.25rem;padding:0 .75rem}
details[open]{padding-bottom:.5rem}
summary{padding-block:.5rem;cursor:pointer;color:var(--soft);font-size:.875rem}
a:focus-visible,summary:focus-visible{outline:2px solid var(--field-edge);outline-offset:2px}
@media (max-width:40rem){
table.fields,table.fields tbody,table.fields tr,table.fields th,table.fields td{display:block}
table.fields thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
table.fields th,table.fields td{border:0;padding:0}
table.fields tr{border-bottom:1px solid var(--line);padding:.4rem 0}
.place{display:block;margin:0}}
"""


def as_html(explanation: Explanation) -> str:
    """Return the page; UTF-8 is what it says of itself."""
    result = explanation.result
    title = "No article" if isinstance(result, Rejected) else result.title or ""
    parts = [
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=viewport content='width=device-width, initial-scale=1'>\n"
        "<meta name=referrer content=no-referrer>\n"
        f"<title>Explained: {_plain(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n",
        f"<header>\n<h1>{_text(title)}</h1>\n<p>{_text(status(explanation))}</p>\n"
        f"<p class=soft>{_text(explanation.url)}</p>\n",
        _contents(explanation),
        "</header>\n<main>\n",
        *_taken(explanation),
        *_fields(explanation.fields()),
        *_page(explanation.lines),
        "</main>\n<footer><p>Made by nordcrawl extract --explain. The texts are the page's own; "
        "invisible characters are shown as escapes.</p></footer>\n</body>\n</html>\n",
    ]
    return "".join(parts)


def _contents(explanation: Explanation) -> str:
    if not explanation.lines:
        return ""
    places = {"left-out": "Left out", "fields": "Fields", "page": "The page's text"}
    if not explanation.fields():
        del places["fields"]
    links = " ".join(f"<a href='#{place}'>{name}</a>" for place, name in places.items())
    return f"<nav aria-label=Contents>{links}</nav>\n"


def _plain(text: str) -> str:
    return escape(visible(text), quote=True)


def _text(text: str) -> str:
    """Return page text as an element of its own, which can't turn the direction of the next."""
    return f"<bdi>{_plain(text)}</bdi>"


def _tag(verdict: Fate, reason: str) -> str:
    return f"<span class='tag {verdict}'>{SIGNS[verdict]} {_plain(reason)}</span>"


def _taken(explanation: Explanation) -> Iterator[str]:
    taken = explanation.taken()
    if not explanation.lines:
        return
    kept = [line for line in explanation.lines if line.verdict is Fate.KEPT]
    yield (
        "<section aria-labelledby=left-out>\n"
        "<h2 id=left-out>What was kept and left out, and why</h2>\n"
        "<table>\n<thead><tr><th scope=col>Reason</th><th scope=col class=number>Runs</th>"
        "<th scope=col class=number>Words</th></tr></thead>\n<tbody>\n"
    )
    rows = [(Fate.KEPT, "kept", len(kept), sum(line.words for line in kept))]
    rows.extend((one.verdict, one.reason, one.runs, one.words) for one in taken)
    for verdict, reason, runs, words in rows:
        yield (
            f"<tr><td>{_tag(verdict, reason)}</td><td class=number>{runs:,}</td>"
            f"<td class=number>{words:,}</td></tr>\n"
        )
    yield "</tbody>\n</table>\n</section>\n"


def _fields(fields: Sequence[FieldValue]) -> Iterator[str]:
    if not fields:
        return
    yield (
        "<section aria-labelledby=fields>\n<h2 id=fields>Fields, and where they are from</h2>\n"
        "<table class=fields>\n<thead><tr><th scope=col>Field</th><th scope=col>Value</th>"
        "<th scope=col>From</th></tr></thead>\n<tbody>\n"
    )
    for field in fields:
        told = field.evidence
        origin = provenance(told.origin, told.precision, told.zone) if told else "—"
        yield (
            f"<tr><th scope=row>{_plain(field.name)}</th><td>{_text(field.value)}</td>"
            f"<td class=soft>{_plain(origin)}</td></tr>\n"
        )
    yield "</tbody>\n</table>\n</section>\n"


def _page(lines: Sequence[Line]) -> Iterator[str]:
    if not lines:
        return
    yield "<section aria-labelledby=page>\n<h2 id=page>The page's text, in its order</h2>\n"
    yield "<ul class=legend aria-label=Legend>\n"
    for verdict in Fate:
        yield f"<li>{_tag(verdict, str(verdict))} {MEANINGS[verdict]}</li>\n"
    yield "</ul>\n"
    for long, members in stretches(lines):
        if long:
            yield from _folded(members)
        else:
            yield f"<ul>\n{_runs(members)}</ul>\n"
    yield "</section>\n"


def _folded(lines: Sequence[Line]) -> Iterator[str]:
    size, begins = folded(lines)
    yield f"<details>\n<summary>{SIGNS[Fate.PASSED]} {size} never taken for text: "
    yield f"<bdi>{escape(visible(begins, _PREVIEW_CHARS))}</bdi></summary>\n"
    yield f"<ul>\n{_runs(lines)}</ul>\n</details>\n"


def _place(line: Line) -> str:
    return f"{line.place} [{weighed(line)}]" if weighs(line) else line.place


def _runs(lines: Iterable[Line]) -> str:
    return "".join(
        f"<li class='run {line.verdict}{' heading' if line.reason == 'heading' else ''}'>"
        f"{_tag(line.verdict, line.reason)}<span class=place>{_plain(_place(line))}</span>"
        f"<p dir=auto>{_text(line.text)}</p></li>\n"
        for line in lines
    )
