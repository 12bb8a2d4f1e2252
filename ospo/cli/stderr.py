"""What is told beside the results, and to whom: people, on stderr."""

import os
import sys
from typing import TextIO

from ospo.errors import OspoError
from ospo.text import one_line

VERBOSITY = "ospo.verbosity"
"""Where click's context keeps how often -v was typed."""


def note(text: str, *, quiet: bool = False) -> None:
    """Tell something beside the results."""
    if not quiet:
        put(sys.stderr, f"ospo: {one_line(text)}\n")


def explain(error: OspoError) -> None:
    """Tell what went wrong, and what to do next, in one line each."""
    hint = f"  hint: {one_line(error.hint)}\n" if error.hint else ""
    put(sys.stderr, f"ospo: {one_line(error.message)}\n{hint}")


def put(stream: TextIO, text: str) -> None:
    """Write to stderr in one piece; that nobody can read it does not end the work."""
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        silence(stream)


def silence(stream: TextIO) -> None:
    """Let nothing more come out: what Python still holds back for a stream would fail again at its exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
