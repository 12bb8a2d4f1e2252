"""Lock files made to take the square of their size."""

import time

import pytest

from ospo.errors import ParseError
from ospo.extractors import all_extractors
from ospo.extractors.interface import File, Held

BY_NAME = {extractor.name: extractor for extractor in all_extractors()}
SECONDS = 10
"""Of machine time; each takes below one where it is linear, and minutes where it is not."""

UUID = "ade2ca70-3891-5945-98fb-"
HOSTILE = {
    "many platforms": (
        "bundler",
        "Gemfile.lock",
        "GEM\n  specs:\n" + "".join(f"    a (1-p{n})\n      a\n" for n in range(15_000)),
    ),
    "many comments": (
        "github-actions",
        "action.yml",
        "runs:\n  steps:\n" + f"    - uses: a/b@{'0' * 40} # v1 {'x' * 40}\n" * 7_000,
    ),
    "many frameworks": (
        "nuget-lock",
        "packages.lock.json",
        '{"dependencies": {'
        + "".join(f'"net/{n}": {{}}, ' for n in range(10_000))
        + '"net": {'
        + ", ".join(f'"p{n}": {{"resolved": "1.0.0"}}' for n in range(10_000))
        + "}}}",
    ),
    "one name": (
        "julia",
        "Manifest.toml",
        "".join(f'[[A]]\nuuid = "{UUID}{n:012x}"\ndeps = ["A"]\n' for n in range(10_000)),
    ),
    "one crate": (
        "cargo-lock",
        "Cargo.lock",
        "".join(f'[[package]]\nname = "a"\nversion = "{n}"\ndependencies = ["a"]\n' for n in range(10_000)),
    ),
    "open comments": ("opam", "a.opam", "(*" * 400_000),
    "open texts": ("opam", "a.opam", '"\\' * 400_000),
    "open elements": ("nuget-project", "a.csproj", "<a>" * 400_000),
    "open terms": ("rebar", "rebar.lock", '{<<"a">>,{pkg,<<"a">>,<<"1">>' * 50_000),
    "open brackets": ("mix", "mix.lock", '"a": {:hex, :a, "1"' + '], "a"' * 200_000),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_crafted_file_is_read_in_the_time_of_a_sound_one(case: str) -> None:
    name, path, text = HOSTILE[case]
    data = text.encode()
    started = time.process_time()
    try:
        count = sum(1 for _ in BY_NAME[name].extract(File(path, len(data), 0o644, Held(data))))
    except ParseError:
        count = 0
    assert count <= len(data)
    assert time.process_time() - started < SECONDS
