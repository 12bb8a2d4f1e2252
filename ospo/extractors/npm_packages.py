"""What the lock files of npm, Yarn, pnpm, Bun and Deno share: names, and where a package is from.

The purl type: https://github.com/package-url/purl-spec/blob/main/types/npm-definition.json
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ospo.extractors.declared_values import vcs_url
from ospo.extractors.lock_entries import typed_table, typed_text
from ospo.extractors.lock_hashes import from_integrity
from ospo.extractors.records import bounded, checked, without_login
from ospo.model import Component, ComponentKind, Evidence, RawLicense, Scope

NEEDS = (
    ("dependencies", Scope.RUNTIME),
    ("optionalDependencies", Scope.OPTIONAL),
    ("peerDependencies", Scope.OPTIONAL),
)
"""Fields of package.json that hold needs at run time, and what for."""

DEVELOPMENT = ("devDependencies", Scope.DEVELOPMENT)
"""The field that counts only in packages of the project itself."""

_HOSTS = {"": "github.com", "github:": "github.com", "gitlab:": "gitlab.com", "bitbucket:": "bitbucket.org"}
_SHORTHAND = re.compile(r"(github:|gitlab:|bitbucket:|)([\w.-]+/[\w.-]+?)(?:\.git)?(#.*)?")
_GIT = re.compile(r"git(\+\w+)?:|git@|ssh:|https?:[^#]*\.git(#|$)")
_LOCAL = re.compile(r"(file|link|portal|workspace):|\.{0,2}/|\.{1,2}$")


def npm_name(name: str) -> tuple[str, str]:
    """Split "@scope/name" into namespace and name.

    Raises:
        ParseError: it is no name.
    """
    scope, slash, bare = checked(name, "name").partition("/")
    if name.startswith("@") and slash:
        return scope, checked(bare, "name after its scope")
    return "", name


def npm_package(name: str, version: str, source: str = "", *, by_address: bool = False) -> Component:
    """Make a component; `source` is where it comes from, `by_address` says that exactly this was asked for.

    Raises:
        ParseError: it has no sound name, or neither version nor source.
    """
    namespace, bare = npm_name(name)
    source = _without_shorthand(source)
    local, git = is_local(source), bool(_GIT.match(source))
    is_download = source.startswith(("http:", "https:")) and not git
    download = without_login(source).partition("#")[0] if is_download else ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    if git:
        qualifiers = (("vcs_url", _vcs_url(source)),)
    elif download and (by_address or not version):
        qualifiers = (("download_url", download),)
    if version or not (local or qualifiers):
        checked(version, "version")
    return Component(
        type="npm",
        namespace=namespace,
        name=bare,
        version=version,
        qualifiers=qualifiers,
        registered=not local,
        urls=(("distribution", download),) if download else (),
        evidence=Evidence.DECLARED,
    )


def _without_shorthand(source: str) -> str:
    match = None if is_local(source) else _SHORTHAND.fullmatch(source)
    return f"git+https://{_HOSTS[match[1]]}/{match[2]}.git{match[3] or ''}" if match else source


def _vcs_url(source: str) -> str:
    url, _, commit = source.partition("#")
    return vcs_url(url, commit.rpartition("commit=")[2].partition("&")[0])


def is_address(requirement: str) -> bool:
    """Tell whether a requirement names an address or a repository instead of versions."""
    return bool(
        requirement.startswith(("http:", "https:"))
        or _GIT.match(requirement)
        or (_SHORTHAND.fullmatch(requirement) and not is_local(requirement))
    )


def is_local(source: str) -> bool:
    """Tell whether a requirement or source is a path or a member of the workspace."""
    return bool(_LOCAL.match(source))


def hashes_of(integrity: object) -> tuple[tuple[str, str], ...]:
    """Return the hashes of an `integrity` field."""
    return from_integrity(bounded(integrity)) if isinstance(integrity, str) else ()


def own_package(manifest: Mapping[str, Any]) -> Component | None:
    """Return the project that a package.json is about, None where it has no name.

    Raises:
        ParseError: name or version are none.
    """
    name, version = typed_text(manifest.get("name"), "name"), typed_text(manifest.get("version"), "version")
    if not name:
        return None
    own = npm_package(name, version, "./")
    return replace(own, kind=ComponentKind.APPLICATION, licenses=licenses(manifest.get("license")))


def licenses(value: object) -> tuple[RawLicense, ...]:
    """Return the words of a `license` field."""
    text = value.get("type") if isinstance(value, dict) else value
    return (RawLicense(bounded(text), "license"),) if isinstance(text, str) and text.strip() else ()


def needs(manifest: Mapping[str, Any], *, own: bool = False) -> Iterator[tuple[str, str, Scope]]:
    """Yield (name, requirement, scope) of a package.json, or a lock file's copy of one; `own` also its tools.

    Raises:
        ParseError: a field is no table.
    """
    for field, scope in (*NEEDS, DEVELOPMENT) if own else NEEDS:
        for name, requirement in typed_table(manifest.get(field), field).items():
            yield name, requirement if isinstance(requirement, str) else "", scope
