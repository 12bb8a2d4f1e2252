"""Values as the screens write them: short, on one line, free of control characters."""

from ospo.model import Severity
from ospo.store.codec import encode_time
from ospo.text import one_line

SEVERITIES = {
    Severity.CRITICAL: "◆ CRIT",
    Severity.HIGH: "▲ HIGH",
    Severity.MEDIUM: "■ MED",
    Severity.LOW: "● LOW",
    Severity.INFO: "· INFO",
}
"""A symbol and a word: colour is never needed to tell them apart."""

_UNITS = ((365 * 86400, "y"), (30 * 86400, "mo"), (86400, "d"), (3600, "h"), (60, "m"))


def age(time: str, now: int) -> str:
    """Write how long ago a time was, in its largest unit: 3d."""
    seconds = max(0, now - encode_time(time))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return "now"


def component(subject: str) -> str:
    """Write what a finding is about, a purl without its scheme and qualifiers: npm/mongo-x@4.2."""
    if not subject.startswith("pkg:"):
        return one_line(subject)
    return one_line(subject.removeprefix("pkg:").partition("?")[0].partition("#")[0])


def moment(time: str) -> str:
    """Write an RFC 3339 time for people: 2026-11-23 10:00 UTC."""
    return f"{time[:10]} {time[11:16]} UTC"
