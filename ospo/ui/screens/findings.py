"""Findings: the list of everything that is wrong, to be filtered, read, and waived by keys."""

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.binding import BindingType

from ospo.text import counted, one_line
from ospo.ui.actions import Place, bindings
from ospo.ui.screens.dialogs import TextDialog
from ospo.ui.screens.findings_list import FindingsList
from ospo.ui.widgets.filter_bar import FilterBar
from ospo.ui.widgets.sql_table import SqlTable
from ospo.ui.words import component


class FindingsScreen(FindingsList):
    """Does what the keys of Findings say."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Place.FINDINGS)]

    @on(FilterBar.Asked)
    def _asked(self, event: FilterBar.Asked) -> None:
        if event.text != self.view.text:
            self.look_at(replace(self.view, text=event.text))

    @on(FilterBar.Left)
    def _to_table(self) -> None:
        self.remove_class("-reading")
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
        marked = bool(self.table.rows.marks) or self.table.rows.range_start is not None
        return marked or self.detail.has_focus or self.filter.typing

    def action_back(self) -> None:
        """Go back to the table; there, drop the marks."""
        if self.filter.typing:
            self.filter.leave()
        elif self.detail.has_focus:
            self._to_table()
        else:
            self.table.clear_marks()

    def action_filter(self) -> None:
        """Type a filter."""
        self.filter.begin()

    def action_clear(self) -> None:
        """Clear the filter."""
        self.filter.take("")

    def action_open_only(self) -> None:
        """Show open findings only, or waived ones too."""
        self.look_at(replace(self.view, open_only=not self.view.open_only))

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.look_at(self.view.next_sort())

    def action_reverse(self) -> None:
        """Reverse the order."""
        self.look_at(replace(self.view, descending=not self.view.descending))

    def action_waive(self) -> None:
        """Ask for the terms of a waiver for the marked findings, or the current one."""
        row = self.table.current_row
        marks = self.table.rows.marks
        if marks:
            self.ask_to_waive(counted(len(marks), "marked finding"), sorted(marks))
        elif row is not None and self.table.current is not None:
            if row.state == "open":
                self.ask_to_waive(f"{row.rule}: {component(row.subject)}", [self.table.current])
            else:
                self.tell(f"this finding is {row.state} already")

    def action_copy(self) -> None:
        """Copy the purl, or the fingerprint of what has none."""
        if row := self.table.current_row:
            self._copy(row.subject if row.subject.startswith("pkg:") else row.fingerprint)

    def action_copy_fingerprint(self) -> None:
        """Copy the fingerprint."""
        if row := self.table.current_row:
            self._copy(row.fingerprint)

    def _copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text)
        self.tell(f"copied {one_line(text)}")

    def action_rule(self) -> None:
        """Read the rule's text."""
        rule = self.shown[1].detail.rule if self.shown else None
        if rule is None:
            self.tell("the text of this rule was not kept: evaluate its target again")
        else:
            title = f"{one_line(rule.rule)}, {one_line(rule.path)}"
            self.app.push_screen(TextDialog(title, "\n".join(map(one_line, rule.text.splitlines()))))
