"""Times the evaluation of rules beside its peers, in turn: what share of it is ospo's, what is the engine's.

    rules.py [--components N] [--rounds N]

The components are made up, with licences as npm packages have them. Ten rules: the bundled ones about
components, and copies of them under other names. Peers, each left out where it is not installed
(`pip install regopy cel-python`):

- CEL, each rule asked about each record: the same engine, without ospo's sharing of equal records
- Rego, the language of OPA and conftest, by regopy (rego-cpp): all rules in one query for each record
- cel-python, CEL in pure Python: each rule asked about each record, of a tenth of the records

Figures are CPU seconds, medians over rounds.
"""

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from ospo.model import (
    Artifact,
    ArtifactKind,
    Component,
    Location,
    RawLicense,
    ScanResult,
    Target,
    TargetKind,
)
from ospo.policy.evaluate import evaluate
from ospo.policy.load import load_rules
from ospo.policy.rule import Rule

_LICENSES = (
    ("MIT",) * 70 + ("ISC",) * 12 + ("Apache-2.0",) * 8 + ("BSD-3-Clause",) * 6 + ("BSD", "", "AGPL-3.0")
)
_RULES = 10

_REGO = """
package bench
import rego.v1
deny contains "unknown-license" if { input.owned_by == ""; input.state != "known" }
deny contains "denied-license" if { input.owned_by == ""; some one in input.expressions; one in data.denied }
deny contains "no-supplier" if { input.owned_by == ""; input.evidence == "installed"; input.supplier == "" }
"""


def main() -> None:
    """Measure, and print a table with ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--components", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    result, rules = scan(options.components), ten_rules()
    ways: dict[str, Callable[[], float]] = {
        "ospo": lambda: cpu(lambda: evaluate(rules, result, (), date(2026, 1, 1))),
        "CEL, each record": each_record(rules, result),
    }
    if importlib.util.find_spec("regopy"):
        ways["Rego by regopy"] = rego(rules, result)
    if importlib.util.find_spec("celpy"):
        ways["cel-python"] = cel_python(result)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, way in ways.items():
            seconds[name].append(way())
    ours = statistics.median(seconds["ospo"])
    print(f"{options.components} components, {_RULES} rules, CPU seconds, median of {options.rounds} rounds")
    for name, values in seconds.items():
        median = statistics.median(values)
        print(f"{name:<18} {median:8.3f} s   {median / ours:6.1f} x ospo")


def scan(count: int) -> ScanResult:
    """Make a scan of so many components."""
    components = tuple(
        Component(
            type="npm",
            name=f"package-{number}",
            version=f"1.{number % 40}.0",
            licenses=tuple(
                RawLicense(words, "license") for words in (_LICENSES[number % len(_LICENSES)],) if words
            ),
            supplier=f"author {number % 900}" if number % 3 else "",
            locations=(Location(f"app/node_modules/package-{number}/package.json", 3),),
        )
        for number in range(count)
    )
    target = Target("registry:registry.example/app:1", TargetKind.IMAGE, "registry.example/app")
    artifact = Artifact(ArtifactKind.IMAGE, "sha256:" + "0" * 64)
    return ScanResult(target, artifact, components, (), (), None, "2026-01-01T00:00:00Z", "bench")


def ten_rules() -> list[Rule]:
    """Return the bundled rules about components, and copies up to ten."""
    bundled = [rule for rule in load_rules().rules if rule.subject.name == "component"]
    return [
        replace(bundled[n % len(bundled)], id=f"{bundled[n % len(bundled)].id}-{n}") for n in range(_RULES)
    ]


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds that something takes."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def records(result: ScanResult, rules: list[Rule]) -> list[dict[str, Any]]:
    """Return the fields that rules read, of each component."""
    fields = rules[0].subject.fields
    names = sorted({name for rule in rules for name in rule.decides_by if name.startswith("r.")})
    return [{name: fields[name[2:]].read(item) for name in names} for item in result.components]


def each_record(rules: list[Rule], result: ScanResult) -> Callable[[], float]:
    """Ask each rule about each record; making the records counts."""

    def work() -> None:
        for record in records(result, rules):
            for rule in rules:
                rule.decide(record | dict(rule.params))

    return lambda: cpu(work)


def rego(rules: list[Rule], result: ScanResult) -> Callable[[], float]:
    """Ask Rego about each record; its three rules stand for ten, so the time is scaled."""
    import regopy

    denied = next(rule.params["p.denied"] for rule in rules if "p.denied" in rule.params)
    interpreter = regopy.Interpreter()
    interpreter.add_module("bench", _REGO)
    interpreter.add_data({"denied": denied})
    sample = records(result, rules)[:: max(1, len(result.components) // 500)]

    def work() -> None:
        for record in sample:
            short = {name.rpartition(".")[2]: value for name, value in record.items()}
            interpreter.set_input(short)
            interpreter.query("data.bench.deny")

    return lambda: cpu(work) * len(result.components) / len(sample) * _RULES / 3


def cel_python(result: ScanResult) -> Callable[[], float]:
    """Ask one rule in pure Python about a tenth of the records; the time is scaled to all and ten rules."""
    import celpy

    environment = celpy.Environment()
    program = environment.program(environment.compile('r.owned_by == "" && r.state == "known"'))
    sample = result.components[::10]

    def work() -> None:
        for component in sample:
            record = {"owned_by": component.owned_by, "state": "known" if component.licenses else "none"}
            program.evaluate({"r": celpy.json_to_cel(record)})

    return lambda: cpu(work) * len(result.components) / len(sample) * _RULES


if __name__ == "__main__":
    main()
