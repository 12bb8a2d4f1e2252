"""Fields of an opam file, as plain tokens.

Grammar: https://opam.ocaml.org/doc/Manual.html#Common-file-format
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError

_TOKEN = re.compile(
    r'(?P<long>""")|(?P<text>")|(?P<comment>\(\*)|#[^\n]*'
    r"|(?P<word>[A-Za-z0-9_+-]+)|(?P<mark>[\[\](){}:]|[=<>!&|?]+)"
)
_INNER = re.compile(r"(?:[^\"\\]|\\.)*", re.DOTALL)
_OPEN, _CLOSE = frozenset("[({"), frozenset("])}")

Token = tuple[str, str]
"""(kind, text): of kind "text" what stood in quotes, "word" or "mark" what did not."""


def fields(text: str) -> dict[str, list[Token]]:
    """Return the tokens of each field; those of sections ("url { … }") are left out.

    Raises:
        ParseError: the file has no field, or texts, comments and brackets do not match.
    """
    found: dict[str, list[Token]] = {}
    # What stands in no field is not kept.
    field: list[Token] = []
    depth, before = 0, ("", "")
    for token in _tokens(text):
        if depth == 0 and token == ("mark", ":") and before[0] == "word":
            field[-1:] = []
            field = found.setdefault(before[1], [])
        elif depth == 0 and token == ("mark", "{") and before[0] == "word":
            field, depth = [], 1
        else:
            depth += (token[1] in _OPEN) - (token[1] in _CLOSE) if token[0] == "mark" else 0
            field.append(token)
        if depth < 0:
            raise ParseError("has a bracket that closes nothing")
        before = token
    if depth or not found:
        raise ParseError("ends within brackets" if depth else "has no field of opam")
    return found


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while match := _TOKEN.search(text, position):
        kind, position = match.lastgroup, match.end()
        if kind == "comment":
            position = _end(text, "*)", position)
        elif kind == "long":
            position = _end(text, '"""', position)
            yield "text", text[match.end() : position - 3]
        elif kind == "text":
            inner = _INNER.match(text, position)
            position = _end(text, '"', inner.end() if inner else position)
            yield "text", text[match.end() : position - 1].replace('\\"', '"').replace("\\\\", "\\")
        elif kind:
            yield kind, match[0]


def _end(text: str, mark: str, position: int) -> int:
    """Return where a mark ends."""
    found = text.find(mark, position)
    if found < 0:
        raise ParseError(f"has no {mark} where one is due")
    return found + len(mark)
