"""Times ospo, its peers and the floor on real images, in turn, and writes the table in docs/performance.md.

    run.py [--rounds N] [--images A,B] [--tools A,B] [--append] [--results FILE]

In each round every tool runs once on an image, one after another (A B C A B C), so that what else the
machine does hits all alike; medians and ratios within a round are what counts. The tables in the document
are written only when all images and tools are in the results. README.md says what has to be there.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import machine
import sbom
import table
from measure import Cost, measure
from places import CHECKOUT, IMAGES, RESULTS, SCRATCH, image
from tools import OSPO_ENV, TOOLS, Tool, ospo_program, ready

DOCUMENT = CHECKOUT / "docs" / "performance.md"
START_RUNS = 9
START = {"ospo --version": ["--version"], "ospo --help": ["--help"]}


def main() -> None:
    """Measure what the command line asks for, print the table, and put it into the documentation."""
    options = _options()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    if not options.append:
        options.results.unlink(missing_ok=True)
    ready()
    if machine.busy():
        _say(f"warning: load {machine.load():.1f}: others use the machine; trust CPU and ratios, not wall")
    _write(options.results, {"facts": machine.facts(options.tools), "load": round(machine.load(), 1)})
    _warm_up()
    for name, argv in START.items():
        _start(name, argv, options.results)
    first = table.load(options.results).next_round
    for number in range(first, first + options.rounds):
        for name in options.images:
            for tool in options.tools:
                _run(TOOLS[tool], name, number, options.results)
    _finish(options.results)


def _options() -> argparse.Namespace:
    def several(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(description="Time ospo and its peers on real images.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=several, default=list(IMAGES), help=",".join(IMAGES))
    parser.add_argument("--tools", type=several, default=list(TOOLS), help=",".join(TOOLS))
    parser.add_argument("--results", type=Path, default=RESULTS, help="one JSON value a line")
    parser.add_argument("--append", action="store_true", help="add rounds to earlier results")
    options = parser.parse_args()
    if unknown := sorted({*options.images} - {*IMAGES} | {*options.tools} - {*TOOLS}):
        parser.error(f"unknown: {', '.join(unknown)}")
    return options


def _warm_up() -> None:
    """Run ospo once untimed, so that Python has compiled its modules, as an installation would have."""
    tool = TOOLS["ospo"]
    tool.prepare()
    measure(tool.command(IMAGES[0]), tool.env, SCRATCH)


def _start(name: str, argv: list[str], results: Path) -> None:
    """Time a command that reads no image, a few times in a row."""
    for number in range(START_RUNS):
        cost = measure([str(ospo_program()), *argv], OSPO_ENV, SCRATCH)
        _record(results, {"start": name, "round": number}, cost)


def _read_ahead(name: str) -> None:
    """Read an image's blobs once, so that every tool finds them in the page cache, whoever ran before."""
    for blob in sorted((image(name) / "blobs" / "sha256").iterdir()):
        with blob.open("rb", buffering=0) as file:
            while file.read(1 << 20):
                pass


def _run(tool: Tool, name: str, number: int, results: Path) -> None:
    tool.prepare()
    _read_ahead(name)
    tool.sbom(name).unlink(missing_ok=True)
    load = machine.load()
    cost = measure(tool.command(name), tool.env, SCRATCH)
    if cost.code != 0:
        raise SystemExit(f"{tool.name} on {name} ended with {cost.code}, see {SCRATCH / 'output.log'}")
    about: dict[str, object] = {"image": name, "tool": tool.name, "round": number, "load": round(load, 1)}
    if tool.writes:
        about["components"] = sbom.counts(tool.sbom(name))
    _record(results, about, cost)


def _record(results: Path, about: dict[str, object], cost: Cost) -> None:
    what = about.get("start") or f"{about['image']} {about['tool']}"
    _say(f"{what}: {cost.wall:.2f} s, {cost.cpu:.2f} s CPU, {cost.peak:.0f} MB")
    _write(results, about | {key: round(value, 3) for key, value in asdict(cost).items()})


def _write(results: Path, value: dict[str, object]) -> None:
    with results.open("a") as lines:
        lines.write(json.dumps(value) + "\n")


def _finish(path: Path) -> None:
    results = table.load(path)
    text = table.render(results)
    print(text)
    if results.covers(IMAGES, TOOLS):
        table.insert(DOCUMENT, text)
        _say(f"written into {DOCUMENT}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
