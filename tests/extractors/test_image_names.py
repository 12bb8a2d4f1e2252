"""Names of images: what is a host, a tag, a digest, and what is no name."""

import pytest

from ospo.errors import ParseError
from ospo.extractors.image_names import image

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("name", "purl"),
    [
        ("alpine", "pkg:oci/alpine?repository_url=docker.io%2Flibrary%2Falpine"),
        ("alpine:3.20", "pkg:oci/alpine?repository_url=docker.io%2Flibrary%2Falpine&tag=3.20"),
        ("team/app:1", "pkg:oci/app?repository_url=docker.io%2Fteam%2Fapp&tag=1"),
        ("localhost/app", "pkg:oci/app?repository_url=localhost%2Fapp"),
        ("host:5000/app", "pkg:oci/app?repository_url=host:5000%2Fapp"),
        ("Host.example/a/b__c", "pkg:oci/b__c?repository_url=host.example%2Fa%2Fb__c"),
        (f"r.example/a@{DIGEST}", f"pkg:oci/a@{DIGEST}?repository_url=r.example%2Fa"),
        (f"r.example/a:1@{DIGEST}", f"pkg:oci/a@{DIGEST}?repository_url=r.example%2Fa&tag=1"),
    ],
)
def test_a_name_becomes_a_purl(name: str, purl: str) -> None:
    assert image(name).purl == purl


@pytest.mark.parametrize(
    "name",
    ["", "Alpine", "a b", "a/", "/a", "a:", "a@sha256:", "a:" + "t" * 129, "a//b", "$IMAGE", "a" * 2000],
)
def test_what_names_no_image_is_a_parse_error(name: str) -> None:
    with pytest.raises(ParseError, match="names no image"):
        image(name)
