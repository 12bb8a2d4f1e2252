"""The terminal UI: wires screens to the database; what screens do is theirs."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from ospo.ui.actions import ACTIONS, Place, bindings
from ospo.ui.screens.dialogs import TextDialog, help_text
from ospo.ui.screens.findings import FindingsScreen
from ospo.ui.source import Source

_SIGNALLED = 128
"""Added to the number of a signal, as shells report what it ended."""


def _seconds() -> int:
    return int(time.time())


class OspoApp(App[None]):
    """Shows one database; every screen is a mode with a number as its key."""

    TITLE = "ospo"
    CSS_PATH = "ospo.tcss"
    DEFAULT_MODE = "findings"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.APP)]

    def __init__(self, database: Path, *, approver: str = "", clock: Callable[[], int] = _seconds) -> None:
        super().__init__()
        source = Source(database, clock)
        self.add_mode("findings", lambda: FindingsScreen(source, approver))

    def on_mount(self) -> None:
        """End in an orderly way when a signal asks for it: what is on the terminal must be put back.

        Where Python's own handlers raise an exception, asyncio loses it in whatever task is running.
        """
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self._signalled, number)

    def _signalled(self, number: int) -> None:
        self.exit(return_code=_SIGNALLED + number)

    def get_system_commands(self, screen: Screen[object]) -> Iterator[SystemCommand]:
        """Yield what the palette finds: every action that has a meaning now, then Textual's own."""
        for action in ACTIONS:
            if action.places in ((Place.FINDINGS,), (Place.TABLE,)) and screen.is_current:
                call = partial(screen.run_action, action.call)
                yield SystemCommand(action.label, action.sentence, call)
        yield from super().get_system_commands(screen)

    def action_help(self) -> None:
        """List the keys and what a filter may hold."""
        self.push_screen(TextDialog("Keys", help_text()))
