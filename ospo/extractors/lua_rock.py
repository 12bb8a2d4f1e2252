"""Installed Lua rocks: the specification that LuaRocks keeps in its tree, `rocks-5.4/NAME/VERSION/`.

Format: https://github.com/luarocks/luarocks/blob/main/docs/rockspec_format.md. It is a Lua program, which may
compute what it assigns, so name and version are those of the folders, which LuaRocks made when it ran it.
"""

from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lua_tables import Value, assigned
from ospo.extractors.records import bounded, checked, people, small, without_login
from ospo.limits import MiB
from ospo.model import Component, Evidence, RawLicense, Record

_SIZE_LIMIT = 1 * MiB


def _rock(file: File) -> Iterator[Record]:
    *_, name, version, specification = file.path.split("/")
    if specification != f"{name}-{version}.rockspec":
        return
    values: dict[str, Value] = {}
    damage = None
    try:
        values = assigned(small(file, _SIZE_LIMIT).decode("utf-8", "replace"))
    except ParseError as error:
        damage = error
    description = _table(values, "description")
    namespace = (file.sibling("rock_namespace") or b"")[:100].decode("utf-8", "replace").strip()
    license_ = _text(description, "license")
    yield Component(
        type="luarocks",
        namespace=namespace,
        name=checked(name, "name").lower(),
        version=checked(version, "version"),
        licenses=(RawLicense(license_, "license"),) if license_ else (),
        supplier=people(_text(description, "maintainer")),
        description=_text(description, "summary"),
        urls=tuple(_urls(description, _text(_table(values, "source"), "url"))),
        depends=tuple(_depends(_table(values, "dependencies"))),
        # Others mostly need it without its namespace.
        provides=(name.lower(),) if namespace else (),
    )
    if damage:
        raise damage


def _table(values: dict[str, Value], name: str) -> dict[str, Value]:
    value = values.get(name)
    return value if isinstance(value, dict) else {}


def _text(values: dict[str, Value], name: str) -> str:
    value = values.get(name)
    return bounded(" ".join(value.split())) if isinstance(value, str) else ""


def _urls(description: dict[str, Value], source: str) -> Iterator[tuple[str, str]]:
    kind = "vcs" if source.startswith("git") or source.endswith(".git") else "distribution"
    pairs = (
        ("website", _text(description, "homepage")),
        ("issue-tracker", _text(description, "issues_url")),
        (kind, source),
    )
    yield from ((kind, without_login(url)) for kind, url in pairs if "://" in url)


def _depends(dependencies: dict[str, Value]) -> Iterator[str]:
    """Yield the names of what it needs; Lua itself is no rock."""
    for requirement in dependencies.values():
        name = requirement.lower().split()[:1] if isinstance(requirement, str) else []
        if name and name != ["lua"]:
            yield name[0]


EXTRACTORS = (
    Extractor(
        name="lua-rock",
        version=1,
        patterns=("**/rocks*/*/*/*.rockspec",),
        evidence=Evidence.INSTALLED,
        extract=_rock,
        ecosystem="Lua",
        licenses_from="description.license of the rockspec",
        siblings=("rock_namespace",),
    ),
)
