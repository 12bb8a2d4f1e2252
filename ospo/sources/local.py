"""Opening files of the local disk that may be hostile: regular files only, never a pipe that blocks."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ospo.errors import TargetError


def split_path(rest: str, is_there: Callable[[Path], bool]) -> tuple[Path, str]:
    """Split PATH[:NAME|@DIGEST] after the longest path that is there; all of it is the path where none is.

    Raises:
        TargetError: the path cannot be looked for, or begins with a `~` that means no home folder.
    """
    ends = [len(rest), *(at for at in range(len(rest) - 1, 0, -1) if rest[at] in ":@")]
    for end in ends:
        path = _expanded(rest[:end])
        try:
            if is_there(path):
                return path, rest[end + 1 :]
        except OSError as error:
            # Names that are too long, or in folders that may not be entered.
            raise TargetError(
                f"cannot look for {path}: {error.strerror}", hint="check the path and who may read it"
            ) from error
    return _expanded(rest), ""


def _expanded(text: str) -> Path:
    """Replace `~` and `~name` at the beginning by home folders."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise TargetError(
            f"{text}: there is no home folder for ~",
            hint="write the whole path, or ./~ for what has that name",
        ) from error


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        TargetError: it does not exist, is not regular, or cannot be read.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise TargetError(
            f"cannot open {path}: {error.strerror}", hint="check the path and who may read it"
        ) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        hint = "write what the pipe or device gives into a file, and name that"
        if stat.S_ISDIR(mode):
            hint = "a folder is scanned with dir:PATH or oci-dir:PATH"
        raise TargetError(f"{path} is not a regular file", hint=hint)
    return os.fdopen(descriptor, "rb")


def read_bounded(path: Path, limit: int) -> bytes:
    """Read a whole regular file of at most `limit` bytes.

    Raises:
        TargetError: as `open_regular`, or the file is larger.
    """
    with open_regular(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise TargetError(
            f"{path} has more than {limit} bytes", hint="raise the limit in [limits] of ospo.toml"
        )
    return data
