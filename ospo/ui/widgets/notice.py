"""What stands where the rows would be, and the line that says what is wrong."""

from textual.content import Content
from textual.widgets import Static

from ospo.errors import OspoError
from ospo.text import one_line


class Notice(Static):
    """A message with a hint what to do; hidden while there is none."""

    def __init__(self, *, id: str) -> None:
        super().__init__(markup=False, id=id)
        self.display = False

    def say(self, message: str, hint: str = "", *, error: bool = False) -> None:
        """Show a message and what to do about it."""
        self.set_class(error, "-error")
        parts = [(one_line(message), "bold")]
        if hint:
            parts.append((f"\n{one_line(hint)}", ""))
        self.update(Content.assemble(*parts))
        self.display = True

    def explain(self, error: OspoError) -> None:
        """Show what went wrong."""
        self.say(error.message, error.hint, error=True)

    def clear(self) -> None:
        """Show nothing."""
        self.display = False
