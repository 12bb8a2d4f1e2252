"""Making waivers: one for a single finding, and the text of a waiver file."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from ospo.documents.marked import Value
from ospo.documents.schema import API_VERSION
from ospo.documents.written import write
from ospo.errors import UsageError
from ospo.model import Waiver
from ospo.policy.fingerprint import without_version
from ospo.policy.waivers import REASONS
from ospo.text import closest, printable

DEFAULT_DAYS = 90
"""How long a waiver holds unless somebody says otherwise."""

MAX_TEXT = 2000
"""Characters of a justification, an approver or a ticket."""


def default_expiry(today: date) -> str:
    """Return the last day of a waiver that is made today, unless somebody says otherwise."""
    days = timedelta(DEFAULT_DAYS)
    return (min(today, date.max - days) + days).isoformat()  # the calendar of Python ends with the year 9999


def waiver_of(
    rule: str,
    fingerprint: str,
    *,
    reason: str,
    justification: str,
    approver: str,
    expires: str,
    today: date,
    ticket: str = "",
) -> Waiver:
    """Make a waiver of one finding from what somebody typed.

    Raises:
        UsageError: a part is missing or makes no sense, or it would have expired already.
    """
    if reason not in REASONS:
        meant = closest(reason, REASONS)
        hint = f"did you mean {meant}?" if meant else f"known are {', '.join(REASONS)}"
        raise UsageError(f"{reason[:40]!r} is no reason code", hint=hint)
    texts = {"justification": justification, "approver": approver, "ticket": ticket}
    for name, text in texts.items():
        if name != "ticket" and not text.strip():
            raise UsageError(f"the {name} is empty", hint="a waiver says who decided, and why")
        if text != printable(text):
            raise UsageError(f"the {name} holds what is no text", hint="write it without control characters")
        if len(text) > MAX_TEXT:
            raise UsageError(f"the {name} is longer than {MAX_TEXT} characters", hint="shorten it")
    _check_day(expires, today)
    return Waiver(
        rule=rule,
        selector=(("fingerprint", fingerprint),),
        reason=reason,
        justification=" ".join(justification.split()),
        approver=" ".join(approver.split()),
        expires=expires,
        ticket=" ".join(ticket.split()),
    )


def _check_day(expires: str, today: date) -> None:
    try:
        day = date.fromisoformat(expires)
    except ValueError:
        day = None
    if day is None or day.isoformat() != expires:  # not a week of ISO 8601, which files do not know
        raise UsageError(f"{expires[:40]!r} is no day", hint="write the last day as 2027-01-31")
    if day < today:
        raise UsageError(f"the waiver would have expired on {expires}", hint="choose a later day")


def readable(waiver: Waiver, target: str, subject: str) -> Waiver:
    """Add to the fingerprint what it stands for, so that people can review it; it selects the same."""
    selector = dict(waiver.selector) | {"target": target}
    if subject.startswith(("pkg:", "local:")):
        selector["component"] = without_version(subject)
    return replace(waiver, selector=tuple(sorted(selector.items())))


def merged(kept: Sequence[Waiver], made: Sequence[Waiver]) -> list[Waiver]:
    """Return the waivers of a file, then those made since; of two for the same the one that ends later."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], Waiver] = {}
    for waiver in (*kept, *made):
        key = (waiver.rule, waiver.selector)
        if key not in found or found[key].expires < waiver.expires:
            found[key] = waiver
    return list(found.values())


def written(waivers: Sequence[Waiver]) -> str:
    """Write a waiver file, with the waivers in their order."""
    entries: list[Value] = [_entry(one) for one in waivers]
    return write({"apiVersion": API_VERSION, "kind": "Waivers", "waivers": entries})


def _entry(waiver: Waiver) -> dict[str, Value]:
    selector: dict[str, Value] = dict(waiver.selector)
    entry: dict[str, Value] = {
        "rule": waiver.rule,
        "selector": selector,
        "reason": waiver.reason,
        "justification": waiver.justification,
        "approver": waiver.approver,
        "expires": waiver.expires,
    }
    if waiver.ticket:
        entry["ticket"] = waiver.ticket
    return entry
