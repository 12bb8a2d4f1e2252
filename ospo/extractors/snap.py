"""Snaps and the Debian packages in them: what an unpacked snap says of itself, and what builds one.

`meta/snap.yaml` names the snap (https://snapcraft.io/docs/snap-format), `snap/manifest.yaml` the packages
that went into it, `usr/share/snappy/dpkg.yaml` those of a base snap. `snapcraft.yaml` only asks for packages
(https://documentation.ubuntu.com/snapcraft/stable/reference/project-file/snapcraft-yaml/).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import table, texts, words, yaml_mapping
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import checked
from ospo.model import Component, ComponentKind, Evidence, RawLicense, Record, Scope

_SYSTEM = "ubuntu"
"""Whose packages snaps are made of, unless the manifest names another system."""
_PROPERTIES = ("base", "type", "grade", "confinement")
_PACKAGES = (("stage-packages", Scope.RUNTIME), ("build-packages", Scope.DEVELOPMENT))


def _installed(file: File) -> Iterator[Record]:
    document = yaml_mapping(file)
    if file.name == "dpkg.yaml":
        yield from _packages(texts(document.get("packages")))
        return
    if words(document.get("name")):
        yield _snap(document)
    if file.name == "manifest.yaml":
        yield from _manifest(document)


def _snap(document: dict[str, Any]) -> Component:
    license_ = words(document.get("license"))
    properties = ((f"snap:{key}", words(document.get(key))) for key in _PROPERTIES)
    return Component(
        type="generic",
        namespace="snap",
        name=checked(words(document.get("name")), "name"),
        version=checked(words(document.get("version")), "version"),
        kind=ComponentKind.APPLICATION,
        licenses=(RawLicense(license_, "license"),) if license_ else (),
        description=words(document.get("summary")),
        properties=tuple((key, value) for key, value in properties if value),
    )


def _manifest(document: dict[str, Any]) -> Iterator[Component]:
    """Yield the packages in a snap, which are not of the system that it is found in."""
    system = words(document.get("snapcraft-os-release-id")) or _SYSTEM
    release = words(document.get("snapcraft-os-release-version-id"))
    entries = texts(document.get("primed-stage-packages"))
    if "primed-stage-packages" not in document:  # as snapcraft wrote it before version 3
        parts = table(document.get("parts")).values()
        entries = [entry for part in parts for entry in texts(table(part).get("stage-packages"))]
    distro = (("distro", f"{system}-{release}"),) if release else ()
    for package in _packages(dict.fromkeys(entries)):
        qualifiers = tuple(sorted((*package.qualifiers, *distro)))
        yield replace(package, namespace=checked(system, "snapcraft-os-release-id"), qualifiers=qualifiers)


def _packages(entries: "list[str] | dict[str, None]") -> Iterator[Component]:
    """Read NAME[:ARCH]=VERSION; what has no version costs only itself."""
    damage = Damage()
    for entry in entries:
        with damage.at(f"package {entry[:100]!r}"):
            package = _package(entry)
            if package is None:
                raise ParseError("is not NAME=VERSION")
            yield package
    damage.report()


def _package(entry: str) -> Component | None:
    full_name, _, version = entry.partition("=")
    name, _, arch = full_name.strip().partition(":")
    if not name or not version.strip():
        return None
    return Component(
        type="deb",
        name=checked(name, "name"),
        version=checked(version.strip(), "version"),
        qualifiers=(("arch", checked(arch, "architecture")),) if arch else (),
    )


def _declared(file: File) -> Iterator[Record]:
    """Yield what is asked for in one version; mostly there is none, and the archive's day decides."""
    damage = Damage()
    for part in table(yaml_mapping(file).get("parts")).values():
        for key, scope in _PACKAGES:
            for entry in texts(table(part).get(key)):
                with damage.at(f"package {entry[:100]!r}"):
                    package = _package(entry)
                    if package is not None:
                        yield replace(package, namespace=_SYSTEM, scope=scope, direct=True)
    damage.report()


EXTRACTORS = (
    Extractor(
        name="snap",
        version=1,
        patterns=("**/meta/snap.yaml", "**/snap/manifest.yaml", "**/usr/share/snappy/dpkg.yaml"),
        evidence=Evidence.INSTALLED,
        extract=_installed,
        ecosystem="Snap",
        licenses_from="license of snap.yaml and of the manifest",
    ),
    Extractor(
        name="snapcraft",
        version=1,
        patterns=("**/snapcraft.yaml",),
        evidence=Evidence.DECLARED,
        extract=_declared,
        ecosystem="Snap",
        licenses_from="none",
    ),
)
