"""Reading rules: the bundled ones, and those that the user names. Rules are never found by themselves."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ospo.documents.marked import Document, parse
from ospo.documents.schema import Fault, check, kind_of
from ospo.errors import UsageError
from ospo.policy.files import PolicyFile, bundled_rules, named_rules
from ospo.policy.rule import Builder, Rule
from ospo.policy.waivers import WaiverSet, load_waivers


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules that hold, and where they come from."""

    rules: tuple[Rule, ...]
    """By id."""
    files: tuple[PolicyFile, ...]
    """In the order of reading."""
    replaced: tuple[Rule, ...] = ()
    """Bundled rules that a named file replaces by one of the same id."""

    def get(self, id_: str) -> Rule | None:
        """Return the rule of an id."""
        return next((rule for rule in self.rules if rule.id == id_), None)


@dataclass(frozen=True, slots=True)
class Policy:
    """All that decides what a scan means."""

    rules: RuleSet
    waivers: WaiverSet = field(default_factory=WaiverSet)

    @property
    def files(self) -> tuple[PolicyFile, ...]:
        """Every file that it was read from."""
        return (*self.rules.files, *((self.waivers.file,) if self.waivers.file else ()))


def load_policy(rules: Sequence[Path] = (), waivers: Path | None = None) -> Policy:
    """Return the bundled rules, named ones, and a named waiver file.

    Raises:
        UsageError: as `load_rules` and `load_waivers`.
    """
    loaded = load_rules(rules)
    ids = [rule.id for rule in loaded.rules]
    return Policy(loaded, load_waivers(waivers, ids) if waivers else WaiverSet())


def load_rules(named: Sequence[Path] = (), *, bundled: bool = True) -> RuleSet:
    """Return the bundled rules and those of named files and folders.

    A named rule replaces the bundled one of its id.

    Raises:
        UsageError: a file cannot be read or is wrong in any place, two named rules share an id, or there are
            no rules at all. Never fewer rules than the files hold.
    """
    own = list(_rules(bundled_rules(), checked=True)) if bundled else []
    added = list(_rules(named_rules(named), checked=False))
    _refuse_twins(own)
    _refuse_twins(added)
    ids = {rule.id for rule in added}
    _refuse_other_case(own, added)
    kept = [rule for rule in own if rule.id not in ids]
    rules = sorted([*kept, *added], key=lambda rule: rule.id)
    if not rules:
        raise UsageError("there are no rules", hint="name a file or folder that holds rules by --rules")
    files = tuple(dict.fromkeys(rule.file for rule in (*own, *added)))
    return RuleSet(tuple(rules), files, tuple(rule for rule in own if rule.id in ids))


def inspect(file: PolicyFile, data: bytes) -> Iterator[tuple[Document, Rule | None, list[Fault]]]:
    """Yield each document of a rule file, its rule, and all that is wrong with it; for linters.

    Raises:
        UsageError: it is not YAML, or no document of ours.
    """
    for document in _documents(file, data):
        faults = _schema_faults(document)
        builder = None if faults else Builder(document, file)
        rule = builder.build() if builder else None
        yield document, rule, builder.faults if builder else faults


def _rules(files: Iterable[tuple[PolicyFile, bytes]], *, checked: bool) -> Iterator[Rule]:
    """Yield rules; `checked` files were checked against the schema by our own tests."""
    for file, data in files:
        for document in _documents(file, data):
            if not checked and (faults := _schema_faults(document)):
                raise _error(document, faults)
            builder = Builder(document, file)
            rule = builder.build()
            if rule is None:
                raise _error(document, builder.faults)
            yield rule


def _documents(file: PolicyFile, data: bytes) -> list[Document]:
    documents = parse(Path(file.path), data)
    if not documents:
        raise UsageError(f"{file.path}: holds no rule", hint="remove it, or write a rule into it")
    return documents


def _schema_faults(document: Document) -> list[Fault]:
    kind = kind_of(document)
    if kind != "Rule":
        raise document.error(document.mark(("kind",)), f"a {kind} document is no rule", "name it elsewhere")
    return check(document, kind)


def _error(document: Document, faults: list[Fault]) -> UsageError:
    first, *others = faults
    more = f" (and {len(others)} more: `ospo rules lint` lists all)" if others else ""
    return document.error(first.mark, first.message + more, first.hint)


def _refuse_twins(rules: Iterable[Rule]) -> None:
    seen: dict[str, Rule] = {}
    for rule in rules:
        first = seen.setdefault(rule.id.lower(), rule)
        if first is not rule:
            what = "is" if rule.id == first.id else f"is, as {first.id},"
            raise UsageError(
                f"{rule.file.path}:{rule.mark.line}: the rule {rule.id} {what} in {first.file.path} as well",
                hint="give each rule an id of its own, or name one of the files only",
            )


def _refuse_other_case(own: Iterable[Rule], added: Iterable[Rule]) -> None:
    """Refuse what was meant to replace a bundled rule and would stand beside it."""
    ids = {rule.id.lower(): rule.id for rule in own}
    for rule in added:
        meant = ids.get(rule.id.lower(), rule.id)
        if meant != rule.id:
            raise UsageError(
                f"{rule.file.path}:{rule.mark.line}: {rule.id} differs from a bundled rule by case only",
                hint=f"write {meant} to replace that, or give it an id of its own",
            )
