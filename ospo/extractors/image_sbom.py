"""SBOMs that the packages of Wolfi and Chainguard leave in `var/lib/db/sbom`: what each was built from.

An SBOM in an image is evidence, never the truth about what is installed, so of all documents that may lie
there (`*.spdx.json`, `*.cdx.json`, `*.spdx`, `*.cdx`) only these are read: the package manager puts them
there with the package that they describe, and takes them away with it. Others tell of something else or
cannot be told from those that do: libraries ship lists of what was copied into them once and has been changed
since (pip's `pip/_vendor/bom.cdx.json`), programs ship test data, and images that were scanned keep the
report. What wheels bring in `dist-info/sboms` is a property of the package, see `ospo.extractors.python`.

Of a document's packages, the sources that the package was generated from and what it contains are `embedded`.
The package itself is left to the package database, which also knows its origin and its files, and so are
other packages of operating systems; the build recipe (DESCRIBED_BY) is not in the image.
Format: https://spdx.github.io/spdx-spec/v2.3/
"""

from collections.abc import Iterator
from dataclasses import replace

from ospo.extractors.damage import Damage
from ospo.extractors.interface import Extractor, File
from ospo.extractors.spdx_document import identified, read_document, text_of
from ospo.model import Evidence, Record

_DATABASES = frozenset(("alpm", "apk", "deb", "rpm"))
_PARTS = frozenset(("CONTAINS", "DEPENDS_ON", "GENERATED_FROM", "STATIC_LINK"))


def _image_sbom(file: File) -> Iterator[Record]:
    document = read_document(file.data)
    parts = {target for _, type_, target in document.relationships if type_ in _PARTS}
    damage = Damage()
    for number, package in enumerate(document.packages):
        if text_of(package, "SPDXID") not in parts:
            continue
        with damage.at(f"packages[{number}]"):
            component = identified(package)
            if component is not None and component.type not in _DATABASES:
                yield replace(component, properties=(("sbom:document", file.path),))
    damage.report()


EXTRACTORS = (
    Extractor(
        name="image-sbom",
        version=1,
        patterns=("var/lib/db/sbom/*.spdx.json",),
        evidence=Evidence.EMBEDDED,
        extract=_image_sbom,
        ecosystem="SBOMs in images",
        licenses_from="licenseDeclared of the SPDX documents",
    ),
)
