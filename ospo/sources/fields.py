"""Typed reading of untrusted JSON: every error names the document and the field, as in `layers[3].digest`."""

from dataclasses import dataclass
from typing import NoReturn

import orjson

from ospo.errors import TargetError

_MAX_INTEGER = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object of a document; null counts as absent, as Go's encoders write it for empty lists.

    All readers raise `TargetError` when the field has another type than asked for.
    """

    document: str
    """What is read, as a person would call it: `manifest sha256:…`."""
    path: str
    """Where in the document the object stands, "" for the document itself."""
    values: dict[str, object]

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise the error that names this field."""
        raise TargetError(f"{self.document}: {self._path(key)} {problem}")

    def text(self, key: str) -> str:
        """Return a text that must be there."""
        value = self.optional_text(key)
        return value if value is not None else self.fail(key, "is missing")

    def optional_text(self, key: str) -> str | None:
        """Return a text, or None where there is none."""
        value = self.values.get(key)
        return value if value is None or isinstance(value, str) else self.fail(key, "is not text")

    def number(self, key: str) -> int:
        """Return an integer from 0 to 2^63-1 that must be there."""
        value = self.values.get(key)
        if value is None:
            self.fail(key, "is missing")
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_INTEGER:
            self.fail(key, "is not a whole number from 0 to 2^63-1")
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; false where there is none."""
        value = self.values.get(key, False)
        return bool(value) if value is None or isinstance(value, bool) else self.fail(key, "is not a boolean")

    def child(self, key: str) -> "Fields | None":
        """Return a nested object, or None where there is none."""
        value = self.values.get(key)
        return None if value is None else self._object(key, value)

    def children(self, key: str) -> tuple["Fields", ...]:
        """Return a list of objects, empty where there is none."""
        return tuple(self._object(f"{key}[{index}]", value) for index, value in enumerate(self._list(key)))

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty where there is none."""
        return tuple(
            value if isinstance(value, str) else self.fail(f"{key}[{index}]", "is not text")
            for index, value in enumerate(self._list(key))
        )

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return a map of texts as sorted pairs, empty where there is none."""
        child = self.child(key)
        return tuple(sorted((name, child.text(name)) for name in child.values)) if child else ()

    def _list(self, key: str) -> list[object]:
        value = self.values.get(key)
        if value is None:
            return []
        return value if isinstance(value, list) else self.fail(key, "is not a list")

    def _object(self, key: str, value: object) -> "Fields":
        if not isinstance(value, dict):
            self.fail(key, "is not an object")
        return Fields(self.document, self._path(key), value)

    def _path(self, key: str) -> str:
        # Keys may come from the document itself (names of labels): shortened, and without control characters.
        shown = key if key.isprintable() else ascii(key)
        return f"{self.path}.{shown[:80]}" if self.path else shown[:80]


def read_fields(data: bytes, document: str, hint: str = "") -> Fields:
    """Parse a document whose root is an object; `hint` is for the user where it is none.

    Raises:
        TargetError: it is not JSON, nested deeper than orjson's 1024 levels, or no object.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as e:
        raise TargetError(f"{document}: not JSON: {e}", hint=hint) from e
    if not isinstance(value, dict):
        raise TargetError(f"{document}: not a JSON object", hint=hint)
    return Fields(document, "", value)
