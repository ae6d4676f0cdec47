"""``nordcrawl completion``: a script that completes ``nordcrawl`` in a shell.

The script knows every command and option from their parsers; it has to be made anew after an
upgrade, as it is where a shell's start file asks for it. Names of sources are asked for when they
are wanted.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from nordcrawl.errors import ExitCode

SHELLS: Final = ("bash", "zsh", "fish", "tcsh")

#: Metavars and names of what is a source's name, and of what is a folder, whatever the command.
_SOURCES: Final = frozenset({"source", "sources", "what"})
_FOLDERS: Final = frozenset({"PATH|URI", "FOLDER"})

_SOURCES_BASH: Final = r"""
_nordcrawl_sources() {
  compgen -W "$(nordcrawl sources 2>/dev/null | cut -d ' ' -f 1)" -- "$1"
}
"""
_SOURCES_ZSH: Final = r"""
_nordcrawl_sources() {
  local -a names
  names=(${(f)"$(nordcrawl sources 2>/dev/null | cut -d ' ' -f 1)"})
  compadd -a names
}
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Print a script that completes commands, options, their values, files and the names of "
        "sources. Into a shell's start file belongs, of bash (~/.bashrc) and, behind compinit, of "
        'zsh (~/.zshrc): eval "$(nordcrawl completion bash)", with the shell\'s name; of fish '
        "(~/.config/fish/config.fish): nordcrawl completion fish | source; of tcsh (~/.tcshrc): "
        "nordcrawl completion tcsh > ~/.nordcrawl.tcsh; source ~/.nordcrawl.tcsh."
    )
    parser.epilog = "Example: nordcrawl completion bash > ~/.local/share/bash-completion/nordcrawl"
    parser.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace) -> int:
    """Carry out the command."""
    print(script(options.shell))
    return int(ExitCode.WHOLE)


def script(shell: str) -> str:
    """Return the script for one of `SHELLS`; it is to be evaluated by that shell."""
    import shtab  # here, because no other command needs it

    from nordcrawl.cli.main import COMMANDS, parsers

    parser, commands = parsers(*COMMANDS)
    names = {"bash": "_nordcrawl_sources", "zsh": "_nordcrawl_sources"}
    for command in commands.values():
        for action in command._actions:  # argparse has no public way to see them
            if action.choices is not None or action.nargs == 0:
                continue
            if action.metavar in _FOLDERS:
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
            elif action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.dest in _SOURCES:
                action.complete = names  # type: ignore[attr-defined]
    preamble = {"bash": _SOURCES_BASH, "zsh": _SOURCES_ZSH}
    return shtab.complete(parser, shell, preamble=preamble.get(shell, ""))
