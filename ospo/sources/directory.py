"""A root file system or project folder on disk: `dir:PATH`.

Links are never followed, special files never opened.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ospo.errors import ParseError, TargetError
from ospo.extractors.interface import Content, Head
from ospo.image.tar import DIRECTORY, OTHER, REGULAR, SYMBOLIC_LINK, Entry
from ospo.limits import Limits
from ospo.model import Problem, ProblemKind, Target, TargetKind
from ospo.sources.interface import Folder, SourceOptions
from ospo.sources.platforms import refuse_platforms

# Version control keeps its own copies of everything; kernel file systems are endless and hold no packages.
_SKIPPED_ANYWHERE = frozenset((".git", ".hg", ".svn"))
_SKIPPED_MOUNTS = frozenset(("proc", "sys", "dev"))
_HINT = "scan as a user who may read it"
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_directory(rest: str, options: SourceOptions) -> tuple[Folder, ...]:
    """Open a folder.

    Raises:
        UsageError: a platform is asked for.
        TargetError: it is not there, or is no folder.
    """
    refuse_platforms(options, "a folder")
    root = Path(rest).expanduser()
    if not root.is_dir():
        hint = f"for a file write its path alone: {root.absolute()}" if root.is_file() else "check the path"
        raise TargetError(f"no folder at {rest}", hint=hint)
    name = f"dir:{root.resolve()}"
    return (Folder(Target(name, TargetKind.DIRECTORY, name, f"dir:{rest}"), root.resolve()),)


@dataclass(slots=True)
class DiskMembers:
    """The files below a folder, by name, each folder before what it holds.

    `tree_digest` is complete after the iteration: SHA-256 over every path with its kind, its link target or
    size, and the SHA-256 of what extractors are given of each file that they want; no times, owners or modes.
    """

    root: Path
    limits: Limits
    problems: list[Problem] = field(default_factory=list)
    _latest: str = ""
    _lines: list[bytes] = field(default_factory=list)

    def __iter__(self) -> Iterator[Entry]:
        try:
            device = self.root.stat().st_dev
        except OSError as error:
            raise TargetError(f"cannot look into {self.root}: {error.strerror}") from error
        pending = [""]
        while pending:
            folder = pending.pop()
            below = []
            for item in self._list(folder):
                path = f"{folder}/{item.name}" if folder else item.name
                entry = self._entry(item, path)
                if entry is None:
                    continue
                self._latest = path
                fields = (entry.path, entry.kind.encode(), b"%d" % entry.size, entry.link, b"")
                self._lines.append(b"\0".join(fields))
                yield entry
                if entry.kind == DIRECTORY and not self._skipped(item, path, device):
                    below.append(path)
            pending.extend(reversed(below))
            if len(self._lines) > self.limits.layer_entries:
                raise TargetError(
                    f"{self.root} holds more than {self.limits.layer_entries} files (limits.layer_entries)"
                )

    def _list(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / folder) as items:
                return sorted(items, key=lambda item: os.fsencode(item.name))
        except OSError as error:
            self._note(folder or ".", f"folder cannot be listed: {error.strerror}", blocking=True)
            return []

    def _entry(self, item: os.DirEntry[str], path: str) -> Entry | None:
        try:
            info = item.stat(follow_symlinks=False)
            link = os.fsencode(Path(item.path).readlink()) if stat.S_ISLNK(info.st_mode) else b""
        except OSError as error:
            # It may be a folder with anything in it, unless it is gone by now.
            gone = isinstance(error, FileNotFoundError)
            self._note(path, f"cannot be read: {error.strerror}", blocking=not gone)
            return None
        mode = stat.S_IMODE(info.st_mode)
        kind = _kind(info.st_mode)
        return Entry(os.fsencode(path), kind, info.st_size if kind == REGULAR else 0, mode, link)

    def _skipped(self, item: os.DirEntry[str], path: str, device: int) -> bool:
        if item.name in _SKIPPED_ANYWHERE:
            return True
        return path in _SKIPPED_MOUNTS and item.stat(follow_symlinks=False).st_dev != device

    def _note(self, path: str, message: str, *, blocking: bool = False) -> None:
        where = os.fsencode(path).decode("utf-8", "backslashreplace")
        self.problems.append(Problem(ProblemKind.FILE, where, message, _HINT, blocking))

    def head(self, length: int) -> bytes:
        """Return up to `length` first bytes of the latest file.

        Raises:
            ParseError: it cannot be read.
        """
        return _OnDisk(self.root / self._latest).read(0, length)

    def content(self, entry: Entry, head: int = 0) -> Content:
        """Open the latest file; its bytes, or the `head` first of them, join the tree digest.

        Raises:
            ParseError: it cannot be read.
        """
        content = _OnDisk(self.root / self._latest)
        kept = min(head or entry.size, entry.size)
        self._lines[-1] += _sha256(content, kept)
        return content if kept == entry.size else Head(content, kept)

    @property
    def tree_digest(self) -> str:
        """The digest of what was gone through so far."""
        return "sha256:" + hashlib.sha256(b"\n".join(sorted(self._lines))).hexdigest()


class _OnDisk:
    """Random access to one regular file."""

    def __init__(self, path: Path) -> None:
        self._descriptor = _open(path)

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    def read(self, offset: int, length: int) -> bytes:
        try:
            return os.pread(self._descriptor, length, offset)
        except OSError as error:
            raise ParseError(f"cannot be read: {error.strerror}") from error


def _open(path: Path) -> int:
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise ParseError(f"cannot be opened: {error.strerror}", hint=_HINT) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ParseError("is no longer a regular file")
    return descriptor


def _sha256(content: Content, size: int) -> bytes:
    digest = hashlib.sha256()
    for offset in range(0, size, 1 << 20):
        digest.update(content.read(offset, min(1 << 20, size - offset)))
    return digest.hexdigest().encode()


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return REGULAR
    if stat.S_ISDIR(mode):
        return DIRECTORY
    return SYMBOLIC_LINK if stat.S_ISLNK(mode) else OTHER
