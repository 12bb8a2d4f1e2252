"""Rules and scans made up for the tests of policy."""

from pathlib import Path
from typing import Any

import orjson

from ospo.documents.marked import parse
from ospo.documents.schema import check
from ospo.model import (
    Artifact,
    ArtifactKind,
    Component,
    Location,
    Problem,
    RawLicense,
    ScanResult,
    Target,
    TargetKind,
)
from ospo.policy.files import PolicyFile
from ospo.policy.rule import Builder, Rule

IMAGE = Target("registry:registry.example/app:1", TargetKind.IMAGE, "registry.example/app")


def rule_text(**changed: Any) -> str:
    """Return a rule document about components, with parts of its spec replaced; None takes one away."""
    id_ = changed.pop("id", "made-rule")
    tests = changed.pop("tests", [{"name": "any", "record": {}, "expect": "pass"}])
    spec = {
        "title": "Made",
        "subject": "component",
        "assert": "true",
        "message": "does not hold",
        "severity": "high",
        "enforcement": "enforce",
        "docs": {"why": "because", "fix": "mend it"},
    } | {"assert" if name == "assertion" else name: value for name, value in changed.items()}
    return orjson.dumps(
        {
            "apiVersion": "ospo.dev/v1",
            "kind": "Rule",
            "metadata": {"id": id_, "version": 1},
            "spec": {name: value for name, value in spec.items() if value is not None},
            "tests": tests,
        }
    ).decode()


def rule(**changed: Any) -> Rule:
    """Return such a rule."""
    (document,) = parse(Path("made.yaml"), rule_text(**changed).encode())
    assert check(document, "Rule") == []
    builder = Builder(document, PolicyFile("made.yaml", "0" * 64))
    built = builder.build()
    assert built is not None, builder.faults
    return built


def component(name: str, version: str = "1", words: str = "", **changed: Any) -> Component:
    """Return a Python package."""
    licenses = (RawLicense(words, "License"),) if words else ()
    path = f"usr/lib/python3/dist-packages/{name}-{version}.dist-info/METADATA"
    return Component(
        **(
            {"type": "pypi", "name": name, "version": version, "licenses": licenses}
            | {"locations": (Location(path, 0),)}
            | changed
        )
    )


def scan(*components: Component, problems: tuple[Problem, ...] = (), target: Target = IMAGE) -> ScanResult:
    """Return a scan that found these."""
    return ScanResult(
        target=target,
        artifact=Artifact(ArtifactKind.IMAGE, "sha256:1"),
        components=tuple(sorted(components, key=lambda one: one.key)),
        dependencies=(),
        problems=tuple(sorted(problems)),
        distro=None,
        scanned_at="2026-11-23T10:00:00Z",
        facts_version="f1",
    )
