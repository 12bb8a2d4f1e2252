"""The pipeline, from a reference to results: every command, the fleet and the terminal UI use `scan`."""

import hashlib
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from ospo.errors import LayerError, OspoError
from ospo.extractors import all_extractors, facts_version
from ospo.extractors.dispatch import Dispatcher, for_folders, for_images
from ospo.image.analyse import analyse
from ospo.image.behind_links import behind_links
from ospo.image.decompress import LAYER_MEDIA_TYPES
from ospo.image.facts import LayerFacts, decode, encode
from ospo.image.graph import edges
from ospo.image.layer import LayerReader
from ospo.image.merge import merge
from ospo.image.overlay import Overlay
from ospo.licenses.declared import declare, known
from ospo.limits import Limits
from ospo.model import Artifact, ArtifactKind, Finding, Layer, Problem, ProblemKind, ScanResult
from ospo.policy.baseline import evaluate
from ospo.sources.detect import open_reference
from ospo.sources.directory import DiskMembers
from ospo.sources.interface import Folder, Image, SbomFile, Source, SourceOptions


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


Event = Started | BytesRead | LayerDone
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


def scan(reference: str, options: ScanOptions) -> Iterator[ScanResult]:
    """Resolve a reference and scan what it names: one result, or one for each platform asked for.

    Raises:
        TargetError: nothing can be scanned there. What cannot be checked in part is a Problem instead.
        UsageError: the reference makes no sense.
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
        case SbomFile():
            return _take_sbom(source, options)


def judge(result: ScanResult) -> tuple[Finding, ...]:
    """Return the findings of a scan, worst first."""
    return evaluate(result, lambda component: known(declare(component.licenses)))


def _scan_image(image: Image, options: ScanOptions) -> ScanResult:
    layers = image.artifact.layers
    size = sum(layer.size for layer in layers)
    options.progress(Started(image.target.name, image.artifact.digest, len(layers), size))
    overlay = Overlay()
    problems = list(image.problems)
    for layer, outcome in zip(layers, _all_facts(image, options), strict=True):
        if isinstance(outcome, Problem):
            problems.append(outcome)
        else:
            overlay.apply(layer.index, outcome)
            problems.extend(_in_layer(problem, layer) for problem in outcome.problems)
    return _finish(image, image.artifact, overlay, problems, options)


def _scan_folder(folder: Folder, options: ScanOptions) -> ScanResult:
    options.progress(Started(folder.target.name, "", 0, 0))
    members = DiskMembers(folder.root, options.source.limits)
    reader = LayerReader(for_folders(all_extractors()), options.source.limits, layered=False)
    facts = reader.read(members)
    overlay = Overlay()
    overlay.apply(0, facts)
    artifact = Artifact(ArtifactKind.DIRECTORY, members.tree_digest)
    return _finish(folder, artifact, overlay, [*members.problems, *facts.problems], options)


def _finish(
    source: Image | Folder,
    artifact: Artifact,
    overlay: Overlay,
    problems: list[Problem],
    options: ScanOptions,
) -> ScanResult:
    merged = merge(overlay, layered=isinstance(source, Image))
    problems = [*problems, *behind_links(overlay, all_extractors())]
    return ScanResult(
        target=source.target,
        artifact=artifact,
        components=merged.components,
        dependencies=edges(merged.components),
        problems=tuple(sorted(set(problems))),
        distro=merged.distro,
        scanned_at=options.now,
        facts_version=facts_version(),
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


def _all_facts(image: Image, options: ScanOptions) -> list[LayerFacts | Problem]:
    """Return facts in the order of the layers; a blob that occurs twice is read once."""
    facts: dict[_Blob, LayerFacts | Problem] = {}
    unread: list[Layer] = []
    for layer in {_blob(layer): layer for layer in reversed(image.artifact.layers)}.values():
        cached = _from_cache(layer, options)
        if cached is None:
            unread.append(layer)
        else:
            facts[_blob(layer)] = cached
            options.progress(BytesRead(layer.size))
            options.progress(LayerDone(layer, cached=True))
    facts.update(_read_layers(image, unread, options))
    return [facts[_blob(layer)] for layer in image.artifact.layers]


_Blob = tuple[str, int, str]


def _blob(layer: Layer) -> _Blob:
    """Tell all that a manifest says of a blob: it may lie about one that it also tells the truth about."""
    return layer.digest, layer.size, layer.media_type


def _read_layers(
    image: Image, layers: list[Layer], options: ScanOptions
) -> Iterator[tuple[_Blob, LayerFacts | Problem]]:
    """Read layers side by side, the largest first, since it decides when all are done."""
    if not layers:
        return
    dispatcher = for_images(all_extractors())
    read = partial(_read_layer, image, dispatcher=dispatcher, options=options)
    with _quick_switches(), _pool(min(options.workers, len(layers))) as pool:
        jobs: dict[Future[LayerFacts | Problem], Layer] = {}
        for layer in sorted(layers, key=lambda layer: (-layer.size, layer.index)):
            jobs[pool.submit(read, layer)] = layer
        for job in as_completed(jobs):
            layer, outcome = jobs[job], job.result()
            if options.cache is not None and isinstance(outcome, LayerFacts):
                options.cache.put(layer.digest, _cache_version(options), encode(outcome))
            options.progress(LayerDone(layer, cached=False))
            yield _blob(layer), outcome


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


def _from_cache(layer: Layer, options: ScanOptions) -> LayerFacts | None:
    """Return the facts of a blob that is known, unless reading it would fail for what its manifest says."""
    if options.cache is None or layer.media_type not in LAYER_MEDIA_TYPES:
        return None
    data = options.cache.get(layer.digest, _cache_version(options))
    try:
        facts = decode(data) if data is not None else None
    except ValueError:
        return None
    return facts if facts is not None and facts.size == layer.size else None


def _cache_version(options: ScanOptions) -> str:
    """Name what facts depend on beside the blob: the extractors, and limits that are not the usual ones."""
    limits = options.source.limits
    if limits == Limits():
        return facts_version()
    return f"{facts_version()}-{hashlib.sha256(repr(limits).encode()).hexdigest()[:16]}"


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
