"""Images of the Linux kernel: the version that they carry.

On x86 the header points at it: https://docs.kernel.org/arch/x86/boot.html (kernel_version). On arm64
(https://docs.kernel.org/arch/arm64/booting.html) it is only told by the banner that the kernel prints.
"""

import re
import struct
from collections.abc import Iterator

from ospo.errors import ParseError
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked
from ospo.extractors.unpack import is_packed, unpacked_head
from ospo.limits import MiB
from ospo.model import Component, ComponentKind, Evidence, Record

_X86_MAGIC_AT, _X86_MAGIC = 0x202, b"HdrS"
_X86_VERSION_AT, _X86_VERSION_BASE = 0x20E, 0x200
_ARM64_MAGIC_AT, _ARM64_MAGIC = 0x38, b"ARM\x64"
_HEADER = 0x210
_TEXT_MAX = 512
_BANNER = re.compile(rb"Linux version (\d[^\n\0]{0,511})")
_HMAC = re.compile(r"\.(?:hmac|sig|sha\d+)")


def _kernel(file: File) -> Iterator[Record]:
    # Checksums and signatures lie beside the image under its name.
    if _HMAC.search(file.name):
        return
    text, architecture = _build(file)
    version = checked(text.partition(" ")[0], "version")
    yield Component(
        type="generic",
        name="linux-kernel",
        version=version,
        kind=ComponentKind.APPLICATION,
        provides=(f"linux-kernel@{version}",),
        properties=(("linux:build", bounded(text)), ("linux:architecture", architecture)),
    )


def _build(file: File) -> tuple[str, str]:
    """Return what the kernel says of its build, which starts with its version, and the architecture."""
    header = file.content.read(0, _HEADER)
    if header.startswith(_X86_MAGIC, _X86_MAGIC_AT) and len(header) == _HEADER:
        (pointer,) = struct.unpack_from("<H", header, _X86_VERSION_AT)
        if not pointer:
            raise ParseError("is a kernel for x86 that does not say its version")
        at = _X86_VERSION_BASE + pointer
        text = file.read(at, max(0, min(_TEXT_MAX, file.size - at))).partition(b"\0")[0]
    elif header.startswith(_ARM64_MAGIC, _ARM64_MAGIC_AT):
        chunks = (file.read(at, min(MiB, file.size - at)) for at in range(0, file.size, MiB))
        return _banner(chunks), "arm64"
    elif is_packed(header):
        image = unpacked_head(file.data, file.limits.memory_file)
        if not image.startswith(_ARM64_MAGIC, _ARM64_MAGIC_AT):
            raise ParseError("is compressed, but holds no kernel for arm64")
        return _banner(iter((image,))), "arm64"
    else:
        raise ParseError("is no kernel image of a known form")
    return text.decode("utf-8", "replace").strip(), "x86"


def _banner(chunks: Iterator[bytes]) -> str:
    tail = b""
    for chunk in chunks:
        if match := _BANNER.search(tail + chunk):
            return match[1].decode("utf-8", "replace").strip()
        tail = chunk[-_TEXT_MAX:]
    raise ParseError("is a kernel for arm64 that does not say its version")


EXTRACTORS = (
    Extractor(
        name="linux-kernel",
        version=1,
        patterns=("**/boot/vmlinuz*", "**/vmlinuz", "**/boot/bzImage*", "**/bzImage"),
        evidence=Evidence.INSTALLED,
        extract=_kernel,
        ecosystem="Linux kernel",
        licenses_from="none",
    ),
)
