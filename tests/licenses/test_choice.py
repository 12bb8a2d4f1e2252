"""Whether an expression leaves a choice to avoid some licences."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.licenses.choice import requires
from ospo.licenses.spdx import canonical

IDS = ("MIT", "ISC", "Zlib", "AGPL-3.0-only")
Tree = str | tuple[str, "Tree", "Tree"]
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(IDS), lambda inner: st.tuples(st.sampled_from(("AND", "OR")), inner, inner), max_leaves=8
)


def written(tree: Tree) -> str:
    if isinstance(tree, str):
        return tree
    operator, left, right = tree
    return f"({written(left)} {operator} {written(right)})"


def permitted(tree: Tree, taken: frozenset[str]) -> bool:
    """Tell whether somebody who takes these licences satisfies an expression."""
    if isinstance(tree, str):
        return tree in taken
    operator, left, right = tree
    both = permitted(left, taken), permitted(right, taken)
    return all(both) if operator == "AND" else any(both)


@given(TREES, st.frozensets(st.sampled_from(IDS)))
def test_needed_is_what_no_choice_avoids(tree: Tree, denied: frozenset[str]) -> None:
    choices = (
        frozenset(id_ for id_, taken in zip(IDS, row, strict=True) if taken)
        for row in product((False, True), repeat=len(IDS))
    )
    avoidable = any(permitted(tree, taken) for taken in choices if not taken & denied)
    assert requires(written(tree), denied) is not avoidable


@given(TREES, st.frozensets(st.sampled_from(IDS)), st.sampled_from(IDS))
def test_denying_more_never_permits_more(tree: Tree, denied: frozenset[str], further: str) -> None:
    assert requires(written(tree), denied) <= requires(written(tree), denied | {further})


@pytest.mark.parametrize(
    ("expression", "ids", "needed"),
    [
        ("AGPL-3.0-only", {"AGPL-3.0-only"}, True),
        ("agpl-3.0-ONLY", {"AGPL-3.0-only"}, True),
        ("AGPL-3.0", {"AGPL-3.0-only"}, True),
        ("AGPL-3.0-only", {"AGPL-3.0"}, True),
        ("GPL-3.0-or-later", {"GPL-3.0+"}, True),
        ("AGPL-3.0-or-later", {"AGPL-3.0-only"}, False),
        ("CC-BY-NC-4.0+", {"CC-BY-NC-4.0"}, True),
        ("CC-BY-NC-4.0", {"CC-BY-NC-4.0+"}, False),
        ("AGPL-3.0-only WITH GCC-exception-3.1", {"AGPL-3.0-only"}, True),
        ("AGPL-3.0-only WITH GCC-exception-3.1", {"AGPL-3.0-only WITH GCC-exception-3.1"}, True),
        ("AGPL-3.0-only WITH GCC-exception-3.1", {"AGPL-3.0-only WITH Classpath-exception-2.0"}, False),
        ("AGPL-3.0-only", {"AGPL-3.0-only WITH GCC-exception-3.1"}, False),
        ("CC-BY-NC-4.0+ WITH LLVM-exception", {"CC-BY-NC-4.0"}, True),
        ("MIT OR (CC-BY-NC-4.0+ WITH LLVM-exception)", {"CC-BY-NC-4.0", "MIT"}, True),
        ("GPL-2.0-with-classpath-exception", {"GPL-2.0-only"}, True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", {"GPL-2.0-with-classpath-exception"}, True),
        ("LicenseRef-ours", {"LicenseRef-ours"}, True),
        ("MIT AND LicenseRef-ours", {"LicenseRef-ours"}, True),
        ("", {"MIT"}, False),
        ("no expression", {"MIT"}, False),
        ("MIT AND (", {"MIT"}, False),
        ("MIT", set(), False),
        ("MITNFA", {"MIT"}, False),
    ],
)
def test_spellings(expression: str, ids: set[str], needed: bool) -> None:
    assert requires(expression, frozenset(ids)) is needed


@pytest.mark.parametrize(
    "id_", ["AGPL", "AGLP-3.0-only", "", "CC-BY-NC-*", "MIT OR ISC", "MIT AND ISC", "MIT\0"]
)
def test_what_is_no_license_is_refused_and_not_passed_over(id_: str) -> None:
    """A misspelt one in a list of denied licences would deny nothing."""
    with pytest.raises(ValueError, match="is no SPDX license"):
        requires("MIT", frozenset((id_, "ISC")))


@given(st.text(max_size=40))
def test_any_text_is_answered(text: str) -> None:
    needed = requires(text, frozenset(("MIT",)))
    assert needed <= bool(canonical(text))
