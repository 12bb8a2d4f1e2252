"""What lock files of Elixir and Erlang share: repositories of Hex as namespaces.

https://github.com/package-url/purl-spec/blob/main/types-doc/hex-definition.md
"""

NO_REPOSITORY = frozenset(("", "hexpm"))
"""Names of the common repository."""


def namespace(repository: str) -> str:
    """Return the organisation of a private repository ("hexpm:company"), "" for the common one."""
    return repository.partition(":")[2] if repository.startswith("hexpm:") else ""
