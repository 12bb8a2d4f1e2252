"""Turns measurements into the tables of docs/performance.md."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

START = "<!-- bench/run.py writes from here -->"
END = "<!-- to here -->"

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Results:
    """What one or more calls of run.py wrote."""

    facts: Mapping[str, str]
    """Label and text of the machine and of the programs; the latest call's."""
    loads: tuple[float, ...]
    """Load averages before each run."""
    runs: tuple[Record, ...]
    """Runs on images."""
    starts: tuple[Record, ...]
    """Runs that read no image."""

    def images(self) -> list[str]:
        """Return the images in the order of their runs."""
        return list(dict.fromkeys(run["image"] for run in self.runs))

    def covers(self, images: Collection[str], tools: Collection[str]) -> bool:
        """Tell whether every tool has run on every image."""
        return all(self._of(image, tool) for image in images for tool in tools)

    def figure(self, image: str, tool: str, key: str) -> float | None:
        """Return the median over the rounds, or None where the tool did not run."""
        values = [run[key] for run in self._of(image, tool)]
        return median(values) if values else None

    def ratio(self, image: str, tool: str, base: str) -> float | None:
        """Return the median over the rounds of how much longer a tool took than another in the same round."""
        theirs = {run["round"]: run["wall"] for run in self._of(image, tool)}
        ours = {run["round"]: run["wall"] for run in self._of(image, base)}
        ratios = [theirs[number] / ours[number] for number in sorted(theirs.keys() & ours.keys())]
        return median(ratios) if ratios else None

    def components(self, image: str, tool: str) -> Mapping[str, int]:
        """Return the number of components by purl type, as the last run had them."""
        runs = self._of(image, tool)
        return runs[-1].get("components", {}) if runs else {}

    @property
    def rounds(self) -> int:
        """The smallest number of runs of any tool on any image."""
        pairs = Counter((run["image"], run["tool"]) for run in self.runs)
        return min(pairs.values(), default=0)

    @property
    def next_round(self) -> int:
        """The number after those of all rounds so far."""
        return max((run["round"] for run in self.runs), default=-1) + 1

    def _of(self, image: str, tool: str) -> list[Record]:
        return [run for run in self.runs if (run["image"], run["tool"]) == (image, tool)]


def load(path: Path) -> Results:
    """Read what run.py wrote, one JSON value a line."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    facts = [line for line in lines if "facts" in line]
    return Results(
        facts={label: text for line in facts for label, text in line["facts"].items()},
        loads=tuple(line["load"] for line in lines if "load" in line),
        runs=tuple(line for line in lines if "image" in line),
        starts=tuple(line for line in lines if "start" in line),
    )


def render(results: Results) -> str:
    """Return the tables as Markdown."""
    parts = [_facts(results), _times(results), _costs(results), _found(results), _starts(results)]
    return "\n\n".join(parts) + "\n"


def insert(document: Path, text: str) -> None:
    """Put text between the markers of a document.

    Raises:
        ValueError: a marker is missing.
    """
    whole = document.read_text()
    before, start, rest = whole.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"{document} lacks {START} or {END}")
    document.write_text(f"{before}{START}\n\n{text}\n{END}{after}")


def _facts(results: Results) -> str:
    low, high = min(results.loads), max(results.loads)
    about = "; ".join(f"{label}: {text}" for label, text in results.facts.items())
    rounds = results.rounds
    return (
        f"{about}. At least {rounds} round{'s' * (rounds != 1)} for each image, medians. "
        f"Load average before the runs: {low:.1f} to {high:.1f}."
    )


def _times(results: Results) -> str:
    """Wall seconds, and how much longer the peers take in the same round."""
    head = ["image", "ospo", "floor, threads", "Syft", "Trivy", "Syft / ospo", "Trivy / ospo"]
    head += ["ospo, cached", "Trivy, cached"]
    rows = []
    for image in results.images():
        cold = [results.figure(image, tool, "wall") for tool in ("ospo", "floor-threads", "syft", "trivy")]
        ratios = [_times_more(results.ratio(image, tool, "ospo")) for tool in ("syft", "trivy")]
        warm = [results.figure(image, tool, "wall") for tool in ("ospo-warm", "trivy-warm")]
        rows.append([image, *map(_seconds, cold), *ratios, *map(_seconds, warm)])
    return "### Wall time, seconds\n\n" + _grid(head, rows)


def _costs(results: Results) -> str:
    """CPU seconds and megabytes, with the floor beside them."""
    head = ["image", "ospo s", "ospo s, cached", "floor s", "Syft s", "Trivy s"]
    head += ["ospo MB", "ospo MB, cached", "Syft MB", "Trivy MB"]
    rows = []
    for image in results.images():
        cpu = [results.figure(image, tool, "cpu") for tool in ("ospo", "ospo-warm", "floor", "syft", "trivy")]
        peaks = [results.figure(image, tool, "peak") for tool in ("ospo", "ospo-warm", "syft", "trivy")]
        rows.append([image, *map(_seconds, cpu), *map(_whole, peaks)])
    return "### CPU seconds and peak memory\n\n" + _grid(head, rows)


def _found(results: Results) -> str:
    """Different components with a purl, in all and by type."""
    head = ["image", "ospo", "Syft", "Trivy"]
    rows = []
    for image in results.images():
        found = [results.components(image, tool) for tool in ("ospo", "syft", "trivy")]
        rows.append([image, *(_count(types) for types in found)])
    return "### Components (type, namespace, name and version differ)\n\n" + _grid(head, rows, left=4)


def _starts(results: Results) -> str:
    costs: dict[str, list[Record]] = {}
    for run in results.starts:
        costs.setdefault(run["start"], []).append(run)
    rows = [
        [f"`{name}`", *(f"{median(run[key] for run in runs):.2f}" for key in ("cpu", "wall"))]
        for name, runs in costs.items()
    ]
    return "### Start-up, seconds\n\n" + _grid(["command", "CPU", "wall"], rows)


def _count(types: Mapping[str, int]) -> str:
    parts = ", ".join(f"{kind} {number}" for kind, number in types.items())
    return f"{sum(types.values())} ({parts})" if types else "-"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}" if value < 9.995 else f"{value:.1f}"


def _times_more(value: float | None) -> str:
    return "-" if value is None else f"**{value:.1f}x**"


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _grid(head: list[str], rows: Iterable[list[str]], left: int = 1) -> str:
    """Return a Markdown table; figures to the right, the first `left` columns to the left."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rule, *rows])
