"""Models in GGUF, the format of llama.cpp and Ollama, by name or by their first bytes.

Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#standardized-key-value-pairs. A model is named
by `general.repo_url` where that is on the Hugging Face hub, by the hub's own folder, else by the name it
gives itself together with what tells it from others of that name. Of a split model only the first part is
described, so their place names all parts.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from ospo.errors import ParseError
from ospo.extractors.gguf_header import HEAD, Header, fill
from ospo.extractors.gguf_tables import FILE_TYPES, TENSOR_TYPES
from ospo.extractors.huggingface_names import (
    by_address,
    by_place,
    dataset,
    licenses,
    local_model,
    properties,
    short,
)
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import NAME_LIMIT, bounded, without_login
from ospo.model import Component, Evidence, Record

_BLOB = re.compile(r"sha256[-:]([0-9a-f]{64})")
"""How Ollama names the files of its store."""
_MOST_SOURCES = 100


def _gguf(file: File) -> Iterator[Record]:
    header = Header()
    damage: ParseError | None = None
    try:
        fill(header, file)
    except ParseError as error:
        damage = error
    if damage is None or header.values:
        yield _model(header, file)
        yield from map(dataset, _sources(header, "dataset"))
    if damage is not None:
        raise damage


def _model(header: Header, file: File) -> Component:
    count = sum(header.types.values())
    parts = (header.number("split.count") or 0) > 1
    quantization = _quantization(header, parts)
    identity = _identity(
        header, file, parts, (("parameters", str(count or "")), ("quantization", quantization))
    )
    kind = header.text("general.type")
    blob = _BLOB.fullmatch(file.name)
    link = header.text("general.license.link")
    return replace(
        identity,
        licenses=licenses(
            header.text("general.license"),
            header.text("general.license.name"),
            "general.license",
            "general.license.name",
        ),
        supplier=bounded(header.text("general.organization") or header.text("general.author")),
        description=bounded(header.text("general.description")),
        urls=tuple(_urls(header)),
        provides=(f"sha256:{blob[1]}",) if blob else (),
        properties=properties(
            ("format", "gguf"),
            ("type", "" if kind == "model" else kind),
            ("name", header.text("general.name") if identity.name != header.text("general.name") else ""),
            ("architecture", header.text("general.architecture")),
            ("quantization", quantization),
            ("parameters", None if parts else count or None),
            ("base", _sources(header, "base_model")),
            ("source", short(_first(header, "general.source.repo_url", "general.source.url"))),
            ("dataset", _sources(header, "dataset")),
            ("license-link", "" if _is_address(link) else link),
        ),
    )


def _identity(header: Header, file: File, parts: bool, qualifiers: tuple[tuple[str, str], ...]) -> Component:
    place = by_place(file.path)
    name = " ".join(header.text("general.name").split())
    if named := by_address(header.text("general.repo_url")):
        return named
    if place.registered or parts or not name.strip("/ ") or "\0" in name or len(name) > NAME_LIMIT:
        return place
    known = tuple((key, value) for key, value in qualifiers if value)
    return local_model(name, bounded(header.text("general.version")), known)


def _quantization(header: Header, parts: bool) -> str:
    """Return what the file says, else the type that most parameters of a whole model have."""
    number = header.number("general.file_type")
    if number is not None and number in FILE_TYPES:
        return FILE_TYPES[number]
    if parts or not header.types:
        return ""
    return TENSOR_TYPES.get(header.types.most_common(1)[0][0], "")


def _sources(header: Header, what: str) -> list[str]:
    """Return the models or data sets that a model was made from, as "owner/name" where that is known."""
    count = header.number(f"general.{what}.count") or 0
    found: dict[str, None] = {}
    for number in range(min(max(count, 0), _MOST_SOURCES)):
        key = f"general.{what}.{number}"
        address = short(_first(header, f"{key}.repo_url").replace("/datasets/", "/", 1))
        owner, name = header.text(f"{key}.organization"), header.text(f"{key}.name")
        if text := address or " ".join(part for part in (owner, name) if part):
            found[bounded(text)] = None
    return list(found)


def _first(header: Header, *keys: str) -> str:
    return next((text for key in keys if (text := header.text(key))), "")


def _urls(header: Header) -> Iterator[tuple[str, str]]:
    for kind, key in (
        ("website", "general.url"),
        ("vcs", "general.repo_url"),
        ("license", "general.license.link"),
    ):
        url = header.text(key)
        if _is_address(url):
            yield kind, without_login(url)


def _is_address(text: str) -> bool:
    return text.startswith(("https://", "http://"))


EXTRACTORS = (
    Extractor(
        name="gguf",
        version=1,
        patterns=("**/*.gguf",),
        evidence=Evidence.EMBEDDED,
        extract=_gguf,
        ecosystem="GGUF models",
        licenses_from="general.license and general.license.name",
        magic=(b"GGUF",),
        head=HEAD,
    ),
)
