"""Configurations of models, and the blobs of the Hugging Face cache, whose names do not tell what they hold.

Fields: https://huggingface.co/docs/transformers/main_classes/configuration,
https://huggingface.co/docs/peft/package_reference/config and
https://huggingface.co/docs/diffusers/api/configuration. A `config.json` is a model's if it names kind and
class and what wrote it, or names one of these and has a file beside it that only models have; weights cannot
be asked for, they would have to be held. `_name_or_path` is what a model was loaded from before it was saved:
the model that it was tuned from as often as itself, so no name for it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ospo.extractors import safetensors
from ospo.extractors.declared_values import json_object, table, texts, words
from ospo.extractors.huggingface_card import card
from ospo.extractors.huggingface_names import by_folder, is_id, properties, short
from ospo.extractors.interface import Extractor, File
from ospo.extractors.pickled_model import pickled_model
from ospo.extractors.records import small
from ospo.limits import MiB
from ospo.model import Evidence, Record

_CONFIG_LIMIT = 1 * MiB
"""Ten times the largest, which name a thousand classes."""

_BESIDE = (
    "generation_config.json",
    "model.safetensors.index.json",
    "preprocessor_config.json",
    "pytorch_model.bin.index.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
)
_TYPES = {"bfloat16": "BF16", "float16": "F16", "float32": "F32", "float64": "F64"}
_WRITERS = (b'"transformers_version"', b'"_name_or_path"')
_MARKS = (b'"architectures"', b'"model_type"', b'"peft_type"', b'"_diffusers_version"')


def _config(file: File) -> Iterator[Record]:
    start = file.read(0, min(file.size, _CONFIG_LIMIT))
    if not any(file.sibling(name) is not None for name in _BESIDE):
        sure = all(mark in start for mark in _MARKS[:2]) and any(writer in start for writer in _WRITERS)
        if not sure or file.size > _CONFIG_LIMIT:
            return
    yield from _model(file.path, json_object(small(file, _CONFIG_LIMIT)))


def _whole(file: File) -> Iterator[Record]:
    """Read a file whose name only models have."""
    yield from _model(file.path, json_object(small(file, _CONFIG_LIMIT)))


def _model(path: str, config: dict[str, Any]) -> Iterator[Record]:
    classes = texts(config.get("architectures")) or [words(config.get("_class_name"))]
    kind, adapter = words(config.get("model_type")), words(config.get("peft_type"))
    if not kind and not adapter and not any(classes):
        return
    loaded = words(config.get("_name_or_path"))
    yield replace(
        by_folder(path),
        evidence=Evidence.DECLARED,
        properties=properties(
            ("architecture", kind),
            ("class", classes),
            (
                "dtype",
                _TYPES.get(words(config.get("dtype") or config.get("torch_dtype")).removeprefix("torch.")),
            ),
            ("quantization", _quantization(table(config.get("quantization_config")))),
            ("adapter", adapter),
            ("base", short(words(config.get("base_model_name_or_path")).strip())),
            ("loaded-from", loaded if is_id(loaded) else ""),
        ),
    )


def _quantization(config: dict[str, Any]) -> str:
    """Return method and width, as "gptq 4-bit"."""
    method, bits = words(config.get("quant_method")), config.get("bits")
    for width in (4, 8):
        bits = width if config.get(f"load_in_{width}bit") is True else bits
    known = isinstance(bits, int) and not isinstance(bits, bool) and 0 < bits < 100
    return f"{method} {bits}-bit" if method and known else method


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


def _json_blob(file: File) -> Iterator[Record]:
    """Read a configuration or an index; vocabularies, which are JSON too, are large and left alone."""
    start = file.read(0, min(file.size, _CONFIG_LIMIT))
    if file.size <= _CONFIG_LIMIT and any(mark in start for mark in _MARKS):
        yield from _model(file.path, json_object(start))
    elif b'"weight_map"' in start[:4096] and file.size <= safetensors.HEAD:
        yield from safetensors.index(file.path, json_object(file.read(0, file.size)))


EXTRACTORS = (
    Extractor(
        name="huggingface-config",
        version=1,
        patterns=("**/config.json",),
        evidence=Evidence.EMBEDDED,
        extract=_config,
        ecosystem="Hugging Face models",
        licenses_from="none",
        siblings=_BESIDE,
        head=_CONFIG_LIMIT,
    ),
    Extractor(
        name="huggingface-adapter",
        version=1,
        patterns=("**/adapter_config.json", "**/model_index.json"),
        evidence=Evidence.EMBEDDED,
        extract=_whole,
        ecosystem="Hugging Face adapters and pipelines",
        licenses_from="none",
        head=_CONFIG_LIMIT,
    ),
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
)
