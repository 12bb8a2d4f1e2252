"""Python eggs that are zip files, as easy_install put them; a file that leads to another folder is none.

Format: https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html
"""

from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.python import installed
from ospo.extractors.zip_reader import ZipArchive
from ospo.limits import MiB
from ospo.model import Evidence, Record

_METADATA = b"EGG-INFO/PKG-INFO"
_REQUIRES = b"EGG-INFO/requires.txt"
_SIZE_LIMIT = 1 * MiB
_LIBRARIES = ("site-packages", "dist-packages")
_TESTS = frozenset(("test", "tests", "testdata"))


def _egg(file: File) -> Iterator[Record]:
    # Others use the name too: without a zip's first bytes they are not meant.
    if file.content.read(0, 2) != b"PK" or _for_tests(file.path):
        return
    archive = ZipArchive(file.content, file.size, file.limits.memory_file)
    entries = {entry.raw_name: entry for entry in archive.entries((_METADATA.lower(), _REQUIRES.lower()))}
    if _METADATA not in entries:
        raise ParseError(f"has no {_METADATA.decode()}")
    requires = archive.read(entries[_REQUIRES], _SIZE_LIMIT) if _REQUIRES in entries else b""
    component = installed(archive.read(entries[_METADATA], _SIZE_LIMIT), requires)
    if component is not None:
        yield component


def _for_tests(path: str) -> bool:
    """Tell whether it lies in the tests of a library: those of Python and setuptools have eggs."""
    parts = path.split("/")
    starts = [at for at, part in enumerate(parts) if part in _LIBRARIES or part.startswith("python3.")]
    return bool(starts) and not _TESTS.isdisjoint(parts[starts[0] :])


EXTRACTORS = (
    Extractor(
        name="python-egg",
        version=1,
        patterns=("**/*.egg",),
        evidence=Evidence.INSTALLED,
        extract=_egg,
        ecosystem="Python",
        licenses_from="License-Expression, License and licence classifiers of the metadata",
    ),
)
