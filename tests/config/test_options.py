"""Settings and arguments: everything wrong is said at once, by name."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nordcrawl import settings
from nordcrawl.config.alert_limits import read_addresses
from nordcrawl.config.arguments import ARGUMENTS, Arguments
from nordcrawl.config.options import SETTINGS, Options
from nordcrawl.errors import UsageError
from nordcrawl.report.health import SuspectLimits
from nordcrawl.sources.load import load

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"
HNN = load()["highnorthnews"]


class Given(dict[str, Any]):
    def __init__(self, **values):
        super().__init__({k: v for k, v in vars(settings).items() if k.isupper()} | values)


def test_all_mistakes_are_named_at_once():
    with pytest.raises(UsageError) as caught:
        Options.from_settings(
            Given(NORDCRAWL_WORKERS="-1", NORDCRAWL_CONTACT="x y", NORDCRAWL_HOSTS="a=10.0.0.1",
                  NORDCRAWL_SUSPECT_SHARE="2", NORDCRAWL_SUSPECT_PAGES="0")
        )  # fmt: skip
    for words in (
        "NORDCRAWL_SUSPECT_SHARE = 2: a number from 0 to 1",
        "NORDCRAWL_SUSPECT_PAGES = 0",
        "NORDCRAWL_WORKERS = -1",
        "NORDCRAWL_CONTACT = x y",
        "10.0.0.1 is not loopback",
    ):
        assert words in str(caught.value)


def test_what_makes_a_run_suspect_is_set():
    given = Given(NORDCRAWL_SUSPECT_SHARE="0.25", NORDCRAWL_SUSPECT_PAGES="9")
    assert Options.from_settings(given).suspect == SuspectLimits(share=0.25, pages=9)


@pytest.mark.parametrize("name", ["NORDCRAWL_LOG_LEVEL", "LOG_LEVEL"])
def test_a_log_level_that_is_none_is_refused_by_its_name(name):
    with pytest.raises(UsageError, match=f"^{name} = QUIET: one of DEBUG"):
        Options.from_settings(Given(**{name: "QUIET"}))


@pytest.mark.parametrize(
    "proxy", ["https://proxy.example:3128", "proxy.example:3128", "http://", "http://a b:1",
              "socks5://proxy.example", "http://proxy.example:3128/x"],
)  # fmt: skip
def test_a_proxy_is_an_http_address(proxy):
    with pytest.raises(UsageError, match=r"NORDCRAWL_PROXY = .*http://host:port is allowed"):
        Options.from_settings(Given(NORDCRAWL_PROXY=proxy))
    good = "http://proxy.example:3128"
    assert Options.from_settings(Given(NORDCRAWL_PROXY=good)).proxy == good


def test_no_password_of_a_proxy_is_taken_or_shown():
    with pytest.raises(UsageError, match="without user name and password") as caught:
        Options.from_settings(Given(NORDCRAWL_PROXY="http://ann:geheim@proxy.example:3128"))
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("name", ["NORDCRAWL_STATE_DIR", "NORDCRAWL_SOURCES"])
def test_a_service_without_a_home_is_told_so(name):
    with pytest.raises(UsageError, match=f"{name} = .*an absolute path is needed"):
        Options.from_settings(Given(**{name: "~nobody-of-this-name/nordcrawl"}))


def test_a_misspelt_setting_is_refused():
    with pytest.raises(UsageError, match="did you mean NORDCRAWL_SOURCES"):
        Options.from_settings(Given(NORDCRAWL_SOURCE="x"))


def test_dates_are_whole_days_of_the_source():
    window = Arguments.parse({"since": "2026-11-01", "until": "2026-11-30"}, HNN).window
    assert window.since == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert window.until
    assert window.until.isoformat() == "2026-11-30T22:59:59.999999+00:00"
    exact = Arguments.parse({"since": "2026-07-01T06:00"}, HNN).window
    assert exact.since == datetime(2026, 7, 1, 4, 0, tzinfo=UTC)
    assert Arguments.parse({"since": "2026-07-01T06:00Z"}, HNN).window.since


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"since": "2026-13-01"}, "since=2026-13-01"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "lies after"),
        ({"limit": "many"}, "limit=many"),
        ({"limit": "1.5"}, "limit=1.5"),
        ({"limit": "²"}, "limit="),
        ({"mode": "Full"}, "incremental or full"),
        ({"urls": "none.txt"}, "neither a list"),
        ({"urls": "https://en.highnorthnews.com/a,mailto:x"}, "entry 2"),
        ({"untill": "2026-01-01"}, "did you mean until"),
    ],
)
def test_a_wrong_argument_says_what_is_allowed(given, says):
    with pytest.raises(UsageError, match=says.replace("(", r"\(")):
        Arguments.parse(given, HNN)


def test_a_file_that_an_editor_marked_as_utf_8_is_read(tmp_path):
    file = tmp_path / "given.txt"
    file.write_text("https://en.highnorthnews.com/a\n", encoding="utf-8-sig")
    assert Arguments.parse({"urls": str(file)}, HNN).urls == ("https://en.highnorthnews.com/a",)
    file.write_text("json://hooks.example.org/path\n", encoding="utf-8-sig")
    assert read_addresses(str(file)) == ("json://hooks.example.org/path",)


def test_urls_may_stand_in_a_file(tmp_path):
    file = tmp_path / "urls.txt"
    file.write_text(
        "# two addresses of one page\n\nhttps://en.highnorthnews.com/a/b/123456\n"
        "https://en.highnorthnews.com/a/b/123456?utm_source=x\n"
    )
    assert Arguments.parse({"urls": str(file)}, HNN).urls == (
        "https://en.highnorthnews.com/a/b/123456",
    )


def test_every_setting_and_argument_is_documented():
    text = DOCS.read_text(encoding="utf-8")
    for name in ARGUMENTS:
        assert f"-a {name}=" in text, name
    given = {name for name in vars(settings) if name.startswith("NORDCRAWL_")}
    assert given | {"NORDCRAWL_LOG_LEVEL"} == set(SETTINGS)


def test_settings_are_safe_for_unattended_service():
    assert not settings.TELNETCONSOLE_ENABLED
    assert not settings.REMOTE_CONTROL_ENABLED
    assert settings.DOWNLOAD_VERIFY_CERTIFICATES
    assert {"file", "ftp", "data", "s3"} <= {
        k for k, v in settings.DOWNLOAD_HANDLERS.items() if v is None
    }
    assert not settings.COOKIES_ENABLED
    assert not settings.HTTPPROXY_ENABLED
    assert not settings.METAREFRESH_ENABLED
    assert settings.ROBOTSTXT_OBEY
    assert settings.DOWNLOAD_DELAY >= 1
    assert settings.CONCURRENT_REQUESTS_PER_DOMAIN == 1
    assert settings.DOWNLOAD_MAXSIZE <= 20 << 20
    assert settings.DOWNLOAD_TIMEOUT <= 30
