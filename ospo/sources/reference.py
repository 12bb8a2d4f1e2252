"""Image references: `[host[:port]/]path[:tag][@digest]`, the short forms spelled out as Docker does.

Grammar: https://pkg.go.dev/github.com/distribution/reference. It is strict because a reference ends in
addresses, headers and messages: what is not a reference fails here.
"""

import re
from dataclasses import dataclass

from ospo.errors import UsageError
from ospo.sources.digests import digest_problem, is_digest

DOCKER_HUB = "docker.io"
_DOCKER_HUB_NAMES = frozenset(("docker.io", "index.docker.io", "registry-1.docker.io"))

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?P<name>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:]{{2,45}}\])(?::(?P<port>[0-9]{{1,5}}))?")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_MAX_NAME = 255


@dataclass(frozen=True, slots=True)
class Reference:
    """An image reference with nothing left to guess."""

    host: str
    """Lower case, with port where one was given; `docker.io` for Docker Hub."""
    path: str
    tag: str = ""
    digest: str = ""
    """Counts where there is also a tag."""

    @property
    def identity(self) -> str:
        """Host and path: what stays the same from build to build."""
        return f"{self.host}/{self.path}"

    @property
    def wanted(self) -> str:
        """What a registry is asked for: the digest, or else the tag."""
        return self.digest or self.tag

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return self.identity + tag + (f"@{self.digest}" if self.digest else "")


def parse_reference(text: str) -> Reference:
    """Read a reference; without tag and digest it means the tag `latest`.

    Raises:
        UsageError: it is not a reference.
    """
    name, at, digest = text.partition("@")
    if at and not is_digest(digest):
        raise _not_a_reference(text, f"the part after @ {digest_problem(digest)}")
    name, tag = _split_tag(name)
    if tag is not None and not _TAG.fullmatch(tag):
        raise _not_a_reference(text, "the tag may hold 128 letters, digits and _ . -")
    host, path = _split_host(name)
    if not is_host(host):
        raise _not_a_reference(text, f"{host[:80]!r} is not a host, or its port is none")
    if not _PATH.fullmatch(path):
        raise _not_a_reference(
            text, "the repository may hold lower-case letters, digits and . _ - between them"
        )
    if len(host) + 1 + len(path) > _MAX_NAME:
        raise _not_a_reference(text, f"the name is longer than {_MAX_NAME} characters")
    return Reference(host, path, tag or ("" if digest else "latest"), digest)


def is_host(text: str) -> bool:
    """Tell whether the text is a host in lower case, with or without port."""
    match = _HOST.fullmatch(text)
    if not match or len(match["name"]) > 253:
        return False
    return match["port"] is None or 0 < int(match["port"]) < 65536


def _split_tag(name: str) -> tuple[str, str | None]:
    """A colon in the last segment starts a tag; one before belongs to the port."""
    folder, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    return folder + slash + last, tag if colon else None


def _split_host(name: str) -> tuple[str, str]:
    """The first segment is a host if it cannot be else: it has a dot, colon or capitals, or is localhost."""
    first, slash, rest = name.partition("/")
    if slash and (first == "localhost" or any(c in ".:" or c.isupper() for c in first)):
        host, path = first.lower(), rest
    else:
        host, path = DOCKER_HUB, name
    if host in _DOCKER_HUB_NAMES:
        return DOCKER_HUB, path if "/" in path else f"library/{path}"
    return host, path


def _not_a_reference(text: str, why: str) -> UsageError:
    return UsageError(
        f"not an image reference: {text[:120]!r}: {why}",
        hint="write it like registry.example/team/app:1.2 or registry.example/team/app@sha256:…",
    )
