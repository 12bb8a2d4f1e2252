"""Writing YAML that `ospo.documents.marked`, and readers of YAML 1.1, take for the same values."""

from typing import Any

import yaml

from ospo.documents.marked import Value, is_plain_text


class _Dumper(yaml.SafeDumper):
    """Quotes text that would be read as something else."""


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    # PyYAML knows what YAML 1.1 would misread, such as dates, and not what YAML 1.2 would: 12e45.
    # Line breaks of all kinds are kept only as escapes.
    style = '"' if not text.isprintable() else None if is_plain_text(text) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def write(value: Value) -> str:
    """Return a YAML document; keys stay in their order, and no line is broken."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    return text
