"""What is stored, by the names that people type."""

import sqlite3

from ospo.errors import TargetError
from ospo.model import ScanResult
from ospo.sources.names import possible_names
from ospo.sources.platforms import parse_platform
from ospo.store.queries import knows_target, load_result, targets

_MOST = 5


def load(connection: sqlite3.Connection, reference: str, platform: str | None) -> ScanResult:
    """Return the latest stored scan of a reference, a target's name or an artifact's digest.

    Raises:
        TargetError: there is none; names what is stored.
        UsageError: the platform is none.
    """
    wanted = str(parse_platform(platform)) if platform else ""
    for name in possible_names(reference):
        try:
            return load_result(connection, name, platform=wanted)
        except TargetError:
            continue
    raise _not_stored(connection, f"{reference} for {wanted}" if wanted else reference)


def known_name(connection: sqlite3.Connection, reference: str) -> str:
    """Return the name or identity under which a reference is stored.

    Raises:
        TargetError: it has never been scanned; names what is stored.
    """
    for name in possible_names(reference):
        if knows_target(connection, name):
            return name
    raise _not_stored(connection, reference)


def _not_stored(connection: sqlite3.Connection, what: str) -> TargetError:
    names = list(dict.fromkeys(row.name for row in targets(connection, limit=2 * _MOST)))
    shown = ", ".join(names[:_MOST]) + (", …" if len(names) > _MOST else "")
    stored = f"; stored are {shown}" if shown else ""
    return TargetError(f"no scan of {what} is stored", hint=f"scan it first by `ospo scan`{stored}")
