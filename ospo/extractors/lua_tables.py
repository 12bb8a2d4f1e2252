"""Literals that Lua assigns (https://www.lua.org/manual/5.4/manual.html#3), by names; nothing is evaluated.

A text counts only where it is all of a value; in `"a" .. b`, `("%s"):format(c)` or `d and "e"` it does not.
"""

import re
from collections.abc import Iterator

from ospo.errors import ParseError

_DEPTH_MAX = 100
_TOKEN = re.compile(
    r"""(?P<gap>\s+) | (?P<long>(?:--)?\[(?P<level>=*)\[) | (?P<comment>--[^\n]*)
      | "(?P<double>(?:[^"\\\n]|\\.)*)" | '(?P<single>(?:[^'\\\n]|\\.)*)'
      | (?P<name>[A-Za-z_]\w*) | (?P<sign>\.\.|[=~<>]=|[^\s"'\w]) | (?P<number>\w+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_BEFORE = frozenset("={,;")
_AFTER = frozenset(",;}")
_OPERATORS = frozenset(("and", "or"))

Value = str | dict[str, "Value"]
"""Tables are by key; what has none is numbered from 1."""
_Token = tuple[str, str]


def assigned(text: str) -> dict[str, Value]:
    """Return what is assigned, the last one of each name.

    Raises:
        ParseError: a text or comment is not closed, or tables are too deep in each other.
    """
    tokens = [("start", ""), ("start", ""), ("start", ""), ("start", ""), *_tokens(text), ("end", "")]
    open_: list[dict[str, Value]] = [{}]
    for at, (kind, value) in enumerate(tokens):
        if (kind, value) == ("sign", "{"):
            if len(open_) > _DEPTH_MAX:
                raise ParseError(f"has more than {_DEPTH_MAX} tables in each other")
            table: dict[str, Value] = {}
            open_[-1][_key(tokens, at, open_[-1])] = table
            open_.append(table)
        elif (kind, value) == ("sign", "}") and len(open_) > 1:
            open_.pop()
        elif kind == "text" and _is_whole(tokens, at, top=len(open_) == 1):
            open_[-1][_key(tokens, at, open_[-1])] = value
    return open_[0]


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ParseError(f"has a text at character {at} that is not closed")
        start, at = at, token.end()
        kind = token.lastgroup or ""
        if token["long"]:
            closing = "]" + token["level"] + "]"
            end = text.find(closing, at)
            if end < 0:
                raise ParseError(f"has a text at character {start} that is not closed")
            if token["long"][0] == "[":
                yield "text", text[at:end].removeprefix("\n")
            at = end + len(closing)
        elif kind in ("double", "single"):
            yield "text", _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], token[kind])
        elif kind not in ("gap", "comment"):
            yield kind, token[0]


def _key(tokens: list[_Token], at: int, table: dict[str, Value]) -> str:
    """Return the key of the value at a position: `name = …`, `["text"] = …`, or the next number."""
    if tokens[at - 1] == ("sign", "="):
        if tokens[at - 2][0] == "name":
            return tokens[at - 2][1]
        if tokens[at - 2][1] == "]" and tokens[at - 3][0] == "text":
            return tokens[at - 3][1]
    return str(len(table) + 1)


def _is_whole(tokens: list[_Token], at: int, *, top: bool) -> bool:
    kind, after = tokens[at + 1]
    if tokens[at - 1][0] != "sign" or tokens[at - 1][1] not in _BEFORE:
        return False
    return after in _AFTER or kind == "end" or (top and kind == "name" and after not in _OPERATORS)
