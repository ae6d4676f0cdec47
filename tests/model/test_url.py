"""One spelling a URL, and no host that says less than it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.model.printable import shown
from nordcrawl.model.url import MAX_URL_LENGTH, canonicalize, host_of, is_loopback
from nordcrawl.sources.source import Source


@pytest.mark.parametrize(
    ("given_url", "canonical"),
    [
        ("HTTP://EN.Example.org:80/A", "http://en.example.org/A"),
        ("https://example.org:443", "https://example.org/"),
        ("https://example.org:8443/x#top", "https://example.org:8443/x"),
        ("https://user:secret@example.org/x", "https://example.org/x"),
        ("https://example.org/x?utm_source=a&fbclid=1", "https://example.org/x"),
        ("https://example.org/x?b=2&a=%c3%a5&a=", "https://example.org/x?b=2&a=%C3%A5&a="),
        ("https://example.org/tag/ny-ålesund", "https://example.org/tag/ny-%C3%A5lesund"),
        ("https://example.org/tag/ny-%c3%a5lesund", "https://example.org/tag/ny-%C3%A5lesund"),
        ("https://ålesund.example/", "https://xn--lesund-hua.example/"),
        ("http://[::1]:80/a", "http://[::1]/a"),
        ("  https://example.org/a b ", "https://example.org/a%20b"),
    ],
)
def test_each_url_has_one_spelling(given_url, canonical):
    assert canonicalize(given_url) == canonical
    assert canonicalize(canonical) == canonical


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.org/", "file:///etc/passwd", "data:,x", "javascript:alert(1)",
     "http://", "http://[::1", "http://example.org:99999/", "//example.org/x", "/x",
     "https://example.org/" + "a" * MAX_URL_LENGTH],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(ValueError, match=r"URL|Port|host"):
        canonicalize(url)


def test_relative_addresses_are_joined():
    assert canonicalize("../b?x=1", "https://example.org/a/c") == "https://example.org/b?x=1"


@given(st.text(max_size=60))
def test_canonicalizing_twice_is_canonicalizing_once(text):
    try:
        once = canonicalize(f"https://example.org/{text}")
    except ValueError:
        return
    assert canonicalize(once) == once


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("en.site.localhost:80", True), ("127.9.9.9:1", True), ("[::1]:8", True),
     ("localhost.example.org", False), ("10.0.0.1", False), ("127.1", False),
     ("notlocalhost", False)],
)  # fmt: skip
def test_only_names_that_say_so_are_loopback(host, loopback):
    assert is_loopback(host) is loopback


def test_host_keeps_an_unusual_port():
    assert host_of(canonicalize("http://127.0.0.1:8017/")) == "127.0.0.1:8017"


@given(st.text(max_size=400))
def test_shown_text_can_forge_no_line(text):
    line = shown(text)
    assert line.isprintable() or line == ""
    assert len(line) <= 200


@pytest.mark.parametrize(
    "query",
    ["pk_id=17", "mtm_article=17", "utm_story=17", "pk=17", "gclidx=1", "id=17&p=2", "utm=17",
     "pk_cid_=1", "fbclid2=3"],
)  # fmt: skip
def test_what_only_begins_like_a_tracker_is_part_of_the_name(query):
    url = f"https://example.org/article.php?{query}"
    assert canonicalize(url) == url


@pytest.mark.parametrize(
    "name",
    ["utm_source", "UTM_Campaign", "utm%5Fmedium", "pk_campaign", "pk_kwd", "pk_cid", "mtm_group",
     "mtm_placement", "mtm_kwd", "gclid", "fbclid", "mc_eid", "_hsenc"],
)  # fmt: skip
def test_who_sent_the_reader_is_no_part_of_it(name):
    assert canonicalize(f"https://example.org/a?{name}=x&id=7") == "https://example.org/a?id=7"
    name = name.replace("%5F", "_")
    kept = canonicalize(f"https://example.org/a?{name}=x&id=7", keep={name})
    assert kept == f"https://example.org/a?{name}=x&id=7"


def test_a_source_says_which_parameters_are_noise_and_which_are_not():
    source = Source(
        name="s", title="S", hosts={"example.org": "en"}, feeds=("/feed",),
        noise_query=("from", "ref"), keep_query=("utm_id",),
    )  # fmt: skip
    found = "https://example.org/a?utm_id=7&from=feed&page=2&%72ef=&utm_source=x"
    assert source.link(found) == "https://example.org/a?utm_id=7&page=2"
    assert source.link("https://example.org/a?from=x") == "https://example.org/a"
    with pytest.raises(ValueError, match="both noise_query and keep_query"):
        source.model_validate(source.model_dump() | {"keep_query": ("from",)})
