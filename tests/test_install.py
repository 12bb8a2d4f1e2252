"""The wheel: built, installed into a clean environment and used from another folder."""

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from demo_image import files_of, write_image

CHECKOUT = Path(__file__).parents[1]
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=CHECKOUT)
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_the_package_its_data_and_its_license_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"ospo", "ospo-0.1.0.dist-info"}
    assert "ospo/_bundled/data/spdx-licenses.json" in names
    assert "ospo/py.typed" in names
    assert "ospo-0.1.0.dist-info/licenses/LICENSE" in names


def test_wheel_scans_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    venv.create(environment)
    python = environment / "bin" / "python"
    _run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        wheel,
        cwd=tmp_path,
    )
    # What ospo needs is lent by this environment. A .pth file inside a folder that a .pth file names is
    # not read, so that the editable ospo stays out.
    packages = Path(
        _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip()
    )
    (packages / "lent.pth").write_text(f"{SITE_PACKAGES}\n")

    bundled = _run(
        python, "-c", "from ospo.paths import bundled; print(bundled('data'))", cwd=tmp_path
    ).strip()
    assert Path(bundled) == packages / "ospo" / "_bundled" / "data"

    lib = "usr/lib/python3/site-packages/"
    files = {lib + path: SITE_PACKAGES / path for path in files_of(distribution("click"))}
    write_image({"click": files}, tmp_path / "image")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    options = ["--db", "ospo.db", "-o", "cyclonedx-json=sbom.json"]
    _run(environment / "bin" / "ospo", "scan", "oci-dir:../image", *options, cwd=elsewhere)
    (component,) = json.loads((elsewhere / "sbom.json").read_text())["components"]
    assert component["purl"] == f"pkg:pypi/click@{distribution('click').version}"
    assert component["licenses"] == [{"license": {"id": "BSD-3-Clause", "acknowledgement": "declared"}}]
    assert (elsewhere / "ospo.db").is_file()
