"""`ospo sbom`: the same bytes for the same image, whether it is read or stored."""

import json
from pathlib import Path

import pytest
from program import enter, ospo, write_images
from schemas import json_validator

from ospo.cli.main import run


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with images, in which this process works."""
    return enter(tmp_path, monkeypatch)


def test_two_runs_and_the_stored_scan_give_the_same_valid_bytes(tmp_path: Path) -> None:
    write_images(tmp_path)
    first = ospo(tmp_path, "sbom", "oci-dir:odd")
    assert first.returncode == 0
    json_validator("1.6").validate(json.loads(first.stdout))
    assert not (tmp_path / "ospo.db").exists()
    assert ospo(tmp_path, "sbom", "oci-dir:odd", "--no-cache").stdout == first.stdout
    assert ospo(tmp_path, "scan", "oci-dir:odd").returncode == 0
    stored = ospo(tmp_path, "sbom", "oci-dir:odd", "--stored")
    assert (stored.stdout, stored.stderr) == (first.stdout, "")


@pytest.mark.parametrize("by", ["oci-dir:image", "./image", "digest", "name"])
def test_a_stored_scan_is_found_by_all_its_names(
    by: str, inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", "oci-dir:image"]) == 0
    described = capsys.readouterr().out.splitlines()[1]
    names = {"digest": described.rpartition(" ")[2], "name": f"oci-dir:{inside}/image"}
    assert run(["sbom", names.get(by, by), "--stored"]) == 0
    assert json.loads(capsys.readouterr().out)["metadata"]["component"]["type"] == "container"


def test_a_stored_platform_can_be_chosen(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", "oci-dir:two", "--all-platforms"]) == 0
    capsys.readouterr()
    shown = []
    for platform in ("amd64", "linux/arm64"):
        assert run(["sbom", "oci-dir:two", "--stored", "--platform", platform]) == 0
        shown.append(capsys.readouterr().out)
    assert "linux/amd64" in shown[0]
    assert "linux/arm64" in shown[1]
    assert run(["sbom", "oci-dir:two", "--stored", "--platform", "s390x"]) == 4
    assert "no scan of oci-dir:two for linux/s390x is stored" in capsys.readouterr().err


def test_xml_and_versions(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sbom", "oci-dir:image", "-o", "cyclonedx-xml", "-o", "cyclonedx-json@1.7=a.json"]) == 0
    assert 'xmlns="http://cyclonedx.org/schema/bom/1.6"' in capsys.readouterr().out
    document = json.loads((inside / "a.json").read_bytes())
    json_validator("1.7").validate(document)


def test_an_incomplete_document_is_written_and_says_so(
    inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sbom", "oci-dir:damaged", "-q"]) == 3
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    json_validator("1.6").validate(document)
    properties = {one["name"]: one["value"] for one in document["metadata"]["properties"]}
    assert properties["ospo:complete"] == "false"
    assert captured.err.startswith(
        f"ospo: oci-dir:{inside}/damaged: not checked completely: layer 0 (sha256:"
    )
    assert captured.err.count("\n") == 2
    assert run(["sbom", "oci-dir:damaged", "-q", "--allow-incomplete"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["oci-dir:image", "--stored"], 3, "there is no database at"),
        (["oci-dir:two", "--all-platforms"], 2, "all platforms would be written to stdout"),
        (["oci-dir:two", "--all-platforms", "--platform", "arm64", "-o", "cyclonedx-json={platform}"], 2,
         "--platform and --all-platforms exclude each other"),
        (["oci-dir:two", "--all-platforms", "--stored"], 2, "--stored writes one scan"),
        (["oci-dir:image", "-o", "summary"], 2, "`ospo sbom` writes no summary"),
        (["oci-dir:image", "-o", "json=a.json"], 2,
         "`ospo sbom` writes no json: that reports findings, and an SBOM is not judged"),
        (["oci-dir:image", "-o", "sarif"], 2, "`ospo sbom` writes no sarif: that reports findings"),
        (["oci-dir:two", "--platform", "a/b/c/d"], 2, "not a platform: 'a/b/c/d'"),
        (["oci-dir:two", "--platform", "s390x"], 4, "no image for linux/s390x; there is: linux/amd64"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_explained(
    arguments: list[str], code: int, message: str, inside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sbom", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    error, hint = captured.err.splitlines()
    assert error.startswith(f"ospo: {message}")
    assert hint.startswith("  hint: ")
