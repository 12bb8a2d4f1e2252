"""Lock files of Python, Node, Go and Java that are made to take minutes, or all memory."""

import json
import time

import pytest

from ospo.errors import ParseError
from ospo.extractors import all_extractors
from ospo.extractors.interface import File, Held

BY_NAME = {extractor.name: extractor for extractor in all_extractors()}
SECONDS = 10
"""Of machine time; each takes one or two where it is linear."""

PATHS = {"/".join(["node_modules/a"] * depth): {"dependencies": {"b": "1"}} for depth in range(1, 70)}
POM = "<project><artifactId>a</artifactId>"
HOSTILE = {
    "folders in folders": (
        "npm-lock",
        "package-lock.json",
        json.dumps({"lockfileVersion": 3, "packages": PATHS | {"x/" * 500 + "y": {}}}),
    ),
    "one name": ("requirements", "requirements.txt", "a==1 # via a\n" * 30_000),
    "continued lines": ("requirements", "requirements.txt", "a\\\n" * 500_000),
    "quotes": ("go-mod", "go.mod", 'require "' + '\\"' * 2_000_000),
    "tools": ("go-mod", "go.mod", "module a/b\ngo 1.22\n" + ("tool " + "a/" * 500 + "\n") * 1_000),
    "extras of extras": (
        "pdm-lock",
        "pdm.lock",
        '[[package]]\nname = "a"\nversion = "1"\nextras = ["'
        + '", "'.join(map(str, range(2_000)))
        + '"]\ndependencies = ["a['
        + ",".join(map(str, range(2_000)))
        + ']"]\n',
    ),
    "words": (
        "pylock",
        "pylock.toml",
        f'[[packages]]\nname = "a"\nversion = "1"\nmarker = "{"a" * 16_000}"\n' * 20,
    ),
    "profiles": (
        "maven-pom",
        "pom.xml",
        f"{POM}<properties>"
        + "".join(f"<p{n}>1</p{n}>" for n in range(10_000))
        + "</properties><profiles>"
        + "<profile/>" * 20_000
        + "</profiles></project>",
    ),
    "properties": (
        "maven-pom",
        "pom.xml",
        f"{POM}<properties>"
        + "".join(f"<p{n}>{f'${{p{n + 1}}}' * 50}</p{n}>" for n in range(100))
        + "</properties><dependencies>"
        + "<dependency><groupId>a</groupId><artifactId>b</artifactId><version>${p0}</version></dependency>"
        * 2_000
        + "</dependencies></project>",
    ),
    "elements in elements": ("maven-pom", "pom.xml", POM + "<a>" * 300_000 + "</a>" * 300_000 + "</project>"),
    "patches of patches": (
        "yarn-lock",
        "yarn.lock",
        '__metadata:\n"a@npm:1":\n  version: 1\n  resolution: "a@' + "patch:a@" * 500_000 + '"\n',
    ),
    "open braces": ("pnpm-lock", "pnpm-lock.yaml", "lockfileVersion: 9\n" + f"a: {{{'{' * 16_000}\n" * 100),
    "documents": ("pnpm-lock", "pnpm-lock.yaml", "\n---\nlockfileVersion: 9\n" * 100_000),
    "a text without end": ("bun-lock", "bun.lock", '{"a":"' + '\\"' * 2_000_000),
    "comments in comments": ("bun-lock", "bun.lock", "/*" * 2_000_000),
    "configurations": ("gradle-lock", "gradle.lockfile", "a:b:1=" + "a," * 1_000_000),
}


@pytest.mark.parametrize("case", HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_lock_files_are_read_in_linear_time(case: tuple[str, str, str]) -> None:
    name, path, text = case
    data = text.encode()
    start = time.process_time()
    try:
        for _ in BY_NAME[name].extract(File(path, len(data), 0o644, Held(data))):
            pass
    except ParseError:
        pass
    assert time.process_time() - start < SECONDS
