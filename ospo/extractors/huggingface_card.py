"""Model cards: what the YAML at the top of a README.md says of the model in its folder.

Fields: https://huggingface.co/docs/hub/model-cards#model-card-metadata. Other README files start with YAML
too, so outside of the hub's own folders a field counts that only model cards have. Cards of data sets and of
spaces have fields of their own and are left out.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ospo.documents.marked import parse
from ospo.errors import ParseError, UsageError
from ospo.extractors.declared_values import listed, table, words
from ospo.extractors.huggingface_names import by_folder, dataset, is_cached, licenses, properties, short
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import without_login
from ospo.limits import MiB
from ospo.model import Evidence, Record

HEAD = 1 * MiB
"""What is read of YAML; the results of hundreds of benchmarks, which some cards hold, are half of it."""

_MATTER = re.compile(rb"---\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_KEY = re.compile(rb"^([a-z][A-Za-z_-]*):", re.MULTILINE)
_OWN = frozenset(
    b"base_model base_model_relation library_name license_link license_name model-index model_creator"
    b" model_name pipeline_tag quantized_by".split()
)
_WITH_LICENSE = frozenset(b"datasets metrics widget".split())
_OF_OTHERS = frozenset(
    b"annotations_creators app_file colorFrom configs dataset_info pretty_name sdk size_categories"
    b" source_datasets task_categories task_ids".split()
)
_MOST_DATASETS = 100


def _readme(file: File) -> Iterator[Record]:
    if file.name == "README.md":
        yield from card(file)


def card(file: File) -> Iterator[Record]:
    """Yield the model that a card describes and the data sets it names; nothing where it is no model's.

    Raises:
        ParseError: its YAML is damaged.
    """
    matter = _MATTER.match(file.read(0, min(file.size, HEAD)))
    keys = frozenset(_KEY.findall(matter[1])) if matter else frozenset()
    if not matter or not _is_model(keys, cached=is_cached(file.path)):
        return
    about = _mapping(file.name, matter[1])
    sets = [name.strip() for name in _many(about.get("datasets")) if name.strip()][:_MOST_DATASETS]
    link = words(about.get("license_link")).strip()
    is_address = link.startswith(("https://", "http://"))
    yield replace(
        by_folder(file.path),
        evidence=Evidence.DECLARED,
        licenses=licenses(about.get("license"), about.get("license_name"), "license", "license_name"),
        urls=(("license", without_login(link)),) if is_address else (),
        properties=properties(
            ("name", about.get("model_name")),
            ("task", about.get("pipeline_tag")),
            ("library", about.get("library_name")),
            ("base", [short(base.strip()) for base in _many(about.get("base_model"))]),
            ("base-relation", about.get("base_model_relation")),
            ("dataset", sets),
            ("tag", _many(about.get("tags"))),
            ("license-link", "" if is_address else link),
        ),
    )
    yield from map(dataset, sets)


def _is_model(keys: frozenset[bytes], *, cached: bool) -> bool:
    if not _OF_OTHERS.isdisjoint(keys):
        return False
    licensed = b"license" in keys and not _WITH_LICENSE.isdisjoint(keys)
    return cached or licensed or not _OWN.isdisjoint(keys)


def _mapping(name: str, matter: bytes) -> dict[str, Any]:
    try:
        documents = parse(Path(name), b"\n" + matter)  # errors so count the line above
    except UsageError as error:
        raise ParseError(error.message) from error
    return table(documents[0].value) if documents else {}


def _many(value: object) -> list[str]:
    """Return one text or a list of texts as a list; fields of cards may be either."""
    items = listed(value) or [value]
    return [words(item) for item in items if isinstance(item, str)]


EXTRACTORS = (
    Extractor(
        name="huggingface-card",
        version=1,
        patterns=(),
        evidence=Evidence.EMBEDDED,
        extract=_readme,
        ecosystem="Hugging Face model cards",
        licenses_from="license and license_name of the model card",
        # Every package of npm has a README.md; hardly any file starts like a card.
        magic=(b"---\n", b"---\r\n"),
        head=HEAD,
    ),
)
