"""What a person reads in ten seconds: what it is, what is in it, what is not known, where it is stored."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ospo.cli.job import Job, Outcome
from ospo.cli.progress import amount
from ospo.licenses.declared import declare, known
from ospo.model import Artifact, ArtifactKind, FileChecks, FileState, Finding, Problem, ScanResult, Severity
from ospo.policy.files import PolicyFile
from ospo.text import counted, one_line

_MOST_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What is worth telling about one scan beside its result."""

    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    layers_cached: int = 0
    stored: str = ""
    """Path of the database; "" when nothing was stored."""
    new: bool = True
    """False when the same artifact had been stored before."""
    failure: str = ""
    """Why nothing was stored although it should have been."""
    rules: int = 0
    """How many rules were asked."""
    files: tuple[PolicyFile, ...] = ()
    """Where the policy comes from."""
    unused: int = 0
    """Waivers of the file that no finding was given."""

    @classmethod
    def of(cls, outcome: Outcome, job: Job) -> "Told":
        """Take what a job's outcome tells."""
        failure = outcome.unsaved.message if outcome.unsaved else ""
        stored = str(job.settings.database) if job.store and not failure else ""
        return cls(
            outcome.evaluation.findings,
            outcome.seconds,
            outcome.layers_cached,
            stored,
            outcome.new,
            failure,
            len(outcome.policy.rules.rules),
            outcome.policy.files,
            sum(waiver not in outcome.evaluation.used for waiver in outcome.policy.waivers.waivers),
        )


def summary(result: ScanResult, told: Told, *, every_problem: bool = False) -> str:
    """Write the summary; every line but the first starts with what it is about."""
    most = len(result.problems) if every_problem else _MOST_PROBLEMS
    rows = [
        ("is", _subject(result)),
        ("built on", _base(result)),
        ("holds", _components(result)),
        ("licences", _licenses(result)),
        ("files", _files(result.files)),
        ("findings", _findings(told.findings)),
        ("waivers", _waivers(told)),
        ("policy", _policy(told)),
        ("problems", _problems(result.problems, most)),
        ("took", _effort(result, told)),
        ("stored", _stored(told)),
    ]
    lines = [one_line(result.target.name)]
    lines += [f"  {label:<9} {text}" for label, text in rows if text]
    return "\n".join(lines) + "\n"


def _subject(result: ScanResult) -> str:
    artifact = result.artifact
    distro = result.distro
    system = one_line(distro.name or f"{distro.id} {distro.version_id}") if distro else ""
    return ", ".join(part for part in (_kind(artifact), system, one_line(artifact.digest)) if part)


def _base(result: ScanResult) -> str:
    """Tell how much of the image comes with what it was built on."""
    base = result.base
    if base is None:
        return ""
    with_it = sum(
        any(place.layer is not None and place.layer < base.layers for place in component.locations)
        for component in result.components
    )
    layers = counted(len(result.artifact.layers), "layer")
    return f"{one_line(base.name or base.digest)}: {base.layers} of {layers}, {counted(with_it, 'component')}"


def _kind(artifact: Artifact) -> str:
    if artifact.kind is not ArtifactKind.IMAGE:
        return str(artifact.kind)
    size = amount(sum(layer.size for layer in artifact.layers))
    platform = f"{one_line(str(artifact.platform))} " if artifact.platform else ""
    return f"{platform}image of {counted(len(artifact.layers), 'layer')}, {size}"


def _components(result: ScanResult) -> str:
    by_type = Counter(component.type for component in result.components)
    kinds = ", ".join(f"{count} {one_line(type_)}" for type_, count in by_type.most_common())
    owned = sum(bool(component.owned_by) for component in result.components)
    note = f"; {owned} of them installed by other packages" if owned else ""
    return f"{counted(len(result.components), 'component')}{': ' if kinds else ''}{kinds}{note}"


def _licenses(result: ScanResult) -> str:
    if not result.components:
        return ""
    states = Counter(
        "known" if known(declare(c.licenses)) else "unclear" if c.licenses else "not stated"
        for c in result.components
    )
    return ", ".join(
        f"{states[state]} {state}" for state in ("known", "unclear", "not stated") if states[state]
    )


def _files(files: FileChecks | None) -> str:
    """Tell how the files of packages were found, where somebody asked for it."""
    if files is None:
        return ""
    states = Counter(str(file.state) for file in files.others)
    others = [f"{states[state]} {state}" for state in FileState if states[state]]
    others += [f"{files.unlisted} more not as installed"] if files.unlisted else []
    left_out = [f"{files.left_out} left out on purpose"] if files.left_out else []
    return ", ".join([f"{files.intact} as installed", *others, *left_out])


def _findings(findings: Iterable[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity]) or "none"


def _waivers(told: Told) -> str:
    """Tell how many of the findings are waived, and which waivers are over, or for nothing here."""
    waived, expired = 0, 0
    for finding in told.findings:
        waived += finding.waiver is not None
        expired += finding.expired is not None
    parts = [f"{waived} of them waived"] if waived else []
    parts += [f"{expired} open again: their waivers have expired"] if expired else []
    parts += [f"{counted(told.unused, 'waiver')} of the file for nothing here"] if told.unused else []
    return ", ".join(parts)


def _policy(told: Told) -> str:
    """Name what decided beside the bundled rules, so that a log shows which version of it did."""
    named = [f"{one_line(file.path)} (sha256 {file.sha256[:12]}…)" for file in told.files if not file.bundled]
    return ", ".join([counted(told.rules, "rule"), *named]) if told.rules else ""


def _problems(problems: tuple[Problem, ...], most: int) -> str:
    if not problems:
        return "none"
    ordered = sorted(problems, key=lambda problem: (not problem.blocking, problem))
    lines = [f"{len(problems)}" + (", the scan is incomplete" if ordered[0].blocking else "")]
    for problem in ordered[:most]:
        mark = "!" if problem.blocking else "-"
        lines.append(f"            {mark} {one_line(problem.where)}: {one_line(problem.message)}")
        if problem.hint:
            lines.append(f"              hint: {one_line(problem.hint)}")
    if len(problems) > most:
        lines.append(f"            … and {len(problems) - most} more; -v lists all of them")
    return "\n".join(lines)


def _effort(result: ScanResult, told: Told) -> str:
    layers = len(result.artifact.layers)
    note = f", {told.layers_cached} of {layers} layers known from earlier scans" if layers else ""
    return f"{told.seconds:.1f} s{note}"


def _stored(told: Told) -> str:
    if told.failure:
        return f"nothing: {one_line(told.failure)}"
    if not told.stored:
        return "nothing (--no-store)"
    return one_line(told.stored) + ("" if told.new else " (seen before: noted that it is still there)")
