"""The lines of a requirements file as pip joins them, apart from their options and comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENT = re.compile(r"(?:^|\s)#(.*)$")
_OPTIONS = re.compile(r"\s--(?=[a-z])")
_HASH = re.compile(r"hash[= ]\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement or option."""

    number: int
    text: str
    hashes: tuple[str, ...]
    via: tuple[str, ...]


def lines(text: str) -> Iterator[Line]:
    """Yield what is neither empty nor a comment.

    The comments that follow a requirement, in its line or below, say who needs it.
    """
    pending: tuple[int, str] | None = None
    comments: list[str] = []
    for number, (line, comment) in _joined(text):
        if line:
            if pending:
                yield _line(*pending, comments)
            pending, comments = (number, line), []
        comments.append(comment)
    if pending:
        yield _line(*pending, comments)


def _joined(text: str) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield (number, (text, comment)); a backslash at the end continues a line, but never a comment."""
    parts: list[str] = []
    start = 1
    for number, line in enumerate(text.split("\n"), 1):
        if not parts:
            start = number
        is_comment = line.lstrip().startswith("#")
        # A comment among continued lines ends them; a blank before it keeps it a comment.
        parts.append(" " + line if is_comment else line.removesuffix("\\"))
        if line.endswith("\\") and not is_comment:
            continue
        yield start, _split("".join(parts))
        parts = []
    if parts:
        yield start, _split("".join(parts))


def _split(line: str) -> tuple[str, str]:
    comment = _COMMENT.search(line)
    if comment is None:
        return line.strip(), ""
    return line[: comment.start()].strip(), comment[1].strip()


def _line(number: int, line: str, comments: list[str]) -> Line:
    text, *options = _OPTIONS.split(line) if not line.startswith("-") else [line]
    hashes = (match[1] for option in options if (match := _HASH.match(option)))
    return Line(number, text.strip(), tuple(hashes), tuple(_via(comments)))


def _via(comments: list[str]) -> Iterator[str]:
    """Read `via a`, `via a, b`, or `via` with one name in each comment below."""
    told = False
    for comment in comments:
        if comment == "via" or comment.startswith("via "):
            told, comment = True, comment[4:]
        elif not comment:
            told = False
        if told:
            yield from (name.strip() for name in comment.split(",") if name.strip())
