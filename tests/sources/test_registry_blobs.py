"""Reading blobs of a registry that breaks off, lies about sizes, or forgets."""

import json
import threading

import pytest
from registry_pulls import CANARY, CONFIG, LAYER, MANIFEST, pull, read_layer, refusal
from registry_server import FakeRegistry, Fault, config, digest, manifest

from ospo.errors import RegistryError


def test_a_broken_blob_is_resumed_where_it_broke(registry: FakeRegistry) -> None:
    image = pull(registry)
    registry.faults = [Fault("/blobs/", cut=1000), Fault("/blobs/", cut=2000)]
    assert read_layer(image) == LAYER
    assert [seen.headers.get("range") for seen in registry.seen[-3:]] == [None, "bytes=1000-", "bytes=3000-"]


def test_a_server_that_ignores_ranges_is_read_again_from_the_start(registry: FakeRegistry) -> None:
    image = pull(registry)
    registry.ranges = False
    registry.faults = [Fault("/blobs/", cut=100_000)]
    assert read_layer(image) == LAYER


def test_resuming_ends(registry: FakeRegistry) -> None:
    image = pull(registry)
    registry.faults = [Fault("/blobs/", times=99, cut=10)]
    with pytest.raises(RegistryError, match=f"no more after byte 60 of {len(LAYER)}: .*broke off"):
        read_layer(image)
    assert len(registry.seen) == 2 + 6


def test_progress_renews_the_right_to_resume(registry: FakeRegistry) -> None:
    layer = LAYER * 3
    registry.push("app:big", manifest(CONFIG, layer), layer)
    image = pull(registry, "app:big")
    registry.faults = [Fault("/blobs/", times=8, cut=1_100_000)]
    assert read_layer(image) == layer


def test_another_range_than_asked_for_is_refused(registry: FakeRegistry) -> None:
    image = pull(registry)
    wrong = Fault("/blobs/", status=206, body=LAYER, headers={"Content-Range": "bytes 0-9/10"})
    registry.faults = [Fault("/blobs/", cut=1000)]
    with image.open_layer(image.artifact.layers[0]) as blob:
        assert blob.read(10) == LAYER[:10]
        registry.faults.append(wrong)
        with pytest.raises(RegistryError, match="gives another range than was asked for"):
            blob.read()


def lying(size: int) -> bytes:
    """A manifest that announces another size than the layer has."""
    document = json.loads(MANIFEST)
    document["layers"][0]["size"] = size
    return json.dumps(document).encode()


@pytest.mark.parametrize("size", [len(LAYER) - 1, len(LAYER) + 1, 1 << 40])
def test_a_blob_of_another_size_than_announced_is_refused(registry: FakeRegistry, size: int) -> None:
    registry.push("app:lie", lying(size))
    image = pull(registry, "app:lie")
    with pytest.raises(RegistryError, match=f"announces {len(LAYER)} bytes, the manifest says {size}"):
        read_layer(image)


def test_bytes_beyond_the_announced_size_are_refused(registry: FakeRegistry) -> None:
    registry.push("app:lie", lying(10))
    image = pull(registry, "app:lie")
    registry.faults = [
        Fault("/blobs/", body=b"x" * 11, headers={"Content-Length": "", "Connection": "close"})
    ]
    with pytest.raises(RegistryError, match="gives more than the 10 bytes announced"):
        read_layer(image)


def test_an_empty_blob_needs_no_request(registry: FakeRegistry) -> None:
    registry.push("app:empty", manifest(CONFIG, b""))
    assert read_layer(pull(registry, "app:empty")) == b""


def test_a_blob_that_is_gone_is_explained(registry: FakeRegistry) -> None:
    image = pull(registry)
    registry.blobs.clear()
    with pytest.raises(RegistryError) as caught:
        read_layer(image)
    name = f"{registry.host}/app@{digest(LAYER)}"
    assert caught.value.message == f"{name}: the registry does not have it (404 BLOB_UNKNOWN)"


def test_a_configuration_with_another_content_is_refused(registry: FakeRegistry) -> None:
    registry.blobs[digest(CONFIG)] = config("arm64")[: len(CONFIG)]
    assert "wrong digest" in refusal(registry).message


def test_blobs_are_read_from_several_threads(registry: FakeRegistry) -> None:
    registry.token = CANARY
    image = pull(registry)
    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(read_layer(image))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert results == [LAYER] * 4
