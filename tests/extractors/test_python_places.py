"""Where installed Python packages lie, and what only leads to a package that lies elsewhere."""

import pytest

from ospo.extractors import all_extractors
from ospo.extractors.dispatch import Dispatcher
from ospo.extractors.interface import File, Held
from ospo.extractors.python_egg import EXTRACTORS
from ospo.model import Component

SITE = "usr/lib/python3.11/site-packages"


def wanted(path: str) -> list[str]:
    return [one.name for one in Dispatcher(all_extractors()).wanted(path.encode())]


@pytest.mark.parametrize(
    ("path", "extractor"),
    [
        (f"{SITE}/a-1.dist-info/METADATA", "python"),
        (f"{SITE}/a-1.egg-info/PKG-INFO", "python"),
        (f"{SITE}/a-1.egg-info", "python"),
        (f"{SITE}/a-1-py3.11.egg/EGG-INFO/PKG-INFO", "python"),
        (f"{SITE}/a-1-py3.11.egg", "python-egg"),
        (f"{SITE}/a-1.dist-info/sboms/a.cdx.json", "python-sbom"),
    ],
)
def test_installed_packages_are_found(path: str, extractor: str) -> None:
    assert wanted(path) == [extractor]


@pytest.mark.parametrize(
    "name",
    [
        "a.egg-link",
        "__editable__.a-1.pth",
        "__editable___a_finder.py",
        "easy-install.pth",
        "pip/_vendor/bom.cdx.json",
    ],
)
def test_what_leads_elsewhere_is_no_package(name: str) -> None:
    # Weights of models are called .pth, too.
    assert not [one for one in wanted(f"{SITE}/{name}") if one.startswith("python")]


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("opt/tests", True),
        (SITE, True),
        ("tests/lib/python3.11/site-packages", True),
        (f"{SITE}/pkg_resources/tests/data", False),
        ("usr/lib/python3.11/test/test_importlib/data", False),
    ],
)
def test_eggs_for_the_tests_of_a_library_are_not_installed(
    folder: str, found: bool, request: pytest.FixtureRequest
) -> None:
    cases = request.path.parent / "python-egg" / "zipped"
    data = (cases / SITE / "example-21.12-py3.6.egg").read_bytes()
    records = EXTRACTORS[0].extract(File(f"{folder}/a-1.egg", len(data), 0o644, Held(data)))
    assert [one.name for one in records if isinstance(one, Component)] == (["example"] if found else [])
