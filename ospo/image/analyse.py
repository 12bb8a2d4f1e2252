"""One blob to `LayerFacts`: opened, hashed, inflated, walked, and judged against what its manifest says."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from ospo.errors import LayerError
from ospo.extractors.dispatch import Dispatcher
from ospo.image.decompress import decompress
from ospo.image.facts import LayerFacts
from ospo.image.layer import LayerReader
from ospo.image.members import TarMembers
from ospo.image.stream import HashedBlob, Prefetch, TarStream
from ospo.limits import Limits
from ospo.model import Layer, Problem, ProblemKind

OnBytes = Callable[[int], None]
"""Told the number of stored bytes read since the last call."""


def analyse(
    layer: Layer, open_blob: Callable[[], BinaryIO], dispatcher: Dispatcher, limits: Limits, on_bytes: OnBytes
) -> LayerFacts:
    """Read one layer; a second time only for the few files that the first pass could not keep.

    Raises:
        LayerError: the blob is not what the manifest says, is damaged, or exceeds a limit.
        RegistryError: the registry does not give it.
    """
    reader = LayerReader(dispatcher, limits)
    facts = _one_pass(layer, open_blob, reader, on_bytes)
    if targets := reader.unread():
        again = _one_pass(layer, open_blob, LayerReader(dispatcher, limits, only=targets), lambda _: None)
        facts = replace(facts, files=facts.files + again.files, problems=facts.problems + again.problems)
    return facts


def _one_pass(
    layer: Layer, open_blob: Callable[[], BinaryIO], reader: LayerReader, on_bytes: OnBytes
) -> LayerFacts:
    with open_blob() as blob:
        hashed = HashedBlob(blob, layer.digest.partition(":")[0])
        stored = Prefetch(_counted(hashed, layer, on_bytes))
        try:
            chunks = Prefetch(decompress(iter(stored), layer.media_type, reader.limits))
            try:
                stream = TarStream(iter(chunks))
                facts = reader.read(TarMembers(stream, reader.limits))
                trailing = stream.drain()
                for _ in stored:
                    pass
            finally:
                chunks.close()
        finally:
            stored.close()
    _check(layer, hashed)
    facts = replace(facts, size=hashed.size, unpacked=stream.position)
    if trailing:
        message = f"has {trailing} bytes after the end of its archive; not read, as runtimes do not"
        facts = replace(facts, problems=(*facts.problems, Problem(ProblemKind.LAYER, "", message)))
    return facts


def _counted(hashed: HashedBlob, layer: Layer, on_bytes: OnBytes) -> Iterator[bytes]:
    for chunk in hashed:
        if hashed.size > layer.size:
            raise LayerError(f"has more than the {layer.size} bytes that its manifest says")
        on_bytes(len(chunk))
        yield chunk


def _check(layer: Layer, hashed: HashedBlob) -> None:
    if hashed.size != layer.size:
        raise LayerError(f"has {hashed.size} bytes where its manifest says {layer.size}")
    if hashed.digest != layer.digest:
        raise LayerError(
            f"has digest {hashed.digest} where its manifest says {layer.digest}",
            hint="the copy is damaged or was tampered with: fetch the image again",
        )
