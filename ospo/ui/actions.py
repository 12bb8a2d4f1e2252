"""What can be done in the terminal UI: the one list behind keys, footer, help, palette and docs/tui.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding


class Place(StrEnum):
    """Where an action has its meaning; each is one class with a method for every action of its own."""

    APP = "everywhere"
    TABLE = "in a table"
    DETAIL = "in details"
    FINDINGS = "findings"
    DIALOG = "in a dialog"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that keys do."""

    id: str
    """Names its binding, so that its keys can be changed."""
    keys: tuple[str, ...]
    """In the spelling of Textual; the first one stands in the footer."""
    call: str
    """The Textual action: a method `action_…` of the place, with its arguments."""
    label: str
    """One or two words."""
    sentence: str
    places: tuple[Place, ...]
    footer: bool = False
    """Whether the footer names it; help names all of them."""


_LISTS = (Place.TABLE, Place.DETAIL)

ACTIONS = (
    Action(
        "findings.filter",
        ("slash",),
        "filter",
        "Filter",
        "Type a filter; `enter` keeps it, `escape` takes the one before.",
        (Place.FINDINGS,),
        footer=True,
    ),
    Action("findings.clear", ("n",), "clear", "Clear", "Clear the filter.", (Place.FINDINGS,)),
    Action(
        "findings.open-only",
        ("f",),
        "open_only",
        "Open only",
        "Show open findings only, or waived ones too.",
        (Place.FINDINGS,),
        footer=True,
    ),
    Action(
        "findings.sort",
        ("s",),
        "sort",
        "Sort",
        "Sort by the next of severity, rule, target, component and age.",
        (Place.FINDINGS,),
        footer=True,
    ),
    Action("findings.reverse", ("S",), "reverse", "Reverse", "Reverse the order.", (Place.FINDINGS,)),
    Action(
        "findings.open",
        ("enter", "l"),
        "open",
        "Details",
        "Go to the details of the finding.",
        (Place.FINDINGS,),
    ),
    Action(
        "findings.back",
        ("escape", "h"),
        "back",
        "Back",
        "Go back to the table; there, drop the marks.",
        (Place.FINDINGS,),
        footer=True,
    ),
    Action(
        "table.mark", ("space",), "mark", "Mark", "Mark this line, or unmark it.", (Place.TABLE,), footer=True
    ),
    Action(
        "table.range",
        ("v",),
        "range",
        "Mark range",
        "Begin a range at this line; again: mark all lines of it.",
        (Place.TABLE,),
    ),
    Action(
        "findings.waive",
        ("w",),
        "waive",
        "Waive",
        "Waive the marked findings, or this one.",
        (Place.FINDINGS,),
        footer=True,
    ),
    Action(
        "findings.undo",
        ("u",),
        "undo",
        "Undo",
        "Take back the last decision that was made here since the start.",
        (Place.FINDINGS,),
    ),
    Action(
        "findings.copy",
        ("y",),
        "copy",
        "Copy",
        "Copy the purl, or the fingerprint of what has none.",
        (Place.FINDINGS,),
    ),
    Action(
        "findings.copy-fingerprint",
        ("Y",),
        "copy_fingerprint",
        "Copy fingerprint",
        "Copy the fingerprint, which `ospo waive add` takes.",
        (Place.FINDINGS,),
    ),
    Action("findings.rule", ("o",), "rule", "Rule", "Read the rule's text.", (Place.FINDINGS,)),
    Action("move.down", ("j", "down"), "move(1)", "Down", "Go one line down.", _LISTS),
    Action("move.up", ("k", "up"), "move(-1)", "Up", "Go one line up.", _LISTS),
    Action("move.half-down", ("ctrl+d",), "half_page(1)", "Half page down", "Go half a page down.", _LISTS),
    Action("move.half-up", ("ctrl+u",), "half_page(-1)", "Half page up", "Go half a page up.", _LISTS),
    Action("move.page-down", ("pagedown",), "page(1)", "Page down", "Go one page down.", _LISTS),
    Action("move.page-up", ("pageup",), "page(-1)", "Page up", "Go one page up.", _LISTS),
    Action("move.top", ("g", "home"), "top", "Top", "Go to the first line.", _LISTS),
    Action("move.bottom", ("G", "end"), "bottom", "Bottom", "Go to the last line.", _LISTS),
    Action("dialog.close", ("escape",), "close", "Close", "Close it, and change nothing.", (Place.DIALOG,)),
    Action("app.findings", ("4",), "switch_mode('findings')", "Findings", "Go to Findings.", (Place.APP,)),
    Action(
        "app.help",
        ("question_mark",),
        "help",
        "Keys",
        "List the keys and what a filter may hold.",
        (Place.APP,),
        footer=True,
    ),
    Action(
        "app.palette",
        ("ctrl+p", "colon"),
        "command_palette",
        "Palette",
        "Search all of this by name; themes too.",
        (Place.APP,),
        footer=True,
    ),
    Action("app.quit", ("q",), "quit", "Quit", "Leave.", (Place.APP,), footer=True),
)
"""Every action, in the order of help and footer."""

_SPELLED = {
    "slash": "/",
    "question_mark": "?",
    "colon": ":",
    "down": "↓",
    "up": "↑",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
}


def actions_of(place: Place) -> Iterator[Action]:
    """Yield the actions that have a meaning in a place."""
    return (action for action in ACTIONS if place in action.places)


def bindings(place: Place) -> list[Binding]:
    """Return the bindings of a place."""
    return [
        Binding(
            ",".join(action.keys),
            action.call,
            action.label,
            show=action.footer,
            key_display=spelled(action.keys[0]),
            tooltip=action.sentence,
            id=action.id,
        )
        for action in actions_of(place)
    ]


def spelled(key: str) -> str:
    """Write a key as people know it."""
    return _SPELLED.get(key, key).replace("ctrl+", "^")


def key_table() -> str:
    """Write the actions as a Markdown table."""
    rows = [
        f"| {' '.join(f'`{spelled(key)}`' for key in action.keys)} | {', '.join(action.places)}"
        f" | {action.sentence} |"
        for action in ACTIONS
    ]
    return "\n".join(("| keys | where | what they do |", "|---|---|---|", *rows)) + "\n"
