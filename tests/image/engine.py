"""A made-up ecosystem for the engine: a file named `db` lists packages, one "name version" a line."""

import io
from collections.abc import Iterator

from images import Blob, Tree, blob

from ospo.errors import ParseError
from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.interface import Extractor, File
from ospo.image.analyse import analyse
from ospo.image.facts import LayerFacts
from ospo.image.overlay import Overlay
from ospo.limits import Limits
from ospo.model import Component, Evidence, Layer, Record


def packages(file: File) -> Iterator[Record]:
    for line in file.text.splitlines():
        name, _, version = line.partition(" ")
        if name == "damaged":
            raise ParseError("is damaged")
        yield Component("generic", name, version)


DB = Extractor(
    name="db",
    version=1,
    patterns=("**/db",),
    evidence=Evidence.INSTALLED,
    extract=packages,
    ecosystem="Made up",
    licenses_from="none",
    database=True,
)
PROGRAM = Extractor(
    name="program",
    version=1,
    patterns=(),
    magic=(b"\x7fPRG",),
    evidence=Evidence.EMBEDDED,
    extract=lambda file: iter((Component("generic", "program", str(file.size)),)),
    ecosystem="Made up",
    licenses_from="none",
)
WITH_SIBLING = Extractor(
    name="with-sibling",
    version=1,
    patterns=("**/main",),
    evidence=Evidence.INSTALLED,
    extract=lambda file: iter((Component("generic", "main", (file.sibling("beside") or b"-").decode()),)),
    ecosystem="Made up",
    licenses_from="none",
    siblings=("beside",),
)
DISPATCHER = Dispatcher((DB, PROGRAM, WITH_SIBLING))


def read_blob(stored: Blob, limits: Limits | None = None, dispatcher: Dispatcher = DISPATCHER) -> LayerFacts:
    """Analyse one blob as the engine does."""
    layer = Layer(0, stored.digest, stored.media_type, stored.size)
    return analyse(layer, lambda: io.BytesIO(stored.data), dispatcher, limits or Limits(), lambda _: None)


def read_layer(*trees: Tree, limits: Limits | None = None, dispatcher: Dispatcher = DISPATCHER) -> LayerFacts:
    """Analyse one uncompressed layer that holds these trees."""
    return read_blob(blob(*trees, compression="plain"), limits, dispatcher)


def stack(*layers: LayerFacts) -> Overlay:
    """Lay facts over each other, the first at the bottom."""
    overlay = Overlay()
    for index, facts in enumerate(layers):
        overlay.apply(index, facts)
    return overlay


def shown(overlay: Overlay) -> dict[str, dict[str, int]]:
    """Return what is visible: path -> "name version" -> layer."""
    found: dict[str, dict[str, int]] = {}
    for seen in overlay.seen():
        assert isinstance(seen.record, Component)
        assert [place.path for place in seen.record.locations] == [seen.path]
        found.setdefault(seen.path, {})[f"{seen.record.name} {seen.record.version}"] = seen.layer
    return found


def shown_of(*layers: Tree) -> dict[str, dict[str, int]]:
    """Return what is visible of layers that hold these trees."""
    return shown(stack(*map(read_layer, layers)))
