"""Where ospo's own files lie: what is bundled with it, the cache, and the database."""

import os
from collections.abc import Mapping
from pathlib import Path

from ospo.errors import UsageError

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


def home(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the user's home folder; None where HOME is not set and the system does not know the user."""
    try:
        return Path(environ.get("HOME") or Path.home())
    except RuntimeError:
        return None


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the usual folder for what can be made again: `ospo` in the user's cache folder.

    It may not exist yet. https://specifications.freedesktop.org/basedir-spec/latest/

    Raises:
        UsageError: there is no home folder, and XDG_CACHE_HOME is not set.
    """
    return _user_folder(environ, "XDG_CACHE_HOME", ".cache") / "ospo"


def database(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the usual path of the database: `ospo/ospo.db` in the user's data folder.

    It may not exist yet.

    Raises:
        UsageError: there is no home folder, and XDG_DATA_HOME is not set.
    """
    return _user_folder(environ, "XDG_DATA_HOME", ".local/share") / "ospo" / "ospo.db"


def _user_folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """Look up a base folder; the specification says that relative ones are invalid and to be ignored."""
    folder = Path(environ.get(variable, ""))
    if folder.is_absolute():
        return folder
    if (own := home(environ)) is None:
        raise UsageError(
            "HOME is not set, and the system knows no home folder of this user",
            hint="set HOME, or OSPO_DB and OSPO_CACHE_DIR",
        )
    return own / default
