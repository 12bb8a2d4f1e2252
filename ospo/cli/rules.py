"""`ospo rules`: what is asked of every scan, and trying it out."""

from typing import TYPE_CHECKING, Any

import click

from ospo.cli import rules_apply, rules_check
from ospo.cli.common import common, deciding, load_settings, table_or_json
from ospo.cli.output import json_text, show
from ospo.cli.table import table
from ospo.errors import UsageError
from ospo.text import closest, one_line

if TYPE_CHECKING:
    from ospo.policy.load import RuleSet
    from ospo.policy.rule import Rule


@click.group("rules")
def command() -> None:
    """Show, try out and apply the rules that scans are judged by.

    A rule is one YAML file with its own tests; docs/rules.md tells how to write one.
    """


@command.command("list")
@table_or_json
@deciding
@common
def list_rules(format_: str, **flags: Any) -> None:
    """List the rules that hold here, with the file of each."""
    rules = _rules(flags)
    if format_ == "json":
        show(json_text([_summary(rule) for rule in rules.rules]))
        return
    rows = [
        (
            rule.id,
            str(rule.severity),
            str(rule.enforcement),
            "bundled" if rule.file.bundled else rule.file.path,
        )
        for rule in rules.rules
    ]
    show(table(("RULE", "SEVERITY", "ENFORCED", "FROM"), rows) + "\n")


@command.command("explain")
@click.argument("rule_id", metavar="RULE")
@click.option("--source", is_flag=True, help="Print the rule as it stands in its file.")
@deciding
@common
def explain(rule_id: str, source: bool, **flags: Any) -> None:
    """Tell what RULE asks, why, and what to do about a finding."""
    rules = _rules(flags)
    rule = rules.get(rule_id)
    if rule is None:
        meant = closest(rule_id, [one.id for one in rules.rules])
        hint = f"did you mean {meant}? " if meant else ""
        raise UsageError(f"there is no rule {rule_id[:60]!r}", hint=f"{hint}`ospo rules list` lists them")
    show(rule.text.rstrip() + "\n" if source else _explained(rule))


@command.command("fields")
@click.argument("subject", required=False)
@table_or_json
@common
def fields(subject: str | None, format_: str, **flags: Any) -> None:
    """List the fields of records that rules may name, of one SUBJECT or of all."""
    del flags  # no setting changes the list
    from ospo.policy.subjects import SUBJECTS

    if subject is not None and subject not in SUBJECTS:
        meant = closest(subject, SUBJECTS)
        hint = f"did you mean {meant}?" if meant else f"known are {', '.join(SUBJECTS)}"
        raise UsageError(f"there is no subject {subject[:60]!r}", hint=hint)
    rows = [
        (one.name, f"r.{name}", field.type.value, field.about)
        for one in SUBJECTS.values()
        if subject in (None, one.name)
        for name, field in one.fields.items()
    ]
    if format_ == "json":
        names = ("subject", "field", "type", "about")
        show(json_text([dict(zip(names, row, strict=True)) for row in rows]))
    else:
        show(table(("SUBJECT", "FIELD", "TYPE", "WHAT IT HOLDS"), rows) + "\n")


for added in (rules_check.test, rules_check.lint, rules_apply.apply):
    command.add_command(added)


def _rules(flags: dict[str, Any]) -> "RuleSet":
    settings = load_settings(flags, quiet=flags["quiet"])

    from ospo.cli.policy import policy_of

    return policy_of(settings, quiet=flags["quiet"]).rules


def _summary(rule: "Rule") -> dict[str, object]:
    return {
        "id": rule.id,
        "version": rule.version,
        "title": rule.title,
        "subject": rule.subject.name,
        "severity": rule.severity,
        "enforcement": rule.enforcement,
        "why": rule.why,
        "references": rule.references,
        "params": {name.removeprefix("p."): value for name, value in rule.params.items()},
        "tests": len(rule.tests),
        "path": rule.file.path,
        "sha256": rule.file.sha256,
        "bundled": rule.file.bundled,
    }


def _explained(rule: "Rule") -> str:
    rows = [
        ("asks", f"every {rule.subject.name}: {rule.subject.about}"),
        ("severity", str(rule.severity)),
        ("enforced", _ENFORCEMENT[str(rule.enforcement)]),
        ("why", rule.why),
        ("reads", ", ".join(name for name in rule.decides_by if name.startswith("r."))),
        *(("param", f"{name} = {_value(value)}") for name, value in rule.params.items()),
        *(("see", reference) for reference in rule.references),
        *(("test", f"{test.name}: {test.expect}") for test in rule.tests),
        ("file", f"{rule.file.path}:{rule.mark.line} (sha256 {rule.file.sha256})"),
    ]
    title = f"{rule.id}, version {rule.version}: {one_line(rule.title)}\n\n"
    return title + table(("", ""), rows).lstrip("\n") + "\n"


_ENFORCEMENT = {
    "audit": "audit: findings are recorded, and pass every gate",
    "warn": "warn: findings are pointed out, and pass every gate",
    "enforce": "enforce: findings fail a gate whose --fail-on they reach",
}


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
