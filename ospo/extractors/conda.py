"""Packages in conda environments: the record that conda, mamba and pixi keep of each in `conda-meta`.

Fields: https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html, and its origin.
A channel is named by the path of its address, as conda does ("conda-forge", "pkgs/main"); the whole address
is that of the distribution. Packages in the cache `pkgs/` are not installed and not read.
"""

import re
from collections.abc import Iterator
from typing import Any

from ospo.extractors.declared_values import json_object
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, without_login
from ospo.model import Component, Evidence, RawLicense, Record

_TOKEN = re.compile(r"/t/[^/]*/")
"""How conda puts the token of a private channel into its address."""
_HASHES = {"md5": ("MD5", 32), "sha256": ("SHA-256", 64)}
_NAME = re.compile(r"(?:[^\s\[]*::)?([A-Za-z0-9_.-]+)")
_NOT_ASKED = frozenset(("", "None", "TODO"))
"""What is written where nobody asked for it: by conda, and by micromamba for all packages."""


def _conda(file: File) -> Iterator[Record]:
    package = json_object(file.data)
    license_ = _text(package, "license")
    url = _without_secrets(_text(package, "url"))
    subdir = _text(package, "subdir")
    qualifiers = (
        ("build", _text(package, "build") or _text(package, "build_string")),
        ("channel", _channel(_text(package, "channel"), subdir)),
        ("subdir", subdir),
    )
    yield Component(
        type="conda",
        name=checked(_text(package, "name"), "name"),
        version=checked(_text(package, "version"), "version"),
        qualifiers=tuple((key, value) for key, value in qualifiers if value),
        # Built on the machine, or from a folder that nobody else has.
        registered=not _text(package, "channel").startswith("file:"),
        licenses=(RawLicense(license_, "license"),) if license_ else (),
        urls=(("distribution", url),) if url.startswith(("https://", "http://")) else (),
        hashes=tuple(_hashes(package)),
        depends=_depends(package.get("depends")),
        direct=True if _requested(package) else None,
    )


def _text(package: dict[str, Any], field: str) -> str:
    value = package.get(field)
    return bounded(value.strip()) if isinstance(value, str) else ""


def _without_secrets(url: str) -> str:
    return _TOKEN.sub("/", without_login(url))


def _channel(channel: str, subdir: str) -> str:
    """Return the path of a channel's address; some tools write it with the folder of the platform."""
    _, separator, rest = _without_secrets(channel).partition("://")
    path = rest.partition("/")[2] if separator else channel
    return path.strip("/").removesuffix(f"/{subdir}")


def _hashes(package: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field, (algorithm, length) in _HASHES.items():
        checksum = _text(package, field).lower()
        if len(checksum) == length and set(checksum) <= set("0123456789abcdef"):
            yield algorithm, checksum


def _depends(specs: object) -> tuple[str, ...]:
    """Return the names of match specifications; those with two underscores are facts about the machine."""
    names: dict[str, None] = {}
    for spec in specs if isinstance(specs, list) else []:
        match = _NAME.match(spec.strip()) if isinstance(spec, str) else None
        if match and not match[1].startswith("__"):
            names[match[1].lower()] = None
    return tuple(names)


def _requested(package: dict[str, Any]) -> bool:
    specs = package.get("requested_specs")
    asked = specs if isinstance(specs, list) else []
    return any(
        isinstance(spec, str) and spec not in _NOT_ASKED for spec in (package.get("requested_spec"), *asked)
    )


EXTRACTORS = (
    Extractor(
        name="conda",
        version=1,
        patterns=("**/conda-meta/*.json",),
        evidence=Evidence.INSTALLED,
        extract=_conda,
        ecosystem="Conda",
        licenses_from="license of the records in conda-meta",
    ),
)
