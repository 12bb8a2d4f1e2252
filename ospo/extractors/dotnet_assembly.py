"""Assemblies of .NET by the version that their makers gave them, for programs without a `NAME.deps.json`.

Which package an assembly came in does not stand in it, so it is none of a registry. One that a
`NAME.deps.json` lists is found here as well, and owned by the package listed there. Assemblies of shared
runtimes, SDKs and reference packs are left out: those always have such a file.
Files that are no assemblies are left alone, as are translations (`de/NAME.resources.dll`).
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.pe import MANAGED, read_pe
from ospo.extractors.pe_version import version_strings
from ospo.extractors.records import bounded, checked
from ospo.model import Component, Evidence, Record

_OF_THE_PLATFORM = re.compile(
    r"(?:^|/)(?:shared/Microsoft\.[^/]+|sdk|packs/[^/]+|dotnet-sdk-[^/]+)/\d+\.\d[^/]*/"
)
_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){1,3}(?:-[0-9A-Za-z.-]{1,80})?")
_NOT_SET = frozenset(("", "0.0.0.0"))  # noqa: S104 - a version, not an address
_SHOWN = (
    ("ProductName", "dotnet:product"),
    ("ProductVersion", "dotnet:product-version"),
    ("FileVersion", "dotnet:file-version"),
)


def extract(file: File) -> Iterator[Record]:
    """Yield the assembly.

    Where the headers are damaged there is none: the extractor of Go programs tells that, one is enough.

    Raises:
        ParseError: the file has no name.
    """
    if file.name.endswith(".resources.dll") or _OF_THE_PLATFORM.search(file.path):
        return
    try:
        program = read_pe(file)
    except ParseError:
        return
    if program is None or not program.directory(MANAGED)[0]:
        return
    strings = {key: bounded(value).strip() for key, value in version_strings(program).items()}
    versions = (_VERSION.match(strings.get(field, "")) for field in ("ProductVersion", "FileVersion"))
    version = next((found[0] for found in versions if found and found[0] not in _NOT_SET), "")
    if not version:
        return
    yield Component(
        type="nuget",
        name=checked(file.name[: -len(".dll")], "name"),
        version=version,
        registered=False,
        supplier=strings.get("CompanyName", ""),
        description=strings.get("FileDescription", ""),
        properties=tuple((shown, strings[field]) for field, shown in _SHOWN if strings.get(field)),
    )


EXTRACTORS = (
    Extractor(
        name="dotnet-assembly",
        version=1,
        patterns=("**/*.dll", "**/*.exe"),
        evidence=Evidence.EMBEDDED,
        extract=extract,
        ecosystem=".NET",
        licenses_from="none",
    ),
)
