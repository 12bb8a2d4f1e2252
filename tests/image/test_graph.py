import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.image.graph import MOST_NEEDS, derive, edges
from ospo.model import Component, Location


def component(name: str, version: str = "1", needs: str = "", *paths: str, type: str = "npm") -> Component:
    return Component(
        type,
        name,
        version,
        depends=tuple(needs.split(",")) if needs else (),
        locations=tuple(map(Location, paths)),
    )


def needed(*components: Component) -> dict[str, tuple[str, ...]]:
    return dict(edges(components))


def test_a_dependency_is_an_edge_to_the_component_of_that_name_and_type() -> None:
    one, other = component("a", needs="b,c,missing"), component("b")
    assert needed(one, other, component("c", type="pypi")) == {"pkg:npm/a@1": ("pkg:npm/b@1",)}


def test_the_first_alternative_that_is_there_counts() -> None:
    assert needed(component("a", needs="x | c | b"), component("b"), component("c")) == {
        "pkg:npm/a@1": ("pkg:npm/c@1",)
    }


def test_a_component_is_found_by_what_it_provides() -> None:
    provider = Component("deb", "mawk", "1", "debian", provides=("awk",))
    assert needed(Component("deb", "base", "1", "debian", depends=("awk",)), provider) == {
        "pkg:deb/debian/base@1": ("pkg:deb/debian/mawk@1",)
    }


def test_a_component_is_found_by_its_namespace_where_that_is_no_distribution() -> None:
    scoped = Component("npm", "core", "1", "@babel")
    assert needed(component("a", needs="@babel/core"), component("b", needs="core"), scoped) == {
        "pkg:npm/a@1": ("pkg:npm/%40babel/core@1",)
    }


def test_the_closest_of_several_versions_is_meant() -> None:
    components = (
        component("a", "1", "b", "app/node_modules/a/package.json"),
        component("b", "1", "", "app/node_modules/a/node_modules/b/package.json"),
        component("b", "2", "", "app/node_modules/b/package.json"),
        component("b", "3", "", "other/node_modules/b/package.json"),
        component("c", "1", "b", "app/node_modules/c/package.json"),
        component("d", "1", "b", "else/d/package.json"),
    )
    assert needed(*components) == {
        "pkg:npm/a@1": ("pkg:npm/b@1",),
        "pkg:npm/c@1": ("pkg:npm/b@2",),
        "pkg:npm/d@1": ("pkg:npm/b@3",),
    }


def test_nothing_depends_on_itself() -> None:
    assert needed(component("a", needs="a")) == {}


names = st.sampled_from("ab")
paths = st.lists(names, min_size=1, max_size=4).map("/".join)
many = st.lists(
    st.builds(
        lambda version, here: Component(
            "npm", "n", str(version), depends=("n",), locations=tuple(map(Location, sorted(here)))
        ),
        st.integers(0, 30),
        st.sets(paths, min_size=1, max_size=3),
    ),
    max_size=6,
    unique_by=lambda one: one.key,
)


def shared(one: str, other: str) -> int:
    """Count the leading parts that two paths share."""
    pairs = list(zip(one.split("/"), other.split("/"), strict=False))
    return next((index for index, (mine, theirs) in enumerate(pairs) if mine != theirs), len(pairs))


def closest(component: Component, candidates: list[Component]) -> str:
    """Compare every place with every place."""
    return max(
        (shared(mine.path, theirs.path), -len(theirs.path.split("/")), candidate.version, candidate.key)
        for candidate in candidates
        for mine in component.locations
        for theirs in candidate.locations
    )[3]


@given(many)
def test_the_closest_is_the_one_that_comparing_all_with_all_finds(components: list[Component]) -> None:
    expected = {one.key: (target,) for one in components if (target := closest(one, components)) != one.key}
    assert needed(*components) == expected


def test_thousands_of_packages_of_one_name_are_no_thousands_of_comparisons_each() -> None:
    nested = [component("n", str(number), "n", f"{number}/" + "d/" * 50) for number in range(5000)]
    assert edges(tuple(nested)) == ()


def test_names_that_one_component_needs_are_bounded() -> None:
    names = [f"p{number:05}" for number in range(MOST_NEEDS + 1)]
    others = [component(name) for name in names]
    all_but_one = derive((component("a", "1", ",".join(names[1:])), *others))
    graph = derive((component("a", "1", ",".join(names)), *others))
    assert (all_but_one.complete, graph.complete) == (True, False)
    assert len(graph.edges[0][1]) == MOST_NEEDS


def test_edges_of_an_artifact_are_bounded_whatever_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    names = "abcde"
    found = tuple(component(name, "1", ",".join(names)) for name in names)
    monkeypatch.setattr("ospo.image.graph.MOST_EDGES", 20)
    assert derive(found).complete
    monkeypatch.setattr("ospo.image.graph.MOST_EDGES", 6)
    graph = derive(found)
    assert not graph.complete
    assert graph == derive(found[::-1])
    assert [(key[-3], len(targets)) for key, targets in graph.edges] == [("a", 4), ("b", 2)]
    assert graph.edges == edges(found)
