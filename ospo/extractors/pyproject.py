"""What a pyproject.toml beside a lock file says: who the project is, and what it asks for.

https://packaging.python.org/en/latest/specifications/pyproject-toml/,
https://packaging.python.org/en/latest/specifications/dependency-groups/,
https://python-poetry.org/docs/pyproject/ and https://pdm-project.org/latest/reference/pep621/
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ospo.extractors.declared_values import listed, table, texts, words
from ospo.extractors.lock_entries import lock_toml
from ospo.extractors.pypi_packages import pypi_package
from ospo.model import Component, ComponentKind, RawLicense, Scope

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?")

Wish = tuple[str, tuple[str, ...], Scope]
"""A name, the extras of it, and what for."""


@dataclass(frozen=True, slots=True)
class PyProject:
    """The project that a lock file belongs to."""

    component: Component | None = None
    """None for a project without a name."""
    asks: tuple[Wish, ...] = ()


def read_pyproject(data: bytes) -> PyProject:
    """Read a pyproject.toml; what has the wrong type in it says nothing.

    Raises:
        ParseError: it is no TOML.
    """
    document = lock_toml(data)
    project, tools = table(document.get("project")), table(document.get("tool"))
    poetry, pdm = table(tools.get("poetry")), table(tools.get("pdm"))
    groups = (
        *table(document.get("dependency-groups")).values(),
        *table(pdm.get("dev-dependencies")).values(),
    )
    asks = (
        *_requirements(project.get("dependencies"), Scope.RUNTIME),
        *(
            wish
            for extra in table(project.get("optional-dependencies")).values()
            for wish in _requirements(extra, Scope.OPTIONAL)
        ),
        *(wish for group in groups for wish in _requirements(group, Scope.DEVELOPMENT)),
        *_of_poetry(poetry),
    )
    return PyProject(_component(project, poetry), asks)


def needed(requirement: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the name and extras at the start of a requirement, None where there is no name."""
    match = _REQUIREMENT.match(requirement)
    if match is None:
        return None
    return match[1], tuple(extra.strip() for extra in (match[2] or "").split(",") if extra.strip())


def _requirements(value: object, scope: Scope) -> Iterator[Wish]:
    for requirement in texts(value):
        if found := needed(requirement):
            yield *found, scope


def _of_poetry(poetry: Mapping[str, Any]) -> Iterator[Wish]:
    """Read Poetry's own tables; what an extra names is marked as optional there."""
    yield from _constraints(poetry.get("dependencies"), Scope.RUNTIME)
    yield from _constraints(poetry.get("dev-dependencies"), Scope.DEVELOPMENT)
    for group in table(poetry.get("group")).values():
        yield from _constraints(table(group).get("dependencies"), Scope.DEVELOPMENT)


def _constraints(value: object, scope: Scope) -> Iterator[Wish]:
    for name, constraints in table(value).items():
        if name != "python":
            for constraint in listed(constraints) or [constraints]:
                told = table(constraint)
                optional = told.get("optional") is True and scope is Scope.RUNTIME
                yield name, tuple(texts(told.get("extras"))), Scope.OPTIONAL if optional else scope


def _component(project: Mapping[str, Any], poetry: Mapping[str, Any]) -> Component | None:
    name = words(project.get("name")) or words(poetry.get("name"))
    if not name.strip("/ ") or len(name) > 200 or not name.isprintable():
        return None
    version = words(project.get("version")) or words(poetry.get("version"))
    return pypi_package(
        name,
        version if version.isprintable() and len(version) < 200 else "",
        local=True,
        kind=ComponentKind.APPLICATION,
        licenses=tuple(_licenses(project, poetry)),
    )


def _licenses(project: Mapping[str, Any], poetry: Mapping[str, Any]) -> Iterator[RawLicense]:
    value = project.get("license")
    for text in (words(value), words(table(value).get("text")), words(poetry.get("license"))):
        if text.strip():
            yield RawLicense(text, "license")
            return
