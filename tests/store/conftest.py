"""A database for each test."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ospo.store import database


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty database at `tmp_path / "ospo.db"`, open for writing."""
    connection = database.connect(tmp_path / "ospo.db")
    yield connection
    connection.close()
