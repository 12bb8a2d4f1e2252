"""Fixtures of these tests; they live where types are checked."""

from registry_pulls import home, registry

__all__ = ["home", "registry"]
