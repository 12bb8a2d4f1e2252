"""What screens have in common whose findings can be waived."""

from collections.abc import Sequence

from textual import on, work
from textual.message import Message
from textual.screen import Screen
from textual.worker import get_current_worker

from ospo.text import counted
from ospo.ui.screens import findings_work as jobs
from ospo.ui.screens.findings_view import Undecided, Waived, Withdrawn
from ospo.ui.source import Source
from ospo.ui.triage import Decided, Terms, day


class DecidingScreen(Screen[None]):
    """Waives findings, and takes the last decision of this session back; posts `Changed` after either."""

    class Changed(Message):
        """Findings are waived, or open again: what the screen shows is old."""

    def __init__(self, source: Source, approver: str) -> None:
        super().__init__()
        self.source = source
        self._approver = approver
        self._decisions: list[Decided] = []

    def tell(self, text: str, *, warning: bool = False) -> None:
        """Show a message for some seconds."""
        self.app.notify(text, severity="warning" if warning else "information", markup=False)

    def report(self, message: Message) -> None:
        """Post what a worker found out, unless nobody wants it any more."""
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    def ask_to_waive(self, what: str, ids: Sequence[int]) -> None:
        """Ask for the terms, then waive."""
        from ospo.policy.waiver_file import default_expiry  # neither is needed to start
        from ospo.ui.screens.waive import WaiveDialog

        def answered(terms: Terms | None) -> None:
            if terms is not None:
                self._approver = terms.approver
                self._waive(ids, terms)

        now = self.source.clock()
        self.app.push_screen(WaiveDialog(what, self._approver, default_expiry(day(now)), now), answered)

    def action_undo(self) -> None:
        """Take back the last waivers that were made here."""
        if self._decisions:
            self._undo(self._decisions.pop())
        else:
            self.tell("nothing was waived since the start: `ospo waive remove` takes older waivers back")

    @work(thread=True, group="decisions")
    def _waive(self, ids: Sequence[int], terms: Terms) -> None:
        self.report(jobs.waiving(self.source, ids, terms))

    @work(thread=True, group="decisions")
    def _undo(self, decided: Decided) -> None:
        self.report(jobs.undoing(self.source, decided))

    @on(Waived)
    def _waived(self, event: Waived) -> None:
        decided = event.decided
        if decided.waivers:
            self._decisions.append(decided)
            waived = counted(len(decided.waivers), "finding")
            self.tell(f"waived {waived} until {decided.expires}; u undoes")
        if decided.skipped:
            self.tell(f"left {counted(decided.skipped, 'finding')} alone: not open any more", warning=True)
        self.post_message(self.Changed())

    @on(Withdrawn)
    def _withdrawn(self, event: Withdrawn) -> None:
        self.tell(f"took back the waivers of {counted(event.count, 'finding')}")
        self.post_message(self.Changed())

    @on(Undecided)
    def _undecided(self, event: Undecided) -> None:
        error = event.error
        if event.standing is not None:
            self._decisions.append(event.standing)
        self.app.notify(f"{error.message}\n{error.hint}".strip(), severity="error", markup=False)
