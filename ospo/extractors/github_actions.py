"""What workflows and actions of GitHub use: actions, reusable workflows, and images.

Formats: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax and
https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax
Only a commit is a fixed version: tags and branches can be moved.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ospo.documents.marked import Document, Place
from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import listed, table, words, yaml_document
from ospo.extractors.image_names import image
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency
from ospo.extractors.records import checked
from ospo.model import Component, Evidence, Record, Scope

_USES = re.compile(r"([A-Za-z0-9_.-]+)/([A-Za-z0-9_.-]+)(?:/([^@]*))?@(\S+)")
_COMMIT = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_VERSION = re.compile(r"v?[0-9][A-Za-z0-9_.+-]*")
_BEFORE_VERSION = re.compile(r"[@=:]")
_IMAGE = "docker://"


def _actions(file: File) -> Iterator[Record]:
    document = None if is_of_a_dependency(file) else yaml_document(file)
    if document is None:
        return
    damage, lines = Damage(), document.text.split("\n")
    # What the project itself is made of, where it is an action.
    scope = Scope.DEVELOPMENT if f"/{file.path}".count("/.github/") else Scope.RUNTIME
    seen = set()
    for place, text in _used(table(document.value)):
        with damage.at(f"line {document.mark(place).line}"):
            for component in _components(text, _comment(document, place, lines)):
                if component not in seen:
                    yield replace(component, scope=scope, direct=True)
                seen.add(component)
    damage.report()


def _used(document: dict[str, Any]) -> Iterator[tuple[Place, str]]:
    """Yield where something is used, and what; images start with docker://."""
    for name, job in table(document.get("jobs")).items():
        place: Place = ("jobs", name)
        yield (*place, "uses"), words(table(job).get("uses"))
        yield from _steps((*place, "steps"), table(job).get("steps"))
        yield from _image((*place, "container"), table(job).get("container"))
        for service, value in table(table(job).get("services")).items():
            yield from _image((*place, "services", service), value)
    runs = table(document.get("runs"))
    yield from _steps(("runs", "steps"), runs.get("steps"))
    # Without the scheme it is a Dockerfile of the action.
    if (text := words(runs.get("image"))).startswith(_IMAGE):
        yield ("runs", "image"), text


def _steps(place: Place, steps: object) -> Iterator[tuple[Place, str]]:
    for number, step in enumerate(listed(steps)):
        yield (*place, number, "uses"), words(table(step).get("uses"))


def _image(place: Place, value: object) -> Iterator[tuple[Place, str]]:
    if isinstance(value, dict):
        place, value = (*place, "image"), value.get("image")
    if text := words(value):
        yield place, text if text.startswith(_IMAGE) else _IMAGE + text


def _components(text: str, comment: str) -> Iterator[Component]:
    # A folder of the project, or known only when the workflow runs.
    if not text or text.startswith(("./", "../")) or "${{" in text:
        return
    if text.startswith(_IMAGE):
        yield image(text.removeprefix(_IMAGE))
        return
    match = _USES.fullmatch(text)
    if not match:
        raise ParseError(f"uses what is neither action nor workflow: {text[:200]!r}")
    owner, name, subpath, reference = match.groups("")
    pinned = bool(_COMMIT.fullmatch(reference))
    properties = [("github-actions:pinned", "true" if pinned else "false")]
    if pinned and comment:
        properties.append(("github-actions:version-comment", comment))
    yield Component(
        type="github",
        namespace=owner,
        name=checked(name, "name"),
        version=checked(reference.lower() if pinned else reference, "reference"),
        subpath=subpath,
        properties=tuple(properties),
    )


def _comment(document: Document, place: Place, lines: list[str]) -> str:
    """Return the version that the comment behind a commit names: `# v4.1.1`, `# tag=v4`, `# pin@v4`."""
    end = document.nodes[place].end_mark if place in document.nodes else None
    if end is None:
        return ""
    comment = "".join(lines[end.line : end.line + 1])[end.column :].partition("#")[2]
    named = (_BEFORE_VERSION.split(word)[-1] for word in comment.split())
    return next((word for word in named if _VERSION.fullmatch(word)), "")


EXTRACTORS = (
    Extractor(
        name="github-actions",
        version=1,
        patterns=(
            "**/.github/workflows/*.yml",
            "**/.github/workflows/*.yaml",
            "**/action.yml",
            "**/action.yaml",
        ),
        evidence=Evidence.DECLARED,
        extract=_actions,
        ecosystem="GitHub Actions",
        licenses_from="none",
    ),
)
