"""Lock files of sbt-dependency-lock: build.sbt.lock and NAME.sbt.lock.

Format: https://stringbean.github.io/sbt-dependency-lock/file-formats/version-1.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import texts
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_json, typed_list, typed_table, typed_text
from ospo.extractors.lock_hashes import from_prefixed
from ospo.extractors.records import checked
from ospo.model import Component, Evidence, Record, Scope

_SHOWN = 500
# https://www.scala-sbt.org/1.x/docs/Scopes.html#Scoping+by+the+configuration+axis
_TESTS = frozenset(("test", "it", "test-internal", "it-internal"))
_HOSTED = frozenset(("provided", "optional", "compile-internal"))


def _sbt(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    lock = lock_json(file)
    if "lockVersion" not in lock:
        raise ParseError("is no lock file of sbt: it has no lockVersion")
    damage = Damage()
    for number, entry in enumerate(typed_list(lock.get("dependencies"), "dependencies")):
        with damage.at(f"dependencies[{number}]"):
            yield _component(typed_table(entry))
    damage.report()


def _component(entry: Mapping[str, Any]) -> Component:
    configurations = texts(entry.get("configurations"))
    artifacts = [one for one in typed_list(entry.get("artifacts"), "artifacts") if isinstance(one, dict)]
    # Of several it does not show which one is the archive and which its sources.
    hashes = texts([artifacts[0].get("hash")]) if len(artifacts) == 1 else []
    return Component(
        type="maven",
        namespace=checked(typed_text(entry.get("org"), "org"), "org"),
        name=checked(typed_text(entry.get("name"), "name"), "name"),
        version=checked(typed_text(entry.get("version"), "version"), "version"),
        hashes=from_prefixed(hashes),
        scope=_scope(set(configurations)),
        evidence=Evidence.DECLARED,
        properties=(("sbt:configurations", ",".join(configurations)[:_SHOWN]),) if configurations else (),
    )


def _scope(configurations: set[str]) -> Scope:
    """Return the widest scope that any configuration has."""
    if configurations and configurations <= _TESTS:
        return Scope.DEVELOPMENT
    return Scope.OPTIONAL if configurations and configurations <= _TESTS | _HOSTED else Scope.RUNTIME


EXTRACTORS = (
    Extractor(
        name="sbt-lock",
        version=1,
        patterns=("**/*.sbt.lock",),
        evidence=Evidence.DECLARED,
        extract=_sbt,
        ecosystem="sbt",
        licenses_from="none",
    ),
)
