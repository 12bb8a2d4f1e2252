"""`-o FORMAT[=PATH]`: what is refused before work begins, and how files are written."""

import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from program import empty_result

from ospo.cli.output import Output, parse_outputs, write_all
from ospo.errors import UsageError
from ospo.model import Platform


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_values_are_read() -> None:
    values = ("summary", "json=a.json", "sarif=a.sarif", "cyclonedx-json=a=b.json", "cyclonedx-xml@1.7=c.xml")
    assert parse_outputs(values, all_platforms=False) == (
        Output("summary"),
        Output("json", "a.json"),
        Output("sarif", "a.sarif"),
        Output("cyclonedx-json", "a=b.json"),
        Output("cyclonedx-xml@1.7", "c.xml"),
    )


@pytest.mark.parametrize(
    ("values", "all_platforms", "message"),
    [
        (["spdx"], False, "unknown format 'spdx'"),
        (["cyclonedx-json@1.2"], False, "unknown version '1.2'"),
        (["json@1"], False, "json has no versions to choose from"),
        (["summary@"], False, "summary has no versions to choose from"),
        (["json", "sarif"], False, "2 outputs go to stdout"),
        (["sarif=a"], True, "all platforms would be written to a"),
        (["=a.json"], False, "unknown format ''"),
        (["cyclonedx-json="], False, "the path is empty"),
        (["summary", "cyclonedx-json"], False, "2 outputs go to stdout"),
        (["cyclonedx-json=a", "cyclonedx-xml=./a"], False, "2 outputs go to "),
        (["cyclonedx-json=."], False, "cannot write .: it is a folder"),
        (["cyclonedx-json=no/a"], False, "cannot write no/a: there is no folder no"),
        (["cyclonedx-json=" + "a" * 5000], False, "File name too long"),
        (["cyclonedx-json=a"], True, "all platforms would be written to a"),
        (["cyclonedx-json"], True, "all platforms would be written to stdout"),
        (["summary=a"], True, "all platforms would be written to a"),
    ],
)
def test_what_makes_no_sense_is_refused(values: list[str], all_platforms: bool, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_outputs(values, all_platforms=all_platforms)
    assert message in caught.value.message
    assert caught.value.hint


def test_what_may_be_shared_is_not_refused(inside: Path) -> None:
    (inside / "file").write_text("")
    assert parse_outputs(["summary"], all_platforms=True)
    assert parse_outputs(
        ["cyclonedx-json={platform}.json", "cyclonedx-xml={platform}.xml"], all_platforms=True
    )
    assert parse_outputs(["cyclonedx-json=/dev/null", "cyclonedx-xml=/dev/null"], all_platforms=False)
    assert parse_outputs(["cyclonedx-json=file"], all_platforms=False)


@given(st.builds(Platform, st.text(), st.text(), st.text(), st.text()))
def test_a_platform_from_an_image_cannot_lead_out_of_its_folder(platform: Platform) -> None:
    path = Output("cyclonedx-json", "out/{platform}").file(platform)
    assert path.parent == Path("out")
    assert path.name.replace("-", "").replace("_", "").isalnum() or set(path.name) <= {"-", "_"}
    assert path.name not in ("", ".", "..")


def write(output: Output, written: set[Path] | None = None, summary: str = "summary\n") -> list[str]:
    failures = write_all([output], empty_result(), summary, set() if written is None else written)
    return [error.message for error in failures]


def test_a_file_is_replaced_in_one_step(inside: Path) -> None:
    path = inside / "a.txt"
    path.write_text("before")
    with path.open() as reader:
        assert write(Output("summary", "a.txt")) == []
        assert reader.read() == "before"
    assert path.read_text() == "summary\n"
    assert list(inside.iterdir()) == [path]


def test_a_new_file_has_the_usual_mode(inside: Path) -> None:
    before = os.umask(0o027)
    try:
        write(Output("summary", "a.txt"))
    finally:
        os.umask(before)
    assert stat.filemode((inside / "a.txt").stat().st_mode) == "-rw-r-----"


def test_a_link_stays_a_link(inside: Path) -> None:
    (inside / "real").mkdir()
    (inside / "link").symlink_to("real/a.txt")
    assert write(Output("summary", "link")) == []
    assert (inside / "link").is_symlink()
    assert (inside / "real" / "a.txt").read_text() == "summary\n"


def test_a_pipe_is_written_to(inside: Path) -> None:
    os.mkfifo(inside / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((inside / "pipe").read_text()), daemon=True)
    reader.start()
    assert write(Output("summary", "pipe")) == []
    reader.join(10)
    assert read == ["summary\n"]
    assert stat.S_ISFIFO((inside / "pipe").stat().st_mode)


def test_two_images_of_one_platform_do_not_overwrite_each_other(inside: Path) -> None:
    output, written = Output("summary", "{platform}.txt"), set[Path]()
    assert write(output, written) == []
    (message,) = write(output, written, "another\n")
    assert message == "linux-amd64.txt holds the report of another image of this platform already"
    assert (inside / "linux-amd64.txt").read_text() == "summary\n"


def test_one_that_fails_keeps_no_other_from_being_written(inside: Path) -> None:
    outputs = [Output("summary", "no/a.txt"), Output("summary", "b.txt")]
    (error,) = write_all(outputs, empty_result(), "summary\n", set())
    assert error.message == "cannot write no/a.txt: No such file or directory"
    assert error.exit_code == 3
    assert (inside / "b.txt").read_text() == "summary\n"
