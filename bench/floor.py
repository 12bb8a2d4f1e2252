"""The least that any scanner of an image has to do: read, hash and inflate layers, walk their tar headers.

    floor.py [--threads] LAYOUT

It uses the libraries that ospo uses and looks at nothing. One after another by default; with --threads
hashing, inflating and walking each have a thread, as in ospo.
"""

import argparse
import hashlib
import json
import queue
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from backports import zstd
from isal import igzip_lib

CHUNK = 1 << 20
BLOCK = 512


def layers(layout: Path) -> list[tuple[Path, str]]:
    """Return (blob, media type) of the first image of an OCI layout, bottom to top."""

    def blob(digest: str) -> Path:
        return layout / "blobs" / Path(*digest.split(":"))

    index = json.loads((layout / "index.json").read_text())
    manifest = json.loads(blob(index["manifests"][0]["digest"]).read_text())
    return [(blob(layer["digest"]), layer["mediaType"]) for layer in manifest["layers"]]


def hashed(path: Path) -> Iterator[bytes]:
    """Yield a blob in chunks and hash it on the way."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as blob:
        while chunk := blob.read(CHUNK // 2):
            digest.update(chunk)
            yield chunk
    if digest.hexdigest() != path.name:
        raise SystemExit(f"{path} has another digest than its name says")


def inflated(chunks: Iterable[bytes], media_type: str) -> Iterator[bytes]:
    """Yield the tar's bytes in pieces of at most 1 MiB; one gzip member or zstd frame is all there is."""
    member = (
        zstd.ZstdDecompressor()
        if media_type.endswith("+zstd")
        else igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    )
    for chunk in chunks:
        yield member.decompress(chunk, CHUNK)
        while not member.eof and not member.needs_input:
            yield member.decompress(b"", CHUNK)


def walked(pieces: Iterable[bytes]) -> int:
    """Step over a tar from header to header; return how many there are."""
    headers = skip = 0
    rest = b""
    for piece in pieces:
        if skip >= len(piece):
            skip -= len(piece)
            continue
        data, at, skip = rest + piece[skip:], 0, 0
        while at + BLOCK <= len(data):
            size = int(data[at + 124 : at + 135].strip(b"\0 ") or b"0", 8)
            headers += data[at] != 0
            at += BLOCK + size + (-size % BLOCK)
        skip, rest = max(0, at - len(data)), data[at:]
    return headers


def ahead(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Run an iterator in a thread of its own, four chunks ahead."""
    line: queue.Queue[bytes | None] = queue.Queue(4)

    def run() -> None:
        for chunk in chunks:
            line.put(chunk)
        line.put(None)

    threading.Thread(target=run, daemon=True).start()
    return iter(line.get, None)


def main() -> None:
    """Do the least for one image and print how many headers it has."""
    parser = argparse.ArgumentParser(description="The least a scanner of an image has to do.")
    parser.add_argument("--threads", action="store_true", help="inflate and walk side by side")
    parser.add_argument("layout", type=Path)
    options = parser.parse_args()
    count = 0
    for path, media_type in layers(options.layout):
        if options.threads:
            count += walked(ahead(inflated(ahead(hashed(path)), media_type)))
        else:
            count += walked(inflated(hashed(path), media_type))
    print(f"{count} tar headers")


if __name__ == "__main__":
    main()
