import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry_server import CONFIG_TYPE, config, describe, digest, index, manifest

from ospo.errors import TargetError, UsageError
from ospo.limits import Limits
from ospo.model import Platform, ProblemKind
from ospo.sources.digests import check_digest
from ospo.sources.interface import SourceOptions
from ospo.sources.manifests import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    media_type_of,
    read_index,
    read_manifest,
)
from ospo.sources.platforms import choose, own_platform, parse_platform
from ospo.sources.resolve import Resolved, resolve

CONFIG = config()
MANIFEST = manifest(CONFIG, b"layer")


def entry(architecture: str, variant: str = "", **more: object) -> dict[str, object]:
    platform = {"os": "linux", "architecture": architecture, "variant": variant}
    return describe(architecture.encode() + variant.encode(), OCI_MANIFEST, platform=platform, **more)


def pick(*entries: dict[str, object], wanted: str = "", every: bool = False) -> list[str]:
    platform = parse_platform(wanted) if wanted else None
    return [str(d.platform) for d in choose(read_index(index(*entries)), platform, every)]


def changed(document: bytes, **changes: object) -> bytes:
    return json.dumps({**json.loads(document), **changes}).encode()


def resolved(
    root: bytes, *blobs: bytes, options: SourceOptions | None = None, media_type: str = ""
) -> tuple[Resolved, ...]:
    contents = {digest(blob): blob for blob in (root, *blobs)}
    descriptor = Descriptor(media_type or media_type_of(root), digest(root), len(root))
    return resolve((descriptor,), lambda wanted: contents[wanted.digest], options or SourceOptions())


def test_a_manifest_gives_configuration_and_layers() -> None:
    read = read_manifest(MANIFEST)
    assert read.media_type == OCI_MANIFEST
    assert read.config == Descriptor(CONFIG_TYPE, digest(CONFIG), len(CONFIG))
    assert [(layer.digest, layer.size) for layer in read.layers] == [(digest(b"layer"), 5)]


@pytest.mark.parametrize(
    ("document", "media_type"),
    [
        ({"manifests": []}, OCI_INDEX),
        ({"config": {}, "layers": []}, OCI_MANIFEST),
        ({"mediaType": DOCKER_INDEX, "manifests": []}, DOCKER_INDEX),
        ({"mediaType": DOCKER_MANIFEST, "config": {}, "layers": []}, DOCKER_MANIFEST),
    ],
)
def test_the_media_type_is_read_or_seen_from_the_shape(document: object, media_type: str) -> None:
    assert media_type_of(json.dumps(document).encode()) == media_type


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"{", "manifest: not JSON"),
        (b"[" * 5000, "manifest: not JSON"),
        (b"[]", "manifest: not a JSON object"),
        (b"{}", "neither an index nor a manifest"),
        (changed(MANIFEST, manifests=[]), "ambiguous"),
        (changed(MANIFEST, mediaType=OCI_INDEX), "mediaType is"),
        (changed(MANIFEST, mediaType=7), "mediaType is not text"),
        (changed(MANIFEST, schemaVersion=1), "schema 1"),
        (changed(MANIFEST, config=None), "config is missing"),
        (changed(MANIFEST, config=[]), "config is not an object"),
        (changed(MANIFEST, layers={}), "layers is not a list"),
        (changed(MANIFEST, layers=[1]), "layers[0] is not an object"),
        (changed(MANIFEST, layers=[{}]), "layers[0].digest is missing"),
        (changed(MANIFEST, layers=[{"digest": "../../x"}]), "layers[0].digest is not a digest"),
        (changed(MANIFEST, layers=[{"digest": "md5:" + "0" * 32}]), "digest algorithm 'md5'"),
        (changed(MANIFEST, layers=[describe(b"", "x", size=-1)]), "layers[0].size is not a whole number"),
        (changed(MANIFEST, layers=[describe(b"", "x", size=1 << 63)]), "layers[0].size is not a whole"),
        (changed(MANIFEST, layers=[describe(b"", "x", size=True)]), "layers[0].size is not a whole"),
        (changed(MANIFEST, layers=[describe(b"", "x", size=1.5)]), "layers[0].size is not a whole"),
        (changed(MANIFEST, layers=[describe(b"", "x", annotations={"\x1b[2J": 1})]), "\\x1b[2J' is not text"),
        (
            changed(MANIFEST, config=describe(b"", "application/vnd.cncf.helm.config.v1+json")),
            "not a container",
        ),
    ],
)
def test_malformed_manifests_name_the_field(document: bytes, message: str) -> None:
    with pytest.raises(TargetError) as caught:
        read_manifest(document)
    assert message in caught.value.message
    assert caught.value.message.isprintable()


def test_schema_1_has_a_hint() -> None:
    with pytest.raises(TargetError) as caught:
        media_type_of(b'{"schemaVersion": 1, "fsLayers": []}')
    assert "schema 2" in caught.value.hint


def test_an_index_is_no_manifest_and_the_other_way_round() -> None:
    with pytest.raises(TargetError, match="an index was expected"):
        read_index(MANIFEST)
    with pytest.raises(TargetError, match="a manifest was expected"):
        read_manifest(index())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.sampled_from(["mediaType", "schemaVersion", "config", "layers", "annotations"]), JSON)
def test_hostile_manifests_raise_nothing_else(key: str, value: Any) -> None:
    try:
        read_manifest(changed(MANIFEST, **{key: value}))
    except TargetError as error:
        assert error.message.isprintable()


@given(st.sampled_from(["os", "architecture", "rootfs", "history", "config", "created"]), JSON)
def test_hostile_configurations_raise_nothing_else(key: str, value: Any) -> None:
    hostile = changed(CONFIG, **{key: value})
    try:
        resolved(manifest(hostile, b"layer"), hostile)
    except TargetError as error:
        assert error.message.isprintable()


@given(st.sampled_from(["mediaType", "digest", "size", "platform", "annotations", "artifactType"]), JSON)
def test_hostile_index_entries_raise_nothing_else(key: str, value: Any) -> None:
    try:
        resolved(index({**describe(MANIFEST, OCI_MANIFEST), key: value}), MANIFEST, CONFIG)
    except TargetError as error:
        assert error.message.isprintable()


def test_a_wrong_digest_says_got_and_expected() -> None:
    with pytest.raises(TargetError) as caught:
        check_digest(b"other", digest(b"layer"), "layer 3")
    assert (
        caught.value.message == f"layer 3: wrong digest (got {digest(b'other')}, expected {digest(b'layer')})"
    )
    check_digest(b"layer", digest(b"layer"), "layer 3")


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/arm64/v8", Platform("linux", "arm64", "v8")),
        ("arm64", Platform("linux", "arm64")),
        ("linux/x86_64", Platform("linux", "amd64")),
        ("aarch64", Platform("linux", "arm64")),
        ("armhf", Platform("linux", "arm", "v7")),
        ("windows/amd64", Platform("windows", "amd64")),
        ("linux", own_platform()),
        ("windows(10.0.17763)/amd64", Platform("windows", "amd64", version="10.0.17763")),
        ("Windows(10.0.17763.6054)/x86_64", Platform("windows", "amd64", version="10.0.17763")),
    ],
)
def test_platforms_are_read_in_their_usual_spellings(text: str, platform: Platform) -> None:
    assert parse_platform(text) == platform


@pytest.mark.parametrize(
    "text", ["", "linux/", "a/b/c/d", "linux/arm 64", "linux/arm64;id", "linux(6)/amd64", "windows()/amd64"]
)
def test_what_is_no_platform_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_platform(text)


def test_one_platform_is_chosen_from_many() -> None:
    entries = (entry("amd64"), entry("arm64", "v8"), entry("s390x"))
    assert pick(*entries, wanted="linux/arm64") == ["linux/arm64/v8"]
    assert pick(*entries, wanted="linux/arm64/v8") == ["linux/arm64/v8"]
    assert pick(*entries, every=True) == ["linux/amd64", "linux/arm64/v8", "linux/s390x"]


def test_the_usual_variant_wins_then_the_highest() -> None:
    assert pick(entry("arm", "v6"), entry("arm", "v7"), entry("arm", "v8"), wanted="arm") == ["linux/arm/v7"]
    assert pick(entry("arm", "v5"), entry("arm", "v6"), wanted="arm") == ["linux/arm/v6"]
    assert pick(entry("amd64"), entry("amd64", "v3"), wanted="amd64") == ["linux/amd64"]


def windows(version: str) -> dict[str, object]:
    platform = {"os": "windows", "architecture": "amd64", "os.version": version}
    return describe(version.encode(), OCI_MANIFEST, platform=platform)


def test_windows_images_differ_by_their_build_and_not_by_their_patch() -> None:
    entries = windows("10.0.17763.6054"), windows("10.0.20348.2582")
    assert pick(*entries, wanted="windows(10.0.17763)/amd64") == ["windows(10.0.17763)/amd64"]
    assert pick(*entries, every=True) == ["windows(10.0.17763)/amd64", "windows(10.0.20348)/amd64"]
    assert read_index(index(windows("10.0.20348.1")))[0].platform == parse_platform(
        "windows(10.0.20348)/amd64"
    )
    with pytest.raises(TargetError, match="2 images are for windows/amd64") as caught:
        pick(*entries, wanted="windows/amd64")
    assert "--platform 'windows(10.0.17763)/amd64'" in caught.value.hint


def test_two_images_of_one_platform_are_ambiguous_and_not_silently_the_first() -> None:
    entries = [
        describe(name, OCI_MANIFEST, platform={"os": "linux", "architecture": "arm64"})
        for name in (b"1", b"2")
    ]
    with pytest.raises(TargetError, match="2 images are for linux/arm64") as caught:
        pick(*entries, wanted="linux/arm64")
    assert digest(b"1") in caught.value.message
    assert digest(b"2") in caught.value.message
    assert f"@{digest(b'1')}" in caught.value.hint
    assert pick(entries[0], entries[0], wanted="linux/arm64") == ["linux/arm64"]


def test_of_all_platforms_the_second_image_of_one_has_a_number() -> None:
    other = manifest(CONFIG, b"other")
    unnamed = changed(CONFIG, os=None, architecture=None)
    nameless = [manifest(unnamed, layer) for layer in (b"1", b"2")]
    twice = index(*(describe(one, OCI_MANIFEST) for one in (MANIFEST, other, *nameless)))
    blobs = (MANIFEST, other, *nameless, CONFIG, unnamed)
    images = resolved(twice, *blobs, options=SourceOptions(all_platforms=True))
    platforms = [str(image.artifact.platform) for image in images]
    assert platforms == ["linux/amd64", "linux/amd64#2", "None", "#2"]


def test_windows_build_comes_from_the_index_where_the_configuration_has_none() -> None:
    system = changed(CONFIG, os="windows")
    image = manifest(system, b"layer")
    platform = {"os": "windows", "architecture": "amd64", "os.version": "10.0.17763.1"}
    (found,) = resolved(index(describe(image, OCI_MANIFEST, platform=platform)), image, system)
    assert str(found.artifact.platform) == "windows(10.0.17763)/amd64"
    assert found.problems == ()


def test_an_image_missing_from_an_index_is_a_blocking_problem_of_the_others() -> None:
    gone = manifest(CONFIG, b"gone")
    every = SourceOptions(all_platforms=True)

    def fetch(wanted: Descriptor) -> bytes:
        if wanted.digest == digest(gone):
            raise TargetError("cannot be opened")
        return {digest(MANIFEST): MANIFEST, digest(CONFIG): CONFIG}[wanted.digest]

    there, missing = (
        Descriptor(OCI_MANIFEST, digest(MANIFEST), len(MANIFEST)),
        Descriptor(OCI_MANIFEST, digest(gone), len(gone), Platform("linux", "arm64")),
    )
    (image,) = resolve((there, missing), fetch, every)
    (problem,) = image.problems
    assert problem.blocking
    assert problem.where == f"linux/arm64 {digest(gone)}"
    assert problem.message == "is in the index and not scanned: cannot be opened"
    with pytest.raises(TargetError, match="cannot be opened"):
        resolve((missing,), fetch, every)


def test_the_default_is_this_machine() -> None:
    own = own_platform().architecture
    assert pick(entry("s390x"), entry(own), entry("riscv64")) == [f"linux/{own}"]


def test_a_missing_platform_lists_what_is_there() -> None:
    with pytest.raises(TargetError) as caught:
        pick(entry("amd64"), entry("arm64", "v8"), wanted="linux/s390x")
    assert caught.value.message == "no image for linux/s390x; there is: linux/amd64, linux/arm64/v8"
    assert "--all-platforms" in caught.value.hint


def test_attestations_and_other_artifacts_are_no_images() -> None:
    annotation = {"vnd.docker.reference.type": "attestation-manifest"}
    others = (
        describe(b"attestation", OCI_MANIFEST, platform={"os": "unknown", "architecture": "unknown"}),
        entry("other", annotations=annotation),
        entry("bundle", artifactType="application/vnd.dev.sigstore.bundle.v0.3+json"),
        describe(b"schema 1", "application/vnd.docker.distribution.manifest.v1+prettyjws"),
    )
    assert pick(entry("s390x"), *others) == ["linux/s390x"]
    assert pick(entry("s390x", artifactType=CONFIG_TYPE), *others, every=True) == ["linux/s390x"]
    with pytest.raises(TargetError, match="lists no container image"):
        pick(*others)


def test_a_single_manifest_is_taken_whatever_its_platform() -> None:
    foreign = config("s390x")
    (image,) = resolved(manifest(foreign, b"layer"), foreign)
    assert image.artifact.platform == Platform("linux", "s390x")
    assert image.index_digest == ""


def test_a_single_manifest_of_another_platform_than_asked_for_is_refused() -> None:
    foreign = config("s390x")
    with pytest.raises(TargetError, match="no image for linux/amd64; there is: linux/s390x"):
        resolved(
            manifest(foreign, b"layer"), foreign, options=SourceOptions(platform=Platform("linux", "amd64"))
        )


def test_nested_indexes_lead_to_images_and_the_outermost_is_recorded() -> None:
    inner = index(describe(MANIFEST, OCI_MANIFEST))
    outer = index(describe(inner, OCI_INDEX), describe(inner, OCI_INDEX))
    (image,) = resolved(outer, inner, MANIFEST, CONFIG)
    assert image.artifact.digest == digest(MANIFEST)
    assert image.index_digest == digest(outer)


def test_indexes_nested_too_deep_are_refused() -> None:
    documents = [MANIFEST]
    for _ in range(6):
        documents.append(index(describe(documents[-1], OCI_INDEX)))
    with pytest.raises(TargetError, match="nested deeper"):
        resolved(documents[-1], *documents)


def test_too_many_indexes_are_refused() -> None:
    inner = [index(describe(str(number).encode(), OCI_MANIFEST)) for number in range(70)]
    outer = index(*(describe(document, OCI_INDEX) for document in inner))
    with pytest.raises(TargetError, match="nested deeper than 4 or more than 64"):
        resolved(outer, *inner)


def test_an_artifact_has_what_manifest_and_configuration_say() -> None:
    rich = config(
        layers=2,
        created="2026-01-02T03:04:05Z",
        config={"Labels": {"b": "2", "a": "1"}},
        history=[
            {"created_by": "ADD rootfs"},
            {"created_by": "ENV A=B", "empty_layer": True},
            {"created_by": "RUN make"},
        ],
    )
    (image,) = resolved(manifest(rich, b"one", b"two!"), rich)
    artifact = image.artifact
    assert artifact.config_digest == digest(rich)
    assert artifact.created == "2026-01-02T03:04:05Z"
    assert artifact.labels == (("a", "1"), ("b", "2"))
    assert [(layer.index, layer.size, layer.created_by) for layer in artifact.layers] == [
        (0, 3, "ADD rootfs"),
        (1, 4, "RUN make"),
    ]
    assert all(layer.diff_id == "sha256:" + "0" * 64 for layer in artifact.layers)
    assert image.problems == ()


def test_a_history_of_another_number_is_a_problem_and_diff_ids_of_another_number_a_blocking_one() -> None:
    odd = config(layers=3, history=[{"created_by": "only one"}])
    (image,) = resolved(manifest(odd, b"one", b"two"), odd)
    assert [(problem.kind, problem.blocking) for problem in image.problems] == [
        (ProblemKind.CONFIG, False),
        (ProblemKind.LAYER, True),
    ]
    assert [problem.message for problem in image.problems] == [
        "has 1 history entries with a layer for 2 layers; they are left out",
        "has 3 diff_ids for 2 layers; they are left out",
    ]
    assert all(layer.diff_id == layer.created_by == "" for layer in image.artifact.layers)


def test_no_history_is_no_problem() -> None:
    (image,) = resolved(MANIFEST, CONFIG)
    assert image.problems == ()


def test_an_index_that_names_another_platform_than_the_configuration_is_a_problem() -> None:
    lying = index(describe(MANIFEST, OCI_MANIFEST, platform={"os": "linux", "architecture": "s390x"}))
    (image,) = resolved(lying, MANIFEST, CONFIG)
    assert image.artifact.platform == Platform("linux", "amd64")
    assert [problem.message for problem in image.problems] == [
        "the index says linux/s390x, the configuration linux/amd64; the configuration counts"
    ]


def test_too_many_layers_name_the_limit() -> None:
    with pytest.raises(TargetError, match=r"2 layers are more than limits\.layers \(1\)"):
        resolved(manifest(CONFIG, b"one", b"two"), CONFIG, options=SourceOptions(limits=Limits(layers=1)))


def test_a_configuration_of_another_size_or_digest_is_refused() -> None:
    lying = changed(MANIFEST, config=describe(CONFIG, CONFIG_TYPE, size=3))
    with pytest.raises(TargetError, match="wrong size"):
        resolved(lying, CONFIG)
    swapped = config("s390x").ljust(len(CONFIG))
    contents = {digest(MANIFEST): MANIFEST, digest(CONFIG): swapped[: len(CONFIG)]}
    root = Descriptor(OCI_MANIFEST, digest(MANIFEST), len(MANIFEST))
    with pytest.raises(TargetError, match="wrong digest"):
        resolve((root,), lambda wanted: contents[wanted.digest], SourceOptions())


def test_a_manifest_that_announces_a_huge_configuration_is_refused_before_it_is_fetched() -> None:
    lying = changed(MANIFEST, config=describe(CONFIG, CONFIG_TYPE, size=1 << 40))
    with pytest.raises(TargetError, match=r"exceed limits\.manifest_size"):
        resolved(lying)


def test_layers_of_unknown_types_are_kept() -> None:
    odd = changed(MANIFEST, layers=[describe(b"layer", "application/x-unheard-of")])
    (image,) = resolved(odd, CONFIG)
    assert image.artifact.layers[0].media_type == "application/x-unheard-of"
