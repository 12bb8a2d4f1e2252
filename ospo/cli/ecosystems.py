"""`ospo ecosystems`: which files are read, as what evidence, and where licences come from."""

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from ospo.cli.common import common
from ospo.cli.output import json_text
from ospo.cli.table import WIDTH
from ospo.text import one_line

if TYPE_CHECKING:
    from ospo.extractors.interface import Extractor

_PAGE = """\
# Ecosystems

What ospo reads, and as which evidence:

- `installed`: the record of a package manager, so the package is there and can run;
- `embedded`: found inside another file, such as a library copied into another jar;
- `declared`: a file that asks for packages, which may not be there.

Images are searched for what is installed and embedded, folders for all three.
In the patterns, `**/` stands for any folders and `*` for anything but `/`.

This page is what `ospo ecosystems -o markdown` prints.

| Ecosystem | Extractor | Evidence | Files | Licences come from |
|---|---|---|---|---|
"""


@click.command("ecosystems")
@click.option(
    "-o",
    "--output",
    "format_",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    help="For people or for programs.",
)
@common
def command(format_: str, **flags: Any) -> None:
    """List the package ecosystems that ospo reads."""
    del flags  # no setting changes the list
    from ospo.extractors import all_extractors

    extractors = sorted(all_extractors(), key=lambda one: (one.ecosystem.lower(), one.name))
    writers = {"table": _table, "json": _json, "markdown": _markdown}
    click.echo(writers[format_](extractors))


def _table(extractors: "list[Extractor]") -> str:
    """Write a block for each extractor: what it is, the files it reads, and where licences come from."""
    blocks = []
    for one in extractors:
        lines = [f"{one.name}: {one.ecosystem}, {one.evidence}"]
        for text in (", ".join(_files(one)), f"licences: {one.licenses_from}"):
            lines += wrap(text, WIDTH, **_INDENTED)
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


_INDENTED: Any = {
    "initial_indent": "    ",
    "subsequent_indent": "      ",
    "break_long_words": False,
    "break_on_hyphens": False,
}


def _json(extractors: "list[Extractor]") -> str:
    document = [
        {
            "name": one.name,
            "version": one.version,
            "ecosystem": one.ecosystem,
            "evidence": one.evidence,
            "patterns": one.patterns,
            "magic": [magic.hex() for magic in one.magic],
            "licenses_from": one.licenses_from,
            "database": one.database,
        }
        for one in extractors
    ]
    return json_text(document).rstrip("\n")


def _markdown(extractors: "list[Extractor]") -> str:
    lines = []
    for one in extractors:
        files = ", ".join(file if file.startswith("starting") else f"`{file}`" for file in _files(one))
        cells = (one.ecosystem, f"`{one.name}`", str(one.evidence), files, one.licenses_from)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return _PAGE + "\n".join(lines)


def _files(extractor: "Extractor") -> list[str]:
    """What the files are called, or else how they begin."""
    begins = [f"starting with {one_line(magic.decode('latin-1'))}" for magic in extractor.magic]
    return [*extractor.patterns, *begins]
