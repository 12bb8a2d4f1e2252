"""What makes two findings the same one, over rebuilds and version bumps."""

import hashlib
import re

_VERSION = re.compile(r"^([^?#@]*)@[^?#]*")

# Qualifiers that say which release it is, not which package: https://github.com/package-url/purl-spec
_OF_A_RELEASE = frozenset(("checksum", "distro", "download_url", "epoch", "vcs_url"))


def fingerprint(
    rule: str, target_identity: str, component_key_without_version: str, own_key: str = ""
) -> str:
    """Return 16 hexadecimal digits that identify a finding.

    `own_key` tells findings of one rule about one component apart; a rule with one for each leaves it empty.
    """
    parts = (rule, target_identity, component_key_without_version, own_key)
    # Lengths keep ("a", "bc") and ("ab", "c") apart.
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    return hashlib.sha256(b"".join(b"%d:%s" % (len(part), part) for part in encoded)).hexdigest()[:16]


def without_version(key: str) -> str:
    """Return a component key without its version and the qualifiers that change with the release.

    "pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12" becomes "pkg:deb/debian/bash?arch=amd64".
    """
    front, hash_mark, subpath = _VERSION.sub(r"\1", key).partition("#")
    path, _, qualifiers = front.partition("?")
    kept = [pair for pair in qualifiers.split("&") if pair and pair.partition("=")[0] not in _OF_A_RELEASE]
    return path + ("?" + "&".join(kept) if kept else "") + hash_mark + subpath
