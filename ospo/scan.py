"""The pipeline, from a reference to results: every command, the fleet and the terminal UI use `scan`."""

import hashlib
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from ospo.errors import LayerError, OspoError, UsageError
from ospo.extractors import all_extractors, facts_version
from ospo.extractors.dispatch import Dispatcher, for_folders, for_images
from ospo.extractors.file_notes import NOTES, NOTES_VERSION, alone
from ospo.image import integrity
from ospo.image.analyse import analyse
from ospo.image.behind_links import behind_links
from ospo.image.decompress import LAYER_MEDIA_TYPES
from ospo.image.facts import LayerFacts, decode, encode
from ospo.image.graph import MOST_EDGES, MOST_NEEDS, derive
from ospo.image.layer import LayerReader
from ospo.image.merge import merge
from ospo.image.overlay import Overlay
from ospo.image.totals import TooMuchError, Totals
from ospo.limits import Limits
from ospo.model import Artifact, ArtifactKind, FileChecks, Layer, Problem, ProblemKind, ScanResult
from ospo.sources.detect import open_reference
from ospo.sources.directory import DiskMembers
from ospo.sources.interface import Folder, Image, SbomFile, Source, SourceOptions

if TYPE_CHECKING:
    from ospo.policy.evaluate import Evaluation
    from ospo.policy.load import Policy


class Cache(Protocol):
    """Keeps layer facts between scans; losing any of it costs time only."""

    def get(self, digest: str, facts_version: str) -> bytes | None:
        """Return what was put for this blob and this set of extractors."""
        ...

    def put(self, digest: str, facts_version: str, data: bytes) -> None:
        """Keep facts of a blob whose digest was verified."""
        ...


@dataclass(frozen=True, slots=True)
class Started:
    """A target is resolved, and reading begins."""

    target: str
    digest: str
    layers: int
    size: int
    """Bytes of all layers as stored; 0 for what is no image."""


@dataclass(frozen=True, slots=True)
class BytesRead:
    """So many more stored bytes have been read."""

    count: int


@dataclass(frozen=True, slots=True)
class LayerDone:
    """One layer's facts are there."""

    layer: Layer
    cached: bool


@dataclass(frozen=True, slots=True)
class Verifying:
    """Some layers are read once more, to compare files with what packages installed."""

    layers: int
    size: int
    """Bytes of these layers as stored."""


Event = Started | BytesRead | LayerDone | Verifying
Progress = Callable[[Event], None]
"""Called from several threads."""


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How to scan."""

    now: str
    """The time that results carry, RFC 3339 in UTC."""
    source: SourceOptions = field(default_factory=SourceOptions)
    cache: Cache | None = None
    progress: Progress = lambda _: None
    workers: int = 2
    """Layers read at the same time; each uses up to three threads."""
    verify_files: bool = False
    """Whether files are compared with what package managers noted about them."""


def scan(reference: str, options: ScanOptions) -> Iterator[ScanResult]:
    """Resolve a reference and scan what it names: one result, or one for each platform asked for.

    Raises:
        TargetError: nothing can be scanned there. What cannot be checked in part is a Problem instead.
        UsageError: the reference makes no sense, or files of an SBOM are to be verified.
    """
    for source in open_reference(reference, options.source):
        yield scan_source(source, options)


def scan_source(source: Source, options: ScanOptions) -> ScanResult:
    """Scan what a source has opened."""
    match source:
        case Image():
            return _scan_image(source, options)
        case Folder():
            return _scan_folder(source, options)
        case SbomFile() if options.verify_files:
            raise UsageError("an SBOM has no files that could be verified", hint="leave --verify-files out")
        case SbomFile():
            return _take_sbom(source, options)


def judge(result: ScanResult, policy: "Policy", today: date) -> "Evaluation":
    """Return what a policy says of a scan."""
    from ospo.policy.evaluate import evaluate  # needs CEL, which who only reads does not

    return evaluate(policy.rules.rules, result, policy.waivers.waivers, today)


def _scan_image(image: Image, options: ScanOptions) -> ScanResult:
    layers = image.artifact.layers
    size = sum(layer.size for layer in layers)
    options.progress(Started(image.target.name, image.artifact.digest, len(layers), size))
    overlay = Overlay()
    problems = list(image.problems)
    try:
        for layer, outcome in _outcomes(image, options):
            if isinstance(outcome, Problem):
                problems.append(outcome)
            else:
                overlay.apply(layer.index, outcome)
                problems.extend(_in_layer(problem, layer) for problem in outcome.problems)
    except TooMuchError as error:
        # How far the reading came differs from run to run, so nothing of it counts.
        overlay = Overlay()
        where = f"layers 0 to {len(layers) - 1}"
        unread = Problem(ProblemKind.LAYER, where, error.message, error.hint, blocking=True)
        problems = [*image.problems, unread]
    files = None
    # What a layer that nobody could read holds would seem to be missing, or what it replaces to be there.
    if options.verify_files and len(overlay.entries) == len(layers):
        files, more = _verify_image(image, overlay, options)
        problems += more
    return _finish(image, image.artifact, overlay, problems, options, files)


def _verify_image(image: Image, overlay: Overlay, options: ScanOptions) -> tuple[FileChecks, list[Problem]]:
    """Compare files of packages: the layers that show some are read again. The overlay holds all layers."""
    layers = image.artifact.layers
    plan = integrity.plan(overlay)
    options.progress(Verifying(len(plan.readers), sum(layers[at].size for at in plan.readers)))
    read = {
        at: _read_layer(image, layers[at], dispatcher=reader, options=options)
        for at, reader in plan.readers.items()
    }
    return integrity.judge(plan, read, lambda at: layers[at].index)


def _scan_folder(folder: Folder, options: ScanOptions) -> ScanResult:
    options.progress(Started(folder.target.name, "", 0, 0))
    members = DiskMembers(folder.root, options.source.limits)
    reader = LayerReader(for_folders(all_extractors()), options.source.limits, layered=False)
    facts = reader.read(members)
    overlay = Overlay()
    overlay.apply(0, facts)
    artifact = Artifact(ArtifactKind.DIRECTORY, members.tree_digest)
    problems = [*members.problems, *facts.problems]
    files = None
    if options.verify_files:
        files, more = _verify_folder(folder, options)
        problems += more
    return _finish(folder, artifact, overlay, problems, options, files)


def _verify_folder(folder: Folder, options: ScanOptions) -> tuple[FileChecks, list[Problem]]:
    """Compare the files of packages. The folder is gone through anew: its digest must not depend on that."""

    def facts(dispatcher: Dispatcher) -> LayerFacts:
        limits = options.source.limits
        return LayerReader(dispatcher, limits, layered=False).read(DiskMembers(folder.root, limits))

    overlay = Overlay()
    notes = facts(for_folders(alone()))
    overlay.apply(0, notes)
    plan = integrity.plan(overlay)
    options.progress(Verifying(0, 0))
    read = {at: facts(reader) for at, reader in plan.readers.items()}
    checks, problems = integrity.judge(plan, read, lambda _: None)
    return checks, [*notes.problems, *problems]


_CUT = Problem(
    ProblemKind.FILE,
    "dependencies",
    f"dependency edges beyond {MOST_EDGES}, and names beyond {MOST_NEEDS} of one component, are left out",
)


def _finish(
    source: Image | Folder,
    artifact: Artifact,
    overlay: Overlay,
    problems: list[Problem],
    options: ScanOptions,
    files: FileChecks | None,
) -> ScanResult:
    merged = merge(overlay, layered=isinstance(source, Image))
    graph = derive(merged.components)
    if not graph.complete:
        problems = [*problems, _CUT]
    problems = [*problems, *behind_links(overlay, all_extractors())]
    return ScanResult(
        target=source.target,
        artifact=artifact,
        components=merged.components,
        dependencies=graph.edges,
        problems=tuple(sorted(set(problems))),
        distro=merged.distro,
        scanned_at=options.now,
        facts_version=facts_version(),
        files=files,
    )


def _take_sbom(source: SbomFile, options: ScanOptions) -> ScanResult:
    options.progress(Started(source.target.name, source.artifact.digest, 0, 0))
    return ScanResult(
        target=source.target,
        artifact=source.artifact,
        components=source.components,
        dependencies=source.dependencies,
        problems=source.problems,
        distro=source.distro,
        scanned_at=options.now,
        facts_version=facts_version(),
    )


_Blob = tuple[str, int, str]
_Arrival = tuple[Layer, LayerFacts | Problem, bytes | Problem]
"""A layer that was read, its outcome, and the form in which that is kept."""


def _outcomes(image: Image, options: ScanOptions) -> Iterator[tuple[Layer, LayerFacts | Problem]]:
    """Yield every layer, bottom first, as soon as those below it are there; a blob is read once.

    What is there before its turn waits in the form that the cache has, which takes a fraction of the memory.

    Raises:
        TooMuchError: all layers together exceed a limit.
    """
    layers = image.artifact.layers
    totals = Totals(options.source.limits, Counter(map(_blob, layers)))
    waiting: dict[_Blob, bytes | Problem] = {}
    unread: list[Layer] = []
    for layer in {_blob(layer): layer for layer in reversed(layers)}.values():
        cached = _from_cache(layer, options)
        if cached is None:
            unread.append(layer)
        else:
            waiting[_blob(layer)] = cached
    from_cache = set(waiting)
    arriving = _read_layers(image, unread, options)
    for layer in layers:
        outcome = _unpacked(waiting.get(_blob(layer)), layer)
        if _blob(layer) in from_cache:
            from_cache.remove(_blob(layer))
            if isinstance(outcome, LayerFacts):
                totals.add(_blob(layer), outcome)
                options.progress(BytesRead(layer.size))
                options.progress(LayerDone(layer, cached=True))
            else:  # What the cache had is damaged.
                arriving = chain(_read_layers(image, [layer], options), arriving)
        yield layer, outcome or _awaited(layer, arriving, waiting, totals)
    for _ in arriving:
        pass  # Nothing is left; this ends the pool.


def _awaited(
    layer: Layer, arriving: Iterator[_Arrival], waiting: dict[_Blob, bytes | Problem], totals: Totals
) -> LayerFacts | Problem:
    """Return the outcome of one layer as soon as it is there; keep those of others that are there before."""
    for arrived, outcome, kept in arriving:
        waiting[_blob(arrived)] = kept
        if isinstance(outcome, LayerFacts):
            totals.add(_blob(arrived), outcome)
        if _blob(arrived) == _blob(layer):
            return outcome
    raise AssertionError(f"layer {layer.index} was not read")


def _unpacked(kept: bytes | Problem | None, layer: Layer) -> LayerFacts | Problem | None:
    """Return what was kept of a layer, unless it is damaged or the manifest says another size."""
    if not isinstance(kept, bytes):
        return kept
    try:
        facts = decode(kept)
    except ValueError:
        return None
    return facts if facts.size == layer.size else None


def _blob(layer: Layer) -> _Blob:
    """Tell all that a manifest says of a blob: it may lie about one that it also tells the truth about."""
    return layer.digest, layer.size, layer.media_type


def _read_layers(image: Image, layers: list[Layer], options: ScanOptions) -> Iterator[_Arrival]:
    """Read layers side by side, the largest first, since it decides when all are done."""
    if not layers:
        return
    dispatcher = for_images((*all_extractors(), *NOTES) if options.verify_files else all_extractors())
    read = partial(_read_layer, image, dispatcher=dispatcher, options=options)
    with _quick_switches(), _pool(min(options.workers, len(layers))) as pool:
        jobs: dict[Future[LayerFacts | Problem], Layer] = {}
        due = deque(sorted(layers, key=lambda layer: (-layer.size, layer.index)))
        while jobs or due:
            # One more than can run, so that no worker waits; facts of more layers would only take memory.
            while due and len(jobs) <= options.workers:
                layer = due.popleft()
                jobs[pool.submit(read, layer)] = layer
            job = next(iter(wait(jobs, return_when=FIRST_COMPLETED).done))
            layer, outcome = jobs.pop(job), job.result()
            del job  # It holds the facts.
            kept = encode(outcome) if isinstance(outcome, LayerFacts) else outcome
            if options.cache is not None and isinstance(kept, bytes):
                options.cache.put(layer.digest, _cache_version(options), kept)
            options.progress(LayerDone(layer, cached=False))
            yield layer, outcome, kept
            del outcome


def _read_layer(
    image: Image, layer: Layer, *, dispatcher: Dispatcher, options: ScanOptions
) -> LayerFacts | Problem:
    try:
        return analyse(
            layer,
            partial(image.open_layer, layer),
            dispatcher,
            options.source.limits,
            lambda count: options.progress(BytesRead(count)),
        )
    except OspoError as error:
        kind = ProblemKind.LAYER if isinstance(error, LayerError) else ProblemKind.REGISTRY
        return Problem(
            kind, f"layer {layer.index} ({layer.digest})", error.message, error.hint, blocking=True
        )


def _from_cache(layer: Layer, options: ScanOptions) -> bytes | None:
    """Return the facts of a blob that is known, unless reading it would fail for what its manifest says."""
    if options.cache is None or layer.media_type not in LAYER_MEDIA_TYPES:
        return None
    return options.cache.get(layer.digest, _cache_version(options))


def _cache_version(options: ScanOptions) -> str:
    """Name what facts depend on beside the blob: who reads it, and limits that are not the usual ones."""
    limits = options.source.limits
    version = f"{facts_version()}-notes-{NOTES_VERSION}" if options.verify_files else facts_version()
    if limits == Limits():
        return version
    return f"{version}-{hashlib.sha256(repr(limits).encode()).hexdigest()[:16]}"


def _in_layer(problem: Problem, layer: Layer) -> Problem:
    place = f"layer {layer.index}"
    return replace(problem, where=f"{problem.where} ({place})" if problem.where else place)


@contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Give a pool that an exception, such as an interruption, leaves at once and not when layers are read."""
    pool = ThreadPoolExecutor(workers)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


@contextmanager
def _quick_switches() -> Iterator[None]:
    """Hand the interpreter lock over every 0.5 ms instead of 5 ms while layers are read.

    A thread that inflates needs the lock for microseconds between two megabytes; waiting 5 ms for it each
    time, behind the thread that walks, would cost more than inflating.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
