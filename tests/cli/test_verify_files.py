"""`ospo scan --verify-files`: from a changed file to a finding, and how such findings stay and go."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from images import Content, blob, layout
from program import STATUS, enter

from ospo.cli.main import run

PACKAGE: dict[str, Content] = {
    "var/lib/dpkg/status": STATUS,
    "var/lib/dpkg/info/hello.md5sums": "".join(
        f"{hashlib.md5(text.encode()).hexdigest()}  {path}\n"
        for path, text in (("usr/bin/hello", "hello"), ("usr/lib/hello", "world"), ("usr/share/doc/h", "h"))
    ),
    "usr/bin/hello": "hello",
    "usr/lib/hello": "world",
}
CHANGED: dict[str, Content] = {"usr/bin/hello": "hullo", "usr/lib/.wh.hello": ""}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with an image in which two files of a package are not as installed."""
    layout(tmp_path / "hello", blob(PACKAGE), blob(CHANGED))
    return enter(tmp_path, monkeypatch)


def states(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    """Return rule -> subject and state of the findings about files, as the database has them."""
    capsys.readouterr()
    assert run(["findings", "--filter", "state:open", "-o", "json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = found["findings"] if isinstance(found, dict) else found
    return {
        row["rule"]: (row["subject"], row["state"]) for row in rows if row["rule"].endswith("-package-file")
    }


BOTH = {
    "missing-package-file": ("usr/lib/hello", "open"),
    "modified-package-file": ("usr/bin/hello", "open"),
}


def test_a_summary_tells_how_files_were_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "oci-dir:hello", "--verify-files"]) == 0
    shown = capsys.readouterr()
    assert "  files     0 as installed, 1 modified, 1 missing, 1 left out on purpose\n" in shown.out
    assert re.search(r"ospo: comparing files with what packages installed in 1 layer \(\d+ B\)\n", shown.err)
    assert run(["scan", "oci-dir:hello"]) == 0
    assert "  files  " not in capsys.readouterr().out


def test_findings_are_in_reports_with_their_layer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "oci-dir:hello", "--verify-files", "--quiet", "-o", "json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    (one,) = (finding for finding in findings if finding["rule"] == "modified-package-file")
    assert one["subject"] == "usr/bin/hello"
    assert [(place["path"], place["layer"]) for place in one["locations"]] == [("usr/bin/hello", 1)]
    digest = hashlib.md5(b"hullo").hexdigest()
    assert one["message"] == f"is not what hello installed: content with md5 {digest}"
    assert one["enforcement"] == "audit"


def test_a_rule_may_be_enforced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundled = (Path(__file__).parents[2] / "rules/images/modified-package-file.yaml").read_text()
    (folder / "mine.yaml").write_text(bundled.replace("enforcement: audit", "enforcement: enforce"))
    gate = ["scan", "oci-dir:hello", "--quiet", "--fail-on", "high", "--rules", "mine.yaml"]
    assert run([*gate, "--verify-files"]) == 1
    assert "modified-package-file" in capsys.readouterr().err
    run(gate)
    assert "modified-package-file" not in capsys.readouterr().err


def test_what_does_not_look_at_files_fixes_no_finding_about_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = ["scan", "oci-dir:hello", "--quiet"]
    assert run([*scan, "--verify-files"]) == 0
    assert states(capsys) == BOTH
    assert run(["rules", "apply", "--quiet"]) == 0
    assert states(capsys) == BOTH
    assert run(scan) == 0
    assert states(capsys) == BOTH
    # Neither does a scan of the next image that does not look.
    layout(folder / "hello", blob(PACKAGE))
    assert run(scan) == 0
    assert states(capsys) == BOTH
    assert run([*scan, "--verify-files"]) == 0
    assert states(capsys) == {}


def test_an_sbom_has_no_files_to_verify(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sbom", "oci-dir:hello", "-o", "cyclonedx-json=sbom.json", "--quiet"]) == 0
    assert run(["scan", "sbom:sbom.json", "--verify-files", "--quiet"]) == 2
    assert "hint: leave --verify-files out" in capsys.readouterr().err
