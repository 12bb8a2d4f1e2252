"""Models in safetensors: what the header says of them, and how many parameters its tensors have.

Format: https://huggingface.co/docs/safetensors/index#format. Words about the model are those of
https://github.com/Stability-AI/ModelSpec; most files have none, and their licence is in the model card.
A model of several files has an index, which alone knows the whole
(https://huggingface.co/docs/transformers/big_models#sharded-checkpoints).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.declared_values import json_object, table, words
from ospo.extractors.huggingface_names import (
    by_folder,
    by_place,
    is_shard,
    licenses,
    parameters,
    properties,
    refuse_pointer,
)
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import small
from ospo.limits import MiB
from ospo.model import Evidence, Record

HEAD = 8 * MiB
"""Bytes of a header that are read: 80,000 tensors; the format's own limit is 100 MB."""

_INDEX_LIMIT = 32 * MiB
"""Three times the largest index, that of a model of a trillion parameters."""

_ABOUT = "__metadata__"
_MOST_DIMENSIONS = 32
_WORD = 1 << 63


def _safetensors(file: File) -> Iterator[Record]:
    refuse_pointer(file.read(0, min(file.size, 64)))
    if not is_safetensors(file):
        raise ParseError("does not start as safetensors files do")
    yield from weights(file)


def is_safetensors(file: File) -> bool:
    """Tell by its first bytes whether a file, whatever its name, may be one."""
    return (
        file.size > 9
        and file.read(8, 1) == b"{"
        and 2 <= int.from_bytes(file.read(0, 8), "little") <= file.size - 8
    )


def weights(file: File) -> Iterator[Record]:
    """Yield the model that a file holds, or holds a part of.

    Raises:
        ParseError: its header is damaged, or larger than `HEAD`.
    """
    model = by_place(file.path)
    size = int.from_bytes(file.read(0, 8), "little")
    try:
        if size + 8 > HEAD:
            raise ParseError(f"has a header of {size} bytes, more than the {HEAD} that are read")
        header = json_object(file.read(8, size))
        about, types = table(header.pop(_ABOUT, None)), _types(header)
    except ParseError:
        yield replace(model, properties=properties(("format", "safetensors")))
        raise
    yield replace(
        model,
        licenses=licenses(
            about.get("modelspec.license"), about.get("license"), "modelspec.license", f"{_ABOUT}.license"
        ),
        supplier=words(about.get("modelspec.author")).strip(),
        description=words(about.get("modelspec.description")).strip(),
        properties=properties(
            ("format", "safetensors"),
            ("name", about.get("modelspec.title")),
            ("architecture", about.get("modelspec.architecture")),
            ("dtype", sorted(types)),
            ("parameters", None if is_shard(file.path) else parameters(types)),
            ("base", about.get("ss_base_model_version")),
        ),
    )


def _types(tensors: dict[str, Any]) -> Counter[str]:
    """Return how many elements there are of each type.

    Raises:
        ParseError: something in the header is no tensor.
    """
    types: Counter[str] = Counter()
    for tensor in tensors.values():
        kind = table(tensor).get("dtype")
        if not isinstance(kind, str):
            raise ParseError("has a tensor without type")
        types[kind[:16]] += _elements(table(tensor).get("shape"))
    return types


def _elements(shape: object) -> int:
    if not isinstance(shape, list) or len(shape) > _MOST_DIMENSIONS:
        raise ParseError("has a tensor without shape")
    if not all(isinstance(length, int) and 0 <= length < _WORD for length in shape):
        raise ParseError("has a tensor with a shape that makes no sense")
    return prod(shape)


def _index(file: File) -> Iterator[Record]:
    yield from index(file.path, json_object(small(file, _INDEX_LIMIT)))


def index(path: str, index: dict[str, Any]) -> Iterator[Record]:
    """Yield the model whose parts an index lists.

    Raises:
        ParseError: it lists none.
    """
    about = table(index.get("metadata"))
    parts = {part for part in table(index.get("weight_map")).values() if isinstance(part, str)}
    if not parts:
        raise ParseError("lists no weights")
    yield replace(
        by_folder(path),
        evidence=Evidence.DECLARED,
        properties=properties(
            ("format", "safetensors" if any(part.endswith(".safetensors") for part in parts) else ""),
            ("parameters", about.get("total_parameters")),
            ("size", about.get("total_size")),
            ("parts", len(parts)),
        ),
    )


EXTRACTORS = (
    Extractor(
        name="safetensors",
        version=1,
        patterns=("**/*.safetensors",),
        evidence=Evidence.EMBEDDED,
        extract=_safetensors,
        ecosystem="Safetensors models",
        licenses_from="modelspec.license of the header",
        head=HEAD,
    ),
    Extractor(
        name="safetensors-index",
        version=1,
        patterns=(
            "**/diffusion_pytorch_model.safetensors.index.json",
            "**/model.safetensors.index.json",
            "**/pytorch_model.bin.index.json",
        ),
        evidence=Evidence.EMBEDDED,
        extract=_index,
        ecosystem="Models in several files",
        licenses_from="none",
    ),
)
