"""A rule: policy as code, compiled and ready to be asked about records."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ospo.documents.marked import Document, Mark, Place
from ospo.documents.schema import Fault
from ospo.licenses.choice import requires
from ospo.model import Enforcement, Outcome, Severity
from ospo.policy.cel import (
    ZERO,
    CompileError,
    Environment,
    EvaluationError,
    Expression,
    Type,
    Value,
    pattern_problem,
)
from ospo.policy.files import PolicyFile
from ospo.policy.subjects import SUBJECTS, Subject
from ospo.policy.template import Template, compile_template
from ospo.text import closest


@dataclass(frozen=True, slots=True)
class RuleTest:
    """A record, and what the rule must say of it."""

    name: str
    record: Mapping[str, Value]
    """Field to value; every other field is empty."""
    params: Mapping[str, Value]
    """Parameters that differ from the rule's own."""
    expect: Outcome
    message: str
    """What the finding must say; after `~` a part of it; "" for anything."""
    mark: Mark


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as a file has it, with its expressions compiled."""

    id: str
    version: int
    title: str
    subject: Subject
    severity: Severity
    enforcement: Enforcement
    params: Mapping[str, Value]
    match: Expression | None
    """Which subjects the rule is about; None for all."""
    unknown: Expression | None
    """Of which subjects it cannot be told; None for none."""
    assertion: Expression
    message: Template
    fix: Template
    key: Template
    """What tells findings of this rule about one subject apart."""
    why: str
    references: tuple[str, ...]
    tests: tuple[RuleTest, ...]
    file: PolicyFile
    mark: Mark
    text: str
    """The document as it stands in the file."""

    @property
    def decides_by(self) -> tuple[str, ...]:
        """The variables that its outcome depends on, sorted."""
        conditions = (self.match, self.unknown, self.assertion)
        return tuple(sorted({name for one in conditions if one for name in one.uses}))

    @property
    def speaks_by(self) -> tuple[str, ...]:
        """The variables that a finding's words depend on, sorted."""
        return tuple(sorted({*self.message.uses, *self.fix.uses, *self.key.uses}))

    def decide(self, values: Mapping[str, Value]) -> Outcome:
        """Judge one record.

        Raises:
            EvaluationError: a condition has no value; never a pass.
        """
        if self.match and not self.match.evaluate(values):
            return Outcome.SKIP
        if self.unknown and self.unknown.evaluate(values):
            return Outcome.UNKNOWN
        if self.assertion.evaluate(values):
            return Outcome.PASS
        return Outcome.WARN if self.enforcement is Enforcement.WARN else Outcome.FAIL


_PARTS = ("match", "unknown", "assert")
_LICENSES = re.compile(r"\blicenseRequires\s*\([^()]*,\s*p\.(\w+)\s*\)")
"""A parameter that holds licenses."""

_PATTERNS = re.compile(r"(?:\.matches\s*\(|\bmatches\s*\([^()]*,)\s*p\.(\w+)\s*\)")
"""A parameter that is a regular expression."""


class Builder:
    """Makes a rule of a document that its schema admits, and collects what is wrong with it."""

    def __init__(self, document: Document, file: PolicyFile) -> None:
        self.faults: list[Fault] = []
        self._document = document
        self._file = file
        value: Any = document.value
        self._metadata: dict[str, Any] = value["metadata"]
        self._spec: dict[str, Any] = value["spec"]
        self._tests: list[dict[str, Any]] = value["tests"]

    def build(self) -> Rule | None:
        """Return the rule, or None with `faults` when something is wrong."""
        spec, docs = self._spec, self._spec["docs"]
        subject = SUBJECTS.get(spec["subject"])
        if subject is None:
            meant = closest(spec["subject"], SUBJECTS)
            hint = f"did you mean {meant}?" if meant else f"known are {', '.join(SUBJECTS)}"
            self._fault(("spec", "subject"), f"unknown subject {spec['subject'][:60]!r}", hint)
            return None
        params = self._params(("spec", "params"), spec.get("params", {}))
        variables = {f"r.{name}": field.type for name, field in subject.fields.items()}
        variables |= {name: _type(value) for name, value in params.items()}
        environment = Environment(variables)
        self._check_licenses(params)
        self._check_patterns(params)
        parts = self._expressions(environment)
        tests = tuple(self._test(index, subject, params) for index in range(len(self._tests)))
        if self.faults:
            return None
        return Rule(
            id=self._metadata["id"],
            version=int(self._metadata["version"]),  # 2.0 is a whole number too
            title=spec["title"],
            subject=subject,
            severity=Severity(spec["severity"]),
            enforcement=Enforcement(spec["enforcement"]),
            params=params,
            why=" ".join(docs["why"].split()),
            references=tuple(docs.get("references", ())),
            tests=tests,
            file=self._file,
            mark=self._document.mark(()),
            text=self._document.source,
            **parts,
        )

    def _expressions(self, environment: Environment) -> dict[str, Any]:
        parts = {
            field: self._condition(("spec", name), environment)
            for field, name in (("match", "match"), ("unknown", "unknown"), ("assertion", "assert"))
        }
        fields = (
            ("message", ("spec", "message")),
            ("fix", ("spec", "docs", "fix")),
            ("key", ("spec", "key")),
        )
        return parts | {field: self._template(place, environment) for field, place in fields}

    def _condition(self, place: Place, environment: Environment) -> Expression | None:
        text = self._text(place)
        if not text:
            return None
        try:
            expression = environment.compile(text, Type.BOOL)
            self._try(expression, environment)
        except CompileError as error:
            self._wrong(place, error, environment)
            return None
        return expression

    def _check_patterns(self, params: Mapping[str, Value]) -> None:
        """Find malformed regular expressions in a parameter before a record does."""
        for name in dict.fromkeys(_PATTERNS.findall(" ".join(self._spec.get(part, "") for part in _PARTS))):
            pattern = params.get(f"p.{name}")
            if isinstance(pattern, str) and (problem := pattern_problem(pattern)):
                self._fault(("spec", "params", name), f"spec.params.{name}: {problem}")

    def _check_licenses(self, params: Mapping[str, Value]) -> None:
        """Find misspelt licenses in a parameter before a record does: in use they would be errors."""
        for name in dict.fromkeys(_LICENSES.findall(" ".join(self._spec.get(part, "") for part in _PARTS))):
            try:
                ids = params.get(f"p.{name}")
                requires("", frozenset(ids if isinstance(ids, list) else ()))
            except ValueError as error:
                self._fault(("spec", "params", name), f"spec.params.{name}: {error}")

    def _try(self, expression: Expression, environment: Environment) -> None:
        """Find malformed regular expressions before a record does.

        Raises:
            CompileError: there is one.
        """
        try:
            expression.evaluate({name: _listed(ZERO[type_]) for name, type_ in environment.variables.items()})
        except EvaluationError as error:
            if "regular expression" in str(error):
                raise CompileError(str(error), 1, 1) from error

    def _template(self, place: Place, environment: Environment) -> Template:
        try:
            return compile_template(self._text(place).rstrip(), environment)
        except CompileError as error:
            self._wrong(place, error, environment)
            return Template(())

    def _text(self, place: Place) -> str:
        value: Any = self._document.value
        for step in place:
            value = value.get(step, "")
        return str(value)

    def _wrong(self, place: Place, error: CompileError, environment: Environment) -> None:
        mark = self._document.inside(place, error.line, error.column)
        name = error.message.partition("undeclared reference to '")[2].partition("'")[0]
        front, _, last = name.rpartition(".")
        same = [known for known in environment.variables if known.startswith(f"{front}.")]
        meant = name and (closest(last, same) or closest(last, environment.variables))
        hint = (
            f"did you mean {meant}?" if meant else f"`ospo rules fields {self._spec['subject']}` lists them"
        )
        self.faults.append(Fault(mark, f"{'.'.join(map(str, place))}: {error.message}", hint if name else ""))

    def _params(self, place: Place, given: Mapping[str, Any]) -> dict[str, Value]:
        """Take parameters as variables `p.NAME`; a list must hold text only."""
        params: dict[str, Value] = {}
        for name, value in given.items():
            if isinstance(value, list) and not all(isinstance(one, str) for one in value):
                self._fault((*place, name), f"{name}: a list may hold text only")
            else:
                params[f"p.{name}"] = value
        return params

    def _test(self, index: int, subject: Subject, params: Mapping[str, Value]) -> RuleTest:
        test, place = self._tests[index], ("tests", index)
        record = dict(self._record((*place, "record"), test.get("record", {}), subject))
        changed = self._params((*place, "params"), test.get("params", {}))
        for name in changed:
            if name not in params or _type(changed[name]) is not _type(params[name]):
                self._fault((*place, "params", name[2:]), f"{name} is no parameter of this type")
        return RuleTest(
            test["name"],
            record,
            changed,
            Outcome(test["expect"]),
            test.get("message", ""),
            self._document.mark(place),
        )

    def _record(self, place: Place, given: Mapping[str, Any], subject: Subject, prefix: str = "") -> Any:
        """Yield fields and values; `license: {state: none}` sets the field `license.state`."""
        for key, value in given.items():
            name = prefix + key
            field = subject.fields.get(name)
            if field is None and isinstance(value, dict):
                yield from self._record((*place, key), value, subject, f"{name}.")
            elif field is None:
                meant = closest(key, subject.fields)
                hint = f"did you mean {meant}?" if meant else f"`ospo rules fields {subject.name}` lists them"
                self._fault((*place, key), f"a {subject.name} has no field {name[:60]!r}", hint)
            elif not _fits(value, field.type):
                self._fault((*place, key), f"{name}: expected {field.type.value}")
            else:
                yield f"r.{name}", value

    def _fault(self, place: Place, message: str, hint: str = "") -> None:
        mark = self._document.keys.get(place) or self._document.mark(place)
        self.faults.append(Fault(mark, message, hint))


_PYTHON_TYPES: Mapping[Type, type] = {
    Type.BOOL: bool,
    Type.INT: int,
    Type.DOUBLE: float,
    Type.STRING: str,
    Type.STRINGS: list,
    Type.PAIRS: dict,
}


def _type(value: Value) -> Type:
    return next(type_ for type_, python in _PYTHON_TYPES.items() if isinstance(value, python))


def _fits(value: object, type_: Type) -> bool:
    if type(value) is not _PYTHON_TYPES[type_]:
        return False
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(isinstance(one, str) for one in inner)


def _listed(value: Value) -> Value:
    return list(value) if isinstance(value, tuple) else value
