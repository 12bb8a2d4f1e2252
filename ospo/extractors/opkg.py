"""Packages of opkg (OpenWrt, Yocto): its database, its control files and its file lists.

The stanzas are those of dpkg. `status` says what is installed, and hardly more; what a package's own
control file adds, licences above all, joins it there: https://openwrt.org/docs/guide-user/additional-software/opkg
"""

from collections.abc import Iterator
from dataclasses import replace

from ospo.extractors import dpkg
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, without_login
from ospo.extractors.stanzas import Fields, records
from ospo.model import Component, Evidence, Ownership, Record

_PROPERTIES = (("opkg:source", "source"), ("opkg:cpe", "cpe-id"))


def _status(file: File) -> Iterator[Record]:
    yield from records(file, _package)


def _package(stanza: str) -> Iterator[Component]:
    fields = Fields(stanza)
    properties = ((name, bounded(fields.first(field))) for name, field in _PROPERTIES)
    for component in dpkg.package(stanza):
        # Source is a folder of the build system here, not a package that has a version.
        arch = tuple(pair for pair in component.qualifiers if pair[0] == "arch")
        given = tuple((name, value) for name, value in properties if value)
        url = without_login(fields.first("url"))
        urls = component.urls or ((("website", url),) if url else ())
        yield replace(component, qualifiers=arch, urls=urls, properties=given)


def _info(file: File) -> Iterator[Record]:
    if file.name.endswith(".control"):
        yield from records(file, _package)
    else:
        yield from _list(file)


def _list(file: File) -> Iterator[Ownership]:
    """Read one path a line; opkg of Yocto adds mode and link target behind tabs."""
    package = checked(file.name.removesuffix(".list"), "package name")
    paths = (line.partition("\t")[0].strip("/\r ") for line in file.text.split("\n"))
    if owned := "\n".join(path for path in paths if path):
        yield Ownership(package, owned)


EXTRACTORS = (
    Extractor(
        name="opkg",
        version=1,
        patterns=("**/lib/opkg/status",),
        evidence=Evidence.INSTALLED,
        extract=_status,
        ecosystem="opkg (OpenWrt, Yocto)",
        licenses_from="field License of the control files",
        database=True,
    ),
    Extractor(
        name="opkg-info",
        version=1,
        patterns=("**/lib/opkg/info/*.control", "**/lib/opkg/info/*.list"),
        evidence=Evidence.INSTALLED,
        extract=_info,
        ecosystem="opkg (OpenWrt, Yocto)",
        licenses_from="field License of the control files",
    ),
)
