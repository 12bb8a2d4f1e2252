"""`ospo config`: what it shows, and what it never shows."""

import json
import os
from pathlib import Path

import pytest

from ospo.cli.main import run

FILE = """
[scan]
fail_on = "medium"
[limits]
layer_size = "48GiB"
[registry."registry.example:5000"]
mirrors = ["mirror.example"]
insecure = true
username_env = "REGISTRY_USER"
password_env = "REGISTRY_PASSWORD"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder: an empty one, below a home that is empty too."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("OSPO_")]:
        monkeypatch.delenv(name)
    return tmp_path / "work"


def test_shows_values_with_where_they_come_from(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "ospo.toml").write_text(FILE)
    assert run(["config", "--config", "ospo.toml", "--db", "typed.db", "--offline"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["SETTING", "VALUE", "FROM"]
    assert ["database", f"{folder}/typed.db", "--db"] in rows
    assert ["offline", "true", "--offline"] in rows
    assert ["scan.fail_on", "medium", f"{folder}/ospo.toml:3"] in rows
    assert ["scan.strict", "false", "default"] in rows
    assert ["limits.layer_size", "48GiB", f"{folder}/ospo.toml:5"] in rows
    assert ['registry."registry.example:5000".insecure', "true", f"{folder}/ospo.toml:8"] in rows


def test_several_paths_are_shown_side_by_side(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSPO_RULES", os.pathsep.join(("one", "two.yaml")))
    assert run(["config"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["rules", f"{folder}/one,", f"{folder}/two.yaml", "OSPO_RULES"] in rows


def test_json_has_values_as_they_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "ospo.toml").write_text(FILE)
    assert run(["config", "--config", "ospo.toml", "-o", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    where = f"{folder}/ospo.toml:5"
    assert shown["notes"] == []
    assert shown["settings"]["limits.layer_size"] == {"value": 48 << 30, "from": "file", "where": where}
    assert shown["settings"]["scan.workers"]["from"] == "default"
    mirrors = shown["settings"]['registry."registry.example:5000".mirrors']
    assert mirrors["value"] == ["mirror.example"]


@pytest.mark.parametrize("output", ["table", "json"])
def test_secrets_are_not_shown(
    output: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ospo.toml").write_text(FILE)
    monkeypatch.setenv("REGISTRY_PASSWORD", "hunter2")
    monkeypatch.setenv("OSPO_PASSWORD", "hunter2")
    assert run(["config", "--config", "ospo.toml", "-o", output]) == 0
    captured = capsys.readouterr()
    assert "REGISTRY_PASSWORD" in captured.out
    assert "ospo: OSPO_PASSWORD is not a variable of ospo\n" in captured.err
    assert "hunter2" not in captured.out + captured.err


def test_path_tells_where_a_file_was_looked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.parent / "ospo.toml").write_text("offline = true")
    assert run(["config", "path"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{'FILE':<{len(str(folder)) + 15}}  STATE",
        f"{folder}/ospo.toml       not there",
        f"{folder}/.ospo.toml      not there",
        f"{folder}/pyproject.toml  not there",
        f"{folder.parent}/ospo.toml            used: the nearest",
    ]
    assert run(["config", "path", "-o", "json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert files[-1] == {"path": f"{folder.parent}/ospo.toml", "state": "used: the nearest"}


def test_a_wrong_file_is_one_line_a_hint_and_exit_code_2(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ospo.toml").write_text("[scan]\nfial_on = 'high'\n")
    assert run(["config"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        f"ospo: {folder}/ospo.toml:2: scan.fial_on: unknown key",
        "  hint: did you mean scan.fail_on?",
    ]


def test_control_characters_of_a_file_do_not_reach_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "ospo.toml").write_text('database = "\\u001b[2J\\n.db"')
    assert run(["config", "--config", "ospo.toml"]) == 0
    assert r"\x1b[2J\n.db" in capsys.readouterr().out
