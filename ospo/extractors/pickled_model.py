"""Models saved by PyTorch: archives around a pickle, which runs whatever code it holds when it is loaded.

Formats: https://docs.pytorch.org/docs/stable/notes/serialization.html; before PyTorch 1.6 several pickles, of
which the first is a number. Nothing is unpickled here: the file is only named for what it is.
"""

from collections.abc import Iterator
from dataclasses import replace

from ospo.extractors.huggingface_names import by_place, properties
from ospo.extractors.interface import Extractor, File
from ospo.model import Evidence, Record

HEAD = 4096
_ZIP, _NAME, _NAME_LENGTH = b"PK\x03\x04", 30, slice(26, 28)
_PICKLE = "/data.pkl"
_OLD = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The pickle of 0x1950a86a20f9469cfc6c, PyTorch's own number."""


def is_pickled(start: bytes) -> bool:
    """Tell by its first bytes whether PyTorch saved a file: the pickle is the first member of its archive."""
    if start.startswith(_ZIP):
        length = int.from_bytes(start[_NAME_LENGTH], "little")
        return start[_NAME : _NAME + length].decode("utf-8", "replace").endswith(_PICKLE)
    return start.startswith(_OLD)


def pickled_model(file: File) -> Iterator[Record]:
    """Yield the model that a file holds, if PyTorch saved it."""
    if is_pickled(file.read(0, min(file.size, HEAD))):
        yield replace(
            by_place(file.path),
            properties=properties(("format", "pytorch-pickle"), ("runs-code-when-loaded", "true")),
        )


EXTRACTORS = (
    Extractor(
        name="pickled-model",
        version=1,
        patterns=("**/*.pt", "**/*.pth", "**/*.bin", "**/*.ckpt"),
        evidence=Evidence.EMBEDDED,
        extract=pickled_model,
        ecosystem="PyTorch models",
        licenses_from="none",
        head=HEAD,
    ),
)
