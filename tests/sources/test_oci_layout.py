"""Layout folders: what is found there by path, tag and digest, and what is refused."""

import json
import os
from contextlib import closing
from pathlib import Path

import pytest
from image_archives import Made, layer, write_folder
from images import blob, digest, layout
from registry_server import index

from ospo.errors import LayerError, TargetError
from ospo.limits import Limits
from ospo.model import Finding, Severity
from ospo.scan import ScanOptions, scan
from ospo.sources.interface import SourceOptions
from ospo.sources.oci_layout import open_layout
from ospo.sources.platforms import parse_platform
from ospo.store import database, writer

LAYER = blob({"a": "x"})
OPTIONS = SourceOptions()


def manifest_digest(folder: Path) -> str:
    return str(json.loads((folder / "index.json").read_text())["manifests"][0]["digest"])


def test_an_image_is_found_by_path_tag_and_digest(tmp_path: Path) -> None:
    layout(tmp_path, LAYER, tag="1.0")
    wanted = manifest_digest(tmp_path)
    for reference, name in (
        (f"{tmp_path}", f"oci-dir:{tmp_path}"),
        (f"{tmp_path}:1.0", f"oci-dir:{tmp_path}:1.0"),
        (f"{tmp_path}@{wanted}", f"oci-dir:{tmp_path}@{wanted}"),
    ):
        (image,) = open_layout(reference, OPTIONS)
        assert image.target.name == name
        assert image.target.identity == f"oci-dir:{tmp_path}"
        assert image.target.reference == f"oci-dir:{reference}"
        assert image.artifact.digest == wanted
        (layer,) = image.artifact.layers
        with image.open_layer(layer) as stored:
            assert stored.read() == LAYER.data


def test_a_path_may_hold_the_characters_that_separate_tags_and_digests(tmp_path: Path) -> None:
    folder = tmp_path / "a@b:c"
    folder.mkdir()
    layout(folder, LAYER, tag="1.0")
    for suffix in ("", ":1.0", f"@{manifest_digest(folder)}"):
        assert len(open_layout(f"{folder}{suffix}", OPTIONS)) == 1


def test_a_path_may_start_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout(tmp_path, LAYER)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_layout("~", OPTIONS)[0].target.name == f"oci-dir:{tmp_path}"


@pytest.mark.parametrize("wanted", [":2.0", "@" + digest(b"another")])
def test_what_is_not_in_the_layout_is_refused_with_what_is(tmp_path: Path, wanted: str) -> None:
    layout(tmp_path, LAYER, tag="1.0")
    with pytest.raises(TargetError, match=r"not in the layout; there is: 1\.0") as caught:
        open_layout(f"{tmp_path}{wanted}", OPTIONS)
    assert caught.value.hint == f"name what is there, as in oci-dir:{tmp_path}:1.0"


def test_a_tag_for_a_layout_without_names_gets_the_hint_to_leave_it_out(tmp_path: Path) -> None:
    layout(tmp_path, LAYER)
    with pytest.raises(TargetError, match="there is: no named image") as caught:
        open_layout(f"{tmp_path}:1.0", OPTIONS)
    assert caught.value.hint == f"write oci-dir:{tmp_path} alone"


def test_several_images_without_a_choice_are_refused_with_their_names(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        folder.mkdir()
    layout(first, LAYER, tag="one")
    layout(second, blob({"b": "y"}), tag="two")
    index = json.loads((first / "index.json").read_text())
    index["manifests"] += json.loads((second / "index.json").read_text())["manifests"]
    (first / "index.json").write_text(json.dumps(index))
    with pytest.raises(TargetError, match="holds several images: one, two") as raised:
        open_layout(str(first), OPTIONS)
    assert f"oci-dir:{first}:one" in raised.value.hint


def test_two_unnamed_images_of_one_platform_are_refused_and_neither_retires_the_others_findings(
    tmp_path: Path,
) -> None:
    first, second = Made([layer(1)]), Made([layer(2)])
    files = first.layout() | second.layout()
    described = [json.loads(made.layout()["index.json"])["manifests"][0] for made in (first, second)]
    platform = {"os": "linux", "architecture": "amd64"}
    files["index.json"] = index(*(entry | {"platform": platform} for entry in described))
    write_folder(tmp_path, files)
    amd64 = parse_platform("amd64")
    with pytest.raises(TargetError, match="2 images are for linux/amd64"):
        open_layout(str(tmp_path), SourceOptions(platform=amd64))
    options = ScanOptions("2026-01-01T00:00:00Z", SourceOptions(all_platforms=True))
    with closing(database.connect(tmp_path / "db")) as store:
        for result in scan(f"oci-dir:{tmp_path}", options):
            subject = result.components[0].key
            found = Finding(subject, "r", Severity.LOW, result.target.identity, subject, "m")
            writer.save(store, result, (found,))
        rows = store.execute("SELECT platform, subject FROM v_open_findings ORDER BY 1").fetchall()
    assert rows == [
        ("linux/amd64", "pkg:deb/hello@1.0?arch=all"),
        ("linux/amd64#2", "pkg:deb/hello@2.0?arch=all"),
    ]


def test_a_folder_without_an_index_is_no_layout(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(TargetError, match=r"no OCI layout at .*: there is no index\.json"):
            open_layout(str(path), OPTIONS)


@pytest.mark.parametrize("index", [b"", b"{", b"[]", b"{}", b'{"manifests": 1}', b"\xff\xfe", b"[" * 100_000])
def test_an_index_that_is_none_is_a_target_error(tmp_path: Path, index: bytes) -> None:
    layout(tmp_path, LAYER)
    (tmp_path / "index.json").write_bytes(index)
    with pytest.raises(TargetError) as raised:
        open_layout(str(tmp_path), OPTIONS)
    assert "\n" not in raised.value.message


def test_an_index_above_the_limit_is_refused(tmp_path: Path) -> None:
    layout(tmp_path, LAYER)
    with pytest.raises(TargetError, match="more than 100 bytes"):
        open_layout(str(tmp_path), SourceOptions(limits=Limits(manifest_size=100)))


def test_a_manifest_whose_bytes_are_others_is_refused(tmp_path: Path) -> None:
    layout(tmp_path, LAYER)
    path = tmp_path / "blobs" / manifest_digest(tmp_path).replace(":", "/")
    path.write_bytes(path.read_bytes().replace(b"amd64", b"arm64").replace(b"tar+gzip", b"tar+zstd"))
    with pytest.raises(TargetError, match="wrong digest"):
        open_layout(str(tmp_path), OPTIONS)


@pytest.mark.parametrize(
    "value", ["sha256:../../../../etc/passwd", "../../etc/passwd", "sha256:ABC", "md5:0", ""]
)
def test_a_digest_that_is_a_path_is_refused(tmp_path: Path, value: str) -> None:
    layout(tmp_path, LAYER)
    index = json.loads((tmp_path / "index.json").read_text())
    index["manifests"][0]["digest"] = value
    (tmp_path / "index.json").write_text(json.dumps(index))
    with pytest.raises(TargetError, match="digest"):
        open_layout(str(tmp_path), OPTIONS)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    layout(tmp_path, LAYER)
    (tmp_path / "blobs" / manifest_digest(tmp_path).replace(":", "/")).unlink()
    with pytest.raises(TargetError, match="No such file") as raised:
        open_layout(str(tmp_path), OPTIONS)
    assert raised.value.hint == "the layout is incomplete: copy the image again"


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
def test_a_layer_that_is_no_file_is_a_layer_error(tmp_path: Path, kind: str) -> None:
    layout(tmp_path, LAYER)
    (image,) = open_layout(str(tmp_path), OPTIONS)
    path = tmp_path / "blobs" / LAYER.digest.replace(":", "/")
    path.unlink()
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(LayerError) as raised:
        image.open_layer(image.artifact.layers[0])
    assert raised.value.hint == "the layout is incomplete: copy the image again"
