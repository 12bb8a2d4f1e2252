"""`ospo sbom`: the SBOM of an image, folder or stored scan, and nothing else."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ospo.cli.common import common, load_settings, reading
from ospo.cli.output import JUDGED, SUMMARY, Output, parse_outputs
from ospo.errors import UsageError

if TYPE_CHECKING:
    from ospo.config import Settings
    from ospo.model import ScanResult


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
@click.option("--stored", is_flag=True, help="Write the latest stored scan of REFERENCE, or of a digest.")
@reading
@common
def command(reference: str, outputs: tuple[str, ...], stored: bool, quiet: bool, **flags: Any) -> int:
    """Write the SBOM of what REFERENCE names, without storing or judging it.

    REFERENCE is as in `ospo scan`. With SOURCE_DATE_EPOCH set, the same image gives the same bytes.

    Exit codes: 0 written; 2 usage or configuration; 3 parts could not be checked, which the document
    says as well, or it could not be written; 4 target not found or unreadable.
    """
    if stored and flags["all_platforms"]:
        raise UsageError(
            "--stored writes one scan", hint="choose it by --platform instead of --all-platforms"
        )
    wanted = parse_outputs(outputs or ("cyclonedx-json",), all_platforms=flags["all_platforms"])
    _refuse_reports(wanted)
    settings = load_settings(flags, scanned=reference, quiet=quiet)

    from ospo.cli.delivery import Delivery
    from ospo.policy.gate import Gate

    gate = Gate(None, settings.scan.strict, settings.scan.allow_incomplete)
    delivery = Delivery(wanted, gate, several=flags["all_platforms"])
    for result in _stored(reference, settings, flags) if stored else _read(reference, settings, flags, quiet):
        delivery.take(result)
    return delivery.code


def _refuse_reports(outputs: tuple[Output, ...]) -> None:
    for output in outputs:
        if output.format == SUMMARY:
            raise UsageError("`ospo sbom` writes no summary", hint="use `ospo scan --no-store` for it")
        if output.format in JUDGED:
            raise UsageError(
                f"`ospo sbom` writes no {output.format}: that reports findings, and an SBOM is not judged",
                hint=f"use `ospo scan --no-store -o {output.format}`, or -o cyclonedx-json for the SBOM",
            )


def _read(reference: str, settings: "Settings", flags: dict[str, Any], quiet: bool) -> "Iterator[ScanResult]":
    from ospo.cli.job import Job, read

    job = Job.of(reference, settings, flags, store=False, quiet=quiet)
    return (reading.result for reading in read(job))


def _stored(reference: str, settings: "Settings", flags: dict[str, Any]) -> "Iterator[ScanResult]":
    from contextlib import closing

    from ospo.cli.stored import load
    from ospo.store.database import connect_read_only

    with closing(connect_read_only(settings.database)) as connection:
        yield load(connection, reference, flags["platform"])
