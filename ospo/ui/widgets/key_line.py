"""The last line of a screen: the keys that mean something now."""

from textual.content import Content
from textual.screen import Screen
from textual.style import Style
from textual.widgets import Static

from ospo.ui.actions import ACTIONS, spelled


class KeyLine(Static):
    """Names the keys that the list of actions wants named; a click on one presses it.

    Textual's `Footer` makes a widget of each key, anew whenever the focus moves: a sixth of all the work
    until the first row is shown.
    """

    def __init__(self) -> None:
        super().__init__(markup=False, id="keys")

    def on_mount(self) -> None:
        """Follow what has the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)

    def _follow(self, screen: Screen[object]) -> None:
        if screen.is_current:
            self.update(_line(screen))


def _line(screen: Screen[object]) -> Content:
    active = {
        one.binding.id: one.binding.key for one in reversed(screen.active_bindings.values()) if one.enabled
    }
    parts: list[str | tuple[str, Style | str]] = []
    for action in ACTIONS:
        if action.footer and action.id in active:
            key = active[action.id]
            parts.append((f" {spelled(key)} ", "bold $footer-key-foreground"))
            parts.append((f"{action.label}", Style.from_meta({"@click": f"app.simulate_key('{key}')"})))
            parts.append(" ")
    return Content.assemble(*parts)
