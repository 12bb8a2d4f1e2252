"""What models and data sets are called: as on the Hugging Face hub where a file says so, by their place else.

The purl type: https://github.com/package-url/purl-spec/blob/main/types/huggingface-definition.json. It is for
models only and its version is a commit, so data sets are never registered, and no other version word is used.
The hub's folders: https://huggingface.co/docs/huggingface_hub/guides/manage-cache.
"""

import re
from collections import Counter
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.records import bounded, checked, without_login
from ospo.model import Component, ComponentKind, Evidence, RawLicense

_CACHED = re.compile(r"(?:.*/)?models--([^/]+)/(?:(?:blobs|refs)/[^/]+|snapshots/([^/]+)/(.*))", re.DOTALL)
_ADDRESS = re.compile(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/", re.IGNORECASE)
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[\w.-]{1,96}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_PAGES = frozenset(("blog", "collections", "datasets", "docs", "papers", "posts", "spaces"))
"""Words that addresses of the hub have in the place of an owner where they name no model."""

_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_USUAL = re.compile(
    r"(?:model|pytorch_model|diffusion_pytorch_model|adapter_model|consolidated|weights)(?:[._-].*)?",
    re.IGNORECASE | re.DOTALL,
)
"""Names that say nothing: the folder tells which model it is."""

_PACKED = ("I16", "I32", "I64", "U", "BOOL", "STRING")
_MOST_ITEMS = 100
_POINTER = b"version https://git-lfs.github.com/spec/"


def refuse_pointer(start: bytes) -> None:
    """Raise `ParseError` for what Git leaves in the place of a large file that was not fetched."""
    if start.startswith(_POINTER):
        raise ParseError("is a pointer of Git LFS: the file itself is not here")


def is_shard(path: str) -> bool:
    """Tell whether a file is one of several that make a model together."""
    return bool(_SHARD.search(_stem(path)))


def is_cached(path: str) -> bool:
    """Tell whether a file lies where the hub's own library keeps models."""
    return bool(_CACHED.fullmatch(path))


def is_id(text: str) -> bool:
    """Tell whether a text is the name of a model on the hub, as "owner/name"."""
    return bool(_ID.fullmatch(text))


def is_commit(text: str) -> bool:
    """Tell whether a text is a commit, the only version that a model on the hub has."""
    return bool(_COMMIT.fullmatch(text))


def by_place(path: str) -> Component:
    """Name the model that a file belongs to by where it lies.

    Raises:
        ParseError: the path cannot be a name.
    """
    if cached := _CACHED.fullmatch(path):
        owner, name = _owner(cached[1])
        version = cached[2] or ""
        return hub_model(
            owner, name, version if is_commit(version) else "", (cached[3] or "").rpartition("/")[0]
        )
    folder, stem = path.rpartition("/")[0], _SHARD.sub("", _stem(path))
    if folder and (not stem or _USUAL.fullmatch(stem)):
        folder, _, stem = folder.rpartition("/")
    return _local(ComponentKind.MODEL, folder, stem)


def by_folder(path: str) -> Component:
    """Name the model that a description in a folder is about.

    Raises:
        ParseError: the path cannot be a name.
    """
    return by_place(f"{path.rpartition('/')[0]}/model".removeprefix("/"))


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0] or path.rpartition("/")[2].lstrip(".")


def _owner(folder: str) -> tuple[str, str]:
    owner, _, name = folder.rpartition("--")
    return owner, checked(name, "name")


def hub_model(owner: str, name: str, version: str = "", subpath: str = "") -> Component:
    """Make a model of the hub."""
    return Component(
        "huggingface",
        name,
        version,
        owner,
        subpath=subpath,
        kind=ComponentKind.MODEL,
        evidence=Evidence.EMBEDDED,
    )


def by_address(address: str) -> Component | None:
    """Return the model that an address on the hub names, None for any other address."""
    match = _ADDRESS.match(address)
    id_ = "/".join(address[match.end() :].split("?")[0].split("#")[0].split("/")[:2]) if match else ""
    owner, _, name = id_.partition("/")
    if not _ID.fullmatch(id_) or owner in _PAGES:
        return None
    return hub_model(owner, name.removesuffix(".git"))


def short(text: str) -> str:
    """Return "owner/name" for an address on the hub, and any other text as it is."""
    model = by_address(text)
    return f"{model.namespace}/{model.name}" if model else without_login(text)


def local_model(name: str, version: str, qualifiers: tuple[tuple[str, str], ...]) -> Component:
    """Make a model that is known by the name it gives itself; qualifiers keep others of that name apart.

    Raises:
        ParseError: that is no name.
    """
    model = _local(ComponentKind.MODEL, "", name)
    return Component(
        model.type, model.name, version, qualifiers=qualifiers, registered=False, kind=model.kind,
        evidence=Evidence.EMBEDDED,
    )  # fmt: skip


def dataset(name: str) -> Component:
    """Make a data set that a model says it was trained on.

    Raises:
        ParseError: that is no name.
    """
    owner, _, bare = checked(name.strip(), "name of a data set").strip("/").rpartition("/")
    return _local(ComponentKind.DATA, f"datasets/{owner}" if owner else "datasets", bare, Evidence.DECLARED)


def _local(kind: ComponentKind, folder: str, name: str, evidence: Evidence = Evidence.EMBEDDED) -> Component:
    return Component(
        "generic", checked(name, "name"), namespace=folder, registered=False, kind=kind, evidence=evidence
    )


def licenses(license_: object, name: object, field: str, name_field: str) -> tuple[RawLicense, ...]:
    """Return licence words; what the hub calls "other" is known by its own name, which so comes first."""
    raws = [RawLicense(words, field) for words in _texts(license_)]
    named = [RawLicense(words, name_field) for words in _texts(name)]
    other = all(raw.text.lower() in ("other", "unknown") for raw in raws)
    return tuple(dict.fromkeys(named + raws if other else raws + named))


def _texts(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and item.strip():
            yield bounded(item.strip())


def parameters(types: Counter[str]) -> int | None:
    """Return how many weights there are, None where most are whole numbers: each packs several of them."""
    packed = sum(count for kind, count in types.items() if kind.startswith(_PACKED))
    count = types.total()
    return count if count and 2 * packed <= count else None


def properties(*pairs: tuple[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the properties `model:…` of what has a value: texts and numbers, and lists of them."""
    found: dict[tuple[str, str], None] = {}
    for name, value in pairs:
        for item in value[:_MOST_ITEMS] if isinstance(value, list | tuple) else [value]:
            text = bounded(item.strip()) if isinstance(item, str) else _number(item)
            if text:
                found[f"model:{name}", text] = None
    return tuple(found)


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else ""
