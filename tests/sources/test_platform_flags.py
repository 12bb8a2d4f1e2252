"""Asking for platforms where there are none is a mistake in the command, not something to pass over."""

import shutil
from pathlib import Path

import pytest
from image_archives import Made, write_tar

from ospo.errors import UsageError
from ospo.model import Platform
from ospo.sources.daemon import Engine, open_image
from ospo.sources.detect import open_reference
from ospo.sources.interface import SourceOptions

ALL = SourceOptions(all_platforms=True)
ONE = SourceOptions(platform=Platform("linux", "amd64"))
SBOM = Path(__file__).parent.parent / "sbom" / "documents" / "syft-1.18.cdx.json"


@pytest.mark.parametrize(
    ("options", "flag"), [(ALL, "--all-platforms"), (ONE, "--platform")], ids=["all", "one"]
)
def test_a_folder_and_an_sbom_have_no_platform(tmp_path: Path, options: SourceOptions, flag: str) -> None:
    shutil.copy(SBOM, tmp_path / "sbom.json")
    for reference in (
        f"dir:{tmp_path}",
        str(tmp_path),
        f"sbom:{tmp_path}/sbom.json",
        f"{tmp_path}/sbom.json",
    ):
        with pytest.raises(UsageError) as caught:
            open_reference(reference, options)
        assert f"leave {flag} out" in caught.value.hint
        assert open_reference(reference, SourceOptions())


@pytest.mark.parametrize("scheme", ["docker-archive:", "archive:", ""])
def test_an_archive_of_docker_holds_one_platform(tmp_path: Path, scheme: str) -> None:
    path = write_tar(tmp_path / "image.tar", Made().saved())
    with pytest.raises(UsageError, match="has not several platforms") as caught:
        open_reference(f"{scheme}{path}", ALL)
    assert "leave --all-platforms out" in caught.value.hint
    assert open_reference(f"{scheme}{path}", ONE)


def test_an_engine_gives_one_platform(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="what podman holds has not several platforms"):
        open_image(Engine("podman", f"unix://{tmp_path}/none"), "app:1", ALL)
