"""The dependencies that a pom.xml declares.

Format: https://maven.apache.org/pom.html and
https://maven.apache.org/guides/introduction/introduction-to-dependency-mechanism.html.
A version that a parent or an imported bill of materials manages is not in the file: such a dependency has
none, and neither has one with a range, of which any version may come.
"""

from collections import ChainMap
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency
from ospo.extractors.locked import Locked, connected
from ospo.extractors.maven_model import Model, children, read_model
from ospo.extractors.records import bounded, checked, small, without_login
from ospo.limits import MiB
from ospo.model import Component, ComponentKind, Evidence, RawLicense, Record, Scope

_SIZE_LIMIT = 4 * MiB
_SHOWN = 200
"""Characters of a requirement that is no version."""

_DEPENDENCIES = ("dependencies", "dependency")
_MANAGED = ("dependencyManagement", "dependencies", "dependency")
# What a host provides is needed at run time, if there is that host.
_SCOPES = {"test": Scope.DEVELOPMENT, "provided": Scope.OPTIONAL}
# https://maven.apache.org/ref/current/maven-core/artifact-handlers.html: type -> extension, classifier.
_TYPES = {
    "": ("jar", ""),
    "test-jar": ("jar", "tests"),
    "ejb": ("jar", ""),
    "ejb-client": ("jar", "client"),
    "maven-plugin": ("jar", ""),
    "bundle": ("jar", ""),
    "java-source": ("jar", "sources"),
    "javadoc": ("jar", "javadoc"),
}


@dataclass(frozen=True, slots=True)
class _Dependency:
    group: str
    artifact: str
    type: str
    classifier: str
    version: str
    scope: str
    optional: bool

    @property
    def managed_as(self) -> tuple[str, str, str, str]:
        return self.group, self.artifact, self.type or "jar", self.classifier


def _pom(file: File) -> Iterator[Record]:
    # In META-INF lies what the maker of an unpacked archive declared.
    if is_of_a_dependency(file) or "META-INF" in file.path.split("/"):
        return
    damage = Damage()
    model = read_model(small(file, _SIZE_LIMIT))
    found = dict(enumerate(_dependencies(model, damage)))
    packages = {str(number): Locked(component) for number, component in found.items()}
    needs = tuple((key, package.component.scope) for key, package in packages.items())
    with damage.at("the project"):
        packages["project"] = Locked(_project(model), needs)
    yield from connected(packages, {key for key, _ in needs})
    damage.report()


def _dependencies(model: Model, damage: Damage) -> Iterator[Component]:
    """Yield what is always needed, then what profiles add, which somebody has to ask for."""
    managed = _management(model, model.root)
    yield from _declared(model, model.root, managed, damage)
    for profile in children(model.root, "profiles", "profile"):
        inner = model.with_profile(profile)
        for component in _declared(inner, profile, ChainMap(_management(inner, profile), managed), damage):
            scope = Scope.OPTIONAL if component.scope is Scope.RUNTIME else component.scope
            yield replace(component, scope=scope)


def _management(model: Model, element: Element) -> dict[tuple[str, str, str, str], _Dependency]:
    found = (_dependency(model, one) for one in children(element, *_MANAGED))
    return {one.managed_as: one for one in found if one.scope != "import"}


def _declared(
    model: Model,
    element: Element,
    managed: MutableMapping[tuple[str, str, str, str], _Dependency],
    damage: Damage,
) -> Iterator[Component]:
    for number, one in enumerate(children(element, *_DEPENDENCIES), 1):
        with damage.at(f"dependency {number}"):
            dependency = _dependency(model, one)
            if same := managed.get(dependency.managed_as):
                dependency = replace(
                    dependency,
                    version=dependency.version or same.version,
                    scope=dependency.scope or same.scope,
                    optional=dependency.optional or same.optional,
                )
            yield _component(dependency)


def _dependency(model: Model, element: Element) -> _Dependency:
    names = ("groupId", "artifactId", "type", "classifier", "version", "scope")
    group, artifact, type_, classifier, version, scope = (model.text(element, name) for name in names)
    optional = model.text(element, "optional") == "true"
    return _Dependency(group, artifact, type_, classifier, version, scope, optional)


def _component(dependency: _Dependency) -> Component:
    extension, classifier = _TYPES.get(dependency.type, (dependency.type, ""))
    qualifiers = (
        ("type", "" if extension == "jar" else extension),
        ("classifier", dependency.classifier or classifier),
    )
    version = _exact(dependency.version)
    properties = (
        ("maven:requirement", "" if version else dependency.version),
        ("maven:scope", dependency.scope),
    )
    return Component(
        type="maven",
        namespace=_coordinate(dependency.group, "groupId"),
        name=_coordinate(dependency.artifact, "artifactId"),
        version=version,
        qualifiers=tuple((name, _coordinate(value, name)) for name, value in qualifiers if value),
        registered=dependency.scope != "system",
        scope=Scope.OPTIONAL if dependency.optional else _SCOPES.get(dependency.scope, Scope.RUNTIME),
        evidence=Evidence.DECLARED,
        properties=tuple((name, value[:_SHOWN]) for name, value in properties if value),
    )


def _coordinate(text: str, what: str) -> str:
    if "${" in checked(text, what):
        raise ParseError(f"has a {what} that another file defines ({text[:100]})")
    return text


def _exact(version: str) -> str:
    """Return the only version that is meant, "" for ranges, for what others define, and for the latest.

    https://maven.apache.org/pom.html#dependency-version-requirement-specification
    """
    if version.startswith("[") and version.endswith("]") and "," not in version:
        version = version[1:-1].strip()
    floating = version.startswith(("[", "(")) or "," in version or version in ("", "LATEST", "RELEASE")
    return "" if floating or "${" in version else checked(version, "version")


def _project(model: Model) -> Component:
    group = model.resolved("${project.groupId}")
    root = model.root
    urls = (("website", model.text(root, "url")), ("vcs", model.text(root, "scm", "url")))
    return Component(
        type="maven",
        namespace="" if "${" in group else group,
        name=_coordinate(model.text(root, "artifactId"), "artifactId"),
        version=_exact(model.resolved("${project.version}")),
        registered=False,
        kind=ComponentKind.APPLICATION,
        licenses=tuple(dict.fromkeys(_licenses(model))),
        supplier=bounded(model.text(root, "organization", "name")),
        description=bounded(" ".join(model.text(root, "description").split())),
        urls=tuple((kind, without_login(url)) for kind, url in urls if url and "${" not in url),
        evidence=Evidence.DECLARED,
    )


def _licenses(model: Model) -> Iterator[RawLicense]:
    for one in children(model.root, "licenses", "license"):
        name, url = model.text(one, "name"), model.text(one, "url")
        if name or url:
            yield RawLicense(name or url, "licenses")


EXTRACTORS = (
    Extractor(
        name="maven-pom",
        version=1,
        patterns=("**/pom.xml",),
        evidence=Evidence.DECLARED,
        extract=_pom,
        ecosystem="Maven",
        licenses_from="licenses of the project itself",
    ),
)
