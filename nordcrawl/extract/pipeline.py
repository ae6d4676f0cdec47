"""Put the parts of an article together: family, body, metadata, provenance.

The order of work, and nothing else: each step is in a module of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from nordcrawl.extract.body import choose, engine, judge, rival, told
from nordcrawl.extract.body.blocks import Body, assemble
from nordcrawl.extract.body.bold import bold_headings
from nordcrawl.extract.body.boxes import boxed
from nordcrawl.extract.body.choose import Choice
from nordcrawl.extract.body.frame import Frame
from nordcrawl.extract.body.rules import Dropped
from nordcrawl.extract.body.signs import PageHints
from nordcrawl.extract.compose import compose
from nordcrawl.extract.families import drupal, labrador, wordpress
from nordcrawl.extract.families.between import completed
from nordcrawl.extract.families.kicker import kicker_above
from nordcrawl.extract.families.landmarks import Landmarks, is_much, kept_to, picture_first, within
from nordcrawl.extract.fields import rights, selectors
from nordcrawl.extract.fields import title as titles
from nordcrawl.extract.fields.addresses import descriptions
from nordcrawl.extract.fields.context import Context, Given
from nordcrawl.extract.fields.weigh import author_names, signed
from nordcrawl.extract.page import head, walls
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.text import content, key, label_key
from nordcrawl.extract.page.text_runs import Cut, TextRun, cut
from nordcrawl.extract.page.tree import MAX_CHARS, MAX_TAGS, parse, prune, select
from nordcrawl.extract.page.unseen import unseen
from nordcrawl.model.article import TOLD, Article, BlockKind, Evidence, Rejected
from nordcrawl.model.charset import decode
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

_FEED_ROOTS = (b"<rss", b"<feed", b"<urlset", b"<sitemapindex", b"<rdf")
#: A shorter line is no name or title that is told again.
_LETTERS = 3
#: A text under this many words beside this many teasers is a front or list page.
_LIST_WORDS = 60
_LIST_TEASERS = 12
#: Blocks that make no article by themselves.
_NO_TEXT = frozenset((BlockKind.CAPTION, BlockKind.HEADING))
#: Content systems that are known by their own marks, whatever the source says of a page.
_SYSTEMS = (drupal, wordpress)


@dataclass(frozen=True, slots=True)
class Extraction:
    """What became of a page, and the choice of text that it was made of, if it came to one."""

    result: Article | Rejected
    family: str
    """The page family that read it."""
    choice: Choice | None = None
    frame: Frame | None = None


def extract(page: Page, profile: Profile) -> Article | Rejected:
    """Return the article that a page holds, or the reason why it holds none."""
    root = tree_of(page)
    return root if isinstance(root, Rejected) else find(root, page, profile).result


def tree_of(page: Page) -> HtmlElement | Rejected:
    """Return a page as a tree, or the reason why it is none."""
    if not page.body.strip(b"\x00 \t\r\n"):
        return Rejected("empty page")
    if len(page.body) > 4 * MAX_CHARS:
        return Rejected("too large")
    if not _is_markup(page):
        return Rejected("not html")
    text = decode(page.body, page.header("content-type"))
    if len(text) > MAX_CHARS or text.count("<") > MAX_TAGS:
        return Rejected("too large")
    root = parse(text)
    return Rejected("not html") if root is None else root


def find(root: HtmlElement, page: Page, profile: Profile) -> Extraction:
    """Return what a page's tree holds; cuts off what the profile prunes."""
    text = walls.visible_text(root)
    prune(root, profile.prune)
    about = head.read(root, page.url)
    finding = _find(root, page, profile, about)
    wall = walls.recognise(text, page, about, finding.result)
    return finding if wall is None else replace(finding, result=wall)


def _find(root: HtmlElement, page: Page, profile: Profile, about: Head) -> Extraction:
    name, anchors, told_by = "generic", None, ""
    if laid_out := _labrador(root, about, page, profile):
        name, choice, given = "labrador", laid_out.choice, laid_out.given
    else:
        anchors = _anchors(root, about, page, profile)
        choice, given = None, Given()
        if anchors is not None:
            name, given = anchors.name, anchors.given
    context = Context(page, profile, root, about, selectors.apply(root, profile, given))
    title, title_origin, candidates = titles.vote(about, profile.site_title, page.url)
    if context.given.title:
        title, title_origin = context.given.title, context.given.origin_of("title")
    if not title and profile.told_title:
        title, title_origin = profile.told_title, TOLD
    if title and not context.given.kicker:
        context = _with_kicker(context, title)
    authors = author_names(context)
    if choice is None:
        clues = _hints(context, candidates, authors[0])
        shown = _generic(context, clues, anchors)
        node = about.jsonld.node
        is_locked = told.says_locked(node) or rights.paywalled(about)[0] is True
        choice = told.or_told(shown, node, root, is_locked=is_locked)
        told_by = "json-ld" if choice is not shown else ""
        if not select(root, profile.selectors("body")):
            found = choice if _has_text(choice, context) else None
            choice = choose.second_look(root, clues, found) or choice
            scripted = told.or_scripted(choice, root, clues)
            told_by, choice = ("script" if scripted is not choice else told_by), scripted
    if choice is None:
        return Extraction(Rejected("no text"), name)
    choice, blocks, frame = _made(choice, context)
    result: Article | Rejected
    if not any(block.kind not in _NO_TEXT for block in blocks.blocks):
        result = Rejected("no text")
    elif not title:
        result = Rejected("no title")
    elif anchors is None and _is_list(context, blocks, choice.runs):
        result = Rejected("front page")
    else:
        authors = signed(context, choice.runs, authors)
        result = compose(context, blocks, name, (title, title_origin), authors)
        if told_by:
            evidence = {**result.provenance, "blocks": Evidence(told_by)}
            result = replace(result, provenance=evidence)
    return Extraction(result, name, choice, frame)


def _has_text(choice: Choice | None, context: Context) -> bool:
    """Return whether a choice has a line that makes an article."""
    if choice is None:
        return False
    if any(not judge.is_caption(run) and "heading" not in run.marks for run in choice.runs):
        return True
    return any(block.kind not in _NO_TEXT for block in _made(choice, context)[1].blocks)


def _made(choice: Choice, context: Context) -> tuple[Choice, Body, Frame]:
    """Return a choice of text in the source's order, its blocks, and where these are resolved."""
    if context.profile.family == "labrador":
        choice = picture_first(choice)
    headings = bold_headings(choice.runs, choice.summaries)
    base, here = context.head.base, context.page.url
    frame = Frame(base, context.local, choice.summaries, headings, here)
    return choice, assemble(choice.runs, choice.pictures, frame), frame


def _with_kicker(context: Context, title: str) -> Context:
    """Return what is known of a page with the kicker that is printed above its headline."""
    found = kicker_above(context.root, title, context.profile.site_title)
    if found is None:
        return context
    given = context.given
    given = replace(given, kicker=found, printed=given.printed | {"kicker"})
    return replace(context, given=given)


def _is_markup(page: Page) -> bool:
    """Return whether a body can be HTML: some tag stands in it, and it is not of another kind."""
    start = page.body[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if start[:8].startswith((b"%PDF", b"\x89PNG", b"GIF8", b"PK\x03\x04", b"\xff\xd8", b"{", b"[")):
        return False
    lower = start.lower()
    if lower.startswith(b"<?xml") and any(root in lower[:600] for root in _FEED_ROOTS):
        return False
    return b"<" in page.body


def _labrador(
    root: HtmlElement, about: Head, page: Page, profile: Profile
) -> labrador.LaidOut | None:
    """Return the article of a page that is Labrador's by its source, or by its own marks.

    What only the marks tell has to hold a fair part of the page's text.
    """
    if profile.family == "labrador":
        return labrador.read(root, about, page, profile)
    found = labrador.read(root, about, page, profile) if labrador.is_labrador(about) else None
    return found if found and is_much(found.choice, cut([root])) else None


def _anchors(root: HtmlElement, about: Head, page: Page, profile: Profile) -> Landmarks | None:
    """Return what a content system's own marks tell of the page, where it has any."""
    found = (family.find(root, about, page, profile) for family in _SYSTEMS)
    return next((anchors for anchors in found if anchors is not None), None)


def _hints(context: Context, candidates: tuple[str, ...], names: tuple[str, ...]) -> PageHints:
    """Return what is known of the page when its text is chosen."""
    given = context.given
    candidates = (*candidates, *(text for text in (given.title, given.kicker) if text))
    subtitles = (given.subtitle,) if given.subtitle else ()
    labels = frozenset(map(label_key, context.profile.labels))
    return PageHints(
        frozenset(key(text) for text in (*candidates, *names) if len(key(text)) > _LETTERS),
        frozenset(key(name) for name in names if len(key(name)) > _LETTERS),
        (*subtitles, *descriptions(context.head)),
        labels,
        frozenset().union(*map(content, (*candidates, *descriptions(context.head)))),
    )


def _generic(context: Context, clues: PageHints, anchors: Landmarks | None) -> Choice | None:
    hidden = unseen(context.root)
    page_cut = boxed(cut([context.root], anchors.furniture if anchors else (), hidden))
    holders = select(context.root, context.profile.selectors("body"))
    if holders:
        return _selected(boxed(cut(holders)), clues)
    choice = choose.choose(page_cut, engine.Answers(context.root, page_cut.runs, hidden), clues)
    if choice is not None and (anchors is not None or context.profile.family == "labrador"):
        choice = completed(choice, page_cut.runs, clues.labels)
    if anchors is None or anchors.article is None:
        return choice
    if choice is not None and (own := kept_to(anchors.article, choice)) is not None:
        return own
    runs = within(anchors.article, page_cut)
    answers = engine.Answers(context.root, runs, hidden) if runs else None
    found = choose.choose(page_cut, answers, clues) if answers else None
    return found if found is not None else choice


def _selected(found: Cut, clues: PageHints) -> Choice | None:
    dropped: Dropped = []
    runs = judge.drop(found.runs, clues, dropped)
    return Choice(tuple(runs), found.pictures, frozenset(), tuple(dropped)) if runs else None


def _is_list(context: Context, found: Body, runs: Sequence[TextRun]) -> bool:
    """Return whether a page is a front, section or tag page: many teasers and next to no text.

    At the address of the front page, that of a text which is one is proof of an article.
    """
    address = urlsplit(context.page.url)
    path = address.path.strip("/") or address.query
    words = sum(
        block.text.count(" ") + 1
        for block in found.blocks
        if block.kind in (BlockKind.P, BlockKind.QUOTE) and len(block.text) > 60
    )
    head_type = (context.head.meta("og:type") or "").lower()
    if context.head.jsonld.types and path != "":
        return False
    teasers = sum(1 for e in context.root.iter("article") if next(e.iter("a"), None) is not None)
    if path == "" and head_type != "article":
        if words >= 3 * _LIST_WORDS and not rival.is_spread(runs):
            return False
        links = sum(1 for _ in context.root.iter("a"))
        return teasers >= 3 or (words < 3 * _LIST_WORDS and links >= _LIST_TEASERS)
    return teasers >= _LIST_TEASERS and words < _LIST_WORDS and head_type != "article"
