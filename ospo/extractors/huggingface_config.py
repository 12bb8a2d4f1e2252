"""Configurations of models, adapters and pipelines that lie beside their weights.

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

from ospo.extractors.declared_values import json_object, table, texts, words
from ospo.extractors.huggingface_names import by_folder, is_id, properties, short
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import small
from ospo.limits import MiB
from ospo.model import Evidence, Record

CONFIG_LIMIT = 1 * MiB
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
_NAMES = (b'"architectures"', b'"model_type"')


def _config(file: File) -> Iterator[Record]:
    start = file.read(0, min(file.size, CONFIG_LIMIT))
    if not any(file.sibling(name) is not None for name in _BESIDE):
        sure = all(name in start for name in _NAMES) and any(writer in start for writer in _WRITERS)
        if not sure or file.size > CONFIG_LIMIT:
            return
    yield from model_of(file.path, json_object(small(file, CONFIG_LIMIT)))


def _whole(file: File) -> Iterator[Record]:
    """Read a file whose name only models have."""
    yield from model_of(file.path, json_object(small(file, CONFIG_LIMIT)))


def model_of(path: str, config: dict[str, Any]) -> Iterator[Record]:
    """Yield the model that a configuration is about; nothing where it is no model's."""
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
        head=CONFIG_LIMIT,
    ),
    Extractor(
        name="huggingface-adapter",
        version=1,
        patterns=("**/adapter_config.json", "**/model_index.json"),
        evidence=Evidence.EMBEDDED,
        extract=_whole,
        ecosystem="Hugging Face adapters and pipelines",
        licenses_from="none",
        head=CONFIG_LIMIT,
    ),
)
