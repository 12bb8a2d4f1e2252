"""What the name of a path in a Nix store tells: HASH-NAME-VERSION[-OUTPUT].

The parts of a package's name: https://nixos.org/manual/nixpkgs/stable/#sec-package-naming; that the version
starts behind the first dash that no letter follows: https://nix.dev/manual/nix/latest/language/builtins.html
(parseDrvName). The outputs are those that packages are commonly split into:
https://nixos.org/manual/nixpkgs/stable/#chap-multiple-output
"""

import re

from ospo.errors import ParseError
from ospo.extractors.records import NAME_LIMIT, checked
from ospo.model import Component

_PATH = re.compile(r"[0-9a-z]{32}-(.+)", re.DOTALL)
_VERSION = re.compile(r"-(?![A-Za-z])")
_OUTPUTS = frozenset(
    ("bin", "data", "debug", "dev", "devdoc", "devman", "dist", "doc", "getent", "info", "lib", "libgcc")
) | frozenset(("locale", "man", "out", "static", "terminfo"))
# Recipes, sources, patches and snippets that lie in the store beside what was built from them.
_INGREDIENTS = re.compile(
    r"\.(?:drv|patch|diff|tar|tgz|tbz2?|txz|zip|gem|crate|whl|jar|gz|bz2|xz|zst|lz|sh|pl|py|nix|json|toml"
    r"|lock|conf|service|target|mount|socket|timer|rules|txt|xml|c|h)"
)


def store_component(path: str) -> Component | None:
    """Return the package at a path in the store, None for what has no version or is no package.

    Raises:
        ParseError: the name is longer than any.
    """
    base = path.rpartition("/")[2]
    if len(base) > NAME_LIMIT:
        raise ParseError(f"has a store path of {len(base)} characters")
    match = _PATH.fullmatch(base)
    name, version = _split(match[1]) if match else ("", "")
    if not name or not version or _INGREDIENTS.fullmatch(version, max(version.rfind("."), 0)):
        return None
    version, output = _without_output(version)
    return Component(
        type="nix",
        name=checked(name, "name"),
        version=checked(version, "version"),
        qualifiers=(("output", output),) if output else (),
        provides=(base,),
        properties=(("nix:store-path", base),),
    )


def _split(name: str) -> tuple[str, str]:
    match = _VERSION.search(name)
    return (name[: match.start()], name[match.end() :]) if match else ("", "")


def _without_output(version: str) -> tuple[str, str]:
    """Split off the output; the one called "out" is not named in paths."""
    rest, dash, output = version.rpartition("-")
    return (rest, output) if dash and rest and output in _OUTPUTS else (version, "")
