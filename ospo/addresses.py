"""Addresses that are asked: what may be one, how it is shown, and where a redirect may lead."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from ospo.errors import NetworkError

_PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """Return the host of an address, with port where it is not the scheme's own."""
    return _origin(_split(url))[1]


def shown(url: str) -> str:
    """Return an address as it may be shown: without query, which can be signed, and without credentials."""
    parts = _split(url)
    return f"{parts.scheme}://{_origin(parts)[1]}{parts.path}"


def is_loopback(host: str) -> bool:
    """Tell whether a host, with or without port, is this machine by its very name."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def same_origin(url: str, other: str) -> bool:
    """Tell whether two addresses have scheme, host and port in common."""
    return _origin(_split(url)) == _origin(_split(other))


def check_redirect(source: str, target: str) -> None:
    """Make sure that a redirect leads neither to less protection nor from outside to this machine.

    Raises:
        NetworkError: it does, or the target is no address.
    """
    parts, before = _split(target), _split(source)
    if before.scheme == "https" and parts.scheme == "http":
        raise NetworkError(f"{shown(source)}: redirects from https to http on {_origin(parts)[1]}")
    check_reach(source, target)


def check_reach(source: str, target: str) -> None:
    """Make sure that a server elsewhere does not make this machine ask itself, or its cloud's metadata.

    Raises:
        NetworkError: it tries to, or the target is no address.
    """
    parts, before = _split(target), _split(source)
    if _is_local(parts.hostname or "") and not _is_local(before.hostname or ""):
        raise NetworkError(f"{shown(source)}: leads to {parts.hostname}, an address of this machine")


def _split(url: str) -> SplitResult:
    """Parse an address that may be asked.

    Raises:
        NetworkError: it is not http(s), names no host, or carries credentials or control characters.
    """
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        raise NetworkError("not an address that can be read") from None
    if "@" in parts.netloc:
        raise NetworkError(f"credentials in the address of {parts.hostname!r} are not used")
    address = url.partition("?")[0][:80]
    if parts.scheme not in _PORTS:
        raise NetworkError(f"neither http nor https: {address!r}")
    # A backslash ends the host for some parsers and not for others.
    if not valid or not url.isprintable() or " " in url or "\\" in url:
        raise NetworkError(f"not an address: {address!r}")
    return parts


def _origin(parts: SplitResult) -> tuple[str, str]:
    """Scheme and host, with port where it is not the scheme's own."""
    name = (parts.hostname or "").rstrip(".")
    name = f"[{name}]" if ":" in name else name
    return parts.scheme, name if parts.port in (None, _PORTS[parts.scheme]) else f"{name}:{parts.port}"


def _is_local(name: str) -> bool:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost"
    # Link-local includes the metadata services of clouds (169.254.169.254).
    return address.is_loopback or address.is_link_local or address.is_unspecified
