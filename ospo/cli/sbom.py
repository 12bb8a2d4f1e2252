"""`ospo sbom`: the SBOM of an image, folder or stored scan, and nothing else."""

from typing import Any

import click

from ospo.cli.common import common, load_settings, reading
from ospo.cli.output import SUMMARY, Output, parse_outputs, render
from ospo.errors import UsageError


@click.command("sbom")
@click.argument("reference")
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT[=PATH]",
    help="cyclonedx-json (default) or cyclonedx-xml (also @1.6, @1.7); repeatable. Without PATH: stdout.",
)
@click.option("--stored", is_flag=True, help="Take the latest stored scan; REFERENCE is its name or digest.")
@reading
@common
def command(reference: str, outputs: tuple[str, ...], stored: bool, quiet: bool, **flags: Any) -> int:
    """Write the SBOM of what REFERENCE names (as in `ospo scan`), without storing or judging it.

    Exit code 3 when parts could not be checked; the document says so as well.
    """
    wanted = parse_outputs(outputs, all_platforms=flags["all_platforms"]) or (Output("cyclonedx-json"),)
    if any(output.format == SUMMARY for output in wanted):
        raise UsageError("`ospo sbom` writes no summary", hint="use `ospo scan --no-store` for it")
    settings = load_settings(flags, scanned=reference, quiet=quiet)

    from ospo.policy.gate import Gate, combined

    gate = Gate()
    if stored:
        from contextlib import closing

        from ospo.store.database import connect_read_only
        from ospo.store.queries import load_result

        with closing(connect_read_only(settings.database)) as connection:
            results = [load_result(connection, reference, platform=flags["platform"] or "")]
    else:
        from ospo.cli.job import Job, run

        job = Job.of(reference, settings, flags, store=False, quiet=quiet)
        results = [outcome.result for outcome in run(job)]
    for result in results:
        for output in wanted:
            render(output, result, "")
    return combined(gate.exit_code(result, ()) for result in results)
