"""Free text that may stand in any document and on any terminal."""

import re
from collections.abc import Iterable

# What XML 1.0 forbids (https://www.w3.org/TR/xml/#charsets), what UTF-8 cannot hold (lone surrogates), and
# the control characters that a terminal would obey (C0, DEL, C1). XML readers turn a carriage return into a
# line feed. Tab and line feed stay.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def printable(text: str) -> str:
    r"""Write each character that is no text as its escape: U+001B becomes the four characters `\x1b`."""
    # 30 ns for the common case; also refuses tab, line feed and rare letters, hence the expression.
    return text if text.isprintable() else _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def one_line(text: str) -> str:
    r"""Write text for a terminal: on its line, and in the order in which it stands.

    Beside what `printable` escapes that are tabs, line breaks of every kind, unusual spaces, and what is
    invisible or turns the direction of writing (https://trojansource.codes/): U+202E becomes `\u202e`.
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def closest(name: str, known: Iterable[str]) -> str:
    """Return the known name that resembles one most, "" when none does; also by its last part.

    `scan.fail_on` is what `fail-on` resembles.
    """
    from difflib import get_close_matches  # 10 ms, for mistakes only

    spelled = {name.rpartition(".")[2].lower(): name for name in known}
    matches = get_close_matches(name.replace("-", "_").lower(), spelled, n=1, cutoff=0.7)
    return spelled[matches[0]] if matches else ""


def counted(number: int, noun: str) -> str:
    """Write how many there are: 1 finding, 2,000 findings."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
