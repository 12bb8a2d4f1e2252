"""npm's lock files: package-lock.json and npm-shrinkwrap.json, versions 1 to 3.

Format: https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json
"""

from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_json
from ospo.extractors.locked import connected
from ospo.extractors.npm_folders import read_folders
from ospo.extractors.npm_lock_tree import Folders, entries_of_tree
from ospo.model import Evidence, Record


def _npm_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    lock = lock_json(file)
    damage = Damage()
    if isinstance(lock.get("packages"), dict):
        entries = lock["packages"]
    elif "lockfileVersion" in lock or "dependencies" in lock:
        entries = entries_of_tree(lock, file.sibling("package.json"), damage)
    else:
        raise ParseError("is no lock file of npm: it has neither packages nor lockfileVersion")
    packages, asked = read_folders(Folders(entries, damage), damage)
    yield from connected(packages, asked if "" in entries else None)
    damage.report()


EXTRACTORS = (
    Extractor(
        name="npm-lock",
        version=1,
        patterns=("**/package-lock.json", "**/npm-shrinkwrap.json"),
        evidence=Evidence.DECLARED,
        extract=_npm_lock,
        ecosystem="npm",
        licenses_from="license of each package, in lock files of version 2 and 3",
        siblings=("package.json",),
    ),
)
