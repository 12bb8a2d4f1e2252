"""Paths inside an image, as text without leading slash; "" is the root. Nothing here touches a disk."""

from collections.abc import Iterable, Mapping

_MOST_LINKS = 40  # as Linux: MAXSYMLINKS
_LONGEST = 4096  # as Linux: PATH_MAX


def text(path: bytes) -> str:
    r"""Turn a path into text: no two paths become the same, and a folder becomes the same in every path.

    A part that is no UTF-8, or could be mistaken for one that is not, has `\\` for a backslash and `\xff` for
    a byte that does not decode.
    """
    plain = _plain(path)
    return "/".join(map(_part, path.split(b"/"))) if plain is None else plain


def _part(part: bytes) -> str:
    plain = _plain(part)
    return part.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace") if plain is None else plain


def _plain(path: bytes) -> str | None:
    try:
        return None if b"\\x" in path else path.decode()
    except UnicodeDecodeError:
        return None


def texts(paths: Iterable[bytes]) -> str:
    """Turn paths, which hold no NUL, into text with NUL between them."""
    joined = b"\0".join(paths)
    plain = _plain(joined)
    return "\0".join(map(text, joined.split(b"\0"))) if plain is None else plain


def ancestors(paths: Iterable[str]) -> set[str]:
    """Return every folder above the given paths, without the root."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def resolve(path: str, links: Mapping[str, str], *, last: bool = False) -> str:
    """Follow symbolic links in the folders of a path, and in its last part with `last`; see `Resolver`."""
    resolver = Resolver(links)
    return resolver.place(path) if last else resolver.name(path)


class Resolver:
    """Follows symbolic links, each at most once; the links must stay as they are.

    Absolute targets and `..` stay inside the root. Where Linux would give up (a loop, a long chain, a long
    path), the link's own path is the answer.
    """

    def __init__(self, links: Mapping[str, str]) -> None:
        self._links = links
        self._places = {"": ""}

    def name(self, path: str) -> str:
        """Follow links in the folders of a path, not in its last part."""
        folder, _, name = path.rpartition("/")
        return _join(self.place(folder), name)

    def place(self, path: str) -> str:
        """Follow all links of a path."""
        place = self._places.get(path)
        if place is None:
            place = ""
            for part in path.split("/"):
                place = self._step(place, part, 0)
            self._places[path] = place
        return place

    def _step(self, folder: str, part: str, depth: int) -> str:
        """Go from a folder without links on its way to what a name in it, or a part of a target, means."""
        if part in ("", "."):
            return folder
        if part == "..":
            return folder.rpartition("/")[0]
        path = _join(folder, part)
        target = self._links.get(path)
        if target is None or depth == _MOST_LINKS:
            return path
        known = self._places.get(path)
        if known is not None:
            return known
        self._places[path] = path  # what a loop comes back to
        place = "" if target.startswith("/") else folder
        for part in target.split("/"):
            place = self._step(place, part, depth + 1)
            if len(place) > _LONGEST:
                return path
        self._places[path] = place
        return place


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
