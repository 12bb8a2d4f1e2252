"""The rows that `ospo.store.queries` returns, and what selects them. Times are RFC 3339, UTC."""

from dataclasses import dataclass

from ospo.model import Severity


@dataclass(frozen=True, slots=True)
class TargetRow:
    """What a target points at on one platform."""

    name: str
    kind: str
    platform: str
    digest: str
    seen_at: str
    components: int
    problems: int
    open_findings: int
    complete: bool


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """A component of a target, in short."""

    key: str
    type: str
    namespace: str
    name: str
    version: str
    license_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UseRow:
    """A place where a component is in use."""

    key: str
    target: str
    platform: str
    digest: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """What a target pointed at when it was scanned."""

    seen_at: str
    platform: str
    digest: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding, with the number of targets and platforms that show it now."""

    fingerprint: str
    rule: str
    severity: Severity
    state: str
    target: str
    """The target's identity: its name without tag and digest."""
    subject: str
    message: str
    fix: str
    first_seen: str
    last_seen: str
    places: int


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are wanted; an empty field admits all."""

    state: str = "open"
    severities: tuple[Severity, ...] = ()
    rule: str = ""
    target: str = ""
    """A target's name, or the identity that several share."""
