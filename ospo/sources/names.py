"""The names under which a scan of a reference may be stored, told without opening anything."""

from contextlib import suppress
from pathlib import Path

from ospo.errors import OspoError
from ospo.sources.detect import SCHEMES, local_path
from ospo.sources.digests import is_digest
from ospo.sources.local import split_path
from ospo.sources.reference import parse_reference

_ENGINES = frozenset(("docker", "podman"))
_ARCHIVES = ("oci-archive", "docker-archive")


def possible_names(reference: str) -> tuple[str, ...]:
    """Return what a target's name, or its identity where no tag is typed, may be; what is typed comes first.

    Only the opened archive tells the tag of a Docker archive for which none is typed.
    """
    names = [reference]
    with suppress(OspoError):  # no reference, so perhaps a name or a digest
        names += _spelled_out(reference)
    return tuple(dict.fromkeys(names))


def _spelled_out(reference: str) -> list[str]:
    scheme, colon, rest = reference.partition(":")
    if not colon or scheme not in SCHEMES:
        scheme, rest = "", reference
    if local_path(reference) is None:
        return _elsewhere(scheme if scheme in _ENGINES else "", rest)
    path, wanted = split_path(rest, Path.exists)
    mark = "@" if is_digest(wanted) else ":"
    schemes = [scheme] if scheme not in ("", "archive") else ["dir", "oci-dir", "sbom", *_ARCHIVES]
    return [_local(one, path, mark, wanted) for one in schemes]


def _elsewhere(engine: str, rest: str) -> list[str]:
    reference = parse_reference(rest)
    name = f"{engine or 'registry'}:{reference}"
    if rest.endswith((f":{reference.tag}", f"@{reference.digest}")):
        return [name]
    return [f"{engine}:{reference.identity}" if engine else reference.identity, name]


def _local(scheme: str, path: Path, mark: str, wanted: str) -> str:
    if scheme == "docker-archive" and wanted and mark == ":":
        wanted = str(parse_reference(wanted))
    return f"{scheme}:{path.resolve()}" + (f"{mark}{wanted}" if wanted else "")
