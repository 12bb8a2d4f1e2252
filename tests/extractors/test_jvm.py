"""Java runtimes: versions without what vendors add, and files of this name that mean something else."""

import time

import pytest

from ospo.extractors.interface import File, Held
from ospo.extractors.jvm import EXTRACTORS
from ospo.model import Component


def extracted(*lines: str) -> list[Component]:
    data = "\n".join(lines).encode()
    records = EXTRACTORS[0].extract(File("opt/java/release", len(data), 0o644, Held(data)))
    return [record for record in records if isinstance(record, Component)]


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("17.0.15+6-Debian-1deb12u1", "17.0.15+6"),
        ("21.0.4+7-LTS", "21.0.4+7"),
        ("21.0.2+13-jvmci-23.1-b30", "21.0.2+13"),
        ("1.8.0_422-b05", "1.8.0_422-b05"),
        ("22", "22"),
    ],
)
def test_the_version_is_that_of_the_release_and_its_build(written: str, version: str) -> None:
    (component,) = extracted('IMPLEMENTOR="A"', 'JAVA_VERSION="9"', f'JAVA_RUNTIME_VERSION="{written}"')
    assert component.version == version


@pytest.mark.parametrize("line", ["A=" + " " * 60000 + '"x', "A=" + '"' * 60000, "A" * 60000, " " * 60000])
def test_a_line_costs_no_more_than_its_length(line: str) -> None:
    start = time.process_time()
    assert extracted(line) == []
    assert time.process_time() - start < 1


def test_a_large_file_of_this_name_is_another_one() -> None:
    assert extracted('IMPLEMENTOR="A"', 'JAVA_VERSION="9"', "#" * (1 << 17)) == []
