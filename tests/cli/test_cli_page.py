"""docs/cli.md shows what `--help` says of every command.

OSPO_WRITE_EXPECTED=1 writes the help texts into the page; read the difference in review.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ospo.cli.main import COMMANDS, cli, run
from ospo.errors import OspoError

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
_BLOCK = re.compile(r"(?<=```console\n)\$ ospo ([^\n]*)--help\n(.*?)(?=```)", re.DOTALL)


def commands() -> Iterator[tuple[str, ...]]:
    """The words of every command, subcommands after their group."""
    for name in COMMANDS:
        yield (name,)
        command = cli.get_command(click.Context(cli), name)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.commands)


def test_the_page_shows_every_command_and_what_help_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")

    def current(block: re.Match[str]) -> str:
        assert run([*block[1].split(), "--help"]) == 0
        return f"$ ospo {block[1]}--help\n{capsys.readouterr().out}"

    shown = PAGE.read_text("utf-8")
    assert [tuple(block[1].split()) for block in _BLOCK.finditer(shown)] == [(), *commands()]
    if os.environ.get("OSPO_WRITE_EXPECTED"):
        PAGE.write_text(_BLOCK.sub(current, shown), "utf-8")
    assert PAGE.read_text("utf-8") == _BLOCK.sub(current, shown)


def test_the_page_names_every_exit_code() -> None:
    codes = {OspoError.exit_code, *(error.exit_code for error in subclasses(OspoError))}
    shown = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE)}
    assert shown == {0, 1, *codes, 129, 130, 141, 143}


def subclasses(error: type[OspoError]) -> Iterator[type[OspoError]]:
    for one in error.__subclasses__():
        yield one
        yield from subclasses(one)
