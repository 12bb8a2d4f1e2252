"""A pane of text that is moved through with the keys of lists."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ospo.ui.actions import Place, bindings


class Reader(VerticalScroll):
    """Shows text, which is never read as markup."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.DETAIL)]

    def __init__(self, text: Content | str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._body = Static(text, markup=False)

    def compose(self) -> ComposeResult:
        """Lay the text out."""
        yield self._body

    def show(self, text: Content | str, *, restart: bool) -> None:
        """Show another text, from its top to `restart`."""
        self._body.update(text)
        if restart:
            self.scroll_home(animate=False)

    def action_move(self, lines: int) -> None:
        """Scroll by lines."""
        self.scroll_relative(y=lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll by what is visible."""
        self.scroll_relative(y=pages * self.size.height, animate=False)

    def action_half_page(self, pages: int) -> None:
        """Scroll by half of what is visible."""
        self.scroll_relative(y=pages * self.size.height // 2, animate=False)

    def action_top(self) -> None:
        """Go to the first line."""
        self.scroll_home(animate=False)

    def action_bottom(self) -> None:
        """Go to the last line."""
        self.scroll_end(animate=False)
