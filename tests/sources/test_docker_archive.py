import gzip
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_archives import (
    Made,
    components,
    file,
    hex_of,
    layer,
    link,
    needs_skopeo,
    skopeo_copy,
    tar,
    write_folder,
    write_tar,
)

from ospo import zstd
from ospo.errors import TargetError
from ospo.limits import Limits
from ospo.model import Artifact
from ospo.sources.docker_archive import open_docker_archive
from ospo.sources.interface import Image, SourceOptions
from ospo.sources.platforms import parse_platform

HELLO = "pkg:deb/hello@{}.0?arch=all"
Members = list[tuple[tarfile.TarInfo, bytes]]


def opened(reference: str | Path, options: SourceOptions | None = None) -> Image:
    (image,) = open_docker_archive(str(reference), options or SourceOptions())
    return image


def artifact(reference: str | Path) -> Artifact:
    return opened(reference).artifact


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(TargetError) as caught:
        opened(path, SourceOptions(limits=limits or Limits()))
    assert caught.value.message.startswith(str(path))
    return caught.value.message.removeprefix(f"{path}: ")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.tar"


@needs_skopeo
def test_what_skopeo_writes_is_read_like_its_layout(tmp_path: Path, path: Path) -> None:
    image = Made([layer(1), layer(2)])
    folder = write_folder(tmp_path / "layout", image.layout())
    skopeo_copy(f"oci:{folder}", f"docker-archive:{path}:registry.example/app:1.0")
    read = artifact(path)
    assert read.digest == read.config_digest == f"sha256:{hex_of(image.config)}"
    assert [layer.digest for layer in read.layers] == image.diff_ids
    assert components(f"docker-archive:{path}") == components(f"oci-dir:{folder}") == [HELLO.format(2)]


@needs_skopeo
def test_one_of_several_images_that_skopeo_and_podman_write_is_chosen_by_tag(
    tmp_path: Path, path: Path
) -> None:
    for number in (1, 2):
        folder = write_folder(tmp_path / str(number), Made([layer(number)]).layout())
        skopeo_copy(f"oci:{folder}", f"docker-archive:{tmp_path}/{number}.tar:registry.example/app:{number}")
    # skopeo writes one image at a time; members of both are packed together, as `podman save -m` does.
    both: dict[str, bytes] = {}
    listed: list[object] = []
    for number in (1, 2):
        with tarfile.open(tmp_path / f"{number}.tar") as archive:
            for member in archive.getmembers():
                if member.isreg():
                    content = archive.extractfile(member)
                    assert content is not None
                    both[member.name] = content.read()
            listed += json.loads(both["manifest.json"])
    write_tar(path, {**both, "manifest.json": json.dumps(listed).encode()})
    assert components(f"docker-archive:{path}:registry.example/app:2") == [HELLO.format(2)]


def test_the_form_of_docker_before_25_is_read_with_its_links(path: Path) -> None:
    """Two images share a layer: the second has a symbolic link to the first one's."""
    first, second = Made([layer(1)]), Made([layer(1), layer(2)], tags=["registry.example/app:2.0"])
    members: Members = [
        file("aa/VERSION", b"1.0"),
        file("aa/layer.tar", layer(1)),
        link("bb/layer.tar", "../aa/layer.tar"),
        file("cc/layer.tar", layer(2)),
        file(f"{hex_of(first.config)}.json", first.config),
        file(f"{hex_of(second.config)}.json", second.config),
    ]
    entries = [first.entry(layers=["aa/layer.tar"]), second.entry(layers=["bb/layer.tar", "cc/layer.tar"])]
    write_tar(path, [*members, file("manifest.json", json.dumps(entries).encode())])
    read = artifact(f"{path}:registry.example/app:2.0")
    assert [layer.digest for layer in read.layers] == second.diff_ids
    assert components(f"docker-archive:{path}:registry.example/app:2.0") == [HELLO.format(2)]


def test_the_form_of_docker_since_25_is_read_from_its_manifest_json(path: Path) -> None:
    image = Made()
    names = [f"blobs/sha256/{hex_of(data)}" for data in image.layers]
    entry = image.entry("blobs/sha256/{}", names)
    files = {**image.layout(), "manifest.json": json.dumps([entry]).encode()}
    assert artifact(write_tar(path, files)).digest == f"sha256:{hex_of(image.config)}"


@pytest.mark.parametrize("name", ["{}.json", "blobs/sha256/{}", "sha256:{}", "config.json"])
def test_configurations_are_found_under_every_writers_name(path: Path, name: str) -> None:
    image = Made()
    write_tar(path, image.saved(name))
    assert artifact(path).config_digest == f"sha256:{hex_of(image.config)}"


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_a_compressed_archive_is_read_and_leaves_no_file(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compress: Callable[[bytes], bytes]
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    path.write_bytes(compress(tar(Made().saved())))
    image = opened(path)
    assert list(temporary.iterdir()) == []
    assert image.open_layer(image.artifact.layers[0]).read() == layer()


@pytest.mark.parametrize("compress", [gzip.compress, zstd.compress])
def test_compressed_layers_are_known_by_their_stored_bytes(
    path: Path, compress: Callable[[bytes], bytes]
) -> None:
    """As go-containerregistry, Kaniko and Jib write them."""
    stored = compress(layer())
    write_tar(path, Made([stored], [f"sha256:{hex_of(layer())}"]).saved())
    (read,) = artifact(path).layers
    assert (read.digest, read.size) == (f"sha256:{hex_of(stored)}", len(stored))
    assert components(f"docker-archive:{path}") == [HELLO.format(1)]


def test_the_target_is_the_same_with_and_without_the_tag(path: Path) -> None:
    write_tar(path, Made(tags=["app:1.0"]).saved())
    plain, tagged = opened(path).target, opened(f"{path}:app:1.0").target
    assert plain.name == tagged.name == f"docker-archive:{path}:docker.io/library/app:1.0"
    assert plain.identity == f"docker-archive:{path}:docker.io/library/app"
    assert tagged.reference == f"docker-archive:{path}:app:1.0"


def test_an_image_without_tag_is_named_by_its_configuration(path: Path) -> None:
    image = Made(tags=[])
    write_tar(path, image.saved())
    digest = f"sha256:{hex_of(image.config)}"
    assert opened(path).target.name == f"docker-archive:{path}"
    assert opened(f"{path}@{digest}").target.name == f"docker-archive:{path}@{digest}"


def test_several_images_are_listed_when_none_is_named(path: Path) -> None:
    one, two = Made(tags=["app:1"]), Made([layer(2)], tags=["app:2"])
    members = [*one.saved()[:-1], *two.saved()[:-1]]
    write_tar(path, [*members, file("manifest.json", json.dumps([one.entry(), two.entry()]).encode())])
    assert refusal(path) == "holds 2 images: docker.io/library/app:1, docker.io/library/app:2"


def test_a_name_that_is_not_there_is_answered_with_those_that_are(path: Path) -> None:
    write_tar(path, Made().saved())
    with pytest.raises(TargetError, match=r"'app:2' is not in the archive; .* registry\.example/app:1\.0"):
        opened(f"{path}:app:2")


def test_another_platform_is_refused(path: Path) -> None:
    write_tar(path, Made().saved())
    with pytest.raises(TargetError, match="no image for linux/arm64; there is: linux/amd64"):
        opened(path, SourceOptions(platform=parse_platform("arm64")))


def test_of_two_layers_with_one_name_the_last_counts_as_when_unpacked(path: Path) -> None:
    write_tar(path, [file("0/layer.tar", layer(9)), *Made().saved()])
    assert components(f"docker-archive:{path}") == [HELLO.format(1)]


def test_names_may_be_absolute_or_start_with_a_dot(path: Path) -> None:
    renamed: Members = []
    for number, (info, data) in enumerate(Made().saved()):
        info.name = ("./" if number % 2 else "/") + info.name
        renamed.append((info, data))
    assert components(f"docker-archive:{write_tar(path, renamed)}") == [HELLO.format(1)]


def test_hard_links_are_followed(path: Path) -> None:
    members = [file("real.tar", layer()), link("0/layer.tar", "real.tar", tarfile.LNKTYPE)]
    assert artifact(write_tar(path, [*members, *Made().saved()[1:]])).layers[0].size == len(layer())


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([file("x", b"")], "has no manifest.json, so it was not written by docker save"),
        ([file("manifest.json", b"[")], "manifest.json is not JSON: unexpected end"),
        ([file("manifest.json", b"{}")], "manifest.json is not a list"),
        ([file("manifest.json", b"[1]")], "manifest.json[0] is not an object"),
        ([file("manifest.json", b'[{"Config": 1}]')], "manifest.json[0].Config is not text"),
        ([file("manifest.json", b"[]")], "its manifest.json lists no image"),
        ([file("manifest.json", b'[{"Config": "c", "Layers": [1]}]')], "manifest.json[0].Layers[0] is not"),
        ([*Made().saved()[1:]], "has no file '0/layer.tar'"),
        ([file("manifest.json", b"[]"), *Made().saved()], "holds 'manifest.json' more than once"),
        (
            [link("0/layer.tar", "../manifest.json"), *Made().saved()[1:]],
            "layer 0 is not the configuration's",
        ),
        ([link("0/layer.tar", "../1/x"), link("1/x", "../0/layer.tar"), *Made().saved()[1:]], "has no file"),
        ([link("0/layer.tar", "/etc/passwd"), *Made().saved()[1:]], "has no file '0/layer.tar'"),
        ([file("../manifest.json", b"[]")], "has a member whose name points outside: 'manifest.json'"),
        (Made(diff_ids=["sha256:" + "0" * 64]).saved(), "layer 0 is not the configuration's (got sha256:"),
        (Made([layer(), layer()], [f"sha256:{hex_of(layer())}"]).saved(), "has not the 2 layers"),
        (
            Made([gzip.compress(layer())[:-9]], [f"sha256:{hex_of(layer())}"]).saved(),
            "layer 0: gzip data is truncated",
        ),
        ([file("archive.tar", tar(Made().saved()))], "has no manifest.json"),
    ],
)
def test_what_does_not_fit_together_is_refused(path: Path, members: Members, message: str) -> None:
    assert message in refusal(write_tar(path, members))


def test_a_list_that_names_files_outside_finds_none(path: Path) -> None:
    outside = "../" * 20 + "etc/passwd"
    entry = {"Config": outside, "RepoTags": None, "Layers": None}
    write_tar(path, {"manifest.json": json.dumps([entry]).encode()})
    assert refusal(path) == f"has no file '{outside}'"


def test_a_configuration_that_is_not_what_its_name_says_is_refused(path: Path) -> None:
    image = Made()
    *members, listing = image.saved()
    members[-1] = file(f"{hex_of(image.config)}.json", image.config + b" ")
    assert "configuration: wrong digest (got sha256:" in refusal(write_tar(path, [*members, listing]))


def test_limits_hold(path: Path) -> None:
    many = [{"Config": "c", "Layers": []}] * 20_000
    write_tar(path, {"manifest.json": json.dumps(many).encode()})
    assert "more than limits.manifest_size (1000)" in refusal(path, Limits(manifest_size=1000))
    write_tar(path, Made([layer(1), layer(2)]).saved())
    with pytest.raises(TargetError, match=r"2 layers are more than limits\.layers"):
        opened(path, SourceOptions(limits=Limits(layers=1)))
    path.write_bytes(gzip.compress(bytes(1 << 20)))
    assert "limits.layer_size" in refusal(path, Limits(layer_size=1000))


def test_thousands_of_images_in_one_list_are_answered_at_once(path: Path) -> None:
    many = [{"Config": f"{number}.json", "Layers": []} for number in range(20_000)]
    write_tar(path, {"manifest.json": json.dumps(many).encode()})
    assert refusal(path).startswith("holds 20000 images: 0.json, 1.json, 10.json")


def test_an_endless_index_is_not_kept_in_memory(path: Path) -> None:
    """46 MB of nothing but names, 300 KB compressed."""
    header = tar([file("x" * 4000, b"")])[: 10 * 512]
    path.write_bytes(gzip.compress(header * 9000, 1))
    assert refusal(path) == "has too many members for an image archive"


@pytest.mark.parametrize("cut", [0, 1, 600, 1024, 4096, 11_000])
def test_a_truncated_archive_is_refused(path: Path, cut: int) -> None:
    path.write_bytes(tar(Made().saved())[:cut])
    assert refusal(path)


def test_a_compressed_archive_that_is_truncated_is_refused(path: Path) -> None:
    path.write_bytes(gzip.compress(tar(Made().saved()))[:-20])
    assert refusal(path) == "gzip data is truncated"


def test_a_full_disk_is_said_with_the_way_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full answers as a full disk does."""
    monkeypatch.setattr("tempfile.TemporaryFile", partial(open, "/dev/full", "w+b", buffering=0))
    path.write_bytes(gzip.compress(tar(Made().saved())))
    with pytest.raises(TargetError) as caught:
        opened(path)
    assert caught.value.message.endswith("No space left on device")
    assert "TMPDIR" in caught.value.hint


@pytest.mark.skipif(shutil.which("tar") is None, reason="GNU tar is not installed")
def test_a_layer_stored_as_a_sparse_file_is_refused(tmp_path: Path, path: Path) -> None:
    sparse = tmp_path / "image" / "0" / "layer.tar"
    sparse.parent.mkdir(parents=True)
    with sparse.open("wb") as hole:
        hole.write(layer())
        hole.truncate(1 << 22)
    image = Made([sparse.read_bytes()])
    write_folder(tmp_path / "image", {info.name: data for info, data in image.saved()[1:]})
    subprocess.run(["tar", "-C", tmp_path / "image", "--sparse", "-cf", path, "."], check=True)
    assert "'0/layer.tar' is stored as a sparse file" in refusal(path)


@pytest.mark.parametrize("what", ["missing", "folder", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    place = tmp_path / what
    if what == "folder":
        place.mkdir()
    elif what == "pipe":
        os.mkfifo(place)
    with pytest.raises(TargetError):
        opened(place)


SAVED = tar(Made([gzip.compress(layer())], [f"sha256:{hex_of(layer())}"]).saved())


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SAVED) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_damage_gives_the_same_image_or_a_target_error(path: Path, damage: list[tuple[int, int]]) -> None:
    data = bytearray(SAVED)
    for at, value in damage:
        data[at] = value
    path.write_bytes(data)
    try:
        (read,) = artifact(path).layers
    except TargetError:
        return
    assert read.diff_id == f"sha256:{hex_of(layer())}"
