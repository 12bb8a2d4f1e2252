"""Packages of .NET programs: what is left out and looked through, and input made to take long."""

import time
from typing import Any

import orjson
import pytest

from ospo.errors import ParseError
from ospo.extractors import dotnet_deps
from ospo.extractors.interface import File, Held
from ospo.model import Component, Evidence

TARGET = ".NETCoreApp,Version=v8.0"
FILES: dict[str, Any] = {"runtime": {"x.dll": {}}}


def extracted(target: dict[str, Any], libraries: dict[str, Any], name: str = TARGET) -> list[Component]:
    document = {"runtimeTarget": {"name": name}, "targets": {name: target}, "libraries": libraries}
    data = orjson.dumps(document)
    file = File("app/App.deps.json", len(data), 0o644, Held(data))
    return [record for record in dotnet_deps._deps(file) if isinstance(record, Component)]


def packages(*keys: str) -> dict[str, Any]:
    return {key: {"type": "package"} for key in keys}


def test_packages_have_the_names_of_the_registry() -> None:
    (found,) = extracted({"Serilog/3.1.1": FILES}, packages("Serilog/3.1.1"))
    assert found.purl == "pkg:nuget/Serilog@3.1.1"


def test_a_project_has_no_package_url() -> None:
    (found,) = extracted({"App/1.0.0": FILES}, {"App/1.0.0": {"type": "project"}})
    assert found.purl is None


@pytest.mark.parametrize("assets", ["runtime", "native", "resources", "runtimeTargets"])
def test_a_package_with_any_file_is_there(assets: str) -> None:
    assert extracted({"A/1.0.0": {assets: {"x": {}}}}, packages("A/1.0.0"))


@pytest.mark.parametrize("entry", [{}, {"runtime": {}}, {"compile": {"x.dll": {}}}, None])
def test_a_package_without_files_is_left_out(entry: object) -> None:
    assert extracted({"A/1.0.0": entry}, packages("A/1.0.0")) == []


def test_what_a_library_for_net_standard_needs_is_declared() -> None:
    (found,) = extracted({"A/1.0.0": FILES}, packages("A/1.0.0"), ".NETStandard,Version=v2.0/")
    assert found.evidence == Evidence.DECLARED


def test_more_libraries_than_any_program_has_are_refused() -> None:
    with pytest.raises(ParseError, match="libraries"):
        extracted({}, packages(*(f"A{i}/1" for i in range(dotnet_deps._LIBRARIES_MAX + 1))))


def test_many_packages_to_look_through_take_no_long_time() -> None:
    through = {f"T{i}/1": {"dependencies": {f"T{i + 1}": "1"}} for i in range(8000)}
    users = {f"U{i}/1": {"dependencies": {"T0": "1"}, **FILES} for i in range(8000)}
    before = time.process_time()
    assert len(extracted({**through, **users}, packages(*through, *users))) == 8000
    assert time.process_time() - before < 5
