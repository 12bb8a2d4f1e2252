"""Our purls against those of packageurl-python."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from ospo.purl import to_purl

TYPES = (
    *("alpm", "apk", "bitbucket", "bitnami", "cargo", "composer", "conan", "conda", "cran", "deb", "docker"),
    *("gem", "generic", "github", "gitlab", "golang", "hackage", "hex", "huggingface", "luarocks", "maven"),
    *("npm", "nuget", "oci", "pub", "pypi", "qpkg", "rpm", "swid", "swift"),
)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=15)
names = texts.filter(lambda text: text.strip().strip("/").strip() != "")
qualifiers = st.dictionaries(
    st.sampled_from(("arch", "distro", "epoch", "upstream", "vcs_url", "type")), texts, max_size=4
).map(lambda pairs: tuple(pairs.items()))


def upper_escapes(purl: str) -> str:
    """Write escapes in upper case, as RFC 3986 wants; the library lowers those of case-insensitive types."""
    return re.sub("%[0-9a-f]{2}", lambda escape: escape[0].upper(), purl)


def expected(
    type_: str, namespace: str, name: str, version: str, qualifiers: tuple[tuple[str, str], ...], subpath: str
) -> str | None:
    """Write the purl as the library does; None for what it refuses."""
    try:
        return upper_escapes(
            PackageURL(
                type_, namespace or None, name, version or None, dict(qualifiers) or None, subpath or None
            ).to_string()
        )
    except ValueError:
        return None


versions = st.just("") | names


@given(st.sampled_from(TYPES), st.just("") | texts, names, versions, qualifiers, st.just("") | texts)
def test_a_purl_is_what_packageurl_python_writes(
    type_: str,
    namespace: str,
    name: str,
    version: str,
    qualifiers: tuple[tuple[str, str], ...],
    subpath: str,
) -> None:
    theirs = expected(type_, namespace, name, version, qualifiers, subpath)
    if theirs is not None:
        # The specification wants a slash that separates nothing encoded; the library leaves it as it is.
        ours = to_purl(type_, namespace, name, version, qualifiers, subpath)
        # A segment of dots is encoded, so that it leads nowhere; there the library writes it plainly.
        assert ours.replace("%2F", "/").replace("%2E", ".") == theirs


@given(
    st.sampled_from(TYPES), st.text("aB1-_.~ü{", min_size=1, max_size=8), st.text("abc123.+~:", max_size=8)
)
def test_a_purl_is_read_back_as_the_same_purl(type_: str, name: str, version: str) -> None:
    ours = to_purl(type_, "", name, version)
    try:
        again = PackageURL.from_string(ours)
    except ValueError:
        return  # a type that the library wants a namespace for
    # A name of dots is encoded, so that it leads nowhere; there the library writes it plainly.
    assert upper_escapes(again.to_string()) == ours.replace("%2E", ".")


@pytest.mark.parametrize(
    ("parts", "purl"),
    [
        (("deb", "debian", "libc6", "1:2.36-9+deb12u4"), "pkg:deb/debian/libc6@1:2.36-9%2Bdeb12u4"),
        (("npm", "@Babel", "Core", "7.0.0"), "pkg:npm/%40Babel/core@7.0.0"),
        (("pypi", "", "Typing_Extensions", "4"), "pkg:pypi/typing-extensions@4"),
        (("golang", "github.com/a/b", "c", "v1"), "pkg:golang/github.com/a/b/c@v1"),
        (("maven", "org.apache", "Commons", ""), "pkg:maven/org.apache/Commons"),
        (("qpkg", "Blackberry", "Sqlite", "3"), "pkg:qpkg/blackberry/Sqlite@3"),
        (("generic", "", "ü/ö", "1"), "pkg:generic/%C3%BC%2F%C3%B6@1"),
    ],
)
def test_purls_of_real_ecosystems(parts: tuple[str, str, str, str], purl: str) -> None:
    assert to_purl(*parts) == purl


@pytest.mark.parametrize(
    ("namespace", "name", "purl"),
    [
        ("../../x", "evil", "pkg:deb/%2E%2E/%2E%2E/x/evil@1"),
        ("./a..b", "..", "pkg:deb/%2E/a..b/%2E%2E@1"),
    ],
)
def test_no_segment_of_a_purl_leads_elsewhere(namespace: str, name: str, purl: str) -> None:
    assert to_purl("deb", namespace, name, "1") == purl
    assert (
        to_purl("deb", "/".join(filter(None, (PackageURL.from_string(purl).namespace,))), name, "1") == purl
    )


@given(names)
def test_a_purl_has_no_character_that_another_text_could_not_hold(name: str) -> None:
    assert to_purl("generic", "", name, name, (("a", name),), name).isascii()


def test_qualifiers_are_sorted_and_empty_ones_left_out() -> None:
    pairs = (("distro", "debian-12"), ("arch", "amd64"), ("epoch", ""), ("Upstream", "a@1"))
    assert to_purl("deb", "debian", "a", "1", pairs) == (
        "pkg:deb/debian/a@1?arch=amd64&distro=debian-12&upstream=a%401"
    )


def test_lone_surrogates_are_written_and_do_not_fail() -> None:
    assert to_purl("npm", "", "a\ud800") == "pkg:npm/a%ED%A0%80"
