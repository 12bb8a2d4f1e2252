"""What package managers note about files, whatever stands there: only `ParseError`, and notes that hold."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import ParseError
from ospo.extractors import all_extractors
from ospo.extractors.dispatch import for_images
from ospo.extractors.file_notes import NOTES
from ospo.extractors.interface import Extractor, File, Held
from ospo.model import FileNotes, Noted, Record

PATHS = (
    "var/lib/dpkg/info/app:amd64.md5sums",
    "var/lib/dpkg/info/app.conffiles",
    "var/lib/dpkg/status.d/app.md5sums",
    "var/lib/dpkg/diversions",
    "etc/dpkg/dpkg.cfg",
    "etc/dpkg/dpkg.cfg.d/slim",
    "lib/apk/db/installed",
    "var/lib/rpm/Packages",
    "var/lib/rpm/rpmdb.sqlite",
)
DISPATCHER = for_images(NOTES)
_LINE = {
    Noted.CONTENT: r"([0-9a-f]{2}){16,64} .+",
    Noted.LINK: r"([0-9a-f]{2}){16,64} .+",
    Noted.CHANGEABLE: r".*",
    Noted.OPTIONAL: r".*",
    Noted.DIVERTED: r"[^\t]*\t[^\t]*\t[^\t]*",
    Noted.LEFT_OUT: r"[-+].*",
}
WORDS = (
    *("0" * 32, "  usr/a", "\n", "\t", "/", "usr/x", " ", ":", "app", "\\x2d", "\0", "\u0151", "\ud7ff"),
    *("path-exclude=", "path-include=", "/usr/*", "["),
    *("P:a\n", "F:", "R:", "Z:Q1", "a:0:0:777", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=\n", "\n\n"),
)


def extractor(path: str) -> Extractor:
    (one,) = DISPATCHER.wanted(path.encode())
    return one


def read(path: str, data: bytes) -> tuple[list[FileNotes], str]:
    """Return the notes of a file, and the problem."""
    found: list[Record] = []
    message = ""
    try:
        found.extend(extractor(path).extract(File(path, len(data), 0o644, Held(data))))
    except ParseError as error:
        message = error.message
    return [record for record in found if isinstance(record, FileNotes)], message


def notes(path: str, text: str) -> tuple[dict[tuple[str, Noted], str], str]:
    found, message = read(path, text.encode())
    return {(one.package, one.noted): one.lines for one in found}, message


@pytest.mark.parametrize("path", PATHS)
def test_other_scans_ask_for_none_of_them(path: str) -> None:
    assert extractor(path) not in all_extractors()
    assert {one.name for one in NOTES}.isdisjoint(one.name for one in all_extractors())
    assert not DISPATCHER.wanted(f"chroot/{path}".encode()), "only the image's own database counts"


@pytest.mark.parametrize("path", PATHS)
def test_whatever_stands_there_is_read_or_refused(path: str) -> None:
    @given(st.binary(max_size=200) | st.lists(st.sampled_from(WORDS)).map(lambda w: "".join(w).encode()))
    def holds(data: bytes) -> None:
        for record in read(path, data)[0]:
            for line in record.lines.split("\n"):
                assert re.fullmatch(_LINE[record.noted], line, re.DOTALL), line

    run: Callable[[], None] = holds
    run()


def test_sums_of_dpkg_have_a_digest_and_a_path() -> None:
    digest = "0123456789abcdef" * 2
    text = f"{digest}  usr/bin/a b\n{digest} *./usr/b\n\nno sum\n{digest}\n"
    assert notes("var/lib/dpkg/info/app:amd64.md5sums", text) == (
        {("app", Noted.CONTENT): f"{digest} usr/bin/a b\n{digest} usr/b"},
        "line 4 is no checksum and path",
    )


def test_a_diversion_has_three_lines() -> None:
    text = "/bin/a\n/bin/b\napp:amd64\n/bin/c\n/bin/d\n:\n/bin/e\n"
    assert notes("var/lib/dpkg/diversions", "/a\tb\n/c\n:\n") == ({}, "")
    assert notes("var/lib/dpkg/diversions", text) == (
        {("", Noted.DIVERTED): "bin/a\tbin/b\tapp\nbin/c\tbin/d\t"},
        "ends within a diversion",
    )


def test_options_of_dpkg_about_paths() -> None:
    text = "#path-exclude=/a\npath-exclude=/b/*\npath-include = '/c'\npath-exclude /d\nforce-unsafe-io\n"
    assert notes("etc/dpkg/dpkg.cfg", text) == ({("", Noted.LEFT_OUT): "-b/*\n+c\n-d"}, "")
    assert notes("etc/dpkg/dpkg.cfg.d/slim.dpkg-old", text) == ({}, "")
