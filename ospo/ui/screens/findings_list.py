"""The list of findings beside the details of one: laying it out, and keeping it up to date."""

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static
from textual.worker import get_current_worker

from ospo.errors import OspoError
from ospo.store.rows import FindingRow
from ospo.text import counted, one_line
from ospo.ui import detail_text
from ospo.ui.screens import findings_work as jobs
from ospo.ui.screens.deciding import DecidingScreen
from ospo.ui.screens.findings_view import Detailed, Listed, Loaded, Unreadable, View, columns
from ospo.ui.source import Pages, Source
from ospo.ui.widgets.filter_bar import FilterBar
from ospo.ui.widgets.key_line import KeyLine
from ospo.ui.widgets.notice import Notice
from ospo.ui.widgets.reader import Reader
from ospo.ui.widgets.sql_table import SqlTable

_POLL_SECONDS = 1.0
"""How often it is looked whether somebody else has written."""

_FIXED = "all of them are fixed: the filter `fixed` shows them"


class FindingsTable(SqlTable[FindingRow]):
    """The table of findings."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"findings--{severity}" for severity in ("critical", "high", "medium", "low", "info")
    }


class FindingsList(DecidingScreen):
    """Lists findings beside the details of one, and keeps both up to date; one of them on narrow terminals.

    What its keys do is in `ospo.ui.screens.findings`.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual declares it
    AUTO_FOCUS = "#rows"

    def __init__(self, source: Source, approver: str) -> None:
        super().__init__(source, approver)
        self._pages = Pages(source)
        self.view = View()
        self._listed: Listed | None = None
        self.shown: tuple[int, detail_text.Known] | None = None
        self._version = 0
        self._stale = True
        self._listing = False
        self._count = Static(markup=False, id="count")
        self.filter = FilterBar(lambda text: self.view.filtered(text, source.clock()), id="filter")
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
        yield self.filter
        yield self._strip
        yield self._body
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to read, and to look for what others write."""
        self._instead_of_rows("reading the findings …")
        self._poll()
        self.set_interval(_POLL_SECONDS, self._poll)

    def on_unmount(self) -> None:
        """Let go of the database."""
        self._pages.close()

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
        other = self.shown is None or self.shown[0] != event.row_id
        self.shown = event.row_id, event.known
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
            self.look_at(self.view)

    def look_at(self, view: View) -> None:
        """List the findings of a view."""
        self.view = view
        self._listing = True
        self.filter.describe(str(view))
        self._list(view)

    @on(DecidingScreen.Changed)
    def _changed(self) -> None:
        self.table.clear_marks()
        self.look_at(self.view)

    def _instead_of_rows(self, message: str = "", hint: str = "", *, error: bool = False) -> None:
        if message:
            self._notice.say(message, hint, error=error)
        else:
            self._notice.clear()
        self._body.set_class(bool(message), "-without-rows")

    @on(SqlTable.Highlighted)
    def _highlighted(self, event: SqlTable.Highlighted) -> None:
        if event.row_id is not None:
            self._read_details(event.row_id)
        else:
            self.shown = None
            self.detail.show("", restart=True)

    @on(SqlTable.Marked)
    def _marked(self) -> None:
        marks, begun = len(self.table.rows.marks), self.table.rows.range_start
        parts = [f"{marks:,} marked"] if marks else []
        if begun is not None:
            parts.append("v ends the range")
        if self._listed:
            found, total = len(self._listed.ids), self._listed.total
            parts.append(f"{found:,} of {total:,}" if found < total else counted(total, "finding"))
        self._count.update(" · ".join(parts))
        self.refresh_bindings()
