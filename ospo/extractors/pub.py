"""Dart and Flutter packages that a pubspec.lock pins.

Format: https://github.com/dart-lang/pub/blob/master/lib/src/lock_file.dart
It holds no edges: what is transitive counts as needed to run.
"""

from collections.abc import Iterator
from typing import Any

from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import table, vcs_url, words, yaml_mapping
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency
from ospo.extractors.lock_hashes import from_hex
from ospo.extractors.records import checked, without_login
from ospo.model import Component, Evidence, Record, Scope

_ASKED = {"direct main": True, "direct dev": True, "direct overridden": True, "transitive": False}


def _pubspec_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    damage = Damage()
    for name, entry in table(yaml_mapping(file).get("packages")).items():
        with damage.at(f"package {name!r}"):
            yield _component(name, table(entry))
    damage.report()


def _component(name: str, entry: dict[str, Any]) -> Component:
    description, source = table(entry.get("description")), words(entry.get("source"))
    asked, url = words(entry.get("dependency")), words(description.get("url"))
    is_git, is_hosted = source == "git", source == "hosted"
    return Component(
        type="pub",
        name=checked(words(description.get("name")) or name, "name"),
        version=checked(words(entry.get("version")), "version"),
        qualifiers=(("vcs_url", _commit(description)),) if is_git else (),
        # Of a folder, or of the SDK itself.
        registered=is_git or is_hosted,
        hashes=from_hex("sha256", words(description.get("sha256"))),
        scope=Scope.DEVELOPMENT if asked == "direct dev" else Scope.RUNTIME,
        direct=_ASKED.get(asked),
        properties=(("pub:hosted-url", without_login(url)),) if is_hosted and url else (),
    )


def _commit(description: dict[str, Any]) -> str:
    commit, folder = words(description.get("resolved-ref")), words(description.get("path"))
    address = vcs_url(words(description.get("url")), commit)
    return address if folder in ("", ".") else f"{address}#{folder}"


EXTRACTORS = (
    Extractor(
        name="pub",
        version=1,
        patterns=("**/pubspec.lock",),
        evidence=Evidence.DECLARED,
        extract=_pubspec_lock,
        ecosystem="Dart",
        licenses_from="none",
    ),
)
