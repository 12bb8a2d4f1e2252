"""The official schemas, as `cyclonedx-python-lib` ships them, and the library as oracle."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.xml import XmlValidator

VERSIONS = {"1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}
_REFERENCED = ("spdx", "jsf-0.82", "cryptography-defs")


@cache
def json_validator(version: str) -> jsonschema_rs.Draft7Validator:
    """Return the strict validator of one version, formats included."""
    registry = jsonschema_rs.Registry(
        [(f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", _schema(name)) for name in _REFERENCED],
        draft=jsonschema_rs.Draft7,
    )
    return jsonschema_rs.Draft7Validator(_schema(f"bom-{version}"), registry=registry, validate_formats=True)


@cache
def xml_validator(version: str) -> XmlValidator:
    """Return the XSD validator of one version."""
    return XmlValidator(VERSIONS[version])


def _schema(name: str) -> Any:
    return json.loads((files("cyclonedx.schema") / "_res" / f"{name}.SNAPSHOT.schema.json").read_text())
