"""What every run pays for: the command line starts without the packages that only some commands need."""

import subprocess
import sys

import pytest

HEAVY = {
    "cel_expr_python",
    "cyclonedx",
    "jsonschema_rs",
    "license_expression",
    "lxml",
    "packageurl",
    "requests",
    "sigstore",
    "sqlite_utils",
    "textual",
    "yaml",
}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["scan", "--help"]])
def test_start_imports_nothing_heavy(arguments: list[str]) -> None:
    code = "import sys; from ospo.cli.main import run; code = run(sys.argv[1:]); print(code, *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    exit_code, *modules = done.stdout.splitlines()[-1].split()
    assert exit_code == "0"
    assert HEAVY & {module.partition(".")[0] for module in modules} == set()


def test_the_pipeline_imports_nothing_that_only_some_scans_need() -> None:
    code = "import sys, ospo.scan; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = {module.partition(".")[0] for module in done.stdout.split()}
    assert "ospo" in modules
    assert HEAVY & modules == set()
