"""Messages with CEL in braces: `declares no known license: {r.license.words.join(", ")}`.

`{{` and `}}` stand for braces. A brace inside a string literal of the expression counts as text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ospo.policy.cel import CompileError, Environment, Expression, Type, Value

_PIECE = re.compile(
    r"""(?P<text>[^{}]+) | (?P<brace>\{\{|\}\}) |
    \{(?P<expression>(?:[^{}"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')+)\}""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template."""

    pieces: tuple[str | Expression, ...]

    @property
    def uses(self) -> tuple[str, ...]:
        """The variables that its expressions may read, sorted."""
        return tuple(
            sorted({name for piece in self.pieces if not isinstance(piece, str) for name in piece.uses})
        )

    def fill(self, values: Mapping[str, Value]) -> str:
        """Return the text for a record.

        Raises:
            EvaluationError: an expression has no value.
        """
        return "".join(
            piece if isinstance(piece, str) else _written(piece.evaluate(values)) for piece in self.pieces
        )


def compile_template(text: str, environment: Environment) -> Template:
    """Compile a template.

    Raises:
        CompileError: a brace is unbalanced, or an expression is wrong; with its place in the template.
    """
    pieces: list[str | Expression] = []
    end = 0
    for match in _PIECE.finditer(text):
        if match.start() != end:
            break
        end = match.end()
        if match["expression"] is None:
            pieces.append(match["text"] or match["brace"][0])
        else:
            pieces.append(_expression(match["expression"], match.start("expression"), text, environment))
    if end != len(text):
        raise CompileError(
            "a brace that opens or closes nothing; write {{ or }} for a brace", *_place(text, end)
        )
    return Template(tuple(pieces))


def _expression(source: str, start: int, text: str, environment: Environment) -> Expression:
    try:
        return environment.compile(source, Type.DYN)
    except CompileError as error:
        line, column = _place(text, start)
        if error.line == 1:
            raise CompileError(error.message, line, column + error.column - 1) from error
        raise CompileError(error.message, line + error.line - 1, error.column) from error


def _place(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, from 1, of an offset."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
