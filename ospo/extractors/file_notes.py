"""Who reads what package managers note about files: `--verify-files` asks for them, other scans do not."""

from ospo.extractors import all_extractors, apk_notes, dpkg_notes, rpm_notes
from ospo.extractors.interface import Extractor

NOTES: tuple[Extractor, ...] = (dpkg_notes.NOTES, apk_notes.NOTES, *rpm_notes.NOTES)
"""What is asked beside all extractors."""

NOTES_VERSION = "-".join(str(extractor.version) for extractor in NOTES)
"""Names what cached facts depend on beside `facts_version`."""


def alone() -> tuple[Extractor, ...]:
    """Return what has to be asked where all other extractors were asked before: the lists of files again."""
    return (*NOTES, *(extractor for extractor in all_extractors() if extractor.name == "dpkg-files"))
