"""Values as the database keeps them, and back: components as JSON, platforms as text, times as seconds."""

import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from itertools import compress
from operator import attrgetter
from typing import Any
from urllib.parse import unquote

import orjson

from ospo.model import Component, ComponentKind, Distro, Evidence, Location, Platform, RawLicense, Scope

Pairs = tuple[tuple[str, str], ...]

_NAMES = tuple(field.name for field in fields(Component))
_values: Callable[[Component], tuple[Any, ...]] = attrgetter(*_NAMES)

_LEFT_OUT: dict[str, Any] = {"type": "", "name": "", "registered": False}
"""Empty values that are not what the model assumes."""

# A key is written by ospo.purl, which encodes these delimiters wherever they are not delimiters.
_KEY = re.compile(
    r"(?:local:)?pkg:(?P<type>[^/]*)/(?:(?P<namespace>[^?#@]*)/)?(?P<name>[^/?#@]*)(?:@(?P<version>[^?#]*))?"
)

_ESCAPES = {ord(delimiter): f"%{ord(delimiter):02X}" for delimiter in "%/()#"}
"""Of the parts of a platform."""


def encode_component(component: Component) -> str:
    """Write a component as JSON without its empty fields.

    Raises:
        ValueError: a text is not Unicode: it holds half a surrogate pair.
    """
    values = _values(component)
    kept = dict(compress(zip(_NAMES, values, strict=True), values))
    if component.scope is Scope.RUNTIME:  # nearly always: left out
        del kept["scope"]
    if component.direct is False:
        kept["direct"] = False
    return _dumps(kept)


def decode_component(data: str) -> Component:
    """Read what `encode_component` wrote."""
    stored: dict[str, Any] = orjson.loads(data)
    decoded = {name: _DECODERS[name](value) for name, value in stored.items()}
    return Component(**(_LEFT_OUT | decoded))


def encode_words(component: Component) -> str | None:
    """Write the distinct licence words of a component as a sorted JSON list; None when it has none."""
    if not component.licenses:
        return None
    return _dumps(sorted({license_.text for license_ in component.licenses}))


def decode_words(words: str | None) -> tuple[str, ...]:
    """Read what `encode_words` wrote."""
    return tuple(orjson.loads(words)) if words else ()


def key_parts(key: str) -> tuple[str, ...]:
    """Split a component key into type, namespace, name and version, without percent-encoding.

    Raises:
        ValueError: it is not a key.
    """
    match = _KEY.match(key)
    if match is None:
        raise ValueError(f"not a component key: {key}")
    parts = match.groups("")
    return tuple(map(unquote, parts)) if "%" in key else parts


def encode_pairs(pairs: Pairs) -> str:
    """Write pairs of texts as a JSON list of lists."""
    return _dumps(pairs)


def decode_pairs(data: str) -> Pairs:
    """Read what `encode_pairs` wrote."""
    return _pairs(orjson.loads(data))


def encode_list(texts: Sequence[str]) -> str:
    """Write texts as a JSON list.

    Raises:
        ValueError: one is not Unicode.
    """
    return _dumps(list(texts))


def decode_list(data: str) -> tuple[str, ...]:
    """Read what `encode_list` wrote."""
    return tuple(orjson.loads(data))


def encode_distro(distro: Distro | None) -> str | None:
    """Write a distribution as JSON."""
    return _dumps(distro) if distro else None


def decode_distro(data: str | None) -> Distro | None:
    """Read what `encode_distro` wrote."""
    if data is None:
        return None
    values = orjson.loads(data)
    return Distro(**(values | {"id_like": tuple(values["id_like"])}))


def encode_platform(platform: Platform | None) -> str:
    """Write `os[(version)]/architecture[/variant][#number]`, "" for None; delimiters are percent-encoded."""
    if platform is None:
        return ""
    system, version, *parts = (
        part.translate(_ESCAPES)
        for part in (platform.os, platform.version, platform.architecture, platform.variant)
    )
    text = "/".join((f"{system}({version})" if version else system, *parts)).removesuffix("/")
    return f"{text}#{platform.number}" if platform.number > 1 else text


def decode_platform(text: str) -> Platform | None:
    """Read what `encode_platform` wrote."""
    if not text:
        return None
    text, _, number = text.partition("#")
    system, *parts = text.split("/")
    system, _, version = system.partition("(")
    architecture, variant = map(unquote, (*parts, "")[:2])
    return Platform(
        unquote(system), architecture, variant, unquote(version.removesuffix(")")), int(number or 1)
    )


def encode_time(text: str) -> int:
    """Turn an RFC 3339 time into seconds since 1970, UTC.

    Raises:
        ValueError: it is none, or names no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without offset: {text}")
    return int(moment.timestamp())


def decode_time(seconds: int) -> str:
    """Write seconds since 1970 as RFC 3339, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _dumps(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:
        raise ValueError(str(error)) from error


def _same(value: Any) -> Any:
    return value


def _pairs(value: list[list[str]]) -> Pairs:
    return tuple((first, second) for first, second in value)


_DECODERS: dict[str, Callable[[Any], Any]] = dict.fromkeys(_NAMES, _same) | {
    "qualifiers": _pairs,
    "kind": ComponentKind,
    "licenses": lambda value: tuple(RawLicense(**one) for one in value),
    "urls": _pairs,
    "hashes": _pairs,
    "depends": tuple,
    "provides": tuple,
    "properties": _pairs,
    "scope": Scope,
    "evidence": Evidence,
    "locations": lambda value: tuple(Location(**one) for one in value),
}
