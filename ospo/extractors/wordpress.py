"""WordPress, its plug-ins and its themes: the headers at the start of their files.

Headers: https://developer.wordpress.org/plugins/plugin-basics/header-requirements/ and
https://developer.wordpress.org/themes/basics/main-stylesheet-style-css/; WordPress reads the first 8 KiB.
There is no package URL type: it is `generic`, with what it is as its namespace and the name of the folder, by
which WordPress knows it.
"""

import re
from collections.abc import Iterator, Mapping

from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, optional, people, without_login
from ospo.model import Component, ComponentKind, Evidence, RawLicense, Record

_HEAD = 8 * 1024
_PLUGIN, _THEME = "wordpress-plugin", "wordpress-theme"
_HEADER = re.compile(r"(?:[ \t]*<\?php)?[ \t/*#@]*([A-Za-z][A-Za-z ]*):(.*)")
_END = re.compile(r"\*/|\?>")
_ELEMENT = re.compile(r"<[^<>]*>")
_CORE_VERSION = re.compile(r"""^\$wp_version\s*=\s*['"]([^'"]+)['"]""", re.MULTILINE)


def _wordpress(file: File) -> Iterator[Record]:
    text = file.read(0, min(file.size, _HEAD)).decode("utf-8", "replace").replace("\r", "\n")
    if file.path.endswith("wp-includes/version.php"):
        yield from _core(text)
    else:
        headers = _headers(text)
        namespace = _THEME if file.name == "style.css" else _PLUGIN
        if name := headers.get("theme name" if namespace == _THEME else "plugin name"):
            yield _extension(namespace, _slug(file), name, headers)


def _core(text: str) -> Iterator[Component]:
    if match := _CORE_VERSION.search(text):
        yield Component(
            type="generic",
            name="wordpress",
            version=checked(match[1], "version"),
            kind=ComponentKind.APPLICATION,
        )


def _headers(text: str) -> Mapping[str, str]:
    """Return the first value of each header, by its name in lower case."""
    headers: dict[str, str] = {}
    for line in text.split("\n"):
        if match := _HEADER.fullmatch(line):
            headers.setdefault(match[1].strip().lower(), _END.split(match[2], 1)[0].strip())
    return headers


def _slug(file: File) -> str:
    """Return the name of the folder, or of the file for a plug-in of one file."""
    folder = file.folder.rpartition("/")[2]
    return file.name.removesuffix(".php") if folder in ("plugins", "mu-plugins") else folder


def _extension(namespace: str, slug: str, name: str, headers: Mapping[str, str]) -> Component:
    license_ = bounded(headers.get("license", ""))
    website = headers.get("plugin uri") or headers.get("theme uri") or ""
    return Component(
        type="generic",
        namespace=namespace,
        name=checked(slug, "name"),
        version=optional(headers.get("version", ""), "Version"),
        licenses=(RawLicense(license_, "License"),) if license_ else (),
        supplier=people(_ELEMENT.sub("", headers.get("author", ""))),
        description=bounded(name),
        urls=(("website", without_login(website)),) if "://" in website else (),
        depends=tuple(_depends(headers)),
    )


def _depends(headers: Mapping[str, str]) -> Iterator[str]:
    for slug in headers.get("requires plugins", "").split(","):
        if slug.strip():
            yield f"{_PLUGIN}/{slug.strip()}"
    if parent := headers.get("template"):
        yield f"{_THEME}/{parent}"


EXTRACTORS = (
    Extractor(
        name="wordpress",
        version=1,
        patterns=(
            "**/wp-content/plugins/*/*.php",
            "**/wp-content/plugins/*.php",
            "**/wp-content/mu-plugins/*.php",
            "**/wp-content/themes/*/style.css",
            "**/wp-includes/version.php",
        ),
        evidence=Evidence.INSTALLED,
        extract=_wordpress,
        ecosystem="WordPress",
        licenses_from="License of the headers",
    ),
)
