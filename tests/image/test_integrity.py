"""Files compared with what dpkg, apk and rpm noted about them, on packages as these unpacked them."""

import base64
import hashlib
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from images import Blob, Content, Hardlink, Special, Symlink, Tree, blob, image, tar

import ospo.image.integrity
import ospo.image.noted_files
from ospo.errors import UsageError
from ospo.image.facts import decode, encode
from ospo.limits import Limits
from ospo.model import (
    Artifact,
    ArtifactKind,
    FileCheck,
    FileChecks,
    FileState,
    ScanResult,
    Target,
    TargetKind,
)
from ospo.scan import Event, ScanOptions, Verifying, scan, scan_source
from ospo.sources.interface import SbomFile, SourceOptions

PACKAGES = Path(__file__).parent / "packages"
HOSTNAME: dict[str, Content] = {
    "bin": Symlink("usr/bin"),
    **{
        path.relative_to(PACKAGES / "hostname").as_posix(): path.read_bytes()
        for path in sorted((PACKAGES / "hostname").rglob("*"))
        if path.is_file()
    },
}
PROGRAM = HOSTNAME["usr/bin/hostname"]
assert isinstance(PROGRAM, bytes)
CHANGED = PROGRAM[:5000] + bytes((PROGRAM[5000] ^ 1,)) + PROGRAM[5001:]
MD5 = "84663f46a29817d9b0641f960a551cdb"


def scanned(*blobs: Blob, limits: Limits | None = None) -> ScanResult:
    options = ScanOptions("2026-11-23T10:00:00Z", SourceOptions(limits=limits or Limits()), verify_files=True)
    return scan_source(image(*blobs), options)


def checked(*blobs: Blob, limits: Limits | None = None) -> FileChecks:
    files = scanned(*blobs, limits=limits).files
    assert files is not None
    return files


def others(*blobs: Blob, limits: Limits | None = None) -> dict[str, tuple[str, str, int | None]]:
    """Return path -> state, what is there, layer, of what is not as installed."""
    return {
        file.path: (str(file.state), file.found, file.layer) for file in checked(*blobs, limits=limits).others
    }


def debian(sums: Mapping[str, bytes], *, name: str = "app", **more: Content) -> dict[str, Content]:
    """Return the database of dpkg for one package with these files."""
    lines = "".join(f"{hashlib.md5(data).hexdigest()}  {path}\n" for path, data in sums.items())
    listed = "/.\n" + "".join(f"/{path}\n" for path in sums)
    info = f"var/lib/dpkg/info/{name}"
    return {f"{info}.md5sums": lines, f"{info}.list": listed, **more}


def alpine(*lines: str) -> Tree:
    """Return a database of apk, made up as the page "Apk spec" of Alpine's wiki describes it."""
    return {"lib/apk/db/installed": "\n".join(("P:busybox", "V:1.36-r0", "A:x86_64", *lines, "", ""))}


def q1(data: bytes) -> str:
    return "Z:Q1" + base64.b64encode(hashlib.sha1(data).digest()).decode()


@pytest.mark.parametrize("compression", ["plain", "gzip", "zstd"])
def test_an_untouched_package_is_as_installed(compression: str) -> None:
    assert checked(blob(HOSTNAME, compression=compression)) == FileChecks(intact=4)


def test_no_comparison_without_being_asked() -> None:
    assert scan_source(image(blob(HOSTNAME)), ScanOptions("2026-11-23T10:00:00Z")).files is None


def test_one_changed_byte_of_the_same_size_is_told_with_the_layer_that_brought_it() -> None:
    files = checked(blob(HOSTNAME), blob({"usr/bin/hostname": CHANGED}))
    found = f"content with md5 {hashlib.md5(CHANGED).hexdigest()}"
    check = FileCheck("usr/bin/hostname", "hostname", FileState.MODIFIED, found, "md5", MD5, 1)
    assert files == FileChecks(intact=3, others=(check,))


@pytest.mark.parametrize(
    ("upper", "expected"),
    [
        ({"usr/bin/hostname": Symlink("busybox")}, ("modified", "a symbolic link to busybox", 1)),
        ({"usr/bin/hostname/": None}, ("modified", "a folder", 1)),
        ({"usr/bin/hostname/x": "x"}, ("modified", "a folder", 1)),
        ({"usr/bin/hostname": Special()}, ("modified", "no regular file", 1)),
        ({"usr/bin/.wh.hostname": ""}, ("missing", "", None)),
        ({"usr/.wh.bin": ""}, ("missing", "", None)),
        ({"usr/bin/.wh..wh..opq": ""}, ("missing", "", None)),
        ({"usr/bin": "a file"}, ("missing", "", None)),
        (
            {"usr/bin/x": "x", "usr/bin/hostname": Hardlink("usr/bin/x")},
            ("modified", "content with md5 9dd4e461268c8034f5c8564e155c67a6", 1),
        ),
        (
            {"usr/bin/hostname": Hardlink("elsewhere")},
            ("unknown", "is a hard link to what its layer does not hold", 1),
        ),
    ],
)
def test_what_is_there_instead(upper: Tree, expected: tuple[str, str, int | None]) -> None:
    assert others(blob(HOSTNAME), blob(upper)) == {"usr/bin/hostname": expected}


def test_removed_and_added_again_with_the_same_content_is_as_installed() -> None:
    for removal in ({"usr/bin/.wh.hostname": ""}, {"usr/bin/.wh..wh..opq": ""}):
        upper = blob({"usr/bin/hostname": PROGRAM})
        assert checked(blob(HOSTNAME), blob(removal), upper).others == ()
        assert others(blob(HOSTNAME), upper, blob(removal)) == {"usr/bin/hostname": ("missing", "", None)}


def test_changed_and_put_right_is_as_installed() -> None:
    changed = blob({"usr/bin/hostname": CHANGED})
    assert checked(blob(HOSTNAME), changed, blob({"usr/bin/hostname": PROGRAM})).others == ()


def test_only_layers_that_show_files_of_packages_are_read_again_and_progress_tells() -> None:
    opened: list[int] = []
    events: list[Event] = []
    base, app = blob(HOSTNAME), blob({"app/model": "x" * 5000})
    source = image(base, app)
    options = ScanOptions("2026-11-23T10:00:00Z", progress=events.append, verify_files=True)

    def opening(layer):  # type: ignore[no-untyped-def]
        opened.append(layer.index)
        return source.open_layer(layer)

    scan_source(type(source)(source.target, source.artifact, opening), options)
    assert sorted(opened) == [0, 0, 1]
    assert [event for event in events if isinstance(event, Verifying)] == [Verifying(1, base.size)]


def test_the_name_that_links_lead_to_is_compared() -> None:
    """`bin/x` of the package is `usr/bin/x`; a link that puts something else there changes all below it."""
    moved = blob({"bin": Symlink("evil"), "evil/hostname": CHANGED})
    assert set(others(blob(HOSTNAME), moved)) == {"evil/hostname"}


def test_names_that_hard_links_give_are_compared_however_many_they_are() -> None:
    names = [f"usr/libexec/git-{number}" for number in range(150)]
    tree: dict[str, Content] = {names[0]: "git", **{name: Hardlink(names[0]) for name in names[1:]}}
    database = debian(dict.fromkeys(names, b"git"))
    assert checked(blob(tree, database)) == FileChecks(intact=150)
    # Only a further name is the package's.
    assert checked(blob(tree, debian({names[7]: b"git"}))) == FileChecks(intact=1)


def test_the_last_of_several_members_of_one_name_counts() -> None:
    assert others(blob({"usr/a": "old"}, {"usr/a": "new"}, debian({"usr/a": b"old"}))) == {
        "usr/a": ("modified", f"content with md5 {hashlib.md5(b'new').hexdigest()}", 0)
    }


def test_names_with_escapes_and_other_letters_are_found() -> None:
    files = {"etc/x/system-a\\x2db.slice": b"1", "usr/F\u0151.crt": b"2", "usr/a\\b": b"3"}
    assert checked(blob({**files}, debian(files))) == FileChecks(intact=3)


def test_a_name_that_is_no_utf_8_is_unknown() -> None:
    sums = hashlib.md5(b"1").hexdigest().encode() + b"  usr/\xff\n"
    assert others(blob({"var/lib/dpkg/info/a.md5sums": sums})) == {
        "usr/\ufffd": ("unknown", "its name is no UTF-8", None)
    }


def test_a_sparse_file_is_unknown() -> None:
    data = tar({"usr/bin/a": "x" * 600}, debian({"usr/bin/a": b"x" * 600}))
    header = bytearray(data[:512])
    header[156:157] = b"S"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (check,) = checked(Blob(bytes(header) + data[512:])).others
    assert (check.state, check.found) == (
        FileState.UNKNOWN,
        "is stored as a sparse file, which is not read",
    )


def test_a_file_beyond_the_limit_is_unknown() -> None:
    tree = {"usr/a": "x" * 5000} | debian({"usr/a": b"x" * 5000})
    assert others(blob(tree), limits=Limits(file_size=4000)) == {
        "usr/a": ("unknown", "has 5000 bytes, more than limits.file_size (4000)", 0)
    }


def test_a_file_larger_than_memory_is_compared() -> None:
    tree = {"usr/a": "x" * 5000} | debian({"usr/a": b"x" * 5000})
    assert checked(blob(tree), limits=Limits(memory_file=1000)) == FileChecks(intact=1)


def test_a_layer_that_cannot_be_read_ends_the_comparison() -> None:
    broken = Blob(blob(HOSTNAME).data[:50], blob(HOSTNAME).media_type)
    result = scanned(blob(HOSTNAME), broken)
    assert result.files is None
    assert not result.complete


def test_a_layer_that_cannot_be_read_again_leaves_its_files_unknown() -> None:
    source = image(blob(HOSTNAME))
    blobs = [
        source.open_layer(source.artifact.layers[0]),
        image(blob({})).open_layer(source.artifact.layers[0]),
    ]
    again = type(source)(source.target, source.artifact, lambda _: blobs.pop(0))
    result = scan_source(again, ScanOptions("2026-11-23T10:00:00Z", verify_files=True))
    assert result.files is not None
    assert {file.state for file in result.files.others} == {FileState.UNKNOWN}
    assert len(result.files.others) == 4
    assert not result.complete


def test_configuration_may_differ() -> None:
    more: Tree = {
        "var/lib/dpkg/info/app.conffiles": "/etc/a\nremove-on-upgrade /etc/b\n",
        "etc/a": "changed",
        "usr/a": "a",
    }
    assert checked(blob(debian({"etc/a": b"a", "etc/b": b"b", "usr/a": b"a"}), more)) == FileChecks(intact=1)


def test_diverted_files_are_looked_for_where_they_went() -> None:
    database = debian({"usr/bin/sh": b"old"}, name="old") | debian({"bin/sh": b"new"}, name="new")
    more: Tree = {
        "bin": Symlink("usr/bin"),
        "var/lib/dpkg/diversions": "/bin/sh\n/bin/sh.old\nnew\n",
        "usr/bin/sh": "new",
        "usr/bin/sh.old": "old",
    }
    assert checked(blob(database, more)) == FileChecks(intact=2)


def test_what_another_package_took_over_is_compared_with_that() -> None:
    """The sums of dpkg keep what the list of the old package no longer has."""
    database = debian({"usr/a": b"old"}, name="old") | debian({"usr/a": b"new"}, name="new")
    database["var/lib/dpkg/info/old.list"] = "/.\n/usr\n"
    assert checked(blob(database, {"usr/a": "new"})).others == ()
    assert set(others(blob(database, {"usr/a": "old"}))) == {"usr/a"}


def test_distroless_images_have_sums_without_lists() -> None:
    sums = hashlib.md5(b"1").hexdigest() + "  ./usr/a\n"
    tree: Tree = {"var/lib/dpkg/status.d/a.md5sums": sums, "usr/a": "1"}
    assert checked(blob(tree)) == FileChecks(intact=1)
    assert set(others(blob(tree), blob({"usr/a": "2"}))) == {"usr/a"}


@pytest.mark.parametrize(
    ("settings", "left_out", "missing"),
    [
        ({}, ["usr/share/doc/a", "usr/share/man/a"], ["usr/lib/x/a"]),
        (
            {
                "etc/dpkg/dpkg.cfg.d/slim": "# slim\npath-exclude=/usr/share/doc/*\n"
                "path-include /usr/share/doc/*/copyright\npath-exclude = /usr/lib/x/*\n"
            },
            ["usr/lib/x/a", "usr/share/doc/a"],
            ["usr/share/doc/a/copyright", "usr/share/man/a"],
        ),
        (
            {
                "etc/dpkg/dpkg.cfg.d/slim.dpkg-old": "path-exclude=/usr/lib/*\n",
                "etc/dpkg/dpkg.cfg": "no-debsig\n",
            },
            ["usr/share/man/a"],
            ["usr/lib/a"],
        ),
        # The settings in the folder are read first.
        (
            {"etc/dpkg/dpkg.cfg": "path-include=/usr/a\n", "etc/dpkg/dpkg.cfg.d/z": "path-exclude=/usr/*\n"},
            ["usr/b"],
            ["usr/a"],
        ),
    ],
)
def test_what_slim_images_leave_out_is_counted_only(
    settings: Tree, left_out: list[str], missing: list[str]
) -> None:
    files = checked(blob(debian(dict.fromkeys([*left_out, *missing], b"x")), settings))
    assert files.left_out == len(left_out)
    assert sorted(file.path for file in files.others) == sorted(missing)


def test_modified_documentation_is_told() -> None:
    assert set(others(blob(HOSTNAME), blob({"usr/share/doc/hostname/copyright": "x"}))) == {
        "usr/share/doc/hostname/copyright"
    }


def test_digests_of_apk() -> None:
    sha256 = base64.b64encode(hashlib.sha256(b"new").digest()).decode()
    database = alpine(
        "F:bin",
        "R:busybox",
        "a:0:0:755",
        q1(b"box"),
        "R:sh",
        "a:0:0:777",
        q1(b"/bin/busybox"),
        "F:etc",
        "R:passwd",
        q1(b"root"),
        "F:etc/init.d",
        "R:x",
        q1(b"x"),
        "F:usr/new",
        "R:a",
        f"Z:Q2{sha256}",
        "R:without-digest",
    )
    tree: Tree = {
        "bin/busybox": "box",
        "bin/sh": Symlink("/bin/busybox"),
        "etc/passwd": "root and others",
        "etc/init.d/x": "x",
        "usr/new/a": "new",
    }
    assert checked(blob(tree, database)) == FileChecks(intact=4)
    upper: Tree = {
        "bin/busybox": Symlink("box"),
        "bin/sh": Symlink("/tmp/sh"),
        "etc/init.d/x": "y",
        "usr/.wh.new": "",
    }
    found = others(blob(tree, database), blob(upper))
    assert {path: check[0] for path, check in found.items()} == {
        "bin/busybox": "modified",
        "bin/sh": "modified",
        "etc/init.d/x": "modified",
        "usr/new/a": "missing",
    }


def test_a_link_whose_target_is_what_the_file_held_is_no_file() -> None:
    database = alpine("F:bin", "R:a", "a:0:0:755", q1(b"busybox"))
    assert others(blob(database, {"bin/a": Symlink("busybox")})) == {
        "bin/a": ("modified", "a symbolic link to busybox", 0)
    }


def test_a_damaged_digest_of_apk_is_a_problem_and_the_others_are_compared() -> None:
    database = alpine("F:bin", "R:a", "Z:Q1????", "R:b", q1(b"b"))
    result = scanned(blob(database, {"bin/b": "b"}))
    assert result.files == FileChecks(intact=1)
    assert [problem.message for problem in result.problems] == [
        "apk-notes: the stanza at line 1 has no digest of a known kind for bin/a"
    ]


def on_disk(root: Path) -> FileChecks:
    options = ScanOptions("2026-11-23T10:00:00Z", verify_files=True)
    (result,) = scan(f"dir:{root}", options)
    assert result.files is not None
    return result.files


def test_a_folder_is_compared_and_stays_the_same_artifact(tmp_path: Path) -> None:
    shutil.copytree(PACKAGES / "hostname", tmp_path, dirs_exist_ok=True)
    (tmp_path / "bin").symlink_to("usr/bin")
    assert on_disk(tmp_path) == FileChecks(intact=4)
    asked, unasked = (
        next(iter(scan(f"dir:{tmp_path}", ScanOptions("2026-11-23T10:00:00Z", verify_files=verify))))
        for verify in (True, False)
    )
    assert asked.artifact == unasked.artifact
    (tmp_path / "usr/bin/hostname").write_bytes(CHANGED)
    (check,) = on_disk(tmp_path).others
    assert (check.path, check.state, check.layer) == ("usr/bin/hostname", FileState.MODIFIED, None)


def test_an_sbom_has_no_files() -> None:
    target = Target("sbom:/a", TargetKind.SBOM, "sbom:/a")
    source = SbomFile(target, Artifact(ArtifactKind.SBOM, "sha256:1"), (), (), None, ())
    with pytest.raises(UsageError, match="an SBOM has no files"):
        scan_source(source, ScanOptions("2026-11-23T10:00:00Z", verify_files=True))


def test_no_more_is_listed_than_anybody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ospo.image.integrity, "MOST_LISTED", 3)
    result = scanned(blob(debian({f"usr/{number}": b"x" for number in range(5)})))
    assert result.files is not None
    assert [file.path for file in result.files.others] == ["usr/0", "usr/1", "usr/2"]
    assert result.files.unlisted == 2
    assert [problem.message for problem in result.problems] == [
        "are not as installed: 2 more than the 3 that are listed"
    ]


def test_no_more_is_compared_than_fits_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ospo.image.noted_files, "_MOST_NOTES", 3)
    result = scanned(blob(debian({f"usr/{number}": b"x" for number in range(5)})))
    assert result.files is not None
    assert len(result.files.others) == 3
    assert "more files than are compared" in result.problems[0].message


def test_what_an_earlier_scan_knows_is_not_mixed_up() -> None:
    """Facts that were read without the question have no digests."""
    kept: dict[tuple[str, str], bytes] = {}

    class Memory:
        def get(self, digest: str, facts_version: str) -> bytes | None:
            return kept.get((digest, facts_version))

        def put(self, digest: str, facts_version: str, data: bytes) -> None:
            kept[digest, facts_version] = data

    for verify in (False, True, True):
        options = ScanOptions("2026-11-23T10:00:00Z", cache=Memory(), verify_files=verify)
        files = scan_source(image(blob(HOSTNAME)), options).files
        assert files == (FileChecks(intact=4) if verify else None)
    assert len(kept) == 2
    assert all(encode(decode(data)) == data for data in kept.values())


def test_a_database_that_links_hide_is_not_believed() -> None:
    """Sums in a removed or replaced database say nothing about the image."""
    gone = blob({"var/lib/dpkg/.wh.info": ""})
    assert checked(blob(HOSTNAME), gone) == FileChecks()


_LINES = st.lists(
    st.sampled_from(
        (
            *(f"{'0' * 32}  {path}" for path in ("usr/a", "/", "..", "bin/../usr/a", "bin", "usr/a/b")),
            *("/usr/a", "/bin/a", ":", "path-exclude=/*[", "path-exclude=[z-a]", "path-include=/usr/a*"),
            *("", "P:a", "F:", "F:usr", "R:a", "R:", "a:0:0:777", q1(b""), "Z:Q2"),
        )
    ),
    max_size=12,
).map(lambda lines: "\n".join(lines) + "\n")
_NOTED = st.fixed_dictionaries(
    {
        "var/lib/dpkg/info/a.md5sums": _LINES,
        "var/lib/dpkg/info/a.list": _LINES,
        "var/lib/dpkg/info/a.conffiles": _LINES,
        "var/lib/dpkg/diversions": _LINES,
        "etc/dpkg/dpkg.cfg.d/a": _LINES,
        "lib/apk/db/installed": _LINES,
    }
)


@settings(max_examples=200, deadline=None)
@given(_NOTED, st.sampled_from(("usr", "", ".", "bin", "/usr/..", "a/" * 50)))
def test_whatever_is_noted_a_scan_ends(notes: dict[str, str], target: str) -> None:
    result = scanned(blob({**notes, "bin": Symlink(target), "usr/a": ""}, compression="plain"))
    assert result.files is not None
    assert result.files.others == tuple(sorted(result.files.others))


def test_tar_members_before_posix_are_compared() -> None:
    data = tar({"usr/a": "1"}, debian({"usr/a": b"1"}), format=tarfile.USTAR_FORMAT)
    assert checked(Blob(data)) == FileChecks(intact=1)
