"""Settings, and where each of them comes from: default, configuration file, environment, command line.

A later one of these wins. `docs/configuration.md` describes every setting; a test compares.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ospo import paths
from ospo.config.files import Considered, Document, Search, named, search
from ospo.config.registries import Registries, read_registries
from ospo.config.trust import refuse_reserved
from ospo.config.unknown import unknown_key
from ospo.config.values import (
    Given,
    Origin,
    OriginKind,
    read_count,
    read_flag,
    read_path,
    read_paths,
    read_size,
    read_threshold,
)
from ospo.errors import UsageError
from ospo.limits import Limits
from ospo.model import Severity
from ospo.registry_settings import RegistrySettings
from ospo.text import closest


def default_workers() -> int:
    """Return how many layers are read at the same time: as many as processors, at most 4.

    Each uses up to three threads, and one layer mostly holds most of the bytes.
    """
    return min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Section `[scan]`: how scans are done and judged."""

    fail_on: Severity | None = None
    """Findings of this severity or worse end in exit code 1; None: no finding does."""
    strict: bool = False
    """Every problem makes a scan incomplete, not only a blocking one."""
    allow_incomplete: bool = False
    """What could not be checked does not end in exit code 3."""
    workers: int = field(default_factory=default_workers)
    """Layers read at the same time."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one call of ospo."""

    database: Path
    """Where scans and findings are kept."""
    cache_dir: Path
    """Folder for what can be made again."""
    offline: bool = False
    """Open no network connection."""
    rules: tuple[Path, ...] = ()
    """Files and folders of rules beside the bundled ones."""
    waivers: Path | None = None
    """File of waivers, the only ones that a gate knows."""
    scan: ScanSettings = field(default_factory=ScanSettings)
    limits: Limits = field(default_factory=Limits)
    registry: RegistrySettings = field(default_factory=RegistrySettings)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Key -> where its value comes from, for all that are not defaults."""
    considered: tuple[Considered, ...] = ()
    """Where a configuration file was looked for, nearest first."""

    def origin(self, key: str) -> Origin:
        """Return where the value of a key such as `scan.fail_on` comes from."""
        return self.origins.get(key, Origin())

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know: configuration files that were left out for safety."""
        return tuple(f"{one.path} is {one.state}" for one in self.considered if one.ignored)


@dataclass(frozen=True, slots=True)
class Setting:
    """One key that a file, the environment or the command line may set."""

    read: Callable[[Given], object]
    variable: str
    """The environment variable."""
    option: str = ""
    """The command-line option, "" where there is none."""


_COUNTED_LIMITS = frozenset(("layer_ratio", "layer_entries", "image_entries", "layers"))
"""Limits that count something else than bytes."""

SETTINGS: Mapping[str, Setting] = {
    "database": Setting(read_path, "OSPO_DB", "--db"),
    "cache_dir": Setting(read_path, "OSPO_CACHE_DIR"),
    "offline": Setting(read_flag, "OSPO_OFFLINE", "--offline"),
    "rules": Setting(read_paths, "OSPO_RULES", "--rules"),
    "waivers": Setting(read_path, "OSPO_WAIVERS", "--waivers"),
    "scan.fail_on": Setting(read_threshold, "OSPO_FAIL_ON", "--fail-on"),
    "scan.strict": Setting(read_flag, "OSPO_STRICT", "--strict"),
    "scan.allow_incomplete": Setting(read_flag, "OSPO_ALLOW_INCOMPLETE", "--allow-incomplete"),
    "scan.workers": Setting(read_count, "OSPO_WORKERS", "--workers"),
} | {
    f"limits.{limit.name}": Setting(
        read_count if limit.name in _COUNTED_LIMITS else read_size, f"OSPO_LIMITS_{limit.name.upper()}"
    )
    for limit in fields(Limits)
}
"""Every setting but those of registries, which have no variables: `ospo.config.registries.KEYS`."""

_SECTIONS = ("scan", "limits")


def load(
    config: Path | None = None,
    options: Mapping[str, object] | None = None,
    scanned: Path | None = None,
    *,
    folder: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Return the settings that hold in a folder.

    Args:
        config: the file that `--config` names; None to search for one.
        options: key, such as `scan.fail_on`, to the value that the user typed; None means not typed.
        scanned: the local path that is scanned; no configuration is taken from there unless it is named.
        folder: where the search starts, and relative paths of environment and options; None: the current one.
        environ: the environment; an empty variable counts as unset.

    Raises:
        UsageError: a file, variable or option is wrong, a file that was only found sets what is reserved for
            named ones (`ospo.config.trust`), or there is no home folder where one is needed.
    """
    folder = folder or _current_folder()
    found = _find(folder, environ, config, scanned)
    given = [] if found.document is None else list(_from_file(found.document))
    registry = Registries() if found.document is None else read_registries(found.document)
    values: dict[str, Any] = {one.key: SETTINGS[one.key].read(one) for one in given}
    if found.document is not None and not found.document.named:
        refuse_reserved((*given, *registry.given), values)
    outside = (*_from_environment(environ, folder), *_from_options(options or {}, folder))
    values |= {one.key: SETTINGS[one.key].read(one) for one in outside}
    settings = Settings(
        # Asked for only where nothing sets them: there need not be a home folder.
        database=values.get("database") or paths.database(environ),
        cache_dir=values.get("cache_dir") or paths.cache_dir(environ),
        registry=registry.settings,
        origins={one.key: one.origin for one in (*given, *outside, *registry.given)},
        considered=found.considered,
    )
    return _assemble(values, settings)


def unknown_variables(environ: Mapping[str, str], settings: Settings) -> tuple[str, ...]:
    """Return a remark for every variable that looks like one of ospo and is none; never its value."""
    known = {setting.variable for setting in SETTINGS.values()} | {"OSPO_CONFIG"}
    mine = known.union(*settings.registry.credentials.values())
    return tuple(
        f"{name} is not a variable of ospo"
        + (f"; did you mean {meant}?" if (meant := closest(name, known)) else "")
        for name in sorted(environ)
        if name.startswith("OSPO_") and name not in mine
    )


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(
            "the current folder does not exist any more", hint="change to another one"
        ) from error


def _find(folder: Path, environ: Mapping[str, str], config: Path | None, scanned: Path | None) -> Search:
    if config is not None:
        return named(folder / config, "--config")
    if variable := environ.get("OSPO_CONFIG"):
        return named(folder / variable, "OSPO_CONFIG")
    return search(folder, paths.home(environ), scanned)


def _from_file(document: Document) -> Iterator[Given]:
    for name, value in document.table.items():
        if name in _SECTIONS:
            for key, inner in document.section((name,), value).items():
                yield _known(document.given((name, key), inner), name)
        elif name != "registry":
            yield _known(document.given((name,), value), "")


def _known(given: Given, section: str) -> Given:
    if given.key in SETTINGS:
        return given
    inside = (
        [key for key in SETTINGS if key.startswith(f"{section}.")]
        if section
        else [*SETTINGS, *_SECTIONS, "registry"]
    )
    raise unknown_key(given, section, inside)


def _from_environment(environ: Mapping[str, str], folder: Path) -> Iterator[Given]:
    for key, setting in SETTINGS.items():
        if text := environ.get(setting.variable):
            yield Given(key, text, Origin(OriginKind.ENVIRONMENT, setting.variable), folder)


def _from_options(options: Mapping[str, object], folder: Path) -> Iterator[Given]:
    for key, value in options.items():
        if value is not None:
            yield Given(key, value, Origin(OriginKind.COMMAND_LINE, SETTINGS[key].option), folder)


def _assemble(values: Mapping[str, Any], settings: Settings) -> Settings:
    """Put values into place: `scan.strict` into the section `scan`."""
    by_section: dict[str, dict[str, Any]] = {"": {}, "scan": {}, "limits": {}}
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        by_section[section][name] = value
    settings = replace(
        settings,
        scan=replace(settings.scan, **by_section["scan"]),
        limits=replace(settings.limits, **by_section["limits"]),
        **by_section[""],
    )
    return replace(settings, registry=replace(settings.registry, offline=settings.offline))
