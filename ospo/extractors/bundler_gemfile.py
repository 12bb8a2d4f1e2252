"""Which gems a Gemfile asks for in its groups for development and test alone.

Format: https://bundler.io/man/gemfile.5.html. It is a program, of which plain lines are read and nothing is
evaluated: whatever is not understood leaves a gem among those that are needed to run.
"""

import re

_LONGEST = 1000
"""Characters of a line that people write."""

_DEVELOPMENT = frozenset(("development", "test"))
_COMMENT = re.compile(r"(?:^|\s)#.*")
_GEM = re.compile(r"\s*gem[ \t(]\s*[\"']([^\"']+)[\"'](.*)")
_GROUP = re.compile(r"\s*group[ \t(](.*)\bdo\s*")
_INLINE = re.compile(r"\bgroups?(?::|\s*=>)\s*(\[[^\]]*\]|:\w+|[\"']\w+[\"'])")
_NAMES = re.compile(r"(?<![\w:]):(\w+)|[\"'](\w+)[\"']")
_OPENS = re.compile(
    r".*\bdo(?:\s*\|[^|]*\|)?\s*|\s*(?:if|unless|case|begin|while|until|for|def|class|module)\b.*"
)
_CLOSES = re.compile(r"\s*end\b.*")
_ON_ONE_LINE = re.compile(r".*\bend\s*")


def development_gems(text: str) -> frozenset[str]:
    """Return the names that no line asks for outside of these groups; none where blocks do not match.

    A line of more than `_LONGEST` characters is nothing that people write: then nothing is told either.
    """
    blocks = [False]
    development: set[str] = set()
    runtime: set[str] = set()
    lines = text.split("\n")
    if max(map(len, lines)) > _LONGEST:
        return frozenset()
    for line in (_COMMENT.sub("", line) for line in lines):
        if group := _GROUP.fullmatch(line):
            blocks.append(blocks[-1] or _is_development(group[1]))
        elif gem := _GEM.match(line):
            inline = _INLINE.search(gem[2])
            inner = blocks[-1] or (inline is not None and _is_development(inline[1]))
            (development if inner else runtime).add(gem[1])
        elif _OPENS.fullmatch(line) and not _ON_ONE_LINE.fullmatch(line):
            blocks.append(blocks[-1])
        elif _CLOSES.fullmatch(line):
            blocks.pop()
        if not blocks:
            return frozenset()
    return frozenset(development - runtime) if len(blocks) == 1 else frozenset()


def _is_development(groups: str) -> bool:
    names = {symbol or text for symbol, text in _NAMES.findall(groups)}
    return bool(names) and names <= _DEVELOPMENT
