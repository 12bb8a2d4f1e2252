"""Screens: each owns its widgets, its workers and what its keys do."""
