"""Entries that are damaged: each costs only itself, and the first is named at the end."""

from ospo.errors import ParseError


class _At:
    """What `contextlib.contextmanager` makes takes five times as long, and there is one for each entry."""

    __slots__ = ("_damage", "_where")

    def __init__(self, damage: "Damage", where: str) -> None:
        self._damage = damage
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, ParseError):
            return False
        self._damage.note(f"{self._where[:200]} {error.message}")
        return True


class Damage:
    """Remembers what could not be read, so that one damaged entry costs only itself."""

    def __init__(self) -> None:
        self._first = ""
        self._count = 0

    def at(self, where: str) -> "_At":
        """Note a `ParseError` raised inside, and go on."""
        return _At(self, where)

    def note(self, message: str) -> None:
        """Note what could not be read; the first message counts."""
        self._first = self._first or message
        self._count += 1

    def report(self) -> None:
        """Raise what was noted.

        Raises:
            ParseError: anything was.
        """
        if self._count:
            more = f", and {self._count - 1} more are damaged" if self._count > 1 else ""
            raise ParseError(self._first + more)
