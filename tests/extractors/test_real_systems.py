"""The extractors against what the systems' own tools say of the machine that runs the tests."""

import importlib.metadata
import shutil
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ospo.extractors import dpkg, python
from ospo.extractors.interface import File, Held
from ospo.extractors.records import TEXT_LIMIT
from ospo.model import Component

STATUS = Path("/var/lib/dpkg/status")
ABSENT = ("not-installed", "config-files", "half-installed")


def component(metadata: str) -> Component:
    data = metadata.encode("utf-8", "surrogateescape")
    (record,) = python.EXTRACTORS[0].extract(File("x.dist-info/METADATA", len(data), 0o644, Held(data)))
    assert isinstance(record, Component)
    return record


def needed_without_extras(requirement: Requirement) -> bool:
    return requirement.marker is None or "extra" not in str(requirement.marker)


def test_python_packages_are_those_that_importlib_finds() -> None:
    checked = 0
    for distribution in importlib.metadata.distributions():
        metadata = distribution.read_text("METADATA")
        if metadata is None:
            continue
        found = component(metadata)
        requirements = [Requirement(line) for line in distribution.requires or ()]
        needed = [canonicalize_name(r.name) for r in requirements if needed_without_extras(r)]
        assert (found.name, found.version) == (canonicalize_name(distribution.name), distribution.version)
        assert list(found.depends) == list(dict.fromkeys(needed))
        checked += 1
    assert checked > 10


def test_a_license_text_in_a_field_is_kept_up_to_the_limit() -> None:
    text = "\n        ".join(["Some License"] + ["words of it"] * 4000)
    found = component(f"Name: a\nVersion: 1\nLicense: {text}\nSummary: after it\n")
    assert found.licenses[0].text.startswith("Some License\nwords of it\n")
    assert len(found.licenses[0].text) == TEXT_LIMIT
    assert found.description == "after it"


@pytest.mark.skipif(
    not (STATUS.is_file() and shutil.which("dpkg-query")), reason="needs a Debian system with dpkg-query"
)
def test_debian_packages_are_those_that_dpkg_query_lists() -> None:
    form = "${Package} ${Version} ${Architecture} ${source:Package} ${source:Version} ${db:Status-Status}\n"
    listed = subprocess.run(
        ("dpkg-query", "-W", "-f", form), check=True, capture_output=True, text=True, timeout=60
    )
    expected = sorted(
        line.split()[:5] for line in listed.stdout.splitlines() if line.split()[5] not in ABSENT
    )
    data = STATUS.read_bytes()
    found = []
    for record in dpkg.EXTRACTORS[0].extract(File("var/lib/dpkg/status", len(data), 0o644, Held(data))):
        assert isinstance(record, Component)
        qualifiers = dict(record.qualifiers)
        source, _, version = qualifiers.get("upstream", record.name).partition("@")
        found.append([record.name, record.version, qualifiers["arch"], source, version or record.version])
    assert sorted(found) == expected
