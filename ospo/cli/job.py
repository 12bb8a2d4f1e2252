"""One scan as a command runs it: pipeline, judgement, database, reports."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ospo.cli.common import note, now
from ospo.cli.progress import progress
from ospo.config import Settings
from ospo.model import Finding, Platform, ScanResult
from ospo.scan import Cache, Event, LayerDone, ScanOptions, judge, scan
from ospo.sources.interface import SourceOptions
from ospo.sources.platforms import parse_platform


@dataclass(frozen=True, slots=True)
class Job:
    """What to scan, and how."""

    reference: str
    settings: Settings
    platform: Platform | None = None
    all_platforms: bool = False
    use_cache: bool = True
    store: bool = True
    quiet: bool = False

    @classmethod
    def of(
        cls, reference: str, settings: Settings, flags: Mapping[str, Any], *, store: bool, quiet: bool
    ) -> "Job":
        """Make a job of what the user typed."""
        platform = parse_platform(flags["platform"]) if flags["platform"] else None
        return cls(reference, settings, platform, flags["all_platforms"], not flags["no_cache"], store, quiet)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scanned artifact, judged and stored."""

    result: ScanResult
    findings: tuple[Finding, ...]
    seconds: float
    """From the start of this artifact's scan to its being stored."""
    layers_cached: int
    new: bool
    """False when the same artifact had been stored before; True when nothing was stored."""


def run(job: Job) -> Iterator[Outcome]:
    """Scan, judge and store; one outcome for each platform.

    Raises:
        OspoError: the target cannot be read, or the database cannot be written.
    """
    report = progress(quiet=job.quiet)
    cached = 0

    def count(event: Event) -> None:
        nonlocal cached
        cached += isinstance(event, LayerDone) and event.cached
        report(event)

    with _cache(job) as cache:
        options = ScanOptions(
            now=now(),
            source=_source_options(job),
            cache=cache,
            progress=count,
            workers=job.settings.scan.workers,
        )
        begin = time.monotonic()
        for result in scan(job.reference, options):
            findings = judge(result)
            new = _save(job, result, findings) if job.store else True
            yield Outcome(result, findings, time.monotonic() - begin, cached, new)
            begin, cached = time.monotonic(), 0


def _source_options(job: Job) -> SourceOptions:
    settings = job.settings
    registry = replace(settings.registry, offline=settings.offline)
    return SourceOptions(job.platform, job.all_platforms, settings.limits, registry)


@contextmanager
def _cache(job: Job) -> Iterator[Cache | None]:
    """Open the cache of layer facts, or none; without it a scan only takes longer."""
    if not job.use_cache:
        yield None
        return
    from ospo.store.cache import FactsCache

    cache = FactsCache(
        job.settings.cache_dir / "cache.db", warn=lambda text: note(f"cache: {text}", quiet=job.quiet)
    )
    try:
        yield cache
    finally:
        cache.close()


def _save(job: Job, result: ScanResult, findings: tuple[Finding, ...]) -> bool:
    from ospo.store.database import connect
    from ospo.store.writer import save

    with closing(connect(job.settings.database)) as connection:
        return save(connection, result, findings).new
