"""Until when a waiver holds that is made today."""

from datetime import date

import pytest
from click.testing import CliRunner

from ospo.cli.waive import command
from ospo.policy.waiver_file import DEFAULT_DAYS, default_expiry


@pytest.mark.parametrize(
    ("today", "last"),
    [
        ("2026-11-26", "2027-02-24"),
        ("9999-10-01", "9999-12-30"),
        ("9999-10-02", "9999-12-31"),
        ("9999-10-03", "9999-12-31"),
        ("9999-12-31", "9999-12-31"),
    ],
)
def test_a_waiver_holds_for_ninety_days_or_to_the_end_of_the_calendar(today: str, last: str) -> None:
    assert default_expiry(date.fromisoformat(today)) == last


def test_help_names_the_days() -> None:
    """It is written there: the module with the number imports YAML, which no help waits for."""
    assert f"default {DEFAULT_DAYS} days from now" in CliRunner().invoke(command, ["add", "--help"]).output
