import subprocess
import sys

import pytest

HEAVY = ("cyclonedx", "packageurl", "license_expression", "defusedxml", "lxml")


@pytest.mark.parametrize(
    "module", ["ospo.reports.cyclonedx", "ospo.sources.sbom_file", "ospo.licenses.declared"]
)
def test_nothing_heavy_is_imported_before_it_is_needed(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"


def test_json_and_plain_licenses_need_no_library() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from made import LIBC, BABEL, RESULT\n"
        "from dataclasses import replace; from ospo.reports.cyclonedx import render\n"
        "render(replace(RESULT, components=(LIBC, BABEL), dependencies=()), 'cyclonedx-json')\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    folder = __file__.rpartition("/")[0]
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, check=True)
    assert done.stdout == b"[]\n"
