"""`ospo completion`: scripts that shells accept, and that complete."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ospo.cli.main import run

COMPLETE = """
source "$1"
COMP_WORDS=(ospo "${@:2}")
COMP_CWORD=$(($# - 1))
_ospo_completion ospo
printf '%s\\n' "${COMPREPLY[@]}"
"""


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["completion", shell]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.parametrize(
    ("shell", "registers"),
    [("bash", "complete -o"), ("zsh", "#compdef ospo"), ("fish", "complete --no-files --command ospo")],
)
def test_prints_the_script_of_the_shell(
    shell: str, registers: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # printing it starts no program
    text = script(shell, capsys)
    assert registers in text
    assert f"_OSPO_COMPLETE={shell}_complete" in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_accepts_its_script(shell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(script(shell, capsys))
    checked = subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["eco"], ["ecosystems"]),
        (["db", "v"], ["vacuum"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["config", "--of"], ["--offline"]),
    ],
)
def test_bash_completes(
    words: list[str], expected: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    (tmp_path / "script").write_text(script("bash", capsys))
    program = tmp_path / "ospo"
    program.write_text(f"#!{sys.executable}\nfrom ospo.cli.main import main\nmain()\n")
    program.chmod(0o755)
    completed = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE, "bash", str(tmp_path / "script"), *words],
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert completed.stdout.split() == expected
    assert completed.stderr == ""


def test_an_unknown_shell_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "tcsh"]) == 2
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err
