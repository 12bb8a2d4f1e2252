"""Paths inside an image, as text without leading slash; "" is the root. Nothing here touches a disk."""

from collections.abc import Iterable, Mapping

_MOST_LINKS = 40  # as Linux: MAXSYMLINKS


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
    """Follow symbolic links in the folders of a path, and in its last part with `last`.

    Absolute targets and `..` stay inside the root. A loop, or a chain longer than Linux allows,
    gives the path reached so far.
    """
    done: list[str] = []
    todo = path.split("/")[::-1]
    followed = 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del done[-1:]
            continue
        done.append(part)
        if not todo and not last:
            break
        target = links.get("/".join(done))
        if target is not None and followed < _MOST_LINKS:
            followed += 1
            done = [] if target.startswith("/") else done[:-1]
            todo.extend(target.split("/")[::-1])
    return "/".join(done)
