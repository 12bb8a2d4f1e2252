"""The error tree. Every error carries what a person needs: what happened, where, and what to do next.

OspoError                exit code
├── UsageError           2   the command line or a configuration file is wrong
├── TargetError          4   the target does not exist or cannot be read
│   └── RegistryError    4   the registry refuses, does not know the reference, or answers nonsense
│       └── RegistryUnavailableError
│                        3   it cannot be reached or is not able to answer now: a retry may help
├── NetworkError         3   a server's answer is refused
│   └── UnreachableError 3   there is no answer, or it breaks off
├── LayerError           -   one layer cannot be read: becomes a blocking Problem
├── StoreError           3   the database cannot be used
├── OutputError          3   a report was made and cannot be written
└── ParseError           -   one file of the target cannot be parsed: becomes a Problem
"""


class OspoError(Exception):
    """Any failure that ospo explains to the user: a message, and a hint what to do next."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(OspoError):
    """The command line, the environment or a configuration file is wrong."""

    exit_code = 2


class TargetError(OspoError):
    """The target does not exist or cannot be read."""

    exit_code = 4


class RegistryError(TargetError):
    """A registry refuses, does not know the reference, or answers nonsense."""


class RegistryUnavailableError(RegistryError):
    """A registry cannot be reached, or is not able to answer now: whether the target is there is unknown."""

    exit_code = 3


class NetworkError(OspoError):
    """A server answers with something that is refused, or not at all."""

    def __init__(self, message: str, *, hint: str = "", transient: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.transient = transient
        """True when the same request may succeed in a moment."""


class UnreachableError(NetworkError):
    """A server cannot be reached, may not be asked (`--offline`), is silent, or breaks off."""


class LayerError(OspoError):
    """One layer's bytes cannot be read or are not what they claim to be."""


class StoreError(OspoError):
    """The database cannot be opened, read or written."""


class OutputError(OspoError):
    """A report was made and cannot be written: the disk is full, or the place is gone."""


class ParseError(OspoError):
    """A file of the target is not what its name or magic says; the only error an extractor may raise."""
