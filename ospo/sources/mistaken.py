"""References in the words of another tool, or with a misspelt scheme: said, not looked for in a registry."""

from collections.abc import Iterable

from ospo.errors import UsageError

# Schemes of skopeo, Podman and other scanners -> ours.
_ELSEWHERE = {
    "containers-storage": "podman",
    "docker-daemon": "docker",
    "file": "sbom",
    "image": "registry",
    "oci": "oci-dir",
    "rootfs": "dir",
}
_REMOTE = frozenset(("docker", "http", "https", "oci", "podman", "registry"))


def refuse_mistaken(reference: str, schemes: Iterable[str]) -> None:
    """Let pass what may be a reference.

    Raises:
        UsageError: it is an address, or seems to begin with a scheme that is none; says which is meant.
    """
    scheme, colon, rest = reference.partition(":")
    if rest.startswith("//") and scheme.lower() in _REMOTE:
        name = rest.strip("/")
        local = f", docker:{name} for one of the local engine" if scheme == "docker" else ""
        raise UsageError(
            f"{reference!r} is an address, not a reference",
            hint=f"write {name} for an image in a registry{local}",
        )
    if not colon or scheme in schemes or "/" in scheme or "." in scheme:
        return
    from ospo.text import closest

    if meant := _ELSEWHERE.get(scheme.lower()) or closest(scheme, schemes):
        raise UsageError(
            f"there is no scheme {scheme!r}",
            hint=f"did you mean {meant}:{rest}? An image of this name is registry:{reference}",
        )
