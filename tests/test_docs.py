"""The pages say what is so: commands they show are run, links lead somewhere, every option has help.

OSPO_WRITE_EXPECTED=1 writes what commands print into README.md; read the difference in review.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from demo_image import demo_layers, write_image

from ospo.cli.main import COMMANDS, cli

CHECKOUT = Path(__file__).parents[1]
README = CHECKOUT / "README.md"
PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md"), *CHECKOUT.glob("examples/**/*.md")])

_BLOCK = re.compile(r"(?<=```console\n)\$ (ospo [^\n]*)\n(.*?)(?=```)", re.DOTALL)
_EXIT_CODE = re.compile(r"^\| (\d) \|", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_SHOWN_FOLDER = "/src/ospo"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the image that `make demo` makes, and one whose layer is damaged."""
    root = tmp_path_factory.mktemp("checkout")
    layers = demo_layers(Path(click.__file__).parents[1])
    write_image(layers, root / "build" / "demo" / "image")
    write_image({"one file": {"etc/motd": b"hello\n"}}, root / "damaged")
    (layer,) = (path for path in root.glob("damaged/blobs/sha256/*") if path.read_bytes()[:2] == b"\x1f\x8b")
    layer.write_bytes(layer.read_bytes()[:-1])
    return root


def _ospo(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a script in CI does: no terminal, 100 columns, its own database."""
    environment = {
        **os.environ,
        "COLUMNS": "100",
        "OSPO_DB": "build/demo/ospo.db",
        "OSPO_CACHE_DIR": "build/demo/cache",
        "PYTHONWARNINGS": "error",
    }
    code = "from ospo.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def _masked(text: str) -> str:
    """Hide what differs between machines and days: digests, processors and numbers."""
    text = re.sub(r"linux/\w+", "PLATFORM", re.sub(r"[0-9a-f]{64}", "DIGEST", text))
    return re.sub(r"\d+(\.\d+)*", "N", text)


def test_readme_shows_what_commands_print(folder: Path) -> None:
    def printed(block: re.Match[str]) -> str:
        done = _ospo(shlex.split(block[1])[1:], folder)
        assert done.returncode == 0, done.stderr
        return f"$ {block[1]}\n{done.stdout.replace(str(folder), _SHOWN_FOLDER)}"

    shown = README.read_text()
    assert _BLOCK.search(shown)
    current = _BLOCK.sub(printed, shown)
    if _masked(current) != _masked(shown) and os.environ.get("OSPO_WRITE_EXPECTED"):
        README.write_text(current)
    else:
        assert _masked(shown).splitlines() == _masked(current).splitlines()


def test_readme_exit_codes_are_those_of_the_program(folder: Path) -> None:
    image = "oci-dir:build/demo/image"
    codes = {
        "0": ["scan", image],
        "1": ["scan", image, "--fail-on", "medium"],
        "2": ["scan", image, "--no-such-option"],
        "3": ["scan", "oci-dir:damaged"],
        "4": ["scan", "oci-dir:nowhere"],
    }
    assert _EXIT_CODE.findall(README.read_text()) == list(codes)
    for code, arguments in codes.items():
        done = _ospo(arguments, folder)
        assert str(done.returncode) == code, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_to_files(page: Path) -> None:
    broken = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0
    waiting, seen = [command], list[click.Command]()
    while waiting:
        seen.append(waiting.pop())
        if isinstance(seen[-1], click.Group):
            waiting.extend(seen[-1].commands.values())
    silent = [
        f"{command.name} {parameter.name}"
        for command in seen
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert [command.name for command in seen if not command.help] == []
    assert silent == []
