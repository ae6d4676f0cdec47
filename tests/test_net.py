"""No spelling of an address leads to a machine that is not public."""

import pytest

from nordcrawl.middlewares.resolver import AddressRefused, check


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("intranet.example.org", "10.0.0.1"),
        ("example.org", "127.0.0.1"),
        ("example.org", "169.254.169.254"),
        ("example.org", "192.168.1.1"),
        ("example.org", "172.16.0.1"),
        ("example.org", "0.0.0.0"),
        ("example.org", "224.0.0.1"),
        ("example.org", "255.255.255.255"),
        ("example.org", "100.64.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("localhost", "10.0.0.1"),
        ("example.org", "::1"),
        ("example.org", "::ffff:127.0.0.1"),
        ("example.org", "::ffff:10.0.0.1"),
        ("example.org", "2002:7f00:1::"),
        ("example.org", "fe80::1"),
        ("example.org", "fd00::1"),
    ],
)
def test_what_is_not_public_is_refused(name, address):
    with pytest.raises(AddressRefused, match="not a public address"):
        check(name, address)


@pytest.mark.parametrize(
    ("name", "address"),
    [("example.org", "93.184.216.34"), ("en.paper.localhost", "127.0.0.1"),
     ("127.0.0.2", "127.0.0.2"), ("example.org", "2606:2800:220:1:248:1893:25c8:1946")],
)  # fmt: skip
def test_public_addresses_and_loopback_by_its_own_name_pass(name, address):
    assert check(name, address) == address
