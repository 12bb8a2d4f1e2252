"""The policy that a command judges by, and what the user should know of it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ospo.cli.stderr import note
from ospo.config import Settings
from ospo.config.values import OriginKind

if TYPE_CHECKING:
    from ospo.policy.load import Policy

USUAL_WAIVERS = "ospo-waivers.yaml"
"""How the waiver file is mostly called."""


def policy_of(settings: Settings, *, quiet: bool) -> "Policy":
    """Load the rules and waivers that the settings name.

    Raises:
        UsageError: one of them is wrong.
    """
    from ospo.policy.load import load_policy

    policy = load_policy(tuple(map(near, settings.rules)), settings.waivers and near(settings.waivers))
    if settings.origin("rules").kind is OriginKind.COMMAND_LINE and os.environ.get("OSPO_RULES"):
        note("--rules takes the place of OSPO_RULES: name both if both are meant", quiet=quiet)
    for rule in policy.rules.replaced:
        own = policy.rules.get(rule.id)
        note(f"{own.file.path if own else ''} replaces the bundled rule {rule.id}", quiet=quiet)
    if settings.waivers is None and Path(USUAL_WAIVERS).is_file():
        # In CI the current folder is the change that is judged: it must not waive its own findings.
        note(f"{USUAL_WAIVERS} is here and not used: name it by --waivers or OSPO_WAIVERS", quiet=quiet)
    return policy


def near(path: Path) -> Path:
    """Return a path below the current folder as seen from there: reports then are the same on any machine."""
    folder = Path.cwd()
    return path.relative_to(folder) if path.is_relative_to(folder) else path
