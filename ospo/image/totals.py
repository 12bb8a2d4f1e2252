"""What the layers of an image hold together, against the limits of a whole image."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from ospo.errors import LayerError
from ospo.image.facts import LayerFacts
from ospo.limits import Limits


class TooMuchError(LayerError):
    """All layers together exceed a limit."""


@dataclass(slots=True)
class Totals:
    """The sums over the layers known so far, which do not depend on the order they come in."""

    limits: Limits
    times: Mapping[Hashable, int]
    """Blob -> how many layers it is."""
    size: int = 0
    entries: int = 0

    def add(self, blob: Hashable, facts: LayerFacts) -> None:
        """Count a blob as often as it is a layer; call it once for each blob.

        Raises:
            TooMuchError: the sums exceed a limit.
        """
        times = self.times[blob]
        self.size += times * facts.unpacked
        self.entries += times * (facts.entries.count("\0") + 1 if facts.entries else 0)
        size, entries = self.limits.image_size, self.limits.image_entries
        if self.size > size or self.entries > entries:
            raise TooMuchError(
                f"all layers together hold more than {size} bytes (limits.image_size)"
                f" or {entries} entries (limits.image_entries)",
                hint="raise the limit in [limits] of ospo.toml if the image is genuine",
            )
