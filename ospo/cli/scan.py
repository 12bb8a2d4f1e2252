"""`ospo scan`: read an image, folder or SBOM, store what is in it, report, and judge."""

import sys
from collections.abc import Callable
from typing import Any

import click

from ospo.cli.common import common, load_settings, reading
from ospo.cli.output import SUMMARY, parse_outputs, render
from ospo.model import Severity

_OPTIONS = (
    click.option(
        "-o",
        "--output",
        "outputs",
        multiple=True,
        metavar="FORMAT[=PATH]",
        help="summary, cyclonedx-json or cyclonedx-xml (also @1.6, @1.7); repeatable. Without PATH: stdout.",
    ),
    click.option("--fail-on", type=click.Choice([str(s) for s in Severity]), help="Exit 1 on such findings."),
    click.option("--strict", is_flag=True, default=None, help="Any problem makes the scan incomplete."),
    click.option(
        "--allow-incomplete", is_flag=True, default=None, help="Do not exit 3 when parts were not checked."
    ),
    click.option("--no-store", is_flag=True, help="Write nothing to the database."),
)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("scan")
@click.argument("reference")
@_options
@reading
@common
def command(reference: str, outputs: tuple[str, ...], no_store: bool, quiet: bool, **flags: Any) -> int:
    """Scan what REFERENCE names.

    \b
    registry.example/app:1.0    an image in a registry (also registry:…)
    oci-dir:PATH[:TAG]          an OCI layout; oci-archive:PATH for one in a tar
    docker-archive:PATH         what `docker save` writes
    docker:IMAGE, podman:IMAGE  an image of the local engine
    dir:PATH                    a project folder or root file system
    sbom:PATH                   a CycloneDX or SPDX document
    ./PATH                      whichever of these lies there
    """
    wanted = parse_outputs(outputs, all_platforms=flags["all_platforms"])
    settings = load_settings(flags, scanned=reference, quiet=quiet)

    from ospo.cli.job import Job, run
    from ospo.cli.summary import Told, summary
    from ospo.policy.gate import Gate, combined

    job = Job.of(reference, settings, flags, store=not no_store, quiet=quiet)
    gate = Gate(settings.scan.fail_on, settings.scan.strict, settings.scan.allow_incomplete)
    # The summary is for people: it keeps out of the way of a report on stdout.
    show = not quiet and all(output.path and output.format != SUMMARY for output in wanted)
    codes = []
    for outcome in run(job):
        text = summary(outcome.result, Told.of(outcome, job))
        for output in wanted:
            render(output, outcome.result, text)
        if show:
            sys.stdout.write(text)
            sys.stdout.flush()
        codes.append(gate.exit_code(outcome.result, outcome.findings))
    return combined(codes)
