"""What stands where an article should is told from an article about it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.article import Article, Rejected
from nordcrawl.model.ledger import SOFT_404
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PROFILE = Profile(
    family="generic", site_title="Avisa", timezone="UTC", languages=(("avis.test", "nb"),)
)
SHORT = (
    "<p>Kommunen har lenge ønsket seg en ny kai, og nå er den vedtatt av et samlet råd.</p>"
    "<p>Arbeidet begynner til våren og skal være ferdig før fisket, sier havnesjefen.</p>"
    "<p>Den gamle kaia ble bygd for hundre år siden og har stått stengt i to vintre.</p>"
)
LONG = "".join(SHORT.replace("kai", f"kai nummer {n}") for n in range(12))


def read(title, body="", head="", headers=()):
    html = (
        f"<html><head><title>{title}</title>{head}</head><body><header>Avisa</header>"
        f"<main>{body}</main><footer>Avisa AS</footer></body></html>"
    )
    headers = (("content-type", "text/html; charset=utf-8"), *headers)
    return extract(Page("https://avis.test/a/1", html.encode(), NOW, headers=headers), PROFILE)


NOT_FOUND = [
    "404", "Error 404", "404 - Not Found", "404 Page not found", "Page not found | Avisa",
    "The page you are looking for could not be found", "Oops! Page not found", "Not found",
    "Siden finnes ikke", "Siden ble ikke funnet - Avisa", "Fant ikke siden", "Sida finst ikkje",
    "Vi fant ikke siden du leter etter", "Artikkelen finnes ikke lenger", "Saken finnes ikke",
    "Sidan finns inte", "Sidan kunde inte hittas", "Vi hittade inte sidan", "Siden findes ikke",
    "Siden blev ikke fundet", "Sivua ei löytynyt", "Sivua ei löydy", "Síðan fannst ekki",
    "Siidu ii gávdnon", "Qupperneq nassaarineqanngilaq", "Seite nicht gefunden",
    "Страница не найдена",
]  # fmt: skip


@pytest.mark.parametrize("title", NOT_FOUND)
def test_not_found_with_status_200_is_a_soft_404(title):
    body = f"<h1>{title}</h1><p>Prøv søket, eller gå til forsiden for å lese siste nytt.</p>"
    found = read(title, body)
    assert isinstance(found, Rejected), title
    assert found.reason.startswith(SOFT_404)
    assert not found.blocked


OUT_OF_SERVICE = [
    "Scheduled maintenance", "We will be back soon", "We'll be right back!", "Service unavailable",
    "503 Service Temporarily Unavailable", "The site is down for maintenance", "Bad Gateway",
    "Temporarily unavailable | Avisa", "Something went wrong", "Error 500",
    "Planlagt vedlikehold", "Siden er midlertidig utilgjengelig", "Teknisk feil", "Noe gikk galt",
    "Vi er snart tilbake - Avisa", "Sidan är tillfälligt nere", "Något gick fel",
    "Vi er straks tilbage", "Huoltokatko käynnissä", "Palaamme pian",
]  # fmt: skip


@pytest.mark.parametrize("headline", OUT_OF_SERVICE)
def test_a_site_that_is_down_for_a_while_is_asked_again(headline):
    body = f"<h1>{headline}</h1>{SHORT}"  # words enough for an article
    for title in (headline, "Avisa"):
        found = read(title, body)
        assert isinstance(found, Rejected), (title, headline)
        assert found.blocked


NEWS_OF_IT = [
    "Scheduled maintenance closes the tunnel for a week", "The ferry is down for maintenance again",
    "Service unavailable, says the minister of the new line", "Teknisk feil stanset ferja",
    "Something went wrong with the vote", "Vedlikehold av veien begynner i dag",
    "Vi er snart tilbake på havet, sier skipperen",
]  # fmt: skip


@pytest.mark.parametrize("headline", NEWS_OF_IT)
def test_a_short_story_of_something_that_is_down_is_an_article(headline):
    found = read(f"{headline} | Avisa", f"<article><h1>{headline}</h1>{SHORT}</article>")
    assert isinstance(found, Article), found


WALLS = [
    ("Just a moment...", "<h2>Checking your browser before you go on.</h2>"),
    ("Attention Required! | Cloudflare", "<h1>Sorry, you have been blocked</h1>"),
    ("Access Denied", "<h1>Access Denied</h1>You have no permission to see this. Reference #18.2f"),
    ("Pardon Our Interruption", "<h1>Pardon Our Interruption</h1><p>Something made us think.</p>"),
    ("Robot Check", "<p>Type the characters that you see.</p>"),
    ("avis.test", '<div class="g-recaptcha" data-sitekey="x"></div>'),
    ("avis.test", '<div class="cf-turnstile"></div><p>Vent litt.</p>'),
    ("avis.test", '<script src="https://geo.captcha-delivery.com/c.js"></script>'),
    ("Før du fortsetter", '<form action="https://consent.google.com/save">Godta alle</form>'),
    ("We value your privacy", "<p>We and our 812 partners store things on your device.</p>"),
    ("Samtykke til informasjonskapsler", "<p>Velg hva du vil godta.</p>"),
    ("Logg inn | Avisa", "<form><input name=user><input name=password></form>"),
    ("Avisa", "<h1>Please enable JavaScript to view this site</h1>"),
    ("Welcome to nginx!", "<h1>Welcome to nginx!</h1><p>It is installed.</p>"),
    ("Index of /arkiv", "<h1>Index of /arkiv</h1><pre>a b c</pre>"),
    ("Vedlikehold", "<h1>Vedlikehold</h1><p>Vi er tilbake om en time.</p>"),
    ("avis.test is for sale", "<p>Make an offer.</p>"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "body"), WALLS)
def test_walls_are_told_and_are_to_be_tried_again(title, body):
    found = read(title, body)
    assert isinstance(found, Rejected), title
    assert found.reason.startswith("wall: "), found.reason
    assert found.blocked


def test_a_header_of_a_challenge_is_enough():
    found = read("Ny kai vedtatt", LONG, headers=(("cf-mitigated", "challenge"),))
    assert found == Rejected("wall: Cloudflare challenge", blocked=True)


@pytest.mark.parametrize(
    "title",
    ["Just a moment...", "404 – da nettet gikk ned", "Access denied", "Logg inn", "Page not found",
     "Are you a robot?", "Samtykke", "Coming soon"],
)  # fmt: skip
def test_an_article_about_them_is_an_article(title):
    assert isinstance(read(title, f"<article><h1>{title}</h1>{LONG}</article>"), Article)


@pytest.mark.parametrize(
    "head",
    [
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Blocked", '
        '"datePublished": "2026-11-01T10:00:00Z"}</script>',
        '<meta property="article:published_time" content="2026-11-01T10:00:00Z">',
    ],
)
def test_a_short_article_that_says_so_is_one(head):
    body = f"<article><h1>Blocked</h1>{SHORT}</article>"
    assert isinstance(read("Blocked", body, head), Article)


def test_the_scripts_of_guarded_sites_alone_say_nothing():
    script = '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'
    article = read("Ny kai", f"<article><h1>Ny kai</h1>{SHORT}</article>{script}")
    assert isinstance(article, Article)


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("We will return shortly", "<p>Sorry</p>"),
        ("Avisa tar pause", "<h1>Kaffepause</h1><p>Kom igjen om en time.</p>"),
    ],
)
def test_next_to_no_text_is_no_article_whatever_it_says(title, body):
    found = read(title, body)
    assert isinstance(found, Rejected)
    assert not found.blocked
    dated = '<meta property="article:published_time" content="2026-11-20T10:00:00Z">'
    assert isinstance(read(title, body, dated), Article), "a page that says it is one is one"


ASKS = [
    '<div class="paywall"><p>Subscribe to read on. Already a subscriber? Log in.</p>'
    "<p>Get full access for 1 kr the first month.</p></div>",
    '<div class="paywall-offer"><h2>Read the whole story</h2><p>You have read your three free '
    "articles. Become a subscriber to read on.</p><ul><li>All stories</li><li>Cancel any time</li>"
    "</ul></div>",
    "<p>Please enable JavaScript to read this article.</p>",
    "<p>This content is not available in your region.</p>",
    "<p>It looks like you are using an ad blocker. Please turn it off to read on.</p>",
    "<p>Innholdet er ikke tilgjengelig i ditt land.</p>",
]


@pytest.mark.parametrize("body", ASKS)
def test_a_headline_over_nothing_but_a_request_is_no_article(body):
    found = read("Quay is to be longer", f"<h1>Quay is to be longer</h1>{body}")
    assert isinstance(found, Rejected), found.text


def test_the_same_words_are_an_article_where_the_text_goes_on():
    found = read(
        "Om nettleseren", "<h1>Om nettleseren</h1><p>Skru på JavaScript, sier han.</p>" + SHORT
    )
    assert isinstance(found, Article), found
    gated = read("Ny kai", f"<h1>Ny kai vedtatt</h1><div class='paywall'>{SHORT}</div>")
    assert isinstance(gated, Article), gated
    assert len(gated.text) > 200
