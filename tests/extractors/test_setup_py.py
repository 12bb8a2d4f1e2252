"""Projects of setuptools: what is literal, what is not, and programs made to hurt a parser."""

import warnings

import pytest

from ospo.errors import ParseError
from ospo.extractors.interface import File, Held
from ospo.extractors.setup_py import EXTRACTORS
from ospo.model import Component

_SIZE = 256 * 1024


def read(text: str, name: str = "setup.py") -> list[Component]:
    data = text.encode()
    records = EXTRACTORS[0].extract(File(name, len(data), 0o644, Held(data)))
    return [record for record in records if isinstance(record, Component)]


@pytest.mark.parametrize(
    "text",
    [
        "(" * _SIZE,
        "x = " + "f(" * 150 + "!",
        "-" * (_SIZE - 1) + "1",
        "1" + "+1" * 100_000,
        "a" + ".b" * 100_000,
        "lambda:" * 30_000 + "1",
        "if a:\n pass\n" + "elif a:\n pass\n" * 15_000,
        "".join(" " * depth + "if a:\n" for depth in range(300)),
        "1" * (_SIZE - 1),
        "x = 1\n" * _SIZE,
    ],
    ids=lambda text: text[:12],
)
def test_programs_beyond_reason_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        read(text)


@pytest.mark.parametrize(
    "text", ["[a]\nx" + " " * 200_000 + "y\n", "=\n" * 100_000, "[a]\n" + "=\n" * 4_900, "a" * _SIZE]
)
def test_configurations_beyond_reason_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        read(text, "setup.cfg")


def test_no_warning_of_a_program_is_shown() -> None:
    with warnings.catch_warnings(action="error"):
        (project,) = read(r'setup(name="a", description="\d")')
    assert project.name == "a"


def test_nothing_is_run() -> None:
    assert read('raise SystemExit(1)\nsetup(name="a".upper(), version=open("x").read())') == []


def test_the_outermost_call_counts() -> None:
    (project,) = read('def f():\n setup(name="inner")\nsetup(name="outer", version="1")')
    assert (project.key, project.purl) == ("local:pkg:pypi/outer@1", None)


@pytest.mark.parametrize("value", ["a; b==1", "\n  a\n  b==1\n  # c==2"])
def test_lists_of_setup_cfg_are_split_as_setuptools_does(value: str) -> None:
    (found,) = read(f"[options]\ninstall_requires = {value}\n", "setup.cfg")
    assert found.purl == "pkg:pypi/b@1"
