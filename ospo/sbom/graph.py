"""The dependency graph of a scan, as far as a document needs it."""

from collections.abc import Mapping, Sequence


def top_level(keys: Sequence[str], needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return keys from which all others can be reached, in the order of the keys.

    These are the ones that nobody needs, and one of each ring that nobody outside needs.
    """
    needed = {target for source, targets in needs.items() for target in targets if target != source}
    top = [key for key in keys if key not in needed]
    reached = _reach(top, needs, set())
    for key in keys:
        if key not in reached:
            top.append(key)
            _reach([key], needs, reached)
    order = {key: index for index, key in enumerate(keys)}
    return sorted(top, key=order.__getitem__)


def _reach(start: Sequence[str], needs: Mapping[str, Sequence[str]], reached: set[str]) -> set[str]:
    waiting = list(start)
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += needs.get(key, ())
    return reached
