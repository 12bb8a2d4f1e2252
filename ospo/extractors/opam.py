"""OCaml packages of opam: descriptions of projects, the versions that `opam lock` writes, and switches.

Fields: https://opam.ocaml.org/doc/Manual.html#opam
A switch keeps the description of what is installed in `.opam-switch/packages/NAME.VERSION/opam`.
"""

from collections.abc import Iterator, Mapping

from ospo.extractors.damage import Damage
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, plain_text
from ospo.extractors.opam_file import Token, fields
from ospo.extractors.records import bounded, checked, optional, people, small, without_login
from ospo.limits import MiB
from ospo.model import Component, Evidence, RawLicense, Record, Scope

_SIZE_LIMIT = MiB
_HEAD = 1024
_URLS = {"homepage": "website", "bug-reports": "issue-tracker", "doc": "documentation"}
_DEVELOPMENT = frozenset(("build", "dev", "with-dev-setup", "with-doc", "with-test"))
_SWITCH = "/.opam-switch/packages/"

Need = tuple[str, str, Scope]
"""Name, version where exactly one will do, and what it is needed for."""


def _installed(file: File) -> Iterator[Record]:
    found = fields(plain_text(small(file, _SIZE_LIMIT)))
    needs = tuple(name for name, _, scope in _needs(found.get("depends", ())) if scope is Scope.RUNTIME)
    yield _package(found, *_named_by_path(file), needs, registered=True)


def _declared(file: File) -> Iterator[Record]:
    # The program is called like its files.
    is_program = b"\0" in file.content.read(0, _HEAD)
    if is_program or _SWITCH in f"/{file.path}" or is_of_a_dependency(file):
        return
    damage = Damage()
    found = fields(plain_text(small(file, _SIZE_LIMIT)))
    needs = list(_needs(found.get("depends", ())))
    with damage.at("the package"):
        labels = (f"{name}@{version}" if version else name for name, version, _ in needs)
        yield _package(found, *_named_by_path(file), tuple(dict.fromkeys(labels)), registered=False)
    # A project's own description says what will do; only `opam lock` says what it is.
    for name, version, scope in needs if file.name.endswith(".locked") else ():
        with damage.at(f"package {name!r}"):
            yield Component(
                type="opam",
                name=checked(name, "name"),
                version=checked(version, "version"),
                provides=(f"{name}@{version}",),
                scope=scope,
            )
    damage.report()


def _named_by_path(file: File) -> tuple[str, str]:
    """Return the name and version that a path gives: NAME.opam, NAME.VERSION/opam."""
    name = file.name.removesuffix(".locked")
    if name != "opam":
        return name.removesuffix(".opam"), ""
    name, _, version = file.folder.rpartition("/")[2].partition(".")
    return name, version


def _package(
    found: Mapping[str, list[Token]], name: str, version: str, needs: tuple[str, ...], *, registered: bool
) -> Component:
    def texts(field: str) -> list[str]:
        return [bounded(text) for kind, text in found.get(field, ()) if kind == "text" and text]

    urls = [(kind, url) for field, kind in _URLS.items() for url in texts(field)]
    urls += [("vcs", url.removeprefix("git+")) for url in texts("dev-repo")]
    authors = people(", ".join(texts("authors") or texts("maintainer")))
    return Component(
        type="opam",
        name=checked(next(iter(texts("name")), name), "name"),
        version=optional(_first(texts("version"), version), "version"),
        registered=registered,
        licenses=tuple(RawLicense(text, "license") for text in texts("license")),
        supplier=authors,
        description=_first(texts("synopsis"), ""),
        urls=tuple(dict.fromkeys((kind, without_login(url)) for kind, url in urls)),
        depends=needs,
    )


def _first(texts: list[str], default: str) -> str:
    return texts[0] if texts else default


def _needs(tokens: "list[Token] | tuple[()]") -> Iterator[Need]:
    """Yield the packages of a formula; what stands in braces behind one are its constraints."""
    name, constraints, depth = "", list[Token](), 0
    for kind, text in (*tokens, ("text", "")):
        if kind == "mark" and text in ("{", "}"):
            depth += 1 if text == "{" else -1
        elif depth > 0:
            constraints.append((kind, text))
        elif kind == "text":
            if name:
                yield _need(name, constraints)
            name, constraints = text, []


def _need(name: str, constraints: list[Token]) -> Need:
    flags = {text for kind, text in constraints if kind == "word"}
    scope = Scope.DEVELOPMENT if flags & _DEVELOPMENT else Scope.RUNTIME
    return name, "" if ("mark", "|") in constraints else _exact(constraints), scope


def _exact(constraints: list[Token]) -> str:
    """Return the version of `= "1.0"`; in `os = "linux"` a variable is compared."""
    before = [("", ""), *constraints]
    for (kind, _), equals, (text_kind, text) in zip(before, constraints, constraints[1:], strict=False):
        if kind != "word" and equals == ("mark", "=") and text_kind == "text":
            return text
    return ""


EXTRACTORS = (
    Extractor(
        name="opam",
        version=1,
        patterns=("**/*.opam", "**/opam", "**/*.opam.locked", "**/opam.locked"),
        evidence=Evidence.DECLARED,
        extract=_declared,
        ecosystem="OCaml",
        licenses_from="license of the project's description",
    ),
    Extractor(
        name="opam-switch",
        version=1,
        patterns=("**/.opam-switch/packages/*/opam",),
        evidence=Evidence.INSTALLED,
        extract=_installed,
        ecosystem="OCaml",
        licenses_from="license of the description that opam keeps",
    ),
)
