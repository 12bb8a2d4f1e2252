"""Erlang terms as text (https://www.erlang.org/doc/system/data_types.html): tokens into nested lists.

Tuples, lists, binaries and maps all become lists; atoms and strings become text; numbers stay as they are
written. Nothing is evaluated.
"""

import re

from ospo.errors import ParseError

_DEPTH_MAX = 100
_TOKEN = re.compile(
    r"""(?P<gap>[\s,|/:\#]+|=>|%[^\n]*)
      | (?P<open>[\[{(]|<<) | (?P<close>[\]})]|>>) | (?P<end>\.)
      | '(?P<quoted>(?:[^'\\]|\\.)*)' | "(?P<string>(?:[^"\\]|\\.)*)"
      | (?P<plain>[^\W\d][\w@]* | [+-]?\d[\w\#]*(?:\.\d\w*(?:-\d+)?)? | \$(?:\\.|.))
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|([0-7]{1,3})|(.))", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "s": " ", "e": "\x1b", "b": "\b", "f": "\f", "v": "\v"}
_CLOSES = {"[": "]", "{": "}", "(": ")", "<<": ">>"}

Term = str | list["Term"]


def first_term(text: str) -> Term:
    """Return the first term, which ends with a full stop.

    Raises:
        ParseError: it is damaged or does not end, or its parts are too deep in each other.
    """
    terms = _Terms()
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ParseError(f"is no Erlang term at character {at}")
        at = token.end()
        if token.lastgroup == "end":
            return terms.whole(token.start())
        if token.lastgroup != "gap":
            terms.take(token)
    raise ParseError("ends within a term")


class _Terms:
    """Lists that are open, the innermost last."""

    def __init__(self) -> None:
        self._open: list[tuple[str, list[Term]]] = [("", [])]

    def take(self, token: re.Match[str]) -> None:
        """Add what a token stands for."""
        value = token[0]
        match token.lastgroup:
            case "open":
                if len(self._open) > _DEPTH_MAX:
                    raise ParseError(f"has more than {_DEPTH_MAX} lists and tuples in each other")
                self._open.append((value, []))
            case "close":
                bracket, parts = self._open.pop()
                if _CLOSES.get(bracket) != value:
                    raise ParseError(f"has {value} at character {token.start()} that closes nothing")
                self._open[-1][1].append(parts)
            case "quoted" | "string" as kind:
                self._open[-1][1].append(_unescaped(token[kind]))
            case _:
                self._open[-1][1].append(value)

    def whole(self, at: int) -> Term:
        """Return the term that a full stop ends."""
        if len(self._open) > 1 or not self._open[0][1]:
            raise ParseError(f"has a full stop at character {at} that ends no term")
        return self._open[0][1][0]


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(match: re.Match[str]) -> str:
    wide, narrow, octal, character = match.groups()
    if character:
        return _CONTROLS.get(character, character)
    code = int(octal, 8) if octal else int(wide or narrow, 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"
