"""The modules that a go.mod requires, as its `replace` lines change them.

Format: https://go.dev/ref/mod#go-mod-file. `exclude` and `retract` are spent when the file is written:
versions are what was selected. The `go` and `toolchain` lines are lower bounds, so the standard library
has no version here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.go_buildinfo import is_fetchable
from ospo.extractors.go_modules import Directive, Module, directives, go_module, replacement
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_text, plain_text
from ospo.extractors.locked import Locked, connected
from ospo.extractors.records import checked
from ospo.model import Component, ComponentKind, Evidence, Record, Scope

_GO = re.compile(r"(\d{1,6})\.(\d{1,6})")
_LISTS_INDIRECT_SINCE = (1, 17)
"""https://go.dev/ref/mod#graph-pruning"""


@dataclass(slots=True)
class _GoMod:
    module: str = ""
    go: str = ""
    toolchain: str = ""
    requires: dict[Module, bool] = field(default_factory=dict)
    """Whether it is asked for directly."""
    replaces: dict[Module, Module] = field(default_factory=dict)
    tools: list[str] = field(default_factory=list)

    def add(self, directive: Directive) -> None:
        match directive.verb, directive.words:
            case "module", (path,):
                self.module = checked(path, "path")
            case "go", (version,):
                self.go = checked(version, "version")
            case "toolchain", (name,):
                self.toolchain = checked(name, "name")
            case "require", (path, version):
                indirect = directive.comment == "indirect" or directive.comment.startswith("indirect;")
                self.requires[Module(path, version)] = not indirect
            case "replace", words:
                old, new = replacement(words)
                self.replaces[old] = new
            case "tool", (package,):
                self.tools.append(checked(package, "package"))
            case (("exclude" | "retract" | "godebug" | "ignore"), _):
                pass
            case verb, _:
                raise ParseError(f"is no directive of go.mod ({verb[:40]!r})")

    def replaced(self, module: Module) -> Module | None:
        """Return what stands in for a module; a line with its version goes before one without."""
        return self.replaces.get(module) or self.replaces.get(Module(module.path))

    @property
    def lists_indirect(self) -> bool:
        version = _GO.match(self.go)
        return version is not None and (int(version[1]), int(version[2])) >= _LISTS_INDIRECT_SINCE


def _go_mod(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    damage = Damage()
    go_mod = _GoMod()
    for directive in directives(lock_text(file)):
        with damage.at(f"line {directive.line}"):
            go_mod.add(directive)
    packages = _packages(go_mod, _sums(file.sibling("go.sum")), damage)
    yield from connected(packages, {key for key, _ in packages[""].needs} if "" in packages else None)
    damage.report()
    if go_mod.requires and not go_mod.lists_indirect:
        raise ParseError(
            f"lists direct modules only, as Go {go_mod.go or '1.16'} does",
            hint="`go mod tidy -go=1.17` makes it list indirect ones as well",
        )


def _packages(go_mod: _GoMod, sums: Mapping[Module, str], damage: Damage) -> dict[str, Locked]:
    providers = _providers(go_mod)
    packages, needs = {}, []
    for module, direct in go_mod.requires.items():
        with damage.at(str(module)):
            new = go_mod.replaced(module)
            component = go_module(module, new, checksum=sums.get(new or module, ""))
            packages[str(module)] = Locked(component)
            if direct or module.path in providers:
                needs.append((str(module), Scope.RUNTIME))
    with damage.at("the module line"):
        packages[""] = Locked(_main(go_mod), tuple(needs))
    return packages


def _main(go_mod: _GoMod) -> Component:
    told = (("go:version", go_mod.go), ("go:toolchain", go_mod.toolchain))
    return replace(
        go_module(Module(go_mod.module, "(devel)")),
        version="",
        registered=is_fetchable(go_mod.module),
        kind=ComponentKind.APPLICATION,
        properties=tuple((name, value) for name, value in told if value),
    )


def _providers(go_mod: _GoMod) -> set[str]:
    """Return the modules that hold the tools: for each the longest path above the tool's package."""
    paths = {module.path for module in go_mod.requires}
    found = set()
    for package in go_mod.tools:
        while package and package not in paths:
            package = package.rpartition("/")[0]
        found.add(package)
    return found


def _sums(go_sum: bytes | None) -> dict[Module, str]:
    """Return the checksums of go.sum: hashes over names and hashes of files, not of an archive."""
    lines = (line.split() for line in plain_text(go_sum or b"").split("\n"))
    return {
        Module(fields[0], fields[1]): fields[2]
        for fields in lines
        if len(fields) == 3 and fields[2].startswith("h1:") and len(fields[2]) < 100
    }


EXTRACTORS = (
    Extractor(
        name="go-mod",
        version=2,
        patterns=("**/go.mod",),
        evidence=Evidence.DECLARED,
        extract=_go_mod,
        ecosystem="Go",
        licenses_from="none",
        siblings=("go.sum",),
    ),
)
