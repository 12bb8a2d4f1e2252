"""Names that are not known: what was probably meant, and secrets that do not belong in a file."""

import re
from collections.abc import Iterable

from ospo.config.values import Given
from ospo.errors import UsageError

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


def closest(name: str, known: Iterable[str]) -> str:
    """Return the known name that resembles one most, "" when none does; also by its last part.

    `scan.fail_on` is what `fail-on` resembles.
    """
    from difflib import get_close_matches  # 10 ms, for mistakes only

    spelled = {name.rpartition(".")[2].lower(): name for name in known}
    matches = get_close_matches(name.replace("-", "_").lower(), spelled, n=1, cutoff=0.7)
    return spelled[matches[0]] if matches else ""
