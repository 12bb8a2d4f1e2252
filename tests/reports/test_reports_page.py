"""docs/reports.md: its jq examples run, and what it names is there."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from ospo.cli.output import JUDGED, SUMMARY
from ospo.reports.cyclonedx import FORMATS

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8")
REPORT = Path(__file__).parent / "golden" / "image.report.json"
LOG = Path(__file__).parent / "golden" / "image.sarif"
needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")


def examples() -> dict[str, list[str]]:
    """The words of each example, by what it is for."""
    lines = re.findall(r"^(jq .*?) +# (.*)$", PAGE, re.MULTILINE)
    return {about: shlex.split(command) for command, about in lines}


@needs_jq
def test_the_examples_answer_what_they_say() -> None:
    findings = json.loads(REPORT.read_bytes())["findings"]
    expected = {
        "what fails": [
            f"{one['severity']} {one['rule']} {one['subject']}" for one in findings if one["counts_for_gate"]
        ],
        "until when what is waived": [
            f"{one['waiver']['expires']} {one['subject']}" for one in findings if one["waiver"]
        ],
        "what layer 1 brought": [
            place["path"] for one in findings for place in one["locations"] if place["layer"] == 1
        ],
        "was everything checked?": ["false"],
    }
    shown = {
        about: subprocess.run([*words[:-1], REPORT], capture_output=True, text=True).stdout.splitlines()
        for about, words in examples().items()
    }
    assert shown == expected
    assert all(expected.values())


@needs_jq
def test_waived_findings_can_be_left_out_of_an_upload() -> None:
    (command,) = re.findall(r"^(jq .*) ospo\.sarif > open\.sarif$", PAGE, re.MULTILINE)
    done = subprocess.run([*shlex.split(command), LOG], capture_output=True, check=True)
    before, after = (json.loads(data)["runs"][0]["results"] for data in (LOG.read_bytes(), done.stdout))
    assert after == [result for result in before if not result["suppressions"]] != before


def test_every_format_is_in_the_table() -> None:
    shown = re.findall(
        r"`([^`]+)`", "".join(re.findall(r"^\| (`.*?`) \| ", PAGE.split("##")[0], re.MULTILINE))
    )
    assert shown == [SUMMARY, *JUDGED, *FORMATS]


def test_every_member_is_in_the_table() -> None:
    table = PAGE.split("| member | holds |")[1].split("\n\n")[0]
    members = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split(" | ")[0])}
    assert members | {"$schema", "schema_version", "tool", "generated_at"} == set(
        json.loads(REPORT.read_bytes())
    )
