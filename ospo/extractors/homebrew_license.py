"""The licenses of a Homebrew formula, a Ruby expression, as the SPDX expression that it stands for.

`license "MIT"`, `license any_of: ["MIT", all_of: ["0BSD", "ISC"]]`, `license "GPL-2.0" => { with: "…" }`:
https://docs.brew.sh/License-Guidelines
"""

import re

_LICENSE = re.compile(r"^  license[ \t(]+", re.MULTILINE)
_TOKEN = re.compile(
    r'"([^"\\\n]*)"|:(\w+)|(any_of|one_of|all_of|with):|(=>|[\[\]{},])|(\n)|[ \t\r)]+|#[^\n]*'
)
_JOINED = {"any_of": " OR ", "one_of": " OR ", "all_of": " AND "}
_LENGTH_MAX = 16 * 1024
_DEPTH_MAX = 10


class _Unclear(Exception):
    """The expression is not of the documented form."""


def formula_license(formula: str) -> str:
    """Return the license expression of a formula's text, "" where it has none or an unclear one."""
    match = _LICENSE.search(formula)
    if match is None:
        return ""
    tokens = _tokens(formula[match.end() : match.end() + _LENGTH_MAX])
    try:
        text, _ = _term(tokens, 0, 0)
    except _Unclear:
        return ""
    return text


def _tokens(text: str) -> list[tuple[str, str]]:
    """Return (kind, text) of what belongs to the expression: it ends with a line on which nothing is open."""
    tokens: list[tuple[str, str]] = []
    at = opened = 0
    while match := _TOKEN.match(text, at):
        at = match.end()
        string, symbol, key, mark, line = match.groups()
        opened += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark, 0)
        if line and not opened and tokens and tokens[-1][1] not in (",", "=>"):
            break
        for kind, value in (("license", string), ("symbol", symbol), ("key", key), ("mark", mark)):
            if value:
                tokens.append((kind, value))
    return [*tokens, ("end", "")]


def _term(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[str, int]:
    """Return the expression that starts at a token, and where it ends."""
    kind, value = tokens[at]
    if depth > _DEPTH_MAX:
        raise _Unclear
    if kind == "symbol":
        return value, at + 1
    if kind == "license":
        if tokens[at + 1] != ("mark", "=>"):
            return value, at + 1
        exception = tokens[at + 2 : at + 6]
        if [kind for kind, _ in exception] != ["mark", "key", "license", "mark"] or exception[1][1] != "with":
            raise _Unclear
        return f"{value} WITH {exception[2][1]}", at + 6
    if (kind, value) == ("mark", "{"):
        text, at = _term(tokens, at + 1, depth + 1)
        return text, _after(tokens, at, "}")
    if value in _JOINED:
        return _list(tokens, at, depth)
    raise _Unclear


def _list(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[str, int]:
    joint = _JOINED[tokens[at][1]]
    at = _after(tokens, at + 1, "[")
    terms = []
    while tokens[at] != ("mark", "]"):
        term, at = _term(tokens, at, depth + 1)
        terms.append(term)
        if tokens[at] == ("mark", ","):
            at += 1
    text = joint.join(terms)
    return (f"({text})" if depth and len(terms) > 1 else text), at + 1


def _after(tokens: list[tuple[str, str]], at: int, mark: str) -> int:
    if tokens[at] != ("mark", mark):
        raise _Unclear
    return at + 1
