"""Where ospo's own files lie: what is bundled with it, the cache, and the database."""

import os
from collections.abc import Mapping
from pathlib import Path

_PACKAGE = Path(__file__).parent


def bundled(name: str) -> Path:
    """Return the path of a bundled file or folder, such as "data/spdx-licenses.json" or "rules".

    The wheel carries `rules/` and `data/` in `ospo/_bundled/`; an editable install has no such folder
    and uses the checkout. Nothing else may know that.

    Raises:
        FileNotFoundError: nothing of that name is bundled; the installation is broken.
    """
    folder = _PACKAGE / "_bundled"
    path = (folder if folder.is_dir() else _PACKAGE.parent) / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: ospo is not installed completely")
    return path


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for what can be made again: OSPO_CACHE_DIR, else `ospo` in the user's cache folder.

    It may not exist yet. https://specifications.freedesktop.org/basedir-spec/latest/
    """
    if explicit := environ.get("OSPO_CACHE_DIR"):
        return Path(explicit)
    return _user_folder(environ, "XDG_CACHE_HOME", ".cache") / "ospo"


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for what must be kept: `ospo` in the user's data folder. It may not exist yet."""
    return _user_folder(environ, "XDG_DATA_HOME", ".local/share") / "ospo"


def database(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the database: OSPO_DB, else `ospo.db` in the data folder. It may not exist yet."""
    if explicit := environ.get("OSPO_DB"):
        return Path(explicit)
    return data_dir(environ) / "ospo.db"


def _user_folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """Look up a base folder; the specification says that relative ones are invalid and to be ignored."""
    folder = Path(environ.get(variable, ""))
    return folder if folder.is_absolute() else Path(environ.get("HOME") or Path.home()) / default
