"""What the details of a finding ask beside the finding itself."""

import sqlite3

from made_results import finding, result

from ospo.model import State, Waiver
from ospo.store import finding_queries, waivers, writer
from ospo.store.codec import encode_time
from ospo.store.rows import FindingFilter


def test_layers_have_their_build_commands(store: sqlite3.Connection) -> None:
    scan = result("a")
    writer.save(store, scan, ())
    steps = finding_queries.build_steps(store, scan.artifact.digest, "linux/amd64")
    assert steps == {0: "RUN 0", 1: "RUN 1"}
    assert finding_queries.build_steps(store, "sha256:other", "linux/amd64") == {}


def test_a_finding_whose_waiver_has_expired_can_be_waived_again(store: sqlite3.Connection) -> None:
    writer.save(store, result("a", at="2026-11-23T10:00:00Z"), (finding("a"),))
    fingerprint = finding("a").fingerprint
    for expires, at in (("2026-11-30", "2026-11-23T11:00:00Z"), ("2027-01-31", "2026-12-05T10:00:00Z")):
        waiver = Waiver("unknown-license", (), "temporary", "why", "who", expires)
        waivers.waive(store, fingerprint, waiver, encode_time(at))
        waived = FindingFilter((State.WAIVED,), now=encode_time(at))
        assert finding_queries.count_findings(store, waived) == 1
    detail = finding_queries.finding_detail(store, 1, now=encode_time("2026-12-05T10:00:00Z"))
    assert detail is not None and detail.waiver is not None
    assert detail.waiver.expires == "2027-01-31"


def test_open_and_waived_are_all_that_is_not_fixed(store: sqlite3.Connection) -> None:
    writer.save(store, result("a", at="2026-11-23T10:00:00Z"), tuple(map(finding, "abcd")))
    writer.save(store, result("a", at="2026-11-24T10:00:00Z", digest="2"), tuple(map(finding, "abc")))
    for name, expires in (("a", "2026-11-30"), ("b", "2027-01-31")):
        waiver = Waiver("unknown-license", (), "temporary", "why", "who", expires)
        waivers.waive(store, finding(name).fingerprint, waiver, encode_time("2026-11-24T11:00:00Z"))
    now = encode_time("2026-12-05T10:00:00Z")
    for states, subjects in (
        ((State.OPEN,), "ac"),
        ((State.WAIVED,), "b"),
        ((State.OPEN, State.WAIVED), "abc"),
        ((State.WAIVED, State.FIXED), "bd"),
        ((), "abcd"),
    ):
        wanted = FindingFilter(states, now=now)
        assert [row.subject for row in finding_queries.findings(store, wanted)] == list(subjects)
        assert finding_queries.count_findings(store, wanted) == len(subjects)
