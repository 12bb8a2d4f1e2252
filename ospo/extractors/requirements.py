"""Requirements files of pip: what they pin, and nothing that they leave open.

Format: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, plain_text
from ospo.extractors.locked import Locked, connected
from ospo.extractors.pypi_packages import normalized, pypi_package, wheel_of
from ospo.extractors.records import small
from ospo.extractors.requirements_lines import Line, lines
from ospo.limits import MiB
from ospo.model import Component, Evidence, Record, Scope

_SIZE_LIMIT = 4 * MiB
_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?(.*)", re.DOTALL)
_SPECIFIER = re.compile(r"\s*(===|[=~!<>]=|<|>)\s*([^\s,;()]+)\s*")
_ADDRESS = re.compile(
    r"(\w+\+)?\w+://|(?:\.{0,2}|[^\s=<>!~@]+)/|file:|\.{1,2}(\[|\s|$)|\S+\.(whl|zip|tar\.gz)(\s|$)"
)
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_EXTRA = re.compile(r"\bextra\b")
_SAME_NAME = 4
"""Lines of one name that edges lead to: one for each marker, so that needs do not multiply."""

# Words of file names such as requirements-dev.txt.
_DEVELOPMENT = frozenset(
    ("dev", "develop", "development", "test", "tests", "testing", "doc", "docs", "lint", "linting")
)


@dataclass(frozen=True, slots=True)
class _Pin:
    component: Component
    via: tuple[str, ...]
    """Who needs it, by the comments that pip-compile and uv write: a name, or `-r FILE`."""


def _requirements(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    damage = Damage()
    pins: list[_Pin] = []
    scope = _scope(file.name)
    for line in lines(_text(file)):
        with damage.at(f"line {line.number}"):
            component = requirement(line, scope)
            if component is not None:
                pins.append(_Pin(component, line.via))
    yield from _connected(pins)
    damage.report()


def _text(file: File) -> str:
    """Decode; PowerShell writes the output of pip into files of UTF-16."""
    data = small(file, _SIZE_LIMIT)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").replace("\r\n", "\n")
    return plain_text(data)


def _scope(name: str) -> Scope:
    words = re.split(r"[\W_]+", name.lower())
    return Scope.RUNTIME if _DEVELOPMENT.isdisjoint(words) else Scope.DEVELOPMENT


def requirement(line: Line, scope: Scope) -> Component | None:
    """Return what a line pins, None for options and for what stays open.

    Raises:
        ParseError: it is no requirement.
    """
    text = line.text
    for option in ("-e", "--editable"):
        if text.startswith((f"{option} ", f"{option}=")):
            text = text[len(option) + 1 :].strip()
    if text.startswith("-"):
        return None
    if _ADDRESS.match(text):
        return _from_address(text.split()[0], line, scope)
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        raise ParseError("is no requirement")
    name, rest = match[1], match[2]
    if rest.startswith("@"):
        return _from_address(rest[1:].split(maxsplit=1)[0] if rest[1:].strip() else "", line, scope, name)
    specifiers, _, marker = rest.partition(";")
    version = _pinned(specifiers)
    if _EXTRA.search(marker) and scope is Scope.RUNTIME:
        scope = Scope.OPTIONAL
    return pypi_package(name, version, hashes=line.hashes, scope=scope) if version else None


def _pinned(specifiers: str) -> str:
    """Return the one version that is allowed, "" where there are several."""
    version, specifiers = "", specifiers.strip()
    if specifiers.startswith("(") and specifiers.endswith(")"):
        specifiers = specifiers[1:-1]
    for specifier in specifiers.split(",") if specifiers else ():
        match = _SPECIFIER.fullmatch(specifier)
        if match is None:
            raise ParseError("is no requirement")
        if match[1] == "===" or (match[1] == "==" and not match[2].endswith("*")):
            version = match[2]
    return version


def _from_address(address: str, line: Line, scope: Scope, name: str = "") -> Component | None:
    """Return what an address or path holds, None where only looking there could tell what that is."""
    egg = _EGG.search(address)
    wheel, version = wheel_of(address)
    name = name or (egg[1] if egg else wheel)
    if not address:
        raise ParseError("is no requirement")
    local = "://" not in address or address.startswith("file:")
    if not name or address.startswith(("$", "-")):
        return None
    source = "" if local else address
    return pypi_package(name, version, source=source, local=local, hashes=line.hashes, scope=scope)


def _connected(pins: list[_Pin]) -> Iterator[Component]:
    """Add edges and what is asked for directly, where comments tell: `# via name` or `# via -r FILE`."""
    by_name: dict[str, list[int]] = {}
    for number, pin in enumerate(pins):
        same = by_name.setdefault(pin.component.name, [])
        if len(same) < _SAME_NAME:
            same.append(number)
    needs: dict[int, list[int]] = {number: [] for number in range(len(pins))}
    asked = set()
    for number, pin in enumerate(pins):
        parents = [parent for name in pin.via for parent in by_name.get(normalized(name), ())]
        for parent in parents:
            needs[parent].append(number)
        if len(parents) < len(pin.via) or not pin.via:
            asked.add(str(number))
    packages = {
        str(number): Locked(pin.component, tuple((str(need), Scope.RUNTIME) for need in needs[number]))
        for number, pin in enumerate(pins)
    }
    yield from connected(packages, asked if any(pin.via for pin in pins) else None)


EXTRACTORS = (
    Extractor(
        name="requirements",
        version=1,
        patterns=("**/*requirements*.txt",),
        evidence=Evidence.DECLARED,
        extract=_requirements,
        ecosystem="Python",
        licenses_from="none",
    ),
)
