"""What rules look at: for each subject the fields of its record, and where they come from in a scan.

A field is read only when a rule that is evaluated uses it, and then for all subjects at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ospo.errors import UsageError
from ospo.licenses.declared import Wording, declare, known
from ospo.model import Component, Location, ScanResult, Target
from ospo.policy.cel import Type, Value
from ospo.policy.fingerprint import without_version
from ospo.sources.digests import is_digest
from ospo.sources.reference import Reference, parse_reference


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record."""

    type: Type
    about: str
    """What it holds, for people who write rules."""
    read: Callable[[Any], Value]


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of thing that rules are about."""

    name: str
    about: str
    fields: Mapping[str, Field]
    find: Callable[[ScanResult], Sequence[Any]]
    key: Callable[[Any], str]
    """What identifies one over versions, for the fingerprint: a component's key, "" for what has none."""
    title: Callable[[Any], str]
    """How people name one."""
    locations: Callable[[Any], tuple[Location, ...]] = lambda _: ()
    stored: bool = True
    """False for what only scans have that are asked for it: what others do not show may still be there."""


def _license_state(component: Component) -> str:
    if known(declare(component.licenses)):
        return "known"
    return "unclear" if component.licenses else "none"


def _expressions(component: Component) -> list[str]:
    terms = declare(component.licenses).terms
    return [term.text for term in terms if term.wording is not Wording.NAME]


def _words(component: Component) -> list[str]:
    return sorted({license_.text for license_ in component.licenses})


_COMPONENT = {
    "key": Field(Type.STRING, "purl, or `local:` and the like for what no registry knows", lambda c: c.key),
    "type": Field(Type.STRING, "purl type: deb, npm, pypi, golang, maven …", lambda c: c.type),
    "namespace": Field(Type.STRING, "purl namespace, as `debian` or `@babel`", lambda c: c.namespace),
    "name": Field(Type.STRING, "name", lambda c: c.name),
    "version": Field(Type.STRING, 'version, "" where none is known', lambda c: c.version),
    "kind": Field(Type.STRING, "CycloneDX type: library, application …", lambda c: str(c.kind)),
    "evidence": Field(Type.STRING, "installed, declared or embedded", lambda c: str(c.evidence)),
    "found_by": Field(Type.STRING, "name of the extractor", lambda c: c.found_by),
    "registered": Field(Type.BOOL, "false for what no registry knows", lambda c: c.registered),
    "owned_by": Field(
        Type.STRING,
        'key of the package that installed it, mostly one of the system; "" when none did',
        lambda c: c.owned_by,
    ),
    "scope": Field(
        Type.STRING, "runtime, optional or development, as a lock file says", lambda c: str(c.scope)
    ),
    "direct": Field(
        Type.STRING,
        "whether the project itself asks for it: yes, no, or unknown",
        lambda c: {True: "yes", False: "no", None: "unknown"}[c.direct],
    ),
    "supplier": Field(Type.STRING, 'who supplies it, "" where it does not say', lambda c: c.supplier),
    "description": Field(Type.STRING, "its own description", lambda c: c.description),
    "paths": Field(Type.STRINGS, "where it was found", lambda c: [one.path for one in c.locations]),
    "layer": Field(
        Type.INT,
        "index of the lowest layer that has it, -1 outside images",
        lambda c: min((one.layer for one in c.locations if one.layer is not None), default=-1),
    ),
    "properties": Field(Type.PAIRS, "what else the extractor noted", lambda c: dict(c.properties)),
    "license.state": Field(
        Type.STRING,
        "known: all that is declared is SPDX; unclear: words that are not; none: nothing is declared",
        _license_state,
    ),
    "license.expressions": Field(
        Type.STRINGS, "the declared SPDX expressions; several have no known relation", _expressions
    ),
    "license.words": Field(Type.STRINGS, "the declared words as they stand, sorted", _words),
}

_TARGET = {
    "name": Field(Type.STRING, "the target as scanned, with tag", lambda t: t.name),
    "scheme": Field(
        Type.STRING, "registry, docker, podman, oci-dir, dir …", lambda t: t.name.partition(":")[0]
    ),
    "identity": Field(Type.STRING, "the target without tag and digest", lambda t: t.identity),
    "host": Field(Type.STRING, "the registry's host, docker.io for Docker Hub", lambda t: _reference(t).host),
    "repository": Field(Type.STRING, "the path in the registry", lambda t: _reference(t).path),
    "tag": Field(
        Type.STRING, "tag, latest where neither tag nor digest is given", lambda t: _reference(t).tag
    ),
    "digest": Field(Type.STRING, 'digest it is named by, "" for none', lambda t: _reference(t).digest),
}

_PROBLEM = {
    "kind": Field(Type.STRING, "layer, database, registry, archive, manifest …", lambda p: str(p.kind)),
    "where": Field(Type.STRING, "the path, layer or address", lambda p: p.where),
    "message": Field(Type.STRING, "what went wrong", lambda p: p.message),
    "hint": Field(Type.STRING, "what to do about it", lambda p: p.hint),
    "blocking": Field(Type.BOOL, "whether the scan counts as incomplete", lambda p: p.blocking),
}

_FILE = {
    "path": Field(Type.STRING, "where it is or should be, links in its folders followed", lambda f: f.path),
    "package": Field(
        Type.STRING, "name of the package; of several that share the file all, by comma", lambda f: f.package
    ),
    "state": Field(Type.STRING, "modified, missing, or unknown: it cannot be read", lambda f: str(f.state)),
    "found": Field(
        Type.STRING, 'what is there instead, or why that is unknown; "" if missing', lambda f: f.found
    ),
    "algorithm": Field(Type.STRING, "md5, sha1, sha256 …", lambda f: f.algorithm),
    "expected": Field(Type.STRING, "the digest that the package manager noted, in hex", lambda f: f.expected),
    "layer": Field(
        Type.INT,
        "index of the layer that shows what is there, -1 for what is missing and outside images",
        lambda f: -1 if f.layer is None else f.layer,
    ),
}


def _reference(target: Target) -> Reference:
    """Return the parts of a target's name; an image of an engine may have an ID instead of a reference.

    A whole ID is the digest of the image's configuration, and as good as any digest.
    """
    name = target.name.partition(":")[2]
    if is_digest(name):
        return Reference("", "", digest=name)
    try:
        return parse_reference(name)
    except UsageError:
        return Reference("", "")


def _images(result: ScanResult) -> Sequence[Target]:
    """Return the target where it is an image reference that a registry or an engine resolves."""
    scheme = result.target.name.partition(":")[0]
    return (result.target,) if scheme in ("registry", "docker", "podman") else ()


_ALL = (
    Subject(
        "component",
        "A package, module, application or model that a scan found.",
        _COMPONENT,
        lambda result: result.components,
        lambda component: without_version(component.key),
        lambda component: component.key,
        lambda component: component.locations,
    ),
    Subject(
        "image-reference",
        "The reference of a scanned image that a registry or an engine resolves.",
        _TARGET,
        _images,
        lambda _: "",
        lambda target: target.name,
    ),
    Subject(
        "problem",
        "Something that a scan could not check.",
        _PROBLEM,
        lambda result: result.problems,
        lambda _: "",
        lambda problem: problem.where,
    ),
    Subject(
        "package-file",
        "A file that is not as its package installed it. Only `ospo scan --verify-files` looks for them.",
        _FILE,
        lambda result: result.files.others if result.files else (),
        lambda file: file.path,
        lambda file: file.path,
        lambda file: (Location(file.path, file.layer),),
        stored=False,
    ),
)

SUBJECTS: Mapping[str, Subject] = {subject.name: subject for subject in _ALL}
"""Every subject, by name."""
