"""Starts the terminal UI from a checkout: `python tui.py`, or `textual run --dev tui.py`."""

import sys

from ospo.cli.main import run
from ospo.cli.tui import app_of

if __name__ == "__main__":
    sys.exit(run(["tui", *sys.argv[1:]]))

app = app_of({})
"""What `textual run` looks for."""
