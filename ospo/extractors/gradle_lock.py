"""Gradle's lock files: what was resolved, and for which configurations.

Format: https://docs.gradle.org/current/userguide/dependency_locking.html. Until Gradle 6 there was one file
for each configuration, NAME.lockfile in gradle/dependency-locks, without the names of configurations.
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_text
from ospo.extractors.records import bounded, checked
from ospo.model import Component, Evidence, Record, Scope

_SHOWN = 500
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Words of names such as testRuntimeClasspath, androidTestCompile and kotlinCompilerPluginClasspathMain.
_TEST = frozenset(("test", "tests"))
_TOOLS = frozenset(
    (
        "annotation",
        "plugin",
        "checkstyle",
        "pmd",
        "spotbugs",
        "jacoco",
        "lint",
        "kapt",
        "ksp",
        "detekt",
        "ktlint",
    )
)
_RUN_TIME = "runtime"


def _gradle(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    damage = Damage()
    own = file.name.rpartition(".lockfile")[0] if file.folder.endswith("dependency-locks") else ""
    # settings-gradle.lockfile and buildscript-gradle.lockfile lock what the build itself runs.
    of_build = file.name.startswith(("buildscript", "settings"))
    for number, line in enumerate(lock_text(file).split("\n"), 1):
        line = line.strip()
        if line and not line.startswith(("#", "empty=")):
            with damage.at(f"line {number}"):
                yield _component(line, own, of_build=of_build)
    damage.report()


def _component(line: str, own: str, *, of_build: bool) -> Component:
    coordinates, _, names = line.partition("=")
    parts = coordinates.split(":")
    if len(parts) != 3:
        raise ParseError("is no group:name:version")
    group, name, version = (
        checked(part, what) for part, what in zip(parts, ("group", "name", "version"), strict=True)
    )
    configurations = [one for one in bounded(names or own).split(",") if one]
    return Component(
        type="maven",
        namespace=group,
        name=name,
        version=version,
        evidence=Evidence.DECLARED,
        scope=Scope.DEVELOPMENT if of_build else _scope(configurations),
        properties=(("gradle:configurations", ",".join(configurations)[:_SHOWN]),) if configurations else (),
    )


def _scope(configurations: list[str]) -> Scope:
    """Return development where every configuration is one of tests or tools, and runtime where in doubt.

    What one only compiles against is needed for the build; at run time the host brings it, if anything does.
    """
    kinds = [frozenset(word.lower() for word in _WORDS.findall(one)) for one in configurations]
    kinds = [kind for kind in kinds if _TEST.isdisjoint(kind) and _TOOLS.isdisjoint(kind)]
    if not kinds and configurations:
        return Scope.DEVELOPMENT
    only_compiled = bool(kinds) and all("compile" in kind and _RUN_TIME not in kind for kind in kinds)
    return Scope.OPTIONAL if only_compiled else Scope.RUNTIME


EXTRACTORS = (
    Extractor(
        name="gradle-lock",
        version=1,
        patterns=("**/*gradle.lockfile", "**/dependency-locks/*.lockfile"),
        evidence=Evidence.DECLARED,
        extract=_gradle,
        ecosystem="Gradle",
        licenses_from="none",
    ),
)
