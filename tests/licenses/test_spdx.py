import json
from importlib.resources import files

import pytest

from ospo import paths
from ospo.licenses.spdx import canonical, license_list


def test_every_identifier_is_canonical_or_replaced() -> None:
    known = license_list()
    for lower, id_ in known.ids.items():
        assert canonical(lower) == known.replaced_by.get(lower, id_)


def test_every_successor_and_alias_is_canonical() -> None:
    known = license_list()
    for expression in (*known.replaced_by.values(), *known.names.values()):
        assert canonical(expression) == expression


def test_no_name_stands_for_several_licenses() -> None:
    data = json.loads(paths.bundled("data/spdx-licenses.json").read_bytes())
    successors = set(data["deprecated"].values())
    named: dict[str, str] = {}
    for id_, name in data["licenses"].items():
        if id_ not in data["deprecated"]:
            assert named.setdefault(name.lower(), id_) == id_
    assert not [alias for alias, id_ in data["aliases"].items() if named.get(alias, id_) != id_]
    assert successors - {None}


@pytest.mark.parametrize(
    "name", ["bsd", "bsd license", "gpl", "lgpl", "apache", "public domain", "dual license"]
)
def test_ambiguous_names_are_no_aliases(name: str) -> None:
    assert name not in license_list().names


def test_the_difference_to_the_schemas_of_cyclonedx_is_listed() -> None:
    schema = json.loads((files("cyclonedx.schema") / "_res/spdx.SNAPSHOT.schema.json").read_text())
    known = license_list()
    assert set(known.ids.values()) - set(schema["enum"]) == known.not_in_cyclonedx


def test_a_long_expression_is_refused() -> None:
    assert canonical(" OR ".join(["MIT"] * 500)) == "MIT"
    assert canonical(" OR ".join(["MIT"] * 1000)) == ""
