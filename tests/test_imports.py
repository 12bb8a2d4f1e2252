"""What importing the pipeline costs: nothing that only some scans need."""

import subprocess
import sys

HEAVY = {
    "cyclonedx",
    "license_expression",
    "lxml",
    "packageurl",
    "requests",
    "sigstore",
    "sqlite_utils",
    "textual",
}


def test_the_pipeline_imports_nothing_that_only_some_scans_need() -> None:
    code = "import sys, ospo.scan; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = {module.partition(".")[0] for module in done.stdout.split()}
    assert "ospo" in modules
    assert HEAVY & modules == set()
