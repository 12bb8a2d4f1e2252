"""What is visible to components: distribution, purls, owners, one component for a key."""

import io
import tarfile
from pathlib import Path

import pytest
from engine import read_layer, stack
from images import Symlink, Tree

from ospo.extractors import all_extractors
from ospo.extractors.dispatch import for_folders, for_images
from ospo.image.merge import Merged, _other_spellings, joined, merge
from ospo.image.paths import resolve
from ospo.model import Component, Evidence, Location, RawLicense

CASES = Path(__file__).parents[1] / "extractors"
DEBIAN = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n'
ALPINE = "ID=alpine\nVERSION_ID=3.20\n"
STATUS = """Package: libc6
Status: install ok installed
Version: 2.36-9
Architecture: amd64
Description: C library

Package: python3-six
Status: install ok installed
Version: 1.16.0-4
Architecture: all
Depends: libc6 (>= 2)
Description: six
"""
SIX = "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\nLicense: MIT\n"


def merged(*trees: Tree, layered: bool = True) -> Merged:
    dispatcher = for_images(all_extractors())
    return merge(stack(*(read_layer(tree, dispatcher=dispatcher) for tree in trees)), layered=layered)


def keys(*trees: Tree) -> list[str]:
    return [component.key for component in merged(*trees).components]


def test_packages_of_a_distribution_carry_its_name_and_release() -> None:
    assert keys({"var/lib/dpkg/status": STATUS, "etc/os-release": DEBIAN}) == [
        "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12",
        "pkg:deb/debian/python3-six@1.16.0-4?arch=all&distro=debian-12",
    ]


def test_packages_without_a_distribution_say_none() -> None:
    assert keys({"var/lib/dpkg/status": STATUS})[0] == "pkg:deb/libc6@2.36-9?arch=amd64"


def test_packages_of_arch_carry_its_name_and_own_their_files() -> None:
    database = "var/lib/pacman/local/python-six-1.16.0-9"
    six = "usr/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA"
    found = merged(
        {
            f"{database}/desc": "%NAME%\npython-six\n\n%VERSION%\n1.16.0-9\n\n%ARCH%\nany\n\n",
            f"{database}/files": f"%FILES%\nusr/\n{six}\n\n",
            "etc/os-release": "ID=arch\nBUILD_ID=rolling\n",
            six: SIX,
        }
    )
    package = "pkg:alpm/arch/python-six@1.16.0-9?arch=any&distro=arch-rolling"
    owners = {component.key: component.owned_by for component in found.components}
    assert owners == {package: "", "pkg:pypi/six@1.16.0": package}


def test_packages_of_gentoo_own_their_files_and_are_told_apart_by_category() -> None:
    python, name = "var/db/pkg/dev-python/six-1.16.0", "usr/lib/python3.12/site-packages/six-1.16.0.egg-info"
    found = merged(
        {
            f"{python}/CONTENTS": f"obj /{name} 5d41402abc4b2a76b9719d911017c592 1700000000\n",
            f"{python}/LICENSE": "MIT\n",
            "var/db/pkg/app-misc/six-1.16.0/CONTENTS": "",
            "var/db/pkg/virtual/six-1/CONTENTS": "",
            "etc/os-release": "ID=gentoo\n",
            name: SIX,
        }
    )
    owners = {component.key: component.owned_by for component in found.components}
    assert owners["pkg:pypi/six@1.16.0"] == "pkg:portage/dev-python/six@1.16.0"
    assert [c.licenses for c in found.components if c.namespace == "dev-python"] == [
        (RawLicense("MIT", "LICENSE"),)
    ]


def test_an_archive_that_lies_in_a_folder_is_of_no_distribution() -> None:
    info = b"pkgname = example\npkgver = 1.0-r0\narch = x86_64\n"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo(".PKGINFO")
        member.size = len(info)
        tar.addfile(member, io.BytesIO(info))
    tree: Tree = {"packages/example-1.0-r0.apk": archive.getvalue(), "etc/os-release": DEBIAN}
    facts = read_layer(tree, dispatcher=for_folders(all_extractors()))
    components = merge(stack(facts), layered=False).components
    assert [component.key for component in components] == ["pkg:apk/example@1.0-r0?arch=x86_64"]


def test_the_distribution_of_an_upper_layer_names_the_packages_of_lower_ones() -> None:
    assert keys({"var/lib/dpkg/status": STATUS}, {"etc/os-release": DEBIAN})[0].endswith("distro=debian-12")


@pytest.mark.parametrize(
    "target", ["../usr/lib/os-release", "/usr/lib/os-release", "x/../../usr/lib/os-release"]
)
def test_the_distribution_is_found_through_a_link(target: str) -> None:
    found = merged({"usr/lib/os-release": DEBIAN, "etc/os-release": Symlink(target)})
    assert found.distro is not None
    assert (found.distro.id, found.distro.version_id) == ("debian", "12")


def test_etc_wins_over_usr_and_usr_counts_where_etc_leads_nowhere() -> None:
    for etc, expected in (
        (ALPINE, "alpine"),
        (Symlink("/nothing"), "debian"),
        (Symlink("os-release"), "debian"),
    ):
        distro = merged({"usr/lib/os-release": DEBIAN, "etc/os-release": etc}).distro
        assert distro is not None
        assert distro.id == expected


def test_a_rolling_distribution_is_named_by_its_build_or_not_at_all() -> None:
    for text, expected in (("ID=arch\nBUILD_ID=rolling\n", "arch-rolling"), ("ID=arch\n", "arch")):
        assert keys({"var/lib/dpkg/status": STATUS, "etc/os-release": text})[0].endswith(f"distro={expected}")


@pytest.mark.parametrize(
    ("distro", "namespace"),
    [
        ("rhel", "redhat"),
        ("opensuse-leap", "opensuse"),
        ("opensuse-tumbleweed", "opensuse"),
        ("sles", "suse"),
        ("sles_sap", "suse"),
        ("sle-micro", "suse"),
        ("sl-micro", "suse"),
        ("fedora", "fedora"),
        ("slackware", "slackware"),
        ("amzn", "amzn"),
    ],
)
def test_the_namespace_of_rpm_is_the_vendor(distro: str, namespace: str) -> None:
    tree: Tree = {
        "var/lib/rpmmanifest/container-manifest-2": "a\t1-1\t0\t0\tV\t(none)\t0\tx86_64\t0\ta-1-1.src.rpm\n",
        "etc/os-release": f"ID={distro}\nVERSION_ID=9.4\n",
    }
    assert keys(tree) == [f"pkg:rpm/{namespace}/a@1-1?arch=x86_64&distro={distro}-9.4&upstream=a-1-1.src.rpm"]


PACKAGE = "usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA"


@pytest.mark.parametrize(
    "listed", [f"/{PACKAGE}", f"/{PACKAGE.removeprefix('usr/')}"], ids=["as it is", "before usr-merge"]
)
def test_what_an_operating_system_package_installed_is_owned_by_it(listed: str) -> None:
    tree: Tree = {
        "lib": Symlink("usr/lib"),
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/python3-six.list": f"/.\n/usr\n{listed}\n",
        PACKAGE: SIX,
    }
    owned = {component.key: component.owned_by for component in merged(tree).components}
    assert owned["pkg:pypi/six@1.16.0"] == "pkg:deb/python3-six@1.16.0-4?arch=all"
    assert {owner for key, owner in owned.items() if key.startswith("pkg:deb")} == {""}


def test_packages_of_rpm_that_share_a_name_own_their_own_files() -> None:
    database = CASES / "rpm-sqlite/same-names/var/lib/rpm/rpmdb.sqlite"
    metadata = {folder: f"usr/{folder}/twin-1.dist-info/METADATA" for folder in ("lib", "lib64")}
    for folder, arch in (("lib", "i686"), ("lib64", "x86_64")):
        found = merged({"var/lib/rpm/rpmdb.sqlite": database.read_bytes(), metadata[folder]: SIX})
        (six,) = (component for component in found.components if component.type == "pypi")
        assert six.owned_by == f"pkg:rpm/twin@1-1?arch={arch}&upstream=twin-1-1.src.rpm"


def test_a_damaged_database_of_rpm_keeps_what_is_readable_and_leaves_the_scan_incomplete() -> None:
    path = "usr/lib/sysimage/rpm/rpmdb.sqlite"
    data = (CASES / "rpm-sqlite/damaged" / path).read_bytes()
    facts = read_layer({path: data}, dispatcher=for_images(all_extractors()))
    assert [(problem.where, problem.blocking) for problem in facts.problems] == [(path, True)]
    assert [c.name for c in merge(stack(facts), layered=True).components] == ["basesystem", "tiny"]


def test_a_log_of_rpms_database_is_applied_only_to_the_database_of_its_layer() -> None:
    folder = CASES / "rpm-sqlite/log"
    database, log = ("usr/lib/sysimage/rpm/rpmdb.sqlite" + end for end in ("", "-wal"))
    lower, upper = ({path: (folder / path).read_bytes()} for path in (database, log))
    dispatcher = for_images(all_extractors())
    both = read_layer(lower | upper, dispatcher=dispatcher)
    assert not both.problems
    assert len(merge(stack(both), layered=True).components) == 3
    apart = read_layer(upper, dispatcher=dispatcher)
    assert [(problem.where, problem.blocking) for problem in apart.problems] == [(log, True)]


def test_what_lies_in_a_second_place_too_is_owned_by_nobody() -> None:
    tree: Tree = {
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/python3-six.list": f"/{PACKAGE}\n",
        PACKAGE: SIX,
        "opt/six-1.16.0.dist-info/METADATA": SIX,
    }
    (six,) = (component for component in merged(tree).components if component.type == "pypi")
    assert six.owned_by == ""
    assert [place.path for place in six.locations] == ["opt/six-1.16.0.dist-info/METADATA", PACKAGE]


def test_files_of_a_package_that_is_not_installed_are_owned_by_nobody() -> None:
    tree: Tree = {
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/gone.list": f"/{PACKAGE}\n",
        PACKAGE: SIX,
    }
    assert all(component.owned_by == "" for component in merged(tree).components)


def test_one_key_in_two_layers_is_one_component_with_two_places() -> None:
    first, second = "a/six-1.16.0.dist-info/METADATA", "b/six-1.16.0.dist-info/METADATA"
    (six,) = merged({first: SIX}, {second: SIX}).components
    assert six.locations == (Location(first, 0), Location(second, 1))


def test_places_outside_images_have_no_layer() -> None:
    (six,) = merged({PACKAGE: SIX}, layered=False).components
    assert six.locations == (Location(PACKAGE, None),)


def test_joined_copies_keep_what_the_strongest_evidence_says_and_all_that_any_says() -> None:
    mit, isc = RawLicense("MIT", "License"), RawLicense("ISC", "License")
    copies = [
        Component(
            "npm",
            "a",
            "1",
            evidence=Evidence.DECLARED,
            licenses=(mit,),
            supplier="S",
            locations=(Location("b"),),
        ),
        Component(
            "npm", "a", "1", evidence=Evidence.INSTALLED, licenses=(isc, mit), locations=(Location("a"),)
        ),
    ]
    one = joined(copies)
    assert one == joined(copies[::-1])
    assert (one.evidence, one.licenses, one.supplier) == (Evidence.INSTALLED, (isc, mit), "S")
    assert one.locations == (Location("a"), Location("b"))


@pytest.mark.parametrize(
    ("links", "path", "folders", "all_of_it"),
    [
        ({}, "a/b", "a/b", "a/b"),
        ({"a": "x"}, "a/b", "x/b", "x/b"),
        ({"a": "/x/y", "x/y/b": "../c"}, "a/b", "x/y/b", "x/c"),
        ({"a": "b", "b": "c"}, "a/f", "c/f", "c/f"),
        ({"a": "../../.."}, "a/f", "f", "f"),
        ({"a": "."}, "a/a/f", "f", "f"),
        ({"d/a": "./b/../c"}, "d/a/f", "d/c/f", "d/c/f"),
        ({"a": "b", "b": "a"}, "a/f", "a/f", "a/f"),
        ({"a": "a/a"}, "a/f", "a/a/f", "a/a/f"),
        ({"a": "x" * 5000}, "a/f", "a/f", "a/f"),
    ],
)
def test_links_lead_where_they_do_inside_the_root(
    links: dict[str, str], path: str, folders: str, all_of_it: str
) -> None:
    assert resolve(path, links) == folders
    assert resolve(path, links, last=True) == all_of_it


def test_a_chain_of_links_longer_than_linux_follows_ends_on_the_way() -> None:
    links = {f"l{number}": f"l{number + 1}" for number in range(100)}
    assert resolve("l90", links, last=True) == "l100"
    assert resolve("l0", links, last=True) == "l40"


def test_links_that_fork_into_links_take_no_exponential_time() -> None:
    links = {f"l{number}": "/".join([f"l{number + 1}"] * 50) for number in range(39)}
    assert resolve("l0", links, last=True)


def test_thousands_of_links_into_usr_do_not_multiply_paths() -> None:
    links = {f"l{number}": "usr/lib" for number in range(1000)} | {"lib": "usr/lib", "lib64": "/usr/lib/"}
    assert _other_spellings(["usr/lib/a", "usr/bin/b"], links) == {"lib/a", "lib64/a"}
