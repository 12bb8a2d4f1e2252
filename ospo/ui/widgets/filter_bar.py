"""The line in which a filter is typed: applied while it is typed, explained where it makes no sense."""

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from ospo.errors import UsageError
from ospo.store.filter import MAX_LENGTH
from ospo.ui.widgets.notice import Notice

_EXAMPLE = "sev:>=high rule:license !waived age:>7d"


class FilterBar(Vertical):
    """A filter, and beside it how the list is sorted."""

    class Asked(Message):
        """A filter that makes sense was typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Typing has ended."""

    def __init__(self, check: Callable[[str], object], *, id: str) -> None:
        super().__init__(id=id)
        self._check = check
        self._before = ""
        self._input = Input(placeholder=_EXAMPLE, max_length=MAX_LENGTH, compact=True, select_on_focus=False)
        self._order = Static(markup=False, id="order")
        self._mistake = Notice(id="mistake")

    def compose(self) -> ComposeResult:
        """Lay out the line, and what is wrong with it below."""
        with Horizontal():
            yield Static("/", id="slash")
            yield self._input
            yield self._order
        yield self._mistake

    @property
    def typing(self) -> bool:
        """Whether keys go into the filter."""
        return self._input.has_focus

    def begin(self) -> None:
        """Let somebody type."""
        self._before = self._input.value
        self._input.focus()

    def take(self, text: str) -> None:
        """Take this filter."""
        self._input.value = text
        self._apply()

    def leave(self) -> None:
        """Take the filter that was there before typing began."""
        self.take(self._before)
        self.post_message(self.Left())

    def describe(self, order: str) -> None:
        """Say how the list is sorted."""
        self._order.update(order)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._apply()

    @on(Input.Submitted)
    def _entered(self) -> None:
        if self._apply():
            self.post_message(self.Left())

    def _apply(self) -> bool:
        """Ask for what is typed; tell whether it makes sense."""
        text = self._input.value.strip()
        try:
            self._check(text)
        except UsageError as error:
            self._mistake.explain(error)
            return False
        self._mistake.clear()
        self.post_message(self.Asked(text))
        return True
