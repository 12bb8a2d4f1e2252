"""What ospo writes, ospo reads."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from schemas import VERSIONS
from strategies import scan_results, words

from ospo.licenses.declared import declare
from ospo.model import Component, ScanResult
from ospo.reports.cyclonedx import render
from ospo.sources.sbom_file import read_sbom
from ospo.text import printable

# Names that survive packageurl-python: it strips white space, replaces lone surrogates, and does not encode
# a slash inside a name.
_letters = st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="/")
names = words | st.text(_letters, min_size=1, max_size=20)

formats = st.builds(
    "{}@{}".format, st.sampled_from(("cyclonedx-json", "cyclonedx-xml")), st.sampled_from(sorted(VERSIONS))
)


@given(scan_results(names), formats)
def test_a_document_of_ours_gives_the_same_components(result: ScanResult, format_: str) -> None:
    listing = read_sbom(render(result, format_), "sbom")
    unchecked = [problem.kind for problem in result.problems if problem.blocking]
    assert sorted(problem.kind for problem in listing.problems) == sorted(unchecked)
    assert all(problem.blocking for problem in listing.problems)
    read = {component.key: component for component in listing.components()}
    assert sorted(read) == [component.key for component in result.components]
    for component in result.components:
        assert facts(read[component.key]) == facts(component)
    assert listing.dependencies() == result.dependencies
    distro = listing.distribution()
    if result.distro and distro:
        assert (distro.id, distro.version_id) == (result.distro.id, result.distro.version_id)


# Places without a path say nothing and are not written.
nowhere = {("", layer) for layer in (None, *range(10))}


def facts(component: Component) -> Any:
    """Return what must survive, in any order."""
    return (
        component.kind,
        {spelled(term.text) for term in declare(component.licenses).terms},
        {(algorithm, spelled(value)) for algorithm, value in component.hashes},
        {(spelled(place.path).removeprefix("/"), place.layer) for place in component.locations} - nowhere,
        spelled(component.supplier),
    )


def spelled(text: str) -> str:
    """Spell text as documents do: unprintable characters escaped, and in XML all white space alike."""
    return " ".join(printable(text).split())
