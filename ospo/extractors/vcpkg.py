"""C and C++ projects of vcpkg: what a vcpkg.json says about itself, and the versions that it fixes.

Format: https://learn.microsoft.com/en-us/vcpkg/reference/vcpkg-json
Versions come from a baseline that is elsewhere; only overrides name them here.
"""

from collections.abc import Iterator
from typing import Any

from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import listed, table, texts, words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_json
from ospo.extractors.records import checked, optional, people, without_login
from ospo.model import Component, ComponentKind, Evidence, RawLicense, Record, Scope

_VERSIONS = ("version", "version-semver", "version-date", "version-string")


def _vcpkg(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    manifest, damage = lock_json(file), Damage()
    needs = dict(_needs(manifest))
    if words(manifest.get("name")):
        with damage.at("the project"):
            yield _project(manifest, tuple(needs))
    for number, entry in enumerate(listed(manifest.get("overrides"))):
        with damage.at(f"overrides[{number}]"):
            name = checked(words(table(entry).get("name")), "name")
            yield Component(
                type="vcpkg",
                name=name,
                version=checked(_version(table(entry)), "version"),
                scope=needs.get(name, Scope.RUNTIME),
                direct=name in needs,
            )
    damage.report()


def _needs(manifest: dict[str, Any]) -> Iterator[tuple[str, Scope]]:
    for feature in table(manifest.get("features")).values():
        for name, is_host in _named(table(feature)):
            yield name, Scope.DEVELOPMENT if is_host else Scope.OPTIONAL
    # Last, as what is always needed is no option; "host" is what runs while building.
    for name, is_host in _named(manifest):
        yield name, Scope.DEVELOPMENT if is_host else Scope.RUNTIME


def _named(holder: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    for need in listed(holder.get("dependencies")):
        name = words(need.get("name") if isinstance(need, dict) else need)
        if name:
            yield name, table(need).get("host") is True


def _project(manifest: dict[str, Any], needs: tuple[str, ...]) -> Component:
    license_, homepage = words(manifest.get("license")), without_login(words(manifest.get("homepage")))
    maintainers = manifest.get("maintainers")
    description = manifest.get("description")
    return Component(
        type="vcpkg",
        name=checked(words(manifest.get("name")), "name"),
        version=optional(_version(manifest), "version"),
        # A project, or a port that has not been published under this name.
        registered=False,
        kind=ComponentKind.APPLICATION,
        licenses=(RawLicense(license_, "license"),) if license_ else (),
        supplier=people(", ".join([words(maintainers), *texts(maintainers)])),
        description=words(" ".join(texts(description)) or description),
        urls=(("website", homepage),) if homepage else (),
        depends=needs,
    )


def _version(entry: dict[str, Any]) -> str:
    """Return a version as vcpkg spells it: "1.2.3#4" is the fourth revision of the port."""
    version = next((words(entry[key]) for key in _VERSIONS if words(entry.get(key))), "")
    port = entry.get("port-version")
    has_port = isinstance(port, int) and port is not True and port > 0
    return f"{version}#{port}" if has_port and version and "#" not in version else version


EXTRACTORS = (
    Extractor(
        name="vcpkg",
        version=1,
        patterns=("**/vcpkg.json",),
        evidence=Evidence.DECLARED,
        extract=_vcpkg,
        ecosystem="vcpkg",
        licenses_from="license of the manifest, for the project itself",
    ),
)
