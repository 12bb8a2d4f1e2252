"""The literal arguments with which a `setup.py` calls `setup(…)`; nothing of the program is run.

Keywords: https://setuptools.pypa.io/en/latest/references/keywords.html. What a variable or a function would
give stays unknown.
"""

import ast
import warnings
from collections.abc import Iterator

from ospo.errors import ParseError


def setup_arguments(text: str) -> dict[str, ast.expr]:
    """Return the keyword arguments of the outermost call of a function of this name; {} without one.

    Raises:
        ParseError: it is no Python, or nested beyond what Python itself reads.
    """
    for node in ast.walk(_parsed(text)):
        if isinstance(node, ast.Call) and _name(node.func) == "setup":
            return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    return {}


def _parsed(text: str) -> ast.Module:
    """Parse; brackets, indentation, the parser's stack and the depth of the tree are bounded by Python."""
    if "\0" in text:
        raise ParseError("is no Python: it holds a NUL")
    try:
        # Of escapes that are none Python warns while it parses.
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(text)
    except SyntaxError as error:
        raise ParseError(f"is no Python of today's syntax at line {error.lineno}") from error
    except (RecursionError, MemoryError, ValueError) as error:
        raise ParseError("is nested too deeply") from error


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""


def literal_text(node: ast.expr | None) -> str:
    """Return a literal text, "" for everything else."""
    match node:
        case ast.Constant(str(value)):
            return value
    return ""


def literal_texts(node: ast.expr | None) -> list[str]:
    """Return the literal texts of a literal list, or the lines of a text, which setuptools takes for one."""
    match node:
        case ast.List(elements) | ast.Tuple(elements):
            return [text for element in elements if (text := literal_text(element))]
    return literal_text(node).splitlines()


def literal_lists(node: ast.expr | None) -> Iterator[tuple[str, list[str]]]:
    """Yield the literal keys of a literal mapping with their literal lists."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield literal_text(key), literal_texts(value)
