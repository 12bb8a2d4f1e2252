"""What `scan` and `sbom` do with each result: write the reports, say what went wrong, keep the exit code."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ospo.cli.output import Output, show, write_all
from ospo.cli.stderr import explain, put
from ospo.cli.verdict import expired, expired_lines, explained, not_told_by_problems
from ospo.errors import OspoError
from ospo.model import Finding, ScanResult, Waiver
from ospo.policy.gate import CLEAN, INCOMPLETE, VIOLATION, Gate, Verdict, combined
from ospo.text import counted, one_line

if TYPE_CHECKING:  # what judges is not imported for an SBOM
    from ospo.policy.evaluate import Evaluation
    from ospo.policy.load import Policy
    from ospo.reports.interface import Judged


@dataclass(slots=True)
class Delivery:
    """Takes results one by one."""

    outputs: Sequence[Output]
    gate: Gate
    listing: str = "ospo findings"
    """The command that lists stored findings."""
    several: bool = False
    """Whether results differ by their platform only, so that messages name it."""
    quiet: bool = False
    """Tell why the exit code is not 0, and nothing else."""
    _codes: list[int] = field(default_factory=list)
    _written: set[Path] = field(default_factory=set)
    _expired: set[Waiver] = field(default_factory=set)
    """Those that were told of."""

    @property
    def code(self) -> int:
        """The exit code of everything that was taken."""
        return combined(self._codes)

    def take(
        self,
        result: ScanResult,
        evaluation: "Evaluation | None" = None,
        policy: "Policy | None" = None,
        *,
        summary: str = "",
        shown: bool = False,
        stored: bool = False,
        unsaved: OspoError | None = None,
    ) -> None:
        """Write the reports of one result, tell on stderr why its code is not 0, and note the code.

        Without evaluation and policy it is judged by its problems only. `summary` is what `-o summary`
        writes; it goes to stdout if `shown`. What cannot be written or stored keeps nothing else from being
        written.
        """
        judged = self._judged(result, evaluation, policy)
        failures: list[OspoError] = [unsaved] if unsaved else []
        failures += write_all(self.outputs, result, summary, self._written, judged)
        try:
            show(summary if shown else "")
        except OspoError as error:
            failures.append(error)
        for failure in failures:
            explain(failure)
        verdict = judged.verdict if judged else self.gate.judge(result, ())
        self._explain(verdict, result, stored=stored)
        if evaluation and not (self.quiet and verdict.code == CLEAN):
            self._tell_expired(evaluation.findings)
        self._codes += [verdict.code, INCOMPLETE if failures else CLEAN]

    def _judged(
        self, result: ScanResult, evaluation: "Evaluation | None", policy: "Policy | None"
    ) -> "Judged | None":
        if evaluation is None or policy is None:
            return None
        from ospo.reports.interface import Judged

        return Judged.of(result, evaluation, policy, self.gate)

    def _explain(self, verdict: Verdict, result: ScanResult, *, stored: bool) -> None:
        name = result.target.name
        if self.several and result.artifact.platform:
            name += f" ({result.artifact.platform})"
        listing = self._listing(result, stored=stored)
        if verdict.code == VIOLATION:
            count = counted(len(verdict.violations), "finding")
            message = f"{name}: {count} at or above {self.gate.fail_on}"
            _tell(message, explained(verdict.violations), listing)
        if verdict.code != INCOMPLETE:
            return
        if verdict.problems:
            explain(_incomplete(verdict, name))
        if undecided := not_told_by_problems(verdict):
            message = f"{name}: {counted(len(undecided), 'finding')} could not be decided"
            hint = f"{listing}; --allow-incomplete accepts what could not be decided"
            _tell(message, explained(undecided), hint)

    def _listing(self, result: ScanResult, *, stored: bool) -> str:
        if not stored:
            return "`ospo findings` lists what is stored: the scan was not"
        return f"`{self.listing} --target {shlex.quote(result.target.name)}` lists them"

    def _tell_expired(self, findings: Sequence[Finding]) -> None:
        """Tell of each waiver once, however many platforms have what it meant."""
        waivers = [waiver for waiver in expired(findings) if waiver not in self._expired]
        if waivers:
            self._expired.update(waivers)
            message = f"{counted(len(waivers), 'waiver')} {'has' if len(waivers) == 1 else 'have'} expired"
            hint = "renew what is still accepted, and remove the others"
            _tell(message, expired_lines(waivers), hint)


def _tell(message: str, details: Sequence[str], hint: str) -> None:
    lines = (f"ospo: {one_line(message)}", *details, f"  hint: {one_line(hint)}")
    put(sys.stderr, "".join(f"{line}\n" for line in lines))


def _incomplete(verdict: Verdict, name: str) -> OspoError:
    first = min(verdict.problems, key=lambda problem: (not problem.blocking, problem))
    others = f" (and {len(verdict.problems) - 1} more)" if len(verdict.problems) > 1 else ""
    return OspoError(
        f"{name}: not checked completely: {first.where}: {first.message}{others}",
        hint="; ".join(filter(None, (first.hint, "--allow-incomplete accepts what could not be checked"))),
    )
