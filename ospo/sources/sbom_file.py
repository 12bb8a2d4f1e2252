"""The components that an SBOM lists: `sbom:PATH`, CycloneDX (JSON, XML) or SPDX (JSON)."""

import hashlib
from pathlib import Path

from ospo.errors import TargetError
from ospo.model import Artifact, ArtifactKind, Target, TargetKind
from ospo.sbom import cyclonedx_reader, spdx
from ospo.sbom.listing import Listing
from ospo.sources.fields import Fields, read_fields
from ospo.sources.interface import SbomFile, SourceOptions
from ospo.sources.local import read_bounded
from ospo.sources.platforms import refuse_platforms

_SUPPORTED = "supported are CycloneDX 1.2 to 1.7 as JSON or XML, and SPDX 2.2 and 2.3 as JSON"
_XML = "let the tool that wrote it write it again: as JSON, or as XML without a document type"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def open_sbom(rest: str, options: SourceOptions) -> tuple[SbomFile, ...]:
    """Read an SBOM.

    Raises:
        UsageError: a platform is asked for.
        TargetError: the file is not there, larger than `limits.sbom_size`, or not a supported SBOM.
    """
    refuse_platforms(options, "an SBOM")
    path = Path(rest).expanduser()
    data = read_bounded(path, options.limits.sbom_size)
    name = f"sbom:{path.resolve()}"
    listing = read_sbom(data, str(path))
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return (
        SbomFile(
            Target(name, TargetKind.SBOM, name, f"sbom:{rest}"),
            Artifact(ArtifactKind.SBOM, digest, media_type=listing.version, created=listing.created),
            listing.components(),
            listing.dependencies(),
            listing.distribution(),
            tuple(sorted(listing.problems)),
        ),
    )


def read_sbom(data: bytes, document: str) -> Listing:
    """Read an SBOM in whichever supported format it is.

    Raises:
        TargetError: it is none, or malformed; the message names `document` and the field or position.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK)
    if data.lstrip()[:1] == b"<":
        # Imports cyclonedx-python-lib: 0.12 s of CPU.
        from ospo.sbom import library

        try:
            values = library.read_xml(data, document)
        except TargetError as error:
            raise TargetError(error.message, hint=error.hint or _XML) from error
        return cyclonedx_reader.read(Fields(document, "", values))
    fields = read_fields(data, document, _SUPPORTED)
    if fields.values.get("bomFormat") == "CycloneDX":
        return cyclonedx_reader.read(fields)
    if "spdxVersion" in fields.values:
        return spdx.read(fields)
    raise TargetError(f"{document}: neither CycloneDX nor SPDX 2", hint=_SUPPORTED)
