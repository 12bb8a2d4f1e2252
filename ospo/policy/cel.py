"""CEL, the Common Expression Language (https://cel.dev), by `cel-expr-python`; nothing else imports that.

A record's fields are variables with dotted names ("r.license.state"), declared with their types: a misspelt
field and a wrong type are errors when a rule is loaded, and an expression tells which fields it reads.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from ospo.errors import OspoError
from ospo.licenses.choice import requires

try:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings
except ImportError as error:
    raise OspoError(
        f"rules cannot be evaluated: cel-expr-python cannot be imported: {error}",
        hint="it has wheels for Linux with glibc 2.27 or later, and none for musl (Alpine): use an image of"
        " Debian, Ubuntu or Red Hat, and install ospo anew",
    ) from error


class Type(Enum):
    """What a value may be."""

    BOOL = "bool"
    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    STRINGS = "list(string)"
    PAIRS = "map(string, string)"
    DYN = "dyn"


Scalar = bool | int | float | str
Value = Scalar | Sequence[str] | Mapping[str, str]

_CEL_TYPES = {
    Type.BOOL: cel.Type.BOOL,
    Type.INT: cel.Type.INT,
    Type.DOUBLE: cel.Type.DOUBLE,
    Type.STRING: cel.Type.STRING,
    Type.STRINGS: cel.Type.List(cel.Type.STRING),
    Type.PAIRS: cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
    Type.DYN: cel.Type.DYN,
}

ZERO: Mapping[Type, Value] = {
    Type.BOOL: False,
    Type.INT: 0,
    Type.DOUBLE: 0.0,
    Type.STRING: "",
    Type.STRINGS: (),
    Type.PAIRS: {},
}
"""What a field has that nothing is known of."""


class CompileError(Exception):
    """An expression is malformed, or its types do not fit."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


class EvaluationError(Exception):
    """An expression has no value for a record."""

    def __init__(self, message: str, *, exhausted: bool = False) -> None:
        super().__init__(message)
        self.exhausted = exhausted
        """True when it took more steps than are allowed: it will for other records too."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    uses: tuple[str, ...]
    """The variables that it may read, sorted."""
    _compiled: Any
    _returns: tuple[type, ...]

    def evaluate(self, values: Mapping[str, Value]) -> Any:
        """Return the value for variables, of which those it uses must be there; lists are lists.

        Raises:
            EvaluationError: a key or position is not there, a number is out of range, a regular expression
                is malformed, the value has another type than was asked for, or it takes too many steps.
        """
        try:
            result = self._compiled.eval(data=values)
            value = result.value()
        except Exception as error:  # RuntimeError, and what a conversion to Python raises
            text = _plain(str(error))
            raise EvaluationError(text, exhausted="budget" in text) from error
        if result.type() == cel.Type.ERROR:
            raise EvaluationError(_plain(str(value)))
        if not isinstance(value, self._returns):  # of type dyn, which is checked only here
            expected = " or ".join(dict.fromkeys(_WORDS[type_] for type_ in self._returns))
            raise EvaluationError(f"expected {expected}, got {result.type().name().lower()}")
        return value


class Environment:
    """What expressions may name: variables, and functions beside those of CEL.

    The functions are those of CEL's strings, math, optional and bindings libraries, and
    `licenseRequires(expression, ids)`: whether no choice in an SPDX expression avoids all of these licences.
    """

    def __init__(self, variables: Mapping[str, Type]) -> None:
        self.variables = dict(variables)
        self._names = {name: name.encode() for name in variables}
        types = {name: _CEL_TYPES[type_] for name, type_ in variables.items()}
        self._env = cel.NewEnv(variables=types, extensions=_extensions())

    def compile(self, text: str, returns: Type) -> Expression:
        """Compile an expression of a type; `DYN` admits every scalar.

        Raises:
            CompileError: it is malformed, names what is not there, has another type, or holds a malformed
                regular expression.
        """
        try:
            compiled = self._env.compile(text)
        except RuntimeError as error:
            raise _compile_error(str(error)) from error
        self._check_traps(text)
        found = compiled.return_type()
        if returns is not Type.DYN and found not in (_CEL_TYPES[returns], cel.Type.DYN):
            raise CompileError(f"expected {returns.value}, got {found.name().lower()}", 1, 1)
        if returns is Type.DYN and found.name() not in _SCALARS:
            raise CompileError(f"expected text, a number or a bool, got {found.name().lower()}", 1, 1)
        # The names stand in the serialized form as they are; one that is part of another's is counted too,
        # which only makes two records look different that are not.
        serialized = compiled.serialize()
        uses = sorted(name for name, encoded in self._names.items() if encoded in serialized)
        return Expression(tuple(uses), compiled, (bool,) if returns is Type.BOOL else tuple(_WORDS))

    def _check_traps(self, text: str) -> None:
        """Find what compiles and is wrong.

        Malformed regular expressions, which some records would never reach; and has(r.blocking), which is
        the field's own value, since a field is a variable.
        """
        for match in _PATTERN.finditer(text):
            if match["field"] in self.variables:
                message = (
                    f"{match['field']} is always there: compare it with its empty value instead of has()"
                )
                raise CompileError(message, *_place(text, match.start("field")))
            if match["literal"] is None:
                continue
            failure = _failure(f'"".matches({match["literal"]})', {})
            if failure:
                raise CompileError(failure, *_place(text, match.start("literal")))


def pattern_problem(pattern: str) -> str:
    """Say what is wrong with a regular expression, "" when it is well-formed."""
    return _failure('"".matches(pattern)', {"pattern": pattern})


def _failure(expression: str, values: Mapping[str, str]) -> str:
    """Evaluate an expression; return why it has no value, "" when it has one."""
    try:
        env = cel.NewEnv(variables=dict.fromkeys(values, cel.Type.STRING))
        result = env.compile(expression).eval(data=values)
        return _plain(str(result.value())) if result.type() == cel.Type.ERROR else ""
    except RuntimeError as error:
        return _plain(str(error))


_WORDS = {str: "text", bool: "a bool", int: "a number", float: "a number"}
_SCALARS = ("BOOL", "INT", "UINT", "DOUBLE", "STRING", "DYN")

_LITERAL = r"""[rR]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
_PATTERN = re.compile(
    rf"(?:\.matches\s*\(|\bmatches\s*\(\s*[\w.]+\s*,)\s*(?P<literal>{_LITERAL})\s*\)"
    rf"|\bhas\s*\(\s*\.?(?P<field>[\w.]+)\s*\)|{_LITERAL}",
    re.DOTALL,
)
"""A regular expression that stands in the text, has() of a name; and other literals, to pass over them."""


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


@cache
def _extensions() -> list[Any]:
    strings = cel.Type.List(cel.Type.STRING)
    overload = cel.Overload(
        "license_requires", cel.Type.BOOL, [cel.Type.STRING, strings], False, _license_requires
    )
    return [
        cel.CelExtension("ospo", [cel.FunctionDecl("licenseRequires", [overload])]),
        ext_optional.ExtOptional(),
        ext_strings.ExtStrings(),
        ext_math.ExtMath(),
        ext_bindings.ExtBindings(),
    ]


def _license_requires(expression: str, ids: Sequence[str]) -> bool:
    return requires(expression, frozenset(ids))


def _compile_error(text: str) -> CompileError:
    """Take the first of CEL's errors: `ERROR: <input>:1:11: message`, columns counting from 1."""
    first = text.partition("ERROR: <input>:")[2].splitlines()
    if first:
        line, _, rest = first[0].partition(":")
        column, _, message = rest.partition(": ")
        return CompileError(_plain(message), max(1, int(line)), max(1, int(column)))
    return CompileError(_plain(text), 1, 1)


_NOISE = re.compile(
    r" \(in container ''\)| expecting \{.*"
    r"|\b(?:INVALID_ARGUMENT|INTERNAL|OUT_OF_RANGE|UNKNOWN|CANCELLED|NOT_FOUND): "
)


def _plain(text: str) -> str:
    """Take the first line of what CEL says, without the codes around it."""
    line = text.split("\n", 1)[0]
    line = re.sub(r" \[[A-Z_]+\]$", "", _NOISE.sub("", line))
    return line.replace("mismatched input '<EOF>'", "it ends too early")[:300].strip()
