"""`extract --explain`: what became of every run of text, on a terminal, as JSON, in a browser."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from selenium import webdriver
from selenium.webdriver.common.by import By

from nordcrawl.cli.explain_html import as_html
from nordcrawl.cli.explain_text import as_json, as_text, visible
from nordcrawl.cli.main import main
from nordcrawl.extract import extract, pipeline
from nordcrawl.extract.body import judge, rules
from nordcrawl.extract.body.told import or_told
from nordcrawl.extract.explain import Explanation, Fate, explain
from nordcrawl.model.article import Article
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from tests.support.browsing import CONTRASTS, asked_for, chromium, look

URL = "https://avis.test/lokalt/havn"
LONG = "Havna i byen skal bygges ut over de neste tre årene, og kommunen regner med at arbeidet vil gi plass til dobbelt så mange båter som i dag."
LINK = "<li><a href='/{0}'>Ganske annen sak nummer {0} om fisk</a></li>"
MENU = "".join(LINK.format(n) for n in range(6))
BODY = f"""<nav><ul>{MENU}</ul></nav>
<main><article><h1>Ny havn i byen</h1>
<p class=ingress>Kommunen vil ha plass til flere båter enn før, og bygger nå.</p>
<figure><img src=/i.jpg width=900 height=600 alt=Havna><figcaption>Havna i mai.</figcaption></figure>
{"".join(f"<p>{LONG} Punkt {n}.</p>" for n in range(3))}
<p>Les også: <a href=/a>Havna er for liten</a></p>
<h2>Hva skjer nå</h2><ul><li>Først det ene som skal gjøres nå</li><li>Så det andre som må vente litt</li></ul>
<aside class=annonse-fra-oss>Kjøp en båt av oss i dag.</aside>
<p>{LONG} Sist.</p></article></main>
<footer><p>Ansvarlig redaktør er Kari Li.</p></footer>"""


def explained(body: str = BODY, *, head: str = "", **profile: Any) -> Explanation:
    return explain(page(body, head), Profile(**profile))


def page(body: str, head: str = "") -> Page:
    head = f"<title>Ny havn i byen</title><meta name=author content='Kari Li'>{head}"
    markup = f"<!doctype html><html lang=nb><head>{head}</head><body>{body}</body></html>"
    return Page(URL, markup.encode(), datetime(2026, 6, 1, tzinfo=UTC))


def told(explanation: Explanation, text: str) -> list[tuple[str, str]]:
    return [(str(n.verdict), n.reason) for n in explanation.lines if n.text.startswith(text)]


def test_every_run_of_the_page_is_told_of_once_and_in_order() -> None:
    found = explained()
    texts = [line.text for line in found.lines]
    assert len(texts) == 19
    assert texts[0] == "Ganske annen sak nummer 0 om fisk"
    assert texts[-1] == "Ansvarlig redaktør er Kari Li."
    assert (
        texts.index("Ny havn i byen") < texts.index("Havna i mai.") < texts.index(f"{LONG} Sist.")
    )


@pytest.mark.parametrize(
    ("text", "verdict", "reason"),
    [
        ("Ny havn", "field", "title"),
        ("Kommunen vil", "kept", "summary"),
        ("Havna i mai", "kept", "caption"),
        (LONG, "kept", "p"),
        ("Les også", "dropped", "pointer"),
        ("Hva skjer", "kept", "heading"),
        ("Først det ene", "kept", "list"),
        ("Ganske annen", "passed", "not chosen"),
        ("Ansvarlig", "passed", "not chosen"),
    ],
)
def test_verdict_and_reason(text: str, verdict: str, reason: str) -> None:
    found = told(explained(), text)
    assert found
    assert set(found) == {(verdict, reason)}


def test_what_is_kept_is_the_article() -> None:
    """The kept runs are the article's blocks: no more, no less, in their order."""
    found = explained()
    assert found.result == extract(page(BODY), Profile())
    assert isinstance(found.result, Article)
    kept = [n for n in found.lines if n.verdict is Fate.KEPT]
    assert " ".join(n.text for n in kept) == " ".join(
        b.text.replace("\n", " ") for b in found.result.blocks
    )
    blocks = [str(b.kind) for b in found.result.blocks for _ in b.text.split("\n")]
    assert [n.reason for n in kept] == blocks


def test_pruned_text_is_told_with_its_selector() -> None:
    found = explained(prune=("aside.annonse-fra-oss", "figure"))
    assert told(found, "Kjøp en båt") == [("dropped", "pruned: aside.annonse-fra-oss")]
    assert told(found, "Havna i mai") == [("dropped", "pruned: figure")]


def test_line_that_lost_a_pruned_part_is_still_kept() -> None:
    body = BODY.replace("Punkt 1.", "Punkt <span class=note>(fotnote)</span> 1.")
    assert told(explained(body, prune=("span.note",)), f"{LONG} Punkt (fotnote)") == [("kept", "p")]


def test_taken_counts_runs_and_words_by_reason() -> None:
    found = explained(prune=("aside",))
    taken = {t.reason: (t.runs, t.words) for t in found.taken()}
    assert taken["pointer"] == (1, 6)
    assert taken["pruned: aside"] == (1, 7)
    words = Counter(n.verdict for n in found.lines for _ in n.text.split(" "))
    assert sum(t.words for t in found.taken()) == words[Fate.DROPPED] + words[Fate.PASSED]
    assert [t.verdict for t in found.taken()][-1] is Fate.PASSED


def test_fields_tell_where_they_are_from() -> None:
    head = "<meta property=article:published_time content='2026-05-04'>"
    fields = {f.name: f for f in explained(head=head, timezone="Europe/Oslo").fields()}
    assert fields["authors"].value == "Kari Li"
    evidence = fields["published_at"].evidence
    assert evidence is not None
    assert (evidence.precision, evidence.zone) == ("day", "assumed")


def test_rejected_page_says_why_and_still_lists_its_text() -> None:
    teasers = "<article><a href=/x>Sak</a></article>" * 3
    body = page(f"<p>Kort om en sak i dag.</p>{teasers}").body
    found = explain(Page("https://avis.test/", body, datetime(2026, 6, 1, tzinfo=UTC)), Profile())
    assert as_text(found).splitlines()[1] == "no article: front page"
    assert "<h1><bdi>No article</bdi></h1>" in as_html(found)
    assert as_json(found)["error"] == "front page"
    assert [line.text for line in found.lines] == ["Kort om en sak i dag.", "Sak", "Sak", "Sak"]
    assert explain(Page(URL, b"%PDF-1.7", datetime.now(UTC)), Profile()).lines == ()


def test_labrador_furniture_is_told_with_its_selector() -> None:
    text = f"<p>{LONG}</p><p>{LONG} To.</p>"
    body = f"""<article><section id=main class=main><div class=articleHeader>
<h1 class='headline mainTitle'>Ny havn i byen</h1><p class=subtitle>Kommunen vil ha plass til flere.</p>
<div class=bylines>Kari Li</div></div><div class=bodytext>{text}<div class=google-ad>Annonse her</div>
<div class=quotebox><h3 class=quote>Vi bygger nå.</h3><p class=author>Ola Berg</p></div><p>{LONG} Tre.</p>
</div></section></article><div class=scrollbox>Andre saker i dag</div>"""
    found = explained(body, family="labrador")
    assert found.family == "labrador"
    assert told(found, "Annonse her") == [("dropped", "furniture: .google-ad")]
    assert told(found, "Andre saker") == [("passed", "furniture: .scrollbox")]
    assert told(found, "Kari Li") == [("field", "authors")]
    assert told(found, "Ola Berg") == told(found, "Vi bygger") == [("kept", "quote")]


@pytest.mark.parametrize("family", ["generic", "labrador"])
@pytest.mark.parametrize(
    "body",
    [
        b"", b"<", b"<p>", b"\xff\xfe<p>x", b"<table>" * 3000 + b"x", b"<p>x" * 5000,
        b"<div>" * 5000 + b"x</div>" * 2500 + b"y", b"<h1>T</h1><p>&#x202e;&#0;&#xd800;x</p>",
        b"<h1 class=mainTitle>T</h1><div class=bodytext><p>en to tre fire fem</p></div>",
    ],
)  # fmt: skip
def test_odd_pages_are_explained_as_they_are_read(body: bytes, family: str) -> None:
    odd = Page(URL, body, datetime(2026, 6, 1, tzinfo=UTC))
    profile = Profile(family=family, prune=("div div",))
    found = explain(odd, profile)
    assert found.result == extract(odd, profile)
    assert as_text(found, 80)
    assert as_html(found)
    assert json.dumps(as_json(found))


def test_text_of_the_pages_data_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(f"{LONG} Del {n}." for n in range(6))
    empty = html.fromstring("<html><body></body></html>")
    monkeypatch.setattr(
        pipeline,
        "_generic",
        lambda *_: or_told(None, {"articleBody": text}, empty, is_locked=False),
    )
    found = explained("<h1>Ny havn i byen</h1><p>Logg inn for å lese.</p>")
    told_of = [(n.verdict, n.reason, n.place) for n in found.lines]
    assert told_of[2:] == [(Fate.KEPT, "p", "json-ld articleBody")] * 6


# --- the listing -----------------------------------------------------------------------------


def test_listing_has_a_line_for_each_run() -> None:
    lines = as_text(explained()).splitlines()
    assert any(re.fullmatch(r"\+ p +" + re.escape(f"{LONG} Sist."), line) for line in lines)
    signs = r"  \[pointer 0\.6 \+ part linked 0\.4 \+ fragment 0\.4 = 1\.4\]"
    pointer = r"- pointer +Les også: Havna er for liten" + signs
    assert any(re.fullmatch(pointer, line) for line in lines)
    assert any(re.match(r"= title +Ny havn i byen  \[title 0\.6 ", line) for line in lines)
    assert "- pointer: 1 run, 6 words" in lines


def test_listing_is_cut_for_a_terminal_only() -> None:
    found = explained()
    lines = as_text(found, width=72).splitlines()
    assert max(map(len, lines)) == 72
    assert any(line.startswith(". 6 runs, 42 words: Ganske annen sak nummer 0") for line in lines)
    assert LONG in as_text(found)
    assert as_text(found).count("\n. not chosen ") == 8


@pytest.mark.parametrize("form", ["text", "html"])
def test_nothing_of_the_page_can_turn_or_move_what_is_shown(form: str) -> None:
    trick = "Skjult \u202eesrever\u2066 \u009b31m\x1b]0;x\x07 slutt"
    found = explained(BODY.replace("Punkt 1.", trick), head=f"<meta name=author content='{trick}'>")
    shown = as_text(found) if form == "text" else as_html(found)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    assert r"Skjult \u202eesrever\u2066" in shown


def test_joiners_of_scripts_and_emoji_stay() -> None:
    assert visible("می\u200cخواهم 👩\u200d🚒") == "می\u200cخواهم 👩\u200d🚒"
    assert visible("x" * 99, limit=9) == "x" * 8 + "…"


def test_json_has_all_of_it() -> None:
    found = json.loads(json.dumps(as_json(explained())))
    assert found["article"] is True
    assert found["error"] is None
    assert found["fields"]["title"]["value"] == "Ny havn i byen"
    run = next(r for r in found["runs"] if r["text"].startswith("Les også"))
    assert run == {
        "verdict": "dropped",
        "reason": "pointer",
        "words": 6,
        "place": "article > p",
        "signs": [
            {"name": "pointer", "weight": 0.6},
            {"name": "part linked", "weight": 0.4},
            {"name": "fragment", "weight": 0.4},
        ],
        "text": "Les også: Havna er for liten",
    }


# --- the command -----------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_bytes(page(BODY).body)
    return path


def test_views_by_command(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(view: str) -> str:
        assert main(["extract", str(saved), "--url", URL, "--view", view]) == 0
        return capsys.readouterr().out

    record = json.loads(shown("record"))
    assert shown("text") == record["text"] + "\n"
    assert shown("markdown").startswith("# Ny havn i byen\n\nKommunen vil")
    assert "\n\n*Havna i mai.*\n\n" in shown("markdown")
    assert shown("full").startswith("Ny havn i byen\n\nKommunen vil")
    assert [json.loads(line) for line in shown("blocks").splitlines()] == record["blocks"]


def test_view_of_no_article_is_empty_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.html"
    path.write_bytes(b"%PDF-1.7")
    assert main(["extract", str(path), "--view", "markdown"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "no article: not html" in shown.err


def test_explain_by_command(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "--explain", str(saved), "--url", URL]) == 0
    assert f" {LONG} Sist.\n" in capsys.readouterr().out
    assert main(["extract", "--explain", str(saved), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["url"] == saved.as_uri()
    out = saved.with_name("out.html")
    command = ["extract", "--explain", str(saved), "--format", "html", "--output", str(out)]
    assert main(command) == 0
    assert capsys.readouterr().out == ""
    assert out.read_text(encoding="utf-8").endswith("</html>\n")


def test_source_may_be_named(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["extract", "--explain", str(saved), "--format", "json", "--source"]
    assert main([*command, "nunatsiaqnews"]) == 0
    assert json.loads(capsys.readouterr().out)["fields"]["language"]["value"]
    assert main([*command, "nosuch"]) == 2
    assert "no source 'nosuch'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--explain", "/no/such/page.html"], "can't be read"),
        (["--explain", "{page}", "{page}"], "--explain goes with one FILE"),
        (["--view", "text", "{page}", "{page}"], "--view goes with one FILE"),
        (["--format", "html", "{page}"], "--format goes with --explain"),
        (["--explain", "{page}", "--output", "/no/such/folder/x.html"], "there is no folder"),
        (["--manifest", "{page}", "--output", "x"], "--manifest goes without"),
        (["--explain"], "a FILE or --manifest is needed"),
    ],
)
def test_operators_mistakes(
    saved: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["extract", *(a.format(page=saved) for a in arguments)]) == 2
    assert message in capsys.readouterr().err


# --- the document ----------------------------------------------------------------------------

DOCUMENT = (Path(__file__).parents[2] / "docs" / "extraction.md").read_text(encoding="utf-8")


def test_documents_commands_do_what_it_says(
    saved: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved.parent)
    commands = re.findall(r"^\$ nordcrawl (extract .*?)(?: \| .*)?$", DOCUMENT, re.MULTILINE)
    assert len(commands) == 9
    for command in commands:
        assert main(shlex.split(command)) == 0, command
        assert bool(capsys.readouterr().out) is ("--output" not in command), command
    assert (saved.parent / "page.md").read_text(encoding="utf-8").startswith("# Ny havn i byen")


def test_documents_python_prints_the_archive_as_markdown(tmp_path: Path) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    sample = Path(__file__).parents[1] / "compat" / "archive-0.1.0"
    shutil.copytree(sample, tmp_path / "archive")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("# ")


def test_document_explains_every_sign_and_common_rule() -> None:
    for sign, meaning in (("+", "kept"), ("=", "field"), ("-", "dropped"), (".", "passed")):
        assert f"| `{sign}` | {meaning} |" in DOCUMENT


def test_documents_table_of_signs_is_the_table_of_rules() -> None:
    begin, end = "<!-- signs: begin", "<!-- signs: end -->"
    table = DOCUMENT.partition(begin)[2].partition(end)[0]
    row = r"^\| `([a-z ]+)` \| (\w+) \| (-?[\d.]+) \| ([a-z, ]+) \| [^|]+ \|$"
    told = [
        (name, sort, float(weight), everything if where == "all" else frozenset(where.split(", ")))
        for name, sort, weight, where in re.findall(row, table, re.MULTILINE)
        for everything in [max((rule.where for rule in rules.RULES), key=len)]
    ]
    assert told == [(rule.name, rule.sort, rule.weight, rule.where) for rule in rules.RULES]
    assert len({rule.name for rule in rules.RULES}) == len(rules.RULES)


def test_no_sign_alone_takes_a_line_out() -> None:
    for rule in rules.RULES:
        assert rule.weight < judge.ENOUGH, rule.name
        assert not judge.is_against([(rule.name, rule.sort, rule.weight)] * 3), rule.name


# --- the page, as text -----------------------------------------------------------------------

HOSTILE = (
    "<p>Ondt &lt;script&gt;document.title='owned';fetch('{home}/script')&lt;/script&gt; "
    "&lt;img src={home}/img onerror=alert(1)&gt; &lt;/p&gt;&lt;/bdi&gt;&lt;style&gt;@import "
    "'{home}/css'&lt;/style&gt; &lt;link rel=stylesheet href={home}/link&gt; "
    "&lt;meta http-equiv=refresh content='0;url={home}/meta'&gt; \"' og mer tekst i samme avsnitt.</p>"
)


class Tags(HTMLParser):
    """Counts elements, and keeps attributes that could load something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.loading: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.loading += [a for a in attrs if a[0] in ("src", "srcset", "action", "style")]
        self.loading += [a for a in attrs if a[0] == "href" and not (a[1] or "").startswith("#")]
        self.loading += [a for a in attrs if a[0].startswith("on")]


def test_page_loads_and_runs_nothing() -> None:
    body = BODY.replace("<h2>", HOSTILE.format(home="https://evil.test") + "<h2>")
    shown = as_html(explained(body, head="<meta property=og:title content='<script>x</script>'>"))
    tags = Tags()
    tags.feed(shown)
    assert tags.loading == []
    assert not {"script", "img", "link", "iframe", "object", "form"} & tags.tags.keys()
    assert tags.tags["style"] == 1
    assert "default-src 'none'; style-src 'unsafe-inline'" in shown
    assert "&lt;script&gt;" in shown
    assert not re.search(
        r"url\(|@import (?!&#x27;)", re.findall("<style>.*?</style>", shown, re.S)[0]
    )


# --- the page, in a browser ------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture(scope="module")
def home() -> Iterator[tuple[str, list[str]]]:
    """A server that hears whatever a page asks for."""
    heard: list[str] = []

    class Heard(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def shown(
    browser: webdriver.Chrome, home: tuple[str, list[str]], tmp_path: Path
) -> webdriver.Chrome:
    """The page in the browser, of a page that tries everything, on a wide light screen."""
    address, heard = home
    heard.clear()
    word = "Ord" * 60  # nothing to break it at
    body = BODY.replace("<h2>", f"{HOSTILE.format(home=address)}<p>{word} {LONG} Lang.</p><h2>")
    path = tmp_path / "explained.html"
    path.write_text(as_html(explained(body, prune=("aside",))), encoding="utf-8")
    look(browser, 1200, "light")
    browser.get_log("performance")
    browser.get(path.as_uri())
    return browser


def test_browser_shows_kept_and_dropped_with_their_labels(shown: webdriver.Chrome) -> None:
    runs = [e.text for e in shown.find_elements(By.CSS_SELECTOR, "li.run")]
    assert any(r.startswith("+ p") and "Sist." in r for r in runs)
    assert any(r.startswith("- pointer") and "Les også" in r for r in runs)
    assert any(r.startswith("= title") and "Ny havn" in r for r in runs)
    legend = shown.find_element(By.CSS_SELECTOR, ".legend").text
    assert all(sign in legend for sign in ("+ kept", "= field", "- dropped", ". passed"))
    assert shown.find_element(By.TAG_NAME, "h1").text == "Ny havn i byen"


def test_browser_folds_furniture_and_unfolds_it(shown: webdriver.Chrome) -> None:
    details = shown.find_element(By.TAG_NAME, "details")
    first = details.find_element(By.CSS_SELECTOR, "li.run")
    assert not first.is_displayed()
    details.find_element(By.TAG_NAME, "summary").click()
    assert first.is_displayed()
    assert first.text.startswith(". not chosen")


def test_browser_runs_and_asks_for_nothing(
    shown: webdriver.Chrome, home: tuple[str, list[str]]
) -> None:
    assert shown.title == "Explained: Ny havn i byen"
    assert asked_for(shown) == []
    assert home[1] == []
    assert [entry for entry in shown.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_policy_would_stop_what_escaping_let_through(
    shown: webdriver.Chrome, home: tuple[str, list[str]]
) -> None:
    """The second wall holds alone: an image and a script put into the page load nothing."""
    add = """const i = document.createElement('img'); i.src = arguments[0] + '/img';
    const s = document.createElement('script'); s.textContent = "document.title='owned'";
    document.body.append(i, s); return new Promise(r => setTimeout(r, 300))"""
    shown.execute_script(add, home[0])
    assert home[1] == []
    assert shown.title != "owned"


@pytest.mark.parametrize("width", [320, 360, 1200])
def test_browser_needs_no_scrolling_sideways(shown: webdriver.Chrome, width: int) -> None:
    """WCAG 2.2, 1.4.10 "Reflow": 320 CSS pixels suffice, with everything unfolded."""
    look(shown, width, "light")
    shown.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    wide = shown.execute_script("return document.documentElement.scrollWidth")
    # A desktop's scroll bar for the other direction takes some.
    assert wide <= shown.execute_script("return document.documentElement.clientWidth") <= width
    assert width - 20 < wide


#: [text, contrast] of every element that has text of its own. Source: WCAG 2.2, "relative
#: luminance" and "contrast ratio" in its glossary.
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_holds(shown: webdriver.Chrome, scheme: str) -> None:
    """WCAG 2.2, 1.4.3 "Contrast (Minimum)": 4.5 to 1 for every text, in both schemes."""
    look(shown, 1200, scheme)
    shown.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    paper, found = shown.execute_script(CONTRASTS)
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 22, 27)"}[scheme]
    assert len(found) > 60
    assert [pair for pair in found if pair[1] < 4.5] == []


def test_page_has_headings_and_landmarks(shown: webdriver.Chrome) -> None:
    """WCAG 2.2, 1.3.1 "Info and Relationships": what Chromium tells a screen reader."""
    tree = shown.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = Counter(node.get("role", {}).get("value") for node in tree)
    assert roles["main"] == roles["banner"] == roles["contentinfo"] == roles["navigation"] == 1
    assert roles["region"] == 3
    assert roles["columnheader"] == 6
    levels = [h.tag_name for h in shown.find_elements(By.CSS_SELECTOR, "h1, h2, h3")]
    assert levels == ["h1", "h2", "h2", "h2"]
    assert shown.execute_script("return document.documentElement.lang") == "en"
