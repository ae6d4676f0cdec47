"""New, updated, unchanged or a duplicate: pure rules over what is known."""

from dataclasses import replace
from datetime import UTC, datetime

from nordcrawl.identity.decide import Candidate, Known, article_id, decide, extractor_id
from nordcrawl.model.article import Article, Block, BlockKind, Extractor
from nordcrawl.model.ledger import ArticleState, Outcome
from nordcrawl.model.page import Page, Visit
from nordcrawl.model.reading import Reading

T1 = datetime(2026, 11, 1, tzinfo=UTC)
T2 = datetime(2026, 11, 2, tzinfo=UTC)
EXTRACTOR = Extractor("trafilatura", "2.3.1", "0.1.0")
LONG = "The ice came late to the harbour this year, and the boats stayed out. " * 5


def article(text=LONG, **values):
    return Article("Title", (Block(BlockKind.P, text),), EXTRACTOR, **values)


def candidate(a=None, url="https://example.org/a", requested=None, cms_id=None, body="b1"):
    visit = Visit(Page(url, body.encode(), T1), requested or url, url, cms_id=cms_id)
    return Candidate("s", visit, Reading.of(a or article(), body))


def state(a=None, url="https://example.org/a", identity="s:1", revision=1, extractor=None):
    a = a or article()
    made_by = extractor or extractor_id(EXTRACTOR)
    return ArticleState(
        identity, revision, url, a.text_sha256, a.content_sha256, made_by, modified_at=a.modified_at
    )


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
