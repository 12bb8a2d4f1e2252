"""`ospo ecosystems` names every extractor, and the page about them is what it prints."""

import json
from pathlib import Path

import pytest

from ospo.cli.main import run
from ospo.extractors import all_extractors

PAGE = Path(__file__).parents[2] / "docs" / "ecosystems.md"


def printed(format_: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["ecosystems", "-o", format_]) == 0
    return capsys.readouterr().out


def test_json_names_all_that_extractors_read(capsys: pytest.CaptureFixture[str]) -> None:
    shown = {one["name"]: one for one in json.loads(printed("json", capsys))}
    assert sorted(shown) == [extractor.name for extractor in all_extractors()]
    for extractor in all_extractors():
        assert tuple(shown[extractor.name]["patterns"]) == extractor.patterns
        assert shown[extractor.name]["evidence"] == extractor.evidence
        assert tuple(bytes.fromhex(magic) for magic in shown[extractor.name]["magic"]) == extractor.magic


def test_table_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed("table", capsys).splitlines()
    assert all(len(line) <= 80 or len(line.split()) == 1 for line in lines)  # a long pattern stays whole
    words = " ".join(lines).split()
    assert {f"{extractor.name}:" for extractor in all_extractors()} <= set(words)
    assert all(line.isprintable() for line in lines)


def test_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    current = printed("markdown", capsys)
    assert PAGE.read_text("utf-8") == current, "run `ospo ecosystems -o markdown > docs/ecosystems.md`"
