"""Write small Java archives: those of `java-archive/*/`, and what tests ask for.

`python tests/extractors/java_archives.py` writes the made-up cases anew, byte for byte the same.
`released` is not made up: its README.md says what it is.
"""

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

CASES = Path(__file__).parent / "java-archive"
CLASS = bytes.fromhex("cafebabe00000041")

Files = Mapping[str, bytes | str]

POM_XML = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent><groupId>org.example</groupId><artifactId>parent</artifactId><version>7</version></parent>
  <artifactId>{artifact}</artifactId>
  {version}
  <url>https://example.org/{artifact}</url>
  <organization><name>Example Foundation</name></organization>
  <licenses>
    <license><name>Apache License, Version 2.0</name><url>https://www.apache.org/licenses/LICENSE-2.0.txt</url></license>
    <license><url>https://example.org/second-license</url></license>
    <license><name>${{license.name}}</name></license>
  </licenses>
  <scm><url>https://user:hunter2@git.example/{artifact}</url></scm>
  <dependencies>
    <dependency><groupId>org.example</groupId><artifactId>wrong</artifactId><version>0</version></dependency>
  </dependencies>
</project>
"""


def main() -> None:
    """Write every made-up case."""
    library = jar({**maven("org.example", "lib", "2.0.0"), "org/example/Lib.class": CLASS})
    write("maven", {"usr/share/java/app-1.2.3.jar": jar(with_pom_xml("org.example", "app", "1.2.3"))})
    write("pom-xml-only", {"usr/share/java/tool.jar": jar(only_pom_xml("org.example", "tool"))})
    write("shaded", {"opt/app/bundle-1.0.jar": jar(shaded())})
    write("spring-boot", {"app/app.jar": b"#!/bin/sh\nexit 0\n" + jar(spring_boot(library), stored=True)})
    write("web", {"srv/shop.war": jar({"WEB-INF/lib/lib-2.0.0.jar": library, "index.jsp": "", **manifest()})})
    write("manifest", {f"opt/{name}": jar(files) for name, files in MANIFESTS.items()})
    write("file-name", {f"opt/{name}": jar(files) for name, files in FILE_NAMES.items()})
    write(
        "not-java",
        {"opt/perl.par": jar({"META.yml": ""}), "opt/sap-1.0.sar": b"CAR 2.01", "opt/x-1.0.kar": b""},
    )
    write("damaged", {f"opt/{name}.jar": data for name, data in damaged(library).items()})


def write(case: str, files: Mapping[str, bytes]) -> None:
    """Write one case's archives."""
    for name, data in files.items():
        path = CASES / case / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def jar(files: Files, *, stored: bool = False, comment: bytes = b"") -> bytes:
    """Write an archive whose entries all date from 1980."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.comment = comment
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = (
                zipfile.ZIP_STORED if stored or name.endswith(".zip") else zipfile.ZIP_DEFLATED
            )
            archive.writestr(info, data)
    return out.getvalue()


def manifest(**attributes: str) -> dict[str, str]:
    """Write a manifest; `_` in names stands for a dash."""
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in attributes.items()]
    text = f"Manifest-Version: 1.0\r\n{''.join(lines)}\r\nName: x\r\nBundle-Vendor: of one entry\r\n"
    return {"META-INF/MANIFEST.MF": text}


def maven(group: str, artifact: str, version: str) -> dict[str, str]:
    """Write what Maven puts beside every artifact."""
    text = f"#Created by Apache Maven 3.9.9\ngroupId={group}\nartifactId={artifact}\nversion={version}\n"
    return {f"META-INF/maven/{group}/{artifact}/pom.properties": text}


def with_pom_xml(group: str, artifact: str, version: str) -> dict[str, str]:
    """Write a Maven artifact with all it says about itself."""
    pom = POM_XML.format(artifact=artifact, version=f"<version>{version}</version>")
    return {
        **manifest(
            Implementation_Vendor="Example Vendor", Bundle_License='"MIT";link="https://example.org/mit,x"'
        ),
        **maven(group, artifact, version),
        f"META-INF/maven/{group}/{artifact}/pom.xml": pom,
    }


def only_pom_xml(group: str, artifact: str) -> dict[str, str]:
    """Write an artifact without pom.properties, whose group and version are its parent's."""
    pom = POM_XML.format(artifact=artifact, version="")
    return {f"META-INF/maven/{group}/{artifact}/pom.xml": pom, "org/example/Tool.class": CLASS.hex()}


def shaded() -> dict[str, str]:
    """Write an artifact with two others copied into it."""
    return {
        **with_pom_xml("org.example", "bundle", "1.0"),
        **maven("com.google.guava", "guava", "33.0.0-jre"),
        **maven("org.ow2.asm", "asm", "9.7"),
        "META-INF/maven/org.example/unfinished/pom.properties": "groupId=org.example\nversion=${revision}\n",
    }


def spring_boot(library: bytes) -> Files:
    """Write an executable archive that holds others, one of them with one of its own."""
    outer = jar({**maven("org.example", "outer", "3.0"), "lib/inner.jar": library})
    return {
        **manifest(
            Main_Class="org.springframework.boot.loader.launch.JarLauncher", Implementation_Title="app"
        ),
        **maven("org.example", "app", "1.0.0"),
        "BOOT-INF/lib/lib-2.0.0.jar": library,
        "BOOT-INF/lib/outer-3.0.jar": outer,
        "BOOT-INF/lib/broken-1.0.jar": library[:-10],
    }


MANIFESTS: dict[str, Files] = {
    "org.example.bundle_1.4.0.v2024.jar": manifest(
        Bundle_SymbolicName="org.example.bundle;singleton:=true",
        Bundle_Version="1.4.0.v2024",
        Bundle_Vendor="%Bundle-Vendor",
        Bundle_License='"Apache License, Version 2.0";link="https://www.apache.org/licenses/LICENSE-2.0.txt"',
        Bundle_DocURL="https://example.org/docs",
    ),
    "two-licenses-1.0.jar": manifest(
        Bundle_License="EPL-2.0, https://example.org/l;description=x, <<EXTERNAL>>"
    ),
    "common-util-1.0.jar": manifest(
        Bundle_SymbolicName="io.example.common.common-util", Specification_Vendor="Some"
    ),
    "netty-common-4.1.jar": manifest(Bundle_SymbolicName="io.netty.common"),
    "guava-33.0.0-jre.jar": manifest(Bundle_SymbolicName="com.google.guava"),
    "json4s-ast_2.13-4.0.7.jar": manifest(
        Implementation_Vendor="org.json4s", Implementation_Title="json4s-ast"
    ),
    "commons-dbcp-1.4.jar": manifest(Implementation_Vendor_Id="org.apache", Specification_Vendor="Apache"),
    "renamed.jar": manifest(
        Implementation_Title="service", Implementation_Version="2.5", Extension_Name="org.example"
    ),
    "unversioned.jar": manifest(Automatic_Module_Name="org.example.unversioned"),
    "git.hpi": manifest(
        Group_Id="org.jenkins-ci.plugins",
        Short_Name="git",
        Plugin_Version="5.2.1 (private-0123-user)",
        Plugin_License_Name="MIT License",
        Plugin_License_Name_2="Apache-2.0",
    ),
    "weaving-1.0.jar": {
        **manifest(Weave_Classes="org.example.Target"),
        "x.jar": jar(maven("g", "within", "1")),
    },
}

FILE_NAMES: dict[str, Files] = {
    "oro-2.0.8.jar": {"org/apache/oro/A.class": CLASS},
    "log4j-1.2-api-2.17.2-sources.jar": manifest(),
    "stax-api-1.0-2.jar": manifest(),
    "netty-epoll-4.1.100.Final-linux-x86_64.jar": manifest(),
    "py4j0.10.9.9.jar": manifest(),
    "app.jar": manifest(),
    "texts-1.0.jar": {"README.txt": "no class, no manifest"},
}


def damaged(library: bytes) -> dict[str, bytes]:
    """Write one archive for each way to be wrong."""
    plain = jar({**maven("org.example", "lib", "2.0.0"), "a.class": CLASS}, stored=True)
    at = directory_at(plain)
    return {
        "cut-off": plain[:-8],
        "no-zip": b"not a zip archive",
        "empty": b"",
        "wrong-count": patched(plain, len(plain) - 12, "<H", 7),
        "wrong-directory-offset": patched(plain, len(plain) - 6, "<I", 0x7FFFFFFF),
        "record-without-mark": patched(plain, at, "<I", 0),
        "record-cut-off": patched(plain, at + 28, "<H", 0xFFF0),
        "encrypted": patched(plain, at + 8, "<H", 1),
        "unknown-method": patched(plain, at + 10, "<H", 12),
        "wrong-checksum": patched(plain, at + 16, "<I", 1),
        "other-local-name": plain.replace(b"pom.properties", b"pom.propertieX", 1),
        "lying-size": patched(plain, at + 24, "<I", 5),
        "bomb": jar({"big.jar": b"\0" * (2 << 20)}),
        "huge": patched(jar({"big.jar": b"\0" * 4096}), -22 - 46 - 7 + 24, "<I", 0x30000000),
        "too-large": jar({"META-INF/maven/g/a/pom.properties": bytes(range(256)) * 300}),
        "overlapping": overlapping(plain),
        "doctype": jar(
            {"META-INF/maven/g/a/pom.xml": '<!DOCTYPE p [<!ENTITY x "y">]><project>&x;</project>'}
        ),
        "bad-xml": jar({**maven("g", "a", "1"), "META-INF/maven/g/a/pom.xml": "<project><name></project>"}),
        "deep": deep(library, 6),
        "zip64-without-sizes": patched(plain, at + 42, "<I", 0xFFFFFFFF),
    }


def directory_at(archive: bytes) -> int:
    """Return where the central directory of an archive without comment starts."""
    offset: int = struct.unpack_from("<I", archive, len(archive) - 6)[0]
    return offset


def patched(archive: bytes, at: int, form: str, value: int) -> bytes:
    """Return a copy with another number somewhere."""
    copy = bytearray(archive)
    struct.pack_into(form, copy, at % len(copy), value)
    return bytes(copy)


def overlapping(archive: bytes) -> bytes:
    """Return a copy whose directory names its first entry twice."""
    at = directory_at(archive)
    record = archive[at : archive.index(b"PK\1\2", at + 4)]
    twice = archive[:at] + record + archive[at:]
    twice = patched(twice, len(twice) - 12, "<H", 3)
    return patched(twice, len(twice) - 10, "<I", len(twice) - 22 - at)


def deep(archive: bytes, depth: int) -> bytes:
    """Return an archive in an archive in an archive ..."""
    for _ in range(depth):
        archive = jar({"in.jar": archive})
    return archive


if __name__ == "__main__":
    main()
