"""Models in ONNX: what their message and its properties say; some exporters put the licence there.

Properties: https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md (`model_author`, `model_license`) and
those of https://docs.ultralytics.com/modes/export/ (`author`, `license`).
"""

from collections.abc import Iterator
from dataclasses import replace

from ospo.errors import ParseError
from ospo.extractors.huggingface_names import by_place, licenses, parameters, properties, refuse_pointer
from ospo.extractors.interface import Extractor, File
from ospo.extractors.onnx_message import HEAD, Model, read
from ospo.extractors.records import bounded
from ospo.model import Component, Evidence, Record

_IR_VERSION, _PRODUCER, _PRODUCER_VERSION, _DOMAIN, _MODEL_VERSION, _TEXT = 1, 2, 3, 4, 5, 6


def _onnx(file: File) -> Iterator[Record]:
    data = file.read(0, min(file.size, HEAD))
    refuse_pointer(data)
    model, damage = read(data, file.size)
    if _IR_VERSION in model.numbers and (model.graph or damage is None):
        yield _component(model, file.path, complete=model.whole and damage is None)
    if damage is not None:
        raise damage
    if _IR_VERSION not in model.numbers:
        raise ParseError("has no version, so it is no ONNX")


def _component(model: Model, path: str, *, complete: bool) -> Component:
    about = model.properties
    producer = f"{model.texts.get(_PRODUCER, '')} {model.texts.get(_PRODUCER_VERSION, '')}"
    return replace(
        by_place(path),
        licenses=licenses(
            about.get("model_license"),
            about.get("license"),
            "metadata_props.model_license",
            "metadata_props.license",
        ),
        supplier=bounded((about.get("model_author") or about.get("author") or "").strip()),
        description=bounded((model.texts.get(_TEXT) or about.get("description") or "").strip()),
        properties=properties(
            ("format", "onnx"),
            ("graph", model.graph),
            ("producer", producer),
            ("domain", model.texts.get(_DOMAIN)),
            ("version", model.numbers.get(_MODEL_VERSION) or about.get("version")),
            ("task", about.get("task")),
            ("ir-version", model.numbers[_IR_VERSION]),
            ("dtype", sorted(model.types)),
            ("parameters", parameters(model.types) if complete else None),
        ),
    )


EXTRACTORS = (
    Extractor(
        name="onnx",
        version=1,
        patterns=("**/*.onnx",),
        evidence=Evidence.EMBEDDED,
        extract=_onnx,
        ecosystem="ONNX models",
        licenses_from="model_license and license of metadata_props",
        head=HEAD,
    ),
)
