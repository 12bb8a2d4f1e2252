"""The details of a finding as text: what they say of its waiver."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from made_database import FINDINGS, NOW, make

from ospo.model import Waiver
from ospo.store import database, waivers
from ospo.store.codec import encode_time
from ospo.store.finding_queries import finding_detail, finding_id
from ospo.ui.detail_text import Known, content

FINDING = FINDINGS[0]
WAIVER = Waiver(FINDING.rule, (), "temporary", "upstream was asked", "ana", "2026-11-30", "OSPO-7")


def details(path: Path, now: str) -> str:
    seconds = encode_time(now)
    with closing(database.connect_read_only(path)) as connection:
        detail = finding_detail(connection, finding_id(connection, FINDING.fingerprint), now=seconds)
    assert detail is not None
    return str(content(Known(detail), seconds))


def made_here(path: Path) -> Path:
    make(path)
    with closing(database.connect(path)) as connection:
        waivers.waive(connection, FINDING.fingerprint, WAIVER, encode_time(NOW))
    return path


def of_a_file(path: Path) -> Path:
    return make(path, [replace(FINDING, waiver=replace(WAIVER, source="waivers.yaml:4"))])


def test_say_why_and_until_when_a_finding_is_waived(tmp_path: Path) -> None:
    text = details(made_here(tmp_path / "ospo.db"), "2026-11-30T23:59:59Z")
    assert (
        """
WAIVER
reason       temporary
upstream was asked
approver     ana
until        2026-11-30
ticket       OSPO-7
from         made here; a gate needs `ospo waive export`
"""
        in text
    )


@pytest.mark.parametrize(("store", "source"), [(made_here, "made here"), (of_a_file, "waivers.yaml:4")])
def test_say_since_when_a_waiver_has_expired(
    store: Callable[[Path], Path], source: str, tmp_path: Path
) -> None:
    text = details(store(tmp_path / "ospo.db"), "2026-12-01T00:00:00Z")
    assert (
        f"""
WAIVER, expired
reason       temporary
upstream was asked
approver     ana
expired      at the end of 2026-11-30, UTC
ticket       OSPO-7
from         {source}

"""
        in text
    )
    assert "until        " not in text


def test_tell_of_no_waiver_where_there_is_none(tmp_path: Path) -> None:
    assert "WAIVER" not in details(make(tmp_path / "ospo.db"), NOW)
