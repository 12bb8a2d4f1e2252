"""Installed Python packages: dist-info and egg-info.

Core metadata: https://packaging.python.org/en/latest/specifications/core-metadata/
Direct URLs: https://packaging.python.org/en/latest/specifications/direct-url/
"""

import re
from collections.abc import Iterator

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
    fields = Fields(_head(file))
    name = _value(fields, "name")
    # Old interpreters register their standard library under this name.
    if name == "Python" or (not name and fields.all("name")):
        return
    yield Component(
        type="pypi",
        name=_normalized(checked(name, "Name")),
        version=checked(fields.first("version"), "Version"),
        qualifiers=_origin(file),
        licenses=tuple(_licenses(fields)),
        supplier=_supplier(fields),
        description=bounded(_value(fields, "summary")),
        urls=_urls(fields),
        depends=_depends(file, fields),
        properties=tuple(("python:license-file", bounded(name)) for name in fields.all("license-file")),
    )


def _head(file: File) -> str:
    """Return the fields without the description that follows them after the first empty line."""
    data = file.data.removeprefix(b"\xef\xbb\xbf")
    head = data.split(b"\n\n", 1)[0].split(b"\n\r\n", 1)[0]
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


def _depends(file: File, fields: Fields) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for requirement in fields.all("requires-dist") or _egg_requirements(file):
        specifier, _, marker = requirement.partition(";")
        match = _REQUIREMENT.match(specifier)
        if match and not _EXTRA.search(marker):
            names[_normalized(match[1])] = None
    return tuple(names)


def _egg_requirements(file: File) -> list[str]:
    """Return what an egg-info's requires.txt needs without any extra: sections are named [extra:marker]."""
    text = (file.sibling("requires.txt") or b"") if file.name == "PKG-INFO" else b""
    wanted, requirements = True, []
    for line in text.decode("utf-8", "replace").split("\n"):
        if line.startswith("["):
            wanted = line.startswith("[:")
        elif wanted:
            requirements.append(line)
    return requirements


def _origin(file: File) -> tuple[tuple[str, str], ...]:
    """Return the commit the package was installed from, by direct_url.json; nothing if that is not sound."""
    data = file.sibling("direct_url.json") if file.name == "METADATA" else None
    try:
        match orjson.loads(data or b"null"):
            case {"url": str(url), "vcs_info": {"vcs": str(vcs), "commit_id": str(commit)}}:
                return (("vcs_url", f"{bounded(vcs)}+{without_login(url)}@{bounded(commit)}"),)
    except orjson.JSONDecodeError:
        pass
    return ()


EXTRACTORS = (
    Extractor(
        name="python",
        version=1,
        patterns=("**/*.dist-info/METADATA", "**/*.egg-info/PKG-INFO", "**/*.egg-info"),
        evidence=Evidence.INSTALLED,
        extract=_python,
        ecosystem="Python",
        licenses_from="License-Expression, License and licence classifiers of the metadata",
        siblings=("direct_url.json", "requires.txt"),
    ),
)
