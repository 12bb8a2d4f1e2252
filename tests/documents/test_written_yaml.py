"""What ospo writes as YAML is read back as the same."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ospo.documents.marked import parse
from ospo.documents.written import write

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.from_regex(
    r"\A[-+0-9.eExo:~]{1,8}\Z"
)


@given(st.dictionaries(TEXTS, TEXTS, min_size=1))
def test_texts_come_back_whoever_reads_them(texts: dict[str, str]) -> None:
    written = write(dict(texts))
    (document,) = parse(Path("x.yaml"), written.encode())
    assert document.value == texts
    assert yaml.safe_load(written) == texts


@pytest.mark.parametrize("text", ["1234567890123e45", "2027-01-31", "no", "null", "0x10", "1.5", "~", ""])
def test_text_that_means_something_else_is_quoted(text: str) -> None:
    assert write({"key": text}) in (f"key: '{text}'\n", f'key: "{text}"\n')
