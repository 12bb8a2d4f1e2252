"""The dependency graph of a scan, as far as a document needs it."""

from collections.abc import Iterable, Mapping


def top_level(keys: Iterable[str], edges: Iterable[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Return the fewest keys from which all others can be reached, in the order of the keys.

    These are the ones that nobody needs, and the first of each ring that nobody outside needs.
    """
    needs = dict(edges)
    needed = {target for source, targets in needs.items() for target in targets if target != source}
    nodes = list(keys)
    top = [key for key in nodes if key not in needed]
    reached = _reach(top, needs, set())
    for key in nodes:
        if key not in reached:
            top.append(key)
            _reach([key], needs, reached)
    order = {key: index for index, key in enumerate(nodes)}
    return sorted(top, key=order.__getitem__)


def _reach(start: list[str], needs: Mapping[str, tuple[str, ...]], reached: set[str]) -> set[str]:
    waiting = list(start)
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += needs.get(key, ())
    return reached
