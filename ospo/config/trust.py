"""What a configuration file may not set when it was only found, not named.

In CI a change brings such a file with it: it must not decide which servers are asked, which of the
environment's secrets they are sent, or that a scan which saw less than it should passes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ospo.config.registries import KEYS
from ospo.config.values import Given
from ospo.errors import UsageError
from ospo.limits import Limits

_USUAL = Limits()


def refuse_reserved(given: Iterable[Given], values: Mapping[str, Any]) -> None:
    """Check what a file that was found sets; `values` has what was read of all keys but those of registries.

    Raises:
        UsageError: something is reserved for files that the user named.
    """
    for one in given:
        if refused := _refused(one.key, values.get(one.key)):
            raise UsageError(
                f"{one.origin}: {one.key}: {refused} in a file that was only found",
                hint="name the file with --config or OSPO_CONFIG to allow it",
            )


def _refused(key: str, value: Any) -> str:
    """Say what is refused, "" for nothing."""
    section, _, name = key.rpartition(".")
    if section.startswith("registry.") and name in KEYS:
        return "not allowed"
    # Facts in a planted cache would decide a gate, stored scans decide that of `ospo rules apply`, and so
    # would rules and waivers that a change brings.
    if key in ("cache_dir", "database", "rules", "waivers"):
        return "not allowed"
    if key == "scan.allow_incomplete" and value:
        return "true is not allowed"
    # A file beyond limits.file_size is a problem that blocks nothing: a low limit would hide components.
    if section == "limits" and value < getattr(_USUAL, name):
        return "less than the default is not allowed"
    return ""
