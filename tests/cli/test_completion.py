"""Completion, by real shells that have loaded the script."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nordcrawl.cli.completion import SHELLS, script
from nordcrawl.cli.crawl import _several
from nordcrawl.cli.main import COMMANDS, main, parsers
from tests.support.waiting import HANG_S

#: Asks bash's own machinery for each line of a file: the function that `complete` names is called
#: as bash calls it when the Tab key is struck behind the line's last word.
ASK_BASH = """
. ./script
read -ra called <<< "$(complete -p nordcrawl)"
for place in "${!called[@]}"; do
    if [ "${called[place]}" = -F ]; then function=${called[place + 1]}; fi
done
while IFS= read -r COMP_LINE; do
    read -ra COMP_WORDS <<< "$COMP_LINE"
    [[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
    COMP_POINT=${#COMP_LINE}
    "$function" nordcrawl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>>errors
    echo "${COMPREPLY[*]}"
done < lines
"""

#: What a person has typed, and what is offered among other things.
OFFERED = {
    "nordcrawl ": {*COMMANDS},
    "nordcrawl re": {"read", "report"},
    "nordcrawl read --pub": {"--published-from", "--published-to"},
    "nordcrawl read --format ": {"jsonl", "csv", "parquet", "table"},
    "nordcrawl read --format p": {"parquet"},
    "nordcrawl read --latest --output ": {"pages", "page.html"},
    "nordcrawl read --archive ": {"pages"},
    "nordcrawl extract --view m": {"markdown"},
    "nordcrawl extract pa": {"pages", "page.html"},
    "nordcrawl sources ": {"check", "suggest"},
    "nordcrawl sources check ": {"paper", "gazette"},
    "nordcrawl crawl --": {"--sandbox", "--all", "--jobs", "--set"},
    "nordcrawl crawl ga": {"gazette"},
    "nordcrawl crawl -L W": {"WARNING"},
    "nordcrawl doctor p": {"paper"},
    "nordcrawl signatures --engine ": {"local", "ray"},
    "nordcrawl completion ": {*SHELLS},
}
#: What must not be offered there.
KEPT_BACK = {
    "nordcrawl re": {"crawl"},
    "nordcrawl read --format p": {"jsonl", "page.html"},
    "nordcrawl read --archive ": {"page.html"},
    "nordcrawl crawl ga": {"paper"},
}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a page, a folder, and a `nordcrawl` that lists two sources at no cost: what a
    real one lists, its own tests say."""
    (tmp_path / "page.html").touch()
    (tmp_path / "pages").mkdir()
    fake = tmp_path / "bin" / "nordcrawl"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'paper    The Paper: x'; echo 'gazette  Gazette: y'\n")
    fake.chmod(0o755)
    return tmp_path


def ask(desk: Path, *command: str) -> str:
    """Run a shell in that folder, without any start file of the machine's."""
    done = subprocess.run(
        command,
        cwd=desk,
        env={"PATH": f"{desk / 'bin'}:{os.environ['PATH']}", "HOME": str(desk), "TERM": "dumb"},
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bash_completes_commands_options_values_files_and_sources(desk: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    (desk / "script").write_text(script("bash"))
    (desk / "lines").write_text("".join(f"{line}\n" for line in OFFERED))
    shown = ask(desk, bash, "--norc", "--noprofile", "-c", ASK_BASH)
    answers = dict(zip(OFFERED, shown.split("\n"), strict=False))
    offered = {line: set(answer.split()) for line, answer in answers.items()}
    assert {line: wanted - offered[line] for line, wanted in OFFERED.items()} == {
        line: set() for line in OFFERED
    }
    assert {line: kept & offered[line] for line, kept in KEPT_BACK.items()} == {
        line: set() for line in KEPT_BACK
    }


#: A zsh in a terminal of its own (zpty), as that is where it completes; the Tab key is struck, and
#: what it then shows is read until the words that are waited for are there.
ASK_ZSH = r"""
zmodload zsh/zpty
zpty shell "zsh -f -i"
typeset seen=""
say() { zpty -w shell "$1" }
await() { [[ $seen == *"$1"* ]] || { zpty -r shell line "*$1*"; seen+=$line } }
say 'PS1=; LISTMAX=1000; autoload -Uz compinit; compinit -u -D'
say 'eval "$(<script)"; print READ-$((40+2))'
await READ-42
seen=""
zpty -w -n shell "$ASKED"$'\t'
for word in ${=EXPECTED}; do await $word; done
print -r -- $seen
zpty -d shell
"""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nordcrawl read --format ", "parquet table"),
        ("nordcrawl ver", "ify"),
        ("nordcrawl crawl ga", "zette"),
    ],
)
def test_zsh_completes(desk: Path, line: str, words: str) -> None:
    zsh = shutil.which("zsh")
    if zsh is None:
        pytest.skip("there is no zsh")
    (desk / "script").write_text(script("zsh"))
    told = f"ASKED={shlex.quote(line)} EXPECTED={shlex.quote(words)}\n{ASK_ZSH}"
    assert all(word in ask(desk, zsh, "-f", "-c", told) for word in words.split())


@pytest.mark.parametrize("shell", ["fish", "tcsh"])
def test_other_shells_take_their_script(desk: Path, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    (desk / "script").write_text(script(shell))
    if shell == "fish":
        told = "source script; complete -C 'nordcrawl extract --view m'"
        assert "markdown" in ask(desk, program, "--no-config", "-c", told)
    else:
        told = "source script; complete nordcrawl"
        assert "n/schema/(article ledger)/" in ask(desk, program, "-f", "-c", told)


def test_the_command_prints_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    assert "-F _shtab_nordcrawl nordcrawl" in capsys.readouterr().out


def test_no_other_command_pays_for_it() -> None:
    ask = "import sys; from nordcrawl.cli.main import main; main(['schema']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert "shtab" not in done.stdout.split()


def test_what_crawl_declares_scrapy_takes() -> None:
    """Its parser describes; Scrapy's and that of ``crawl --all`` parse."""
    from scrapy.settings import BaseSettings

    from nordcrawl.commands.crawl import Command

    theirs = Command()
    theirs.settings = BaseSettings()  # type: ignore[assignment]
    _, commands = parsers("crawl")
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    theirs.add_options(parser)
    known = {name for action in parser._actions for name in action.option_strings}
    ours = {name for action in commands["crawl"]._actions for name in action.option_strings}
    assert ours - known == {
        *("--sandbox", "--replay", "--json"),
        *("--all", "--jobs", "--shard", "--max-seconds"),
    }


@pytest.mark.parametrize(
    ("arguments", "several"),
    [
        (["a"], False),
        (["a", "b"], True),
        (["a", "-a", "limit=1"], False),
        (["-a", "limit=1", "a"], False),
        (["a", "-L", "INFO", "b"], True),
        (["--nolog", "a"], False),
        ([], False),
    ],
)
def test_several_sources_are_told_from_values_of_options(
    arguments: list[str], several: bool
) -> None:
    assert _several(arguments) is several
