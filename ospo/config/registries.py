"""`[registry."HOST"]`: what is configured about one registry."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ospo.config.files import Document
from ospo.config.unknown import unknown_key
from ospo.config.values import Given, dotted, read_flag, read_path, refusal
from ospo.errors import UsageError
from ospo.registry_settings import RegistrySettings

KEYS = ("ca_file", "insecure", "mirrors", "password_env", "token_hosts", "username_env")
"""The keys of each table, sorted."""

_HOST = r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
_IS_HOST = re.compile(_HOST)
_IS_MIRROR = re.compile(rf"{_HOST}(?:/[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)?")
_IS_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Registries:
    """All tables of registries together."""

    settings: RegistrySettings = field(default_factory=RegistrySettings)
    given: tuple[Given, ...] = ()
    """Every value with its place."""


def read_registries(document: Document) -> Registries:
    """Read all tables of registries.

    Raises:
        UsageError: a key is unknown, or a value makes no sense.
    """
    tables = document.section(("registry",), document.table.get("registry", {}))
    read: dict[str, dict[str, Any]] = {}
    given: list[Given] = []
    for host, table in tables.items():
        read[host] = values = {}
        for one in _values(document, host, table):
            values[one.key.rpartition(".")[2]] = _READERS[one.key.rpartition(".")[2]](one)
            given.append(one)
        _check_pair(document, host, values)
    return Registries(_settings(read), tuple(given))


def _values(document: Document, host: str, table: object) -> list[Given]:
    _check_host(document, host)
    values = []
    for key, value in document.section(("registry", host), table).items():
        if key not in KEYS and isinstance(value, dict):
            _check_host(document, key)
            raise refusal(
                document.given(("registry", host, key), value),
                "a host in quotes",
                hint='write [registry."registry.example"]: without quotes, TOML splits names at dots',
            )
        given = document.given(("registry", host, key), value)
        if key not in KEYS:
            raise unknown_key(given, dotted("registry", host), KEYS)
        values.append(given)
    return values


def _check_host(document: Document, host: str) -> None:
    """Refuse what is no host; one with an `@` carries credentials and is not shown."""
    if not _IS_HOST.fullmatch(host):
        raise refusal(
            document.given(("registry",) if "@" in host else ("registry", host), host),
            "a host in lower case, with port where it is not 443",
            hint='as in image references: [registry."registry.example:5000"]',
            conceal="@" in host,
        )


def _check_pair(document: Document, host: str, values: Mapping[str, object]) -> None:
    if ("username_env" in values) != ("password_env" in values):
        place = document.given(("registry", host), None)
        raise UsageError(f"{place.origin}: {place.key}: username_env and password_env belong together")


def _settings(read: Mapping[str, Mapping[str, Any]]) -> RegistrySettings:
    def by_host(key: str) -> dict[str, Any]:
        return {host: values[key] for host, values in sorted(read.items()) if key in values}

    passwords = by_host("password_env")
    return RegistrySettings(
        mirrors=by_host("mirrors"),
        ca_files=by_host("ca_file"),
        insecure=frozenset(host for host, insecure in by_host("insecure").items() if insecure),
        credentials={host: (name, passwords[host]) for host, name in by_host("username_env").items()},
        token_hosts=by_host("token_hosts"),
    )


def _mirrors(given: Given) -> tuple[str, ...]:
    return _list(given, _IS_MIRROR, 'a list such as ["mirror.example:5000/docker"]')


def _hosts(given: Given) -> tuple[str, ...]:
    return _list(given, _IS_HOST, 'a list of hosts such as ["auth.example"]')


def _list(given: Given, form: re.Pattern[str], expected: str) -> tuple[str, ...]:
    items = given.value if isinstance(given.value, list) else [None]
    for item in items:
        if not isinstance(item, str) or not form.fullmatch(item):
            raise refusal(given, expected, hint="write neither scheme nor credentials", conceal=True)
    return tuple(items)


def _variable(given: Given) -> str:
    """Read the name of an environment variable; what is none may be the secret itself."""
    if isinstance(given.value, str) and _IS_VARIABLE.fullmatch(given.value):
        return given.value
    raise refusal(given, "the name of an environment variable", conceal=True)


_READERS = {
    "ca_file": lambda given: str(read_path(given)),
    "insecure": read_flag,
    "mirrors": _mirrors,
    "password_env": _variable,
    "token_hosts": _hosts,
    "username_env": _variable,
}
