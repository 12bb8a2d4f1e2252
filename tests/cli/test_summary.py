"""The summary: what a person reads in ten seconds, and never a command to a terminal.

OSPO_WRITE_EXPECTED=1 writes the golden files; read the difference in review.
"""

import io
import os
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from images import MEDIA_TYPES, Blob, blob, layout
from strategies import components, hostile, scan_results

from ospo.cli.findings import detailed, table
from ospo.cli.progress import Lines
from ospo.cli.summary import Told, summary
from ospo.model import Enforcement, Finding, Outcome, ScanResult, Severity, State, Waiver
from ospo.policy.files import PolicyFile
from ospo.policy.load import Policy, load_rules
from ospo.policy.waivers import WaiverSet
from ospo.scan import ScanOptions, Started, judge, scan
from ospo.store.rows import EventRow, FindingDetail, FindingRow, PlaceRow, RuleRow

# Not compressed: the digests do not depend on how well a library does that.
plain = partial(blob, compression="plain")

GOLDEN = Path(__file__).parent / "golden"

# Names and fields as in Alpine 3.20; versions are made up.
ALPINE = plain(
    {
        "etc/os-release": 'ID=alpine\nVERSION_ID=3.20.0\nPRETTY_NAME="Alpine Linux v3.20"\n',
        "lib/apk/db/installed": (
            "P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\n\nP:busybox\nV:1.36-r0\nA:x86_64\nL:GPL-2.0-only\n\n"
        ),
    }
)
APPLICATION = plain(
    {
        "app/node_modules/left/package.json": '{"name": "left", "version": "1.0.0", "license": "ask us"}',
        "app/node_modules/right/package.json": '{"name": "right", "version": "2.0.0"}',
    }
)
BROKEN = Blob(b"\x1f\x8b\x08\0\0\0\0\0\0\xff", MEDIA_TYPES["gzip"])  # the header only
MANIFESTS = plain({f"app/{n}/node_modules/x/package.json": "{" for n in range(7)})

WAIVERS = WaiverSet(
    tuple(
        Waiver(rule, (("component", "pkg:npm/*"),), "temporary", "asked", "jane", expires)
        for rule, expires in (("no-supplier", "2026-01-01"), ("unknown-license", "2025-12-31"))
    )
)
FILES = (
    PolicyFile("rules/licenses/unknown-license.yaml", "0" * 64, bundled=True),
    PolicyFile("ospo-waivers.yaml", "c0ffee" + "0" * 58),
)

CASES = {
    "whole": ((ALPINE, APPLICATION), Told(seconds=1.26, stored="/data/ospo.db", rules=5, files=FILES)),
    "seen-again": (
        (ALPINE, APPLICATION),
        Told(seconds=0.04, layers_cached=2, stored="/data/ospo.db", new=False),
    ),
    "broken-layer": ((ALPINE, BROKEN), Told(seconds=12.5)),
    "many-problems": (
        (ALPINE, MANIFESTS),
        Told(seconds=1.0, failure="cannot write to the database: disk is full"),
    ),
    "empty": ((plain({}),), Told(seconds=0.0, stored="/data/ospo.db")),
}


def scanned(blobs: tuple[Blob, ...], folder: Path) -> ScanResult:
    layout(folder / "image", *blobs)
    (result,) = scan(f"oci-dir:{folder}/image", ScanOptions("2026-01-01T00:00:00Z"))
    return result


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str, tmp_path: Path) -> None:
    blobs, told = CASES[name]
    result = scanned(blobs, tmp_path)
    judged = judge(result, Policy(load_rules(), WAIVERS), date(2026, 1, 1))
    shown = summary(result, replace(told, findings=judged.findings)).replace(str(tmp_path), "/src")
    path = GOLDEN / f"summary-{name}.txt"
    if os.environ.get("OSPO_WRITE_EXPECTED"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8")


def test_every_problem_is_listed_on_request(tmp_path: Path) -> None:
    result = scanned((MANIFESTS,), tmp_path)
    assert len(result.problems) == 7
    short, long = (summary(result, Told(), every_problem=every) for every in (False, True))
    assert short.count("package.json") == 5
    assert "… and 2 more; -v lists all of them" in short
    assert long.count("package.json") == 7
    assert "more" not in long


waivers = st.builds(
    Waiver,
    hostile,
    st.lists(st.tuples(hostile, hostile), max_size=2).map(tuple),
    *(hostile, hostile, hostile, hostile),
)
findings = st.builds(
    Finding,
    *(hostile, hostile, st.sampled_from(Severity), hostile, hostile, hostile, hostile),
    waiver=st.none() | waivers,
    expired=st.none() | waivers,
)


@given(scan_results(), st.lists(findings, max_size=2).map(tuple), hostile, st.booleans())
def test_the_summary_commands_no_terminal(
    result: ScanResult, found: tuple[Finding, ...], text: str, new: bool
) -> None:
    for told in (Told(found, stored=text, new=new), Told(found, failure=text)):
        shown = summary(result, told, every_problem=True)
        assert all(line.isprintable() for line in shown.split("\n"))
        labels = [line[2:12].strip() for line in shown.split("\n")[1:-1] if line[2] != " "]
        assert [label for label in labels if label != "licences"] == [
            *("is", "holds", "findings"),
            *["waivers"] * any(one.waiver or one.expired for one in found),
            *("problems", "took", "stored"),
        ]


times = st.just("2026-01-01T00:00:00Z")
rows = st.builds(
    FindingRow,
    *(hostile, hostile, st.sampled_from(Severity), st.sampled_from(Outcome), st.sampled_from(Enforcement)),
    *(st.sampled_from(State), hostile, hostile, hostile, hostile, times, times, st.just(1)),
)
places = st.builds(
    PlaceRow, hostile, hostile, hostile, times, times, st.booleans(), st.booleans(), st.none() | components()
)
rules = st.builds(
    RuleRow, hostile, st.just(1), hostile, hostile, st.lists(hostile, max_size=2).map(tuple), hostile, hostile
)
details = st.builds(
    FindingDetail,
    *(rows, st.none() | rules, st.none() | waivers, st.lists(places, max_size=2).map(tuple)),
    st.lists(st.builds(EventRow, times, hostile, hostile), max_size=2).map(tuple),
)


@given(st.lists(rows, max_size=3).map(tuple))
def test_the_list_of_findings_commands_no_terminal(found: tuple[FindingRow, ...]) -> None:
    lines = table(found, len(found)).split("\n")
    assert all(line.isprintable() for line in lines)
    assert len(lines) == sum(4 if row.fix else 3 for row in found) + 2


@given(st.lists(details, max_size=2).map(tuple))
def test_all_that_is_known_of_findings_commands_no_terminal(found: tuple[FindingDetail, ...]) -> None:
    lines = detailed(found, len(found)).split("\n")
    assert all(line.isprintable() for line in lines)


@given(hostile)
def test_progress_commands_no_terminal(name: str) -> None:
    stream = io.StringIO()
    Lines(stream)(Started(name, "", 0, 0))
    (line,) = stream.getvalue().removesuffix("\n").split("\n")
    assert line.isprintable()
