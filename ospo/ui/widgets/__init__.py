"""Widgets that know nothing of any screen."""
