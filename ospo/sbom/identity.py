"""What identifies components and people in somebody else's document."""

from functools import cache
from typing import Any

from ospo.model import Component, ComponentKind, Evidence

LOCAL = "local:"
"""Starts the key of a component that no registry knows; a purl follows it."""


def from_purl(purl: str) -> Component | None:
    """Return a component that has only its identity, or None for what is no package URL.

    A key of ours that starts with `local:` is read as well: it names what no registry knows.
    """
    try:
        parts = _package_url().from_string(purl.removeprefix(LOCAL).strip())
    except ValueError:
        return None
    return Component(
        type=parts.type,
        name=parts.name,
        version=parts.version or "",
        namespace=parts.namespace or "",
        qualifiers=tuple(sorted(parts.qualifiers.items())),
        subpath=parts.subpath or "",
        registered=not purl.startswith(LOCAL),
        evidence=Evidence.DECLARED,
    )


def from_name(group: str, name: str, version: str) -> Component:
    """Return a component that no registry is known to have."""
    return Component(
        type="generic",
        namespace=group,
        name=name,
        version=version,
        registered=False,
        evidence=Evidence.DECLARED,
    )


def kind_of(word: str) -> ComponentKind:
    """Return the kind that a CycloneDX type or an SPDX purpose in lower case names; else library."""
    try:
        return ComponentKind(word.replace("_", "-"))
    except ValueError:
        return ComponentKind.LIBRARY


def without_mail(name: str) -> str:
    """Return the name in "Name <mail>" or, as SPDX spells it, "Name (mail)"."""
    name = name.strip()
    head, bracket, mail = name.rpartition("<" if name.endswith(">") else "(")
    is_mail = name.endswith(">") or mail == ")" or (mail.endswith(")") and "@" in mail)
    return head.strip() if bracket and is_mail else name


@cache
def _package_url() -> Any:
    from packageurl import PackageURL  # 20 ms, needed for SBOM input only

    return PackageURL
