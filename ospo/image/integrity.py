"""Whether files are as packages installed them: what is expected, which layers to read for it, what came out.

Content is read once more, after all layers are known: only of the files that packages list, only in the
layers that show them, and by the one algorithm that the package manager used.
"""

import hashlib
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.interface import Extractor, File
from ospo.image.facts import LayerFacts
from ospo.image.noted_files import Note, NotedFiles, collect
from ospo.image.overlay import Overlay
from ospo.image.paths import text
from ospo.limits import MiB
from ospo.model import (
    Evidence,
    FileCheck,
    FileChecks,
    FileNotes,
    FileState,
    Noted,
    Problem,
    ProblemKind,
    Record,
)

MOST_LISTED = 10_000
"""Files that are listed; more are counted."""

_ALGORITHMS = {16: "md5", 20: "sha1", 28: "sha224", 32: "sha256", 48: "sha384", 64: "sha512"}
"""Bytes of a digest -> how `hashlib` calls what makes it."""
_TOO_MANY = Problem(
    ProblemKind.FILE,
    "package databases",
    "note more files than are compared; the others were not looked at",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be read."""

    files: NotedFiles
    shown: Mapping[str, tuple[int, bool]]
    """As `Overlay.shown` has it."""
    links: Mapping[str, str]
    readers: Mapping[int, Dispatcher]
    """Position of a layer, as in `Overlay.entries` -> what reads the files that it shows."""


def plan(overlay: Overlay) -> Plan:
    """Find out which files packages list, and which layer shows each."""
    files = collect(overlay)
    shown = overlay.shown(files.notes)
    wanted: dict[int, dict[str, tuple[Extractor, ...]]] = defaultdict(dict)
    for path, (position, folder) in shown.items():
        readers = {_HASHERS[len(note.digest)] for note in files.notes[path] if not note.link}
        if readers and not folder and path not in overlay.links:
            wanted[position][path] = tuple(sorted(readers, key=lambda reader: reader.name))
    return Plan(files, shown, overlay.links, {at: _Exactly((), paths=wanted[at]) for at in sorted(wanted)})


def judge(
    plan: Plan, read: Mapping[int, LayerFacts | Problem], layer_of: Callable[[int], int | None]
) -> tuple[FileChecks, list[Problem]]:
    """Compare what was read with what is expected; `layer_of` turns a position into the index of a layer."""
    layers = {position: _Layer.of(outcome) for position, outcome in read.items()}
    intact = left_out = 0
    others = []
    for path, notes in plan.files.notes.items():
        state, found = _state(plan, layers, path, notes)
        if state is None:
            intact += 1
        elif state is FileState.MISSING and _may_be_missing(plan.files, path, notes):
            left_out += 1
        else:
            layer = layer_of(plan.shown[path][0]) if path in plan.shown else None
            others.append(_check(path, notes, state, found, layer))
    others.sort()
    unlisted = max(0, len(others) - MOST_LISTED)
    checks = FileChecks(intact, left_out, tuple(others[:MOST_LISTED]), unlisted)
    return checks, list(_problems(plan.files, read, unlisted))


def _problems(
    files: NotedFiles, read: Mapping[int, LayerFacts | Problem], unlisted: int
) -> Iterator[Problem]:
    yield from (outcome for outcome in read.values() if isinstance(outcome, Problem))
    if not files.complete:
        yield _TOO_MANY
    if unlisted:
        message = f"are not as installed: {unlisted} more than the {MOST_LISTED} that are listed"
        yield Problem(ProblemKind.FILE, "files of packages", message)


@dataclass(frozen=True, slots=True)
class _Layer:
    """What was read of one layer."""

    digests: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    """Path -> algorithm -> digest."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Path -> why it could not be read."""
    unread: str = ""
    """Why a file without digest and reason of its own may be one that could not be read."""

    @classmethod
    def of(cls, outcome: LayerFacts | Problem) -> "_Layer":
        if isinstance(outcome, Problem):
            return cls(unread=f"its layer {outcome.message}")
        digests: dict[str, dict[str, bytes]] = defaultdict(dict)
        for facts in outcome.files:
            for record in facts.records:
                if isinstance(record, FileNotes):
                    digests[facts.path][facts.extractor] = bytes.fromhex(record.lines)
        reasons = {problem.where: problem.message for problem in outcome.problems}
        return cls(digests, reasons, "is another name of a file that could not be read" if reasons else "")


def _state(
    plan: Plan, layers: Mapping[int, _Layer], path: str, notes: tuple[Note, ...]
) -> tuple[FileState | None, str]:
    """Return what became of a file, None where nothing did, and what is there instead."""
    if path not in plan.shown:
        if "\ufffd" in path:
            return FileState.UNKNOWN, "its name is no UTF-8"
        return FileState.MISSING, ""
    position, folder = plan.shown[path]
    if folder:
        return FileState.MODIFIED, "a folder"
    if path in plan.links:
        same = any(note.link and _is_digest(note.digest, plan.links[path]) for note in notes)
        return (None, "") if same else (FileState.MODIFIED, f"a symbolic link to {plan.links[path]}")
    contents = [note for note in notes if not note.link]
    if not contents:
        return FileState.MODIFIED, "no symbolic link"
    layer = layers[position]
    digests = layer.digests.get(path)
    if digests:
        if any(digests.get(_ALGORITHMS[len(note.digest)]) == note.digest for note in contents):
            return None, ""
        algorithm = _ALGORITHMS[len(contents[0].digest)]
        return FileState.MODIFIED, f"content with {algorithm} {digests.get(algorithm, b'').hex()}"
    if reason := layer.reasons.get(path, layer.unread):
        return FileState.UNKNOWN, reason
    return FileState.MODIFIED, "no regular file"


def _is_digest(digest: bytes, target: str) -> bool:
    """Tell whether a digest is that of a link's target, which `paths.text` may have written with escapes."""
    plain = "/".join(part.replace("\\\\", "\\") if "\\x" in part else part for part in target.split("/"))
    return _new(_ALGORITHMS[len(digest)], plain.encode()) == digest


def _may_be_missing(files: NotedFiles, path: str, notes: tuple[Note, ...]) -> bool:
    return path in files.optional or all(files.left_out(path, note) for note in notes)


def _check(path: str, notes: tuple[Note, ...], state: FileState, found: str, layer: int | None) -> FileCheck:
    digest = notes[0].digest
    packages = ", ".join(sorted({note.package for note in notes}))
    return FileCheck(path, packages, state, found, _ALGORITHMS[len(digest)], digest.hex(), layer)


def _new(algorithm: str, data: bytes = b"") -> bytes:
    return hashlib.new(algorithm, data, usedforsecurity=False).digest()


@dataclass(slots=True)
class _Exactly(Dispatcher):
    """Finds who reads a path in a table; nothing is wanted by its first bytes."""

    paths: Mapping[str, tuple[Extractor, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.most_names = sys.maxsize

    def wanted(self, path: bytes) -> tuple[Extractor, ...]:
        """Return who reads a path."""
        return self.paths.get(text(path), ())


def _hashed(algorithm: str, file: File) -> Iterator[Record]:
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for offset in range(0, file.size, MiB):
        digest.update(file.read(offset, min(MiB, file.size - offset)))
    yield FileNotes("", Noted.CONTENT, digest.hexdigest())


def _hasher(algorithm: str) -> Extractor:
    return Extractor(
        name=algorithm,
        version=1,
        patterns=(),
        evidence=Evidence.INSTALLED,
        extract=partial(_hashed, algorithm),
        ecosystem="",
        licenses_from="none",
    )


_HASHERS = {size: _hasher(algorithm) for size, algorithm in _ALGORITHMS.items()}
