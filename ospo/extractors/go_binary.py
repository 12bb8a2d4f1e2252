"""Go programs: the modules that the linker recorded, the main module's version, the standard library.

What a module was replaced by is what the program holds, so that is the component; a module replaced by a
folder keeps its name without version and purl, because nobody outside can know what was in that folder.
A main module without a version gets the first of these that there is:

1. a version that `-ldflags -X` sets in a variable named `version` or `Version` of the main package, of
   the module's root package, or of a package below it;
2. the pseudo-version of the recorded commit (https://go.dev/ref/mod#pseudo-versions), with no tag before;
3. none.

Build settings come from a short list; flags of compiler and linker are left out, they can hold secrets.
A Go program without build information is a component without modules, so that the gap can be seen.
UPX-packed programs cannot be told from other packed programs: they give no component and no error.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from ospo.errors import ParseError
from ospo.extractors import go_buildinfo
from ospo.extractors.executable import Executable, Section
from ospo.extractors.executables import MAGIC, executables
from ospo.extractors.go_buildinfo import BuildInfo, Module, is_fetchable
from ospo.extractors.interface import Extractor, File
from ospo.model import Component, ComponentKind, Evidence

_SECTIONS = (".go.buildinfo", "__go_buildinfo")
"""Of ELF and of Mach-O; in PE it is a part of the writable data."""
_FUNCTION_TABLES = (".gopclntab", "__gopclntab")
"""Every Go program needs one at run time, so it stays when the build information is cut out."""
_SEARCH_MAX = 64 << 20
_SHOWN_SETTINGS = (
    "GOOS",
    "GOARCH",
    "CGO_ENABLED",
    "GOEXPERIMENT",
    "GOFIPS140",
    "vcs.revision",
    "vcs.time",
    "vcs.modified",
)
_VALUE_LENGTH_MAX = 200
_UNNAMED = "command-line-arguments"
"""What Go calls a program that was built from files instead of a package."""

_RELEASE = re.compile(r"\bgo(\d+\.\d\S*)")
_LINKED_VERSION = re.compile(
    r"""-X[\s=]['"\\]*([^\s'"\\=]+)\.[Vv]ersion=(v?\d{1,9}\.\d{1,9}\.\d{1,9}[0-9A-Za-z.+-]{0,80})(?=['"\\\s]|$)"""
)
_MAJOR = re.compile(r"[/.]v(\d+)$")
_COMMIT_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z")
_COMMIT = re.compile(r"[0-9a-f]{12,64}")


def extract(file: File) -> Iterator[Component]:
    """Yield the main module first, then its modules in recorded order, then the standard library.

    Raises:
        ParseError: the program or its build information is damaged; what was readable came before.
    """
    for program in executables(file):
        yield from _program(program, file.name)


def _program(program: Executable, file_name: str) -> Iterator[Component]:
    for place in _places(program):
        header = go_buildinfo.find(program, place.address, place.size)
        if header is not None:
            yield from _components(go_buildinfo.decode(program, header), file_name)
            return
    if any(program.section(name) for name in _FUNCTION_TABLES):
        yield _main_component(BuildInfo(go_version=""), file_name, ())


def _places(program: Executable) -> Iterator[Section]:
    """Yield where the header may lie: in its section or, where that has no name, in writable data."""
    sections = [section for name in _SECTIONS if (section := program.section(name))]
    if sections or program.has_sections:
        yield from sections
        return
    left = _SEARCH_MAX
    for place in program.writable():
        if place.size > left:
            raise ParseError(
                f"has no section for Go build information, and over {_SEARCH_MAX} bytes where it may lie"
            )
        left -= place.size
        yield place


def _components(info: BuildInfo, file_name: str) -> Iterator[Component]:
    modules = [_module_component(module) for module in info.modules]
    release = _RELEASE.search(info.go_version)
    library = Component(type="golang", name="stdlib", version=release[1] if release else "")
    needed = tuple(f"{module.namespace}/{module.name}".lstrip("/") for module in (*modules, library))
    yield _main_component(info, file_name, needed)
    yield from modules
    yield library
    if info.damaged_line:
        raise ParseError(f"line {info.damaged_line} of its Go module list is not understood")


def _module_component(module: Module) -> Component:
    namespace, _, name = module.path.rpartition("/")
    return Component(
        type="golang",
        namespace=namespace,
        name=name,
        version="" if module.version == "(devel)" else module.version,
        registered=not module.local,
        properties=_present(
            ("go:h1", module.sum), ("go:replaced-by", module.local), ("go:replaces", module.replaces)
        ),
    )


def _present(*properties: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            (name, value[:_VALUE_LENGTH_MAX]) for name, value in properties if value and value.isprintable()
        )
    )


def _main_component(info: BuildInfo, file_name: str, needed: tuple[str, ...]) -> Component:
    properties = [("go:version", info.go_version), ("go:package", info.package)]
    settings = dict(info.settings)
    properties += [(f"go:{key}", settings.get(key, "")) for key in _SHOWN_SETTINGS]
    if info.main is None or info.main.path == _UNNAMED:
        if not info.modules:
            properties.append(("go:modules", "not recorded"))
        path = info.package if info.package not in ("", _UNNAMED) else file_name
        main = replace(_module_component(Module(path)), registered=False)
    else:
        main = _module_component(info.main)
        main = replace(main, registered=main.registered and is_fetchable(info.main.path))
        if not main.version:
            version, source = _unrecorded_version(info.main.path, settings)
            main = replace(main, version=version)
            properties.append(("go:version-from", source))
    return replace(
        main,
        kind=ComponentKind.APPLICATION,
        depends=needed,
        properties=_present(*main.properties, *properties),
    )


def _unrecorded_version(path: str, settings: dict[str, str]) -> tuple[str, str]:
    """Return a version for a main module that was built from a work tree, and where it comes from."""
    version = _linked_version(path, settings.get("-ldflags", ""))
    if version:
        return version, "ldflags"
    version = _pseudo_version(path, settings.get("vcs.revision", ""), settings.get("vcs.time", ""))
    return (version, "commit") if version else ("", "")


def _linked_version(path: str, flags: str) -> str:
    """Return the one version that the linker set in the nearest package, "" when there is none or several."""
    by_distance: dict[int, set[str]] = {}
    for package, version in _LINKED_VERSION.findall(flags):
        if package == "main":
            by_distance.setdefault(0, set()).add(version)
        elif package == path or package.startswith(path + "/"):
            by_distance.setdefault(1 + package[len(path) :].count("/"), set()).add(version)
    nearest = by_distance[min(by_distance)] if by_distance else set()
    return "v" + next(iter(nearest)).removeprefix("v") if len(nearest) == 1 else ""


def _pseudo_version(path: str, revision: str, commit_time: str) -> str:
    """Write `v0.0.0-20240131235959-0123456789ab`, with the major version that the module path ends in."""
    time = _COMMIT_TIME.fullmatch(commit_time)
    if not time or not _COMMIT.fullmatch(revision):
        return ""
    major = _MAJOR.search(path)
    return f"v{major[1] if major else 0}.0.0-{''.join(time.groups())}-{revision[:12]}"


EXTRACTORS = (
    Extractor(
        name="go-binary",
        version=4,
        patterns=(),
        evidence=Evidence.INSTALLED,
        extract=extract,
        ecosystem="Go",
        licenses_from="none",
        magic=MAGIC,
        needle=go_buildinfo.MAGIC,
    ),
)
