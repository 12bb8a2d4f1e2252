"""Package ecosystems: every module of this package that has `EXTRACTORS` is found by itself.

A new ecosystem is one module and one folder `tests/extractors/<name>/<case>/`; nothing else changes.
"""

import hashlib
import importlib
import pkgutil
from functools import cache

from ospo import __version__
from ospo.extractors.interface import Extractor

# Raise when LayerFacts or the engine change meaning without any extractor changing. Releases differ anyway.
ENGINE_VERSION = 3


@cache
def all_extractors() -> tuple[Extractor, ...]:
    """Return every extractor, sorted by name.

    Raises:
        ValueError: two extractors share a name.
    """
    found = {}
    for module in pkgutil.iter_modules(__path__):
        for extractor in getattr(importlib.import_module(f"{__name__}.{module.name}"), "EXTRACTORS", ()):
            if extractor.name in found:
                raise ValueError(f"two extractors are named {extractor.name!r}")
            found[extractor.name] = extractor
    return tuple(found[name] for name in sorted(found))


@cache
def facts_version() -> str:
    """Name the set of extractors and their versions; cached facts of another set are not used."""
    names = ",".join(f"{extractor.name}={extractor.version}" for extractor in all_extractors())
    return hashlib.sha256(f"{__version__};{ENGINE_VERSION};{names}".encode()).hexdigest()[:16]
