"""From a descriptor to verified artifacts, for every source that holds images as content-addressed blobs."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ospo.errors import TargetError
from ospo.limits import Limits
from ospo.model import Artifact, Platform, Problem, ProblemKind
from ospo.sources.configs import to_artifact
from ospo.sources.digests import check_digest
from ospo.sources.interface import SourceOptions
from ospo.sources.manifests import Descriptor, read_index, read_manifest
from ospo.sources.platforms import choose, matches, require

Fetch = Callable[[Descriptor], bytes]
"""Returns the bytes of a manifest, index or configuration, reading little more than `descriptor.size` bytes;
whether they are what the descriptor promises is checked here."""

_DEPTH = 4
_INDEXES = 64
"""Nested indexes of one reference; real ones have one or two."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """One image that a reference leads to."""

    artifact: Artifact
    problems: tuple[Problem, ...] = ()
    index_digest: str = ""
    """Digest of the outermost index on the way, "" when there was none."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    descriptor: Descriptor
    index_digest: str


def resolve(
    descriptors: tuple[Descriptor, ...], fetch: Fetch, options: SourceOptions
) -> tuple[Resolved, ...]:
    """Follow descriptors through indexes to the images of the wanted platform, or of all platforms.

    Images come in the order of the index, each once, and no two of one platform: further ones are numbered.
    Of all platforms, those that cannot be read are blocking problems of the others.

    Raises:
        TargetError: something on the way is malformed, not what its descriptor promises, or not there.
    """
    fetch = _verified(fetch, options.limits)
    leaves = tuple(_leaves(descriptors, fetch))
    if len(leaves) > 1 or any(leaf.index_digest for leaf in leaves):
        chosen = choose(tuple(leaf.descriptor for leaf in leaves), options.platform, options.all_platforms)
        leaves = tuple(leaf for leaf in leaves if leaf.descriptor in chosen)
    # Else it is one manifest, asked for by name, and no choice: whatever it is, it is read.
    unique: dict[str, _Leaf] = {}
    for leaf in leaves:
        unique.setdefault(leaf.descriptor.digest, leaf)
    return _numbered(_images(tuple(unique.values()), fetch, options))


def _images(leaves: tuple[_Leaf, ...], fetch: Fetch, options: SourceOptions) -> tuple[Resolved, ...]:
    images: list[Resolved] = []
    errors: list[TargetError] = []
    missing: list[Problem] = []
    for leaf in leaves:
        try:
            images.append(_image(leaf, fetch, options))
        except TargetError as error:
            errors.append(error)
            missing.append(_left_out(leaf.descriptor, error))
    if errors and not images:
        raise errors[0]
    return tuple(replace(image, problems=tuple(sorted((*image.problems, *missing)))) for image in images)


def _left_out(descriptor: Descriptor, error: TargetError) -> Problem:
    return Problem(
        ProblemKind.MANIFEST,
        f"{descriptor.platform or 'image without platform'} {descriptor.digest}",
        f"is in the index and not scanned: {error.message}",
        hint="copy or push the image with all its platforms, or choose one by --platform",
        blocking=True,
    )


def _numbered(images: tuple[Resolved, ...]) -> tuple[Resolved, ...]:
    """Tell images of one platform apart, by their order: it survives rebuilds, a digest would not."""
    seen: Counter[Platform | None] = Counter()
    told_apart = []
    for image in images:
        platform = image.artifact.platform
        seen[platform] += 1
        if seen[platform] > 1:
            numbered = replace(platform or Platform("", ""), number=seen[platform])
            image = replace(image, artifact=replace(image.artifact, platform=numbered))
        told_apart.append(image)
    return tuple(told_apart)


def _verified(fetch: Fetch, limits: Limits) -> Fetch:
    def verified(descriptor: Descriptor) -> bytes:
        where = f"{descriptor.media_type[:100]} {descriptor.digest}"
        if descriptor.size > limits.manifest_size:
            raise TargetError(
                f"{where}: {descriptor.size} bytes exceed limits.manifest_size ({limits.manifest_size})",
                hint="raise [limits] manifest_size in ospo.toml if the image is genuine",
            )
        data = fetch(descriptor)
        if len(data) != descriptor.size:
            raise TargetError(f"{where}: wrong size (got {len(data)}, expected {descriptor.size} bytes)")
        check_digest(data, descriptor.digest, where)
        return data

    return verified


def _leaves(descriptors: tuple[Descriptor, ...], fetch: Fetch) -> Iterator[_Leaf]:
    """Walk indexes depth first, each once."""
    pending = [(descriptor, "", 0) for descriptor in reversed(descriptors)]
    seen: set[str] = set()
    while pending:
        descriptor, index_digest, depth = pending.pop()
        if not descriptor.is_index:
            yield _Leaf(descriptor, index_digest)
            continue
        if descriptor.digest in seen:
            continue
        seen.add(descriptor.digest)
        if depth == _DEPTH or len(seen) > _INDEXES:
            raise TargetError(
                f"index {descriptor.digest}: indexes nested deeper than {_DEPTH} or more than {_INDEXES}"
            )
        children = read_index(fetch(descriptor), f"index {descriptor.digest}")
        outermost = index_digest or descriptor.digest
        pending += [(child, outermost, depth + 1) for child in reversed(children)]


def _image(leaf: _Leaf, fetch: Fetch, options: SourceOptions) -> Resolved:
    descriptor = leaf.descriptor
    document = f"manifest {descriptor.digest}"
    manifest = read_manifest(fetch(descriptor), document)
    artifact, problems = to_artifact(descriptor, manifest, fetch(manifest.config), options.limits)
    claimed, actual = descriptor.platform, artifact.platform
    if claimed and actual and not matches(actual, claimed):
        message = f"the index says {claimed}, the configuration {actual}; the configuration counts"
        problems += (Problem(ProblemKind.CONFIG, document, message),)
    else:
        require(actual, options.platform)
    return Resolved(artifact, tuple(sorted(problems)), leaf.index_digest)
