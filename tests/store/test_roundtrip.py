"""What is loaded is what was saved, whatever a scan may find."""

from dataclasses import fields, replace
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_results import finding, result

from ospo.errors import TargetError
from ospo.image.graph import edges
from ospo.model import (
    Artifact,
    Component,
    Distro,
    Layer,
    Location,
    Platform,
    Problem,
    RawLicense,
    ScanResult,
    Target,
)
from ospo.purl import to_purl
from ospo.store import codec, database, queries, writer

TEXT = st.text(max_size=12)
WORD = st.text(min_size=1, max_size=6)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
COMPONENTS = st.builds(
    Component,
    type=st.sampled_from(("pypi", "npm", "deb", "Generic")),
    name=TEXT,
    version=TEXT,
    namespace=TEXT,
    qualifiers=PAIRS,
    subpath=TEXT,
    licenses=st.lists(st.builds(RawLicense, TEXT, TEXT), max_size=2).map(tuple),
    supplier=TEXT,
    description=TEXT,
    urls=PAIRS,
    hashes=PAIRS,
    depends=TEXTS,
    provides=TEXTS,
    properties=PAIRS,
    found_by=TEXT,
    locations=st.lists(st.builds(Location, TEXT, st.none() | st.integers(0, 999)), max_size=2).map(tuple),
    owned_by=TEXT,
)
LAYERS = st.lists(st.builds(Layer, st.just(0), TEXT, TEXT, st.integers(0, 2**63 - 1), TEXT, TEXT), max_size=3)


@st.composite
def results(draw: st.DrawFn) -> ScanResult:
    """Any result that keeps the promises of `ScanResult`: sorted, one component for each key."""
    found = draw(st.lists(COMPONENTS, max_size=4, unique_by=lambda one: one.key))
    components = tuple(sorted(found, key=lambda one: one.key))
    layers = tuple(replace(layer, index=index) for index, layer in enumerate(draw(LAYERS)))
    platform = draw(st.none() | st.builds(Platform, TEXT, TEXT, TEXT, TEXT, st.integers(1, 99)))
    seconds = draw(st.integers(0, 2**32))
    return ScanResult(
        target=draw(st.builds(Target, name=WORD, identity=TEXT, reference=TEXT, index_digest=TEXT)),
        artifact=draw(
            st.builds(
                Artifact,
                digest=WORD,
                platform=st.just(platform),
                config_digest=TEXT,
                media_type=TEXT,
                created=TEXT,
                labels=PAIRS,
                layers=st.just(layers),
            )
        ),
        components=components,
        dependencies=edges(components),
        problems=tuple(
            sorted(draw(st.lists(st.builds(Problem, where=TEXT, message=TEXT, hint=TEXT), max_size=3)))
        ),
        distro=draw(st.none() | st.builds(Distro, TEXT, TEXT, TEXT, TEXTS, TEXT)),
        scanned_at=codec.decode_time(seconds),
        facts_version=draw(TEXT),
    )


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without rows; copying it is quicker than a migration for each example."""
    path = tmp_path_factory.mktemp("empty") / "ospo.db"
    database.connect(path).close()
    return path


@given(results(), results())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_loads_what_was_saved(empty: Path, earlier: ScanResult, saved: ScanResult) -> None:
    with TemporaryDirectory() as folder:
        connection = database.connect(Path(copy(empty, folder)))
        if earlier.artifact.digest != saved.artifact.digest:
            writer.save(connection, earlier, ())
        writer.save(connection, saved, (finding("a"),))
        assert queries.load_result(connection, saved.target.name) == saved
        if earlier.target.name != saved.artifact.digest:
            assert queries.load_result(connection, saved.artifact.digest) == saved
        connection.close()


def test_every_field_of_a_component_is_tried() -> None:
    """A field added to the model must not stay behind in the database."""
    plain = Component(type="npm", name="a")
    example = Component(
        type="npm",
        name="a",
        version="1",
        namespace="@s",
        qualifiers=(("arch", "x"),),
        subpath="p",
        registered=False,
        kind=type(plain.kind).APPLICATION,
        licenses=(RawLicense("MIT", "license"),),
        supplier="s",
        description="d",
        urls=(("vcs", "u"),),
        hashes=(("SHA-1", "00"),),
        depends=("b",),
        provides=("c",),
        properties=(("k", "v"),),
        scope=type(plain.scope).DEVELOPMENT,
        direct=False,
        evidence=type(plain.evidence).EMBEDDED,
        found_by="npm",
        locations=(Location("p", 1),),
        owned_by="pkg:deb/debian/a@1",
    )
    unset = [
        field.name
        for field in fields(Component)
        if getattr(example, field.name) == getattr(plain, field.name)
    ]
    assert unset == ["type", "name"]
    assert codec.decode_component(codec.encode_component(example)) == example
    assert codec.decode_component(codec.encode_component(plain)) == plain


@given(COMPONENTS)
def test_parts_of_a_key_write_the_key_again(component: Component) -> None:
    front = component.key.partition("#")[0].partition("?")[0]
    type_, namespace, name, version = codec.key_parts(component.key)
    assert to_purl(type_, namespace, name, version) == front


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("pkg:npm/%40babel/core@7.24.0", ("npm", "@babel", "core", "7.24.0")),
        (
            "pkg:deb/debian/g%2B%2B@4:12.2.0-3?arch=amd64&distro=debian-12",
            ("deb", "debian", "g++", "4:12.2.0-3"),
        ),
        (
            "pkg:golang/github.com/klauspost/compress@v1.17.0#zstd",
            ("golang", "github.com/klauspost", "compress", "v1.17.0"),
        ),
        ("local:pkg:cargo/workspace-member", ("cargo", "", "workspace-member", "")),
        ("pkg:generic/a?x@y=1", ("generic", "", "a", "")),
    ],
)
def test_parts_of_real_keys(key: str, parts: tuple[str, ...]) -> None:
    assert codec.key_parts(key) == parts


def test_an_artifact_is_found_after_its_target_has_moved_on(tmp_path: Path) -> None:
    connection = database.connect(tmp_path / "ospo.db")
    old, new = result("a"), result("b", digest="2")
    writer.save(connection, old, ())
    writer.save(connection, new, ())
    assert queries.load_result(connection, new.target.name) == new
    found = queries.load_result(connection, old.artifact.digest)
    assert found.components == old.components
    assert found.target == replace(old.target, reference="")
    connection.close()


def test_platforms_of_a_target_are_loaded_apart(tmp_path: Path) -> None:
    connection = database.connect(tmp_path / "ospo.db")
    arm = result("a", digest="2", platform=Platform("linux", "arm64", "v8"))
    amd = result("b")
    writer.save(connection, arm, ())
    writer.save(connection, amd, ())
    assert queries.load_result(connection, amd.target.name) == amd
    assert queries.load_result(connection, amd.target.name, platform="linux/arm64/v8") == arm
    with pytest.raises(TargetError, match=r"no scan of registry\.example/app:1 for linux/s390x is stored"):
        queries.load_result(connection, amd.target.name, platform="linux/s390x")
    connection.close()


@pytest.mark.parametrize("text", ["", "2026-11-23", "2026-11-23T10:00:00", "yesterday"])
def test_a_time_without_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|isoformat"):
        codec.encode_time(text)


def test_times_with_an_offset_mean_the_same_moment() -> None:
    assert codec.encode_time("2026-11-23T12:00:00+02:00") == codec.encode_time("2026-11-23T10:00:00Z")
