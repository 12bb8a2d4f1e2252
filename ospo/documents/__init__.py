"""Documents that people write (`apiVersion: ospo.dev/v1`): YAML with places, and its JSON schemas."""
