"""JSON as pages break it is read all the same, and what is whole is read as the standard says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.extract.page.loose_json import load, remade

WHOLE = {"headline": "Ny molo", "author": [{"name": "Kari"}, {"name": "Ola"}], "keywords": ["havn"]}
TEXT = json.dumps(WHOLE, ensure_ascii=False)
OPEN = TEXT[:-1] + ",}"  # with a comma too many


@pytest.mark.parametrize("text", [TEXT, OPEN])
@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("/*<![CDATA[*/", "/*]]>*/"),
        ("//<![CDATA[\n", "\n//]]>"),
        ("<![CDATA[", "]]>"),
        ("<!--", "-->"),
        ("<!--//--><![CDATA[//><!--\n", "\n//--><!]]>"),
        ("// what this page is\n", "\n// and no more"),
        ("/* what this page is */", ""),
        ("\ufeff  ", ";"),
    ],
)
def test_comments_and_marks_around_a_block_are_no_part_of_it(
    before: str, behind: str, text: str
) -> None:
    assert load(before + text + behind) == WHOLE


@pytest.mark.parametrize(
    ("broken", "value"),
    [
        ('{"a": "the "long" wall", "b": 1}', {"a": 'the "long" wall', "b": 1}),
        ('{"a": "<a href="/x">it</a>.", "b": [2]}', {"a": '<a href="/x">it</a>.', "b": [2]}),
        ('{"a": ["x "y" z", "w"]}', {"a": ['x "y" z', "w"]}),
        ('{"a": "says "no", and goes", "b": 1}', {"a": 'says "no", and goes', "b": 1}),
        ('{"a": 1, /* one */ "b": 2, // two\n "c": 3}', {"a": 1, "b": 2, "c": 3}),
        ('{"a": "x"\n "b": "y"}', {"a": "x", "b": "y"}),
        ('[{"a": 1} {"b": 2}]', [{"a": 1}, {"b": 2}]),
        ('{"a": 1}{"b": 2}', [{"a": 1}, {"b": 2}]),
        ("{'a': 'it\\'s', b: undefined}", {"a": "it's", "b": None}),
        ('{"a": "c:\\data", "b": "\\u00"}', {"a": "c:\\data", "b": "\\u00"}),
        ('{"a": {"b": "cut off he', {"a": {"b": "cut off he"}}),
        ('{"a": {"b": "x", "c":', {"a": {"b": "x"}}),
        ('{"a": "one\ntwo"}', {"a": "one\ntwo"}),
        ('{"a": "http://x.test//y" /* z */}', {"a": "http://x.test//y"}),
        ("{&quot;a&quot;: 1}", {"a": 1}),
    ],
)  # fmt: skip
def test_what_is_broken_inside_is_mended(broken: str, value: object) -> None:
    assert load(broken) == value


def test_keys_that_stand_twice() -> None:
    text = '{"author": {"name": "A"}, "author": ["B"], "datePublished": "1", "datePublished": "2"}'
    assert load(text) == {"author": [{"name": "A"}, "B"], "datePublished": "2"}


@pytest.mark.parametrize("nothing", ["", " \n ", "/* nothing */"])
def test_an_empty_block_is_no_fault(nothing: str) -> None:
    assert not load(nothing)


@pytest.mark.parametrize("no_json", ["<p>Hei</p>", "Hei", "window.x = 1"])
def test_what_is_no_json_is_none(no_json: str) -> None:
    assert load(no_json) is None


def _containers(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner) | st.dictionaries(st.text(min_size=1), inner)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12), _containers, max_leaves=8
)


@given(_containers(ANYTHING))
def test_whole_json_means_what_the_standard_says(value: object) -> None:
    assert load(json.dumps(value)) == value


@given(st.text(alphabet="{}[]\",:'\\ab1 /*-\n<!", max_size=60))
def test_nothing_breaks_it(text: str) -> None:
    load(text)
    remade(text)
