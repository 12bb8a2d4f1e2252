"""References to bytes: registries, layouts, archives, daemons, folders and SBOM files."""
