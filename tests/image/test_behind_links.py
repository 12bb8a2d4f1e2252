"""Links to folders that hide files from extractors, which look for them by name."""

import pytest
from engine import read_layer, stack
from images import Symlink, Tree

from ospo.extractors import all_extractors
from ospo.extractors.dispatch import for_images
from ospo.image.behind_links import behind_links
from ospo.model import Problem, ProblemKind

IMAGES = for_images(all_extractors())
STATUS = "Package: hidden\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
PACKAGE = '{"name": "x", "version": "1.0.0"}'


def behind(*layers: Tree) -> list[Problem]:
    facts = [read_layer(tree, dispatcher=IMAGES) for tree in layers]
    assert [problem for one in facts for problem in one.problems] == []
    return behind_links(stack(*facts), all_extractors())


def leads(link: str, path: str) -> tuple[str, str]:
    return link, f"is a symbolic link that leads to {path}, which is not read"


DATABASES: list[tuple[str, str, Tree]] = [
    ("var/lib/dpkg", "opt/x/status", {"var/lib/dpkg": Symlink("/opt/x"), "opt/x/status": STATUS}),
    ("var/lib/dpkg", "var/x/status", {"var/lib/dpkg": Symlink("../x"), "var/x/status": STATUS}),
    (
        "lib/apk/db",
        "opt/db/installed",
        {"lib/apk/db": Symlink("/opt/db"), "opt/db/installed": "P:x\nV:1\n\n"},
    ),
    ("var/lib", "data/dpkg/status", {"var/lib": Symlink("/data"), "data/dpkg/status": STATUS}),
    ("var/lib/dpkg/status.d", "opt/d/x", {"var/lib/dpkg/status.d": Symlink("/opt/d"), "opt/d/x": STATUS}),
    ("usr/lib", "t/status", {"usr/lib": Symlink("/s"), "s/dpkg": Symlink("/t"), "t/status": STATUS}),
]


@pytest.mark.parametrize(("link", "path", "tree"), DATABASES)
def test_a_database_behind_a_link_to_its_folder_blocks(link: str, path: str, tree: Tree) -> None:
    (problem,) = behind(tree)
    assert (problem.where, problem.message) == leads(link, path)
    assert problem.kind == ProblemKind.DATABASE
    assert problem.blocking
    assert problem.hint


def test_a_database_behind_a_link_of_another_layer_blocks() -> None:
    file: Tree = {"opt/x/status": STATUS}
    link: Tree = {"var/lib/dpkg": Symlink("/opt/x")}
    for layers in ((file, link), (link, file)):
        assert [problem.where for problem in behind(*layers)] == ["var/lib/dpkg"]


@pytest.mark.parametrize(
    "marker", ["opt/.wh.x", "opt/x/.wh.status", "opt/x/.wh..wh..opq", ".wh..wh..opq", ".wh.opt"]
)
def test_what_a_whiteout_hides_is_behind_no_link(marker: str) -> None:
    above: Tree = {marker: "", "var/lib/dpkg": Symlink("/opt/x")}
    assert behind({"opt/x/status": STATUS}, above) == []


def test_a_whiteout_below_a_file_does_not_hide_it() -> None:
    above: Tree = {"opt/x/status": STATUS, "var/lib/dpkg": Symlink("/opt/x")}
    assert len(behind({"opt/.wh.x": ""}, above)) == 1


def test_a_link_that_a_whiteout_hides_leads_nowhere() -> None:
    below: Tree = {"opt/x/status": STATUS, "var/lib/dpkg": Symlink("/opt/x")}
    assert behind(below, {"var/lib/.wh.dpkg": ""}) == []


HARMLESS: list[Tree] = [
    {"bin": Symlink("usr/bin"), "usr/bin/python3": Symlink("python3.11"), "usr/bin/python3.11": "x"},
    {"lib": Symlink("usr/lib"), "usr/lib/dpkg/status": STATUS, "usr/lib/dpkg/status.d/x": STATUS},
    {"app/lib": Symlink("dist"), "app/dist/index.js": ""},
    {"var": Symlink("opt/r/var"), "opt/r/var/lib/dpkg/status": STATUS},
    {"var/lib/dpkg": Symlink("dpkg")},
    {"var/lib/dpkg": Symlink("/opt/x"), "opt/x/status/": None},
    {
        "node_modules/x": Symlink(".pnpm/x@1/node_modules/x"),
        "node_modules/.pnpm/x@1/node_modules/x/package.json": PACKAGE,
    },
    {"node_modules/.bin/x": Symlink("../x/cli.js"), "node_modules/x/package.json": PACKAGE},
]


@pytest.mark.parametrize("tree", HARMLESS)
def test_links_behind_which_everything_is_read_are_no_problem(tree: Tree) -> None:
    assert behind(tree) == []


MODULES: list[tuple[str, str, Tree]] = [
    (
        "app/node_modules",
        "opt/nm/@s/x/package.json",
        {"app/node_modules": Symlink("/opt/nm"), "opt/nm/@s/x/package.json": PACKAGE},
    ),
    (
        "app/node_modules",
        "opt/nm/x/package.json",
        {"app/node_modules": Symlink("/opt/nm"), "opt/nm/x/package.json": PACKAGE},
    ),
    (
        "app/node_modules/x",
        "opt/store/x/package.json",
        {"app/node_modules/x": Symlink("/opt/store/x"), "opt/store/x/package.json": PACKAGE},
    ),
    (
        "app/node_modules",
        "x/package.json",
        {"app/node_modules": Symlink("/"), "x/package.json": PACKAGE, "y/package.json": PACKAGE},
    ),
    (
        "node_modules/@s/x",
        "packages/x/package.json",
        {"node_modules/@s/x": Symlink("../../packages/x"), "packages/x/package.json": PACKAGE},
    ),
    (
        "site-packages/x-1.dist-info",
        "opt/x/METADATA",
        {"site-packages/x-1.dist-info": Symlink("/opt/x"), "opt/x/METADATA": "Name: x\nVersion: 1\n"},
    ),
]


@pytest.mark.parametrize(("link", "path", "tree"), MODULES)
def test_packages_behind_a_link_are_a_problem_that_does_not_block(link: str, path: str, tree: Tree) -> None:
    (problem,) = behind(tree)
    assert (problem.where, problem.message) == leads(link, path)
    assert problem.kind == ProblemKind.FILE
    assert not problem.blocking


def test_only_so_many_links_to_packages_are_listed() -> None:
    links: Tree = {f"node_modules/{number}": Symlink("/opt/x") for number in range(1003)}
    problems = behind({**links, "opt/x/package.json": PACKAGE})
    assert len(problems) == 1001
    assert problems[-1].message == "3 further links lead to files that are not read"
