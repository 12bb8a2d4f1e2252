"""The terminal UI: screens over the database of scans and findings."""
