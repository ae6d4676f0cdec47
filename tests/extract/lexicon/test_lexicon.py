"""The tables of words: every one is readable, says what it is, and is found by its language."""

import re
from importlib.resources import files

import pytest

from nordcrawl.extract.lexicon import tables
from nordcrawl.extract.lexicon.phrases import (
    CROSS_LANGUAGE,
    LABELS,
    LANGUAGE_NAMES,
    LISTS,
    NOTICES,
    POINTERS,
    TAIL,
)
from nordcrawl.extract.page.text import label_key

_FOLDER = files("nordcrawl.extract.lexicon")
_NAMES = sorted(f.name.removesuffix(".toml") for f in _FOLDER.iterdir() if f.name.endswith(".toml"))
#: Of what is compared as it stands; the others hold regular expressions or plain words.
_FOLDED = ("read_also", "labels", "related_boxes")


def _phrases(value):
    if isinstance(value, str):
        yield value
    else:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _phrases(item)


@pytest.mark.parametrize("name", _NAMES)
def test_a_table_says_what_it_is_and_holds_expressions(name):
    text = (_FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    assert text.startswith("# ")
    if name in ("zones", "agencies"):
        return  # whose names are in capitals
    phrases = list(_phrases(tables.table(name)))
    assert phrases
    for phrase in phrases:
        re.compile(phrase)
        assert phrase == phrase.lower() or re.search(r"\\[A-Z]", phrase), phrase


@pytest.mark.parametrize("name", _FOLDED)
def test_what_is_compared_with_folded_lines_is_folded(name):
    assert all(phrase == label_key(phrase) for phrase in tables.words(name))


def test_a_phrase_is_found_by_what_it_is_for_and_its_language():
    assert "luetuimmat" in tables.table("related_boxes")["fi"]
    assert "luetuimmat" in LISTS
    assert "mainos" in tables.table("labels")["fi"]
    assert "mainos" in LABELS


def test_read_also_is_a_label_a_pointer_and_the_heading_of_a_box():
    for phrase in tables.words("read_also"):
        assert phrase in LABELS
        assert phrase in LISTS
        assert POINTERS.match(f"{phrase}: Ny havn")


def test_what_begins_like_a_pointer_but_goes_on_is_none():
    assert not POINTERS.match("Lue myöskään ei voi")
    assert not POINTERS.match("Les moreover")


def test_a_line_about_another_edition_names_its_language():
    for line, language in (
        ("Les saken på engelsk her", "en"),
        ("Read this article in Norwegian", "nb"),
        ("Lue suomeksi täältä", "fi"),
        ("Kalaallisut atuaruk", "kl"),
        ("Читать на русском", "ru"),
    ):
        found = CROSS_LANGUAGE.match(line)
        assert found, line
        named = [name for name in found.groupdict().values() if name]
        assert [LANGUAGE_NAMES[name.lower()] for name in named] == [language]


def test_every_language_that_a_line_can_name_has_a_tag():
    lines = tables.table("other_editions", "lines")
    assert lines.keys() <= tables.table("other_editions", "named").keys()
    for language in lines.keys() - {"ru", "en"}:  # whose names are expressions
        for name in tables.table("other_editions", "named")[language]:
            assert LANGUAGE_NAMES[name]


def test_notices_and_closing_lines_stand_at_the_beginning():
    assert NOTICES.match("» Meld deg på vårt nyhetsbrev")
    assert not NOTICES.match("Mange vil ikke meld deg på nyhetsbrev")
    assert TAIL.match("Copyright Avisa Nord")
    assert not TAIL.match("Striden om copyright")


def test_months_have_twelve_names_in_each_language():
    assert all(len(months) == 12 for months in tables.table("months").values())


def test_a_table_of_anything_but_phrases_is_refused():
    with pytest.raises(TypeError, match=r"months\.toml: en is no list of phrases"):
        tables.words("months")
    with pytest.raises(FileNotFoundError):
        tables.words("no_such_table")
    with pytest.raises(KeyError):
        tables.words("genres", "no-such-genre")
