"""Dialogs of one kind: text to be read, over the screen it belongs to."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import ModalScreen

from ospo.store.filter import KEYS
from ospo.ui.actions import ACTIONS, Place, bindings, spelled
from ospo.ui.widgets.reader import Reader


class TextDialog(ModalScreen[None]):
    """Shows a text until it is closed."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.DIALOG)]

    def __init__(self, title: str, text: Content | str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """Lay out title, text and what closes it."""
        reader = Reader(self._text, id="dialog")
        reader.border_title = Content(self._title)
        reader.border_subtitle = "esc closes"
        yield reader

    def action_close(self) -> None:
        """Close it."""
        self.dismiss()


def help_text() -> Content:
    """Write the keys, and what a filter may hold."""
    parts: list[str | tuple[str, str]] = []
    for places in dict.fromkeys(action.places for action in ACTIONS):
        parts.append((f"{', '.join(places).capitalize()}\n", "bold $text-primary"))
        for action in ACTIONS:
            if action.places == places:
                parts.append((f"  {' '.join(map(spelled, action.keys)):<10}", "bold"))
                parts.append(f" {action.sentence}\n")
        parts.append("\n")
    parts.append(("Filter\n", "bold $text-primary"))
    parts.append(_FILTER)
    for name, key in KEYS.items():
        parts.append((f"  {name + ':':<13}", "bold"))
        parts.append(f" {key.about}\n")
    parts.append(("\nWithout a terminal\n", "bold $text-primary"))
    parts.append(_COMMANDS)
    return Content.assemble(*parts)


_FILTER = (
    "  Words are joined by “and”; one alone is looked for everywhere; ! negates; a comma\n"
    "  between values means “or”. sev:high,critical rule:license !waived age:>7d\n"
)
_COMMANDS = (
    "  All of this is on the command line too, also for screen readers:\n"
    "  ospo findings --filter TEXT, ospo waive add, ospo waive remove, ospo rules explain\n"
)
