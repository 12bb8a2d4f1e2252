"""Opening files of the local disk that may be hostile: regular files only, never a pipe that blocks."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from ospo.errors import TargetError


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises:
        TargetError: it does not exist, is not regular, or cannot be read.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise TargetError(f"cannot open {path}: {error.strerror}") from error
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise TargetError(f"{path} is not a regular file")
    return file


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
