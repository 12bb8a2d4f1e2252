"""The nouns: what a scan reads, finds and could not check. Frozen values, no behaviour beyond identity."""

from dataclasses import dataclass
from enum import StrEnum

from ospo.purl import to_purl


class Evidence(StrEnum):
    """Why a component is believed to be there."""

    INSTALLED = "installed"
    DECLARED = "declared"
    EMBEDDED = "embedded"


class ComponentKind(StrEnum):
    """What a component is, in the words of CycloneDX."""

    APPLICATION = "application"
    CONTAINER = "container"
    DATA = "data"
    FILE = "file"
    FIRMWARE = "firmware"
    FRAMEWORK = "framework"
    LIBRARY = "library"
    MODEL = "machine-learning-model"
    OPERATING_SYSTEM = "operating-system"
    PLATFORM = "platform"


class Scope(StrEnum):
    """What a declared component is needed for, the widest first."""

    RUNTIME = "runtime"
    OPTIONAL = "optional"
    """At run time too, if somebody asks for it: an extra, a feature, a peer."""
    DEVELOPMENT = "development"
    """To build, test or document, and not at run time."""


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for critical, rising as it gets less bad."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Outcome(StrEnum):
    """What a rule says about one subject."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    WARN = "warn"
    """The assertion does not hold, and the rule only warns."""
    UNKNOWN = "unknown"
    """The facts do not tell: never taken for a pass."""
    ERROR = "error"
    """The rule could not be evaluated: never taken for a pass."""
    SKIP = "skip"
    """The rule is not about this subject."""


class Enforcement(StrEnum):
    """What a rule's findings mean for a gate; each step is stricter than the one before."""

    AUDIT = "audit"
    """Findings are recorded."""
    WARN = "warn"
    """Findings are pointed out, and pass."""
    ENFORCE = "enforce"
    """Findings fail the gate."""


class State(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    WAIVED = "waived"
    FIXED = "fixed"


class ProblemKind(StrEnum):
    """What could not be checked."""

    LAYER = "layer"
    DATABASE = "database"
    REGISTRY = "registry"
    ARCHIVE = "archive"
    MANIFEST = "manifest"
    FILE = "file"
    CONFIG = "config"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something that could not be checked; a value in the result, never only a log line."""

    kind: ProblemKind
    where: str
    """The path, layer or address, as a person would look for it."""
    message: str
    hint: str = ""
    blocking: bool = False
    """True when the scan cannot be called complete: exit code 3."""


@dataclass(frozen=True, slots=True, order=True)
class RawLicense:
    """Licence words exactly as the metadata has them."""

    text: str
    field: str
    """Where they stand: a metadata field ("License-Expression"), or a file in the package."""


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place where a component was found."""

    path: str
    layer: int | None = None
    """Index of the layer that introduced it there, from 0 at the bottom; None outside images."""


@dataclass(frozen=True, slots=True)
class Component:
    """One package, module, application or model, as one extractor saw it or as the whole scan merged it.

    An extractor fills the upper half; engine and scan fill the part below `evidence`.
    """

    type: str
    """The purl type: deb, npm, pypi, golang, maven, generic …"""
    name: str
    version: str = ""
    namespace: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    subpath: str = ""
    registered: bool = True
    """False for what no registry knows (a local crate, an unnamed main module): it has no purl."""
    kind: ComponentKind = ComponentKind.LIBRARY
    licenses: tuple[RawLicense, ...] = ()
    supplier: str = ""
    description: str = ""
    urls: tuple[tuple[str, str], ...] = ()
    """(CycloneDX external reference type, address) pairs, as declared by the package. Never fetched."""
    hashes: tuple[tuple[str, str], ...] = ()
    """(CycloneDX algorithm name, lower-case hex) pairs."""
    depends: tuple[str, ...] = ()
    """Names of what it needs in its own ecosystem's spelling; "a | b" for alternatives."""
    provides: tuple[str, ...] = ()
    """Further names by which others may need it: "name@version" where a lock file names both."""
    scope: Scope = Scope.RUNTIME
    direct: bool | None = None
    """Whether the project itself asks for it, or only something else does; None where nothing says so."""
    properties: tuple[tuple[str, str], ...] = ()

    evidence: Evidence = Evidence.INSTALLED
    found_by: str = ""
    """Name of the extractor."""
    locations: tuple[Location, ...] = ()
    owned_by: str = ""
    """Key of the package that owns the files, mostly one of the operating system; "" when none does."""

    @property
    def purl(self) -> str | None:
        """The canonical package URL, or None for what is not registered anywhere."""
        if not self.registered:
            return None
        return to_purl(self.type, self.namespace, self.name, self.version, self.qualifiers, self.subpath)

    @property
    def key(self) -> str:
        """What identifies the component in one artifact and in the store: the purl, or a local name."""
        return self.purl or "local:" + to_purl(
            self.type, self.namespace, self.name, self.version, self.qualifiers, self.subpath
        )


@dataclass(frozen=True, slots=True)
class Distro:
    """The operating system an os-release file names."""

    id: str
    version_id: str = ""
    name: str = ""
    id_like: tuple[str, ...] = ()
    build_id: str = ""


@dataclass(frozen=True, slots=True)
class Ownership:
    """The files that one operating-system package installed."""

    package: str
    """The package's name as its database spells it, without architecture; or the key of a component."""
    paths: str
    """Paths without leading slash, one a line: kept as text, a distribution has hundreds of thousands."""


class Noted(StrEnum):
    """What a package manager notes about files that it installed; see `FileNotes`."""

    CONTENT = "content"
    """A digest and a path: the file is regular and has these bytes."""
    LINK = "link"
    """A digest and a path: the file is a symbolic link, and these are the bytes of its target."""
    CHANGEABLE = "changeable"
    """Paths of configuration, which anybody may change or remove."""
    OPTIONAL = "optional"
    """Paths that need not be there."""
    DIVERTED = "diverted"
    """Two paths and the package for which files of all others are moved from one to the other; by tabs."""
    LEFT_OUT = "left-out"
    """`-` and a glob of paths that are not installed, or `+` and one of those that are; the last counts."""


@dataclass(frozen=True, slots=True)
class FileNotes:
    """What a package manager notes about files of one package, so that they can be compared."""

    package: str
    """As in `Ownership`; "" for what is about the files of all packages."""
    noted: Noted
    lines: str
    """One note a line, kept as text. Paths have no leading slash, digests are lower-case hex: their length
    tells the algorithm."""


Record = Component | Distro | Ownership | FileNotes
"""What an extractor may yield."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on, as `os[(version)]/architecture[/variant][#number]`.

    The version is written as in https://github.com/containerd/platforms.
    """

    os: str
    architecture: str
    variant: str = ""
    version: str = ""
    """Of Windows, whose containers run on their own build only: major.minor.build, without the patch."""
    number: int = 1
    """Which of the images of this platform in one index it is; 1 for all but odd indexes."""

    def __str__(self) -> str:
        system = f"{self.os}({self.version})" if self.version else self.os
        text = "/".join(part for part in (system, self.architecture, self.variant) if part)
        return f"{text}#{self.number}" if self.number > 1 else text


@dataclass(frozen=True, slots=True)
class Layer:
    """One blob of an image."""

    index: int
    """Position from 0 at the bottom, counting only layers that have a blob."""
    digest: str
    """Digest of the blob as stored, compressed or not."""
    media_type: str
    size: int
    """Bytes of the blob as stored."""
    diff_id: str = ""
    """What the image configuration claims about the uncompressed bytes; shown, never trusted as a key."""
    created_by: str = ""
    """The command of the history entry, as recorded by the builder."""


class ArtifactKind(StrEnum):
    """What kind of immutable bytes were scanned."""

    IMAGE = "image"
    DIRECTORY = "directory"
    SBOM = "sbom"


@dataclass(frozen=True, slots=True)
class Artifact:
    """Immutable bytes that a target pointed at. Facts hang on artifacts."""

    kind: ArtifactKind
    digest: str
    """Manifest digest of an image (configuration digest where no manifest exists), tree hash of a
    directory, SHA-256 of an SBOM file."""
    platform: Platform | None = None
    config_digest: str = ""
    media_type: str = ""
    created: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class BaseImage:
    """What an image was built on, as far as that is known."""

    name: str
    """A reference that named it; "" where none is known."""
    digest: str
    layers: int
    """How many of the lower layers are its own."""


class TargetKind(StrEnum):
    """How a target was named."""

    IMAGE = "image"
    DIRECTORY = "directory"
    SBOM = "sbom"


@dataclass(frozen=True, slots=True)
class Target:
    """What somebody runs, by name."""

    name: str
    """Canonical, with scheme and tag: the same thing named twice is one target."""
    kind: TargetKind
    identity: str
    """The name without tag and digest, so that findings survive rebuilds."""
    reference: str = ""
    """As the user typed it."""
    index_digest: str = ""
    """Digest of the multi-platform index that the tag pointed at, "" when there was none."""


class FileState(StrEnum):
    """What became of a file that a package installed."""

    MODIFIED = "modified"
    """It has other bytes, or something else is in its place."""
    MISSING = "missing"
    UNKNOWN = "unknown"
    """It cannot be read, so nobody can tell."""


@dataclass(frozen=True, slots=True, order=True)
class FileCheck:
    """A file that is not as its package installed it."""

    path: str
    """Where it is, or should be, once links in its folders are followed."""
    package: str
    """Name of the package as its database spells it; of several that share the file all, by comma."""
    state: FileState
    found: str
    """What is there instead, or why that cannot be told; "" for what is missing."""
    algorithm: str
    """How the package manager hashed it: md5, sha1, sha256 …"""
    expected: str
    """The digest that it noted, as lower-case hex."""
    layer: int | None = None
    """Index of the layer that shows what is there; None outside images and for what is missing."""


@dataclass(frozen=True, slots=True)
class FileChecks:
    """What comparing files with what package managers noted about them has shown."""

    intact: int = 0
    """How many files are as they were installed."""
    left_out: int = 0
    """How many are missing on purpose: documentation and translations, as slim images have none."""
    others: tuple[FileCheck, ...] = ()
    """What is not as it was installed, sorted."""
    unlisted: int = 0
    """How many more there are of those, beyond what is listed."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """All that one scan of one artifact found out; components sorted by key, problems sorted."""

    target: Target
    artifact: Artifact
    components: tuple[Component, ...]
    dependencies: tuple[tuple[str, tuple[str, ...]], ...]
    """(component key, keys it depends on), sorted; only edges whose both ends are components."""
    problems: tuple[Problem, ...]
    distro: Distro | None
    scanned_at: str
    """RFC 3339, UTC, whole seconds."""
    facts_version: str
    """Which extractors in which versions looked."""
    base: BaseImage | None = None
    """The scanned image that this one was built on; None where none is known."""
    files: FileChecks | None = None
    """How the files of packages were found; None where nobody compared them. Not stored."""

    @property
    def complete(self) -> bool:
        """False when a blocking problem leaves a part unchecked."""
        return not any(problem.blocking for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Waiver:
    """A decision to accept findings until a date."""

    rule: str
    selector: tuple[tuple[str, str], ...]
    """(what of the finding, glob) pairs, sorted; all of them must match."""
    reason: str
    """One of `ospo.policy.waivers.REASONS`."""
    justification: str
    approver: str
    expires: str
    """The last day on which it holds, as YYYY-MM-DD in UTC."""
    ticket: str = ""
    source: str = ""
    """File and line, "" for one made in the terminal UI or by `ospo waive`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a subject does not satisfy, or of which that cannot be told."""

    fingerprint: str
    rule: str
    severity: Severity
    target: str
    """The target's identity: its name without tag and digest."""
    subject: str
    """Component key, or what else the rule looked at."""
    message: str
    fix: str = ""
    outcome: Outcome = Outcome.FAIL
    """`fail`, `warn`, `unknown` or `error`."""
    enforcement: Enforcement = Enforcement.ENFORCE
    why: str = ""
    """Why the rule exists."""
    target_name: str = ""
    """The target as scanned, with tag."""
    locations: tuple[Location, ...] = ()
    """Where in the target it is seen; empty for what has no place in it."""
    waiver: Waiver | None = None
    """The waiver that holds for it today."""
    expired: Waiver | None = None
    """Without one that holds: the waiver that held until it expired last."""
