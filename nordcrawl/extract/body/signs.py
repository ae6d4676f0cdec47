"""Signs: what speaks for a line being furniture and no text. Each is weak; see `rules` for weights.

A sign is a question about one unit (a line, or a list, table or quotation as a whole) and what
stands around it on its page. It takes nothing out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import ClassVar

from lxml.html import HtmlElement

from nordcrawl.extract.body.container import TextContainer
from nordcrawl.extract.page.text import LINE_ENDS, content
from nordcrawl.extract.page.text_runs import TextRun

#: A line of these words with the shape of the text is a paragraph of it.
PARAGRAPH_WORDS = 12
#: Some languages say in a word what others say in five.
_PARAGRAPH_LETTERS = 60
_PARAGRAPH_LINKED = 0.5
#: A line with so many words is no fragment, whatever its end.
_FRAGMENT_WORDS = 25
#: A line with more of it linked is no sentence, however long.
_ALL_LINKED = 0.8
#: A colon behind so few ends a label and no sentence.
_LABEL_WORDS = 3
#: So many lines of credits stand below a text at most.
_CREDITS = 3
_LETTERS_A_WORD = 12
#: So many of them must be there to ask whether the rest of the article has them.
_CONTENT_WORDS = 3
_SHARED = 0.15
_SHARED_WELL = 0.25
#: Elements that hold a line each, and are no box.
_LINE_TAGS = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "dt", "dd", "td", "th", "tr", "tbody",
     "blockquote", "figure", "figcaption", "span", "a", "pre", "ul", "ol", "table")
)  # fmt: skip
#: How somebody's words begin: quotation marks, and the dash that opens speech.
_QUOTED = ("“", "”", '"', "„", "«", "»", "‘", "'", "「")
_DASHES = ("–", "—", "―", "-")


@dataclass(frozen=True, slots=True)
class PageHints:
    """What is known of the page when its text is chosen."""

    titles: frozenset[str]
    """Keys of all title candidates, kickers and author names."""
    names: frozenset[str]
    """Keys of the author names among them."""
    descriptions: tuple[str, ...]
    labels: frozenset[str]
    """The site's own labels, folded."""
    subject: frozenset[str] = frozenset()
    """Content words of the titles and descriptions."""


@dataclass(frozen=True)
class Around:
    """What is known of a page beside the line that is looked at."""

    clues: PageHints
    runs: Sequence[TextRun]
    """All that was chosen at first, in order."""
    home: TextContainer | None = None
    page: Sequence[TextRun] = ()
    """All that stands on the page, in order."""

    @cached_property
    def _next(self) -> dict[int, TextRun]:
        return {id(one): other for one, other in pairwise(self.page)}

    def is_over_links(self, run: TextRun) -> bool:
        """Return whether what stands right under a run is a link, and was not chosen."""
        under = self._next.get(id(run))
        return (
            under is not None and under.link_share > _ALL_LINKED and id(under) not in self._places
        )

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(run): index for index, run in enumerate(self.runs)}

    @cached_property
    def _edges(self) -> tuple[int, int]:
        """Return the places of the first and last paragraph; of a brief, those of its longest."""
        found = [i for i, run in enumerate(self.runs) if self.is_paragraph(run)]
        if found:
            return found[0], found[-1]
        lines = [i for i, run in enumerate(self.runs) if "heading" not in run.near]
        longest = max(lines, key=lambda i: self.runs[i].words, default=-1)
        return longest, longest if lines else len(self.runs)

    def is_paragraph(self, run: TextRun) -> bool:
        """Return whether a run is a paragraph of the text: shape, place and length are so."""
        if run.words < PARAGRAPH_WORDS and len(run.key) < _PARAGRAPH_LETTERS:
            return False
        if run.link_share > _PARAGRAPH_LINKED or run.key in self.clues.titles:
            return False
        if self.home is not None:
            return self.home.is_text(run) or self.is_beside(run)
        return "heading" not in run.near

    @cached_property
    def _beside(self) -> frozenset[HtmlElement | None]:
        home = self.home
        if home is None:
            return frozenset()
        return frozenset(run.element.getparent() for run in self.runs if home.is_text(run))

    def is_beside(self, run: TextRun) -> bool:
        """Return whether a run is a `p` right beside paragraphs, in the same element."""
        return run.element.tag == "p" and run.element.getparent() in self._beside

    def is_above(self, run: TextRun) -> bool:
        """Return whether a run stands above the first paragraph."""
        return self._places.get(id(run), 0) < self._edges[0]

    def is_below(self, run: TextRun) -> bool:
        """Return whether a run stands below the last paragraph."""
        return self._places.get(id(run), 0) > self._edges[1]

    @cached_property
    def _keys(self) -> Counter[str]:
        return Counter(run.key for run in self.runs)

    def is_repeated(self, run: TextRun) -> bool:
        """Return whether the same line stands among the text more than once."""
        return self._keys[run.key] > 1

    def leads(self, run: TextRun) -> bool:
        """Return whether a sentence follows a run in what was chosen."""
        after = self._places.get(id(run), len(self.runs)) + 1
        return after < len(self.runs) and self.runs[after].text[-1:] in LINE_ENDS

    def is_said_among(self, run: TextRun) -> bool:
        """Return whether the same line stands more than once, and somewhere between paragraphs."""
        return self._keys[run.key] > 1 and any(
            run.key == other.key and not (self.is_above(other) or self.is_below(other))
            for other in self.runs
        )

    @cached_property
    def _boxes(self) -> dict[int, HtmlElement]:
        return {} if self.home is None else boxes_of(self.runs, self.runs, self.home)

    def box_of(self, run: TextRun) -> HtmlElement | None:
        """Return the outermost box around a run that holds nothing of the text's paragraphs."""
        return self._boxes.get(id(run))

    @cached_property
    def _words(self) -> Counter[str]:
        """Return for each content word in how many runs and descriptions it stands."""
        found: Counter[str] = Counter()
        for run in {run.key: run for run in self.runs}.values():
            found.update(self._content_of(run))
        for text in self.clues.descriptions:
            found.update(content(text))
        return found

    @cached_property
    def _contents(self) -> dict[str, frozenset[str]]:
        return {}

    def _content_of(self, run: TextRun) -> frozenset[str]:
        """Return the content words of a run, found once."""
        found = self._contents.get(run.text)
        if found is None:
            found = self._contents[run.text] = content(run.text)
        return found

    def is_foreign(self, run: TextRun) -> bool:
        """Return whether next to no content word of a run stands elsewhere in the article."""
        own = self._content_of(run)
        if len(own) < _CONTENT_WORDS:
            return False
        return sum(self._words[word] > 1 for word in own) < _SHARED * len(own)

    def is_of_subject(self, run: TextRun) -> bool:
        """Return whether a line that may stand outside of the text shares content words with it or
        with a description; where it has few of them, one is enough.

        A script that parts no words is not asked.
        """
        own = self._content_of(run)
        if not run.text.isascii() and len(own) * _LETTERS_A_WORD < len(run.text):
            return True
        shared = sum(self._words[word] > (id(run) in self._places) for word in own)
        if len(own) < _CONTENT_WORDS:
            return not own or shared > 0
        return shared >= _SHARED * len(own)

    @cached_property
    def ends_in_fragments(self) -> bool:
        """Whether more lines at the end than credits have are no sentences: a list or a poem."""
        ends = [run.text[-1:] not in LINE_ENDS and run.words < _FRAGMENT_WORDS for run in self.runs]
        return len(ends) > _CREDITS and all(ends[-_CREDITS - 1 :])

    def is_gate(self) -> bool:
        """Return whether all of the text stands in a box for leave to store data or for who pays,
        and speaks of nothing that the page's titles and descriptions speak of."""
        own = [run for run in self.runs if run.key not in self.clues.titles]
        if not own or not all({"consent", "gate"} & run.marks for run in own):
            return False
        told = frozenset().union(*map(content, self.clues.descriptions))
        words = frozenset().union(*(content(run.text) for run in own))
        return words.isdisjoint(told) and not any(
            w in title for w in words for title in self.clues.titles
        )

    def shares(self, run: TextRun) -> bool:
        """Return whether several content words of a run, and a fair part, stand elsewhere too."""
        own = self._content_of(run)
        shared = sum(self._words[word] > 1 for word in own)
        return shared >= _CONTENT_WORDS and shared >= _SHARED_WELL * len(own)

    @cached_property
    def _unlinked(self) -> frozenset[str]:
        """Return the tags of the headings among the text of which one is no link."""
        return frozenset(
            str(run.element.tag)
            for run in self.runs
            if "heading" in run.near
            and run.link_share < self.LINKED
            and run.key not in self.clues.titles
        )

    LINKED: ClassVar[float] = 0.5

    def is_odd_link(self, run: TextRun) -> bool:
        """Return whether a heading is a link where others of its level are none."""
        return run.link_share > self.LINKED and str(run.element.tag) in self._unlinked


def shared_words(unit: Unit) -> bool:
    """Return whether a line is a sentence that speaks of what the article speaks of."""
    if unit.words < _SUBJECT_WORDS or not unit.is_sentence or unit.link_share > _OWN_LINKED:
        return False
    return unit.around.is_paragraph(unit.run) and unit.around.shares(unit.run)


#: Shorter ones have no room for a subject.
_SUBJECT_WORDS = 20
#: A sentence with more of it linked leads somewhere.
_OWN_LINKED = 0.2


def boxes_of(
    runs: Iterable[TextRun], chosen: Iterable[TextRun], home: TextContainer
) -> dict[int, HtmlElement]:
    """Return for the id() of each run the outermost box around it that holds none of the text.

    A heading, paragraph, list or table right beside the text is no box; a list of cards, each with
    a heading, is one.
    """
    found = home.boxes(runs, chosen)
    known: dict[HtmlElement, bool] = {}
    for box in found.values():
        if box not in known:
            known[box] = box.tag not in _LINE_TAGS or _holds_cards(box)
    return {key: box for key, box in found.items() if known[box]}


def _holds_cards(box: HtmlElement) -> bool:
    return box.tag in _LISTS and next(box.iter(*_HEADINGS), None) is not None


_LISTS = frozenset(("ul", "ol", "li"))
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True)
class Unit:
    """What is judged as one: a line, a heading, or all runs of a list, table, quote or fact box."""

    kind: str
    """``line``, ``heading``, ``list``, ``table``, ``quote``, ``factbox`` or ``caption``."""
    runs: tuple[TextRun, ...]
    around: Around = field(repr=False)

    @property
    def run(self) -> TextRun:
        """The first of its runs, which of a line is the only one."""
        return self.runs[0]

    @cached_property
    def text(self) -> str:
        """All of its text, a space between runs."""
        return self.run.text if len(self.runs) == 1 else " ".join(run.text for run in self.runs)

    @cached_property
    def words(self) -> int:
        """How many words it has."""
        return sum(run.words for run in self.runs)

    @cached_property
    def link_share(self) -> float:
        """Part of its text that is link text, 0 to 1."""
        letters = sum(len(run.text) for run in self.runs)
        return min(1.0, sum(run.linked for run in self.runs) / max(1, letters))

    @cached_property
    def marks(self) -> frozenset[str]:
        """The marks that all of it has, of all elements around."""
        return frozenset.intersection(*(run.marks for run in self.runs))

    @cached_property
    def near(self) -> frozenset[str]:
        """The marks that all of it has, of its own element."""
        return frozenset.intersection(*(run.near for run in self.runs))

    def has_class(self, *marks: str) -> bool:
        """Return whether its element, or one around it, is called one of these.

        A long paragraph right beside the others may be called whatever its template likes.
        """
        found = self.marks
        is_long = self.kind == "line" and self.words >= _FRAGMENT_WORDS and self.is_sentence
        if is_long and self.around.is_beside(self.run):
            found = found - self.near
        return not found.isdisjoint(marks)

    @property
    def is_name(self) -> bool:
        """Whether it is the name of an author."""
        return self.run.key in self.around.clues.names

    @property
    def is_turn(self) -> bool:
        """Whether it says whose turn it is to speak: an author who asks has several."""
        return self.is_name and self.around.is_said_among(self.run)

    @property
    def is_title(self) -> bool:
        """Whether it is a title of the page, or a kicker."""
        return self.run.key in self.around.clues.titles and not self.is_name

    @cached_property
    def is_speech(self) -> bool:
        """Whether it begins as what somebody says or asks."""
        return self.is_quoted or (self.run.text.startswith(_DASHES) and self.is_sentence)

    @property
    def is_quoted(self) -> bool:
        """Whether it begins with quotation marks."""
        return self.run.text.startswith(_QUOTED)

    @cached_property
    def is_sentence(self) -> bool:
        """Whether it ends as sentences do, or is too long for a label or headline."""
        if self.run.text.endswith((":", "：")) and self.words <= _LABEL_WORDS and not self.is_name:
            return False
        if self.run.text[-1:] in LINE_ENDS:
            return True
        return self.words >= _FRAGMENT_WORDS and self.link_share < _ALL_LINKED


def is_link_list(unit: Unit) -> bool:
    """Return whether a list has a link in every item, of two items or more."""
    return len(unit.runs) > 1 and all(run.linked for run in unit.runs)


def are_headlines(runs: Iterable[TextRun]) -> bool:
    """Return whether linked lines are as long as headlines, and not names or terms."""
    words = [run.words for run in runs]
    return bool(words) and sum(words) >= _HEADLINE_WORDS * len(words)


_HEADLINE_WORDS = 4
