"""Every extractor's cases, and what holds for every extractor.

`tests/extractors/<extractor>/<case>/` is the root of a small file system. Its `expected.json` says for every
file that the extractor wants what comes out of it: records without their default fields, and the message of
a `ParseError`. `OSPO_WRITE_EXPECTED=1 pytest tests/extractors` writes these files anew, to be read in the
diff. A `README.md` says where the input comes from.
"""

import os
import random
import re
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import ParseError
from ospo.extractors import all_extractors
from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.interface import Extractor, File, Held
from ospo.extractors.records import NAME_LIMIT

HERE = Path(__file__).parent
BY_NAME = {extractor.name: extractor for extractor in all_extractors()}
CASES = sorted(path for path in HERE.glob("*/*") if path.is_dir() and path.parent.name in BY_NAME)
NOT_INPUT = ("expected.json", "README.md")
DAMAGED_COPIES = 200
DAMAGED_BYTES = 20 << 20
"""Bytes read in damaged copies of one file, so that a large binary does not take minutes."""

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
each_extractor = pytest.mark.parametrize("extractor", BY_NAME.values(), ids=list(BY_NAME))


def wanted_files(case: Path) -> Iterator[File]:
    """Yield the files of a case that its extractor wants, in the order of their paths."""
    extractor = BY_NAME[case.parent.name]
    dispatcher = Dispatcher((extractor,))
    for path in sorted(path for path in case.rglob("*") if path.is_file()):
        name = path.relative_to(case).as_posix()
        data = path.read_bytes()
        if name not in NOT_INPUT and (dispatcher.wanted(name.encode()) or dispatcher.by_magic(data[:16])):
            siblings = {s: (path.parent / s) for s in extractor.siblings}
            held = {s: sibling.read_bytes() for s, sibling in siblings.items() if sibling.is_file()}
            yield File(name, len(data), path.stat().st_mode, Held(data), held)


def extracted(extractor: Extractor, file: File) -> dict[str, Any]:
    """Return what comes out of a file: records, and the error that ended them."""
    records: list[dict[str, Any]] = []
    try:
        for record in extractor.extract(file):
            records.append(told(record))  # noqa: PERF401 - what came before the error counts
    except ParseError as error:
        return {"records": records, "error": error.message}
    return {"records": records}


def told(record: Any) -> dict[str, Any]:
    """Return a record's kind and those fields that are not what they are by default."""
    shown = {"record": type(record).__name__}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.default is MISSING or value != field.default:
            shown[field.name] = value
    plain: dict[str, Any] = orjson.loads(orjson.dumps(shown))
    return plain


def written(outcome: dict[str, Any]) -> str:
    """Return the text of an expected.json: one line for each field of a record."""
    files = []
    for path, result in outcome.items():
        records = ",\n".join(one_a_line(record, 4) for record in result["records"])
        records = f'"records": [\n{records}\n  ]' if records else '"records": []'
        error = f',\n  "error": {text(result["error"])}' if "error" in result else ""
        files.append(f" {text(path)}: {{\n  {records}{error}\n }}")
    return "{\n" + ",\n".join(files) + "\n}\n"


def one_a_line(record: dict[str, Any], indent: int) -> str:
    lines = (f"{' ' * (indent + 1)}{text(key)}: {text(value)}" for key, value in record.items())
    return f"{' ' * indent}{{\n" + ",\n".join(lines) + f"\n{' ' * indent}}}"


def text(value: Any) -> str:
    return orjson.dumps(value).decode()


@each_case
def test_a_case_gives_what_it_expects(case: Path) -> None:
    outcome = {file.path: extracted(BY_NAME[case.parent.name], file) for file in wanted_files(case)}
    expected = case / "expected.json"
    if os.environ.get("OSPO_WRITE_EXPECTED"):
        expected.write_text(written(outcome))
    assert outcome, "the extractor wants no file of this case"
    assert outcome == orjson.loads(expected.read_bytes())


@each_extractor
def test_an_extractor_has_a_case(extractor: Extractor) -> None:
    assert any(case.parent.name == extractor.name for case in CASES), (
        f"add tests/extractors/{extractor.name}/<case>/"
    )


@each_extractor
def test_an_extractor_says_what_users_see_of_it(extractor: Extractor) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", extractor.name)
    assert extractor.version >= 1
    assert extractor.ecosystem
    assert extractor.licenses_from
    assert extractor.patterns or extractor.magic


def test_a_folder_of_cases_belongs_to_an_extractor() -> None:
    folders = {path.parent.parent.name for path in HERE.glob("*/*/expected.json")}
    assert folders <= set(BY_NAME)


@each_case
def test_damaged_copies_raise_nothing_but_parse_errors(case: Path) -> None:
    extractor = BY_NAME[case.parent.name]
    for file in wanted_files(case):
        rng = random.Random(file.path)
        copies = max(5, min(DAMAGED_COPIES, DAMAGED_BYTES // (file.size or 1)))
        for _ in range(copies):
            data = damaged(file.data, rng)
            siblings = {name: damaged(sibling, rng) for name, sibling in file.siblings.items()}
            assert_sound(extracted(extractor, File(file.path, len(data), file.mode, Held(data), siblings)))


def assert_sound(outcome: dict[str, Any]) -> None:
    """Whatever bytes came in: names and versions can identify a component, and an error says something."""
    for record in outcome["records"]:
        for identity in (record[key] for key in ("name", "version") if key in record):
            assert 0 < len(identity) <= NAME_LIMIT, record
            assert not set("\n\0") & set(identity), record
    assert outcome.get("error", "none") != ""


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut the end off half of the time, and overwrite up to eight bytes."""
    copy = bytearray(data[: rng.randrange(len(data) + 1)] if rng.random() < 0.5 else data)
    for _ in range(rng.randrange(9) if copy else 0):
        copy[rng.randrange(len(copy))] = rng.randrange(256)
    return bytes(copy)


@each_extractor
@given(data=st.binary(max_size=512))
def test_any_bytes_raise_nothing_but_parse_errors(extractor: Extractor, data: bytes) -> None:
    for pattern in extractor.patterns or ("file",):
        path = pattern.replace("**/", "x/").replace("*", "x")
        siblings = dict.fromkeys(extractor.siblings, data)
        assert_sound(extracted(extractor, File(path, len(data), 0o644, Held(data), siblings)))


@each_extractor
def test_a_file_that_ends_before_its_size_raises_nothing_but_parse_errors(extractor: Extractor) -> None:
    for pattern in extractor.patterns or ("file",):
        path = pattern.replace("**/", "x/").replace("*", "x")
        assert_sound(extracted(extractor, File(path, 3 << 20, 0o644, Held(b"Package: x\n"))))
