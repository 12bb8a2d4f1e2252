"""RPM packages of Azure Linux's distroless images, which have a list in the place of rpm's database.

One package a line, ten fields with tabs between: name, version-release, times of installation and build,
vendor, epoch or "(none)", size, architecture, epoch as a number, source package. What writes it:
https://github.com/microsoft/azurelinux/blob/3.0/toolkit/docs/how_it_works/5_misc.md
"""

from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import checked, people
from ospo.model import Component, Evidence

_FIELDS = 10
_NONE = "(none)"


def _manifest(file: File) -> Iterator[Component]:
    damage = Damage()
    for number, line in enumerate(file.text.split("\n"), 1):
        if line.strip():
            with damage.at(f"line {number}"):
                yield from _package(line)
    damage.report()


def _package(line: str) -> Iterator[Component]:
    fields = line.rstrip("\r").split("\t")
    if len(fields) != _FIELDS:
        raise ParseError(f"has {len(fields)} fields instead of {_FIELDS}")
    name, version, _, _, vendor, _, _, arch, epoch, source = fields
    if name == "gpg-pubkey":
        return
    if not all(part.strip("/ ") for part in version.partition("-")):
        raise ParseError("has no version with a release")
    pairs = (("arch", arch), ("epoch", "" if epoch == "0" else epoch), ("upstream", source))
    yield Component(
        type="rpm",
        name=checked(name, "name"),
        version=checked(version, "version"),
        qualifiers=tuple((key, checked(value, key)) for key, value in pairs if value not in ("", _NONE)),
        supplier=people("" if vendor == _NONE else vendor),
    )


EXTRACTORS = (
    Extractor(
        name="rpm-manifest",
        version=1,
        patterns=("**/var/lib/rpmmanifest/container-manifest-2",),
        evidence=Evidence.INSTALLED,
        extract=_manifest,
        ecosystem="RPM",
        licenses_from="none",
        database=True,
    ),
)
