import os
from pathlib import Path

import pytest
from made import RESULT

from ospo.errors import UsageError
from ospo.reports.cyclonedx import check_format, render

GOLDEN = Path(__file__).parent / "golden"
FILES = {
    "cyclonedx-json@1.6": "image-1.6.cdx.json",
    "cyclonedx-json@1.7": "image-1.7.cdx.json",
    "cyclonedx-xml@1.6": "image-1.6.cdx.xml",
    "cyclonedx-xml@1.7": "image-1.7.cdx.xml",
}


@pytest.mark.parametrize("format_", sorted(FILES))
def test_the_whole_document(format_: str) -> None:
    golden, written = GOLDEN / FILES[format_], render(RESULT, format_)
    if os.environ.get("OSPO_WRITE_EXPECTED"):
        golden.write_bytes(written)
    assert written == golden.read_bytes()


def test_the_default_version_is_1_6() -> None:
    assert render(RESULT, "cyclonedx-json") == render(RESULT, "cyclonedx-json@1.6")
    assert check_format("cyclonedx-xml") == ("cyclonedx-xml", "1.6")


@pytest.mark.parametrize("format_", ["cyclonedx", "cyclonedx-json@1.5", "cyclonedx-json@", "", "spdx-json"])
def test_an_unknown_format_is_refused(format_: str) -> None:
    with pytest.raises(UsageError) as error:
        render(RESULT, format_)
    assert error.value.hint.startswith("known are ")
