"""Formulae that Homebrew installed: the receipt and the formula in each folder of the Cellar.

Both name the package by their folder, Cellar/NAME/VERSION, and join there: the formula has license and
description, the receipt what it needs and who asked for it. https://docs.brew.sh/Formula-Cookbook
"""

import re
from collections.abc import Iterator

from ospo.extractors.declared_values import json_object
from ospo.extractors.homebrew_license import formula_license
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, small, without_login
from ospo.limits import MiB
from ospo.model import Component, Evidence, RawLicense, Record

_SIZE_LIMIT = MiB
"""Ten times the longest formula, which lists all the resources of a cloud's command-line tools."""
_PLACE = re.compile(r"(?:.*/)?Cellar/([^/]+)/([^/]+)/(?:\.brew/[^/]+\.rb|INSTALL_RECEIPT\.json)", re.DOTALL)
_TEXT = r'^  %s[ \t]+"((?:[^"\\\n]|\\.)*)"'
_DESCRIPTION = re.compile(_TEXT % "desc", re.MULTILINE)
_HOMEPAGE = re.compile(_TEXT % "homepage", re.MULTILINE)
_CORE = "homebrew/core"


def _installed(file: File) -> Iterator[Record]:
    place = _PLACE.fullmatch(file.path)
    if place is None:
        return
    name, version = checked(place[1], "name"), checked(place[2], "version")
    data = small(file, _SIZE_LIMIT)
    read = _formula if file.name.endswith(".rb") else _receipt
    yield read(name, version, data)


def _formula(name: str, version: str, data: bytes) -> Component:
    text = data.decode("utf-8", "replace")
    license_ = bounded(formula_license(text))
    description, homepage = _DESCRIPTION.search(text), _HOMEPAGE.search(text)
    return Component(
        type="brew",
        name=name,
        version=version,
        licenses=(RawLicense(license_, "license"),) if license_ else (),
        description=bounded(description[1].replace('\\"', '"')) if description else "",
        urls=(("website", without_login(homepage[1])),) if homepage else (),
    )


def _receipt(name: str, version: str, data: bytes) -> Component:
    receipt = json_object(data)
    asked = receipt.get("installed_on_request")
    source = receipt.get("source")
    tap = source.get("tap") if isinstance(source, dict) else None
    foreign = isinstance(tap, str) and tap != _CORE
    return Component(
        type="brew",
        name=name,
        version=version,
        depends=_depends(receipt.get("runtime_dependencies")),
        direct=asked if isinstance(asked, bool) else None,
        properties=(("homebrew:tap", bounded(str(tap))),) if foreign else (),
    )


def _depends(needs: object) -> tuple[str, ...]:
    """Return the names of what it needs, which have ORGANISATION/TAP in front where they are of no core."""
    names: dict[str, None] = {}
    for need in needs if isinstance(needs, list) else ():
        match need:
            case {"full_name": str(full_name)}:
                names[full_name.rpartition("/")[2]] = None
    return tuple(name for name in names if name)


EXTRACTORS = (
    Extractor(
        name="homebrew",
        version=1,
        patterns=("**/Cellar/*/*/.brew/*.rb", "**/Cellar/*/*/INSTALL_RECEIPT.json"),
        evidence=Evidence.INSTALLED,
        extract=_installed,
        ecosystem="Homebrew",
        licenses_from="license of the formula",
    ),
)
