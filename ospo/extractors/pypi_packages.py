"""What Python's lock files share: how names are spelt, and where a package is from.

The purl type: https://github.com/package-url/purl-spec/blob/main/types/pypi-definition.json
"""

import re
from collections.abc import Iterable

from ospo.extractors.declared_values import vcs_url
from ospo.extractors.lock_hashes import from_prefixed
from ospo.extractors.records import bounded, checked, without_login
from ospo.model import Component, ComponentKind, Evidence, RawLicense, Scope

_SEPARATORS = re.compile(r"[-_.]+")
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_WHEEL = re.compile(r"(?:.*/)?([A-Za-z0-9][\w.]*)-([\w.!+]+)(?:-[\w.]+){3,4}\.whl")
_TOOLS = ("git", "hg", "svn", "bzr")


def normalized(name: str) -> str:
    """Spell a name as https://packaging.python.org/en/latest/specifications/name-normalization/ wants."""
    return _SEPARATORS.sub("-", name).lower()


def needed_name(requirement: str) -> str:
    """Return the normalised name at the start of a requirement, "" where there is none."""
    match = _NAME.match(requirement)
    return normalized(match[1]) if match else ""


def pypi_package(
    name: str,
    version: str,
    *,
    source: str = "",
    commit: str = "",
    local: bool = False,
    hashes: Iterable[str] = (),
    scope: Scope = Scope.RUNTIME,
    kind: ComponentKind = ComponentKind.LIBRARY,
    licenses: tuple[RawLicense, ...] = (),
) -> Component:
    """Make a component; `source` is the address or repository it comes from where that is no registry.

    Raises:
        ParseError: it has no sound name, or neither version nor source.
    """
    if version or not (source or local):
        checked(version, "version")
    return Component(
        type="pypi",
        name=normalized(checked(name, "name")),
        version=version,
        qualifiers=_origin(source, commit),
        registered=not local,
        kind=kind,
        licenses=licenses,
        hashes=from_prefixed(bounded(text) for text in hashes),
        scope=scope,
        evidence=Evidence.DECLARED,
    )


def _origin(source: str, commit: str) -> tuple[tuple[str, str], ...]:
    """Return the qualifier that says where it is from; "git+https://host/repository@commit" is split."""
    address, _, _ = source.partition("#")
    tool, plus, url = address.partition("+")
    if not address:
        return ()
    if plus and tool in _TOOLS:
        path = url.rpartition("/")[2]
        if not commit and "@" in path:
            url, _, commit = url.rpartition("@")
        return (("vcs_url", vcs_url(url, commit, tool)),)
    if commit:
        return (("vcs_url", vcs_url(address, commit)),)
    return (("download_url", without_login(address)),)


def wheel_of(address: str) -> tuple[str, str]:
    """Return the name and version that the file name of a wheel holds, ("", "") where it is none.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention
    """
    match = _WHEEL.fullmatch(bounded(address.partition("#")[0].partition("?")[0]).replace("%2B", "+"))
    return (match[1], match[2]) if match else ("", "")
