"""Installed Python packages: dist-info, egg-info, unpacked eggs; which of them bring an SBOM is a property.

Core metadata: https://packaging.python.org/en/latest/specifications/core-metadata/
Direct URLs: https://packaging.python.org/en/latest/specifications/direct-url/
SBOMs in packages: https://peps.python.org/pep-0770/
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import orjson

from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, people, without_login
from ospo.extractors.stanzas import Fields
from ospo.model import Component, Evidence, RawLicense, Record

# Labels of Project-URL, normalised and named by
# https://packaging.python.org/en/latest/specifications/well-known-project-urls/ and common usage.
_URL_TYPES = {
    **dict.fromkeys(("homepage", "home", "website"), "website"),
    **dict.fromkeys(("source", "sourcecode", "repository", "repo", "code", "github", "githubrepo"), "vcs"),
    **dict.fromkeys(("issues", "issue", "issuetracker", "tracker", "bugs", "bugtracker"), "issue-tracker"),
    **dict.fromkeys(("bugreports", "githubissues"), "issue-tracker"),
    **dict.fromkeys(("documentation", "docs"), "documentation"),
    **dict.fromkeys(("changelog", "changes", "whatsnew", "history", "releasenotes"), "release-notes"),
    **dict.fromkeys(("download", "downloads"), "distribution"),
    **dict.fromkeys(("mailinglist", "mailinglists"), "mailing-list"),
    "chat": "chat",
}
_SEPARATORS = re.compile(r"[-_.]+")
_NOT_WORD = re.compile(r"[\W_]+")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r"\bextra\b")


def _python(file: File) -> Iterator[Record]:
    origin, registered = _origin(file)
    requires = (file.sibling("requires.txt") or b"") if file.name == "PKG-INFO" else b""
    component = installed(file.data, requires)
    if component is not None:
        yield replace(component, qualifiers=origin, registered=registered)


def installed(metadata: bytes, requires: bytes) -> Component | None:
    """Return what METADATA or PKG-INFO describes, None where it is the interpreter's own or names nothing.

    `requires` is the `requires.txt` of an egg.

    Raises:
        ParseError: name or version cannot identify a component.
    """
    fields = Fields(_head(metadata))
    name = _value(fields, "name")
    # Old interpreters register their standard library under this name.
    if name == "Python" or (not name and fields.all("name")):
        return None
    return Component(
        type="pypi",
        name=_normalized(checked(name, "Name")),
        version=checked(fields.first("version"), "Version"),
        licenses=tuple(_licenses(fields)),
        supplier=_supplier(fields),
        description=bounded(_value(fields, "summary")),
        urls=_urls(fields),
        depends=_depends(fields.all("requires-dist") or _egg_requirements(requires)),
        properties=tuple(("python:license-file", bounded(name)) for name in fields.all("license-file")),
    )


def _head(data: bytes) -> str:
    """Return the fields without the description that follows them after the first empty line."""
    head = data.removeprefix(b"\xef\xbb\xbf").split(b"\n\n", 1)[0].split(b"\n\r\n", 1)[0]
    return head.decode("utf-8", "replace").replace("\r\n", "\n")


def _value(fields: Fields, name: str) -> str:
    """Return the first value of a field; setuptools writes UNKNOWN where there is none."""
    value = fields.first(name).strip()
    return "" if value == "UNKNOWN" else value


def _normalized(name: str) -> str:
    """Spell a name as https://packaging.python.org/en/latest/specifications/name-normalization/ wants."""
    return _SEPARATORS.sub("-", name).lower()


def _licenses(fields: Fields) -> Iterator[RawLicense]:
    for field in ("License-Expression", "License"):
        if words := _value(fields, field.lower()):
            yield RawLicense(bounded(words), field)
    for classifier in fields.all("classifier"):
        if classifier.startswith("License ::"):
            yield RawLicense(bounded(classifier.rpartition("::")[2].strip()), "Classifier")


def _supplier(fields: Fields) -> str:
    for field in ("author", "author-email", "maintainer", "maintainer-email"):
        if names := people(_value(fields, field)):
            return names
    return ""


def _urls(fields: Fields) -> tuple[tuple[str, str], ...]:
    urls = [("website", _value(fields, "home-page")), ("distribution", _value(fields, "download-url"))]
    for labelled in fields.all("project-url"):
        label, _, url = labelled.partition(",")
        urls.append((_URL_TYPES.get(_NOT_WORD.sub("", label).lower(), "other"), url))
    return tuple(dict.fromkeys((kind, without_login(url)) for kind, url in urls if url.strip()))


def _depends(requirements: Iterable[str]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for requirement in requirements:
        specifier, _, marker = requirement.partition(";")
        match = _REQUIREMENT.match(specifier)
        if match and not _EXTRA.search(marker):
            names[_normalized(match[1])] = None
    return tuple(names)


def _egg_requirements(requires: bytes) -> list[str]:
    """Return what an egg's requires.txt needs without any extra: sections are named [extra:marker]."""
    wanted, requirements = True, []
    for line in requires.decode("utf-8", "replace").split("\n"):
        if line.startswith("["):
            wanted = line.startswith("[:")
        elif wanted:
            requirements.append(line)
    return requirements


def _origin(file: File) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Return the commit or archive it was installed from, and whether a registry may have it.

    What was installed from a folder is the project itself or a changed copy of another. Archives on the
    machine are mostly what a builder fetched from the registry before.
    """
    data = file.sibling("direct_url.json") if file.name == "METADATA" else None
    try:
        match orjson.loads(data or b"null"):
            case {"url": str(url), "vcs_info": {"vcs": str(vcs), "commit_id": str(commit)}}:
                return (("vcs_url", f"{bounded(vcs)}+{without_login(url)}@{bounded(commit)}"),), True
            case {"url": str(url), "archive_info": {}} if url.startswith(("https://", "http://")):
                return (("download_url", without_login(url)),), True
            case {"dir_info": {}}:
                return (), False
    except orjson.JSONDecodeError:
        pass
    return (), True


def _listed_sbom(file: File) -> Iterator[Record]:
    """Yield the package that an SBOM in its dist-info is about; what the SBOM says is not read.

    Wheels escape names and versions so that one hyphen stands between them.
    """
    folder = file.path.split("/")[-3].removesuffix(".dist-info")
    name, hyphen, version = folder.rpartition("-")
    if hyphen:
        yield Component(
            type="pypi",
            name=_normalized(checked(name, "name")),
            version=checked(version, "version"),
            properties=(("python:sbom", bounded(file.name)),),
        )


EXTRACTORS = (
    Extractor(
        name="python",
        version=2,
        patterns=(
            "**/*.dist-info/METADATA",
            "**/*.egg-info/PKG-INFO",
            "**/*.egg-info",
            "**/*.egg/EGG-INFO/PKG-INFO",
        ),
        evidence=Evidence.INSTALLED,
        extract=_python,
        ecosystem="Python",
        licenses_from="License-Expression, License and licence classifiers of the metadata",
        siblings=("direct_url.json", "requires.txt"),
    ),
    Extractor(
        name="python-sbom",
        version=1,
        patterns=("**/*.dist-info/sboms/*",),
        evidence=Evidence.INSTALLED,
        extract=_listed_sbom,
        ecosystem="Python",
        licenses_from="none",
    ),
)
