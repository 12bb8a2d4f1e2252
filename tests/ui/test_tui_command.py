"""`ospo tui` as a command: without a terminal, and in a real one under tmux."""

import os
import runpy
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_database import make

from ospo.cli.main import run
from ospo.ui.app import OspoApp

CHECKOUT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-c", "from ospo.cli.main import main; main()")
SECONDS = 30.0


def test_without_a_terminal_the_command_that_does_the_same_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSPO_DB", str(tmp_path / "ospo.db"))
    assert run(["tui"]) == 2
    error = capsys.readouterr().err
    assert "the terminal UI needs a terminal" in error
    assert "`ospo findings`" in error


def test_help_imports_no_textual() -> None:
    code = (
        "import sys; from ospo.cli.main import run; run(['tui', '--help']); print('textual' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_textual_finds_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSPO_DB", str(tmp_path / "ospo.db"))
    assert isinstance(runpy.run_path(str(CHECKOUT / "tui.py"))["app"], OspoApp)


class Tmux:
    """A terminal of 100x30 with a shell in it, on a server of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = f"ospo-test-{os.getpid()}-{time.monotonic_ns()}"
        size = ("-x", "100", "-y", "30")
        self.run("-f", "/dev/null", "new-session", "-d", *size, "-c", str(folder), "env PS1='$ ' sh")

    def run(self, *arguments: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "OSPO_DB": str(self._folder / "ospo.db"),
            "LC_ALL": "C.UTF-8",
            "USER": "ana",
            "SHELL": "/bin/sh",
            "TEXTUAL_ANIMATIONS": "none",
        }
        command = ["tmux", "-u", "-L", self._name, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    def press(self, *keys: str) -> None:
        self.run("send-keys", *keys)

    def type(self, text: str) -> None:
        self.run("send-keys", "-l", text)

    def wait_for(self, text: str) -> str:
        """Return the screen as soon as it shows a text."""
        end = time.monotonic() + SECONDS
        while text not in (screen := self.run("capture-pane", "-p")):
            if time.monotonic() > end:
                raise AssertionError(f"{text!r} is not shown:\n{screen}")
            time.sleep(0.05)
        return screen

    def close(self) -> None:
        self.run("kill-server")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Tmux]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed: .ci/run installs it")
    made = Tmux(tmp_path)
    yield made
    made.close()


def test_in_a_real_terminal_a_finding_is_shown_and_waived(tmp_path: Path, terminal: Tmux) -> None:
    make(tmp_path / "ospo.db")
    terminal.type(f"{shlex.join(PROGRAM)} tui; echo code=$?")
    terminal.press("Enter")
    screen = terminal.wait_for("5 findings")
    assert "▌ ◆ CRIT  denied-license" in screen
    assert "npm/mongo@4.2.0" in screen
    terminal.press("Enter")
    assert "RUN npm ci" in terminal.wait_for("AGPL-3.0-only (license)")
    terminal.press("w")
    terminal.wait_for("choose a reason")
    terminal.press("Enter")
    terminal.wait_for("temporary: ")
    terminal.press("Down", "Enter")
    terminal.wait_for("why, so that others")
    terminal.type("agreed with the owner")
    terminal.wait_for("agreed with the owner")
    terminal.press("Enter")
    assert "agreed with the owner" in terminal.wait_for("approver     ana")
    terminal.press("h")
    assert "waived" in terminal.wait_for("COMPONENT")
    terminal.press("q")
    terminal.wait_for("code=0")
    assert terminal.run("display-message", "-p", "#{alternate_on} #{mouse_any_flag}").strip() == "0 0"


def test_a_terminal_that_cannot_move_its_cursor_is_refused(tmp_path: Path, terminal: Tmux) -> None:
    terminal.type(f"TERM=dumb {shlex.join(PROGRAM)} tui; echo code=$?")
    terminal.press("Enter")
    assert "(TERM=dumb)" in terminal.wait_for("code=2")


def test_a_signal_gives_the_terminal_back(tmp_path: Path, terminal: Tmux) -> None:
    make(tmp_path / "ospo.db")
    terminal.type(
        f"sh -c 'echo $$ > pid; exec {shlex.join(PROGRAM[:2])} \"$0\" tui' {shlex.quote(PROGRAM[2])}"
    )
    terminal.type("; echo code=$?")
    terminal.press("Enter")
    terminal.wait_for("5 findings")
    subprocess.run(["kill", (tmp_path / "pid").read_text().strip()], check=True)
    terminal.wait_for("code=143")
    assert terminal.run("display-message", "-p", "#{alternate_on} #{mouse_any_flag}").strip() == "0 0"
