"""Programs without a package: real ones that are installed, pieces, hostile bytes, what looking costs."""

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from ospo.errors import ParseError
from ospo.extractors import binaries
from ospo.extractors.binaries_table import PROGRAMS
from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.interface import File, Held
from ospo.limits import MiB

HEAD = b"\x7fELF".ljust(64, b"\0")
NODE = b"node.js/v20.11.1"
NUMBER = re.compile(r"\d+(?:\.\d+)+")


def versions(data: bytes, path: str = "usr/local/bin/node") -> list[str]:
    return [c.version for c in binaries.extract(File(path, len(data), 0o755, Held(data)))]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("bash", "bash"),
        ("curl", "curl"),
        ("git", "git"),
        ("node", "node"),
        ("openssl version", "openssl"),
        ("perl", "perl"),
        ("python3.11", "python"),
        ("nginx -v", "nginx"),
    ],
)
def test_a_real_program_has_the_version_that_it_prints(command: str, name: str) -> None:
    program, *arguments = command.split()
    found = shutil.which(program, path="/usr/bin:/usr/sbin:/usr/local/bin")
    if found is None:
        pytest.skip(f"{program} is not installed")
    path = Path(found).resolve()
    data = path.read_bytes()
    if data[:4] != b"\x7fELF":
        pytest.skip(f"{program} is a script")
    said = subprocess.run([path, *(arguments or ["--version"])], capture_output=True, text=True, check=True)
    version = NUMBER.search(said.stdout + said.stderr)
    assert version is not None
    file = File(path.as_posix().lstrip("/"), len(data), 0o755, Held(data))
    assert [(c.name, c.version) for c in binaries.extract(file)] == [(name, version[0])]


@pytest.mark.parametrize("shift", range(-200, 201, 8))
def test_a_version_is_found_whole_wherever_a_piece_ends(shift: int) -> None:
    data = HEAD.ljust(binaries._PIECE + shift, b"x") + NODE + b"\0" * 300
    assert versions(data) == ["20.11.1"]
    assert versions(data[: binaries._PIECE + shift + len(NODE)]) == ["20.11.1"]


def test_the_first_of_several_versions_counts() -> None:
    assert versions(HEAD + NODE + b"\0node.js/v1.0.0\0") == ["20.11.1"]


def test_a_bare_number_counts_only_with_the_numbers_of_the_name() -> None:
    data = HEAD + b"\x001.2.11\x003.12.4\x003.11.9\0"
    assert versions(data, "usr/local/bin/python3.11") == ["3.11.9"]
    assert versions(data, "usr/local/bin/python3") == []


@pytest.mark.parametrize(
    "name", ["usr/bin/nodes", "usr/bin/foo", "node/x", "usr/lib/libcurl.so", "usr/bin/Node"]
)
def test_a_program_of_another_name_is_not_wanted(name: str) -> None:
    assert Dispatcher(binaries.EXTRACTORS).wanted(name.encode()) == ()
    assert versions(HEAD + NODE, name) == []


def test_no_pattern_is_tried_on_every_path() -> None:
    assert Dispatcher(binaries.EXTRACTORS)._rest == []


def test_a_clue_stays_within_reach_of_its_anchor() -> None:
    for program in PROGRAMS:
        for clue in program.clues:
            assert clue.pattern.groups == 1
            assert 3 <= len(clue.anchor) <= 40


def test_anchors_and_numbers_without_end_do_not_slow_down() -> None:
    before = time.process_time()
    for program in PROGRAMS:
        pattern = program.patterns[0].replace("**/", "usr/").replace("*", "3.1")
        for clue in program.clues:
            for filler in (b"1", b"1.", b"\0", b"(", b"2.0.0\0"):
                row = clue.anchor + filler * 40
                versions(HEAD + row * (2 * MiB // len(row)), pattern)
                versions(HEAD + clue.anchor * (2 * MiB // len(clue.anchor)), pattern)
    assert time.process_time() - before < 10


def test_a_program_that_ends_before_its_size_is_a_parse_error() -> None:
    with pytest.raises(ParseError):
        list(binaries.extract(File("usr/bin/node", MiB, 0o755, Held(HEAD))))
