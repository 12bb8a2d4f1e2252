"""Java runtimes: the `release` file at the root of every JDK and JRE.

Keys: https://openjdk.org/jeps/223 and build scripts of vendors. There is no registry, so the package URL is
`generic`. All vendors build OpenJDK but for Oracle's commercial JDK; name and version are those that the
runtime's library shows too, so that both are one component, and the vendor is its supplier. What jlink writes
names neither vendor nor build: there the library says more.
"""

import re
from collections.abc import Iterator, Mapping

from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, without_login
from ospo.model import Component, ComponentKind, Evidence, Record

# Thirty times the largest; scripts of this name are mostly larger, and not meant.
_SIZE_LIMIT = 64 * 1024
_ASSIGNMENT = re.compile(r'([A-Z_]+)=("?)([^"]*)\2')
_VERSION = re.compile(r"\d{1,2}(?:\.\d{1,3}){0,4}(?:_\d{1,3})?(?:-?b\d{1,3})?(?:\+\d{1,3})?")
"""The release and its build, without what vendors add: "17.0.15+6", "1.8.0_422-b05"."""
_COMMERCIAL = "commercial"
_COMPILER = "jdk.compiler"
_PROPERTIES = {
    "JAVA_RUNTIME_VERSION": "jvm:runtime-version",
    "IMPLEMENTOR_VERSION": "jvm:implementor-version",
    "JVM_VARIANT": "jvm:variant",
}


def _jvm(file: File) -> Iterator[Record]:
    values = _values(file.text) if file.size <= _SIZE_LIMIT else {}
    commercial = values.get("BUILD_TYPE") == _COMMERCIAL
    if "JAVA_VERSION" not in values or not (commercial or {"IMPLEMENTOR", "FULL_VERSION"} & values.keys()):
        return
    image_type = _image_type(values)
    source = values.get("SOURCE_REPO", "")
    yield Component(
        type="generic",
        namespace="oracle" if commercial else "",
        name=image_type if commercial else "openjdk",
        version=checked(_version(values), "version"),
        kind=ComponentKind.PLATFORM,
        supplier=values.get("IMPLEMENTOR", ""),
        urls=(("vcs", without_login(source)),) if "://" in source else (),
        properties=(
            *((name, values[key]) for key, name in _PROPERTIES.items() if key in values),
            ("jvm:image-type", image_type),
        ),
    )


def _values(text: str) -> Mapping[str, str]:
    assignments = filter(None, (_ASSIGNMENT.fullmatch(line.strip()) for line in text.split("\n")))
    return {match[1]: bounded(match[3].strip()) for match in assignments if match[3].strip()}


def _version(values: Mapping[str, str]) -> str:
    for key in ("JAVA_RUNTIME_VERSION", "FULL_VERSION", "JAVA_VERSION"):
        if match := _VERSION.match(values.get(key, "")):
            return match[0]
    return ""


def _image_type(values: Mapping[str, str]) -> str:
    """Return "jdk" for what brings the compiler; Java 8 does not say so, and mostly is a JDK."""
    if declared := values.get("IMAGE_TYPE", "").lower():
        return "jre" if "jre" in declared else "jdk"
    return "jre" if "MODULES" in values and _COMPILER not in values["MODULES"].split() else "jdk"


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
