import gzip
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from image_archives import (
    Made,
    components,
    file,
    hex_of,
    layer,
    link,
    needs_skopeo,
    ref_name,
    skopeo_copy,
    tar,
    write_folder,
    write_tar,
)

from ospo import zstd
from ospo.errors import LayerError, TargetError
from ospo.scan import ScanOptions, scan
from ospo.sources.archive import open_archive
from ospo.sources.interface import Image, SourceOptions
from ospo.sources.oci_archive import open_oci_archive

HELLO = "pkg:deb/hello@{}.0?arch=all"


def opened(reference: str | Path) -> Image:
    (image,) = open_oci_archive(str(reference), SourceOptions())
    return image


def refusal(reference: str | Path) -> str:
    with pytest.raises(TargetError) as caught:
        opened(reference)
    return caught.value.message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.tar"


def several(path: Path, *images: tuple[Made, dict[str, str]]) -> Path:
    """Write an archive whose index lists several images."""
    files: dict[str, bytes] = {}
    listed: list[object] = []
    for image, annotations in images:
        files |= image.layout(annotations)
        listed += json.loads(files["index.json"])["manifests"]
    return write_tar(path, {**files, "index.json": json.dumps({"manifests": listed}).encode()})


@needs_skopeo
def test_what_skopeo_writes_is_read_like_its_layout(tmp_path: Path, path: Path) -> None:
    folder = write_folder(tmp_path / "layout", Made([layer(1), layer(2)]).layout())
    skopeo_copy(f"oci:{folder}", f"oci-archive:{path}:1.0")
    assert components(f"oci-archive:{path}:1.0") == components(f"oci-dir:{folder}") == [HELLO.format(2)]


@pytest.mark.skipif(shutil.which("tar") is None, reason="tar is not installed")
@pytest.mark.parametrize("packed", [["."], ["blobs", "index.json", "oci-layout"]])
@pytest.mark.parametrize("form", ["gnu", "pax", "ustar", "v7"])
def test_what_tar_packs_is_read_with_and_without_a_leading_dot(
    tmp_path: Path, path: Path, packed: list[str], form: str
) -> None:
    """https://github.com/aquasecurity/trivy/issues/3080"""
    folder = write_folder(tmp_path / "layout", Made().layout())
    subprocess.run(["tar", f"--format={form}", "-cf", path, "-C", folder, *packed], check=True)
    assert components(f"oci-archive:{path}") == [HELLO.format(1)]


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_a_compressed_archive_is_read(path: Path, compress: Callable[[bytes], bytes]) -> None:
    path.write_bytes(compress(tar([file(*item) for item in Made().layout().items()])))
    assert components(f"oci-archive:{path}") == [HELLO.format(1)]


def test_the_target_has_the_tag_and_the_identity_has_not(path: Path) -> None:
    write_tar(path, Made().layout(ref_name("1.0")))
    target = opened(f"{path}:1.0").target
    assert (target.name, target.identity) == (f"oci-archive:{path}:1.0", f"oci-archive:{path}")
    assert target.reference == f"oci-archive:{path}:1.0"


def test_a_path_with_colons_and_an_at_sign_is_found(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a:b@c.tar", Made().layout(ref_name("1.0")))
    digest = opened(path).artifact.digest
    for reference in (f"{path}:1.0", f"{path}@{digest}"):
        assert opened(reference).artifact.digest == digest


def test_a_tag_chooses_among_several_images(path: Path) -> None:
    several(path, (Made(), ref_name("1.0")), (Made([layer(2)]), ref_name("2.0")))
    assert components(f"oci-archive:{path}:2.0") == [HELLO.format(2)]
    assert refusal(path).endswith("holds several images: 1.0, 2.0")
    assert refusal(f"{path}:3.0").endswith("not in the layout; there is: 1.0, 2.0")


def test_two_images_with_one_tag_are_told_apart_by_their_names(path: Path) -> None:
    """`docker save a:1 b:1`: the specification's annotation holds the tag only."""
    names = ["docker.io/library/a:1", "docker.io/library/b:1"]
    several(path, (Made(), ref_name("1", names[0])), (Made([layer(2)]), ref_name("1", names[1])))
    for reference in (f"{path}", f"{path}:1"):
        assert refusal(reference).endswith(f"holds several images: {', '.join(names)}")
    assert components(f"oci-archive:{path}:{names[1]}") == [HELLO.format(2)]


def test_one_image_with_two_tags_is_one_image(path: Path) -> None:
    write_tar(path, Made().layout(ref_name("1.0"), ref_name("latest")))
    assert components(f"oci-archive:{path}") == [HELLO.format(1)]


def test_links_are_followed_inside_the_archive_only(path: Path) -> None:
    files = Made().layout()
    index = files.pop("index.json")
    write_tar(
        path,
        [*(file(*item) for item in files.items()), link("index.json", "/a/b"), file("a/b", index)],
    )
    assert opened(path).artifact.layers
    write_tar(path, [link("index.json", "../../../../../../etc/passwd")])
    assert refusal(path) == f"{path}: has no file 'index.json'"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([], "has no file 'index.json'"),
        ([file("index.json", b"{}")], "index.json: neither an index nor a manifest"),
        ([file("index.json", b"{}"), file("./index.json", b"{}")], "holds 'index.json' more than once"),
        ([link("index.json", "index.json")], "has no file 'index.json'"),
        ([file("index.json", bytes((4 << 20) + 1))], "more than limits.manifest_size"),
    ],
)
def test_what_is_no_layout_is_refused(
    path: Path, members: list[tuple[tarfile.TarInfo, bytes]], message: str
) -> None:
    assert message in refusal(write_tar(path, members))


def test_a_blob_that_is_missing_is_a_blocking_problem(path: Path) -> None:
    files = Made([layer(1), layer(2)]).layout()
    del files[f"blobs/sha256/{hex_of(layer(2))}"]
    (result,) = scan(f"oci-archive:{write_tar(path, files)}", ScanOptions("2026-01-01T00:00:00Z"))
    assert [component.key for component in result.components] == [HELLO.format(1)]
    (problem,) = result.problems
    assert problem.blocking
    assert problem.message == f"{path}: has no file 'blobs/sha256/{hex_of(layer(2))}'"
    assert problem.hint == "the layout is incomplete: copy the image again"


def test_a_blob_that_is_shorter_than_the_manifest_says_is_a_layer_error(path: Path) -> None:
    files = Made().layout()
    files[f"blobs/sha256/{hex_of(layer())}"] = layer()[:-512]
    (result,) = scan(f"oci-archive:{write_tar(path, files)}", ScanOptions("2026-01-01T00:00:00Z"))
    assert "where its manifest says" in result.problems[0].message


def test_layers_stay_readable_after_the_file_is_gone(path: Path) -> None:
    image = opened(write_tar(path, Made().layout()))
    path.unlink()
    with image.open_layer(image.artifact.layers[0]) as blob:
        assert blob.read() == layer()
    with pytest.raises(LayerError):
        image.open_layer(opened(write_tar(path, Made([layer(2)]).layout())).artifact.layers[0])


def test_an_archive_of_either_kind_is_told_by_its_content(tmp_path: Path, path: Path) -> None:
    (image,) = open_archive(f"{write_tar(path, Made().layout(ref_name('1.0')))}:1.0", SourceOptions())
    assert image.target.name == f"oci-archive:{path}:1.0"
    (image,) = open_archive(str(write_tar(path, Made().saved())), SourceOptions())
    assert image.target.name == f"docker-archive:{path}:registry.example/app:1.0"
    with pytest.raises(TargetError, match=r"of no image: it has neither manifest\.json nor index\.json"):
        open_archive(str(write_tar(path, [file("etc/passwd", b"")])), SourceOptions())


def test_the_list_of_docker_save_counts_where_both_kinds_are_in_one(path: Path) -> None:
    """Docker 25.0.0 wrote a manifest without layers beside it: https://github.com/moby/moby/issues/47065"""
    image = Made()
    names = [f"blobs/sha256/{hex_of(data)}" for data in image.layers]
    listing = json.dumps([image.entry("blobs/sha256/{}", names)]).encode()
    without_layers = Made([], image.diff_ids)
    files = {**image.layout(), **without_layers.layout(), "manifest.json": listing}
    assert components(f"archive:{write_tar(path, files)}") == [HELLO.format(1)]
