"""The pages of docs/ that are made of the code: commands, settings, exit codes.

They are kept in the repository, where they are read, too; a test compares them with the code.

    python docs/site/from_code.py       # writes them anew
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nordcrawl.cli.main import COMMANDS, parsers
from nordcrawl.config.logs import FORMS, LEVELS
from nordcrawl.config.options import SETTINGS
from nordcrawl.errors import MEANINGS, PRECEDENCE, ExitCode

DOCS = Path(__file__).resolve().parents[1]
PACKAGE = DOCS.parent / "nordcrawl"

_MADE = "<!-- Made of the code by docs/site/from_code.py (make docs): change it there. -->"
_UNITS = {
    "S": "seconds",
    "H": "hours",
    "MIB": "MiB",
    "PAGES": "pages",
    "SHARE": "share",
    "WORKERS": "processes",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as the code has it; numbers as they are written there, worked out."""

    name: str
    default: str
    meaning: str
    """Markdown."""
    allowed: str
    option: str
    """The attribute of `nordcrawl.config.options.Options` that it becomes; empty if it is none."""

    @property
    def unit(self) -> str:
        """The unit that the name ends in; empty where it is no quantity."""
        return _UNITS.get(self.name.rpartition("_")[2], "") if "number" in self.allowed else ""

    @property
    def readers(self) -> list[str]:
        """The files of the package that read the option, or else those that check it."""
        group, _, field = self.option.rpartition(".")
        read = re.compile(
            rf"\b_?(?:{_HOLDERS.get(group, group)})\.{re.escape(field) or '$'}\b"
            rf'|\b(?:get\w*|told)\("{self.name}"'  # by the name, of Scrapy's settings
        )
        passed = {PACKAGE / "settings.py", PACKAGE / "config" / "options.py"}
        found = [
            path.relative_to(PACKAGE.parent).as_posix()
            for path in sorted(PACKAGE.rglob("*.py"))
            # The namespace of the command line is called `options`, too.
            if path not in passed
            and path.parent != PACKAGE / "cli"
            and read.search(path.read_text(encoding="utf-8"))
        ]
        return found or ["nordcrawl/config/options.py"]


#: What the options, and the groups of them, are called where they are read.
_HOLDERS = {
    "": "options",
    "budgets": "budgets",
    "suspect": "suspect|limits",
    "alert_limits": "limits",
}


def settings() -> Iterator[Setting]:
    """Read every ``NORDCRAWL_*`` setting out of `nordcrawl.settings` and `config.options`."""
    text = (PACKAGE / "settings.py").read_text(encoding="utf-8")
    meanings, meaning = _comments(text), ""
    allowed, options = _checks((PACKAGE / "config" / "options.py").read_text(encoding="utf-8"))
    words = {"NORDCRAWL_LOG": FORMS, "NORDCRAWL_LOG_LEVEL": LEVELS}
    for node in ast.parse(text).body:
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        name = node.targets[0].id
        if name not in SETTINGS:
            continue
        meaning = meanings.get(name, meaning)  # which several that follow each other may share
        choices = ", ".join(f"`{word}`" for word in words.get(name, ()))
        yield Setting(
            name=name,
            default=_default(node.value),
            meaning=meaning,
            allowed=allowed.get(name, choices and f"one of {choices}"),
            option=options.get(name, ""),
        )


def _default(value: ast.expr) -> str:
    """Return what stands behind ``or``, or is the second argument of ``get``."""
    if isinstance(value, ast.BoolOp):
        value = value.values[-1]
    elif isinstance(value, ast.Call) and len(value.args) == 2:
        value = value.args[1]
    if isinstance(value, ast.Constant):
        return f"`{value.value!s}`" if value.value != "" else "none"
    return "the user's state folder"  # of platformdirs: by machine


def _comments(text: str) -> dict[str, str]:
    """Return the ``#:`` comment above each name, as one line."""
    found: dict[str, str] = {}
    said: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and token.string.startswith("#:"):
            said.append(token.string.removeprefix("#:").strip())
        elif token.type == tokenize.NAME and said:
            found[token.string] = " ".join(said)
            said = []
    return found


def _checks(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return what each number may be, and the option that each setting becomes."""
    allowed: dict[str, str] = {}
    options: dict[str, str] = {}

    def walk(node: ast.AST, option: str) -> None:
        if isinstance(node, ast.keyword) and node.arg:
            option = f"{option}.{node.arg}".lstrip(".")
        named = [
            one.value for one in getattr(node, "args", ())
            if isinstance(one, ast.Constant) and one.value in SETTINGS
        ] if isinstance(node, ast.Call) else []  # fmt: skip
        for name in named:
            assert isinstance(node, ast.Call)
            options.setdefault(name, option)
            if isinstance(node.func, ast.Name) and node.func.id == "number":
                low, high = (_number(one) for one in node.args[1:])
                allowed[name] = f"a number from {low:,g} to {high:,.15g}"
        for child in ast.iter_child_nodes(node):
            walk(child, option)

    (made,) = (
        node.value for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "options" and isinstance(node.value, ast.Call)
    )  # fmt: skip
    walk(made, "")
    return allowed, options


def _number(node: ast.expr) -> float:
    """Work out a number that is written as one, or as ``1 << 20``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift):
        return int(_number(node.left)) << int(_number(node.right))
    return float(ast.literal_eval(node))


def settings_page() -> str:
    """Return docs/settings.md."""
    parts = [
        "# Settings",
        _MADE,
        "Each is an environment variable, and a Scrapy setting (`-s NAME=VALUE`), which goes "
        "before it. A misspelt one is refused, and so is a value that is not allowed; all "
        "that is wrong is said at once, before the first request. `nordcrawl doctor` says "
        "whether they are right here. Credentials of a store are none of them: "
        "[operations.md](operations.md#settings).",
    ]
    for one in settings():
        unit = f", in {one.unit}" if one.unit else ""
        allowed = f"; {one.allowed} is allowed" if one.allowed else ""
        readers = ", ".join(f"`{path}`" for path in one.readers)
        parts += [
            f"## {one.name}",
            one.meaning,
            f"- default: {one.default}{unit}{allowed}\n- read in {readers}",
        ]
    return "\n\n".join(parts) + "\n"


def exit_codes_page() -> str:
    """Return docs/exit-codes.md."""
    rows = [
        f"| {int(code)} | {code.name.lower()} | {PRECEDENCE.index(code) + 1} | "
        f"{MEANINGS[code].means} | {MEANINGS[code].do} |"
        for code in ExitCode
    ]
    parts = [
        "# Exit codes",
        _MADE,
        "Of `nordcrawl crawl` and `scrapy crawl`; other commands use those of them that fit, "
        "and `nordcrawl check` has [those of monitoring "
        "plugins](operations.md#looking-after-it). If more than one holds, the one of the "
        "lowest rank is told, and the run's report names the others (`also`): why in this "
        "order, and when a run is suspect, says [operations.md](operations.md#exit-codes).",
        "\n".join(
            [
                "| code | name | rank | it means | what to do |",
                "| --- | --- | --- | --- | --- |",
                *rows,
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def commands_page() -> str:
    """Return docs/commands.md."""
    _, made = parsers(*COMMANDS)
    parts = [
        "# Commands",
        _MADE,
        "`nordcrawl COMMAND --help` says the same in a terminal, `nordcrawl --version` which "
        "one it is. `nordcrawl completion` makes the Tab key know all of it ([quick "
        "start](quick-start.md#completion)). What a command ends with: "
        "[exit-codes.md](exit-codes.md).",
        "\n".join(
            ["| command | what it does |", "| --- | --- |"]
            + [f"| [`{name}`](#{name}) | {what} |" for name, what in COMMANDS.items()]
        ),
    ]
    for name, parser in made.items():
        example = (parser.epilog or "").removeprefix("Example: ")
        parts += [
            f"## {name}",
            _as_markdown(parser.description or ""),
            f"```text\n{_usage(name, parser)}\n```",
            *_options(parser),
            f"Example:\n\n```console\n$ {example}\n```",
        ]
    return "\n\n".join(parts) + "\n"


def _as_markdown(text: str) -> str:
    """Keep plain words from being markup: of a home folder, and of names in two colons."""
    return re.sub(r"([*_~<>|])", r"\\\1", text.replace("%%", "%"))


def _value(action: argparse.Action) -> str:
    """Return how the value of an action is shown; empty where it takes none."""
    if action.nargs == 0:
        return ""
    if action.choices is not None and action.metavar is None:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    else:
        is_option = bool(action.option_strings)
        value = str(action.metavar or (action.dest.upper() if is_option else action.dest))
    return {"?": f"[{value}]", "*": f"[{value} ...]", "+": f"{value} [{value} ...]"}.get(
        str(action.nargs), value
    )


def _shown(action: argparse.Action) -> list[argparse.Action]:
    return [action] if action.help != argparse.SUPPRESS and action.dest != "help" else []


def _usage(name: str, parser: argparse.ArgumentParser) -> str:
    """Return the usage as this Python's argparse may spell it otherwise: options, then the rest."""
    asked = [one for action in parser._actions for one in _shown(action)]
    options = [f"[{_option(one)}]" for one in asked if one.option_strings]
    rest = [_value(one) for one in asked if not one.option_strings]
    head = f"nordcrawl {name} "
    # No break within brackets.
    words = [word.replace(" ", "\0") for word in options + rest]
    lines = textwrap.wrap(
        " ".join(words), 86 - len(head), break_long_words=False, break_on_hyphens=False
    )
    return (head + f"\n{' ' * len(head)}".join(lines)).replace("\0", " ").rstrip()


def _option(action: argparse.Action) -> str:
    value = _value(action)
    name = action.option_strings[-1]
    return f"{name} {value}" if value else name


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    rows = []
    for action in parser._actions:
        for one in _shown(action):
            names = ", ".join(one.option_strings[:-1])
            spelt = _option(one) if one.option_strings else _value(one)
            code = "`" + (f"{names}, " if names else "") + spelt.replace("|", "\\|") + "`"
            rows.append(f"| {code} | {_as_markdown(one.help or '')} |")
    if rows:
        yield "\n".join(["| takes | meaning |", "| --- | --- |", *rows])


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "exit-codes.md": exit_codes_page,
    "settings.md": settings_page,
}
"""Each page below docs/, and what makes it."""


def main() -> None:
    """Write the pages."""
    for name, made in PAGES.items():
        (DOCS / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
