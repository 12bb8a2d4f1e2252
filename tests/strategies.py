"""Hypothesis strategies for scan results as hostile as the values can be."""

from hypothesis import strategies as st

from ospo.model import (
    Artifact,
    ArtifactKind,
    Component,
    ComponentKind,
    Distro,
    Evidence,
    Layer,
    Location,
    Platform,
    Problem,
    ProblemKind,
    RawLicense,
    ScanResult,
    Scope,
    Target,
    TargetKind,
)

LICENSE_WORDS = (
    "MIT",
    "mit",
    "GPL-2.0",
    "GPL-2.0+",
    "Bugroff",
    "BSD",
    "Dual License",
    "UNKNOWN",
    "MIT OR Apache-2.0",
    "GPL-2.0-with-classpath-exception",
    "(MIT AND (ISC OR Zlib))",
    "GPL-2.0-only WITH Classpath-exception-2.0",
    "LicenseRef-ours",
    "MIT AND (",
    "Apache License, Version 2.0",
    "MIT License\n\nPermission is hereby granted",
)

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-_", min_size=1, max_size=12).filter(
    lambda text: text.strip(".-_") != ""
)
"""What names look like."""

hostile = st.one_of(
    words,
    st.text(st.characters(), max_size=20),  # with lone surrogates and control characters
    st.sampled_from(("", " ", "/", "\x00", "\x1b[2J", "\ud800", "\ufffe", "a/b@c?d#e", "%41", "é" * 2000)),
)
"""What anything may look like."""

digests = st.text("0123456789abcdef", min_size=64, max_size=64)

licenses = st.lists(
    st.builds(
        RawLicense,
        text=st.sampled_from(LICENSE_WORDS) | hostile,
        field=st.sampled_from(("License", "License-Expression", "Classifier", "licenses", "L")),
    ),
    max_size=3,
).map(tuple)

urls = st.lists(
    st.tuples(
        st.sampled_from(("website", "vcs", "distribution", "other", "no-such-type")),
        st.sampled_from(
            ("https://example.org/a?b#c", "git@example.org:a/b", "http://a:b", "x:y z", "//a", "%zz")
        )
        | hostile.map("https://example.org/".__add__),
    ),
    max_size=3,
).map(tuple)

hashes = st.lists(
    st.tuples(
        st.sampled_from(("SHA-256", "MD5", "CRC32")), digests | st.text("0123456789abcdef", max_size=40)
    ),
    max_size=2,
).map(tuple)


def components(text: st.SearchStrategy[str] = hostile) -> st.SearchStrategy[Component]:
    """Give components whose identity is made of such text."""
    return st.builds(
        Component,
        type=st.sampled_from(("deb", "apk", "npm", "pypi", "golang", "maven", "cargo", "generic")),
        name=text,
        version=text,
        namespace=st.just("") | text,
        qualifiers=st.dictionaries(st.sampled_from(("arch", "distro", "epoch")), text, max_size=2).map(
            lambda pairs: tuple(sorted(pairs.items()))
        ),
        subpath=st.just("") | text,
        registered=st.booleans(),
        kind=st.sampled_from(ComponentKind),
        licenses=licenses,
        supplier=hostile,
        description=hostile,
        urls=urls,
        hashes=hashes,
        properties=st.lists(st.tuples(words.map("made:".__add__), hostile), max_size=2).map(tuple),
        scope=st.sampled_from(Scope),
        direct=st.sampled_from((None, True, False)),
        evidence=st.sampled_from(Evidence),
        found_by=st.sampled_from(("npm", "dpkg", "go-binary", "")),
        locations=st.lists(st.builds(Location, hostile, st.none() | st.integers(0, 9)), max_size=3).map(
            tuple
        ),
        owned_by=st.just("") | hostile,
    )


targets = st.one_of(
    st.builds(
        lambda name, tag: Target(
            f"registry:registry.example/{name}:{tag}", TargetKind.IMAGE, f"registry.example/{name}"
        ),
        words,
        words,
    ),
    st.builds(lambda path: Target(f"dir:/{path}", TargetKind.DIRECTORY, f"dir:/{path}"), hostile),
    st.builds(lambda path: Target(f"sbom:/{path}", TargetKind.SBOM, f"sbom:/{path}"), hostile),
)


@st.composite
def artifacts(draw: st.DrawFn) -> Artifact:
    """Give artifacts of every kind."""
    layers = tuple(
        Layer(index, f"sha256:{draw(digests)}", "application/x", 1, created_by=draw(hostile))
        for index in range(draw(st.integers(0, 3)))
    )
    return Artifact(
        kind=draw(st.sampled_from(ArtifactKind)),
        digest=f"sha256:{draw(digests)}",
        platform=draw(st.none() | st.just(Platform("linux", "arm64", "v8"))),
        labels=tuple(draw(st.lists(st.tuples(hostile, hostile), max_size=2))),
        layers=layers,
    )


@st.composite
def scan_results(draw: st.DrawFn, text: st.SearchStrategy[str] = hostile) -> ScanResult:
    """Give scan results; the text is what identities are made of."""
    found = {component.key: component for component in draw(st.lists(components(text), max_size=6))}
    keys = sorted(found)
    edges = {}
    if keys:
        some_keys = st.lists(st.sampled_from(keys), max_size=3, unique=True)
        edges = draw(st.dictionaries(st.sampled_from(keys), some_keys, max_size=4))
    return ScanResult(
        target=draw(targets),
        artifact=draw(artifacts()),
        components=tuple(found[key] for key in keys),
        dependencies=tuple(
            (key, needed)
            for key in sorted(edges)
            if (needed := tuple(sorted(other for other in edges[key] if other != key)))
        ),
        problems=tuple(
            draw(
                st.lists(
                    st.builds(
                        Problem, st.sampled_from(ProblemKind), hostile, hostile, hostile, st.booleans()
                    ),
                    max_size=2,
                ).map(sorted)
            )
        ),
        distro=draw(
            st.none() | st.builds(Distro, words, words, hostile, st.lists(words, max_size=2).map(tuple))
        ),
        scanned_at="2026-11-23T10:00:00Z",
        facts_version="0123456789abcdef",
    )
