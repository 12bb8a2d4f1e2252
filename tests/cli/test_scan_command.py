"""`ospo scan` as a program: exit codes, outputs, and what stays behind when something goes wrong."""

import json
import os
import resource
import shlex
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from image_archives import Made, layer
from images import blob, layout
from program import STATUS, enter, environment, ospo, push, started, write_images
from registry_server import FakeRegistry, Fault, digest, serve

from ospo.cli.main import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of its own, with images."""
    write_images(tmp_path)
    return tmp_path


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same for this process."""
    return enter(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("code", "arguments", "error"),
    [
        (0, ["oci-dir:image"], ""),
        (0, ["oci-dir:image", "--fail-on", "critical"], ""),
        (1, ["oci-dir:image", "--fail-on", "high"], "1 finding at or above high"),
        (2, ["oci-dir:image", "--fail-on", "worst"], "invalid value for '--fail-on'"),
        (3, ["oci-dir:damaged"], "not checked completely: layer 0 (sha256:"),
        (3, ["oci-dir:damaged", "--fail-on", "info"], "not checked completely: layer 0 (sha256:"),
        (0, ["oci-dir:damaged", "--allow-incomplete"], ""),
        (0, ["oci-dir:odd"], ""),
        (3, ["oci-dir:odd", "--strict"], "not checked completely: app/node_modules/x/package.json (layer 0)"),
        (1, ["oci-dir:odd", "--strict", "--fail-on", "low"], "1 finding at or above low"),
        (4, ["oci-dir:nowhere"], "no OCI layout at nowhere"),
        (4, ["./nowhere"], "nothing that can be scanned at nowhere"),
    ],
)
def test_exit_codes(
    code: int, arguments: list[str], error: str, inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", *arguments, "--quiet"]) == code
    told = capsys.readouterr().err.splitlines()
    assert len(told) == (0 if code == 0 else 6 if code == 1 else 2)
    assert all(line.startswith("  ") for line in told[1:])
    if code:
        assert told[0].startswith("ospo: ")
        assert error in told[0]
        assert told[-1].startswith("  hint: ")


def test_a_violation_is_explained(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "oci-dir:image", "--quiet", "--fail-on", "high"]) == 1
    first, heading, subject, why, fix, hint = capsys.readouterr().err.splitlines()
    assert first == f"ospo: oci-dir:{inside}/image: 1 finding at or above high"
    assert heading == "  high unknown-license"
    assert subject == "    pkg:deb/hello@1.0?arch=all (var/lib/dpkg/status, layer 0): declares no license"
    assert why.startswith("    why: Without a license ")
    assert fix.startswith("    fix: find out the license ")
    assert hint.startswith("  hint: `ospo findings ")


@pytest.mark.parametrize(
    ("code", "arguments"), [(1, ["oci-dir:image", "--fail-on", "medium"]), (3, ["oci-dir:damaged"])]
)
def test_the_program_ends_with_the_exit_code(code: int, arguments: list[str], folder: Path) -> None:
    assert ospo(folder, "scan", *arguments).returncode == code


def test_the_second_scan_of_the_same_image_says_so(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for _ in range(2):
        assert run(["scan", "oci-dir:image"]) == 0
        shown.append(capsys.readouterr().out)
    assert "0 of 1 layers known" in shown[0]
    assert shown[0].splitlines()[-1] == f"  stored    {inside}/ospo.db"
    assert "1 of 1 layers known" in shown[1]
    assert (
        shown[1].splitlines()[-1]
        == f"  stored    {inside}/ospo.db (seen before: noted that it is still there)"
    )


def test_no_store_leaves_no_database(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "oci-dir:image", "--no-store"]) == 0
    assert "stored    nothing (--no-store)" in capsys.readouterr().out
    assert not (inside / "ospo.db").exists()


def test_no_cache_leaves_no_cache(inside: Path) -> None:
    assert run(["scan", "oci-dir:image", "--no-cache"]) == 0
    assert not (inside / "cache").exists()


def test_each_platform_gets_its_own_file(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "oci-dir:two", "--all-platforms", "-o", "cyclonedx-json=sbom-{platform}.json"]) == 0
    assert capsys.readouterr().out.count("  is        linux/") == 2
    for architecture in ("amd64", "arm64"):
        document = json.loads((inside / f"sbom-linux-{architecture}.json").read_bytes())
        properties = {one["name"]: one["value"] for one in document["metadata"]["component"]["properties"]}
        assert f"linux/{architecture}" in properties.values()


def test_messages_tell_platforms_apart(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "oci-dir:two", "--all-platforms", "-q", "--fail-on", "low", "--db", "a b.db"]) == 1
    messages = capsys.readouterr().err.splitlines()
    for architecture in ("amd64", "arm64"):
        assert f"ospo: oci-dir:{inside}/two (linux/{architecture}): 1 finding at or above low" in messages
    command = messages[-1].split("`")[1]
    assert command == f"ospo findings --db 'a b.db' --target oci-dir:{inside}/two"
    assert run(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out.startswith(f"high     unknown-license  oci-dir:{inside}/two\n")


def test_one_platform_can_be_chosen(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "oci-dir:two", "--platform", "linux/arm64"]) == 0
    assert "  is        linux/arm64 image" in capsys.readouterr().out


def test_several_reports_of_one_scan(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports = ["-o", "cyclonedx-json=a.json", "-o", "cyclonedx-xml@1.7=a.xml", "-o", "summary=a.txt"]
    assert run(["scan", "oci-dir:image", *reports]) == 0
    assert capsys.readouterr().out == ""
    assert (inside / "a.txt").read_text().startswith(f"oci-dir:{inside}/image\n")
    assert json.loads((inside / "a.json").read_bytes())["specVersion"] == "1.6"
    assert b"http://cyclonedx.org/schema/bom/1.7" in (inside / "a.xml").read_bytes()


def test_a_report_on_stdout_is_alone_there(folder: Path) -> None:
    done = ospo(folder, "scan", "oci-dir:image", "-o", "cyclonedx-json", "-o", "summary=a.txt")
    assert json.loads(done.stdout)["bomFormat"] == "CycloneDX"
    assert (folder / "a.txt").read_text().startswith(f"oci-dir:{folder}/image\n")


def test_json_and_sarif_say_what_the_gate_says(inside: Path) -> None:
    arguments = (
        "scan",
        "oci-dir:image",
        "-q",
        "--fail-on",
        "high",
        "-o",
        "json=a.json",
        "-o",
        "sarif=a.sarif",
    )
    assert run([*arguments]) == 1
    report = json.loads((inside / "a.json").read_bytes())
    assert (report["verdict"]["exit_code"], report["verdict"]["fail_on"]) == (1, "high")
    assert report["generated_at"] == "2026-01-01T00:00:00Z"
    assert [finding["rule"] for finding in report["findings"]] == ["unknown-license", "no-supplier"]
    log = json.loads((inside / "a.sarif").read_bytes())["runs"][0]
    assert log["invocations"][0]["exitCode"] == 1
    assert [result["ruleId"] for result in log["results"]] == ["unknown-license", "no-supplier"]
    before = [(inside / name).read_bytes() for name in ("a.json", "a.sarif")]
    assert run([*arguments]) == 1
    assert [(inside / name).read_bytes() for name in ("a.json", "a.sarif")] == before


def test_json_alone_on_stdout(folder: Path) -> None:
    done = ospo(folder, "scan", "oci-dir:image", "-o", "json")
    assert json.loads(done.stdout)["target"]["name"] == f"oci-dir:{folder}/image"


ASKED = """\
apiVersion: ospo.dev/v1
kind: Waivers
waivers:
  - rule: unknown-license
    selector: {component: 'pkg:deb/hello?arch=all'}
    reason: temporary
    justification: upstream has been asked
    approver: jane@example.org
    expires: %s
"""


def test_a_waived_finding_stays_in_the_reports_and_passes(inside: Path) -> None:
    (inside / "w.yaml").write_text(ASKED % "9999-12-31")
    arguments = ["--waivers", "w.yaml", "--fail-on", "high", "-o", "json=a.json", "-o", "sarif=a.sarif"]
    assert run(["scan", "oci-dir:image", "-q", *arguments]) == 0
    finding = json.loads((inside / "a.json").read_bytes())["findings"][0]
    assert (finding["state"], finding["counts_for_gate"]) == ("waived", False)
    assert finding["waiver"]["justification"] == "upstream has been asked"
    result = json.loads((inside / "a.sarif").read_bytes())["runs"][0]["results"][0]
    assert [one["status"] for one in result["suppressions"]] == ["accepted"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [(["--fail-on", "high", "-q"], 1, True), ([], 0, True), (["-q"], 0, False)],
)
def test_an_expired_waiver_is_told_once(
    arguments: list[str], code: int, told: bool, inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (inside / "w.yaml").write_text(ASKED % "2026-10-01")
    assert run(["scan", "oci-dir:two", "--all-platforms", "--waivers", "w.yaml", *arguments]) == code
    lines = capsys.readouterr().err.splitlines()
    assert lines.count("ospo: 1 waiver has expired") == told
    text = (
        "  unknown-license for pkg:deb/hello?arch=all, approved by jane@example.org, "
        "expired on 2026-10-01 (w.yaml:4)"
    )
    assert lines.count(text) == told


UNDECIDED = """\
apiVersion: ospo.dev/v1
kind: Rule
metadata: {id: first-word, version: 1}
spec:
  title: The first license word is MIT
  subject: component
  assert: r.license.words[0] == "MIT"
  message: is not MIT
  severity: low
  enforcement: enforce
  docs: {why: To have no answer., fix: correct the rule}
tests:
  - {name: MIT, record: {license: {words: [MIT]}}, expect: pass}
"""


def test_what_a_rule_could_not_decide_is_explained(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (inside / "rule.yaml").write_text(UNDECIDED)
    scan = ["scan", "oci-dir:image", "-q", "--rules", "rule.yaml"]
    assert run(scan) == 3
    first, heading, subject, _, fix, hint = capsys.readouterr().err.splitlines()
    assert first == f"ospo: oci-dir:{inside}/image: 1 finding could not be decided"
    assert heading == "  low first-word"
    assert subject.startswith("    the rule could not be evaluated for pkg:deb/hello@1.0?arch=all: ")
    assert subject.endswith(" (var/lib/dpkg/status, layer 0)")
    assert fix == "    fix: correct the rule in rule.yaml:1"
    assert hint.endswith(" lists them; --allow-incomplete accepts what could not be decided")
    assert run([*scan, "--allow-incomplete"]) == 0
    assert capsys.readouterr().err == ""


def test_a_missing_folder_is_said_before_anything_is_read(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "oci-dir:image", "-o", "cyclonedx-json=no/such/sbom.json"]) == 2
    assert capsys.readouterr().err == (
        "ospo: cannot write no/such/sbom.json: there is no folder no/such\n"
        "  hint: choose another path for -o\n"
    )
    assert not (inside / "ospo.db").exists()


def test_a_full_disk_is_one_line_and_the_gate_still_speaks(folder: Path) -> None:
    done = ospo(
        folder, "scan", "oci-dir:image", "-q", "-o", "cyclonedx-json=/dev/full", "-o", "summary=a.txt"
    )
    assert done.returncode == 3
    assert done.stderr.startswith("ospo: cannot write /dev/full: No space left on device\n  hint: ")
    assert len(done.stderr.splitlines()) == 2
    assert "  findings  1 high, 1 low\n" in (folder / "a.txt").read_text()
    done = ospo(folder, "scan", "oci-dir:image", "-o", "cyclonedx-json=/dev/full", "--fail-on", "medium")
    assert done.returncode == 1


def test_a_report_that_does_not_fit_leaves_the_old_one_and_no_temporary_file(folder: Path) -> None:
    (folder / "sbom.json").write_text("before")
    before = sorted(folder.rglob("*"))

    def nearly_full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    arguments = ("scan", "oci-dir:image", "-q", "--no-store", "--no-cache", "-o", "cyclonedx-json=sbom.json")
    # Python would leave cut bytecode files behind.
    environ = environment(folder, PYTHONDONTWRITEBYTECODE="1")
    done = ospo(folder, *arguments, preexec_fn=nearly_full, env=environ)
    assert done.returncode == 3
    assert done.stderr.startswith("ospo: cannot write sbom.json: File too large\n  hint: ")
    assert (folder / "sbom.json").read_text() == "before"
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(("threshold", "code"), [("none", 3), ("medium", 1)])
def test_what_cannot_be_stored_is_reported_all_the_same(
    threshold: str, code: int, inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (inside / "file").write_text("")
    assert run(["scan", "oci-dir:image", "-q", "--db", "file/ospo.db", "--fail-on", threshold]) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(f"ospo: cannot create {inside}/file: ")
    assert f"  stored    nothing: cannot create {inside}/file: " in captured.out


def test_what_is_no_database_is_said_before_anything_is_read(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (inside / "ospo.db").write_text("notes\n" * 1000)
    assert run(["scan", "oci-dir:image"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"ospo: cannot use {inside}/ospo.db as the database: ")


@pytest.mark.parametrize(("threshold", "code"), [("critical", 0), ("high", 1)])
def test_a_reader_that_has_seen_enough_changes_nothing(threshold: str, code: int, folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = ospo(
        folder, "scan", "oci-dir:image", "-o", "cyclonedx-json", "--no-store", "--fail-on", threshold,
        stdout=writer,
    )  # fmt: skip
    os.close(writer)
    assert done.returncode == code
    assert "roken pipe" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("streams", [{"stdout"}, {"stderr"}, {"stdout", "stderr"}])
def test_a_full_disk_behind_the_streams_is_survived(streams: set[str], folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = ospo(folder, "scan", "oci-dir:image", **dict.fromkeys(streams, full))
    assert done.returncode == (3 if "stdout" in streams else 0)
    if streams == {"stdout"}:
        assert "ospo: cannot write to stdout: No space left on device\n  hint: " in done.stderr


@contextmanager
def stuck_registry() -> Iterator[tuple[str, socket.socket]]:
    """A registry that sends everything but the layer, which is at a server that never answers."""
    with serve(FakeRegistry()) as registry, socket.create_server(("127.0.0.1", 0)) as storage:
        push(registry, Made([layer(2)]))
        address = f"http://127.0.0.1:{storage.getsockname()[1]}/layer"
        registry.faults = [Fault(digest(layer(2)), times=9, status=307, headers={"Location": address})]
        storage.settimeout(15)
        yield f"{registry.host}/team/app:1.0", storage


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_scan_at_once_and_cleanly(number: int, code: int, folder: Path) -> None:
    assert ospo(folder, "scan", "oci-dir:image").returncode == 0
    database = (folder / "ospo.db").read_bytes()
    with (
        stuck_registry() as (reference, storage),
        started(folder, "scan", reference, "-o", "cyclonedx-json=sbom.json") as process,
    ):
        connection, _ = storage.accept()
        with connection:
            process.send_signal(number)
            out, error = process.communicate(timeout=10)
    assert (process.returncode, out) == (code, "")
    assert error.splitlines()[-1] == "ospo: interrupted"
    assert all(line.startswith("ospo: ") for line in error.splitlines())
    assert (folder / "ospo.db").read_bytes() == database
    assert {path.name for path in folder.iterdir() if not (path / "index.json").exists()} == {
        "cache",
        "ospo.db",
    }
    assert {path.name for path in (folder / "cache").iterdir()} == {"cache.db"}


def test_a_signal_that_is_ignored_stays_ignored(folder: Path) -> None:
    """As under nohup, and in the background of a script."""

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with (
        stuck_registry() as (reference, storage),
        started(folder, "scan", reference, preexec_fn=ignore) as process,
    ):
        connection, _ = storage.accept()
        with connection:
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)
    assert process.returncode == 128 + signal.SIGTERM


def test_what_an_image_was_built_on_is_told_once_that_was_scanned(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = blob({"var/lib/dpkg/status": STATUS})
    own = blob({"app/node_modules/x/package.json": '{"name": "x", "version": "1.0.0", "license": "MIT"}'})
    layout(inside / "base", base)
    layout(inside / "built", base, own)
    assert run(["scan", "oci-dir:built"]) == 0
    assert "built on" not in capsys.readouterr().out
    assert run(["scan", "oci-dir:base"]) == 0
    assert "built on" not in capsys.readouterr().out
    assert run(["scan", "oci-dir:built", "-o", "cyclonedx-json=sbom.json", "-o", "summary"]) == 0
    assert f"  built on  oci-dir:{inside}/base: 1 of 2 layers, 1 component\n" in capsys.readouterr().out
    document = json.loads((inside / "sbom.json").read_text())
    of_base = {
        component["name"]: {p["name"]: p["value"] for p in component["properties"]}["ospo:layer:base"]
        for component in document["components"]
    }
    assert of_base == {"hello": "true", "x": "false"}
