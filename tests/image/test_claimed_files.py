"""Files that a list in an application says it brought: what it takes out of sight, and what it must not."""

from pathlib import Path

from engine import read_layer, stack
from images import Tree

from ospo.extractors import all_extractors
from ospo.extractors.dispatch import for_images
from ospo.image.merge import merge

ASSEMBLIES = Path(__file__).parents[1] / "extractors/dotnet-assembly/assemblies"
ASSEMBLY = (ASSEMBLIES / "opt/app/Newtonsoft.Json.dll").read_bytes()
FOUND = "local:pkg:nuget/Newtonsoft.Json@6.0.8.18111"
LISTED = "pkg:nuget/Newtonsoft.Json@6.0.8"
DEPS = """{"runtimeTarget": "net", "targets": {"net": {"Newtonsoft.Json/6.0.8": {"runtime": {"%s": {}}}}},
"libraries": {"Newtonsoft.Json/6.0.8": {"type": "package"}}}"""


def owners(files: Tree) -> dict[str, str]:
    layer = read_layer(files, dispatcher=for_images(all_extractors()))
    return {component.key: component.owned_by for component in merge(stack(layer), layered=True).components}


def test_an_assembly_belongs_to_the_package_that_lists_it() -> None:
    files: Tree = {
        "app/Newtonsoft.Json.dll": ASSEMBLY,
        "app/App.deps.json": DEPS % "lib/net45/Newtonsoft.Json.dll",
    }
    assert owners(files) == {FOUND: LISTED, LISTED: ""}


def test_an_assembly_that_lies_elsewhere_too_belongs_to_nobody() -> None:
    files: Tree = {
        "app/Newtonsoft.Json.dll": ASSEMBLY,
        "opt/Newtonsoft.Json.dll": ASSEMBLY,
        "app/App.deps.json": DEPS % "Newtonsoft.Json.dll",
    }
    assert owners(files) == {FOUND: "", LISTED: ""}


def test_a_list_takes_neither_registered_packages_nor_other_types_out_of_sight() -> None:
    metadata = "x.dist-info/METADATA"
    deps = DEPS.replace('"runtime"', '"runtimeTargets"')
    files: Tree = {
        f"app/{metadata}": "Metadata-Version: 2.1\nName: x\nVersion: 1\n",
        "app/App.deps.json": deps % metadata,
        "app/Other.deps.json": (deps % "App.deps.json").replace("6.0.8", "7.0.0"),
    }
    assert set(owners(files).values()) == {""}
