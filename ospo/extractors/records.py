"""What package metadata of every ecosystem shares: identifying words, people, addresses, long texts."""

from ospo.errors import ParseError
from ospo.extractors.interface import File

NAME_LIMIT = 1024
"""Characters of a name or version; the longest that any registry admits is a quarter of it."""

TEXT_LIMIT = 16 * 1024
"""Characters kept of a free text: twice the longest whole licence that packages put into a field."""


def small(file: File, limit: int) -> bytes:
    """Return all bytes of a file of a kind that is never large.

    Raises:
        ParseError: it has more than `limit` bytes.
    """
    if file.size > limit:
        raise ParseError(f"has {file.size} bytes, more than any file of its kind ({limit})")
    return file.data


def checked(value: str, what: str) -> str:
    """Return a name or version that can identify a component, unchanged.

    Other control characters stay as they are: reports escape them.

    Raises:
        ParseError: it is empty, longer than `NAME_LIMIT`, or holds a NUL or a line break.
    """
    if not value.strip("/ "):
        raise ParseError(f"has no {what}")
    if len(value) > NAME_LIMIT:
        raise ParseError(f"has {len(value)} characters in its {what}, more than {NAME_LIMIT}")
    if "\n" in value or "\0" in value:
        raise ParseError(f"has a line break or a NUL in its {what}")
    return value


def optional(value: str, what: str) -> str:
    """Return what may be missing, "" for that; what is there has to pass `checked`.

    Raises:
        ParseError: it is there and could identify nothing.
    """
    return checked(value, what) if value else ""


def bounded(text: str) -> str:
    """Cut a free text at `TEXT_LIMIT` characters."""
    return text[:TEXT_LIMIT]


def people(text: str) -> str:
    """Return the names in "Name <address> (page), Name <address>" without addresses, joined by commas."""
    names = []
    for person in bounded(text).split(">"):
        names += person.partition("<")[0].split(",")
    names = [name.partition("(http")[0].strip(' \t\n"') for name in names]
    return ", ".join(dict.fromkeys(name for name in names if name and name[0] != "(" and "@" not in name))


def without_login(url: str) -> str:
    """Return an address without user and password; "git" stays, it is part of how ssh addresses are spelt."""
    scheme, separator, rest = bounded(url.strip()).partition("://")
    authority, slash, path = rest.partition("/")
    login, at, host = authority.rpartition("@")
    if not separator or not at or login == "git":
        return scheme + separator + rest
    return f"{scheme}://{host}{slash}{path}"
