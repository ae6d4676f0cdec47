"""A source is data, and what is wrong with it is said before anything is fetched."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nordcrawl.errors import SourceError, UsageError
from nordcrawl.sources import source as sources
from nordcrawl.sources.load import load, read

ROOT = Path(__file__).parents[2]

MINIMAL = """
[sources.paper]
title = "The Paper"
hosts = { "127.0.0.1:8017" = "en" }
sitemaps = ["/sitemap.xml"]
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_package_ships_three_sources_of_both_families():
    own = load()
    assert {"highnorthnews", "sermitsiaq", "nunatsiaqnews"} <= set(own)
    assert {own["highnorthnews"].family, own["nunatsiaqnews"].family} == {"labrador", "generic"}
    assert all(source.real_hosts and source.delay >= 1 for source in own.values())


def test_a_minimal_source_is_enough(write):
    source = load([write(MINIMAL)])["paper"]
    assert source.entries("sitemap") == ["http://127.0.0.1:8017/sitemap.xml"]
    assert source.delay == 0
    assert source.real_hosts == ()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('sitemap = ["/x"]', ["'sitemap'", "did you mean 'sitemaps'"]),
        ('family = "wordpress"', ["'family'", "labrador", "generic"]),
        ('timezone = "Europe/Osloo"', ["'timezone'", "IANA"]),
        ('country = "Norway"', ["'country'"]),
        ('article_urls = ["(["]', ["'article_urls", "regular expression"]),
        ('feeds = ["feed.xml"]', ["'feeds", "starts with /"]),
        ('feeds = ["https://elsewhere.example/feed"]', ["elsewhere.example", "hosts"]),
        ('listings = ["/"]', ["article_urls"]),
        ("delay_s = -1", ["'delay_s'"]),
        ('prune = ["div["]', ["'prune'", "CSS selector"]),
        ('select = { headline = ["h1"] }', ["select", "title"]),
        ('name = "other"', ["'name'"]),
        ('select = { title = ["h1["] }', ["select", "CSS selector"]),
        ("max_listings = 99999999", ["'max_listings'"]),
    ],
)
def test_a_mistake_names_file_source_and_key(write, line, says):
    path = write(MINIMAL + line + "\n")
    with pytest.raises(SourceError) as caught:
        load([path])
    for part in [str(path), "[sources.paper]", *says]:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[source.paper]\n", "unknown key 'source'"),
        ("sources = 3\n", "no table"),
        ("[sources.paper\n", "not valid TOML"),
        ('[sources."The Paper"]\n', "a name is"),
        ("[sources.paper]\ntitle = 'x'\n", "'hosts' is missing"),
        (MINIMAL.replace("paper", "highnorthnews"), "already defined"),
        ("", "no table"),
    ],
)
def test_a_file_that_is_no_source_file_is_refused(write, text, says):
    path = write(text)
    with pytest.raises(SourceError, match=says) as caught:
        load([path])
    assert str(path) in str(caught.value)


def test_a_file_that_an_editor_marked_as_utf_8_is_read(tmp_path):
    path = tmp_path / "paper.toml"
    path.write_text(MINIMAL, encoding="utf-8-sig")
    assert "paper" in load([path])


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"none\.toml"):
        load([tmp_path / "none.toml"])


def test_a_short_delay_is_for_loopback_only(write):
    text = MINIMAL.replace("127.0.0.1:8017", "example.org") + "delay_s = 0.2\n"
    with pytest.raises(SourceError, match="loopback"):
        load([write(text)])


@pytest.mark.parametrize(
    ("url", "article", "cms_id"),
    [
        ("https://en.highnorthnews.com/business/x-in-y/175847", True, "175847"),
        ("https://www.highnorthnews.com/nyhetsbrev/nyhetsbrev-vi/1105806", True, "1105806"),
        ("https://www.highnorthnews.com/a/1105806", True, "1105806"),
        ("https://www.highnorthnews.com/en/australian-owner-sells", True, None),
        ("https://www.highnorthnews.com/nb/node/43836", True, None),
        ("https://en.highnorthnews.com/tag/us%20senator", False, None),
        ("https://en.highnorthnews.com/author/someone/123456", False, None),
        ("https://en.highnorthnews.com/", False, None),
        ("https://www.highnorthnews.com/en/tag/china-38", False, None),
    ],
)
def test_high_north_news_knows_its_article_addresses(url, article, cms_id):
    source = load()["highnorthnews"]
    assert source.is_article(url) is article
    assert source.cms_id(url) == cms_id


def test_other_hosts_ports_and_renderings_are_never_followed():
    source = load()["highnorthnews"]
    assert source.is_denied("https://highnorthnews.com.dev07.ovh.ramsalt.com/en/x")
    assert source.is_denied("https://en.highnorthnews.com:8443/a/b/123456")
    assert source.is_denied("https://en.highnorthnews.com/a/b/123456?lab_viewport=json")
    assert not source.is_denied("https://en.highnorthnews.com/a/b/123456?utm_source=x")


def test_a_source_moves_to_other_hosts_as_a_whole():
    source = load()["highnorthnews"]
    moved = source.with_hosts(
        {
            "en.highnorthnews.com": "en.highnorthnews.localhost:8017",
            "www.highnorthnews.com": "www.highnorthnews.localhost:8017",
            "highnorthnews.com": "highnorthnews.localhost:8017",
        }
    )
    assert moved.entries("feed")[0] == "http://en.highnorthnews.localhost:8017/?lab_viewport=rss"
    assert moved.real_hosts == ()
    assert moved.delay == 0
    assert moved.article_urls == source.article_urls
    with pytest.raises(UsageError, match="no host of source highnorthnews"):
        source.with_hosts({"example.org": "localhost:1"})


def test_the_documented_source_is_one(tmp_path):
    """docs/sources.md shows a complete source; it must load as it stands."""
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    blocks = [part.partition("```")[0] for part in text.split("```toml\n")[1:]]
    complete = [block for block in blocks if "[sources." in block]
    assert complete
    for number, block in enumerate(complete):
        path = tmp_path / f"{number}.toml"
        path.write_text(block, encoding="utf-8")
        assert read(path)


def test_every_key_is_documented():
    text = (ROOT / "docs" / "sources.md").read_text(encoding="utf-8")
    for key in sources.Source.model_fields:
        assert f"`{key}`" in text or key == "name", key


def test_every_selectable_field_is_read_by_extraction():
    from typing import get_args

    from nordcrawl.extract.fields.selectors import FIELDS

    assert set(get_args(sources.SelectField)) == FIELDS


@pytest.mark.parametrize(
    "value", ["'text'", "7", "-1", "true", "1.5", "[]", "[1]", "{}", "{ x = 1 }"]
)
def test_what_is_wrong_is_said_in_words_of_a_source_file(write, value):
    """Of any key, whatever it is given: no Python, and none of pydantic's phrases."""
    for key in sources.Source.table_keys():
        table = "\n".join(line for line in MINIMAL.splitlines() if not line.startswith(f"{key} ="))
        try:
            load([write(f"{table}\n{key} = {value}\n")])
        except SourceError as error:
            said = str(error)
            assert "[sources.paper]: key '" in said
            for phrase in ("Input", "should", "valid", "tuple", "dict", "String", "type=", "None"):
                assert phrase not in said.replace("not a CSS selector", ""), said


def test_all_that_is_wrong_is_said_at_once(write, tmp_path):
    first = write(MINIMAL + "sitemap = ['/x']\ncountry = 'Norway'\n[sources.other]\ntitle = 'x'\n")
    second = tmp_path / "second.toml"
    second.write_text(MINIMAL.replace("paper", "third").replace("8017", "x"), encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        load([first, second])
    for said in (
        "'sitemap'",
        "such as NO",
        "[sources.other]: key 'hosts' is missing",
        "a host name",
    ):
        assert said in str(caught.value)
