"""Files compared with the digests of rpm, in each of its databases and as rpm itself installs them."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from images import Blob, Content, Symlink, Tree, blob, image
from rpm_databases import Value, berkeley, header, ndb, sqlite

from ospo.errors import ParseError
from ospo.extractors.interface import File, Held
from ospo.extractors.rpm_header import Tag
from ospo.extractors.rpm_notes import NOTES
from ospo.model import FileChecks, FileNotes, FileState, Noted, Record
from ospo.scan import ScanOptions, scan, scan_source

SPECIFICATION = r"""
Name: tool
Version: 1
Release: 1
Summary: A tool
License: MIT
BuildArch: noarch
%description
A tool.
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc %{buildroot}/usr/share/doc/tool %{buildroot}/var/log
printf 'run\n' > %{buildroot}/usr/bin/tool
printf 'other\n' > %{buildroot}/usr/bin/tool-helper
ln -s tool %{buildroot}/usr/bin/t
printf 'a=1\n' > %{buildroot}/etc/tool.conf
printf 'read me\n' > %{buildroot}/usr/share/doc/tool/README
touch %{buildroot}/var/log/tool.log
%files
/usr/bin/tool
/usr/bin/tool-helper
/usr/bin/t
%config(noreplace) /etc/tool.conf
%doc /usr/share/doc/tool/README
%ghost /var/log/tool.log
"""
TOOL: dict[str, Content] = {
    "usr/bin/tool": "run\n",
    "usr/bin/tool-helper": "other\n",
    "usr/bin/t": Symlink("tool"),
    "etc/tool.conf": "a=1\n",
    "usr/share/doc/tool/README": "read me\n",
}
HEADER = (Path(__file__).parents[1] / "image" / "packages" / "tool" / "header").read_bytes()


def on_disk(root: Path) -> FileChecks:
    (result,) = scan(f"dir:{root}", ScanOptions("2026-11-23T10:00:00Z", verify_files=True))
    assert result.files is not None
    return result.files


def checked(*blobs: Blob) -> FileChecks:
    files = scan_source(image(*blobs), ScanOptions("2026-11-23T10:00:00Z", verify_files=True)).files
    assert files is not None
    return files


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("var/lib/rpm/Packages", lambda _: berkeley([HEADER])),
        ("usr/lib/sysimage/rpm/Packages.db", lambda _: ndb([HEADER])),
        ("var/lib/rpm/rpmdb.sqlite", lambda folder: sqlite(folder, [HEADER])),
    ],
)
def test_every_database_has_the_digests(name: str, make: Callable[[Path], bytes], tmp_path: Path) -> None:
    base = blob({**TOOL, name: make(tmp_path)})
    assert checked(base) == FileChecks(intact=4)
    upper: Tree = {
        "usr/bin/tool": "rin\n",
        "usr/bin/.wh.tool-helper": "",
        "usr/bin/t": Symlink("/tmp/tool"),
        "etc/tool.conf": "a=2\n",
        "usr/share/doc/.wh.tool": "",
    }
    files = checked(base, blob(upper))
    assert files.left_out == 1
    assert {file.path: (str(file.state), file.algorithm, file.package) for file in files.others} == {
        "usr/bin/t": ("modified", "sha256", "tool"),
        "usr/bin/tool": ("modified", "sha256", "tool"),
        "usr/bin/tool-helper": ("missing", "sha256", "tool"),
    }


@pytest.mark.skipif(not shutil.which("rpmbuild"), reason="rpmbuild is not installed")
def test_a_package_that_rpm_builds_and_installs_here(tmp_path: Path) -> None:
    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    (tmp_path / "tool.spec").write_text(SPECIFICATION)
    run("rpmbuild", "-bb", "--define", f"_topdir {tmp_path}/top", str(tmp_path / "tool.spec"))
    (package,) = (tmp_path / "top").rglob("*.noarch.rpm")
    root = tmp_path / "root"
    root.mkdir()
    command = ("rpm", "--root", str(root), "--dbpath", "/var/lib/rpm", "--nodeps", "--noscripts")
    if subprocess.run(
        (*command, "-i", str(package)), capture_output=True, timeout=120, check=False
    ).returncode:
        pytest.skip("rpm cannot install into a folder here: it needs to be root")
    assert on_disk(root) == FileChecks(intact=4)
    (root / "usr/bin/tool").write_text("rin\n")
    (root / "usr/bin/t").unlink()
    assert {file.path: file.state for file in on_disk(root).others} == {
        "usr/bin/tool": FileState.MODIFIED,
        "usr/bin/t": FileState.MISSING,
    }


def notes(blob: bytes) -> tuple[dict[Noted, str], str]:
    """Return what is noted, and the problem."""
    data, records, message = ndb([blob]), list[Record](), ""
    try:
        records.extend(NOTES[0].extract(File("var/lib/rpm/Packages.db", len(data), 0o644, Held(data))))
    except ParseError as error:
        message = error.message
    return {record.noted: record.lines for record in records if isinstance(record, FileNotes)}, message


FILES: dict[Tag, Value] = {
    Tag.BASENAMES: ["a", "b"],
    Tag.DIRNAMES: ["/usr/"],
    Tag.DIRINDEXES: [0, 0],
    Tag.FILEMODES: [0o100755, 0o100644],
    Tag.FILEDIGESTS: ["0" * 32, "1" * 32],
}


def test_without_an_algorithm_digests_are_md5_and_everything_is_compared() -> None:
    content = f"{'0' * 32} usr/a\n{'1' * 32} usr/b"
    assert notes(header(FILES)) == ({Noted.CONTENT: content}, "")


@pytest.mark.parametrize(
    ("tag", "values"),
    [
        (Tag.FILEFLAGS, [1, 0]),
        (Tag.FILEFLAGS, [1 << 6, 0]),
        (Tag.FILESTATES, [2, 0]),
        (Tag.FILESTATES, [1, 0]),
        (Tag.FILEVERIFYFLAGS, [~1 & 0xFFFFFFFF, 0xFFFFFFFF]),
        (Tag.FILEMODES, [0o040755, 0o100644]),
    ],
)
def test_what_rpm_would_not_compare_is_not_compared(tag: Tag, values: list[int]) -> None:
    assert notes(header(FILES | {tag: values})) == ({Noted.CONTENT: f"{'1' * 32} usr/b"}, "")


def test_a_file_may_be_optional() -> None:
    found, _ = notes(header(FILES | {Tag.FILEFLAGS: [0, 8]}))
    assert found[Noted.OPTIONAL] == "usr/b"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({Tag.FILEDIGESTALGO: [12]}, "digests of files of an unknown kind"),
        ({Tag.FILEDIGESTALGO: [8]}, "digests of files of an unknown kind"),
        ({Tag.FILEDIGESTS: ["x" * 32, ""]}, "digests of files of an unknown kind"),
        ({Tag.FILEDIGESTS: ["0" * 32]}, "lists of files of different lengths"),
        ({Tag.FILEFLAGS: [0, 0, 0]}, "lists of files of different lengths"),
    ],
)
def test_a_package_that_contradicts_itself_is_a_problem(changed: dict[Tag, Value], message: str) -> None:
    found, problem = notes(header(FILES | changed))
    assert found == {}
    assert message in problem
