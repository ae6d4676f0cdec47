"""Gaps: lines between chosen lines that the engine passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract.body.beside import AGAINST_TEXT, NEVER_TEXT, WRAPPED_LETTERS, block, holders
from nordcrawl.extract.body.container import TextContainer, holds, shape_of
from nordcrawl.extract.body.tables import tables_beside
from nordcrawl.extract.page.text import LINE_ENDS
from nordcrawl.extract.page.text_runs import TextRun

#: Words that a paragraph left out by the engine must have to be taken back in.
_GAP_WORDS = 10
#: A paragraph that is a link altogether says something with so many words.
_SAID_WORDS = 12
#: A shorter one names who said it. Letters: some languages say much in a word.
_QUOTE_LETTERS = 20
_HEADING_WORDS = 20
_HEADING_LETTERS = 3
#: A heading with more of it linked may be of another article.
_HEADING_LINKED = 0.3
_SOME_LINKED = 0.4
#: Share of the text's words that a path must have to be the text's.
_MORE = 0.15
#: Classes with which a whole sentence beside the paragraphs is none of them.
_NO_SENTENCE = frozenset(("caption", "credit", "byline", "time", "ad", "hidden", "bio", "tags"))
#: What adorns a box of a line of text has fewer letters.
_ORNAMENT = 8
#: Longer gaps are most often a box.
_GAP_RUNS = 6


def filled(indices: Sequence[int], runs: Sequence[TextRun], home: TextContainer) -> list[int]:
    """Return the indices with those of paragraphs that the engine passed over.

    They have the shape and place of the text, and nothing in their own element speaks against
    them; headings among them come along.
    """
    chosen = set(indices)
    members = [i for i in indices if home.is_text(runs[i])]
    seen = Counter(run.key for run in runs)
    for index in range(members[0] - 1, max(-1, members[0] - _GAP_RUNS), -1):
        run = runs[index]
        if "heading" in run.near or index in chosen:
            break
        if home.holds(run) and run.element.tag == "p" and _is_paragraph(run, seen):
            chosen.add(index)
    beside = holders([runs[i].element for i in members])
    gap = 0
    for index in range(members[0], len(runs)):
        run = runs[index]
        if index in chosen:
            gap = 0
            continue
        if index > members[-1] and (gap > _GAP_RUNS or run.element.tag == "h1"):
            break
        gap += 1
        if (
            (home.is_text(run) and _is_paragraph(run, seen))
            or (
                index > members[-1]
                and run.element.getparent() is runs[members[-1]].element.getparent()
                and _is_whole_sentence(run, seen)
            )
            or (
                home.holds(run)
                and _is_quote(run, runs[index - 1])
                and (index < members[-1] or _ends_text(index, runs, chosen, beside))
            )
        ):
            chosen.add(index)
            gap = 0
    chosen.update(_alike(chosen, members, runs, seen))
    chosen.update(list(_speakers(chosen, runs)))
    text = [i for i in chosen if home.is_text(runs[i])]
    among = range(min(text), max(text))
    chosen.update(_lines_between(chosen, runs, home, among, beside, seen))
    chosen.update(_passed_over(chosen, runs, home, among, beside))
    chosen.update(tables_beside(chosen, runs, beside))
    chosen.update(_notes(chosen, runs))
    chosen.update(list(_other_lines(chosen, runs)))
    for index in among:
        if index not in chosen and block(runs[index].element, beside, letters=0) is not None:
            follows = index + 1 in chosen or index + 2 in chosen
            if _is_subheading(runs[index]) and (
                index + 1 in chosen if runs[index].link_share > _HEADING_LINKED else follows
            ):
                chosen.add(index)
    return sorted(chosen)


def _alike(
    chosen: set[int], members: Sequence[int], runs: Sequence[TextRun], seen: Counter[str]
) -> set[int]:
    """Return the paragraphs that are printed at the same path as the text: all elements up to the
    root have the same tags and classes, whichever of several containers they stand in.

    Another article on the page is printed alike, too: what stands in its element is none of it.
    """
    weights: Counter[_Path] = Counter()
    for index in members:
        weights[_path(runs[index].element)] += runs[index].words
    paths = {path for path, weight in weights.items() if weight >= _MORE * weights.total()}
    articles = {_article_of(runs[i].element) for i in members}
    tags = {path[0][0] for path in paths}
    below = next(
        (i for i in range(members[-1] + 1, len(runs)) if runs[i].element.tag == "h1"), len(runs)
    )
    above = next((i for i in range(members[0] - 1, -1, -1) if runs[i].element.tag == "h1"), -1)
    return {
        index
        for index in range(above + 1, below)
        if index not in chosen
        and runs[index].element.tag in tags
        and _is_paragraph(runs[index], seen)
        and _article_of(runs[index].element) in articles
        and _path(runs[index].element) in paths
    }


_Path = tuple[tuple[str, str], ...]


def _path(element: HtmlElement) -> _Path:
    return tuple((str(e.tag), e.get("class") or "") for e in (element, *element.iterancestors()))


def _article_of(element: HtmlElement) -> HtmlElement | None:
    return next((above for above in element.iterancestors() if above.tag == "article"), None)


def _lines_between(
    chosen: set[int],
    runs: Sequence[TextRun],
    home: TextContainer,
    among: range,
    beside: set[HtmlElement | None],
    seen: Counter[str],
) -> set[int]:
    """Return the lines among the paragraphs that have their shape and stand right beside them:
    a question, who speaks, a sentence of few words; and whole sentences whatever their class."""
    found = set()
    for index in among:
        run = runs[index]
        if index in chosen or (run.link_share > _SOME_LINKED and not _is_linked_sentence(run)):
            continue
        is_beside = run.element.getparent() in beside or home.is_text(run)
        letters = WRAPPED_LETTERS if run.element.tag == "pre" else _ORNAMENT
        if not is_beside and block(run.element, beside, letters=letters) is None:
            continue
        if run.marks & NEVER_TEXT - run.near - {"aside"}:
            continue
        once = seen[run.key] == 1 or run.words < _GAP_WORDS
        is_text = home.is_text(run) and once and not run.near & AGAINST_TEXT
        if is_text or _is_plain(run) or _is_whole_sentence(run, seen):
            found.add(index)
    # What opens the text is built as the lines of its kind among the paragraphs: a first question.
    opening = among.start - 1
    alike = [i for i in found if shape_of(runs[i]) == shape_of(runs[opening])]
    if opening >= 0 and len(alike) > 1 and runs[opening].element.getparent() in beside:
        found.add(opening)
    return found


def _is_linked_sentence(run: TextRun) -> bool:
    """Return whether a paragraph says something as a whole sentence that leads to its proof."""
    return run.element.tag == "p" and run.words >= _SAID_WORDS and run.text[-1] == "."


def _is_plain(run: TextRun) -> bool:
    """Return whether a line's element says nothing against text among paragraphs: it is a
    preformatted one, or has no name."""
    element = run.element
    if element.tag == "pre":
        return not run.near & AGAINST_TEXT
    return element.tag == "div" and not element.attrib and not run.near and not run.links


def _is_whole_sentence(run: TextRun, seen: Counter[str]) -> bool:
    """Return whether a paragraph is a sentence or more, whatever its class is made of."""
    is_unnamed = run.element.tag == "div" and not run.near
    if not (run.element.tag == "p" or is_unnamed) or run.words < _GAP_WORDS or seen[run.key] != 1:
        return False
    return (
        run.text[-1:] in LINE_ENDS
        and run.link_share <= _SOME_LINKED
        and not run.near & _NO_SENTENCE
        and not run.marks & NEVER_TEXT - run.near
    )


def _passed_over(
    chosen: set[int],
    runs: Sequence[TextRun],
    home: TextContainer,
    among: Iterable[int],
    beside: set[HtmlElement | None],
) -> set[int]:
    """Return the runs of lists and fact boxes among the text of which the engine took none, and
    the rest of those of which it took a part: they are judged as a whole.

    A list stands right beside paragraphs, and has two items or more; one with links in it stands
    between two paragraphs: else it may be of other articles, or of what a subscription offers.
    """
    groups: dict[HtmlElement, list[int]] = {}
    for index in among:
        run = runs[index]
        kind = "factbox" if "factbox" in run.marks else "list"
        around = run.within(kind) if kind == "factbox" else outermost(run, kind)
        if around is not None and holds(home.container, around):
            groups.setdefault(around, []).append(index)
    found: set[int] = set()
    for group, indices in groups.items():
        members = [runs[i] for i in indices]
        taken = chosen.intersection(indices)
        if any("heading" in r.near for r in members) and "factbox" not in members[0].marks:
            continue
        if taken:
            most = 2 * sum(runs[i].words for i in taken) >= sum(r.words for r in members)
            if most or block(group, beside) is not None:
                found.update(indices)
            continue
        if any(r.marks & NEVER_TEXT - {"aside"} for r in members):
            continue
        boxed = "factbox" in members[0].marks
        plain = not any(run.near & AGAINST_TEXT for run in members)
        between = indices[0] - 1 in chosen and indices[-1] + 1 in chosen
        unlinked = not any(run.links for run in members)
        if boxed or (
            plain
            and len(members) > 1
            and block(group, beside) is not None
            and (unlinked or between)
        ):
            found.update(indices)
    return found


def _notes(chosen: set[int], runs: Sequence[TextRun]) -> set[int]:
    """Return the runs that links within the chosen text lead to: its notes, and their heading."""
    wanted = {link[1:] for i in chosen for link in runs[i].links if link[:1] == "#" and link[1:]}
    if not wanted:
        return set()
    last = max(chosen)
    found = {
        index
        for index in range(last + 1, len(runs))
        if any(
            e.get("id") in wanted
            for e in (runs[index].element, *islice(runs[index].element.iterancestors(), 2))
        )
    }
    if found and "heading" in runs[min(found) - 1].near and min(found) - 1 > last:
        found.add(min(found) - 1)
    return found


def outermost(run: TextRun, mark: str) -> HtmlElement | None:
    """Return the outermost group element of a mark around a run."""
    return next((element for kind, element in run.groups if kind == mark), None)


def _speakers(chosen: set[int], runs: Sequence[TextRun]) -> Iterator[int]:
    """Yield the runs that name who is quoted, right behind a chosen quotation in its element."""
    for index in chosen:
        quote = _quotes_around(runs[index])
        behind = index + 1
        while (
            behind < len(runs)
            and quote & _quotes_around(runs[behind])
            and {"cite", "byline", "caption"} & runs[behind].near
        ):
            yield behind
            behind += 1


def _other_lines(chosen: set[int], runs: Sequence[TextRun]) -> Iterator[int]:
    """Yield the lines of the elements of which line breaks part a chosen one."""
    for step in (-1, 1):
        for start in chosen:
            index = start + step
            while (
                0 <= index < len(runs)
                and index not in chosen
                and runs[index].element is runs[start].element
                and runs[index].key
                and not runs[index].links
            ):
                yield index
                index += step


def _ends_text(
    index: int, runs: Sequence[TextRun], chosen: set[int], beside: set[HtmlElement | None]
) -> bool:
    """Return whether a quotation stands right below the text, as the last of what is beside it."""
    quote = outermost(runs[index], "quote")
    return (
        index - 1 in chosen
        and not runs[index].links
        and quote is not None
        and block(quote, beside) is not None
    )


def _quotes_around(run: TextRun) -> set[HtmlElement]:
    return {element for kind, element in run.groups if kind == "quote"}


def _is_subheading(run: TextRun) -> bool:
    """Return whether a run between paragraphs reads as a heading of the text."""
    if not {"heading", "lead"} & run.near or run.words > _HEADING_WORDS:
        return False
    if run.link_share > _HEADING_LINKED and "heading" not in run.near:
        return False
    if len(run.key) < _HEADING_LETTERS:
        return False
    return not (run.near & AGAINST_TEXT or run.marks & NEVER_TEXT)


def _is_paragraph(run: TextRun, seen: Counter[str]) -> bool:
    if run.words < _GAP_WORDS or seen[run.key] != 1 or run.near & AGAINST_TEXT:
        return False
    return run.link_share < (0.9 if run.text[-1:] in LINE_ENDS else 0.4)


def _is_quote(run: TextRun, before: TextRun) -> bool:
    """Return whether a run is a quotation: a long line, or the first one of its box."""
    if "quote" not in run.marks or run.near & AGAINST_TEXT or run.marks & NEVER_TEXT:
        return False
    if len(run.key) >= _QUOTE_LETTERS:
        return True
    return not _quotes_around(run) & _quotes_around(before) and run.text[-1:] in LINE_ENDS
