import gzip
import importlib
import inspect
from pathlib import Path

import pytest
from image_archives import Made, components, file, layer, tar, write_folder, write_tar

from ospo import zstd
from ospo.errors import OspoError, TargetError, UsageError
from ospo.sources.detect import SCHEMES, local_path, split


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_a_scheme_decides_whatever_is_there(scheme: str) -> None:
    assert split(f"{scheme}:./x:y") == (scheme, "./x:y")


@pytest.mark.parametrize(("module", "function"), sorted(SCHEMES.values()))
def test_every_scheme_leads_to_an_opener(module: str, function: str) -> None:
    opener = getattr(importlib.import_module(f"ospo.sources.{module}"), function)
    first, second, *others = inspect.signature(opener).parameters.values()
    assert (first.name, second.name) == ("rest", "options")
    assert all(other.default is not inspect.Parameter.empty for other in others)


@pytest.mark.parametrize(
    "name",
    [
        f"app:{'t' * 128}@sha512:{'0' * 128}",
        "app",
        "app:1.0",
        "registry.example/team/app:1.0",
        "unknown:app",
        "localhost:5000/app",
    ],
)
def test_a_bare_name_is_an_image_in_a_registry(name: str) -> None:
    assert split(name) == ("registry", name)


@pytest.mark.parametrize(
    ("content", "scheme"),
    [
        (tar(Made().saved()), "archive"),
        (tar([file("./index.json", b"{}")]), "archive"),
        (gzip.compress(tar([]), mtime=0), "archive"),
        (zstd.compress(tar([])), "archive"),
        (b'{"bomFormat": "CycloneDX"}', "sbom"),
        (b'\xef\xbb\xbf\r\n {"spdxVersion": "SPDX-2.3"}', "sbom"),
        (b'<?xml version="1.0"?><bom/>', "sbom"),
        (b"{" * 5000, "sbom"),
    ],
)
def test_a_file_is_told_by_its_content_not_by_its_name(inside: Path, content: bytes, scheme: str) -> None:
    for name in ("x", "x.json", "x.tar"):
        (inside / name).write_bytes(content)
        for reference in (f"./{name}", f"{inside}/{name}"):
            assert split(reference) == (scheme, reference)


def test_a_tag_or_digest_may_follow_the_path(inside: Path) -> None:
    write_tar(inside / "x.tar", Made().saved())
    for reference in ("./x.tar:registry.example/app:1.0", f"./x.tar@sha256:{'0' * 64}"):
        assert split(reference) == ("archive", reference)
    assert components("./x.tar:registry.example/app:1.0") == components("./x.tar")


def test_the_local_path_is_without_tag(inside: Path) -> None:
    write_tar(inside / "x.tar", Made().saved())
    for reference in ("./x.tar:1.0", "docker-archive:x.tar:app:1.0", "oci-archive:x.tar"):
        path = local_path(reference)
        assert path is not None
        assert path.resolve() == inside / "x.tar"
    assert local_path("x.tar") is local_path("docker:./x.tar") is None


def test_a_folder_is_a_layout_or_just_a_folder(inside: Path) -> None:
    write_folder(inside / "layout", Made().layout())
    assert split("./layout") == ("oci-dir", "./layout")
    assert split("./layout:latest") == ("oci-dir", "./layout:latest")
    assert split(".") == ("dir", ".")


@pytest.mark.parametrize(
    "content", [b"", b"hello", bytes(2048), b"\x7fELF" + bytes(1000), b"BZh9" + bytes(600)]
)
def test_what_is_neither_archive_nor_sbom_is_refused(inside: Path, content: bytes) -> None:
    (inside / "x").write_bytes(content)
    with pytest.raises(TargetError, match=r"\./x is neither|x is neither an image archive nor an SBOM"):
        split("./x")


def test_only_the_beginning_of_a_large_file_is_read(inside: Path) -> None:
    with (inside / "x").open("wb") as hole:
        hole.truncate(1 << 40)
    with pytest.raises(TargetError, match="neither an image archive nor an SBOM"):
        split("./x")


@pytest.mark.parametrize("reference", ["./missing", "./" + "x" * 300, "./x\0y", "/dev/null"])
def test_a_path_at_which_nothing_lies_is_refused(reference: str) -> None:
    with pytest.raises(TargetError):
        split(reference)


def test_a_name_that_is_also_a_path_is_ambiguous(inside: Path) -> None:
    (inside / "app").write_bytes(layer())
    with pytest.raises(
        UsageError, match="'app' is a local path and could be an image name as well"
    ) as caught:
        split("app")
    assert caught.value.hint == "write ./app for the path, or registry:app for the image"


@pytest.mark.parametrize("reference", ["", " "])
def test_an_empty_reference_is_refused(reference: str) -> None:
    with pytest.raises(OspoError, match="the reference is empty"):
        split(reference)
