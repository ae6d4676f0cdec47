"""Challenges: what stands before a page to tell people from programs, by the headers it comes with.

Source: Cloudflare docs, "Detecting a challenge page response"; AWS WAF developer guide, "CAPTCHA
and Challenge in AWS WAF"; Vercel docs, "Attack Challenge Mode".
"""

from __future__ import annotations

from typing import Final

from nordcrawl.model.page import Page

#: Headers that an answer has only if it is one: (name, value, what it is).
_HEADERS: Final = (
    ("cf-mitigated", "challenge", "Cloudflare challenge"),
    ("x-amzn-waf-action", "challenge", "AWS WAF challenge"),
    ("x-amzn-waf-action", "captcha", "AWS WAF captcha"),
    ("x-vercel-mitigated", "challenge", "Vercel challenge"),
)


def told_by_header(page: Page) -> str | None:
    """Return what an answer is instead of a page, whatever its status; None if nothing says so."""
    for name, value, what in _HEADERS:
        if value in (page.header(name) or "").lower():
            return what
    return None
