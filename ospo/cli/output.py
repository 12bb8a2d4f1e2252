"""`-o FORMAT[=PATH]`: which reports go where, written whole or not at all."""

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ospo.errors import UsageError
from ospo.model import ScanResult

SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Output:
    """One report that was asked for."""

    format: str
    path: str = ""
    """"" is stdout; `{platform}` in it is replaced, as in linux-arm64."""


def parse_outputs(values: Sequence[str], *, all_platforms: bool) -> tuple[Output, ...]:
    """Read `-o` values.

    Raises:
        UsageError: a format is unknown, two reports want stdout, or platforms would overwrite each other.
    """
    from ospo.reports.cyclonedx import check_format

    outputs = tuple(Output(*value.partition("=")[::2]) for value in values)
    for output in outputs:
        if output.format != SUMMARY:
            check_format(output.format)
    if sum(not output.path for output in outputs) > 1:
        raise UsageError("two outputs go to stdout", hint="give all but one a path, as in -o FORMAT=PATH")
    for output in outputs:
        if all_platforms and output.path and "{platform}" not in output.path:
            raise UsageError(
                f"all platforms would be written over each other in {output.path}",
                hint="put {platform} into the path, as in sbom-{platform}.json",
            )
    return outputs


def render(output: Output, result: ScanResult, summary: str) -> None:
    """Write one report of a result to where it was asked for.

    Raises:
        UsageError: the file cannot be written.
    """
    from ospo.reports import cyclonedx

    data = summary.encode() if output.format == SUMMARY else cyclonedx.render(result, output.format)
    if output.path:
        _write(output, result, data)
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _write(output: Output, result: ScanResult, data: bytes) -> None:
    """Replace the file in one step, so that nobody reads half of it."""
    path = Path(output.path.replace("{platform}", str(result.artifact.platform or "none").replace("/", "-")))
    if path.exists() and not path.is_file():
        # A pipe or a terminal, such as /dev/stderr: nothing to replace.
        path.write_bytes(data)
        return
    try:
        _replace(path, data)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", hint="choose another path for -o"
        ) from error


def _replace(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
