"""The files that policy comes from: finding them, and reading them."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ospo import paths
from ospo.documents.marked import MAX_SIZE
from ospo.errors import UsageError
from ospo.text import one_line

_MAX_FILES = 2000
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, order=True)
class PolicyFile:
    """One file, as reports name it."""

    path: str
    """As the user named it; of a bundled one `rules/…`, wherever ospo is installed."""
    sha256: str
    bundled: bool = False


def bundled_rules() -> Iterator[tuple[PolicyFile, bytes]]:
    """Yield the rule files that come with ospo, by path."""
    root = paths.bundled("rules")
    for path in _in_folder(root):
        yield _read(path, f"rules/{path.relative_to(root).as_posix()}", bundled=True)


def named_rules(named: Iterable[Path]) -> Iterator[tuple[PolicyFile, bytes]]:
    """Yield the rule files that the user named, those of a folder by path.

    Raises:
        UsageError: one is not there or cannot be read, or a folder holds none.
    """
    for path in named:
        found = list(_in_folder(path)) if path.is_dir() else [path]
        if not found:
            raise UsageError(
                f"{path}: no rules: no .yaml file is in it", hint="name a folder that holds rules"
            )
        for file in found:
            yield read(file)


def read(path: Path) -> tuple[PolicyFile, bytes]:
    """Read a file that the user named; of one that is too large, as much as shows that.

    Raises:
        UsageError: it cannot be read.
    """
    return _read(path, str(path), bundled=False)


def _read(path: Path, shown: str, *, bundled: bool) -> tuple[PolicyFile, bytes]:
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise UsageError(f"{shown}: not a file", hint="name a YAML file")
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(f"{shown}: cannot be read: {reason}", hint="correct the path") from error
    return PolicyFile(one_line(shown), hashlib.sha256(data).hexdigest(), bundled), data


def _in_folder(folder: Path) -> list[Path]:
    """Return the YAML files below a folder, by path; a file that is there under several names once.

    Links to folders are not followed: what one outside holds would be missing silently, so it is refused.
    """
    found: dict[str, Path] = {}
    top = os.path.realpath(folder)
    for root, folders, files in os.walk(folder, onerror=_refuse):
        for name in folders:
            _refuse_link(Path(root) / name, top)
        for path in (Path(root) / name for name in files if name.lower().endswith(_SUFFIXES)):
            # A volume of Kubernetes holds each file three times, twice behind links.
            real = os.path.realpath(path)
            found[real] = min(path, found.get(real, path))
        if len(found) > _MAX_FILES:
            raise UsageError(f"{folder}: more than {_MAX_FILES} rule files", hint="name them one by one")
    return sorted(found.values())


def _refuse_link(path: Path, top: str) -> None:
    if path.is_symlink() and os.path.commonpath((os.path.realpath(path), top)) != top:
        raise UsageError(f"{path}: a link to a folder is not followed", hint="name that folder as well")


def _refuse(error: OSError) -> None:
    """Fail on a folder that cannot be listed: rules that nobody reads would be missing silently."""
    reason = (error.strerror or "failed").lower()
    raise UsageError(f"{error.filename}: cannot be read: {reason}", hint="correct its permissions") from error
