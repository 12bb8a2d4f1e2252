"""The pages about settings say what the code does."""

import ast
import inspect
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from ospo import limits
from ospo.cli.config import shown
from ospo.config import SETTINGS, Settings, load
from ospo.config.registries import KEYS
from ospo.config.values import read_size

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
IN_WORDS = ("database", "cache_dir", "rules", "scan.workers")
"""Settings whose default is said in words."""


def rows() -> dict[str, list[str]]:
    """Read the tables of the page: key -> the other cells of its row."""
    cells = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.read_text("utf-8").splitlines()
    )
    return {row[0].strip("`"): row[1:] for row in cells if len(row) > 1 and row[0].startswith("`")}


def test_every_field_is_a_setting() -> None:
    keys = set()
    for field in fields(Settings):
        if isinstance(field.type, type) and is_dataclass(field.type) and field.name != "registry":
            keys |= {f"{field.name}.{inner.name}" for inner in fields(field.type)}
        elif field.name not in ("registry", "origins", "considered"):
            keys.add(field.name)
    assert set(SETTINGS) == keys


@pytest.mark.parametrize("key", SETTINGS)
def test_every_setting_has_its_row(key: str, tmp_path: Path) -> None:
    default, variable, *option, meaning = rows()[key]
    assert variable == f"`{SETTINGS[key].variable}`"
    assert option in ([], [f"`{SETTINGS[key].option}`" if SETTINGS[key].option else ""])
    assert meaning.endswith(".")
    if key not in IN_WORDS:
        value: object = load(folder=tmp_path, environ={"HOME": "/"})
        for part in key.split("."):
            value = getattr(value, part)
        assert default == f"`{shown(key, value)}`"


def test_the_page_has_no_other_settings() -> None:
    assert set(rows()) == {*SETTINGS, *KEYS}
    assert all(rows()[key][-1].endswith(".") for key in KEYS)


def test_the_example_of_the_page_is_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "ospo.toml").write_text(example)
    settings = load(Path("ospo.toml"), folder=tmp_path, environ={"HOME": "/"})
    assert len(settings.origins) == len(re.findall(" = ", example))


def test_limits_in_bytes_are_those_whose_description_says_so() -> None:
    (tree,) = (node for node in ast.parse(inspect.getsource(limits)).body if isinstance(node, ast.ClassDef))
    described = {}
    for field, text in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            described[ast.unparse(field.target)] = ast.literal_eval(text.value)
    sizes = {name for name, text in described.items() if text.startswith("Bytes of ")}
    assert len(described) == len(fields(limits.Limits))
    assert sizes == {
        key.removeprefix("limits.")
        for key, setting in SETTINGS.items()
        if key.startswith("limits.") and setting.read is read_size
    }
