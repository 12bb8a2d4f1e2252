"""Compares what the tools named on an image, from the SBOMs that run.py left.

    compare.py [--tools ospo,syft] [--samples N] IMAGE...

Components are the same when type, namespace, name and version are. Who is right about a difference only the
image can tell; docs/performance.md says what the differences are.
"""

import argparse
from collections import Counter

from places import IMAGES
from sbom import Name, names
from tools import TOOLS


def main() -> None:
    """Print, for each image, what the first tool names and another does not, and the other way round."""
    parser = argparse.ArgumentParser(description="Compare what the tools named on an image.")
    parser.add_argument("--tools", default="ospo,syft,trivy", help="the first is compared with each")
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("images", nargs="*", default=list(IMAGES), metavar="IMAGE")
    options = parser.parse_args()
    for image in options.images:
        found = {tool: names(TOOLS[tool].sbom(image)) for tool in options.tools.split(",")}
        print(f"{image}: " + ", ".join(f"{tool} {len(all_)}" for tool, all_ in found.items()))
        first, *others = found
        for other in others:
            print(f"  both {first} and {other}: {len(found[first] & found[other])}")
            _only(first, other, found[first] - found[other], options.samples)
            _only(other, first, found[other] - found[first], options.samples)


def _only(one: str, other: str, missing: set[Name], samples: int) -> None:
    """Print what one tool names and the other does not, by type."""
    for kind, number in Counter(name.type for name in sorted(missing)).most_common():
        mine = sorted(name for name in missing if name.type == kind)
        shown = ", ".join(map(str, mine[:samples])) + (", …" if number > samples else "")
        print(f"  {one}, not {other}: {kind} {number}: {shown}")


if __name__ == "__main__":
    main()
