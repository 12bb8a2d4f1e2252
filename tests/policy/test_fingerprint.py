"""What makes two findings the same one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.policy.fingerprint import fingerprint, without_version
from ospo.purl import to_purl

TEXT = st.text(max_size=8)


def test_a_fingerprint_is_stable() -> None:
    """Stored triage hangs on it: it must never change."""
    assert fingerprint("unknown-license", "registry.example/app", "pkg:pypi/requests") == "a66500f61135092e"
    assert fingerprint("a", "b", "c", "d") == fingerprint("a", "b", "c", "d")


@given(st.tuples(TEXT, TEXT, TEXT, TEXT), st.tuples(TEXT, TEXT, TEXT, TEXT))
def test_different_parts_give_different_fingerprints(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


def test_parts_do_not_run_into_each_other() -> None:
    assert fingerprint("a", "bc", "") != fingerprint("ab", "c", "")
    assert fingerprint("a", "1:b", "") != fingerprint("a1:b", "", "")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("pkg:pypi/requests@2.31.0", "pkg:pypi/requests"),
        ("pkg:npm/%40babel/core@7.24.0", "pkg:npm/%40babel/core"),
        ("pkg:deb/debian/bash@5.2?arch=amd64&distro=debian-12", "pkg:deb/debian/bash?arch=amd64"),
        ("pkg:rpm/redhat/bash@5.1?distro=rhel-9&epoch=1", "pkg:rpm/redhat/bash"),
        (
            "pkg:golang/github.com/klauspost/compress@v1.17.0#zstd",
            "pkg:golang/github.com/klauspost/compress#zstd",
        ),
        ("pkg:maven/a/b@1?classifier=c&type=jar#d", "pkg:maven/a/b?classifier=c&type=jar#d"),
        ("pkg:generic/a?x@y=1", "pkg:generic/a?x@y=1"),
        ("local:pkg:cargo/member@0.1.0", "local:pkg:cargo/member"),
    ],
)
def test_keys_lose_what_changes_with_the_release(key: str, expected: str) -> None:
    assert without_version(key) == expected


@given(TEXT, TEXT, TEXT, TEXT, st.lists(st.tuples(st.sampled_from(("arch", "type")), TEXT), max_size=2), TEXT)
def test_any_two_versions_have_the_same_key_without_version(
    namespace: str, name: str, one: str, other: str, qualifiers: list[tuple[str, str]], subpath: str
) -> None:
    keys = [
        to_purl("npm", namespace, name, version, tuple(qualifiers), subpath) for version in (one, other, "")
    ]
    assert {without_version(key) for key in keys} == {keys[-1]}
