"""What NORDCRAWL_ARCHIVE may say."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.archive.store.address import archive_name, open_store
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.s3 import S3Store
from nordcrawl.errors import ExitCode, UsageError
from nordcrawl.model.redact import redact


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("/srv/news", "file:///srv/news"),
        ("/srv/news/", "file:///srv/news"),
        ("/srv//x/../news/.", "file:///srv/news"),
        ("/srv/Åse og nyheter", "file:///srv/%C3%85se%20og%20nyheter"),
        ("/srv/a:b@c?d#e", "file:///srv/a%3Ab%40c%3Fd%23e"),
        ("file:///srv/news", "file:///srv/news"),
        ("file:///srv/%C3%85se%20og", "file:///srv/%C3%85se%20og"),
        ("FILE:///srv/news/", "file:///srv/news"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("s3://bucket/a/b", "s3://bucket/a/b"),
        ("s3://bucket//a/b//", "s3://bucket/a/b"),
        ("S3://bucket/a", "s3://bucket/a"),
        ("s3://my.bucket-1/News_1/v=1", "s3://my.bucket-1/News_1/v=1"),
    ],
)
def test_good(uri: str, name: str) -> None:
    store = open_store(uri)
    assert isinstance(store, S3Store if name.startswith("s3:") else FolderStore)
    assert store.uri == archive_name(uri) == name
    assert archive_name(name) == name


def test_relative_paths_become_absolute(tmp_path: Path) -> None:
    for uri in ("archive", "./archive", "archive/"):
        assert archive_name(uri) == (tmp_path / "archive").as_uri()
    assert archive_name("./s3:odd") == (tmp_path / "s3:odd").as_uri()


def test_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert archive_name("~/news") == (tmp_path / "news").as_uri()


def test_links_are_followed(tmp_path: Path) -> None:
    """Two spellings of one archive must not get two spools."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert archive_name(str(tmp_path / "link" / "a")) == (tmp_path / "real" / "a").as_uri()


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("s3://", "bucket's name is missing"),
        ("s3:///prefix", "bucket's name is missing"),
        ("s3:/bucket/prefix", "two slashes"),
        ("s3:bucket", "two slashes"),
        ("s3://AKIAcanary:canary@bucket/prefix", "credentials"),
        ("s3://canary@bucket", "credentials"),
        ("s3://key:can/canary@bucket", "credentials"),
        ("s3://key:canary", "credentials"),
        ("s3://bucket:9000/prefix", "AWS_ENDPOINT_URL"),
        ("s3://bucket/p?endpoint=canary", "AWS_ENDPOINT_URL"),
        ("s3://bucket?secret=canary", "AWS_ENDPOINT_URL"),
        ("s3://bucket/p#canary", "AWS_ENDPOINT_URL"),
        ("s3://Bucket", "3 to 63"),
        ("s3://b", "3 to 63"),
        ("s3://bu_cket", "3 to 63"),
        ("s3://bu..cket", "3 to 63"),
        ("s3://" + "b" * 64, "3 to 63"),
        ("s3://bucket/a//b", "single slashes"),
        ("s3://bucket/a b", "a prefix is of"),
        ("s3://bucket/å", "a prefix is of"),
        ("s3://bucket/a%20b", "a prefix is of"),
        ("s3://bucket/../b", "a prefix is of"),
        ("s3://bucket/.tmp", "a prefix is of"),
        ("s3://bucket/a\nb", "control character"),
        ("/srv/a\x1b[31m", "control character"),
        ("file:///a%00b", "control character"),
        ("file://server/share", "three slashes"),
        ("file:relative", "three slashes"),
        ("file:/srv", "three slashes"),
        ("file:///srv?canary=canary", "three slashes"),
        ("gs://bucket", "gs: is not"),
        ("https://key:canary@host/bucket", "https: is not"),
        ("https://host/bucket?X-Amz-Signature=canary", "https: is not"),
        ("key:canary@bucket", "is not a kind"),
        ("C:\\news", "is not a kind"),
    ],
)
def test_bad(uri: str, says: str) -> None:
    for function in (open_store, archive_name):
        with pytest.raises(UsageError) as raised:
            function(uri)
        text = str(raised.value)
        assert says in text
        assert "NORDCRAWL_ARCHIVE" in text
        assert "s3://bucket/prefix" in text, "says what is allowed"
        assert "canary" not in text
        assert text.isprintable()
    assert UsageError.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    "text",
    [
        "http://key:canary@host/x",
        "GET https://h/b/k?X-Amz-Credential=canary%2F2024&X-Amz-Signature=canary&x=1",
        "X-Amz-Security-Token: canary",
        "{'Authorization': 'AWS4-HMAC-SHA256 Credential=AKIA/x, Signature=canary'}",
        "AWS4-HMAC-SHA256 Credential=canary",
        "the key AKIAIOSFODNN7CANARY is not known",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEcanary",
        "environment-canary",
    ],
)
def test_redact(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "environment-canary")
    assert "canary" not in redact(text).lower()
    assert "***" in redact(text)


def test_redact_leaves_the_rest() -> None:
    text = "put articles-v1/site=vg.no/date=2024-05-17/ab-000000000001.jsonl.gz: 503 SlowDown"
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "/var/lib/nordcrawl/state/file-srv-news-archive-8c1f0a2b/highnorthnews",
        "file-home-you-nordcrawl-demo-archive-archive-8c1f0a2b",
        "/home/Kari/Documents/NewsArchive/STATE_2026/pytest-of-kari/tmpk3j2h1x9/part_0001",
        "articles-v1/highnorthnews/2026-11-23/article-000000000001",
        "commits/0123456789/00000000000000000042 and runs/20261123t040000z-hnn-3fa2",
    ],
)
def test_a_path_however_long_is_no_secret(text: str) -> None:
    assert redact(text) == text


@given(st.binary(min_size=30, max_size=300), st.sampled_from(["{}", "key {}: no", "a={}&b=c"]))
def test_what_is_random_is_a_secret_in_whatever_alphabet(body: bytes, around: str) -> None:
    digest = hashlib.sha256(body).digest()
    for secret in (
        base64.b64encode(digest[:30]).decode(),
        base64.urlsafe_b64encode(digest).decode(),
        base64.b64encode(digest * 4).decode(),
        digest.hex(),
        digest[:20].hex(),
    ):
        assert secret not in redact(around.format(secret))
