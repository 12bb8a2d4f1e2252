"""Python projects of setuptools: `setup.cfg`, and the literals in `setup.py`.

Of requirements those are components that name one version; the project itself is one that no registry knows.
Format: https://setuptools.pypa.io/en/latest/userguide/declarative_config.html
"""

import configparser
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, plain_text
from ospo.extractors.locked import Locked, connected
from ospo.extractors.pypi_packages import pypi_package
from ospo.extractors.records import bounded, small
from ospo.extractors.requirements import requirement
from ospo.extractors.requirements_lines import Line
from ospo.extractors.setup_call import literal_lists, literal_text, literal_texts, setup_arguments
from ospo.model import Component, ComponentKind, Evidence, RawLicense, Record, Scope

_SIZE_LIMIT = 256 * 1024
_LINES_MAX = 5_000
"""Of a setup.cfg: for each damaged line `configparser` copies its whole message."""
_LICENSES = ("license_expression", "license")
_ELSEWHERE = ("attr:", "file:")
"""How setup.cfg says that a value stands in a program or in another file."""


@dataclass(frozen=True, slots=True)
class _Project:
    name: str
    version: str
    licenses: tuple[tuple[str, str], ...]
    """Words and the field that they stand in."""
    classifiers: tuple[str, ...]
    requirements: tuple[tuple[str, Scope], ...]


def _setup(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    text = plain_text(small(file, _SIZE_LIMIT))
    damage = Damage()
    project = _of_program(text) if file.name.endswith(".py") else _of_configuration(text, damage)
    yield from _records(project, damage)
    damage.report()


def _of_program(text: str) -> _Project:
    arguments = setup_arguments(text)
    extras = literal_lists(arguments.get("extras_require"))
    return _Project(
        name=literal_text(arguments.get("name")),
        version=literal_text(arguments.get("version")),
        licenses=tuple((literal_text(arguments.get(field)), field) for field in _LICENSES),
        classifiers=tuple(literal_texts(arguments.get("classifiers"))),
        requirements=_requirements(literal_texts(arguments.get("install_requires")), extras),
    )


def _of_configuration(text: str, damage: Damage) -> _Project:
    sections = _sections(text, damage)
    metadata, options, wanted = (
        sections.get(section, {}) for section in ("metadata", "options", "options.extras_require")
    )
    extras = ((extra, _items(_stated(wanted, extra))) for extra in wanted)
    return _Project(
        name=_stated(metadata, "name"),
        version=_stated(metadata, "version"),
        licenses=tuple((_stated(metadata, field), field) for field in _LICENSES),
        classifiers=tuple(_items(_stated(metadata, "classifiers"))),
        requirements=_requirements(_items(_stated(options, "install_requires")), extras),
    )


def _sections(text: str, damage: Damage) -> dict[str, dict[str, str]]:
    """Return the options by section, dashes in their names as underscores; damaged lines are left out."""
    if text.count("\n") > _LINES_MAX:
        raise ParseError(f"has more than {_LINES_MAX} lines")
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string("\n".join(map(_without_gaps, text.split("\n"))))
    except configparser.MissingSectionHeaderError as error:
        damage.note(f"has no section before line {error.lineno}")
    except configparser.ParsingError as error:
        damage.note(f"has neither section nor option at line {error.errors[0][0]}")
    return {
        section: {option.replace("-", "_"): value.strip() for option, value in parser.items(section)}
        for section in parser.sections()
    }


def _without_gaps(line: str) -> str:
    """Shorten blanks within a line: to look for an option `configparser` takes the square of their number."""
    start = len(line) - len(line.lstrip())
    return line[:start] + " ".join(line[start:].split())


def _stated(options: Mapping[str, str], option: str) -> str:
    """Return a value, "" where there is none or it stands elsewhere."""
    value = options.get(option, "")
    return "" if value.startswith(_ELSEWHERE) else value


def _items(value: str) -> list[str]:
    """Split a list as setuptools does: one a line, or by semicolons where there is but one line."""
    return value.split("\n") if "\n" in value else value.split(";")


def _requirements(
    always: Iterable[str], extras: Iterable[tuple[str, list[str]]]
) -> tuple[tuple[str, Scope], ...]:
    """Join them; an extra without a name, as in ":python_version<'3'", is only a condition."""
    found = [(text, Scope.RUNTIME) for text in always]
    for extra, texts in extras:
        scope = Scope.RUNTIME if extra.startswith(":") else Scope.OPTIONAL
        found += [(text, scope) for text in texts]
    return tuple((line, scope) for text, scope in found if (line := text.strip()) and line[0] != "#")


def _records(project: _Project, damage: Damage) -> Iterator[Component]:
    pinned: dict[str, Locked] = {}
    for number, (text, scope) in enumerate(project.requirements, 1):
        with damage.at(f"requirement {number}"):
            component = requirement(Line(number, bounded(text), (), ()), scope)
            if component is not None:
                pinned.setdefault(component.key, Locked(component))
    own: dict[str, Locked] = {}
    if project.name.strip():
        with damage.at("the project"):
            own[""] = Locked(_component(project), tuple((key, Scope.RUNTIME) for key in pinned))
    yield from connected(own | pinned, pinned.keys())


def _component(project: _Project) -> Component:
    words = [RawLicense(bounded(text.strip()), field) for text, field in project.licenses if text.strip()]
    words += [
        RawLicense(bounded(classifier.rpartition("::")[2].strip()), "Classifier")
        for classifier in project.classifiers
        if classifier.startswith("License ::")
    ]
    return pypi_package(
        project.name.strip(),
        bounded(project.version.strip()),
        local=True,
        kind=ComponentKind.APPLICATION,
        licenses=tuple(dict.fromkeys(words)),
    )


EXTRACTORS = (
    Extractor(
        name="setup-py",
        version=1,
        patterns=("**/setup.py", "**/setup.cfg"),
        evidence=Evidence.DECLARED,
        extract=_setup,
        ecosystem="Python",
        licenses_from="license and licence classifiers, where they are literal",
    ),
)
