"""Kitfiles of KitOps: the model and the data sets that a ModelKit is made of, with their licences.

Format: https://kitops.org/docs/kitfile/format/.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ospo.extractors.declared_values import listed, table, texts, words, yaml_mapping
from ospo.extractors.huggingface_names import by_folder, dataset, licenses, local_model, properties
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import people
from ospo.model import Evidence, Record

_MOST_DATASETS = 1000


def _kitfile(file: File) -> Iterator[Record]:
    kit = yaml_mapping(file)
    if "manifestVersion" not in kit:
        return
    sets = [table(item) for item in listed(kit.get("datasets"))[:_MOST_DATASETS]]
    if model := table(kit.get("model")):
        yield _model(file.path, table(kit.get("package")), model, sets)
    for item in sets:
        if name := _name(item):
            yield replace(
                dataset(name),
                licenses=licenses(item.get("license"), None, "datasets.license", ""),
                description=words(item.get("description")).strip(),
            )


def _model(path: str, package: dict[str, Any], model: dict[str, Any], sets: list[dict[str, Any]]) -> Record:
    name = words(model.get("name")).strip() or words(package.get("name")).strip()
    version = words(model.get("version")).strip() or words(package.get("version")).strip()
    about = model if model.get("license") else package
    return replace(
        local_model(name, version, ()) if name else by_folder(path),
        evidence=Evidence.DECLARED,
        licenses=licenses(
            about.get("license"), None, "model.license" if about is model else "package.license", ""
        ),
        supplier=people(", ".join(texts(package.get("authors")))),
        description=words(model.get("description") or package.get("description")).strip(),
        properties=properties(
            ("framework", model.get("framework")),
            ("path", model.get("path")),
            ("dataset", [_name(item) for item in sets]),
        ),
    )


def _name(item: dict[str, Any]) -> str:
    return (words(item.get("name")) or words(item.get("path"))).strip()


EXTRACTORS = (
    Extractor(
        name="kitfile",
        version=1,
        patterns=("**/Kitfile",),
        evidence=Evidence.DECLARED,
        extract=_kitfile,
        ecosystem="KitOps ModelKits",
        licenses_from="license of model, package and datasets",
    ),
)
