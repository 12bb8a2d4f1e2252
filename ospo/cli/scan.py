"""`ospo scan`: read an image, folder or SBOM, store what is in it, report, and judge."""

import shlex
from collections.abc import Callable
from typing import Any

import click

from ospo.cli.common import common, deciding, fail_on, load_settings, reading
from ospo.cli.output import SUMMARY, parse_outputs

_OPTIONS = (
    click.option(
        "-o",
        "--output",
        "outputs",
        multiple=True,
        metavar="FORMAT[=PATH]",
        help="summary, json, sarif, cyclonedx-json or cyclonedx-xml (also @1.6, @1.7); repeatable. "
        "Without PATH: stdout.",
    ),
    fail_on,
    click.option(
        "--verify-files",
        is_flag=True,
        help="Compare files with what dpkg, apk and rpm noted about them.",
    ),
    click.option("--no-store", is_flag=True, help="Leave the database alone."),
)


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("scan")
@click.argument("reference")
@_options
@reading
@deciding
@common
def command(reference: str, outputs: tuple[str, ...], no_store: bool, quiet: bool, **flags: Any) -> int:
    """Scan what REFERENCE names, store the result, and print a summary.

    \b
    registry.example/app:1.0    an image in a registry (also registry:IMAGE)
    docker:IMAGE, podman:IMAGE  an image of the local engine
    oci-dir:PATH[:TAG]          an image in an OCI layout
    oci-archive:PATH[:TAG]      the same in a tar
    docker-archive:PATH[:NAME]  what `docker save` writes
    archive:PATH[:NAME]         whichever of the two it is
    dir:PATH                    a project folder or root file system
    sbom:PATH                   a CycloneDX or SPDX document
    ./PATH, ../PATH, /PATH      whatever lies there

    \b
    Examples:
      ospo scan debian:12 --fail-on high
      ospo scan oci-dir:build/image -o cyclonedx-json=sbom.json
      ospo scan registry.example/app:1.0 --all-platforms -o cyclonedx-json=sbom-{platform}.json

    Exit codes: 0 clean; 1 a finding at or above --fail-on; 2 usage or configuration; 3 could not be
    checked completely, or not be stored or written; 4 target not found or unreadable.
    """
    wanted = parse_outputs(outputs, all_platforms=flags["all_platforms"])
    settings = load_settings(flags, scanned=reference, quiet=quiet)

    from ospo.cli.delivery import Delivery
    from ospo.cli.job import Job, run
    from ospo.cli.summary import Told, summary
    from ospo.policy.gate import Gate

    job = Job.of(reference, settings, flags, store=not no_store, quiet=quiet)
    gate = Gate(settings.scan.fail_on, settings.scan.strict, settings.scan.allow_incomplete)
    listing = "ospo findings" + (f" --db {shlex.quote(flags['db'])}" if flags["db"] else "")
    delivery = Delivery(wanted, gate, listing, several=job.all_platforms, quiet=quiet)
    # The summary is for people: it keeps out of the way of a report on stdout, and of itself.
    shown = all(output.path and output.format != SUMMARY for output in wanted)
    for outcome in run(job):
        delivery.take(
            outcome.result,
            outcome.evaluation,
            outcome.policy,
            summary=summary(outcome.result, Told.of(outcome, job), every_problem=flags["verbose"] > 0),
            shown=shown,
            stored=job.store and outcome.unsaved is None,
            unsaved=outcome.unsaved,
        )
    return delivery.code
