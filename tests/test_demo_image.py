"""The image of `make demo`: true to the environment it is made of, and an image to other programs as well."""

import shutil
import subprocess
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

import pytest
from demo_image import demo_layers, write_image
from packaging.utils import canonicalize_name

from ospo.scan import ScanOptions, scan

SITE_PACKAGES = Path(sysconfig.get_path("purelib"))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "image"
    write_image(demo_layers(SITE_PACKAGES), folder)
    return folder


def test_scan_finds_each_installed_package_but_the_removed_one(image: Path) -> None:
    installed = {(canonicalize_name(d.name), d.version) for d in distributions(path=[str(SITE_PACKAGES)])}
    expected = {(name, version) for name, version in installed if name not in {"ospo", "pip"}}
    (result,) = scan(f"oci-dir:{image}", ScanOptions(now="2026-01-01T00:00:00Z"))
    assert {(component.name, component.version) for component in result.components} == expected
    assert result.problems == ()


def test_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    layers = demo_layers(SITE_PACKAGES)
    (name, files), *_ = layers.items()
    backwards = dict(reversed(files.items()))
    assert write_image({name: files}, tmp_path / "a") == write_image({name: backwards}, tmp_path / "b")


@pytest.mark.skipif(shutil.which("skopeo") is None, reason="needs Debian's skopeo")
def test_skopeo_accepts_the_image(image: Path, tmp_path: Path) -> None:
    command = ["skopeo", "copy", "--insecure-policy", f"oci:{image}", f"docker-archive:{tmp_path}/image.tar"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
