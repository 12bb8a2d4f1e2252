"""The two findings of every scan."""

from dataclasses import replace

from ospo.model import (
    Artifact,
    ArtifactKind,
    Component,
    Problem,
    ProblemKind,
    RawLicense,
    ScanResult,
    Severity,
    Target,
    TargetKind,
)
from ospo.policy.baseline import evaluate

LAYER = Problem(
    ProblemKind.LAYER, "layer 2", "the gzip stream ends early", hint="pull it again", blocking=True
)
FILE = Problem(ProblemKind.FILE, "a/package.json", "not JSON at offset 3")


def component(name: str, version: str = "1", words: str = "") -> Component:
    licenses = (RawLicense(words, "License"),) if words else ()
    return Component(type="pypi", name=name, version=version, licenses=licenses)


def scan(*components: Component, problems: tuple[Problem, ...] = ()) -> ScanResult:
    return ScanResult(
        target=Target("registry.example/app:1", TargetKind.IMAGE, "registry.example/app"),
        artifact=Artifact(ArtifactKind.IMAGE, "sha256:1"),
        components=tuple(sorted(components, key=lambda one: one.key)),
        dependencies=(),
        problems=tuple(sorted(problems)),
        distro=None,
        scanned_at="2026-11-23T10:00:00Z",
        facts_version="f1",
    )


def says_mit(one: Component) -> bool:
    return [license_.text for license_ in one.licenses] == ["MIT"]


def test_nothing_to_find() -> None:
    assert evaluate(scan(component("a", words="MIT"), problems=(FILE,)), says_mit) == ()


def test_what_could_not_be_checked_is_a_finding() -> None:
    (found,) = evaluate(scan(problems=(LAYER, FILE)), says_mit)
    assert (found.rule, found.severity, found.target) == (
        "incomplete-scan",
        Severity.HIGH,
        "registry.example/app",
    )
    assert (found.subject, found.fix) == ("layer 2", "pull it again")
    assert found.message == "could not be checked: the gzip stream ends early"


def test_a_component_without_known_license_is_a_finding() -> None:
    found = evaluate(
        scan(component("a"), component("b", words="see file"), component("c", words="MIT")), says_mit
    )
    assert [(one.rule, one.severity, one.subject, one.message) for one in found] == [
        ("unknown-license", Severity.MEDIUM, "pkg:pypi/a@1", "declares no license"),
        ("unknown-license", Severity.MEDIUM, "pkg:pypi/b@1", "declares no known license: see file"),
    ]


def test_components_that_a_package_owns_count_with_their_owner() -> None:
    owned = replace(component("a"), owned_by="pkg:deb/debian/python3-a@1")
    assert evaluate(scan(owned), says_mit) == ()


def test_worst_first_whatever_the_order_of_the_facts() -> None:
    other = replace(LAYER, where="layer 1")
    found = evaluate(scan(component("b"), component("a"), problems=(LAYER, other)), says_mit)
    assert [one.subject for one in found] == ["layer 1", "layer 2", "pkg:pypi/a@1", "pkg:pypi/b@1"]


def test_versions_of_a_package_are_one_finding() -> None:
    (found,) = evaluate(scan(component("a", "2"), component("a", "1")), says_mit)
    assert found.subject == "pkg:pypi/a@1"


def test_a_finding_survives_a_version_bump_and_a_new_tag() -> None:
    first = scan(component("a", "1"))
    second = scan(component("a", "2"))
    bumped = replace(second, target=replace(second.target, name="registry.example/app:2"))
    assert evaluate(first, says_mit)[0].fingerprint == evaluate(bumped, says_mit)[0].fingerprint


def test_problems_of_different_kinds_at_one_place_are_two_findings() -> None:
    other = replace(LAYER, kind=ProblemKind.DATABASE)
    assert len({one.fingerprint for one in evaluate(scan(problems=(LAYER, other)), says_mit)}) == 2


def test_a_whole_license_text_becomes_one_short_line() -> None:
    (found,) = evaluate(scan(component("a", words="Permission is\nhereby granted " * 500)), says_mit)
    assert len(found.message) < 200
    assert "\n" not in found.message
    assert found.message.endswith("…")
