"""Installed npm packages: the package.json of every package root under a node_modules folder.

Debian's packages install modules into /usr/share/nodejs, which its Node.js searches as well
(https://wiki.debian.org/Javascript/Nodejs/Manual): they are owned by these packages.

Fields: https://github.com/npm/cli/blob/latest/docs/lib/content/configuring-npm/package-json.md
"""

import re
from collections.abc import Iterator
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.declared_values import json_object
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, people, small, without_login
from ospo.limits import MiB
from ospo.model import Component, Evidence, RawLicense, Record

# A hundred times the largest of the 1,900 packages in the bench images.
_SIZE_LIMIT = 4 * MiB
# Packages ship trees for their own tests; what lies in those is not installed for anybody.
_TESTS = frozenset(("test", "tests", "__tests__", "fixture", "fixtures", "__fixtures__", "testdata"))
_DEBIAN = "usr/share/nodejs/"
_HOSTS = {"": "github.com", "github:": "github.com", "gitlab:": "gitlab.com", "bitbucket:": "bitbucket.org"}
_SHORTHAND = re.compile(r"(github:|gitlab:|bitbucket:|)([\w.-]+/[\w.-]+)")


def _npm(file: File) -> Iterator[Record]:
    folder = _package_folder(file.path)
    if not folder:
        return
    manifest = json_object(small(file, _SIZE_LIMIT))
    name, version = _string(manifest, "name"), _string(manifest, "version")
    # Folders such as dist/ hold a package.json only to say how their modules are loaded.
    if not name or not version:
        return
    namespace, bare = _split(checked(name, "name"))
    yield Component(
        type="npm",
        namespace=namespace,
        name=bare,
        version=checked(version, "version"),
        licenses=tuple(dict.fromkeys(_licenses(manifest))),
        supplier=_supplier(manifest),
        description=_text(manifest.get("description")),
        urls=tuple(dict.fromkeys(_urls(manifest))),
        depends=_depends(manifest),
        # An alias ("npm:real@1") is needed by the name of its folder.
        provides=() if folder == name else (folder,),
        properties=(("npm:private", "true"),) if manifest.get("private") is True else (),
    )


def _package_folder(path: str) -> str:
    """Return the name under which the package is installed, or "" for what is not a package's root."""
    if path.startswith(_DEBIAN):
        path = f"{_DEBIAN}node_modules/{path.removeprefix(_DEBIAN)}"
    *outer, inner = f"/{path}".split("/node_modules/")
    folder = inner.removesuffix("/package.json")
    depth = 2 if folder.startswith("@") else 1
    if not outer or folder.startswith(".") or len(folder.split("/")) != depth:
        return ""
    for package in outer[1:]:
        parts = package.split("/")
        if not _TESTS.isdisjoint(parts[2 if package.startswith("@") else 1 :]):
            return ""
    return folder


def _string(manifest: dict[str, Any], field: str) -> str:
    value = manifest.get(field, "")
    if not isinstance(value, str):
        raise ParseError(f"{field} is not a string")
    return value


def _split(name: str) -> tuple[str, str]:
    """Split "@scope/name"."""
    if not name.startswith("@"):
        return "", name
    scope, _, bare = name.partition("/")
    return scope, checked(bare, "name after its scope")


def _text(value: object) -> str:
    return bounded(value) if isinstance(value, str) else ""


def _items(value: object) -> list[object]:
    """Return a list as it is and anything else as a list of itself: both forms occur in every field."""
    return value if isinstance(value, list) else [value]


def _licenses(manifest: dict[str, Any]) -> Iterator[RawLicense]:
    for field in ("license", "licenses"):
        for item in _items(manifest.get(field)):
            words = _text(item.get("type") or item.get("name") if isinstance(item, dict) else item).strip()
            if words:
                yield RawLicense(words, field)


def _supplier(manifest: dict[str, Any]) -> str:
    for field in ("author", "maintainers"):
        named = (item.get("name") if isinstance(item, dict) else item for item in _items(manifest.get(field)))
        if names := people(", ".join(_text(item) for item in named)):
            return names
    return ""


def _urls(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for kind, field in (("website", "homepage"), ("vcs", "repository"), ("issue-tracker", "bugs")):
        value = manifest.get(field)
        url = _text(value.get("url") if isinstance(value, dict) else value).strip()
        if kind == "vcs" and (shorthand := _SHORTHAND.fullmatch(url)):
            url = f"https://{_HOSTS[shorthand[1]]}/{shorthand[2]}"
        if url:
            yield kind, without_login(url)


def _depends(manifest: dict[str, Any]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for field in ("dependencies", "optionalDependencies", "peerDependencies"):
        needed = manifest.get(field)
        if isinstance(needed, dict):
            names |= dict.fromkeys(needed)
    return tuple(names)


EXTRACTORS = (
    Extractor(
        name="npm",
        version=2,
        patterns=(
            "**/node_modules/*/package.json",
            "**/node_modules/@*/*/package.json",
            f"{_DEBIAN}*/package.json",
            f"{_DEBIAN}@*/*/package.json",
        ),
        evidence=Evidence.INSTALLED,
        extract=_npm,
        ecosystem="npm",
        licenses_from="license and licenses of package.json",
    ),
)
