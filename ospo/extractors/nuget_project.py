"""NuGet packages that projects ask for: project files, central versions, and packages.config.

Formats: https://learn.microsoft.com/en-us/nuget/consume-packages/package-references-in-project-files,
https://learn.microsoft.com/en-us/nuget/consume-packages/central-package-management and
https://learn.microsoft.com/en-us/nuget/reference/packages-config
MSBuild is not run: a version that is a property, a range or a pattern is left out.
"""

from collections.abc import Iterator

from ospo.extractors.damage import Damage
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency
from ospo.extractors.nuget_packages import Package, literal, normal, united
from ospo.extractors.records import small
from ospo.extractors.xml_elements import Element, elements
from ospo.limits import MiB
from ospo.model import Evidence, Record, Scope

_SIZE_LIMIT = 8 * MiB
_ASKED = frozenset(("PackageReference", "GlobalPackageReference"))
_RESOLVED = ("packages.lock.json", "obj/project.assets.json")


def _project(file: File) -> Iterator[Record]:
    # What was resolved says more, and more exactly.
    if is_of_a_dependency(file) or any(file.sibling(name) is not None for name in _RESOLVED):
        return
    found = elements(small(file, _SIZE_LIMIT), {*_ASKED, "PackageVersion"})
    yield from _components(package for element in found for package in _referenced(element))


def _referenced(element: Element) -> Iterator[Package]:
    version = literal(element.value("VersionOverride") or element.value("Version"))
    private = element.name == "GlobalPackageReference" or element.value("PrivateAssets").lower() == "all"
    for name in element.value("Include").split(";"):
        if version and name.strip() and "$(" not in name:
            yield Package(
                name.strip(),
                version,
                direct=True if element.name in _ASKED else None,
                scope=Scope.DEVELOPMENT if private else Scope.RUNTIME,
            )


def _packages_config(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    yield from _components(map(_listed, elements(small(file, _SIZE_LIMIT), {"package"})))


def _listed(element: Element) -> Package:
    development = element.value("developmentDependency").lower() == "true"
    return Package(
        element.value("id"),
        normal(element.value("version")),
        scope=Scope.DEVELOPMENT if development else Scope.RUNTIME,
    )


def _components(packages: Iterator[Package]) -> Iterator[Record]:
    damage = Damage()
    found: list[Package] = []
    with damage.at("the file"):
        found.extend(packages)
    for package in united(found):
        with damage.at(f"package {package.name!r}"):
            yield package.component()
    damage.report()


EXTRACTORS = (
    Extractor(
        name="nuget-project",
        version=1,
        patterns=("**/*.csproj", "**/*.fsproj", "**/*.vbproj", "**/*Packages.props"),
        evidence=Evidence.DECLARED,
        extract=_project,
        ecosystem=".NET",
        licenses_from="none",
        siblings=_RESOLVED,
    ),
    Extractor(
        name="nuget-packages-config",
        version=1,
        patterns=("**/packages.config",),
        evidence=Evidence.DECLARED,
        extract=_packages_config,
        ecosystem=".NET",
        licenses_from="none",
    ),
)
