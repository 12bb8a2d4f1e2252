"""From records to findings: every rule is asked about every subject of its kind.

A rule reads few fields, and most records have the same few values in them: it is asked once for each
combination of values. Five thousand components against ten rules take 0.1 s so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import repeat
from operator import ge
from typing import Any

from ospo.model import Finding, Outcome, ScanResult, Waiver
from ospo.policy.cel import EvaluationError, Value
from ospo.policy.fingerprint import fingerprint
from ospo.policy.rule import Rule
from ospo.policy.subjects import Subject
from ospo.policy.template import Template
from ospo.policy.waivers import apply
from ospo.text import one_line

_WORDS = 300
"""Characters of a message: what it quotes may be a whole license text."""

_RANKS = {outcome: rank for rank, outcome in enumerate(Outcome)}
_GOOD = frozenset((Outcome.PASS, Outcome.SKIP))


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a rule had which outcome, most severe first; outcomes that never occurred are left out."""

    rule: str
    counts: tuple[tuple[Outcome, int], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What rules say of one scan."""

    findings: tuple[Finding, ...]
    """Worst first, then by rule, subject and message; one for each fingerprint."""
    tallies: tuple[Tally, ...]
    """One for each rule, by id."""
    used: frozenset[Waiver] = frozenset()
    """The waivers that a finding was given, whether they hold or have expired."""


def evaluate(rules: Iterable[Rule], result: ScanResult, waivers: Sequence[Waiver], today: date) -> Evaluation:
    """Ask all rules about all subjects of a scan, and give findings the waivers that hold for them.

    A rule that cannot be evaluated for some subjects has one finding for all of them, with outcome `error`.
    """
    tables: dict[str, _Table] = {}
    findings: list[Finding] = []
    tallies = []
    for rule in rules:
        table = tables.get(rule.subject.name)
        if table is None:
            table = tables[rule.subject.name] = _Table(rule.subject, result)
        outcomes = _Asking(rule, table).outcomes()
        findings.extend(_findings(rule, table, outcomes, result))
        tallies.append(_tally(rule, outcomes))
    judged = sorted(apply(findings, waivers, today), key=_order)
    used = frozenset(waiver for one in judged for waiver in (one.waiver, one.expired) if waiver)
    return Evaluation(tuple(sorted(_first_of_each(judged), key=_shown)), tuple(tallies), used)


class _Table:
    """The subjects of one kind in a scan; a column is read when it is first asked for."""

    def __init__(self, subject: Subject, result: ScanResult) -> None:
        self.subject = subject
        self.items = subject.find(result)
        self._columns: dict[str, list[Value]] = {}
        self._hashable: dict[str, Sequence[object]] = {}

    @cached_property
    def keys(self) -> list[str]:
        """What identifies each subject over versions."""
        return [self.subject.key(item) for item in self.items]

    def column(self, variable: str) -> list[Value]:
        """Return a field of all subjects; `variable` is its name with `r.` before it."""
        column = self._columns.get(variable)
        if column is None:
            read = self.subject.fields[variable[2:]].read
            column = self._columns[variable] = [_clean(read(item)) for item in self.items]
        return column

    def hashable(self, variable: str) -> Sequence[object]:
        """Return the same as values that may be keys of a dictionary."""
        found = self._hashable.get(variable)
        if found is None:
            found = self._hashable[variable] = [_frozen(value) for value in self.column(variable)]
        return found

    def rows(self, variables: Sequence[str]) -> Iterator[tuple[object, ...]]:
        """Yield the hashable values of several fields for each subject."""
        if not variables:
            return repeat((), len(self.items))
        return zip(*map(self.hashable, variables), strict=True)


@dataclass(frozen=True, slots=True)
class _Error:
    message: str

    def __str__(self) -> str:
        return self.message


_Judged = Outcome | _Error
_Size = tuple[float, ...]


class _Asking:
    """Asks one rule about each combination of values once."""

    def __init__(self, rule: Rule, table: _Table) -> None:
        self._rule = rule
        self._table = table
        self._exhausted: list[tuple[_Size, _Error]] = []

    def outcomes(self) -> list[_Judged]:
        """Return the outcome for each subject."""
        names = _fields(self._rule.decides_by)
        columns = [self._table.column(name) for name in names]
        known: dict[tuple[object, ...], _Judged] = {}
        outcomes: list[_Judged] = []
        for index, row in enumerate(self._table.rows(names)):
            outcome = known.get(row)
            if outcome is None:
                values = zip(names, (column[index] for column in columns), strict=True)
                outcome = known[row] = self._ask(dict(self._rule.params) | dict(values))
            outcomes.append(outcome)
        return outcomes

    def _ask(self, values: Mapping[str, Value]) -> _Judged:
        size = _size(values)
        for smaller, failure in self._exhausted:
            # What is no smaller would take as long in vain; what is smaller must not suffer for it: one
            # component made to exhaust a rule would hide what the rule says of all others.
            if all(map(ge, size, smaller)):
                return failure
        try:
            return self._rule.decide(values)
        except EvaluationError as error:
            failure = _Error(str(error))
            if error.exhausted:
                self._exhausted.append((size, failure))
            return failure


def _size(values: Mapping[str, Value]) -> "_Size":
    """Return what the steps of an evaluation grow with: the number of parts and characters of each value.

    Numbers stand there twice, so that no other one is as large.
    """
    sizes: list[float] = []
    for value in values.values():
        if isinstance(value, str):
            sizes.append(len(value))
        elif isinstance(value, Mapping):
            sizes += (len(value), sum(len(key) + len(one) for key, one in value.items()))
        elif isinstance(value, Sequence):
            sizes += (len(value), sum(map(len, value)))
        else:
            sizes += (value, -value)
    return tuple(sizes)


def _clean(value: Value) -> Value:
    """Escape what CEL cannot hold.

    That is half a surrogate pair, which file names may have, and U+0000, which CEL would take for the end:
    "MIT\\0 and more" would pass as "MIT".
    """
    match value:
        case str():
            if "\0" in value:
                value = value.replace("\0", "\\x00")
            return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
        case list() | tuple():
            return [str(_clean(one)) for one in value]
        case dict():
            return {str(_clean(key)): str(_clean(one)) for key, one in value.items()}
    return value


def _fields(variables: Iterable[str]) -> list[str]:
    """Return those that are fields of records; the others are parameters."""
    return [name for name in variables if name.startswith("r.")]


def _frozen(value: Value) -> object:
    match value:
        case list():
            return tuple(value)
        case dict():
            return tuple(sorted(value.items()))
        case float():  # 0.0 and -0.0 are equal, and not the same
            return repr(value)
    return value


def _findings(
    rule: Rule, table: _Table, outcomes: Sequence[_Judged], result: ScanResult
) -> Iterator[Finding]:
    names = _fields(rule.speaks_by)
    known: dict[tuple[object, ...], _Words] = {}
    failures = []
    for index, (outcome, row) in enumerate(zip(outcomes, table.rows(names), strict=True)):
        if isinstance(outcome, _Error):
            failures.append((table.items[index], outcome))
            continue
        if outcome in _GOOD:
            continue
        words = known.get(row)
        if words is None:
            values = {name: table.column(name)[index] for name in names}
            words = known[row] = _say(rule, dict(rule.params) | values)
        yield _finding(rule, table, index, outcome, words, result)
    for item, failure in failures:
        yield _failure(rule, item, failure, len(failures) - 1, result)


@dataclass(frozen=True, slots=True)
class _Words:
    message: str
    fix: str
    key: str


def _say(rule: Rule, values: Mapping[str, Value]) -> "_Words":
    """Write what a finding says; words that cannot be written change nothing about the outcome."""
    return _Words(
        _shortened(_filled(rule.message, values, rule.title)),
        _shortened(_filled(rule.fix, values, "see the rule")),
        _filled(rule.key, values, "the key", why=False),
    )


def _filled(template: Template, values: Mapping[str, Value], instead: str, *, why: bool = True) -> str:
    try:
        return template.fill(values)
    except EvaluationError as error:
        return f"{instead} (more cannot be said: {error})" if why else instead


def _finding(
    rule: Rule, table: _Table, index: int, outcome: Outcome, words: _Words, result: ScanResult
) -> Finding:
    item, subject, target = table.items[index], rule.subject, result.target
    return Finding(
        fingerprint=fingerprint(rule.id, target.identity, table.keys[index], words.key),
        rule=rule.id,
        severity=rule.severity,
        target=target.identity,
        subject=subject.title(item),
        message=words.message,
        fix=words.fix,
        outcome=outcome,
        enforcement=rule.enforcement,
        why=rule.why,
        target_name=target.name,
        locations=subject.locations(item),
    )


def _failure(rule: Rule, item: Any, failure: _Error, others: int, result: ScanResult) -> Finding:
    """Make the finding of a subject that a rule could not be evaluated for.

    All of a rule have one fingerprint, which no other finding has: no subject has such a key.
    """
    more = f" and {others} more" if others else ""
    title = rule.subject.title(item)
    return Finding(
        fingerprint=fingerprint(rule.id, result.target.identity, "evaluation error"),
        rule=rule.id,
        severity=rule.severity,
        target=result.target.identity,
        subject=title,
        message=_shortened(f"the rule could not be evaluated for {title}{more}: {failure}"),
        fix=f"correct the rule in {rule.file.path}:{rule.mark.line}",
        outcome=Outcome.ERROR,
        enforcement=rule.enforcement,
        why="A rule without an answer is never taken for one that passes.",
        target_name=result.target.name,
        locations=rule.subject.locations(item),
    )


def _tally(rule: Rule, outcomes: Iterable[_Judged]) -> Tally:
    counts = Counter(Outcome.ERROR if isinstance(one, _Error) else one for one in outcomes)
    return Tally(rule.id, tuple((outcome, counts[outcome]) for outcome in Outcome if counts[outcome]))


def _shortened(text: str) -> str:
    line = one_line(" ".join(text[: 10 * _WORDS].split()))
    return line if len(line) <= _WORDS else line[: _WORDS - 1] + "…"


def _order(finding: Finding) -> tuple[bool, int, str]:
    """Sort what counts most to the front: a waiver or doubt about one version must not hide another one."""
    return finding.waiver is not None, _RANKS[finding.outcome], finding.subject


def _first_of_each(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Keep the first of those with one fingerprint: two versions of a package are one question."""
    seen: set[str] = set()
    for finding in findings:
        if finding.fingerprint not in seen:
            seen.add(finding.fingerprint)
            yield finding


def _shown(finding: Finding) -> tuple[int, str, str, str]:
    return finding.severity.rank, finding.rule, finding.subject, finding.message
