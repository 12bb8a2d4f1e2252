"""Hashes as lock files write them, as CycloneDX names them."""

import base64
import binascii
import re
from collections.abc import Iterable

_NAMES = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_LENGTHS = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128}
_HEX = re.compile(r"[0-9a-f]+")

Hashes = tuple[tuple[str, str], ...]
"""(CycloneDX algorithm name, lower-case hex) pairs."""


def from_hex(algorithm: str, digest: str) -> Hashes:
    """Return a hash written in hex; nothing where it is none."""
    name, digest = _NAMES.get(algorithm.lower(), ""), digest.lower()
    return ((name, digest),) if len(digest) == _LENGTHS.get(name) and _HEX.fullmatch(digest) else ()


def from_prefixed(texts: Iterable[str]) -> Hashes:
    """Return hashes written as "sha256:hex", each once, in their order; what is none is left out."""
    found = (from_hex(*text.partition(":")[::2]) for text in texts)
    return tuple(dict.fromkeys(pair for pairs in found for pair in pairs))


def from_integrity(text: str) -> Hashes:
    """Return hashes of https://www.w3.org/TR/SRI/ ("sha512-base64 …"); what is none is left out."""
    found: list[tuple[str, str]] = []
    for entry in text.split():
        algorithm, _, encoded = entry.partition("?")[0].partition("-")
        try:
            found += from_hex(algorithm, base64.b64decode(encoded, validate=True).hex())
        except (binascii.Error, ValueError):
            continue
    return tuple(dict.fromkeys(found))
