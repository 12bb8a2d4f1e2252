"""Names that are not known: what was probably meant, and secrets that do not belong in a file."""

import re
from collections.abc import Iterable

from ospo.config.values import Given
from ospo.errors import UsageError
from ospo.text import closest

_SECRET = re.compile(r"passw|passphrase|secret|token|credential|api_?key|private_?key|^auth$", re.IGNORECASE)


def unknown_key(given: Given, section: str, known: Iterable[str]) -> UsageError:
    """Explain a key of a file that has no meaning; its value is never shown."""
    name = given.key.rpartition(".")[2]
    if _SECRET.search(name):
        return UsageError(
            f"{given.origin}: {given.key}: secrets are not kept in configuration files",
            hint="log in by `docker login`, or name environment variables in username_env and password_env"
            ' of [registry."HOST"]; remove it from the file and replace what it revealed',
        )
    place = f"[{section}]" if section else "a configuration"
    return UsageError(f"{given.origin}: {given.key}: unknown key", hint=_meant(name, known, place))


def _meant(name: str, known: Iterable[str], place: str) -> str:
    close = closest(name, known)
    return f"did you mean {close}?" if close else f"{place} may hold {', '.join(sorted(known))}"
