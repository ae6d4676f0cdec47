"""Walls: pages that stand where an article should: challenges, consent, login, "not found".

A wall is told by its build and never by a phrase alone: it has little text, and nothing of what
marks an article (JSON-LD of one, a told day of publication). What names it is a header or a script
of its vendor, or its headline. So an article about cookies, robots or error 404 stays an article.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lxml.html import HtmlElement

from nordcrawl.extract.page.head import Head
from nordcrawl.model.article import Article, Rejected, normalize
from nordcrawl.model.challenges import told_by_header
from nordcrawl.model.ledger import SOFT_404
from nordcrawl.model.page import Page

#: Characters of visible text above which a page is no wall, whatever else it has.
MOST_TEXT: Final = 1_500
#: The same where only a script says so that real pages carry, too.
MOST_TEXT_BY_SCRIPT: Final = 600
#: Characters of an article's text that make it one in spite of such a script.
LEAST_TEXT: Final = 200

#: Characters of visible text under which a page that does not say that it is an article is none.
LEAST_PAGE: Final = 80


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    pattern: re.Pattern[str]


def _marks(*rows: tuple[str, str]) -> tuple[_Mark, ...]:
    return tuple(_Mark(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in rows)


#: Scripts and forms of those who guard pages, as their own documentation names them. Some stand in
#: every page of a guarded site.
_SCRIPTS: Final = _marks(
    ("Cloudflare challenge", r"/cdn-cgi/challenge-platform/|cf-chl-|cf_chl_opt|cf-error-details"),
    ("Imperva", r"_incapsula_resource|incapsula incident id"),
    ("DataDome", r"captcha-delivery\.com|geo\.captcha-delivery"),
    ("HUMAN", r"px-captcha|_pxappid|perimeterx"),
    ("AWS WAF", r"awswafintegration|token\.awswaf\.com"),
    ("Akamai", r"reference&#32;&#35;|errors\.edgesuite\.net|_sec/cp_challenge"),
    ("Sucuri", r"sucuri website firewall|sucuri_cloudproxy"),
    ("Anubis", r"/\.within\.website/x/cmd/anubis|anubis_challenge"),
    ("Vercel checkpoint", r"vercel security checkpoint|/\.well-known/vercel/security"),
    ("captcha", r"class=[\"'][^\"']*(?:g-recaptcha|h-captcha|cf-turnstile)"),
    ("consent", r"consent\.(?:google|youtube|yahoo)\.|guce\.[a-z]+\.com/|privacy-mgmt\.com/"),
)
#: Headlines of challenges, blocks and consent, whole but for punctuation.
_WALLS: Final = _marks(
    (
        "challenge",
        r"just a moment|attention required.*|checking your browser.*|one more step|verify(?:ing)? "
        r"(?:that )?you are (?:a )?human.*|are you a (?:robot|human)|robot check|captcha|human "
        r"verification|security check(?:point)?|vercel security checkpoint|making sure you.?re not "
        r"a bot|pardon our interruption|please verify you are a human|press & hold.*|"
        r"bekreft at du (?:er et menneske|ikke er en robot)|bekräfta att du är människa|"
        r"bekræft,? at du er et menneske|vahvista,? että olet ihminen",
    ),
    (
        "block",
        r"access (?:to this page has been )?denied|access denied.*|request blocked|"
        r"you have been blocked|sorry,? you have been blocked|403(?: -)? forbidden|forbidden|"
        r"error 10(?:05|06|09|10|15|20).*|blocked|tilgang nektet|ingen tilgang|åtkomst nekad|"
        r"adgang nægtet|pääsy (?:on )?(?:estetty|kielletty)|aðgangur bannaður",
    ),
    (
        "consent",
        r"before you continue.*|we value your privacy|your privacy(?: choices)?|cookie "
        r"(?:consent|settings|preferences)|manage (?:cookies|consent)|"
        r"vi (?:bryr oss om|verdsetter) personvernet ditt|(?:ditt|dit) (?:personvern|"
        r"privatliv)|samtykke(?: til .*)?|"
        r"vi värnar om din integritet|samtycke|arvostamme yksityisyyttäsi|informasjonskapsler|"
        r"cookie-?innstillinger",
    ),
    (
        "login",
        r"log ?in|sign ?in|logg inn|logga in|log ind|kirjaudu(?: sisään)?|innskráning|subscribe to "
        r"(?:read|continue).*",
    ),
    (
        "needs JavaScript",
        r"(?:please )?(?:enable|turn on) javascript.*|javascript (?:is )?(?:required|disabled).*|"
        r"you need to enable javascript.*|skru på javascript.*|aktiver javascript.*",
    ),
    (
        "server page",
        r"welcome to nginx!?|apache2? .*default page.*|it works!?|iis windows(?: server)?|"
        r"index of /.*|test page for .*|(?:site |we.?re |down for |under )*maintenance(?: mode)?|"
        r"(?:we.?ll be|back) (?:right )?back soon|vedlikehold(?:smodus)?|underhåll|"
        r"siden er under vedlikehold|huoltokatko|this domain (?:is|may be) for sale.*|"
        r".* is for sale|domain parked|parked domain|account suspended|coming soon",
    ),
)
#: Headlines of "not found", in the languages of the sources.
_NOT_FOUND: Final = re.compile(
    r"(?:error |feil |fel |fejl )?404(?:$|[ \-:|].*)|.{0,30}\b404\b.{0,30}|"
    r"(?:the )?(?:page|article|content|story)(?: you .{0,40})? "
    r"(?:(?:was|is|could|can|does)(?: not|n.?t)?(?: be)?|not) ?"
    r"(?:found|exist|available|available anymore|no longer available|no longer exists)|"
    r"(?:(?:page|article|nothing) )?not found|nothing found|oops.{0,30}(?:found|exist|"
    r"wrong).{0,20}|"
    r"(?:sorry|beklager|tyvärr|beklager),? .{0,60}(?:not found|finnes ikke|finns inte|findes ikke)|"
    r"(?:denne |den )?(?:siden|sida|artikkelen|saken|sidan|artikeln|artiklen)"
    r"(?: (?:du|som du|dere) .{0,40})? (?:finnes|finst|finns|findes|eksisterer|ble|blei|vart|kunne|"
    r"kunde|er|är) ?(?:ikke|ikkje|inte)?(?: (?:funnet|funne|hittas|lenger|fundet|lengre|"
    r"tilgjengelig|längre|længere|findes|her))*|"
    r"(?:vi )?(?:fant|fann|hittade|kunne|kunde|finner) (?:ikke|ikkje|inte)"
    r"(?: (?:finne|hitta|finde))? (?:siden|sida|saken|artikkelen|sidan|artikeln).{0,30}|"
    r"siden (?:ikke|blev ikke) fundet|"
    r"sidan (?:kunde inte|kan inte) hittas|sivua ei (?:löydy|löytynyt|ole).{0,20}|"
    r"(?:hakemaasi )?sivua ei löytynyt|síða(?:n)? (?:fannst ekki|er ekki til)|síðan fannst ekki|"
    r"siidu ii gávdno(?:n)?|qupperneq nassaarineqanngilaq|seite nicht gefunden|"
    r"страница не найдена",
    re.IGNORECASE,
)
_FRAME: Final = frozenset(
    {"script", "style", "noscript", "template", "head", "nav", "footer", "header"}
)
_ENDS: Final = " .!?…:-|"


def recognise(text: str, page: Page, about: Head, found: Article | Rejected) -> Rejected | None:
    """Return what the page is instead of an article; None if it is none of these. `text` is its
    `visible_text`."""
    if (wall := told_by_header(page)) is not None:
        return Rejected(f"wall: {wall}", blocked=True)
    if len(text) > MOST_TEXT or _is_article(about, found):
        return None
    headlines = _headlines(about)
    for headline in headlines:
        if _NOT_FOUND.fullmatch(headline):
            return Rejected(f"{SOFT_404}: {headline[:80]}")
    for mark in _WALLS:
        for headline in headlines:
            if mark.pattern.fullmatch(headline):
                return Rejected(f"wall: {mark.name}: {headline[:80]}", blocked=True)
    says_nothing = isinstance(found, Rejected) or len(found.text) < LEAST_TEXT
    if len(text) <= MOST_TEXT_BY_SCRIPT and says_nothing:
        markup = page.body[:200_000].decode("latin-1")
        for mark in _SCRIPTS:
            if mark.pattern.search(markup):
                return Rejected(f"wall: {mark.name}", blocked=True)
    if isinstance(found, Article) and max(len(text), len(found.text)) < LEAST_PAGE:
        return Rejected("next to no text")
    return None


def _is_article(about: Head, found: Article | Rejected) -> bool:
    """Return whether the page itself says that it is an article."""
    if about.jsonld.node:
        return True
    if isinstance(found, Rejected):
        return False
    told = found.provenance.get("published_at")
    return told is not None and told.origin not in ("htmldate", "url")


def visible_text(root: HtmlElement) -> str:
    """Return what stands on a page outside its frame, as far as it takes to see that it is much."""
    parts: list[str] = []
    length = 0
    waiting: list[HtmlElement | str] = [root]
    while waiting and length <= MOST_TEXT:
        item = waiting.pop()
        if isinstance(item, str):
            if text := " ".join(item.split()):
                parts.append(text)
                length += len(text) + 1
        elif isinstance(item.tag, str) and item.tag not in _FRAME:
            for child in reversed(item):
                waiting += [child.tail or "", child]
            waiting.append(item.text or "")
    return " ".join(parts)


def _headlines(about: Head) -> list[str]:
    found = []
    for text in (about.title, *(heading.text for heading in about.headings[:3])):
        whole = normalize(text)
        # The site's name stands before or behind.
        found += [part.strip(_ENDS) for part in (whole, *re.split(r" [|\-:·] ", whole))]
    return [text for text in dict.fromkeys(found) if 2 < len(text) < 120]
