"""The rows that `ospo.store.queries` returns, and what selects them. Times are RFC 3339, UTC."""

from dataclasses import dataclass

from ospo.model import Component, Enforcement, Outcome, Severity, State, Waiver


@dataclass(frozen=True, slots=True)
class ScanId:
    """A stored scan: what a target points at on one platform."""

    target_id: int
    artifact_id: int


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
    outcome: Outcome
    enforcement: Enforcement
    state: State
    """As of the time of the query: a waiver that expired since the last evaluation counts no more."""
    target: str
    """The target's identity: its name without tag and digest."""
    subject: str
    message: str
    fix: str
    first_seen: str
    last_seen: str
    places: int


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """Where a finding is seen, and what is known of its component there."""

    target: str
    platform: str
    digest: str
    first_seen: str
    last_seen: str
    current: bool
    waived: bool
    component: Component | None
    """None for what is no component, or is not stored any more."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened to a finding."""

    at: str
    event: str
    detail: str


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as it stood at the last evaluation that had a finding of it."""

    rule: str
    version: int
    title: str
    why: str
    references: tuple[str, ...]
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class FindingDetail:
    """All that is known of one finding."""

    finding: FindingRow
    rule: RuleRow | None
    """None when it was stored by a version of ospo that did not keep rules."""
    waiver: Waiver | None
    """Of a waived finding, or of one whose waiver has expired since: the one that ends first."""
    places: tuple[PlaceRow, ...]
    """Current ones first, by target and platform; at most 100."""
    events: tuple[EventRow, ...]
    """Latest first; at most 100."""


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """A waiver that was made here, with the finding it is about."""

    waiver: Waiver
    fingerprint: str
    target: str
    subject: str
    created_at: str
    withdrawn: bool
    expired: bool


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are wanted; an empty field admits all."""

    states: tuple[State, ...] = (State.OPEN, State.WAIVED)
    """Does not count where `text` names states."""
    severities: tuple[Severity, ...] = ()
    rule: str = ""
    target: str = ""
    """A target's name, or the identity that several share."""
    text: str = ""
    """In the language of `ospo.store.filter`."""
    now: int | None = None
    """Seconds since 1970; None: by the clock. Decides which waivers have expired."""
