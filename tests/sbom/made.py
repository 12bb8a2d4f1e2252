"""One scan result, made up, that has something of everything."""

from ospo.model import (
    Artifact,
    ArtifactKind,
    BaseImage,
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
    Target,
    TargetKind,
)

LIBC = Component(
    type="deb",
    namespace="debian",
    name="libc6",
    version="2.36-9+deb12u14",
    qualifiers=(("arch", "amd64"), ("distro", "debian-12")),
    supplier="GNU Libc Maintainers",
    description="GNU C Library: Shared libraries",
    found_by="dpkg",
    locations=(Location("var/lib/dpkg/status", 0),),
)
BABEL = Component(
    type="npm",
    namespace="@babel",
    name="core",
    version="7.26.0",
    licenses=(RawLicense("MIT", "license"),),
    urls=(("vcs", "https://example.org/babel.git"), ("website", "not an address")),
    hashes=(("SHA-512", "ab" * 64), ("MD5", "short")),
    properties=(("npm:private", "true"),),
    found_by="npm",
    locations=(
        Location("app/node_modules/@babel/core/package.json", 1),
        Location("opt/node_modules/@babel/core/package.json", 2),
    ),
)
JSON5 = Component(
    type="npm",
    name="json5",
    version="2.2.3",
    licenses=(RawLicense("MIT", "licenses"), RawLicense("Apache-2.0", "licenses")),
    found_by="npm",
    locations=(Location("app/node_modules/json5/package.json", 1),),
    owned_by=LIBC.key,
)
COMMONS = Component(
    type="maven",
    namespace="org.apache.commons",
    name="commons-lang3",
    version="3.17.0",
    licenses=(RawLicense("Apache License, Version 2.0", "name"), RawLicense("Odd\x1b[31m License", "name")),
    evidence=Evidence.EMBEDDED,
    found_by="java",
)
HELLO = Component(
    type="golang",
    namespace="example.org/cmd",
    name="hello",
    registered=False,
    kind=ComponentKind.APPLICATION,
    licenses=(RawLicense("Bugroff", "license"),),
    found_by="go-binary",
    locations=(Location("usr/bin/hello", 0),),
)

RESULT = ScanResult(
    target=Target(
        "registry:registry.example/team/app:1.2",
        TargetKind.IMAGE,
        "registry.example/team/app",
        "team/app:1.2",
    ),
    artifact=Artifact(
        kind=ArtifactKind.IMAGE,
        digest="sha256:" + "d" * 64,
        platform=Platform("linux", "amd64"),
        config_digest="sha256:" + "c" * 64,
        created="2026-11-01T00:00:00Z",
        labels=(("org.opencontainers.image.title", "app"),),
        layers=tuple(
            Layer(
                index=index,
                digest="sha256:" + str(index) * 64,
                media_type="application/vnd.oci.image.layer.v1.tar+gzip",
                size=1000 + index,
                diff_id="sha256:" + "abc"[index] * 64,
                created_by=f"RUN step {index}",
            )
            for index in range(3)
        ),
    ),
    components=tuple(sorted((LIBC, BABEL, JSON5, COMMONS, HELLO), key=lambda component: component.key)),
    dependencies=((BABEL.key, (JSON5.key,)),),
    problems=(
        Problem(ProblemKind.LAYER, "sha256:" + "2" * 64, "not gzip", hint="push it again", blocking=True),
    ),
    distro=Distro("debian", "12", "Debian GNU/Linux 12 (bookworm)"),
    scanned_at="2026-11-23T10:00:00Z",
    facts_version="0123456789abcdef",
    base=BaseImage("registry:registry.example/base:12", "sha256:" + "b" * 64, 1),
)
