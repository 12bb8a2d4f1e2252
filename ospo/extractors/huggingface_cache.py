"""Models in the cache of the Hugging Face hub, where files are kept by content and names are links to them.

Format: https://huggingface.co/docs/huggingface_hub/guides/manage-cache. The folder names the model; a blob
may belong to several commits, so which one it is of is told by the references alone, as a property.
"""

from collections.abc import Iterator
from dataclasses import replace

from ospo.extractors import safetensors
from ospo.extractors.declared_values import json_object
from ospo.extractors.huggingface_card import card
from ospo.extractors.huggingface_config import CONFIG_LIMIT, model_of
from ospo.extractors.huggingface_names import by_place, is_cached, is_commit, properties
from ospo.extractors.interface import Extractor, File
from ospo.extractors.pickled_model import pickled_model
from ospo.model import Evidence, Record

_MARKS = (b'"architectures"', b'"model_type"', b'"peft_type"', b'"_diffusers_version"')


def _blob(file: File) -> Iterator[Record]:
    start = file.read(0, min(file.size, 4))
    if safetensors.is_safetensors(file):
        yield from safetensors.weights(file)
    elif start.startswith(b"---"):
        yield from card(file)
    elif start.startswith((b"PK", b"\x80")):
        yield from pickled_model(file)
    elif start.startswith(b"{"):
        yield from _json_blob(file)


def _reference(file: File) -> Iterator[Record]:
    """Read which commit a branch or tag stands for."""
    commit = file.read(0, min(file.size, 64)).decode("utf-8", "replace").strip()
    if is_cached(file.path) and is_commit(commit):
        yield replace(
            by_place(file.path),
            evidence=Evidence.DECLARED,
            properties=properties(("revision", commit.lower())),
        )


def _json_blob(file: File) -> Iterator[Record]:
    """Read a configuration or an index; vocabularies, which are JSON too, are large and left alone."""
    start = file.read(0, min(file.size, CONFIG_LIMIT))
    if file.size <= CONFIG_LIMIT and any(mark in start for mark in _MARKS):
        yield from model_of(file.path, json_object(start))
    elif b'"weight_map"' in start[:4096] and file.size <= safetensors.HEAD:
        yield from safetensors.index(file.path, json_object(file.read(0, file.size)))


EXTRACTORS = (
    Extractor(
        name="huggingface-cache",
        version=1,
        patterns=("**/models--*/blobs/*",),
        evidence=Evidence.EMBEDDED,
        extract=_blob,
        ecosystem="Hugging Face cache",
        licenses_from="license and license_name of the model card",
        head=safetensors.HEAD,
    ),
    Extractor(
        name="huggingface-revision",
        version=1,
        patterns=("**/models--*/refs/*",),
        evidence=Evidence.EMBEDDED,
        extract=_reference,
        ecosystem="Hugging Face cache",
        licenses_from="none",
        head=64,
    ),
)
