"""URLs: one canonical spelling each, and what kind of host stands in them.

Knows no site: which URLs belong to a source is `nordcrawl.sources.source`' to say.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Container
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string

from nordcrawl.model.printable import shown

#: Longer ones are refused; no browser or server has to take more than this.
#: Source: RFC 9110 section 4.1 (8000 octets should be supported); sitemaps.org: under 2,048.
MAX_URL_LENGTH = 2083

_DEFAULT_PORTS = {"http": 80, "https": 443}

#: Query parameters that tell who sent the reader, never which page. Each by its whole name: what
#: only begins like one (``pk_id``) may be an id of a page.
#: Source: Google Analytics help, "URL builders: Collect campaign data" (utm_*); Google Ads (gclid,
#: gbraid, wbraid, dclid); Meta (fbclid); Microsoft Advertising (msclkid); Mailchimp (mc_cid,
#: mc_eid); Yandex (yclid); HubSpot (_hsenc, _hsmi); Instagram (igshid); Matomo docs, "Tracking
#: campaigns" (mtm_*, pk_*).
TRACKING = re.compile(
    r"utm_(?:id|source|medium|campaign|term|content|source_platform|creative_format"
    r"|marketing_tactic|name|reader|referrer|social|cid|place|pubreferrer|swu|viz_id|brand)"
    r"|(?:mtm|pk)_(?:campaign|cpn|keyword|kwd|source|medium|content|cid|group|placement)"
    r"|gclid|gbraid|wbraid|dclid|fbclid|msclkid|mc_cid|mc_eid|yclid|_hsenc|_hsmi|igshid",
    re.IGNORECASE,
)


def canonicalize(url: str, base: str | None = None, *, keep: Container[str] = ()) -> str:
    """Return the one spelling of a URL: absolute, lower-case host, no default port, no user
    name, no fragment, no tracking parameters but those to `keep`, percent-encoding normalized.

    >>> canonicalize("HTTP://Example.ORG:80/a%7Eb/?utm_source=x&b=2&a=1#top")
    'http://example.org/a~b/?b=2&a=1'

    Raises:
        ValueError: not an http(s) URL with a host, unparsable, or longer than `MAX_URL_LENGTH`.
    """
    text = url.strip()
    if base is not None:
        text = urljoin(base, text)
    parts = urlsplit(text)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise ValueError(f"not an http(s) URL: {shown(url)}")
    if not parts.hostname:
        raise ValueError(f"no host in URL: {shown(url)}")
    netloc = _netloc(parts.hostname, parts.port, scheme)
    done = canonicalize_url(urlunsplit((scheme, netloc, parts.path or "/", "", "")))
    if query := _query(parts.query, keep):
        done += f"?{query}"
    if len(done) > MAX_URL_LENGTH:
        raise ValueError(f"URL of {len(done)} characters: {shown(url)}")
    return done


def _query(query: str, keep: Container[str]) -> str:
    # Order is kept: some servers know a page by one spelling of its query only.
    kept = [
        part
        for part in query.split("&")
        if part and ((name := parameter(part)) in keep or not TRACKING.fullmatch(name))
    ]
    safe = urlsplit(safe_url_string(f"http://x/?{'&'.join(kept)}")).query
    return re.sub("%[0-9a-fA-F]{2}", lambda match: match[0].upper(), safe)


def parameter(part: str) -> str:
    """Return the name of a part of a query, decoded.

    >>> parameter("%61=1"), parameter("b")
    ('a', 'b')
    """
    return unquote(part.partition("=")[0])


def without_parameters(url: str, names: Container[str]) -> str:
    """Return a URL without the parts of its query that have one of these names.

    >>> without_parameters("https://a.org/x?id=7&from=feed&page=2", {"from"})
    'https://a.org/x?id=7&page=2'
    """
    parts = urlsplit(url)
    kept = "&".join(part for part in parts.query.split("&") if parameter(part) not in names)
    return urlunsplit((*parts[:3], kept, parts.fragment))


def _netloc(hostname: str, port: int | None, scheme: str) -> str:
    try:
        host = hostname.encode("idna").decode().lower() if not hostname.isascii() else hostname
    except UnicodeError as error:
        raise ValueError(f"no valid host name: {shown(hostname)}") from error
    if ":" in host:
        host = f"[{host}]"
    return host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"


def host_of(url: str) -> str:
    """Return the host of a canonical URL, with its port where that is not the scheme's own.

    >>> host_of("http://127.0.0.1:8017/a"), host_of("https://example.org/")
    ('127.0.0.1:8017', 'example.org')
    """
    return urlsplit(url).netloc


def machine_of(url: str) -> str:
    """Return the name of a URL's host without port and a leading ``www.``: what is one machine to
    the delay between two requests.

    >>> machine_of("https://www.Example.org:8443/a"), machine_of("http://[::1]:8017/")
    ('example.org', '::1')
    """
    return (urlsplit(url).hostname or "").removeprefix("www.")


def path_of(url: str) -> str:
    """Return path and query of a URL, the part that URL shapes are matched against.

    >>> path_of("https://example.org/?p=7")
    '/?p=7'
    """
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"


def without_query(url: str) -> str:
    """Return a URL up to its query."""
    return urlunsplit((*urlsplit(url)[:3], "", ""))


def is_loopback(host: str) -> bool:
    """Return whether a host (with or without port) says by its name that it is this machine.

    Source: RFC 6761 section 6.3 (``localhost`` and every name below it).

    >>> [is_loopback(h) for h in ("en.site.localhost:8017", "127.0.0.2", "[::1]:80", "a.org")]
    [True, True, True, False]
    """
    name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
