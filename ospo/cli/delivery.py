"""What `scan` and `sbom` do with each result: write the reports, say what went wrong, keep the exit code."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ospo.cli.output import Output, show, write_all
from ospo.cli.stderr import explain
from ospo.errors import OspoError
from ospo.model import Finding, ScanResult
from ospo.policy.gate import CLEAN, INCOMPLETE, VIOLATION, Gate, Verdict, combined


@dataclass(slots=True)
class Delivery:
    """Takes results one by one."""

    outputs: Sequence[Output]
    gate: Gate
    listing: str = "ospo findings"
    """The command that lists stored findings."""
    several: bool = False
    """Whether results differ by their platform only, so that messages name it."""
    _codes: list[int] = field(default_factory=list)
    _written: set[Path] = field(default_factory=set)

    @property
    def code(self) -> int:
        """The exit code of everything that was taken."""
        return combined(self._codes)

    def take(
        self,
        result: ScanResult,
        findings: Sequence[Finding] = (),
        *,
        summary: str = "",
        shown: bool = False,
        stored: bool = False,
        unsaved: OspoError | None = None,
    ) -> None:
        """Write the reports of one result, tell on stderr why its code is not 0, and note the code.

        `summary` is what `-o summary` writes; it goes to stdout if `shown`. What cannot be written or stored
        keeps nothing else from being written.
        """
        failures: list[OspoError] = [unsaved] if unsaved else []
        failures += write_all(self.outputs, result, summary, self._written)
        try:
            show(summary if shown else "")
        except OspoError as error:
            failures.append(error)
        for failure in failures:
            explain(failure)
        verdict = self.gate.judge(result, findings)
        self._explain(verdict, result, stored=stored)
        self._codes += [verdict.code, INCOMPLETE if failures else CLEAN]

    def _explain(self, verdict: Verdict, result: ScanResult, *, stored: bool) -> None:
        name = result.target.name
        if self.several and result.artifact.platform:
            name += f" ({result.artifact.platform})"
        if verdict.code == VIOLATION:
            count = len(verdict.violations)
            noun = "finding" if count == 1 else "findings"
            listing = f"`{self.listing} --target {shlex.quote(result.target.name)}`"
            hint = (
                f"{listing} lists them"
                if stored
                else "`ospo findings` lists what is stored: the scan was not"
            )
            explain(OspoError(f"{name}: {count} {noun} at or above {self.gate.fail_on}", hint=hint))
        elif verdict.code == INCOMPLETE:
            explain(_incomplete(verdict, name))


def _incomplete(verdict: Verdict, name: str) -> OspoError:
    first = min(verdict.problems, key=lambda problem: (not problem.blocking, problem))
    others = f" (and {len(verdict.problems) - 1} more)" if len(verdict.problems) > 1 else ""
    return OspoError(
        f"{name}: not checked completely: {first.where}: {first.message}{others}",
        hint="; ".join(filter(None, (first.hint, "--allow-incomplete accepts what could not be checked"))),
    )
