"""Whether a CycloneDX document says that it is incomplete: what it leaves out must not look clean."""

import re
from collections.abc import Iterator

from ospo.model import Problem, ProblemKind
from ospo.sources.fields import Fields

_RECORDED = re.compile(r"ospo:problem:[0-9]+")
_BLOCKING = re.compile(rf"blocking (?P<kind>{'|'.join(ProblemKind)}): (?P<rest>.+)", re.DOTALL)
_LENGTH_MAX = 1000
_HINT = "make the SBOM again from a complete scan, or scan what it describes"


def shortcomings(document: Fields) -> Iterator[Problem]:
    """Give a blocking problem for each one that a document of ours records, or one for what others state.

    Others state it by a composition of aggregate "incomplete…"
    (https://cyclonedx.org/docs/1.6/json/#compositions); "unknown" is what most tools write, and no statement.
    """
    properties = tuple(_properties(document))
    recorded = [text for name, text in properties if _RECORDED.fullmatch(name)]
    blocking = [match for text in recorded if (match := _BLOCKING.fullmatch(text))]
    for match in blocking:
        yield _problem(
            document, f"the SBOM records: {match['rest'][:_LENGTH_MAX]}", ProblemKind(match["kind"])
        )
    stated = ("ospo:complete", "false") in properties or any(_incomplete(document))
    if stated and not blocking:
        yield _problem(document, "the SBOM says that it is incomplete")


def _properties(document: Fields) -> Iterator[tuple[str, str]]:
    metadata = document.child("metadata")
    for item in metadata.children("properties") if metadata else ():
        yield item.optional_text("name") or "", item.optional_text("value") or ""


def _incomplete(document: Fields) -> Iterator[str]:
    """Give the aggregates that speak of the whole content: of the subject's, or without saying of what."""
    metadata = document.child("metadata")
    subject = metadata.child("component") if metadata else None
    root = (subject and subject.optional_text("bom-ref")) or ""
    for composition in document.children("compositions"):
        assemblies = composition.texts("assemblies")
        elsewhere = composition.texts("dependencies") or composition.texts("vulnerabilities")
        aggregate = composition.optional_text("aggregate") or ""
        if aggregate.startswith("incomplete") and (root in assemblies or not (assemblies or elsewhere)):
            yield aggregate


def _problem(document: Fields, message: str, kind: ProblemKind = ProblemKind.MANIFEST) -> Problem:
    return Problem(kind, document.document, message, _HINT, blocking=True)
