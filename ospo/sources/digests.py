"""Digests of content-addressed bytes (https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests)."""

import hashlib
import re

from ospo.errors import TargetError

_GRAMMAR = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


def is_digest(text: str) -> bool:
    """Tell whether the text is a digest that can be checked: SHA-256 or SHA-512, lower-case hexadecimal."""
    return _GRAMMAR.fullmatch(text) is not None


def digest_problem(text: str) -> str:
    """Say in what way a text that `is_digest` refuses is wrong."""
    algorithm, colon, _ = text.partition(":")
    if colon and algorithm not in ("sha256", "sha512"):
        return f"uses the digest algorithm {algorithm[:20]!r}, only sha256 and sha512 are supported"
    return f"is not a digest: {text[:80]!r}"


def digest_of(data: bytes, algorithm: str = "sha256") -> str:
    """Hash the bytes and return the digest, as `sha256:…`; the algorithm is sha256 or sha512."""
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def check_digest(data: bytes, digest: str, where: str) -> None:
    """Make sure that the bytes are what the digest promises.

    Raises:
        TargetError: they are not, or the digest is none that can be checked.
    """
    if not is_digest(digest):
        raise TargetError(f"{where}: {digest_problem(digest)}")
    got = digest_of(data, digest.partition(":")[0])
    if got != digest:
        raise TargetError(
            f"{where}: wrong digest (got {got}, expected {digest})",
            hint="the bytes are damaged or were tampered with; fetch the image again",
        )
