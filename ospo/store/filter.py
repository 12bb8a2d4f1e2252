"""The filter language of findings, for `ospo findings --filter` and the terminal UI alike.

    sev:high,critical rule:license !fixed requests age:>7d

Words are joined by "and". A word alone is part of what is shown; `open`, `waived` and `fixed` alone mean
the state. `key:value` asks one column, a comma between values means "or". `!` negates. Quotes keep blanks,
and make a word of what would mean something else: "waived".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ospo.errors import UsageError
from ospo.model import Enforcement, Outcome, Severity, State
from ospo.text import closest, printable

MAX_LENGTH = 1000
"""Characters of a filter."""
_MAX_TERMS = 30

_TERM = re.compile(
    r"""\s*(?P<no>!?)(?:(?P<key>[A-Za-z]+):(?P<compare>[<>]=?)?)?(?P<value>(?:"[^"]*"|[^\s"])+|)"""
)
_AGE = re.compile(r"([0-9]{1,5})([hdwmy])")
_SECONDS = {"h": 3600, "d": 86400, "w": 7 * 86400, "m": 30 * 86400, "y": 365 * 86400}

_COMPARE = {"": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter as SQL over the table `finding`: fixed words only, every value is a parameter."""

    where: str
    parameters: Mapping[str, str | int]
    states: bool = False
    """Whether it says which states are wanted."""


@dataclass(frozen=True, slots=True)
class Key:
    """What may stand before a colon."""

    about: str
    write: Callable[["_Parser", str, str], str]
    """Makes SQL of a comparison and a value."""
    compares: bool = False
    """Whether < and > mean something."""


def state_is(state: State) -> str:
    """Return SQL for the state that findings have at `:now`: a waiver that expired since opens them."""
    match state:
        case State.OPEN:
            return "(finding.state = 'open' OR (finding.state = 'waived' AND finding.waived_until <= :now))"
        case State.WAIVED:
            return "(finding.state = 'waived' AND finding.waived_until > :now)"
    return "finding.state = 'fixed'"


def parse(text: str, now: int) -> Condition:
    """Read a filter; `now` is in seconds since 1970.

    Raises:
        UsageError: a key or value makes no sense, or the filter is too long.
    """
    return _Parser(text, now).condition()


class _Parser:
    def __init__(self, text: str, now: int) -> None:
        if len(text) > MAX_LENGTH:
            raise UsageError(f"the filter is longer than {MAX_LENGTH} characters", hint="shorten it")
        if printable(text) != text:  # half a surrogate pair, which SQLite cannot hold, or U+0000
            raise UsageError(f"the filter holds what is no text: {printable(text)[:40]!r}")
        self._text = text
        self._parameters: dict[str, str | int] = {"now": now}
        self._states = False

    def condition(self) -> Condition:
        terms = []
        at, end = 0, len(self._text.rstrip())
        while at < end:
            match = _TERM.match(self._text, at)
            if match is None or match.end() == at or not (match["value"] or match["key"]):
                raise UsageError(
                    f"the filter makes no sense from {self._text[at : at + 20]!r} on", hint=_HINT
                )
            terms.append(self._term(match))
            at = match.end()
        if len(terms) > _MAX_TERMS:
            raise UsageError(f"the filter has more than {_MAX_TERMS} words", hint="shorten it")
        return Condition(" AND ".join(terms) or "true", self._parameters, self._states)

    def _term(self, match: re.Match[str]) -> str:
        key, value = match["key"], match["value"]
        sql = self._word(value) if key is None else self._keyed(key, match["compare"] or "", value)
        return f"NOT ({sql})" if match["no"] else f"({sql})"

    def _word(self, value: str) -> str:
        if value in tuple(State):
            return self.state("", value)
        if not _unquoted(value):
            raise UsageError("the filter has quotes with nothing in them", hint=_HINT)
        pattern = self.pattern(value)
        return " OR ".join(f"{column} LIKE {pattern} ESCAPE '\\'" for column in _SEARCHED)

    def _keyed(self, name: str, compare: str, value: str) -> str:
        key = KEYS.get(_SHORT.get(name, name))
        if key is None:
            meant = closest(name, KEYS)
            raise UsageError(
                f"a filter has no key {name!r}", hint=f"did you mean {meant}?" if meant else _HINT
            )
        if compare and not key.compares:
            raise UsageError(f"{name} cannot be compared by {compare}", hint=f"write {name}:VALUE")
        values = [_unquoted(one) for one in re.findall(r'(?:"[^"]*"|[^,"])+', value)]
        if not values or "" in values:
            raise UsageError(f"{name}: has no value", hint=f"write {name}:VALUE: {key.about}")
        if compare and len(values) > 1:
            raise UsageError(f"{name}:{compare} takes one value", hint=f"write {name}:{compare}VALUE")
        return " OR ".join(f"({key.write(self, compare, one)})" for one in values)

    def parameter(self, value: str | int) -> str:
        """Keep a value; return the name that stands for it."""
        name = f"f{len(self._parameters)}"
        self._parameters[name] = value
        return f":{name}"

    def pattern(self, text: str) -> str:
        """Keep a text to look for inside others."""
        escaped = re.sub(r"([\\%_])", r"\\\1", _unquoted(text))
        return self.parameter(f"%{escaped}%")

    def part(self, *columns: str) -> str:
        """Return SQL that looks for a text, kept before as the last parameter, in columns."""
        name = f":f{len(self._parameters) - 1}"
        return " OR ".join(f"{column} LIKE {name} ESCAPE '\\'" for column in columns)

    def state(self, compare: str, value: str) -> str:
        del compare
        self._states = True
        return state_is(State(_one_of("state", value, tuple(State))))

    def severity(self, compare: str, value: str) -> str:
        wanted = Severity(_one_of("severity", value, tuple(Severity)))
        # Worse is more: sev:>=high are critical and high.
        tests: dict[str, Callable[[Severity], bool]] = {
            "": lambda one: one is wanted,
            ">": lambda one: one.rank < wanted.rank,
            ">=": lambda one: one.rank <= wanted.rank,
            "<": lambda one: one.rank > wanted.rank,
            "<=": lambda one: one.rank >= wanted.rank,
        }
        names = [self.parameter(str(one)) for one in Severity if tests[compare](one)]
        return f"finding.severity IN ({', '.join(names)})"

    def age(self, compare: str, value: str) -> str:
        match = _AGE.fullmatch(value)
        if match is None:
            raise UsageError(f"age: {value!r} is no time", hint="write it as 12h, 7d, 4w, 6m or 1y")
        seconds = int(match[1]) * _SECONDS[match[2]]
        return f":now - finding.first_seen {_COMPARE[compare or '>=']} {self.parameter(seconds)}"


def _words(*columns: str) -> Callable[[_Parser, str, str], str]:
    def write(parser: _Parser, compare: str, value: str) -> str:
        del compare
        parser.pattern(f'"{value}"')
        return parser.part(*columns)

    return write


def _exactly(column: str, name: str, allowed: tuple[str, ...]) -> Callable[[_Parser, str, str], str]:
    def write(parser: _Parser, compare: str, value: str) -> str:
        del compare
        return f"{column} = {parser.parameter(str(_one_of(name, value, allowed)))}"

    return write


def _license(parser: _Parser, compare: str, value: str) -> str:
    del compare
    parser.pattern(f'"{value}"')
    return _OF_LICENSE.format(condition=parser.part("license.words"))


_SEARCHED = ("finding.rule", "finding.target_identity", "finding.subject", "finding.message")

_OF_LICENSE = """
EXISTS (SELECT 1 FROM component
  JOIN artifact_component AS link ON link.component_id = component.id
  JOIN component_detail ON component_detail.id = link.detail_id
  JOIN license ON license.id = component_detail.license_id
  WHERE component.key = finding.subject AND ({condition}))
"""

KEYS: Mapping[str, Key] = {
    "severity": Key("critical, high, medium, low or info; > is worse", _Parser.severity, compares=True),
    "rule": Key("part of the rule's id", _words("finding.rule")),
    "target": Key("part of the target's name", _words("finding.target_identity")),
    "component": Key("part of the component, or of what else it is about", _words("finding.subject")),
    "license": Key("part of the declared license words", _license),
    "message": Key("part of the message", _words("finding.message")),
    "state": Key("open, waived or fixed", _Parser.state),
    "outcome": Key(
        "fail, warn, unknown or error", _exactly("finding.outcome", "outcome", tuple(map(str, Outcome)))
    ),
    "enforcement": Key(
        "audit, warn or enforce",
        _exactly("finding.enforcement", "enforcement", tuple(map(str, Enforcement))),
    ),
    "fingerprint": Key("part of the fingerprint", _words("finding.fingerprint")),
    "age": Key("time since it was first seen: 7d is at least seven days", _Parser.age, compares=True),
}
"""Every key, by name."""

_SHORT = {"sev": "severity"}
_HINT = f"keys are {', '.join(KEYS)}; a word alone is looked for everywhere"


def _unquoted(text: str) -> str:
    return text.replace('"', "")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        meant = closest(value, allowed)
        hint = f"did you mean {meant}?" if meant else f"known are {', '.join(allowed)}"
        raise UsageError(f"{name}: {value[:40]!r} is not known", hint=hint)
    return value
