"""Java runtimes: the `release` file at the root of every JDK and JRE.

Keys: https://openjdk.org/jeps/223, build scripts of vendors; jlink writes `JAVA_VERSION` and `MODULES` only.
There is no registry: the package URL is `generic`, with the implementor as its namespace.
"""

import re
from collections.abc import Iterator, Mapping

from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, without_login
from ospo.model import Component, ComponentKind, Evidence, Record

# Thirty times the largest; scripts of this name are mostly larger, and not meant.
_SIZE_LIMIT = 64 * 1024
_ASSIGNMENT = re.compile(r'([A-Z_]+)="?([^"]*)"?\s*')
_NOT_WORD = re.compile(r"[\W_]+")
_LEGAL_FORMS = frozenset(("co", "corp", "corporation", "gmbh", "inc", "incorporated", "llc", "ltd", "se"))
_CONFIRMING = ("IMPLEMENTOR", "MODULES", "OS_ARCH")
_COMPILER = "jdk.compiler"
_PROPERTIES = {
    "JAVA_VERSION": "jvm:java-version",
    "IMPLEMENTOR_VERSION": "jvm:implementor-version",
    "IMAGE_TYPE": "jvm:image-type",
    "JVM_VARIANT": "jvm:variant",
    "BUILD_TYPE": "jvm:build-type",
}


def _jvm(file: File) -> Iterator[Record]:
    if file.size > _SIZE_LIMIT:
        return
    assignments = filter(None, map(_ASSIGNMENT.fullmatch, file.text.split("\n")))
    values = {match[1]: bounded(match[2].strip()) for match in assignments if match[2].strip()}
    if "JAVA_VERSION" not in values or not any(key in values for key in _CONFIRMING):
        return
    implementor = values.get("IMPLEMENTOR", "")
    version = values.get("JAVA_RUNTIME_VERSION") or values.get("FULL_VERSION") or values["JAVA_VERSION"]
    source = values.get("SOURCE_REPO", "")
    yield Component(
        type="generic",
        namespace=_slug(implementor),
        name=_name(values),
        version=checked(version, "version"),
        kind=ComponentKind.PLATFORM,
        supplier=implementor,
        urls=(("vcs", without_login(source)),) if "://" in source else (),
        properties=tuple((name, values[key]) for key, name in _PROPERTIES.items() if key in values),
    )


def _name(values: Mapping[str, str]) -> str:
    """Return "jdk" for what brings the compiler; Java 8 does not say so, and mostly is a JDK."""
    if image_type := values.get("IMAGE_TYPE", "").lower():
        return "jre" if "jre" in image_type else "jdk"
    return "jre" if "MODULES" in values and _COMPILER not in values["MODULES"].split() else "jdk"


def _slug(implementor: str) -> str:
    """Return "azul-systems" for "Azul Systems, Inc."."""
    words = _NOT_WORD.sub(" ", implementor.lower()).split()
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return "-".join(words)


EXTRACTORS = (
    Extractor(
        name="jvm",
        version=1,
        patterns=("**/release",),
        evidence=Evidence.INSTALLED,
        extract=_jvm,
        ecosystem="Java runtimes",
        licenses_from="none",
    ),
)
