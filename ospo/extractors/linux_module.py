"""Modules of the Linux kernel that do not belong to its source: their section `.modinfo`.

A distribution has thousands of modules that were built with its kernel and are a part of it; each says
`intree=Y`. Components are those of others (drivers of graphics cards, file systems), which have versions and
licenses of their own: https://docs.kernel.org/kbuild/modules.html
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from ospo.errors import ParseError
from ospo.extractors import elf
from ospo.extractors.interface import Extractor, File, Held
from ospo.extractors.records import bounded, checked, optional, people
from ospo.extractors.unpack import is_packed, unpacked
from ospo.limits import MiB
from ospo.model import Component, Evidence, RawLicense, Record

_MODINFO_MAX = MiB
"""Fifty times the largest, which lists the devices of a graphics card."""
_PROVIDED = "linux-module:"
"""Before the names by which modules need each other: other generic components may have the same."""


def _module(file: File) -> Iterator[Record]:
    if is_packed(file.content.read(0, 8)):
        data = unpacked(file.data, file.limits.memory_file)
        file = replace(file, size=len(data), content=Held(data))
    head = file.content.read(0, elf.HEADER_MAX)
    if not head.startswith(elf.MAGIC):
        raise ParseError("is no ELF object, which modules of the kernel are")
    module = elf.read_elf(file, head, objects=True)
    section = module.section(".modinfo") if module is not None else None
    if module is None or section is None:
        raise ParseError("has no section .modinfo, which modules of the kernel have")
    if section.size > _MODINFO_MAX:
        raise ParseError(f"has {section.size} bytes of .modinfo, more than {_MODINFO_MAX}")
    info = _fields(module.bytes_of(section))
    if info["intree"] != ["Y"]:
        yield _component(info, file.name)


def _fields(modinfo: bytes) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = defaultdict(list)
    for entry in modinfo.split(b"\0"):
        key, equals, value = entry.decode("utf-8", "replace").partition("=")
        if equals:
            fields[key].append(value.strip())
    return fields


def _component(info: dict[str, list[str]], file_name: str) -> Component:
    def first(key: str) -> str:
        return next(iter(info.get(key, ())), "")

    # Kernels before 4.16 do not write the name.
    name = checked(_spelt(first("name") or file_name.partition(".ko")[0]), "name")
    kernel, version = first("vermagic").partition(" ")[0], first("version")
    needs = [_PROVIDED + _spelt(need) for need in first("depends").split(",") if need]
    return Component(
        type="generic",
        name=name,
        version=optional(version, "version"),
        licenses=tuple(RawLicense(bounded(text), "license") for text in info["license"] if text),
        supplier=people(", ".join(info["author"])),
        description=bounded(first("description")),
        depends=(*needs, *((f"linux-kernel@{kernel}",) if kernel else ())),
        provides=(_PROVIDED + name,),
        properties=(("linux:kernel", bounded(kernel)),) if kernel else (),
    )


def _spelt(name: str) -> str:
    """Spell a name as the kernel does: in file names, dashes and underscores are one."""
    return name.replace("-", "_")


EXTRACTORS = (
    Extractor(
        name="linux-module",
        version=1,
        patterns=tuple(f"**/lib/modules/**/*.ko{suffix}" for suffix in ("", ".gz", ".xz", ".zst")),
        evidence=Evidence.INSTALLED,
        extract=_module,
        ecosystem="Linux kernel",
        licenses_from="license of .modinfo",
    ),
)
