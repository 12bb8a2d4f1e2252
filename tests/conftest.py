"""Shared by all tests; its place makes `tests/strategies.py` importable."""

from hypothesis import settings

# Without a deadline for each example: the machines of a CI are slow at times.
settings.register_profile("ospo", deadline=None)
settings.load_profile("ospo")
