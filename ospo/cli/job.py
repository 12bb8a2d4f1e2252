"""One scan as a command runs it: pipeline, judgement, database, progress."""

import importlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ospo.cli.common import now, today
from ospo.cli.progress import Reporter, progress
from ospo.config import Settings
from ospo.errors import StoreError, UsageError
from ospo.model import Platform, ScanResult
from ospo.scan import Cache, Event, LayerDone, ScanOptions, judge, scan
from ospo.sources.interface import SourceOptions
from ospo.sources.platforms import parse_platform

if TYPE_CHECKING:
    from ospo.policy.evaluate import Evaluation
    from ospo.policy.load import Policy


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
    verify_files: bool = False

    @classmethod
    def of(
        cls, reference: str, settings: Settings, flags: Mapping[str, Any], *, store: bool, quiet: bool
    ) -> "Job":
        """Make a job of what the user typed.

        Raises:
            UsageError: it contradicts itself.
        """
        if flags["platform"] and flags["all_platforms"]:
            raise UsageError(
                "--platform and --all-platforms exclude each other", hint="leave one of them out"
            )
        platform = parse_platform(flags["platform"]) if flags["platform"] else None
        return cls(
            reference,
            settings,
            platform,
            flags["all_platforms"],
            not flags["no_cache"],
            store,
            quiet,
            flags.get("verify_files", False),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scanned artifact, judged and stored."""

    result: ScanResult
    evaluation: "Evaluation"
    policy: "Policy"
    seconds: float
    """From the start of this artifact's scan to its being stored."""
    layers_cached: int
    new: bool = True
    """False when the same artifact had been stored before; True when nothing was stored."""
    unsaved: StoreError | None = None
    """Why it could not be stored; the scan counts nevertheless."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One artifact that was read, before anybody judges it."""

    result: ScanResult
    begin: float
    """When reading began, on the monotonic clock."""
    layers_cached: int


def run(job: Job) -> Iterator[Outcome]:
    """Scan, judge and store; one outcome for each platform. Between outcomes the screen is free.

    Raises:
        OspoError: the target cannot be read, the policy is wrong, or the database is not one.
    """
    from ospo.cli.policy import policy_of

    policy = policy_of(job.settings, quiet=job.quiet)
    _check_database(job)
    for reading in read(job):
        result = _with_base(job, reading.result)
        evaluation = judge(result, policy, today())
        new, unsaved = _save(job, result, evaluation, policy)
        seconds = time.monotonic() - reading.begin
        yield Outcome(result, evaluation, policy, seconds, reading.layers_cached, new=new, unsaved=unsaved)


def read(job: Job) -> Iterator[Reading]:
    """Scan only; one reading for each platform. Between readings the screen is free.

    Raises:
        OspoError: the target cannot be read.
    """
    with progress(quiet=job.quiet) as reporter, _cache(job, reporter) as cache:
        cached = 0

        def report(event: Event) -> None:
            nonlocal cached
            cached += isinstance(event, LayerDone) and event.cached
            reporter(event)

        options = ScanOptions(
            now=now(),
            source=_source_options(job),
            cache=cache,
            progress=report,
            workers=job.settings.scan.workers,
            verify_files=job.verify_files,
        )
        begin = time.monotonic()
        _import_ahead()
        for result in scan(job.reference, options):
            reporter.pause()
            yield Reading(result, begin, cached)
            begin, cached = time.monotonic(), 0


def _import_ahead() -> None:
    """Import what comes after a scan while its layers are being read: 0.1 s that nobody waits for."""
    modules = ("ospo.licenses.declared", "ospo.sbom.cyclonedx", "ospo.store.database", "ospo.store.writer")
    threading.Thread(target=lambda: [*map(importlib.import_module, modules)]).start()


def _source_options(job: Job) -> SourceOptions:
    settings = job.settings
    registry = replace(settings.registry, offline=settings.offline)
    return SourceOptions(job.platform, job.all_platforms, settings.limits, registry)


@contextmanager
def _cache(job: Job, reporter: Reporter) -> Iterator[Cache | None]:
    """Open the cache of layer facts, or none; without it a scan only takes longer."""
    if not job.use_cache:
        yield None
        return
    from ospo.store.cache import FactsCache

    cache = FactsCache(job.settings.cache_dir / "cache.db", warn=reporter.note)
    try:
        yield cache
    finally:
        cache.close()


def _with_base(job: Job, result: ScanResult) -> ScanResult:
    """Add what the database knows of the image that this one was built on."""
    if not (job.store and job.settings.database.exists() and result.artifact.layers):
        return result
    from ospo.store.bases import known_base
    from ospo.store.database import connect

    try:
        with closing(connect(job.settings.database)) as connection:
            return replace(result, base=known_base(connection, result.artifact))
    except StoreError:  # saving fails too, and says so
        return result


def _check_database(job: Job) -> None:
    """Find out before a long scan that the database is of another program or a newer ospo."""
    if job.store and job.settings.database.exists():
        from ospo.store.database import connect

        connect(job.settings.database).close()


def _save(
    job: Job, result: ScanResult, evaluation: "Evaluation", policy: "Policy"
) -> tuple[bool, StoreError | None]:
    if not job.store:
        return True, None
    from ospo.store.database import connect
    from ospo.store.writer import save

    try:
        with closing(connect(job.settings.database)) as connection:
            return save(connection, result, evaluation.findings, policy.rules.rules).new, None
    except StoreError as error:
        return True, error
