import os
from pathlib import Path

import pytest

from ospo import paths
from ospo.errors import UsageError


def test_bundled_files_are_found_in_the_checkout() -> None:
    assert paths.bundled("data/spdx-licenses.json").is_file()


def test_bundled_files_of_a_wheel_win_over_what_lies_beside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ospo/_bundled/data").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "ospo")
    assert paths.bundled("data") == tmp_path / "ospo/_bundled/data"


def test_a_missing_bundled_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"no-such\.json is missing"):
        paths.bundled("data/no-such.json")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/home/a"}, "/home/a/.cache/ospo"),
        ({"HOME": "/home/a", "XDG_CACHE_HOME": "/c"}, "/c/ospo"),
        ({"HOME": "/home/a", "XDG_CACHE_HOME": "relative"}, "/home/a/.cache/ospo"),
    ],
)
def test_cache_folder(environ: dict[str, str], expected: str) -> None:
    assert paths.cache_dir(environ) == Path(expected)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/home/a"}, "/home/a/.local/share/ospo/ospo.db"),
        ({"HOME": "/home/a", "XDG_DATA_HOME": "/d"}, "/d/ospo/ospo.db"),
    ],
)
def test_database_path(environ: dict[str, str], expected: str) -> None:
    assert paths.database(environ) == Path(expected)


def test_no_home_variable_is_no_error() -> None:
    assert paths.database({}) == Path.home() / ".local/share/ospo/ospo.db"


def test_an_unknown_user_without_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert paths.home({}) is None
    with pytest.raises(UsageError, match="HOME is not set"):
        paths.cache_dir({})
    assert paths.cache_dir({"XDG_CACHE_HOME": "/c"}) == Path("/c/ospo")
