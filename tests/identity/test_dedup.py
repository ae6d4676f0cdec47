"""New, updated, unchanged or a duplicate: pure rules over what is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nordcrawl.identity.decide import Candidate, Known, article_id, decide, extractor_id
from nordcrawl.identity.installation import may_be, scoped
from nordcrawl.model.article import Article, Block, BlockKind, Extractor
from nordcrawl.model.ledger import ArticleState, Outcome
from nordcrawl.model.page import Page, Visit
from nordcrawl.model.reading import Reading, field_digests

T1 = datetime(2026, 11, 1, tzinfo=UTC)
T2 = datetime(2026, 11, 2, tzinfo=UTC)
EXTRACTOR = Extractor("trafilatura", "2.3.1", "0.1.0")
LONG = "The ice came late to the harbour this year, and the boats stayed out. " * 5


def article(text=LONG, title="Title", **values):
    return Article(title, (Block(BlockKind.P, text),), EXTRACTOR, **values)


def candidate(a=None, url="https://example.org/a", requested=None, cms_id=None, body="b1"):
    visit = Visit(Page(url, body.encode(), T1), requested or url, url, cms_id=cms_id)
    return Candidate("s", visit, Reading.of(a or article(), body))


def state(a=None, url="https://example.org/a", identity="s:1", revision=1, extractor=None):
    a = a or article()
    made_by = extractor or extractor_id(EXTRACTOR)
    return ArticleState(
        identity, revision, url, a.text_sha256, a.content_sha256, made_by, a.title, a.published_at,
        a.modified_at, a.language, Reading.of(a, "b").signature,
    )  # fmt: skip


def verdict(c, before=None, twin=None, body=None):
    return decide(c, Known(before, twin, body), "s:1")


def test_the_first_sight_is_revision_one():
    v = verdict(candidate())
    assert (v.outcome, v.change, v.revision) == (Outcome.NEW, "new", 1)


def test_the_same_content_is_unchanged():
    v = verdict(candidate(), state())
    assert (v.outcome, v.change) == (Outcome.UNCHANGED, None)


def test_white_space_and_quote_marks_are_no_change():
    v = verdict(candidate(article(LONG.replace(" ", "  "))), state())
    assert v.outcome is Outcome.UNCHANGED
    assert article("«Hei»").content_sha256 == article("“Hei”").content_sha256


def with_line(line):
    blocks = (Block(BlockKind.P, LONG), Block(BlockKind.P, line))
    return Article("Title", blocks, EXTRACTOR)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1,234 views", "9,999 views"),
        ("12 kommentarer", "1 kommentar"),
        ("Delinger: 4", "Delinger: 5"),
        ("1.2k shares", "1 203 shares"),
    ],
)
def test_a_line_that_counts_readers_is_no_content(before, after):
    v = verdict(candidate(with_line(after)), state(with_line(before)))
    assert v.outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("3 dead", "5 dead"),
        ("Molde 2, Brann 1", "Molde 2, Brann 2"),
        ("The clip had 1,234 views in May.", "The clip had 9,999 views in May."),
    ],
)
def test_a_number_that_is_news_is_content(before, after):
    v = verdict(candidate(with_line(after)), state(with_line(before)))
    assert v.outcome is Outcome.UPDATED


def test_a_touch_of_the_modified_time_alone_is_no_revision():
    v = verdict(candidate(article(modified_at=T2)), state(article(modified_at=T1)))
    assert v.outcome is Outcome.UNCHANGED


def test_an_edit_with_a_moved_time_is_an_update():
    before = article(modified_at=T1)
    v = verdict(candidate(article(LONG + "More.", modified_at=T2)), state(before, revision=3))
    assert (v.outcome, v.change, v.revision) == (Outcome.UPDATED, "updated", 4)
    assert v.previous_text_sha256 == before.text_sha256


def test_an_edit_without_one_is_silent():
    v = verdict(candidate(article(LONG + "More.", modified_at=T1)), state(article(modified_at=T1)))
    assert (v.outcome, v.change) == (Outcome.UPDATED, "silent_edit")


def test_a_changed_headline_is_a_revision():
    v = verdict(candidate(replace(article(), title="Another")), state())
    assert v.outcome is Outcome.UPDATED
    assert "metadata" in v.reason


def test_a_verdict_names_the_fields_that_changed():
    before = replace(state(), fields=field_digests(article()))
    edited = replace(article(LONG + "More."), title="Another", tags=("ice",))
    assert verdict(candidate(edited), before).changed == ("title", "tags", "text")
    assert (
        verdict(candidate(replace(article(), links=("https://a.example/",))), before).changed == ()
    )
    told_no_digests = verdict(candidate(edited), state())
    assert told_no_digests.changed == ("text",)
    assert verdict(candidate()).changed == ()


def test_the_same_bytes_read_otherwise_are_our_change_not_theirs():
    v = verdict(
        candidate(article(LONG + "More.")), state(extractor="trafilatura/2.0.0/0.0.9"), body="b1"
    )
    assert v.change == "reextracted"


def test_another_address_of_the_article_is_a_duplicate():
    v = verdict(candidate(requested="https://example.org/old"), state())
    assert (v.outcome, v.change, v.weak_alias) == (Outcome.DUPLICATE, None, False)


def test_the_same_text_under_another_address_is_a_weak_alias():
    v = verdict(candidate(), None, twin=state(identity="s:9"))
    assert (v.outcome, v.article_id, v.weak_alias) == (Outcome.DUPLICATE, "s:9", True)


def test_a_few_words_in_common_make_no_twins():
    v = verdict(candidate(article("Video")), None, twin=state(article("Video"), identity="s:9"))
    assert v.outcome is Outcome.NEW


def test_identity_is_the_cms_id_else_the_address_without_scheme_and_www():
    assert article_id(candidate(cms_id="175847")) == "s:175847"
    same = {
        article_id(candidate(url=url))
        for url in ("https://example.org/a", "http://www.example.org/a", "https://example.org/a/")
    }
    assert len(same) == 1
    assert article_id(candidate(url="https://example.org/b")) not in same


STUB = "This story is for those who pay for the paper. Log in to go on, or buy a subscription. " * 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({}, {}, True),
        ({"title": "The ferry"}, {"title": "The quay"}, False),
        ({"title": "The  ferry"}, {"title": "the ferry"}, True),
        ({"published_at": T1}, {"published_at": T1 + timedelta(hours=3)}, True),
        ({"published_at": T1}, {"published_at": T1 + timedelta(days=7)}, False),
        ({"title": None}, {"title": "The quay"}, True),
        ({"text": LONG * 4, "title": "The ferry"}, {"title": "The quay"}, True),
        ({"text": LONG * 4, "title": "The ferry", "paywalled": True}, {"title": "The quay"}, False),
    ],
)
def test_one_stub_stands_for_as_many_stories_as_there_are(one, other, same):
    """Titles and days tell them apart; a story that is there to be read is one under any title."""
    values = {"text": STUB} | one
    first = state(article(**(values | other)), url="https://example.org/other", identity="s:9")
    v = verdict(candidate(article(**values)), None, twin=first)
    assert (v.outcome is Outcome.DUPLICATE) is same
    moved = Known(alike=(first,))
    v = decide(candidate(article(**({"published_at": T1} | values))), moved, "s:1")
    assert v.outcome in ((Outcome.NEW,) if not same else (Outcome.NEW, Outcome.MOVED))


EN = "https://en.example.org/news/ferry"
NB = "https://nb.example.org/news/x"
OTHER = {"text": "Quite another text. " * 30, "title": "New"}


@pytest.mark.parametrize(
    ("page", "url", "in_address", "joins"),
    [
        # The id in the address, in one folder of one host: whatever became of the text.
        (OTHER, EN + "-again", True, True),
        # By another installation, in another folder or language: something else must agree.
        (OTHER, NB, True, False),
        (OTHER, "https://en.example.org/arts/x", True, False),
        ({}, NB, True, True),
        ({"language": "nb"}, "https://en.example.org/nb/x", True, False),
        # The id that only the page tells.
        (OTHER, EN + "-again", False, False),
        ({"text": "Quite another text. " * 30}, EN + "-again", False, True),
        ({"text": LONG + "More.", "title": "New"}, "https://www.en.example.org/x", False, True),
        ({"text": "Quite another text. " * 30}, NB, False, False),
        (OTHER, EN + "/", False, True),
    ],
)  # fmt: skip
def test_an_id_of_a_cms_is_one_of_its_installation(page, url, in_address, joins):
    before = state(article(language="en"), url=EN)
    told = article(**({"language": "en"} | page), cms_id=None if in_address else "77")
    one = candidate(told, url=url, cms_id="77" if in_address else None)
    assert may_be(one, before) is joins
    assert may_be(one, before, {url})


def test_the_same_id_of_another_installation_has_its_place_in_it():
    ids = {
        scoped("77", url)
        for url in (EN, "https://nb.example.org/news/a", "https://en.example.org/x")
    }
    assert len(ids) == 3
    assert (
        scoped("77", EN) == scoped("77", "http://www.en.example.org/news/other") != scoped("78", EN)
    )
