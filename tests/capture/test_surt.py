"""Keys of an index are those by which pywb looks for an address."""

from __future__ import annotations

import pytest

from nordcrawl.capture.surt import url_key

SESSIONS = {"{32}": "0123456789abcdef" * 2, "{24}": "4hqa0555fwsecu455xqckv45",
            "{letters}": "abcdefghijklmnopqrstuvwx"}  # fmt: skip

# The keys are what pywb 2.10.0 (pywb.utils.canonicalize, with surt 0.3.1) makes of the addresses.


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://127.0.0.1/a", "1,0,0,127)/a"),
        ("http://[::1]:8080/x", "::1:8080)/x"),
        ("http://example.org", "org,example)/"),
        ("http://example.org/a//b", "org,example)/a/b"),
        ("http://example.org/a/./b/../c", "org,example)/a/c"),
        ("http://example.org/%7Euser/%C3%A6", "org,example)/~user/%c3%a6"),
        ("http://example.org/æøå", "org,example)/%c3%a6%c3%b8%c3%a5"),
        ("http://example.org/a?x=%2F%3d", "org,example)/a?x=/="),
        ("http://www.example.org./a", "org,example)/a"),
        ("https://blåbærgrød.no/x", "no,xn--blbrgrd-fxak7p)/x"),
        ("https://www3.Example.COM:443/Path/", "com,example)/path"),
        ("http://example.com/?c=3&a=1&b=2", "com,example)/?a=1&b=2&c=3"),
        (
            "http://example.org/a;jsessionid={32}?x=1",
            "org,example)/a;jsessionid={32}?x=1",
        ),
        (
            "http://example.org/a;jsessionid={32}",
            "org,example)/a;jsessionid={32}",
        ),
        (
            "http://example.org/a?x=1;jsessionid={32}",
            "org,example)/a?x=1;",
        ),
        (
            "http://example.org/a?jsessionid={32}&x=1",
            "org,example)/a?x=1",
        ),
        (
            "http://example.org/a?x=1&jsessionid={32}",
            "org,example)/a?&x=1",
        ),
        (
            "http://example.org/a?x=1&sid={32}&y=2",
            "org,example)/a?x=1&y=2",
        ),
        ("http://example.org/a?CFID=1&CFTOKEN=2&y=2", "org,example)/a?y=2"),
        ("http://example.org/a?y=2&CFID=1&CFTOKEN=2", "org,example)/a?&y=2"),
        (
            "http://example.org/a?ASPSESSIONIDABCDEFGH={letters}&y=2",
            "org,example)/a?y=2",
        ),
        (
            "http://example.org/a?y=1&ASPSESSIONIDABCDEFGH={letters}",
            "org,example)/a?&y=1",
        ),
        ("http://example.org/({24})/mileg.aspx", "org,example)/mileg.aspx"),
        (
            "http://example.org/({24})/mileg.aspx?page=sessionschedules",
            "org,example)/mileg.aspx?page=sessionschedules",
        ),
        (
            "http://example.org/(a({24})S({24}))/mileg.aspx?page=x",
            "org,example)/mileg.aspx?page=x",
        ),
        ("http://example.org/a?x?y", "org,example)/a?x?y"),
        ("http://example.org/a??y", "org,example)/a??y"),
        ("http://example.org/a?=x&b", "org,example)/a?=x&b"),
        ("http://example.org/a?b&=x", "org,example)/a?=x&b"),
        ("http://example.org/a?b=2&b=1&a", "org,example)/a?a&b=1&b=2"),
        ("http://example.org/a?b-c=1&b=2", "org,example)/a?b=2&b-c=1"),
        ("http://example.org/a?b!=1&b=2", "org,example)/a?b=2&b!=1"),
        ("http://example.org/%25252525", "org,example)/%25"),
        ("http://example.org/%", "org,example)/%25"),
        ("http://example.org/%zz", "org,example)/%25zz"),
        ("http://example.org/a%2Fb%2F..%2Fc", "org,example)/a/c"),
        ("http://example.org/a%23b", "org,example)/a%23b"),
        ("http://example.org/a b", "org,example)/a%20b"),
        ("http://example.org/a?x=%26y=1", "org,example)/a?x=&y=1"),
        ("http://example.org/a/../", "org,example)/"),
        ("http://example.org/a/.", "org,example)/a"),
        ("http://example.org:8443/a", "org,example:8443)/a"),
        ("https://example.org:80/a", "org,example:80)/a"),
        ("http://example.org:/a", "org,example)/a"),
        ("http://[2001:DB8::1]/a", "2001:db8::1)/a"),
        ("http://[2001:DB8::1]:8080/a", "2001:db8::1:8080)/a"),
        ("http://192.168.0.1:80/", "1,0,168,192)/"),
        ("http://www1.example.org/", "org,example)/"),
        ("http://wwwx.example.org/", "org,example,wwwx)/"),
        ("http://www-a.example.org/", "org,example,www-a)/"),
        ("http://www.org/", "org)/"),
        ("http://.example..org./", "org,example)/"),
        ("http://xn--hxajbheg2az3al.example/%CE%B1", "example,xn--hxajbheg2az3al)/%ce%b1"),
        ("http://sub.blåbærgrød.no:81/Æ?Ø=Å", "no,xn--blbrgrd-fxak7p,sub:81)/%c3%86?%c3%98=%c3%85"),
        ("http://example.org/&#x2F;", "org,example)/&"),
        ("http://example.org/a\\b", "org,example)/a\\b"),
        ('http://example.org/a"b<c>', 'org,example)/a"b<c>'),
        ("http://example.org/a?utm_source=1&fbclid=2", "org,example)/a?fbclid=2&utm_source=1"),
        ("http://example.org/a;", "org,example)/a;"),
        ("http://example.org/a/;b/", "org,example)/a/;b"),
        ("http://example.org/a/?", "org,example)/a"),
        ("http://example.org?x=1", "org,example)/?x=1"),
        ("http://example.org/?x=1", "org,example)/?x=1"),
        ("http://example.org/a|b~c^d`e", "org,example)/a|b~c^d`e"),
        ("http://exam_ple.org/", "org,exam_ple)/"),
        ("http://EXAMPLE.ORG/%E6", "org,example)/%e6"),
        ("http://example.org/a?q=%E6%F8", "org,example)/a?q=%e6%f8"),
        ("http://example.org/a%00b", "org,example)/a%00b"),
        ("http://example.org/a+b?c+d=e+f", "org,example)/a+b?c+d=e+f"),
        ("http://example.org/a?xsid={32}&y=1", "org,example)/a?xy=1"),
        (
            "http://example.org/a?sid={32}a&y=1",
            "org,example)/a?sid={32}a&y=1",
        ),
        ("http://example.org/a?mycfid=1&cftoken=2&y=2", "org,example)/a?myy=2"),
        (
            "http://example.org/a?sid={32}&phpsessid={32}",
            "org,example)/a",
        ),
        (
            "http://example.org/({24})/mileg.html",
            "org,example)/({24})/mileg.html",
        ),
    ],
)
def test_the_key_is_that_of_pywb(url: str, key: str) -> None:
    for name, value in SESSIONS.items():
        url, key = url.replace(name, value), key.replace(name, value)
    assert url_key(url) == key
