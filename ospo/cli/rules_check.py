"""`ospo rules test` and `ospo rules lint`: is a rule right, before it judges anything."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ospo.cli.common import common, load_settings
from ospo.cli.output import show
from ospo.cli.policy import near
from ospo.errors import UsageError
from ospo.text import counted, one_line

if TYPE_CHECKING:
    from ospo.policy.files import PolicyFile
    from ospo.policy.rule import Rule

_FAILED = 1


@click.command("test")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--rule", default="", metavar="RULE", help="Run the tests of this rule only.")
@common
def test(paths: tuple[str, ...], rule: str, **flags: Any) -> int:
    """Run the tests that stand in rule files: those of PATHs, or of the rules that hold here.

    Exit codes: 0 all pass; 1 one fails; 2 a rule cannot be loaded.
    """
    from ospo.policy.load import load_rules
    from ospo.policy.rule_tests import run_tests

    settings = load_settings(flags, quiet=flags["quiet"])
    named = tuple(map(Path, paths)) or tuple(map(near, settings.rules))
    rules = [one for one in load_rules(named, bundled=not paths).rules if rule in ("", one.id)]
    if not rules:
        raise UsageError(f"there is no rule {rule[:60]!r}", hint="`ospo rules list` lists them")
    results = [result for one in rules for result in run_tests(one)]
    failed = [result for result in results if result.failure]
    lines = []
    for result in failed:
        place = f"{result.rule.file.path}:{result.test.mark.line}"
        lines.append(one_line(f"{place}: {result.rule.id}: {result.test.name}: {result.failure}"))
    count = counted(len(rules), "rule")
    lines.append(f"{len(results) - len(failed)} passed, {len(failed)} failed in {count}")
    show("\n".join(lines) + "\n")
    return _FAILED if failed else 0


@click.command("lint")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@common
def lint(paths: tuple[str, ...], **flags: Any) -> int:
    """List all that is wrong or doubtful in rule files: those of PATHs, or the rules that hold here.

    Exit codes: 0 nothing; 1 something; 2 a file cannot be read.
    """
    from ospo.policy.files import bundled_rules, named_rules

    settings = load_settings(flags, quiet=flags["quiet"])
    named = tuple(map(Path, paths)) or tuple(map(near, settings.rules))
    files = [*named_rules(named), *([] if paths else bundled_rules())]
    remarks = [remark for file, data in files for remark in _remarks(file, data)] or _together(named)
    number = counted(len(remarks), "remark") if remarks else "no remarks"
    last = f"{number} on {counted(len(files), 'file')}"
    show("\n".join([*map(one_line, remarks), last]) + "\n")
    return _FAILED if remarks else 0


def _together(named: tuple[Path, ...]) -> list[str]:
    """Return what keeps files from being used together that are right one by one: ids that stand twice."""
    from ospo.policy.load import load_rules

    try:
        load_rules(named)
    except UsageError as error:
        return [_written(error)]
    return []


def _written(error: UsageError) -> str:
    return f"{error.message}{f' ({error.hint})' if error.hint else ''}"


def _remarks(file: "PolicyFile", data: bytes) -> Iterator[str]:
    """Yield `file:line:column: what`, of a file that is no YAML the first thing only."""
    from ospo.policy.load import inspect

    try:
        for document, rule, faults in inspect(file, data):
            for fault in faults:
                hint = f" ({fault.hint})" if fault.hint else ""
                yield f"{file.path}:{fault.mark.line}:{fault.mark.column}: {fault.message}{hint}"
            if rule is not None:
                mark = document.mark(())
                yield from (f"{file.path}:{mark.line}:{mark.column}: {doubt}" for doubt in _doubts(rule))
    except UsageError as error:
        yield _written(error)


def _doubts(rule: "Rule") -> Iterator[str]:
    """Yield what is allowed and mostly a mistake."""
    expected = {str(test.expect) for test in rule.tests}
    if not expected & {"fail", "warn", "unknown"}:
        yield f"{rule.id}: no test expects a finding"
    if not expected & {"pass", "skip"}:
        yield f"{rule.id}: no test expects that the rule passes"
    used = {*rule.decides_by, *rule.speaks_by}
    yield from (f"{rule.id}: the parameter {name} is never used" for name in rule.params if name not in used)
    if not any(name.startswith("r.") for name in rule.decides_by):
        yield f"{rule.id}: its outcome is the same for every {rule.subject.name}"
    if any(test.expect == "error" for test in rule.tests):
        yield f"{rule.id}: a test expects an error, which no gate lets pass"
