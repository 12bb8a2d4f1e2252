"""Manifest and configuration of one image -> `Artifact`.

Format: https://github.com/opencontainers/image-spec/blob/main/config.md;
Docker's differs in nothing that is read here.
"""

from dataclasses import replace

from ospo.errors import TargetError
from ospo.limits import Limits
from ospo.model import Artifact, ArtifactKind, Layer, Platform, Problem, ProblemKind
from ospo.sources.digests import check_digest, digest_problem, is_digest
from ospo.sources.fields import Fields, read_fields
from ospo.sources.manifests import Descriptor, Manifest, read_platform


def to_artifact(
    descriptor: Descriptor, manifest: Manifest, config: bytes, limits: Limits
) -> tuple[Artifact, tuple[Problem, ...]]:
    """Join a manifest with its configuration; the bytes of the configuration are checked here.

    Layers of unknown media types are kept: whoever reads them reports them.

    Raises:
        TargetError: the configuration is not the one of the manifest, or malformed, or there are more layers
            than `limits.layers`.
    """
    document = f"configuration {manifest.config.digest}"
    _check(manifest, config, document, limits)
    fields = read_fields(config, document)
    layers, problems = _layers(manifest, fields)
    runtime = fields.child("config")
    artifact = Artifact(
        kind=ArtifactKind.IMAGE,
        digest=descriptor.digest,
        platform=_platform(read_platform(fields), descriptor.platform),
        config_digest=manifest.config.digest,
        media_type=manifest.media_type,
        created=fields.optional_text("created") or "",
        labels=_labels(runtime.pairs("Labels") if runtime else (), manifest),
        layers=layers,
    )
    return artifact, tuple(sorted(problems))


_OF_BASE = "org.opencontainers.image.base."


def _labels(labels: tuple[tuple[str, str], ...], manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """Add what the manifest says of the base image, which builders write there and not into labels.

    https://github.com/opencontainers/image-spec/blob/main/annotations.md
    """
    annotated = {name: value for name, value in manifest.annotations if name.startswith(_OF_BASE)}
    return tuple(sorted((dict(labels) | annotated).items()))


def _platform(actual: Platform | None, claimed: Platform | None) -> Platform | None:
    """Return the configuration's platform; Windows' version may stand in the index alone."""
    if actual and claimed and actual.os == claimed.os and not actual.version:
        return replace(actual, version=claimed.version)
    return actual or claimed


def _check(manifest: Manifest, config: bytes, document: str, limits: Limits) -> None:
    if len(manifest.layers) > limits.layers:
        raise TargetError(
            f"manifest: {len(manifest.layers)} layers are more than limits.layers ({limits.layers})",
            hint="raise [limits] layers in ospo.toml if the image is genuine",
        )
    if len(config) != manifest.config.size:
        raise TargetError(
            f"{document}: wrong size (got {len(config)}, expected {manifest.config.size} bytes)"
        )
    check_digest(config, manifest.config.digest, document)


def _layers(manifest: Manifest, fields: Fields) -> tuple[tuple[Layer, ...], list[Problem]]:
    """What the configuration says about layers is used only if it is about as many as there are."""
    problems = []
    count = len(manifest.layers)
    diff_ids = _diff_ids(fields)
    if len(diff_ids) != count:
        # Runtimes refuse such an image; Docker 25.0 wrote archives whose manifest lost its layers
        # (https://github.com/moby/moby/issues/47065), which must not look like a clean, empty image.
        problem = _mismatch(fields, "diff_ids", len(diff_ids), count)
        problems.append(replace(problem, kind=ProblemKind.LAYER, blocking=True))
        diff_ids = ("",) * count
    commands = _commands(fields)
    if len(commands) != count:
        # The history is optional: https://github.com/opencontainers/image-spec/blob/main/config.md#properties
        if fields.children("history"):
            problems.append(_mismatch(fields, "history entries with a layer", len(commands), count))
        commands = ("",) * count
    layers = tuple(
        Layer(index, layer.digest, layer.media_type, layer.size, diff_id, command)
        for index, (layer, diff_id, command) in enumerate(
            zip(manifest.layers, diff_ids, commands, strict=True)
        )
    )
    return layers, problems


def _diff_ids(fields: Fields) -> tuple[str, ...]:
    rootfs = fields.child("rootfs")
    if rootfs is None:
        return ()
    diff_ids = rootfs.texts("diff_ids")
    for index, diff_id in enumerate(diff_ids):
        if not is_digest(diff_id):
            rootfs.fail(f"diff_ids[{index}]", digest_problem(diff_id))
    return diff_ids


def _commands(fields: Fields) -> tuple[str, ...]:
    return tuple(
        entry.optional_text("created_by") or ""
        for entry in fields.children("history")
        if not entry.flag("empty_layer")
    )


def _mismatch(fields: Fields, what: str, got: int, expected: int) -> Problem:
    return Problem(
        ProblemKind.CONFIG,
        fields.document,
        f"has {got} {what} for {expected} layers; they are left out",
        hint="the builder wrote an inconsistent image: build or save it again",
    )
