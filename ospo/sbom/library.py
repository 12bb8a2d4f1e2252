"""The only module that knows `cyclonedx-python-lib`: it writes XML, and reads XML into plain values.

Its cost is linear as used here: about 2 ms of CPU to write a component, and 1 to 2 ms to read one. Its own
outputters first call `Bom.validate()`, which looks for the graph entry of every component by walking over
all entries: 200 s at 20,000 components. Our documents are proven valid by the tests, so they go straight to
`Bom.as_xml()`, which the outputters call next; this also leaves out components without known dependencies,
as our JSON does. The library has neither compositions nor annotations: the XML that we write states its
completeness by the property `ospo:complete` alone, and the compositions of others are read here.

JSON is not read through the library: see `ospo.sbom.cyclonedx_reader`.
"""

import xml.etree.ElementTree as ET
from typing import Any, cast
from warnings import catch_warnings

import orjson
from cyclonedx.model.bom import Bom
from cyclonedx.schema.schema import SchemaVersion1Dot6, SchemaVersion1Dot7
from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from ospo.errors import TargetError
from ospo.text import one_line

_VIEWS = {"1.6": SchemaVersion1Dot6, "1.7": SchemaVersion1Dot7}


def write_xml(document: dict[str, Any]) -> bytes:
    """Write a CycloneDX document of our own, given as plain values, as XML of the same version."""
    version = document["specVersion"]
    namespace = f"http://cyclonedx.org/schema/bom/{version}"
    components = [_told_apart(component) for component in document["components"]]
    bom = cast(Any, Bom).from_json(document | {"components": components})
    root = bom.as_xml(_VIEWS[version], as_string=False, xmlns=namespace)
    ET.indent(root)
    text = ET.tostring(root, encoding="utf-8", xml_declaration=True, default_namespace=namespace)
    return bytes(text) + b"\n"


def _told_apart(component: dict[str, Any]) -> dict[str, Any]:
    """Name the places of a component: the library sorts them by reference, and those without in any order."""
    evidence = component.get("evidence", {})
    places = [
        place | {"bom-ref": f"{component['bom-ref']} place {index:05}"}
        for index, place in enumerate(evidence.get("occurrences", ()))
    ]
    return component | {"evidence": evidence | {"occurrences": places}} if places else component


def read_xml(data: bytes, document: str) -> dict[str, Any]:
    """Read a CycloneDX XML document as the plain values of its JSON form.

    Raises:
        TargetError: it is not XML, declares entities or a document type, or is not CycloneDX.
    """
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as e:
        raise TargetError(
            f"{document}: declares a document type or entities, which an SBOM never needs"
        ) from e
    except (ET.ParseError, ValueError, LookupError) as e:
        raise TargetError(f"{document}: not XML: {e}") from e
    namespace, _, name = root.tag.rpartition("}")
    version = namespace.removeprefix("{http://cyclonedx.org/schema/bom/")
    if version == namespace or name != "bom":
        raise TargetError(f"{document}: not a CycloneDX document but <{root.tag[:120]}>")
    values = _values(root, namespace[1:], document)
    compositions = _compositions(root, f"{namespace}}}")
    values |= {"compositions": compositions} if compositions else {}
    return {"bomFormat": "CycloneDX", "specVersion": version, **values}


def _compositions(root: ET.Element, namespace: str) -> list[dict[str, Any]]:
    """Read which parts of the document are complete; `namespace` is in braces, as ElementTree wants it."""
    return [
        {
            "aggregate": composition.findtext(f"{namespace}aggregate", "").strip(),
            **{
                kind: [item.get("ref", "") for item in composition.iterfind(f"{namespace}{kind}/*")]
                for kind in ("assemblies", "dependencies", "vulnerabilities")
            },
        }
        for composition in root.iterfind(f"{namespace}compositions/{namespace}composition")
    ]


def _values(root: ET.Element, namespace: str, document: str) -> dict[str, Any]:
    try:
        # The library warns of what is deprecated in later versions than the document's own.
        with catch_warnings(action="ignore", category=DeprecationWarning):
            bom = cast(Any, Bom).from_xml(root, namespace)
            text = bom.as_json(view_=SchemaVersion1Dot7) if bom is not None else "{}"  # None: no content
    except RecursionError as e:
        raise TargetError(f"{document}: nested too deeply") from e
    except Exception as e:  # what its many converters raise has no common base: decimal, uuid, enum, dates
        raise TargetError(f"{document}: not valid CycloneDX: {one_line(str(e))[:300]}") from e
    return cast(dict[str, Any], orjson.loads(text))
