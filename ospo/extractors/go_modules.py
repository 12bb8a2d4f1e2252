"""What go.mod and vendor/modules.txt share: modules, and what replaces them.

Format: https://go.dev/ref/mod#go-mod-file
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ospo.errors import ParseError
from ospo.extractors.records import bounded, checked
from ospo.model import Component, Evidence

_TOKEN = re.compile(r'"([^"\n]*)"|`([^`\n]*)`|(//.*)|([^\s"`()]+|[()])')


@dataclass(frozen=True, slots=True)
class Directive:
    """One line of a go.mod: its verb, also where that stands at the head of a block, and its words."""

    line: int
    verb: str
    words: tuple[str, ...]
    comment: str


def directives(text: str) -> Iterator[Directive]:
    """Yield the lines of a go.mod in their order, blocks dissolved.

    Quoted words are not unescaped: no module path has a character that needs it.
    """
    verb = ""
    for number, line in enumerate(text.split("\n"), 1):
        words, comment = _words(line)
        if verb and words == [")"]:
            verb = ""
        elif len(words) == 2 and words[1] == "(":
            verb = words[0]
        elif verb and words:
            yield Directive(number, verb, tuple(words), comment)
        elif words:
            yield Directive(number, words[0], tuple(words[1:]), comment)


def _words(line: str) -> tuple[list[str], str]:
    words: list[str] = []
    for match in _TOKEN.finditer(bounded(line)):
        if match[3]:
            return words, match[3][2:].strip()
        words.append(match[1] or match[2] or match[4] or "")
    return words, ""


@dataclass(frozen=True, slots=True)
class Module:
    """A module and its version, "" where every version or none is meant."""

    path: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.path} {self.version}".rstrip()

    @property
    def is_folder(self) -> bool:
        """Tell whether the path leads to a folder: https://go.dev/ref/mod#go-mod-file-replace."""
        return (
            self.path.startswith(("./", "../", "/"))
            or self.path in (".", "..")
            or self.path[1:3] in (":\\", ":/")
        )


def replacement(words: tuple[str, ...]) -> tuple[Module, Module]:
    """Read `path [version] => path [version]`.

    Raises:
        ParseError: it is something else.
    """
    match words:
        case (path, "=>", *new) if len(new) in (1, 2):
            return Module(path), Module(*new)
        case (path, version, "=>", *new) if len(new) in (1, 2):
            return Module(path, version), Module(*new)
    raise ParseError("is no replacement")


def go_module(
    module: Module, replaced_by: Module | None = None, *, direct: bool | None = None, checksum: str = ""
) -> Component:
    """Make a component of what is really built: the replacement, of which nothing is known if it is a folder.

    Raises:
        ParseError: a path or version is none.
    """
    properties = [("go:h1", checksum)] if checksum else []
    built, folder = module, replaced_by is not None and replaced_by.is_folder
    if replaced_by is not None and folder:
        built = Module(module.path)
        properties.append(("go:replaced-by", checked(replaced_by.path, "folder")))
    elif replaced_by is not None:
        built = replaced_by
        properties.append(("go:replaces", checked(str(module), "path")))
    namespace, _, name = checked(built.path, "path").rpartition("/")
    return Component(
        type="golang",
        namespace=namespace,
        name=checked(name, "path"),
        version=built.version if folder else checked(built.version, "version"),
        registered=not folder,
        direct=direct,
        evidence=Evidence.DECLARED,
        properties=tuple(properties),
    )
