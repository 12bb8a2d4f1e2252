from pathlib import Path

import pytest

from ospo import paths


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
        ({"HOME": "/home/a", "XDG_CACHE_HOME": "/c", "OSPO_CACHE_DIR": "/mine"}, "/mine"),
    ],
)
def test_cache_folder(environ: dict[str, str], expected: str) -> None:
    assert paths.cache_dir(environ) == Path(expected)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/home/a"}, "/home/a/.local/share/ospo/ospo.db"),
        ({"HOME": "/home/a", "XDG_DATA_HOME": "/d"}, "/d/ospo/ospo.db"),
        ({"HOME": "/home/a", "OSPO_DB": "mine.db"}, "mine.db"),
    ],
)
def test_database_path(environ: dict[str, str], expected: str) -> None:
    assert paths.database(environ) == Path(expected)


def test_no_home_variable_is_no_error() -> None:
    assert paths.data_dir({}) == Path.home() / ".local/share/ospo"
