"""All that is known of a finding, as text for the detail pane."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from textual.content import Content

from ospo.model import Location, State, Waiver
from ospo.store.rows import FindingDetail, FindingRow, PlaceRow
from ospo.text import one_line
from ospo.ui.words import SEVERITIES, age, moment

MAX_PLACES = 10
"""Places that are shown, and whose build commands are worth looking up."""
_MAX_LOCATIONS = 10

_MUTED = "$foreground 60%"

Part = str | tuple[str, str]
"""Text, or text and its style in the words of Textual. Free of markup: what is in brackets is shown."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the pane shows."""

    detail: FindingDetail
    steps: Mapping[tuple[str, str], Mapping[int, str]] = field(default_factory=dict)
    """Digest and platform of an image -> index of a layer -> the command that built it."""


def content(known: Known, now: int) -> Content:
    """Write the details of a finding; `now` is in seconds since 1970."""
    detail = known.detail
    parts: list[Part] = []
    parts += _head(detail, now)
    expired = detail.finding.state is not State.WAIVED
    for title, body in (
        (
            "WAIVER, expired" if expired else "WAIVER",
            _waiver(detail.waiver, expired=expired) if detail.waiver else iter(()),
        ),
        ("EVIDENCE", _evidence(known)),
        ("WHY", _why(detail)),
        ("FIX", _text(detail.finding.fix)),
        ("REFERENCES", _lines(detail.rule.references if detail.rule else ())),
        ("PLACES", _places(detail.places)),
        ("HISTORY", _history(detail)),
        ("IDENTITY", _identity(detail.finding)),
    ):
        lines = list(body)
        if lines:
            parts += [("\n" + title + "\n", "bold $text-primary"), *lines]
    return Content.assemble(*parts)


def _head(detail: FindingDetail, now: int) -> Iterator[Part]:
    row = detail.finding
    yield SEVERITIES[row.severity], f"bold {style_of(row)}"
    yield f"  {row.state}", "bold"
    yield f"  {row.enforcement}, {row.outcome}, for {age(row.first_seen, now)}\n", _MUTED
    yield f"{one_line(row.rule)}\n", "bold"
    if detail.rule and detail.rule.title:
        yield f"{one_line(detail.rule.title)}\n"
    yield "\n"
    yield f"{one_line(row.message)}\n"
    yield from _pair("what", row.subject)
    yield from _pair("where", row.target)


def style_of(row: FindingRow) -> str:
    """Return the colour of a severity."""
    return {"critical": "$text-error", "high": "$text-error", "medium": "$text-warning"}.get(
        row.severity, "$text-secondary" if row.severity == "low" else _MUTED
    )


def _pair(name: str, value: str) -> Iterator[Part]:
    yield f"{name:<12} ", _MUTED
    yield f"{one_line(value)}\n"


def _text(text: str) -> Iterator[Part]:
    if text:
        yield one_line(text) + "\n"


def _lines(texts: tuple[str, ...]) -> Iterator[Part]:
    return (one_line(text) + "\n" for text in texts)


def _why(detail: FindingDetail) -> Iterator[Part]:
    if detail.rule:
        yield from _text(detail.rule.why)
    else:
        yield "The rule was not kept with this finding: evaluate it again.\n", _MUTED


def _evidence(known: Known) -> Iterator[Part]:
    """Write where the component lies and what its metadata says, each only once for all places."""
    seen: set[str] = set()
    for place in known.detail.places:
        for parts in _evidence_at(place, known.steps.get((place.digest, place.platform), {})):
            text = "".join(part if isinstance(part, str) else part[0] for part in parts)
            if text not in seen:
                seen.add(text)
                yield from parts


def _evidence_at(place: PlaceRow, steps: Mapping[int, str]) -> Iterator[list[Part]]:
    component = place.component
    if component is None:
        return
    for license_ in component.licenses:
        yield [
            f"{one_line(license_.text)} ",
            (f"({one_line(license_.field)})\n", _MUTED),
        ]
    for location in component.locations[:_MAX_LOCATIONS]:
        yield list(_location(location, steps))
    if len(component.locations) > _MAX_LOCATIONS:
        yield [(f"and {len(component.locations) - _MAX_LOCATIONS} more paths\n", _MUTED)]
    if component.owned_by:
        yield [("owned by ", _MUTED), one_line(component.owned_by) + "\n"]
    yield [(f"{component.evidence}, found by {one_line(component.found_by)}\n", _MUTED)]


def _location(location: Location, steps: Mapping[int, str]) -> Iterator[Part]:
    yield f"/{one_line(location.path.lstrip('/'))}\n"
    if location.layer is not None:
        step = steps.get(location.layer, "")
        yield f"  layer {location.layer}{': ' if step else ''}{one_line(step)}\n", _MUTED


def _waiver(waiver: Waiver, *, expired: bool) -> Iterator[Part]:
    yield from _pair("reason", waiver.reason)
    yield from _text(waiver.justification)
    yield from _pair("approver", waiver.approver)
    if expired:
        yield from _pair("expired", f"at the end of {waiver.expires}, UTC")
    else:
        yield from _pair("until", waiver.expires)
    if waiver.ticket:
        yield from _pair("ticket", waiver.ticket)
    made_here = "made here" if expired else "made here; a gate needs `ospo waive export`"
    yield from _pair("from", waiver.source or made_here)


def _places(places: tuple[PlaceRow, ...]) -> Iterator[Part]:
    for place in places[:MAX_PLACES]:
        state = "" if place.current else " (no longer)"
        yield f"{one_line(place.target)}{state}{' (waived)' if place.waived else ''}\n"
        digest = place.digest[: len("sha256:") + 12]
        yield f"  {one_line(f'{place.platform} {digest}'.strip())}\n", _MUTED
    if len(places) > MAX_PLACES:
        yield f"and {len(places) - MAX_PLACES} more\n", _MUTED


def _history(detail: FindingDetail) -> Iterator[Part]:
    for event in detail.events:
        yield f"{moment(event.at)}  ", _MUTED
        detail_text = one_line(event.detail) if event.event in ("waived", "unwaived") else ""
        yield f"{one_line(event.event)}{': ' if detail_text else ''}{detail_text}\n"


def _identity(row: FindingRow) -> Iterator[Part]:
    yield from _pair("fingerprint", row.fingerprint)
    yield from _pair("seen", f"{moment(row.first_seen)} to {moment(row.last_seen)}")
