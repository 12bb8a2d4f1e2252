"""Which of the images in an index is meant (names: https://go.dev/doc/install/source#environment)."""

import os
import re

from ospo.errors import TargetError, UsageError
from ospo.model import Platform
from ospo.sources.interface import SourceOptions
from ospo.sources.manifests import CONFIG_TYPES, MANIFEST_TYPES, Descriptor

# What kernels and people call an architecture -> what images call it.
_ARCHITECTURES = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armv8l": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armv7l": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", ""),
    "i686": ("386", ""),
}
_VERSIONED = re.compile(r"windows\((?P<build>[0-9]+\.[0-9]+\.[0-9]+)(?:\.[0-9]+)?\)")
_SYSTEMS = frozenset(("linux", "windows", "darwin", "freebsd"))
# The variant that is meant where none is named (https://github.com/containerd/platforms, normalize).
_DEFAULT_VARIANTS = {"arm64": "v8", "arm": "v7", "amd64": "v1"}


def parse_platform(text: str) -> Platform:
    """Read `os/architecture[/variant]`, an architecture alone (for Linux) or a system alone (as here).

    Windows may have a version, as in `windows(10.0.17763)/amd64`, of which the build counts.

    Raises:
        UsageError: it is not a platform.
    """
    system, slash, rest = text.strip().lower().partition("/")
    versioned = _VERSIONED.fullmatch(system)
    parts = ("windows" if versioned else system, *(rest.split("/") if slash else ()))
    if len(parts) > 3 or not all(_is_word(part) for part in parts):
        raise UsageError(f"not a platform: {text[:60]!r}", hint="write it like linux/arm64 or linux/arm/v7")
    if len(parts) == 1:
        system, architecture = (parts[0], "") if parts[0] in _SYSTEMS else ("linux", parts[0])
    else:
        system, architecture = parts[:2]
    name, variant = _architecture(architecture or os.uname().machine)
    build = versioned["build"] if versioned else ""
    return Platform(system, name, parts[2] if len(parts) == 3 else variant, build)


def own_platform() -> Platform:
    """Return Linux on this machine's architecture."""
    return Platform("linux", *_architecture(os.uname().machine))


def choose(
    descriptors: tuple[Descriptor, ...], wanted: Platform | None, all_platforms: bool
) -> tuple[Descriptor, ...]:
    """Return the manifests of images to scan: all, or the best match for one platform.

    Attestations and other artifacts are left out. A single image is chosen whatever its platform unless
    one was asked for; among several the default is this machine's architecture on Linux. Among the variants
    of an architecture the usual one wins, then the highest. Runtimes take the first of equals; a scan of it
    would say nothing about the others.

    Raises:
        TargetError: there is no image, or none or several for the platform; names those that are there.
    """
    images = tuple(descriptor for descriptor in descriptors if is_image(descriptor))
    if not images:
        raise TargetError(
            "the index lists no container image",
            hint="the reference names another kind of OCI artifact (a chart, a signature, a model …)",
        )
    if all_platforms:
        return images
    if len(images) == 1 and (wanted is None or images[0].platform is None):
        return images
    target = wanted or own_platform()
    matching = [image for image in images if image.platform and matches(image.platform, target)]
    if not matching:
        raise _no_match(target, images)
    highest = max(_preference(image.platform) for image in matching)
    best = {image.digest: image for image in matching if _preference(image.platform) == highest}
    if len(best) > 1:
        raise _ambiguous(target, tuple(best.values()))
    return tuple(best.values())


def is_image(descriptor: Descriptor) -> bool:
    """Tell whether a descriptor of an index points at the manifest of a container image.

    BuildKit marks attestations by annotation and by the platform unknown/unknown:
    https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
    """
    if descriptor.media_type not in MANIFEST_TYPES:
        return False
    if descriptor.artifact_type and descriptor.artifact_type not in CONFIG_TYPES:
        return False
    if descriptor.annotation("vnd.docker.reference.type"):
        return False
    platform = descriptor.platform
    return not (platform and platform.os == "unknown" and platform.architecture == "unknown")


def matches(offered: Platform, wanted: Platform) -> bool:
    """Tell whether an image's platform is the wanted one; a variant or version counts only if wanted."""
    if (offered.os, offered.architecture) != (wanted.os, wanted.architecture):
        return False
    if wanted.version and offered.version != wanted.version:
        return False
    return not wanted.variant or _variant(offered) == _variant(wanted)


def require(actual: Platform | None, wanted: Platform | None) -> None:
    """Make sure that an image, of which there is one only, has the wanted platform, if one is wanted.

    Raises:
        TargetError: it has another, or none.
    """
    if wanted and not (actual and matches(actual, wanted)):
        raise TargetError(
            f"no image for {wanted}; there is: {actual or 'one without platform'}",
            hint="leave --platform out to scan what is there",
        )


def refuse_platforms(options: SourceOptions, what: str) -> None:
    """Make sure that no platform is asked for where there is none to choose: it would be a gate's mistake.

    Raises:
        UsageError: one is, or all are.
    """
    if options.platform:
        raise UsageError(f"{what} has no platform to choose", hint="leave --platform out")
    refuse_all_platforms(options, what)


def refuse_all_platforms(options: SourceOptions, what: str) -> None:
    """Make sure that not all platforms are asked for of what holds one.

    Raises:
        UsageError: they are.
    """
    if options.all_platforms:
        raise UsageError(
            f"{what} has not several platforms",
            hint="leave --all-platforms out; indexes are in a registry, oci-dir: or oci-archive:",
        )


def _no_match(target: Platform, images: tuple[Descriptor, ...]) -> TargetError:
    there = sorted({str(image.platform or "unnamed") for image in images})
    shown = ", ".join(ascii(name[:40]).strip("'") for name in there[:20])
    return TargetError(
        f"no image for {target}; there is: {shown}",
        hint="choose one with --platform, or take --all-platforms",
    )


def _ambiguous(target: Platform, images: tuple[Descriptor, ...]) -> TargetError:
    shown = ", ".join(f"{ascii(str(image.platform)[:40])[1:-1]} {image.digest}" for image in images[:10])
    versions = sorted({str(image.platform) for image in images if image.platform and image.platform.version})
    by_version = len(versions) == len(images)
    one = f"--platform '{ascii(versions[0][:40])[1:-1]}'" if by_version else f"…@{images[0].digest}"
    return TargetError(
        f"{len(images)} images are for {target}: {shown}",
        hint=f"choose one by {one}, or take --all-platforms",
    )


def _preference(platform: Platform | None) -> tuple[bool, str]:
    variant = _variant(platform) if platform else ""
    return platform is not None and variant == _DEFAULT_VARIANTS.get(platform.architecture, ""), variant


def _variant(platform: Platform) -> str:
    return platform.variant or _DEFAULT_VARIANTS.get(platform.architecture, "")


def _architecture(name: str) -> tuple[str, str]:
    return _ARCHITECTURES.get(name, (name, ""))


def _is_word(text: str) -> bool:
    return text.isascii() and text.replace("_", "").replace("-", "").isalnum()
