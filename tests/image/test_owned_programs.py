"""Programs that tell what they are, and the packages of the operating system that installed them."""

from pathlib import Path

from engine import read_layer, stack
from images import Tree

from ospo.extractors import all_extractors
from ospo.extractors.dispatch import for_images
from ospo.image.merge import merge

CASES = Path(__file__).parents[1] / "extractors"
STATUS = """Package: glibc
Status: install ok installed
Version: 2.39-0ubuntu8
Architecture: amd64
Source: glibc-eglibc
"""
OS_RELEASE = 'ID=ubuntu\nVERSION_ID="24.04"\n'
PACKAGE = "pkg:deb/ubuntu/glibc@2.39-0ubuntu8?arch=amd64&distro=ubuntu-24.04&upstream=glibc-eglibc"
NOTE = "pkg:deb/ubuntu/glibc@2.39-0ubuntu8?arch=amd64"


def owners(files: Tree, listed: str) -> dict[str, str]:
    tree: Tree = {
        "etc/os-release": OS_RELEASE,
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/glibc.list": listed,
        **files,
    }
    layer = read_layer(tree, dispatcher=for_images(all_extractors()))
    return {component.key: component.owned_by for component in merge(stack(layer), layered=True).components}


def test_a_note_names_no_package_beside_the_one_that_installed_the_program() -> None:
    program = (CASES / "elf-note/distributions/usr/bin/ubuntu").read_bytes()
    assert owners({"usr/bin/ubuntu": program}, "/usr/bin/ubuntu\n") == {PACKAGE: ""}


def test_a_program_with_a_note_that_was_copied_in_is_owned_by_nobody_and_owns_nothing() -> None:
    program = (CASES / "elf-note/distributions/usr/bin/ubuntu").read_bytes()
    assert owners({"opt/ubuntu": program}, "/usr/bin/ubuntu\n") == {PACKAGE: "", NOTE: ""}


def test_a_known_program_is_owned_by_the_package_that_installed_it() -> None:
    program = (CASES / "binaries/programs/usr/local/bin/node").read_bytes()
    node = "pkg:generic/node@20.20.2"
    assert owners({"usr/bin/node": program}, "/usr/bin/node\n")[node] == PACKAGE
    assert owners({"usr/local/bin/node": program}, "/usr/bin/node\n")[node] == ""
