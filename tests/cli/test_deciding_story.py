"""The way from a finding to a waiver and back, on the image that `make demo` makes of real packages."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from demo_image import demo_layers, write_image
from image_archives import Made, layer
from program import environment, push
from registry_server import FakeRegistry, serve

from ospo.cli.main import run

IMAGE = "oci-dir:image"
TODAY = datetime.now(UTC).date()

WAIVERS = """\
apiVersion: ospo.dev/v1
kind: Waivers
waivers:
  - rule: unknown-license
    selector: {{component: "pkg:pypi/*", target: "oci-dir:*/image"}}
    reason: temporary
    justification: upstream has been asked
    approver: jane@example.org
    expires: {expires}
"""

NO_TYPE_STUBS = """\
apiVersion: ospo.dev/v1
kind: Rule
metadata: {id: no-type-stubs, version: 1}
spec:
  title: No stubs for type checkers in images
  subject: component
  assert: '!r.name.startsWith("types-") && !r.name.endsWith("-stubs")'
  message: '{r.name} serves type checkers only'
  severity: critical
  enforcement: enforce
  docs:
    why: What nobody runs makes images larger.
    fix: leave development dependencies out of the image
tests:
  - {name: stubs, record: {name: lxml-stubs}, expect: fail, message: lxml-stubs serves type checkers only}
  - {name: a library, record: {name: lxml}, expect: pass}
"""


@pytest.fixture(scope="module")
def demo_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image that `make demo` makes."""
    path = tmp_path_factory.mktemp("demo") / "image"
    write_image(demo_layers(Path(click.__file__).parents[1]), path)
    return path


@pytest.fixture
def folder(demo_image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the demo's image, in which this process works by the real clock."""
    shutil.copytree(demo_image, tmp_path / "image", copy_function=os.link)
    monkeypatch.chdir(tmp_path)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    return tmp_path


def waive(folder: Path, days: int) -> Path:
    path = folder / "accepted.yaml"
    path.write_text(WAIVERS.format(expires=TODAY + timedelta(days=days)))
    return path


def states(capsys: pytest.CaptureFixture[str]) -> set[tuple[str, str]]:
    capsys.readouterr()
    assert run(["findings", "--all", "-o", "json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    return {(finding["rule"], finding["state"]) for finding in findings if finding["severity"] == "high"}


def test_a_gate_fails_passes_with_a_waiver_and_fails_again_when_that_has_expired(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = ["scan", IMAGE, "--fail-on", "high"]
    assert run(gate) == 1
    assert "unknown-license" in capsys.readouterr().err
    assert states(capsys) == {("unknown-license", "open")}

    accepted = waive(folder, days=0)  # the last day on which it holds
    assert run([*gate, "--waivers", str(accepted)]) == 0
    assert "of them waived" in capsys.readouterr().out
    assert states(capsys) == {("unknown-license", "waived")}

    waive(folder, days=-1)
    assert run([*gate, "--waivers", str(accepted)]) == 1
    assert "their waivers have expired" in capsys.readouterr().out
    assert states(capsys) == {("unknown-license", "open")}


def test_stored_scans_are_judged_anew_without_the_image(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["scan", IMAGE]) == 0
    (folder / "image").rename(folder / "gone")
    apply = ["rules", "apply", "--fail-on", "high"]
    assert run(apply) == 1
    assert run([*apply, "--waivers", str(waive(folder, days=1))]) == 0
    assert states(capsys) == {("unknown-license", "waived")}
    assert run([*apply, "--waivers", str(waive(folder, days=-1))]) == 1
    assert states(capsys) == {("unknown-license", "open")}


def test_a_new_rule_is_one_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = folder / "no-type-stubs.yaml"
    rule.write_text(NO_TYPE_STUBS)
    assert run(["rules", "test", str(rule)]) == 0
    assert run(["rules", "lint", str(rule)]) == 0
    assert capsys.readouterr().out == "2 passed, 0 failed in 1 rule\nno remarks on 1 file\n"
    assert run(["scan", IMAGE, "--fail-on", "critical"]) == 0
    assert run(["scan", IMAGE, "--fail-on", "critical", "--rules", str(rule)]) == 1
    capsys.readouterr()
    assert run(["findings", "--rule", "no-type-stubs", "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["findings"]
    assert "lxml-stubs serves type checkers only" in [finding["message"] for finding in found]
    assert run(["scan", IMAGE]) == 0  # without the rule its findings are gone
    capsys.readouterr()
    assert run(["findings", "--rule", "no-type-stubs"]) == 0
    assert capsys.readouterr().out == "no findings\n"


def test_a_decision_made_here_counts_once_it_is_exported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = ["scan", IMAGE, "--fail-on", "high"]
    assert run(gate) == 1
    capsys.readouterr()
    assert run(["findings", "--severity", "high", "-o", "json"]) == 0
    for finding in json.loads(capsys.readouterr().out)["findings"]:
        decision = ["--reason", "false-positive", "--justification", "read", "--approver", "jane@example.org"]
        assert run(["waive", "add", finding["fingerprint"], *decision]) == 0
    assert states(capsys) == {("unknown-license", "waived")}
    assert run(gate) == 1  # nobody has reviewed it yet
    assert states(capsys) == {("unknown-license", "waived")}
    assert run(["waive", "export"]) == 0
    (folder / "reviewed.yaml").write_text(capsys.readouterr().out)
    assert run([*gate, "--waivers", "reviewed.yaml"]) == 0


def test_policy_that_only_lies_about_is_not_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pull request must not pass its own gate by a rule or waiver that it brings."""
    (folder / "ospo-waivers.yaml").write_text(WAIVERS.format(expires=TODAY + timedelta(days=9)))
    (folder / "rules").mkdir()
    (folder / "rules" / "unknown-license.yaml").write_text("not even YAML: [")
    assert run(["scan", IMAGE, "--fail-on", "high"]) == 1
    assert "ospo-waivers.yaml is here and not used: name it by --waivers" in capsys.readouterr().err
    (folder / "ospo.toml").write_text('waivers = "ospo-waivers.yaml"\n')
    assert run(["scan", IMAGE, "--fail-on", "high"]) == 2
    error = capsys.readouterr().err
    assert "ospo.toml:1: waivers: not allowed in a file that was only found" in error
    assert run(["scan", IMAGE, "--fail-on", "high", "--config", "ospo.toml"]) == 0


def test_an_expired_waiver_is_not_revived_by_source_date_epoch(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = waive(folder, days=-1)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert run(["scan", IMAGE, "--fail-on", "high", "--waivers", str(accepted)]) == 1


def test_policy_inside_the_scanned_tree_is_not_read(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = folder / "tree" / "node_modules" / "left"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"name": "left", "version": "1.0.0", "license": "AGPL-3.0-only"}')
    (folder / "tree" / "rules").mkdir()
    (folder / "tree" / "rules" / "denied-license.yaml").write_text(
        NO_TYPE_STUBS.replace("no-type-stubs", "denied-license")
    )
    (folder / "tree" / "ospo.toml").write_text('rules = ["rules"]\nwaivers = "ospo-waivers.yaml"\n')
    (folder / "tree" / "ospo-waivers.yaml").write_text(
        WAIVERS.format(expires="2999-12-31").replace("unknown-license", "denied-license")
    )
    monkeypatch.chdir(folder / "tree")
    assert run(["scan", "dir:.", "--fail-on", "critical"]) == 1
    assert "ospo.toml is ignored: it lies in the scanned tree" in capsys.readouterr().err
    assert run(["scan", "dir:.", "--fail-on", "critical", "--rules", "rules"]) == 0  # named, so it counts


def test_an_image_named_by_a_tag_is_a_finding_and_by_its_digest_none(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(FakeRegistry()) as registry:
        push(registry, Made([layer(2)]))
        image = f"{registry.host}/team/app"
        assert run(["scan", f"{image}:1.0"]) == 0
        capsys.readouterr()
        assert run(["findings", "--rule", "mutable-image-reference", "-o", "json"]) == 0
        (found,) = json.loads(capsys.readouterr().out)["findings"]
        assert found["message"] == "is named by the tag 1.0, which may stand for another image tomorrow"
        assert (found["severity"], found["enforcement"]) == ("medium", "audit")
        assert run(["sbom", f"{image}:1.0"]) == 0
        digest = json.loads(capsys.readouterr().out)["metadata"]["component"]["version"]
        assert run(["scan", f"{image}@{digest}"]) == 0
        capsys.readouterr()
        assert run(["findings", "--target", f"{image}@{digest}", "--filter", "rule:mutable"]) == 0
        assert capsys.readouterr().out == "no findings\n"
