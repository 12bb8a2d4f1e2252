"""The pins: everything that pyproject.toml asks for, by version and hash, and no address."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[1]
PINS = (CHECKOUT / "constraints.txt").read_text()


def test_pins_satisfy_what_pyproject_asks_for() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"], *groups["build"]]
    asked += [entry for entry in groups["dev"] if isinstance(entry, str)]
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", PINS, re.MULTILINE))
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def test_pins_are_versions_and_hashes_alone() -> None:
    line = re.compile(r"([\w.-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?)")
    assert [text for text in PINS.splitlines() if not line.fullmatch(text)] == []
