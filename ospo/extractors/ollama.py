"""Models that Ollama keeps: manifests below `models/manifests`, by host, owner, name and tag.

Format: https://pkg.go.dev/github.com/ollama/ollama/server/internal/manifest. A manifest names its blobs by
digest; weights are found as GGUF by their own first bytes. Licences are blobs too: their digests are told.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ospo.extractors.declared_values import json_object, listed, table, words
from ospo.extractors.huggingface_names import hub_model, properties
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import checked, small
from ospo.limits import MiB
from ospo.model import Component, ComponentKind, Evidence, Record

_SIZE_LIMIT = 1 * MiB
_PLACE = re.compile(r"(?:.*/)?manifests/([^/\n]+)/([^/\n]+)/([^/\n]+)/([^/\n]+)")
_KIND = "application/vnd.ollama.image."
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HUB = frozenset(("hf.co", "huggingface.co"))
"""Hosts of which Ollama takes models as they are on the Hugging Face hub; the tag is a quantisation there."""
_MOST_LAYERS = 1000


def _ollama(file: File) -> Iterator[Record]:
    place = _PLACE.fullmatch(file.path)
    if place is None:
        return
    data = small(file, _SIZE_LIMIT)
    if f"{_KIND}model".encode() not in data:
        return
    host, owner, name, tag = place.groups()
    layers = listed(json_object(data).get("layers"))[:_MOST_LAYERS]
    weights = _digests(layers, "model")
    yield replace(
        _identity(host, owner, name, tag),
        depends=weights,
        properties=properties(
            ("store", "ollama"),
            ("quantization", tag if host in _HUB and tag != "latest" else ""),
            ("base", _origins(layers)),
            ("license-blob", _digests(layers, "license")),
        ),
    )


def _identity(host: str, owner: str, name: str, tag: str) -> Component:
    if host in _HUB:
        return replace(hub_model(owner, checked(name, "name")), evidence=Evidence.INSTALLED)
    return Component(
        "generic", checked(name, "name"), tag, f"{host}/{owner}", registered=False, kind=ComponentKind.MODEL
    )


def _digests(layers: list[Any], kind: str) -> tuple[str, ...]:
    return tuple(
        digest
        for layer in layers
        if words(table(layer).get("mediaType")).partition(";")[0] == _KIND + kind
        and _DIGEST.fullmatch(digest := words(table(layer).get("digest")))
    )


def _origins(layers: list[Any]) -> list[str]:
    """Return the models that weights were taken over from."""
    found = [words(table(layer).get("from")) for layer in layers]
    return list(dict.fromkeys(name for name in found if name and not name.startswith("/")))


EXTRACTORS = (
    Extractor(
        name="ollama",
        version=1,
        patterns=(),
        evidence=Evidence.INSTALLED,
        extract=_ollama,
        ecosystem="Ollama models",
        licenses_from="none",
        # A pattern of folders at any depth would be asked for every file of an image.
        magic=(b'{"schemaVersion"',),
        head=_SIZE_LIMIT,
    ),
)
