"""The dialog that asks for the terms of a waiver."""

from collections.abc import Iterator
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList, Select, Static

from ospo.errors import UsageError
from ospo.policy.waiver_file import MAX_TEXT
from ospo.policy.waivers import REASONS
from ospo.text import one_line
from ospo.ui.actions import Place, bindings
from ospo.ui.triage import Terms, day
from ospo.ui.widgets.notice import Notice

_GATE = "It counts here at once. A gate counts it once it is in the waiver file: `ospo waive export`."


class ReasonSelect(Select[str]):
    """A list of reason codes; none is chosen at first, and then one can be chosen but not none again."""

    def watch_expanded(self, expanded: bool) -> None:
        """Make a heading of the blank option, and begin at the first code, however the list was opened."""
        if expanded:
            options = self.query_one(OptionList)
            options.disable_option_at_index(0)
            if self.is_blank():
                options.action_first()


class WaiveDialog(ModalScreen[Terms | None]):
    """Asks why, who, and until when; closes with terms that make sense, or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.DIALOG)]
    AUTO_FOCUS = "#reason"

    def __init__(self, what: str, approver: str, expires: str, now: int) -> None:
        super().__init__()
        self._what = what
        self._today = day(now)
        self._reason = ReasonSelect(
            [(f"{code}: {meaning}", code) for code, meaning in REASONS.items()],
            prompt="choose a reason",
            compact=True,
            id="reason",
        )
        self._justification = _line("justification", placeholder="why, so that others can judge it")
        self._approver = _line("approver", approver, "who decided")
        self._expires = _line("expires", expires, "last day, as 2027-01-31")
        self._ticket = _line("ticket", placeholder="where it was discussed; may stay empty")
        self._mistake = Notice(id="waive-mistake")

    def compose(self) -> ComposeResult:
        """Lay out one line for each part."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content("Waive")
            dialog.border_subtitle = "enter waives, esc cancels"
            yield Static(Content.assemble((one_line(self._what), "bold")), id="what")
            for label, field in self._fields():
                with Horizontal(classes="field"):
                    yield Static(label, classes="label")
                    yield field
            yield self._mistake
            yield Static(_GATE, markup=False, id="gate")
            with Horizontal(id="buttons"):
                yield Button("Waive", variant="primary", id="waive", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def _fields(self) -> Iterator[tuple[str, Widget]]:
        yield "Reason", self._reason
        yield "Justification", self._justification
        yield "Approver", self._approver
        yield "Until", self._expires
        yield "Ticket", self._ticket

    @on(Select.Changed)
    def _chosen(self) -> None:
        """Go on to the justification, and drop the message that there is no reason."""
        if not self._reason.is_blank():
            self._mistake.clear()
            self._justification.focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#waive")
    def _submit(self) -> None:
        """Close with the terms, or say what is wrong with them."""
        try:
            self.dismiss(self._terms())
        except UsageError as error:
            self._mistake.explain(error)
            self._faulty().focus()

    def _terms(self) -> Terms:
        """Return what was typed.

        Raises:
            UsageError: a part is missing or makes no sense.
        """
        if self._reason.is_blank():
            raise UsageError("there is no reason yet", hint="choose one: enter opens the list")
        terms = Terms(
            str(self._reason.value),
            self._justification.value,
            self._approver.value,
            self._expires.value.strip(),
            self._ticket.value,
        )
        terms.waiver("", "", self._today)
        return terms

    def _faulty(self) -> Widget:
        """Return the first part that is missing, else the one that may be wrong."""
        if self._reason.is_blank():
            return self._reason
        missing = (field for field in (self._justification, self._approver) if not field.value.strip())
        return next(missing, self._expires)

    @on(Button.Pressed, "#cancel")
    def action_close(self) -> None:
        """Close it, and waive nothing."""
        self.dismiss(None)


def _line(name: str, value: str = "", placeholder: str = "") -> Input:
    """Return one line; typing replaces what it proposes, and never what somebody has typed."""
    return Input(
        one_line(value),
        placeholder=placeholder,
        max_length=MAX_TEXT,
        select_on_focus=bool(value),
        compact=True,
        id=name,
    )
