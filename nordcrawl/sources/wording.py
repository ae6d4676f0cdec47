"""Wording: what is wrong with a source's table, in words of this project.

pydantic's own speak of Python (``tuple``, ``Input should be``), and a source file is no Python.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from nordcrawl.model.printable import redacted, shown

#: By pydantic's name of the error; ``{...}`` is of its context.
#: Source: docs.pydantic.dev, "Validation Errors".
_WORDS: Final = {
    "string_type": 'a text in quotes ("...") is allowed',
    "tuple_type": 'a list of texts (["...", "..."]) is allowed',
    "dict_type": 'a table ({{ "key" = "value" }}) is allowed',
    "bool_type": "true or false is allowed",
    "bool_parsing": "true or false is allowed",
    "int_type": "a whole number is allowed",
    "int_parsing": "a whole number is allowed",
    "int_from_float": "a whole number is allowed",
    "int_parsing_size": "a smaller number is allowed",
    "float_type": "a number is allowed",
    "float_parsing": "a number is allowed",
    "finite_number": "a number is allowed",
    "literal_error": "{expected} is allowed",
    "greater_than_equal": "{ge:g} or more is allowed",
    "less_than_equal": "{le:g} or less is allowed",
    "too_short": "at least {min_length} is needed",
}
#: Of keys whose texts have a form of their own.
_FORMS: Final = {
    "hosts": "a BCP 47 language tag is allowed, such as en or nb-NO",
    "country": "two capital letters are allowed, such as NO (ISO 3166-1 alpha-2)",
}


def in_words(error: ValidationError, name: str, keys: Sequence[str]) -> str:
    """Return what is wrong with the table of source `name`, a clause each; `keys` are allowed."""
    lines = []
    for detail in error.errors(include_url=False):
        key = ".".join(str(part) for part in detail["loc"] if part != "[key]")
        if detail["type"] == "extra_forbidden":
            near = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            text = f"unknown key {shown(key)!r}: {hint}allowed are {', '.join(keys)}"
        elif detail["type"] == "missing":
            text = f"key {key!r} is missing"
        else:
            value = "" if not key else f" = {shown(redacted(_toml(detail['input'])))}"
            text = f"{f'key {shown(key)!r}' if key else 'wrong'}{value}: {_message(key, detail)}"
        lines.append(f"[sources.{name}]: {text}")
    return "; ".join(lines)


def _message(key: str, detail: Mapping[str, Any]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return _FORMS.get(key.partition(".")[0], f"the form {context['pattern']} is allowed")
    if kind in _WORDS:
        return _WORDS[kind].format(**context)
    return str(detail["msg"]).removeprefix("Value error, ")


def _toml(value: object) -> str:
    """Return a value nearly as the file has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(one)}' for key, one in value.items())} }}"
    return str(value)
