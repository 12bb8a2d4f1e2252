"""Which stored image another one was built on: one whose layers are the lower layers of the other.

Layers count as the same by the digest of their blobs, which every scan checks. What an image claims of its
base (`org.opencontainers.image.base.digest`) only chooses among images whose layers fit.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence

from ospo.model import Artifact, BaseImage

_CLAIMED = "org.opencontainers.image.base.digest"

_BASES = """
SELECT artifact.digest, (SELECT target.name FROM observation
  JOIN target ON target.id = observation.target_id
  WHERE observation.artifact_id = artifact.id ORDER BY observation.id DESC LIMIT 1)
FROM artifact WHERE artifact.chain = ? ORDER BY artifact.digest <> ?, artifact.id LIMIT 1
"""


def known_base(connection: sqlite3.Connection, artifact: Artifact) -> BaseImage | None:
    """Return the stored image with most layers that this one was built on; None where there is none.

    Of several with the same layers it is the one that the image claims, else the one that was scanned first.
    """
    claimed = dict(artifact.labels).get(_CLAIMED, "")
    lower = list(chains([layer.digest for layer in artifact.layers]))[:-1]
    for count in range(len(lower), 0, -1):
        found = connection.execute(_BASES, (lower[count - 1], claimed)).fetchone()
        if found is not None:
            digest, name = found
            return BaseImage(name or "", digest, count)
    return None


def chain(artifact: Artifact) -> str | None:
    """Return what identifies the layers of an artifact; None where it has none."""
    return next(reversed(list(chains([layer.digest for layer in artifact.layers]))), None)


def chains(digests: Sequence[str]) -> Iterator[str]:
    """Yield for each layer, bottom first, what identifies it with all layers below.

    Each is the SHA-256 of the one before and the layer's digest, like the ChainID of OCI images, which is
    made of diff_ids: https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid
    """
    value = ""
    for digest in digests:
        value = hashlib.sha256(f"{value} {digest}".encode("utf-8", "surrogatepass")).hexdigest()
        yield value


def fill_chains(connection: sqlite3.Connection) -> None:
    """Compute what identifies the layers of artifacts that an older version stored."""
    rows = connection.execute(
        "SELECT link.artifact_id, layer.digest FROM artifact_layer AS link"
        " JOIN layer ON layer.id = link.layer_id ORDER BY link.artifact_id, link.position"
    ).fetchall()
    digests: dict[int, list[str]] = {}
    for artifact_id, digest in rows:
        digests.setdefault(artifact_id, []).append(digest)
    connection.executemany(
        "UPDATE artifact SET chain = ? WHERE id = ?",
        [(list(chains(listed))[-1], artifact_id) for artifact_id, listed in digests.items()],
    )
