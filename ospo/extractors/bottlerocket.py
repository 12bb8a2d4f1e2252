"""Packages of Bottlerocket: the application inventory that its build leaves in the image.

They are built by rpm, whose database is not kept. Fields are those of Amazon's Systems Manager:
https://docs.aws.amazon.com/systems-manager/latest/userguide/inventory-schema.html
"""

from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.declared_values import json_object
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, without_login
from ospo.model import Component, Evidence, Record


def _inventory(file: File) -> Iterator[Record]:
    entries = json_object(file.data).get("Content")
    if not isinstance(entries, list):
        raise ParseError("has no list named Content")
    damage = ""
    for number, entry in enumerate(entries):
        try:
            yield _component(entry)
        except ParseError as error:
            damage = damage or f"Content[{number}] {error.message}"
    if damage:
        raise ParseError(damage)


def _component(entry: object) -> Component:
    if not isinstance(entry, dict):
        raise ParseError("is no object")

    def text(key: str) -> str:
        value = entry.get(key, "")
        if not isinstance(value, str):
            raise ParseError(f"has a {key} that is not text")
        return value

    # The versions of its own packages are all 0.0: only the release tells them apart.
    version, release, epoch = checked(text("Version"), "Version"), text("Release"), text("Epoch")
    homepage = without_login(text("Url"))
    qualifiers = (("arch", text("Architecture")), ("epoch", "" if epoch == "0" else epoch))
    return Component(
        type="bottlerocket",
        name=checked(text("Name"), "Name"),
        version=checked(f"{version}-{release}" if release else version, "Release"),
        qualifiers=tuple((key, bounded(value)) for key, value in qualifiers if value),
        supplier=bounded(text("Publisher")),
        description=bounded(text("Summary")),
        urls=(("website", homepage),) if homepage else (),
    )


EXTRACTORS = (
    Extractor(
        name="bottlerocket",
        version=1,
        patterns=("**/usr/share/bottlerocket/application-inventory.json",),
        evidence=Evidence.INSTALLED,
        extract=_inventory,
        ecosystem="Bottlerocket",
        licenses_from="none",
        database=True,
    ),
)
