"""Where the benchmark keeps its images, peers and results, and which images there are."""

import os
import shutil
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("OSPO_BENCH") or CHECKOUT / "build" / "bench").resolve()
SCRATCH = FOLDER / "scratch"
PEERS = FOLDER / "peers"
RESULTS = FOLDER / "results.jsonl"

# Smallest first: a mistake shows within seconds.
IMAGES = ("go-tools", "debian-py", "debian-py-zst", "node-app", "java-spark", "ml-serving", "big")


def image(name: str) -> Path:
    """Return the OCI layout of an image that `build-images.sh` made.

    Raises:
        SystemExit: it has not been built.
    """
    layout = FOLDER / "images" / name
    if not (layout / "index.json").exists():
        raise SystemExit(f"{layout} is missing: run bench/build-images.sh (as root, 16 minutes, 14 GB)")
    return layout


def program(variable: str, default: Path) -> Path:
    """Return the program that an environment variable names, or the one in its default place.

    Raises:
        SystemExit: there is none.
    """
    found = shutil.which(os.environ.get(variable) or default)
    if found is None:
        raise SystemExit(f"{default} is missing: run bench/peers.py, or name the program in {variable}")
    return Path(found)
