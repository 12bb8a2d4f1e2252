"""Findings: the list of everything that is wrong, to be filtered, read, and waived."""

from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Footer, Static
from textual.worker import get_current_worker

from ospo.errors import OspoError
from ospo.store.rows import FindingRow
from ospo.text import one_line
from ospo.ui import detail_text
from ospo.ui.actions import Place, bindings
from ospo.ui.screens import findings_work as jobs
from ospo.ui.screens.deciding import DecidingScreen
from ospo.ui.screens.dialogs import TextDialog
from ospo.ui.screens.findings_view import Detailed, Listed, Loaded, Unreadable, View, columns
from ospo.ui.source import Pages, Source
from ospo.ui.widgets.filter_bar import FilterBar
from ospo.ui.widgets.notice import Notice
from ospo.ui.widgets.reader import Reader
from ospo.ui.widgets.sql_table import SqlTable
from ospo.ui.words import component, counted

_FIXED = "all of them are fixed: the filter `fixed` shows them"
_POLL_SECONDS = 1.0
"""How often it is looked whether somebody else has written."""


class FindingsTable(SqlTable[FindingRow]):
    """The table of findings."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"findings--{severity}" for severity in ("critical", "high", "medium", "low", "info")
    }


class FindingsScreen(DecidingScreen):
    """Lists findings beside the details of one; narrow terminals show one of the two."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.FINDINGS)]
    AUTO_FOCUS = "#rows"

    def __init__(self, source: Source, approver: str) -> None:
        super().__init__(source, approver)
        self._pages = Pages(source)
        self._view = View()
        self._listed: Listed | None = None
        self._shown: tuple[int, detail_text.Known] | None = None
        self._version = 0
        self._stale = True
        self._listing = False
        self._count = Static(markup=False, id="count")
        self._filter = FilterBar(lambda text: self._view.filtered(text, source.clock()), id="filter")
        self._strip = Notice(id="strip")
        self._notice = Notice(id="notice")
        self.table = FindingsTable(columns(source.clock), self._pages.findings, id="rows")
        self.detail = Reader(id="detail")
        self._body = Horizontal(self._notice, self.table, self.detail, id="body")

    def compose(self) -> ComposeResult:
        """Lay out header, filter, table, details and footer."""
        with Horizontal(id="header"):
            yield Static(Content.assemble(("ospo", "bold"), "  Findings"), id="title")
            yield Static(one_line(str(self.source.path)), markup=False, id="database")
            yield self._count
        yield self._filter
        yield self._strip
        yield self._body
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Begin to read, and to look for what others write."""
        self._instead_of_rows("reading the findings …")
        self._poll()
        self.set_interval(_POLL_SECONDS, self._poll)

    def on_unmount(self) -> None:
        """Let go of the database."""
        self._pages.close()

    # What workers find out.

    @work(thread=True, exclusive=True, group="rows")
    def _list(self, view: View) -> None:
        worker = get_current_worker()
        self.report(jobs.listing(self.source, view, lambda: worker.is_cancelled))

    @work(thread=True, exclusive=True, group="details")
    def _read_details(self, row_id: int) -> None:
        worker = get_current_worker()
        self.report(jobs.details(self.source, row_id, lambda: worker.is_cancelled))

    @on(Loaded)
    def _loaded(self, event: Loaded) -> None:
        listed, before = event.listed, self._listed
        self._listed, self._stale, self._listing = listed, False, False
        self._strip.clear()
        self.table.show(listed.ids, restart=before is None or before.view != listed.view)
        if listed.ids:
            self._instead_of_rows()
        elif listed.view.text or listed.total:
            self._instead_of_rows("no findings match", self._way_out(listed.view))
        else:
            self._instead_of_rows("nothing has been found yet", "`ospo scan REFERENCE` looks for more")

    def _way_out(self, view: View) -> str:
        return "n clears the filter" if view.text else "f shows waived ones too" if view.open_only else _FIXED

    @on(Detailed)
    def _detailed(self, event: Detailed) -> None:
        if event.row_id != self.table.current or event.known is None:
            return
        other = self._shown is None or self._shown[0] != event.row_id
        self._shown = event.row_id, event.known
        self.detail.show(detail_text.content(event.known, self.source.clock()), restart=other)

    @on(Unreadable)
    @on(SqlTable.Failed)
    def _unreadable(self, event: Unreadable | SqlTable.Failed) -> None:
        self._stale, self._listing = True, False
        self._pages.close()
        if self._listed is None:
            self._instead_of_rows(event.error.message, event.error.hint, error=True)
        else:
            self._strip.explain(event.error)

    def _poll(self) -> None:
        """Read anew when somebody else has written, or when reading failed; never while that goes on."""
        if self._listing:
            return
        try:
            version = self._pages.version()
        except OspoError as error:
            self.post_message(Unreadable(error))
            return
        if self._stale or version != self._version:
            self._version = version
            self._look_at(self._view)

    def _look_at(self, view: View) -> None:
        self._view = view
        self._listing = True
        self._filter.describe(str(view))
        self._list(view)

    def decided(self) -> None:
        """Show the new states."""
        self.table.clear_marks()
        self._look_at(self._view)

    def _instead_of_rows(self, message: str = "", hint: str = "", *, error: bool = False) -> None:
        if message:
            self._notice.say(message, hint, error=error)
        else:
            self._notice.clear()
        self._body.set_class(bool(message), "-without-rows")

    # What widgets tell.

    @on(SqlTable.Highlighted)
    def _highlighted(self, event: SqlTable.Highlighted) -> None:
        if event.row_id is not None:
            self._read_details(event.row_id)
        else:
            self._shown = None
            self.detail.show("", restart=True)

    @on(SqlTable.Marked)
    def _marked(self) -> None:
        marks, begun = len(self.table.marks), self.table.range_start
        parts = [f"{marks:,} marked"] if marks else []
        if begun is not None:
            parts.append("v ends the range")
        if self._listed:
            found, total = len(self._listed.ids), self._listed.total
            parts.append(f"{found:,} of {total:,}" if found < total else counted(total, "finding"))
        self._count.update(" · ".join(parts))
        self.refresh_bindings()

    @on(FilterBar.Asked)
    def _asked(self, event: FilterBar.Asked) -> None:
        if event.text != self._view.text:
            self._look_at(replace(self._view, text=event.text))

    @on(FilterBar.Left)
    def _left(self) -> None:
        self.table.focus()

    @on(SqlTable.Opened)
    def action_open(self) -> None:
        """Go to the details."""
        if self.table.current is not None:
            self.add_class("-reading")
            self.detail.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Tell whether there is something to go back from; every other action is always there."""
        del parameters
        if action != "back":
            return True
        marked = bool(self.table.marks) or self.table.range_start is not None
        return marked or self.detail.has_focus or self._filter.typing

    def action_back(self) -> None:
        """Go back to the table; there, drop the marks."""
        if self._filter.typing:
            self._filter.leave()
        elif self.detail.has_focus:
            self.remove_class("-reading")
            self.table.focus()
        else:
            self.table.clear_marks()

    # What keys do.

    def action_filter(self) -> None:
        """Type a filter."""
        self._filter.begin()

    def action_clear(self) -> None:
        """Clear the filter."""
        self._filter.take("")

    def action_open_only(self) -> None:
        """Show open findings only, or waived ones too."""
        self._look_at(replace(self._view, open_only=not self._view.open_only))

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._look_at(self._view.next_sort())

    def action_reverse(self) -> None:
        """Reverse the order."""
        self._look_at(replace(self._view, descending=not self._view.descending))

    def action_waive(self) -> None:
        """Ask for the terms of a waiver for the marked findings, or the current one."""
        row = self._current_row()
        marks = self.table.marks
        if marks:
            self.ask_to_waive(counted(len(marks), "marked finding"), sorted(marks))
        elif row is not None and self.table.current is not None:
            if row.state == "open":
                self.ask_to_waive(f"{row.rule}: {component(row.subject)}", [self.table.current])
            else:
                self.tell(f"this finding is {row.state} already")

    def action_copy(self) -> None:
        """Copy the purl, or the fingerprint of what has none."""
        if row := self._current_row():
            self._copy(row.subject if row.subject.startswith("pkg:") else row.fingerprint)

    def action_copy_fingerprint(self) -> None:
        """Copy the fingerprint."""
        if row := self._current_row():
            self._copy(row.fingerprint)

    def _copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.tell(f"copied {one_line(text)}")

    def action_rule(self) -> None:
        """Read the rule's text."""
        rule = self._shown[1].detail.rule if self._shown else None
        if rule is None:
            self.tell("the text of this rule was not kept: evaluate its target again")
        else:
            title = f"{one_line(rule.rule)}, {one_line(rule.path)}"
            self.app.push_screen(TextDialog(title, "\n".join(map(one_line, rule.text.splitlines()))))

    def _current_row(self) -> FindingRow | None:
        return self.table.row(self.table.cursor) if self.table.current is not None else None
