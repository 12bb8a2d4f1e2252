"""PEAR and PECL packages: the registry in PHP's folder, one serialized `package.xml` for each.

Fields: https://pear.php.net/manual/en/guide.developers.package2.php; those of the older version 1.0 are flat.
"""

from collections.abc import Iterator

from ospo.extractors.interface import Extractor, File
from ospo.extractors.php_serialized import Value, unserialized
from ospo.extractors.records import bounded, checked, people, without_login
from ospo.model import Component, Evidence, RawLicense, Record

_DEFAULT_CHANNEL = "pear.php.net"
_CHANNEL_FOLDER = ".channel."
_NO_CHANNEL = "__uri"
"""The channel of what was installed from an address."""


def _pear(file: File) -> Iterator[Record]:
    package = unserialized(file.data)
    channel = _text(package, "channel") or _folders_channel(file) or _DEFAULT_CHANNEL
    uri = _text(_array(_array(package, "license"), "attribs"), "uri")
    yield Component(
        type="pear",
        namespace=checked(channel, "channel"),
        name=checked(_text(package, "name") or _text(package, "package"), "name"),
        version=checked(_text(_array(package, "version"), "release") or _text(package, "version"), "version"),
        registered=channel != _NO_CHANNEL,
        licenses=tuple(_licenses(package)),
        supplier=people(", ".join(_names(package))),
        description=_text(package, "summary"),
        urls=(("license", without_login(uri)),) if "://" in uri else (),
        depends=tuple(dict.fromkeys(_depends(package))),
    )


def _folders_channel(file: File) -> str:
    """Return the channel after which the folder is named; the default one has no folder of its own."""
    folder = file.folder.rpartition("/")[2]
    return folder.removeprefix(_CHANNEL_FOLDER) if folder.startswith(_CHANNEL_FOLDER) else ""


def _array(parent: dict[str, Value], field: str) -> dict[str, Value]:
    value = parent.get(field)
    return value if isinstance(value, dict) else {}


def _text(parent: dict[str, Value], field: str) -> str:
    value = parent.get(field)
    return bounded(value.strip()) if isinstance(value, str) else ""


def _each(parent: dict[str, Value], field: str) -> Iterator[dict[str, Value]]:
    """Yield the arrays of a list, or the one array that stands there instead."""
    value = _array(parent, field)
    yield from ([value] if "name" in value else [item for item in value.values() if isinstance(item, dict)])


def _licenses(package: dict[str, Value]) -> Iterator[RawLicense]:
    words = _text(package, "license") or _text(_array(package, "license"), "_content")
    for field, text in (("license", words), ("release_license", _text(package, "release_license"))):
        if text:
            yield RawLicense(text, field)


def _names(package: dict[str, Value]) -> Iterator[str]:
    for field in ("lead", "maintainers"):
        for person in _each(package, field):
            if name := _text(person, "name"):
                yield name


def _depends(package: dict[str, Value]) -> Iterator[str]:
    """Yield the packages that it cannot do without; extensions of PHP are none."""
    for needed in _each(_array(_array(package, "dependencies"), "required"), "package"):
        if name := _text(needed, "name"):
            yield f"{_text(needed, 'channel') or _DEFAULT_CHANNEL}/{name}"


EXTRACTORS = (
    Extractor(
        name="pear",
        version=1,
        patterns=("**/.registry/**/*.reg",),
        evidence=Evidence.INSTALLED,
        extract=_pear,
        ecosystem="PEAR and PECL",
        licenses_from="license of the registry",
    ),
)
