"""Nix packages: the database of the store, and without it what lies in the store.

Images that Nix itself built mostly have a store without a database. Its folders are not files, so each is
told by programs and libraries in it. Schema of the database:
https://github.com/NixOS/nix/blob/master/src/libstore/schema.sql
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.nix_names import store_component
from ospo.extractors.sqlite_tables import rows
from ospo.model import Component, Evidence, Record

_TABLES = {"ValidPaths": ("id", "path"), "Refs": ("referrer", "reference")}
_STORE = "/nix/store/"


def _database(file: File) -> Iterator[Record]:
    paths: dict[int, str] = {}
    needs: dict[int, list[int]] = defaultdict(list)
    damage: ParseError | None = None
    try:
        for table, row in rows(file, _TABLES):
            match table, row:
                case "ValidPaths", (int(key), str(path)):
                    paths[key] = path
                case "Refs", (int(key), int(other)) if key != other:
                    needs[key].append(other)
    except ParseError as error:
        damage = error
    for key, path in paths.items():
        needed = [paths[other].rpartition("/")[2] for other in needs[key] if other in paths]
        yield from _component(path, needed)
    if damage is not None:
        raise damage


def _component(path: str, needed: list[str]) -> Iterator[Component]:
    component = store_component(path)
    if component is not None:
        yield replace(component, depends=tuple(dict.fromkeys(needed)))


def _stored(file: File) -> Iterator[Record]:
    folder = f"/{file.path}".partition(_STORE)[2].partition("/")[0]
    component = store_component(folder)
    if component is not None:
        yield component


EXTRACTORS = (
    Extractor(
        name="nix",
        version=1,
        patterns=("**/nix/var/nix/db/db.sqlite",),
        evidence=Evidence.INSTALLED,
        extract=_database,
        ecosystem="Nix",
        licenses_from="none",
        database=True,
    ),
    Extractor(
        name="nix-store",
        version=1,
        patterns=(
            "**/nix/store/*/bin/*",
            "**/nix/store/*/lib/*.so",
            "**/nix/store/*/lib/lib*.so.*",
            "**/nix/store/*/etc/ssl/certs/ca-bundle.crt",
            "**/nix/store/*/share/zoneinfo/tzdata.zi",
        ),
        evidence=Evidence.INSTALLED,
        extract=_stored,
        ecosystem="Nix",
        licenses_from="none",
        # The path tells everything.
        head=1,
    ),
)
