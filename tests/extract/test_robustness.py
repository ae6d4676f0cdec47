"""No page raises, and every string of every result is valid UTF-8 JSON."""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nordcrawl import discover
from nordcrawl.cli.prediction import prediction
from nordcrawl.extract import extract
from nordcrawl.model.article import Article, Rejected
from nordcrawl.model.charset import decode
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from nordcrawl.model.record import article_json, provenance_json

AT = datetime(2026, 6, 1, tzinfo=UTC)
PROSE = (
    "Fergen gikk fra kaia i Bodø klokka åtte, og været var så godt at alle passasjerene sto på "
    "dekk. Kapteinen fortalte at han aldri hadde sett så klart hav på denne tida av året."
)
BODY = "".join(f"<p>{PROSE} Avsnitt nummer {n}.</p>" for n in range(6))


def page_of(markup: str | bytes, url: str = "https://avis.test/nyheter/fergen", **kwargs: object) -> Page:  # fmt: skip
    body = markup if isinstance(markup, bytes) else markup.encode("utf-8", "surrogatepass")
    return Page(url, body, AT, **kwargs)  # type: ignore[arg-type]


def article_of(head: str = "", body: str = BODY, title: str = "Fergen gikk i tide") -> str:
    return (
        f"<!doctype html><html lang='nb'><head><meta charset='utf-8'><title>{title}</title>{head}"
        f"</head><body><article><h1>{title}</h1>{body}</article></body></html>"
    )


def checked(page: Page, family: str = "generic") -> Article | Rejected:
    found = extract(page, Profile(family=family))
    if isinstance(found, Article):
        for values in (article_json(found), provenance_json(found), prediction("x", found)):
            json.dumps(values, ensure_ascii=False, allow_nan=False).encode("utf-8")
    return found


REFUSED = {
    "empty": (b"", "empty page"),
    "blank": (b" \n\x00 ", "empty page"),
    "pdf": (b"%PDF-1.7 <html>", "not html"),
    "png": (b"\x89PNG\r\n<p>", "not html"),
    "json": (b'{"html": "<p>"}', "not html"),
    "plain text": (b"Bare tekst uten noe mer.", "not html"),
    "feed": (b"<?xml version='1.0'?><rss><channel><title>x</title></channel></rss>", "not html"),
    "no text": (b"<html><head><title>Bilder</title></head><body></body></html>", "no text"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_article_has_a_reason(body: bytes, reason: str) -> None:
    assert checked(page_of(body)) == Rejected(reason)


def test_page_without_title() -> None:
    assert checked(page_of(f"<html><body>{BODY}</body></html>")) == Rejected("no title")


def test_front_page() -> None:
    teaser = "<article><a href='/a/{0}'><h2>Sak nummer {0}</h2><p>Kort ingress.</p></a></article>"
    body = "".join(teaser.format(n) for n in range(30))
    markup = f"<html><head><title>Avisen</title></head><body><h1>Avisen</h1>{body}</body></html>"
    found = checked(page_of(markup, "https://avis.test/"))
    assert isinstance(found, Rejected)


@pytest.mark.parametrize(
    "charset", ["base64", "rot13", "zlib", "idna", "hex", "undefined", "utf-7", "x" * 20_000, "utf-16", "☃"]
)  # fmt: skip
@pytest.mark.parametrize("where", ["header", "meta"])
def test_bogus_charsets_fall_back_to_detection(charset: str, where: str) -> None:
    markup = article_of().replace("<meta charset='utf-8'>", f"<meta charset='{charset}'>" if where == "meta" else "")  # fmt: skip
    headers = (("content-type", f"text/html; charset={charset}"),) if where == "header" else ()
    found = checked(page_of(markup, headers=headers))
    assert isinstance(found, Article)
    assert "klokka åtte" in found.text
    latin = checked(page_of(markup.replace("☃", "x").encode("cp1252"), headers=headers))
    assert isinstance(latin, Article)
    assert "Bodø" in latin.text


@pytest.mark.parametrize(
    "codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "iso-8859-1"]
)
def test_encodings_without_declaration(codec: str) -> None:
    markup = article_of().replace("<meta charset='utf-8'>", "")
    assert "klokka åtte" in decode(page_of(markup.encode(codec)).body)


def test_declared_encodings() -> None:
    text = "Fréttir: Þingið kom saman — „gott“ 3 €"
    for name, codec in (("windows-1252", "cp1252"), ("latin1", "cp1252"), ("utf-8", "utf-8")):
        page = page_of(text.encode(codec, "ignore"), headers=(("content-type", f"text/html; charset={name}"),))  # fmt: skip
        assert "Þingið" in decode(page.body, page.header("content-type"))
    assert decode("<meta charset=shift_jis>日本の新聞".encode("cp932")).endswith("日本の新聞")


HOSTILE = {
    "surrogate reference": article_of(body=BODY + "<p>x &#xD800; y &#55296; &#0; &#x110000;</p>"),
    "references to no character": article_of(
        "<meta name='description' content='&#1;&#x0B;&#x1F;&#xFFFE;&#xFFFF;'>",
        BODY + "<p class='&#1;' id='&#xFFFF;'>x &#1; &#x0B; &#x1F; &#xFFFE; &#xFFFF;</p>", "Ferge&#1;n",
    ),
    "raw surrogate": article_of(title="Ferge \ud800 nå"),
    "nul and controls": article_of(title="Fer\x00ge\x1b[31m \x07nå", body=BODY.replace(" ", "\x00 ")),
    "deep": article_of(body="<div>" * 50_000 + BODY),
    "deep inline": article_of(body="<b>" * 20_000 + BODY),
    "many attributes": article_of(body=f"<p {' '.join(f'a{n}=x' for n in range(60_000))}>x</p>{BODY}"),
    "bare attributes": article_of(body=f"<p {' '.join(f'a{n}' for n in range(60_000))}>x</p>{BODY}"),
    "huge attribute": article_of(body=f"<img alt='{'x' * 2_000_000}'>{BODY}"),
    "unclosed": article_of(body=BODY + "<p <a href='<<<" * 500),
    "json-ld headline": article_of(
        f'<script type="application/ld+json">{{"@type":"NewsArticle","headline":"{"x" * 3_000_000}"}}</script>'
    ),
    "json-ld nested": article_of(
        f'<script type="application/ld+json">{"[" * 100_000}</script>'
        f'<script type="application/ld+json">{"{" + chr(34) + "a" + chr(34) + ":"}{"[" * 900}{"]" * 900}}}</script>'
    ),
    "json-ld numbers": article_of(
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":NaN,"author":1e999,'
        f'"datePublished":{"9" * 5000},"keywords":[NaN,null,{{"a":[]}}],"image":[[[]]]}}</script>'
    ),
    "odd meta": article_of(
        '<meta property="og:url" content="http://[::1"><link rel="canonical" href="http://[x">'
        '<link rel="alternate" hreflang="xx-????" href="//"><meta property="og:image" content="data:x">'
    ),
    "odd links": article_of(body=BODY + "<p>Se <a href='http://[::1'>her</a> <a href='javascript:x'>x</a></p>"),
    "frames": "<frameset><frame src=x></frameset><title>x</title>",
}  # fmt: skip


#: Of these the parser sees no text: it ends at a depth, and a frame has none.
WITHOUT_TEXT = frozenset({"deep", "deep inline", "frames"})


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("family", ["generic", "labrador"])
def test_hostile_pages_end_in_a_value(name: str, family: str) -> None:
    start = time.process_time()
    found = checked(page_of(HOSTILE[name]), family)
    assert time.process_time() - start < 10
    if name in WITHOUT_TEXT:
        assert found == Rejected("no text")
        return
    assert isinstance(found, Article)
    wanted = [f"{PROSE} Avsnitt nummer {n}." for n in range(6)]
    assert [block.text for block in found.blocks if block.text in wanted] == wanted


def test_titles_carry_no_controls_nor_bidi_marks() -> None:
    found = checked(page_of(article_of(title="Fer\u202ege \u2066nå\u2069 \x1b[0m og\u200b her")))
    assert isinstance(found, Article)
    assert found.title == "Ferge nå [0m og her"


def test_text_is_nfc() -> None:
    found = checked(page_of(article_of(title="A\u030angstro\u0308m")))
    assert isinstance(found, Article)
    assert found.title == "Ångström"


@pytest.mark.parametrize("what", ["<p>", "<br>", "<a href=x>", "<b>x</b>"])
def test_too_many_tags_are_refused(what: str) -> None:
    assert checked(page_of(article_of(body=what * 250_000))) == Rejected("too large")


def test_cut_bytes_never_raise() -> None:
    whole = article_of(
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Fergen",'
        '"author":[{"name":"Kari"}],"datePublished":"2026-05-01T10:00:00+02:00"}</script>'
    ).encode()
    for end in range(0, len(whole), 97):
        checked(page_of(whole[:end]))
        checked(page_of(whole[end:]), "labrador")


#: What lxml takes into no tree.
NO_CHARACTERS = [
    chr(c) for c in (*range(9), 11, 12, *range(14, 32), 0xD800, 0xDFFF, 0xFFFE, 0xFFFF)
]


def written(characters: str, how: str) -> str:
    forms = {
        "raw": "{0}",
        "decimal": "&#{1};",
        "hex": "&#x{1:X};",
        "padded": "&#x0000000000000{1:x};",
    }
    if how == "raw":  # halves of pairs in number are no UTF-8, which is for `decode` to see
        characters = re.sub("[\ud800-\udfff]", "", characters)
    return "".join(forms[how].format(c, ord(c)) for c in characters)


def strange(odd: str) -> str:
    """A page with something odd in each kind of place."""
    return article_of(
        f"<meta name='description' content='Fergen{odd} gikk'><link rel='canonical' href='/a{odd}b'>"
        f'<script type="application/ld+json">{{"@type":"NewsArticle","headline":"Fergen{odd} gikk i tide",'
        f'"articleBody":"{PROSE}{odd}","author":[{{"name":"Kari{odd} Nord"}}]}}</script>',
        f"<h2 id='{odd}'>Mellom{odd}</h2><img alt='{odd}' src='/b{odd}.jpg'>"
        + BODY.replace("<p>", f"<p class='text{odd}' {odd}>").replace("kaia i", f"kaia{odd} i"),
        f"Fergen gikk{odd} i tide",
    )


@settings(max_examples=30, deadline=None)
@given(st.text(st.sampled_from(NO_CHARACTERS), min_size=1, max_size=6), st.sampled_from(["raw", "decimal", "hex", "padded"]))  # fmt: skip
def test_what_is_no_character_is_left_out_and_the_rest_of_the_text_stays(
    odd: str, how: str
) -> None:
    found = checked(page_of(strange(written(odd, how))))
    assert isinstance(found, Article)
    assert found.title == "Fergen gikk i tide"
    assert "\n\n".join(re.findall(r"(?<=<p>).*?(?=</p>)", BODY)) in found.text


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(max_codepoint=0xFFFF, categories=None), max_size=12),
    st.text(st.sampled_from("&#;xX01\x00\x0b9f"), max_size=20),
    st.sampled_from(["raw", "decimal", "hex"]),
    st.sampled_from(["generic", "labrador", "drupal", "wordpress"]),
)
def test_no_mixture_of_characters_raises(odd: str, near: str, how: str, family: str) -> None:
    markup = strange(written(odd, how) + near)
    checked(page_of(markup), family)
    for kind in ("sitemap", "feed", "listing"):
        discover.read(kind, markup.encode("utf-8", "surrogatepass"), "https://avis.test/")


def test_references_to_no_character_may_nest() -> None:
    found = checked(
        page_of(article_of(body=BODY + "<p>En &&#0;#1; og to &&&#1;#0;#31; og &#\x0b1; tre.</p>"))
    )
    assert isinstance(found, Article)


def test_references_mean_what_browsers_take_them_for() -> None:
    found = checked(
        page_of(article_of(title="&#147;Fergen&#148; gikk &#150; i&#11;tide&#12;nå&#x0;"))
    )
    assert isinstance(found, Article)
    assert found.title == "“Fergen” gikk – i tide nå"
