"""Java archives: the artifact that each is, the artifacts shaded into it, and the archives within.

The archive's own artifact carries licence words, supplier, addresses and the SHA-1 by which Java's databases
know archives. Artifacts copied into it are `embedded`: only their coordinates are known. Nested archives
(`BOOT-INF/lib`, `WEB-INF/lib`, any other place) are read in place where they are stored uncompressed, in
memory otherwise. `java:within` is the path inside the outer archive, `java:identity` says what named it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ospo.errors import ParseError
from ospo.extractors.interface import Content, Extractor, File, Held
from ospo.extractors.java_identity import Identity, find_main, identify
from ospo.extractors.java_metadata import (
    Pom,
    addresses,
    bundle_licenses,
    coordinate,
    read_manifest,
    read_pom,
    read_properties,
)
from ospo.extractors.zip_reader import Entry, ZipArchive
from ospo.limits import Limits
from ospo.model import Component, Evidence, RawLicense

_SUFFIXES = (".jar", ".war", ".ear", ".par", ".sar", ".nar", ".jpi", ".hpi", ".kar", ".lpkg")
_SHARED_SUFFIXES = (".par", ".sar", ".nar", ".kar", ".lpkg")
"""Other formats use these names too (Perl, SAP, ...): without a zip's first bytes they are not meant."""
_MANIFEST = "META-INF/MANIFEST.MF"
_NESTED = tuple(suffix.encode() for suffix in _SUFFIXES)
_WANTED = (b"/manifest.mf", b"/pom.properties", b"/pom.xml", *_NESTED)

_DEPTH_MAX = 4
_FILES_MAX = 20_000
_METADATA_MAX = 64 << 20
_MANIFEST_SIZES = (1 << 16, 1 << 20)
_PROPERTIES_MAX = 1 << 16
_POM_MAX = 1 << 20
_HASH_CHUNK = 1 << 20
_PROBLEMS_SHOWN = 3


class _BudgetError(ParseError):
    """What lies within one outermost archive costs more than any genuine one."""


class _Budget:
    """What one outermost archive may still cost, and what could not be read in it."""

    def __init__(self, limits: Limits) -> None:
        self.memory_file = limits.memory_file
        self.problems: list[str] = []
        self.hint = ""
        self._left = {
            "bytes inflated (limits.file_size)": limits.file_size,
            "records (limits.layer_entries)": limits.layer_entries,
            "bytes of metadata": _METADATA_MAX,
            "archives and metadata files": _FILES_MAX,
        }

    def note(self, path: tuple[str, ...], error: ParseError) -> None:
        """Remember what could not be read, by its path from the outermost archive."""
        self.problems.append(f"{'!/'.join(path)}: {error.message}")
        self.hint = self.hint or error.hint

    def spend(self, *, inflated: int = 0, records: int = 0, metadata: int = 0) -> None:
        """Count one more archive or metadata file.

        Raises:
            _BudgetError: one of the sums is larger than in any genuine archive.
        """
        for what, cost in zip(self._left, (inflated, records, metadata, 1), strict=True):
            self._left[what] -= cost
            if self._left[what] < 0:
                hint = (
                    "raise it in [limits] of ospo.toml if the archive is genuine" if "limits." in what else ""
                )
                raise _BudgetError(f"holds too many {what}", hint=hint)


def extract(file: File) -> Iterator[Component]:
    """Yield the archive's own artifact, those shaded into it, then the same for each archive within.

    Raises:
        ParseError: the archive, or something in it, is damaged, too large or too deep; all else came before.
    """
    if file.name.lower().endswith(_SHARED_SUFFIXES) and file.content.read(0, 2) != b"PK":
        return
    budget = _Budget(file.limits)
    yield from _Archive(file.content, file.size, file.name, (), budget).components()
    if budget.problems:
        shown = "; ".join(budget.problems[:_PROBLEMS_SHOWN])
        more = len(budget.problems) - _PROBLEMS_SHOWN
        raise ParseError(f"{shown}; and {more} more" if more > 0 else shown, hint=budget.hint)


class _Archive:
    """One opened archive, the outermost or one within it."""

    def __init__(
        self, content: Content, size: int, name: str, within: tuple[str, ...], budget: _Budget
    ) -> None:
        self._content, self._size = content, size
        self._stem = name.rpartition(".")[0] or name
        self._within = within
        self._budget = budget
        self._zip = ZipArchive(content, size, budget.memory_file)
        budget.spend(records=self._zip.records_max)
        self._entries = self._zip.entries(_WANTED)
        self._by_name = {entry.name: entry for entry in self._entries}
        self._read_poms: dict[str, Pom] = {}

    def components(self) -> Iterator[Component]:
        """Yield the artifact that the archive is, those copied into it, those of archives within."""
        manifest = self._manifest()
        poms = self._poms()
        main = find_main(list(poms.values()), self._stem, manifest)
        named = identify(main, self._stem, manifest)
        if named and (manifest or poms or self._zip.mentions(b".class")):
            details = next((self._details(folder) for folder, pom in poms.items() if pom is main), Pom())
            yield self._own_component(named, manifest, details)
        for pom in poms.values():
            if pom is not main:
                yield self._component(
                    Identity(pom.group, pom.artifact, pom.version, "pom"), Evidence.EMBEDDED
                )
        for entry in self._entries:
            if entry.raw_name.lower().endswith(_NESTED):
                yield from self._nested(entry)

    def _manifest(self) -> dict[str, str]:
        entry = next((e for e in reversed(self._entries) if e.name.upper() == _MANIFEST), None)
        if entry is None:
            return {}
        text = b""
        for size in _MANIFEST_SIZES:
            text = self._read(entry, size, whole=False)
            # The main section ends at a blank line; thousands of signatures may follow.
            if len(text) < size or b"\n\n" in text or b"\r\n\r\n" in text:
                break
        return read_manifest(text)

    def _poms(self) -> dict[str, Pom]:
        """Return the artifact of each Maven folder in the archive, without those that have no name."""
        poms = {}
        for folder in dict.fromkeys(e.name.rpartition("/")[0] for e in self._entries if _is_pom(e.name)):
            properties = self._by_name.get(folder + "/pom.properties")
            pom = read_properties(self._read(properties, _PROPERTIES_MAX)) if properties else Pom()
            if not pom.version:
                details = self._details(folder)
                pom = Pom(pom.group or details.group, pom.artifact or details.artifact, details.version)
            _, group, artifact = folder.rsplit("/", 2)
            pom = Pom(pom.group or coordinate(group), pom.artifact or coordinate(artifact), pom.version)
            if pom.artifact:
                poms[folder] = pom
        return poms

    def _details(self, folder: str) -> Pom:
        """Return what the `pom.xml` of a Maven folder says, an empty Pom where there is none."""
        if folder not in self._read_poms:
            entry = self._by_name.get(folder + "/pom.xml")
            text = self._read(entry, _POM_MAX) if entry else b""
            try:
                self._read_poms[folder] = read_pom(text) if text else Pom()
            except ParseError as error:
                self._budget.note((*self._within, folder + "/pom.xml"), error)
                self._read_poms[folder] = Pom()
        return self._read_poms[folder]

    def _read(self, entry: Entry, size_max: int, *, whole: bool = True) -> bytes:
        """Return an entry's bytes; b"" and a problem where they cannot be read."""
        self._budget.spend(metadata=min(entry.size, size_max))
        try:
            return self._zip.read(entry, size_max) if whole else self._zip.head(entry, size_max)
        except ParseError as error:
            self._budget.note((*self._within, entry.name), error)
            return b""

    def _own_component(self, named: Identity, manifest: Mapping[str, str], details: Pom) -> Component:
        vendors = (
            manifest.get(f"{kind}-vendor", "") for kind in ("implementation", "bundle", "specification")
        )
        component = self._component(named, Evidence.INSTALLED)
        return replace(
            component,
            licenses=tuple(dict.fromkeys(_licenses(manifest, details))),
            supplier=next(
                (vendor for vendor in vendors if vendor not in ("", named.group)), details.organization
            ),
            urls=addresses(("website", manifest.get("bundle-docurl", "")), *details.urls),
            hashes=(("SHA-1", self._sha1()),),
        )

    def _component(self, named: Identity, evidence: Evidence) -> Component:
        properties = [("java:identity", named.source)]
        if self._within:
            properties.append(("java:within", "!/".join(self._within)))
        return Component(
            type="maven",
            namespace=named.group,
            name=named.name,
            version=named.version,
            registered=bool(named.group),  # the purl type wants one: nothing else can be looked up
            evidence=evidence,
            properties=tuple(properties),
        )

    def _sha1(self) -> str:
        digest = hashlib.sha1(usedforsecurity=False)
        for offset in range(0, self._size, _HASH_CHUNK):
            digest.update(self._content.read(offset, min(_HASH_CHUNK, self._size - offset)))
        return digest.hexdigest()

    def _nested(self, entry: Entry) -> Iterator[Component]:
        path = (*self._within, entry.name)
        try:
            if len(path) > _DEPTH_MAX:
                raise ParseError(f"archives are nested deeper than {_DEPTH_MAX}")
            content = self._nested_content(entry)
            yield from _Archive(
                content, entry.size, entry.name.rpartition("/")[2], path, self._budget
            ).components()
        except _BudgetError:
            raise
        except ParseError as error:
            self._budget.note(path, error)

    def _nested_content(self, entry: Entry) -> Content:
        stored = self._zip.window(entry)
        if stored:
            return stored
        limit = self._budget.memory_file
        if entry.size > limit:
            raise ParseError(
                f"{entry.size} bytes, compressed, are more than limits.memory_file ({limit})",
                hint="raise [limits] memory_file in ospo.toml if the archive is genuine",
            )
        self._budget.spend(inflated=entry.size)
        return Held(self._zip.read(entry, limit))


def _is_pom(name: str) -> bool:
    """Tell the files that Maven puts into `META-INF/maven/GROUP/ARTIFACT/`, wherever that was copied to."""
    parts = name.rsplit("/", 5)[-5:]
    return (
        len(parts) == 5 and parts[:2] == ["META-INF", "maven"] and parts[4] in ("pom.properties", "pom.xml")
    )


def _licenses(manifest: Mapping[str, str], details: Pom) -> Iterator[RawLicense]:
    for words in bundle_licenses(manifest.get("bundle-license", "")):
        yield RawLicense(words, "Bundle-License")
    for name, value in manifest.items():
        if name.startswith("plugin-license-name"):
            yield RawLicense(value, "Plugin-License-Name")
    for name, url in details.licenses:
        yield RawLicense(name or url, "pom.xml")


EXTRACTORS = (
    Extractor(
        name="java-archive",
        version=4,
        patterns=tuple(f"**/*{suffix}" for suffix in _SUFFIXES),
        evidence=Evidence.INSTALLED,
        extract=extract,
        ecosystem="Java",
        licenses_from="Bundle-License, Plugin-License-Name, licenses of the enclosed pom.xml",
    ),
)
