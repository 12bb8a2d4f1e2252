"""JSON with comments and commas at the end of lists, as tools write it for people."""

import re

_TOKEN = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*+(?:"|\\?\Z))|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))', re.DOTALL
)
_COMMA = re.compile(r'(?P<text>"(?:[^"\\]|\\.)*+(?:"|\\?\Z))|(?P<comma>,(?=\s*+[}\]]))', re.DOTALL)


def plain_json(text: str) -> str:
    """Return the same as JSON: without comments, and without commas before closing brackets."""
    text = _TOKEN.sub(lambda match: match["text"] or "", text)
    return _COMMA.sub(lambda match: match["text"] or "", text)
