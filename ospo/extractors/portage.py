"""Packages of Portage (Gentoo, ChromeOS, Flatcar): one folder for each in its database.

The folder is named CATEGORY/NAME-VERSION, `CONTENTS` lists its files, further files hold one variable each:
https://wiki.gentoo.org/wiki//var/db/pkg, https://projects.gentoo.org/pms/8/pms.html#names-and-versions
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import NAME_LIMIT, bounded, checked, without_login
from ospo.model import Component, Evidence, Ownership, RawLicense, Record

_VERSION = r"\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)\d*)*(?:-r\d+)?"
_PACKAGE = re.compile(rf"(.+?)-({_VERSION})")
# [!~<>=]CATEGORY/NAME[-VERSION][*][:SLOT][::REPOSITORY][[USE]]; blockers start with "!".
_ATOM = re.compile(r"[~<>=]*([A-Za-z0-9_][\w.+-]*/[A-Za-z0-9_][\w+-]*[^\s:\[*]*)")
# A folder is called so while its package is being installed.
_MERGING = "-MERGING-"
_SIBLINGS = ("LICENSE", "DESCRIPTION", "HOMEPAGE", "RDEPEND", "SLOT", "repository")
_OTHERS = ("dir ", "dev ", "fif ")
_VALUE_MAX = 256 * 1024
"""Bytes of one variable that are read; the longest has a tenth."""


def _package(file: File) -> Iterator[Record]:
    category, folder = file.folder.split("/")[-2:] if file.folder.count("/") else ("", "")
    if folder.startswith(_MERGING):
        return
    match = _PACKAGE.fullmatch(folder)
    if match is None:
        raise ParseError("lies in a folder that is not named NAME-VERSION")
    component = _component(file, checked(category, "category"), match[1], match[2])
    yield component
    paths, damaged = _contents(file.text)
    if paths:
        yield Ownership(component.provides[0], paths)
    if damaged:
        raise ParseError(f"line {damaged} is no entry")


def _component(file: File, category: str, name: str, version: str) -> Component:
    homepages = (without_login(url) for url in _value(file, "HOMEPAGE").split())
    license_ = bounded(_value(file, "LICENSE"))
    slot, repository = _value(file, "SLOT"), _value(file, "repository")
    properties = (("portage:slot", "" if slot == "0" else slot), ("portage:repository", repository))
    return Component(
        type="portage",
        namespace=category,
        name=checked(name, "name"),
        version=checked(version, "version"),
        licenses=(RawLicense(license_, "LICENSE"),) if license_ else (),
        description=bounded(_value(file, "DESCRIPTION")),
        urls=tuple(("website", url) for url in dict.fromkeys(homepages)),
        depends=_depends(_value(file, "RDEPEND")),
        # Packages of one name are installed side by side in slots, so this is what owns files.
        provides=(f"{category}/{name}@{version}",),
        properties=tuple((key, bounded(value)) for key, value in properties if value),
    )


def _value(file: File, name: str) -> str:
    return (file.sibling(name) or b"")[:_VALUE_MAX].decode("utf-8", "replace").strip()


def _depends(needs: str) -> tuple[str, ...]:
    """Return the packages of a dependency specification, in which conditions have been settled."""
    names: dict[str, None] = {}
    for word in needs.split():
        if match := _ATOM.match(word):
            category, _, rest = match[1].partition("/")
            versioned = _PACKAGE.fullmatch(rest[:NAME_LIMIT]) if word[0] in "~<>=" else None
            names[f"{category}/{versioned[1] if versioned else rest}"] = None
    return tuple(names)


def _contents(text: str) -> tuple[str, int]:
    """Return the files and links of a CONTENTS, and the number of the first line that is none, 0 without."""
    paths, damaged = [], 0
    for number, line in enumerate(text.split("\n"), 1):
        if path := _path(line):
            paths.append(path)
        elif line and not line.startswith(_OTHERS):
            damaged = damaged or number
    return "\n".join(paths), damaged


def _path(line: str) -> str:
    """Return the path of "obj PATH MD5 TIME" or "sym PATH -> TARGET TIME"; it may hold blanks."""
    kind, rest = line[:4], line[4:]
    if kind == "obj ":
        path, *other = rest.rsplit(" ", 2)
        return path.lstrip("/") if len(other) == 2 else ""
    return rest.partition(" -> ")[0].lstrip("/") if kind == "sym " else ""


EXTRACTORS = (
    Extractor(
        name="portage",
        version=1,
        patterns=("**/var/db/pkg/*/*/CONTENTS",),
        evidence=Evidence.INSTALLED,
        extract=_package,
        ecosystem="Gentoo",
        licenses_from="variable LICENSE of the package database",
        siblings=_SIBLINGS,
        database=True,
    ),
)
