"""Folders on disk: what is read, what is left alone, and the digest of a tree."""

import os
import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ospo.errors import TargetError
from ospo.limits import Limits
from ospo.model import ArtifactKind, Problem, ProblemKind, ScanResult
from ospo.scan import ScanOptions, scan
from ospo.sources.directory import DiskMembers, open_directory
from ospo.sources.interface import SourceOptions

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense: MIT\n"


def scanned(folder: Path, limits: Limits | None = None) -> ScanResult:
    (result,) = scan(
        f"dir:{folder}", ScanOptions("2026-11-23T10:00:00Z", SourceOptions(limits=limits or Limits()))
    )
    return result


def package(folder: Path, name: str) -> Path:
    path = folder / f"{name}-1.0.dist-info" / "METADATA"
    path.parent.mkdir(parents=True)
    path.write_text(METADATA.format(name=name))
    return path


def names(result: ScanResult) -> list[str]:
    return [component.name for component in result.components]


def listed(folder: Path) -> list[bytes]:
    return [entry.path for entry in DiskMembers(folder, Limits())]


def digest_of(folder: Path) -> str:
    return scanned(folder).artifact.digest


def test_a_folder_is_scanned_by_its_path(tmp_path: Path) -> None:
    package(tmp_path / "lib", "a")
    result = scanned(tmp_path)
    assert names(result) == ["a"]
    assert result.artifact.kind == ArtifactKind.DIRECTORY
    assert [(place.path, place.layer) for place in result.components[0].locations] == [
        ("lib/a-1.0.dist-info/METADATA", None)
    ]
    assert result.target.name == result.target.identity == f"dir:{tmp_path}"
    assert result.complete


def test_what_is_no_folder_is_a_target_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("file", "nothing"):
        with pytest.raises(TargetError, match="no folder at"):
            open_directory(str(tmp_path / name), SourceOptions())


def test_a_folder_that_vanishes_is_a_target_error(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="cannot look into"):
        list(DiskMembers(tmp_path / "gone", Limits()))


def test_files_come_by_name_each_folder_before_what_it_holds(tmp_path: Path) -> None:
    for name in ("b/y", "b/x/1", "a/z", "c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    paths = listed(tmp_path)
    assert paths == [b"a", b"b", b"c", b"a/z", b"b/x", b"b/y", b"b/x/1"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    package(outside, "a")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "to").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    (inside / "b-1.0.dist-info").mkdir()
    (inside / "b-1.0.dist-info" / "METADATA").symlink_to(outside / "a-1.0.dist-info" / "METADATA")
    result = scanned(inside)
    assert names(result) == []
    assert result.complete


def test_pipes_sockets_and_devices_are_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "p-1.0.dist-info"
    folder.mkdir()
    os.mkfifo(folder / "METADATA")
    here = Path.cwd()
    os.chdir(tmp_path)  # the path of a socket has 108 bytes at most
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket")
    finally:
        os.chdir(here)
    result = scanned(tmp_path)
    assert names(result) == []
    assert result.problems == ()


def test_a_file_that_becomes_a_pipe_is_a_problem_and_does_not_hang(tmp_path: Path) -> None:
    path = package(tmp_path, "a")
    members = DiskMembers(tmp_path, Limits())
    for entry in members:
        if entry.path.endswith(b"METADATA"):
            path.unlink()
            os.mkfifo(path)
            with pytest.raises(Exception, match="no longer a regular file"):
                members.content(entry)


def test_a_name_that_looks_like_a_whiteout_is_just_a_name(tmp_path: Path) -> None:
    package(tmp_path / ".wh.x", "a")
    package(tmp_path / "x", "b")
    (tmp_path / "x" / ".wh..wh..opq").write_text("")
    assert names(scanned(tmp_path)) == ["a", "b"]


def test_a_name_that_is_not_utf_8_is_shown_escaped(tmp_path: Path) -> None:
    package(Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")), "a")
    (place,) = scanned(tmp_path).components[0].locations
    assert place.path == "caf\\xe9/a-1.0.dist-info/METADATA"


def test_folders_of_version_control_are_not_entered(tmp_path: Path) -> None:
    package(tmp_path / "a" / ".git" / "modules", "a")
    package(tmp_path / ".github", "b")
    assert names(scanned(tmp_path)) == ["b"]


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder so deep that the system takes no path to its end."""
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(25):
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
    finally:
        os.chdir(here)
    yield tmp_path
    here_again = Path.cwd()
    os.chdir(tmp_path)
    for _ in range(25):
        os.chdir("d" * 200)
    for _ in range(25):
        os.chdir("..")
        Path("d" * 200).rmdir()
    os.chdir(here_again)


def test_a_folder_too_deep_to_look_into_is_a_blocking_problem(deep: Path) -> None:
    package(deep, "a")
    result = scanned(deep)
    assert names(result) == ["a"]
    (problem,) = result.problems
    assert problem.message == "cannot be read: File name too long"
    assert problem.blocking


def test_many_files_that_wait_for_others_need_no_open_files(tmp_path: Path) -> None:
    for number in range(120):
        package(tmp_path, f"p{number}")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 100), hard))
    try:
        result = scanned(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(result.components) == 120
    assert result.problems == ()


def unreadable(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    """Refuse to open or list paths, as the system does to another user; the tests may run as root."""
    real_open, real_scan = os.open, os.scandir

    def refusing_open(path: Path, flags: int) -> int:
        if path in paths:
            raise PermissionError(13, "Permission denied")
        return real_open(path, flags)

    def refusing_scan(path: Path) -> "os._ScandirIterator[str]":
        if path in paths:
            raise PermissionError(13, "Permission denied")
        return real_scan(path)

    monkeypatch.setattr("ospo.sources.directory.os.open", refusing_open)
    monkeypatch.setattr("ospo.sources.directory.os.scandir", refusing_scan)


def test_what_may_not_be_read_is_a_problem_each_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = package(tmp_path, "a")
    program, folder = tmp_path / "program", tmp_path / "secret"
    program.write_bytes(b"\x7fELF".ljust(100, b"\0"))
    folder.mkdir()
    unreadable(monkeypatch, metadata, program, folder)
    hint = "scan as a user who may read it"
    cannot_open, cannot_list = (
        "cannot be opened: Permission denied",
        "folder cannot be listed: Permission denied",
    )
    assert scanned(tmp_path).problems == (
        Problem(ProblemKind.FILE, "a-1.0.dist-info/METADATA", cannot_open, hint),
        Problem(ProblemKind.FILE, "program", cannot_open, hint),
        Problem(ProblemKind.FILE, "secret", cannot_list, hint, blocking=True),
    )


def test_a_database_that_may_not_be_read_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = tmp_path / "var/lib/dpkg/status"
    status.parent.mkdir(parents=True)
    status.write_text("Package: a\nVersion: 1\n")
    unreadable(monkeypatch, status)
    (problem,) = scanned(tmp_path).problems
    assert (problem.kind, problem.blocking) == (ProblemKind.DATABASE, True)


def test_too_many_files_are_a_target_error(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / str(number)).write_text("")
    with pytest.raises(TargetError, match=r"more than 4 files \(limits.layer_entries\)"):
        scanned(tmp_path, Limits(layer_entries=4))


# --- the digest of a tree


def test_the_digest_does_not_depend_on_times_modes_order_or_place(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder, order in ((first, ("a", "b", "c")), (second, ("c", "b", "a"))):
        for name in order:
            package(folder, name)
        (folder / "link").symlink_to("a")
    before = digest_of(first)
    assert before.startswith("sha256:")
    os.utime(package(second / "x", "y"), (1, 1))
    for path in ("METADATA", ""):
        (second / "x" / "y-1.0.dist-info" / path).chmod(0o700)
    package(first / "x", "y")
    assert digest_of(first) == digest_of(second) != before


def relink(link: Path, target: str) -> None:
    link.unlink()
    link.symlink_to(target)


def replace(link: Path) -> None:
    link.unlink()
    link.mkdir()


CHANGES: dict[str, Callable[[Path], object]] = {
    "what was read": lambda root: (root / "a-1.0.dist-info/METADATA").write_text(METADATA.format(name="b")),
    "a size": lambda root: (root / "other").write_text("123456789"),
    "a name": lambda root: (root / "other").rename(root / "renamed"),
    "a link": lambda root: relink(root / "link", "elsewhere"),
    "a kind": lambda root: replace(root / "link"),
    "a new file": lambda root: (root / "new").write_text(""),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_the_digest_changes_with(tmp_path: Path, change: Callable[[Path], object]) -> None:
    package(tmp_path, "a")
    (tmp_path / "other").write_text("12345678")
    (tmp_path / "link").symlink_to("other")
    before = digest_of(tmp_path)
    change(tmp_path)
    assert digest_of(tmp_path) != before


def test_names_with_line_breaks_cannot_make_two_trees_look_the_same(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        folder.mkdir()
    (first / "a").symlink_to("x\nb")
    (second / "a").symlink_to("x")
    (second / "b").symlink_to("y")
    (first / "c file 0 \nd").write_text("")
    (second / "c").write_text("")
    (second / "d").write_text("")
    assert digest_of(first) != digest_of(second)
