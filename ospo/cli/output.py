"""`-o FORMAT[=PATH]`: which reports go where; files are written whole or not at all."""

import os
import re
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ospo.cli.stderr import silence
from ospo.errors import OutputError, UsageError
from ospo.model import Platform, ScanResult

if TYPE_CHECKING:
    from ospo.reports.interface import Judged

SUMMARY = "summary"
JUDGED = ("json", "sarif")
"""Reports of a scan that was judged."""
_PLATFORM = "{platform}"
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Output:
    """One report that was asked for."""

    format: str
    path: str = ""
    """"" is stdout; `{platform}` in it is replaced, as in linux-arm64."""

    def file(self, platform: Platform | None) -> Path:
        """Return the file for an image's platform, whose words come from the image and are not trusted."""
        name = _UNSAFE.sub("-", str(platform or "")) or "none"
        return Path(self.path.replace(_PLATFORM, name))


def parse_outputs(values: Sequence[str], *, all_platforms: bool) -> tuple[Output, ...]:
    """Read `-o` values, and see before any work is done that they make sense and can be written.

    Raises:
        UsageError: a format is unknown, reports would mix or overwrite each other, or a place is missing.
    """
    outputs = tuple(map(_parse, values))
    for output in outputs:
        _check_format(output.format)
        if output.path:
            _check_place(output.file(None))
    _keep_apart(outputs)
    if all_platforms:
        _keep_platforms_apart(outputs)
    return outputs


def _parse(value: str) -> Output:
    format_, equals, path = value.partition("=")
    if equals and not path:
        raise UsageError(
            f"-o {value}: the path is empty", hint=f"write -o {format_}=PATH, or -o {format_} for stdout"
        )
    return Output(format_, path)


def _check_format(format_: str) -> None:
    from ospo.reports import cyclonedx

    known = (SUMMARY, *JUDGED, *cyclonedx.FORMATS)
    name, at, _ = format_.partition("@")
    if name not in known:
        raise UsageError(f"unknown format {name!r}", hint=f"known are {', '.join(known)}")
    if name in cyclonedx.FORMATS:
        cyclonedx.check_format(format_)
    elif at:
        raise UsageError(f"{name} has no versions to choose from", hint=f"write -o {name}")


def _check_place(path: Path) -> None:
    problem = ""
    try:
        if path.is_dir():
            problem = "it is a folder"
        elif _PLATFORM not in str(path.parent) and not path.parent.is_dir():
            problem = f"there is no folder {path.parent}"
    except (OSError, ValueError) as error:  # a name that is too long, or holds a NUL
        problem = getattr(error, "strerror", None) or str(error)
    if problem:
        raise UsageError(f"cannot write {path}: {problem}", hint="choose another path for -o")


def _keep_apart(outputs: tuple[Output, ...]) -> None:
    places = Counter(_place(output) for output in outputs)
    for place, count in places.items():
        if count > 1 and not _is_device(Path(place)):
            raise UsageError(
                f"{count} outputs go to {place or 'stdout'}",
                hint="give each a path of its own, as in -o FORMAT=PATH",
            )


def _place(output: Output) -> str:
    return os.path.realpath(output.path) if output.path else ""


def _keep_platforms_apart(outputs: tuple[Output, ...]) -> None:
    for output in outputs:
        if _PLATFORM not in output.path and (output.path or output.format != SUMMARY):
            raise UsageError(
                f"all platforms would be written to {output.path or 'stdout'}",
                hint=f"put {_PLATFORM} into the path, as in -o {output.format}=report-{_PLATFORM}",
            )


def write_all(
    outputs: Sequence[Output],
    result: ScanResult,
    summary: str,
    written: set[Path],
    judged: "Judged | None" = None,
) -> list[OutputError]:
    """Write each report to where it was asked for; return what went wrong, while the others are there.

    `written` holds the files of this run: two platforms whose names do not differ share none. Without
    `judged` there is none of the formats in `JUDGED`.
    """
    failures = []
    for output in outputs:
        try:
            _deliver(
                output, _render(output.format, result, summary, judged), result.artifact.platform, written
            )
        except OutputError as error:
            failures.append(error)
    return failures


def _render(format_: str, result: ScanResult, summary: str, judged: "Judged | None") -> bytes:
    if format_ == SUMMARY:
        return _encoded(summary)
    if format_ in JUDGED and judged is not None:
        from ospo.reports import json_report, sarif

        return json_report.render(judged) if format_ == "json" else sarif.render(judged)
    from ospo.reports import cyclonedx

    return cyclonedx.render(result, format_)


def _deliver(output: Output, data: bytes, platform: Platform | None, written: set[Path]) -> None:
    if not output.path:
        _write_stdout(data)
        return
    path = output.file(platform)
    if path in written:
        raise OutputError(
            f"{path} holds the report of another image of this platform already",
            hint="scan each by its digest, as in REPOSITORY@sha256:…",
        )
    try:
        _write(path, data)
    except (OSError, ValueError) as error:
        raise OutputError(
            f"cannot write {path}: {getattr(error, 'strerror', None) or error}",
            hint="free some space, or choose another path for -o",
        ) from error
    written.add(path)


def json_text(value: object) -> str:
    """Write a value, of dataclasses too, as JSON for programs, with a final line feed."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, default=str, option=options).decode()


def show(text: str) -> None:
    """Write text to stdout at once; who does not want to read it (`ospo … | head`) is no failure.

    Raises:
        OutputError: stdout cannot be written, as when it is a file on a full disk.
    """
    _write_stdout(_encoded(text))


def _encoded(text: str) -> bytes:
    """Spell what the terminal's encoding lacks as escapes."""
    return text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")


def _write_stdout(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        raise OutputError(
            f"cannot write to stdout: {error.strerror}", hint="free some space, or write elsewhere by -o"
        ) from error


def _is_device(path: Path) -> bool:
    """Tell whether it is a pipe or a device, such as /dev/stderr, so that there is nothing to replace."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _write(path: Path, data: bytes) -> None:
    if _is_device(path):
        path.write_bytes(data)
        return
    # A link keeps being one: what it leads to is replaced.
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".ospo-{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
