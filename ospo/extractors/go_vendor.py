"""Go modules whose packages were copied into a `vendor` folder.

Format of modules.txt: https://go.dev/ref/mod#vendoring and
https://github.com/golang/go/blob/go1.22.3/src/cmd/go/internal/modcommand/vendor.go
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.go_modules import Module, go_module, replacement
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import lock_text
from ospo.model import Evidence, Record


@dataclass(slots=True)
class _Section:
    number: int
    words: tuple[str, ...]
    explicit: bool = False
    packages: list[str] = field(default_factory=list)


def _vendored(file: File) -> Iterator[Record]:
    damage = Damage()
    for section in _sections(lock_text(file), damage):
        # Modules without packages are required or replaced, but nothing of them is here.
        if section.packages:
            with damage.at(f"line {section.number}"):
                module, new = _modules(section.words)
                # What go.mod names is explicit, be it indirect; what it does not name is indirect.
                yield go_module(module, new, direct=None if section.explicit else False)
    damage.report()


def _sections(text: str, damage: Damage) -> Iterator[_Section]:
    section = None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("# "):
            if section:
                yield section
            section = _Section(number, tuple(line[2:].split()))
        elif line.startswith("## "):
            if section and line[3:].split(";")[0].strip() == "explicit":
                section.explicit = True
        elif line.strip():
            with damage.at(f"line {number}"):
                if section is None or len(line.split()) != 1:
                    raise ParseError("belongs to no module")
                section.packages.append(line)
    if section:
        yield section


def _modules(words: tuple[str, ...]) -> tuple[Module, Module | None]:
    if "=>" in words:
        return replacement(words)
    if len(words) != 2:
        raise ParseError("is no module with a version")
    return Module(*words), None


EXTRACTORS = (
    Extractor(
        name="go-vendor",
        version=1,
        patterns=("**/vendor/modules.txt",),
        evidence=Evidence.DECLARED,
        extract=_vendored,
        ecosystem="Go",
        licenses_from="none",
    ),
)
