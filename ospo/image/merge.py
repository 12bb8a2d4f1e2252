"""From what is visible in an image or folder to components: finished purls, owners, one value for a key."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ospo.image.overlay import Overlay, Seen
from ospo.image.paths import Resolver, resolve
from ospo.model import Component, Distro, Evidence, Location, Ownership, Scope

# Types whose purl names the distribution; the databases themselves do not say which one they belong to.
_OS_TYPES = frozenset(("alpm", "apk", "deb", "portage", "rpm"))
# Start of a distribution's name -> vendor, which the purl type definition wants as the namespace of rpm:
# https://github.com/package-url/purl-spec/blob/main/types/rpm-definition.json.
_RPM_VENDORS = (
    ("rhel", "redhat"),
    ("opensuse", "opensuse"),
    *((start, "suse") for start in ("sles", "sled", "sle-", "sle_", "sl-micro", "suse")),
)
# The folders that became links into /usr: https://wiki.debian.org/UsrMerge.
_MERGED_INTO_USR = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")
_T = TypeVar("_T")
_STRENGTH = {Evidence.INSTALLED: 0, Evidence.EMBEDDED: 1, Evidence.DECLARED: 2}


@dataclass(frozen=True, slots=True)
class Merged:
    """The components of an artifact, sorted by key, and the distribution they belong to."""

    components: tuple[Component, ...]
    distro: Distro | None


def merge(overlay: Overlay, *, layered: bool) -> Merged:
    """Finish what the overlay shows; `layered` keeps the introducing layer at each location."""
    seen = list(overlay.seen())
    distro = _distro(seen, overlay.links)
    found: dict[str, list[Component]] = defaultdict(list)
    for item in seen:
        if isinstance(item.record, Component):
            component = _placed(item.record, item, distro, layered=layered)
            found[component.key].append(component)
    components = {key: joined(found[key]) for key in sorted(found)}
    owners = _claimed(components, seen) | _owners(components, seen, overlay.links)
    owned = (replace(c, owned_by=owners[key]) if key in owners else c for key, c in components.items())
    return Merged(tuple(c for c in owned if not _is_mistaken(c)), distro)


def _is_mistaken(component: Component) -> bool:
    """Tell whether a note in a program names a package other than the one that brought the program.

    Debian's notes name the source package: they would add systemd where only its library is installed.
    """
    return component.found_by == "elf-note" and bool(component.owned_by)


def _distro(seen: Iterable[Seen], links: Mapping[str, str]) -> Distro | None:
    """Choose as os-release(5) says: /etc/os-release, which is usually a link, before /usr/lib/os-release."""
    found = {item.path: item.record for item in seen if isinstance(item.record, Distro)}
    return found.get(resolve("etc/os-release", links, last=True)) or found.get("usr/lib/os-release")


def _placed(component: Component, item: Seen, distro: Distro | None, *, layered: bool) -> Component:
    locations = (Location(item.path, item.layer),) if layered else component.locations
    # A package archive that merely lies there may be made for any system.
    of_system = component.type in _OS_TYPES and component.evidence != Evidence.DECLARED
    if not of_system or distro is None or component.namespace:
        return replace(component, locations=locations)
    release = distro.version_id or distro.build_id
    name = f"{distro.id}-{release}" if release else distro.id
    qualifiers = tuple(sorted((*component.qualifiers, ("distro", name))))
    namespace = _namespace(component.type, distro.id)
    return replace(component, locations=locations, namespace=namespace, qualifiers=qualifiers)


def _namespace(type_: str, distro: str) -> str:
    if type_ != "rpm":
        return distro
    return next((vendor for start, vendor in _RPM_VENDORS if distro.startswith(start)), distro)


def joined(copies: list[Component]) -> Component:
    """Make one component of all the places where it was found; the strongest evidence speaks first."""
    if len(copies) == 1:
        return copies[0]
    copies = sorted(copies, key=lambda c: (_STRENGTH[c.evidence], c.found_by, c.locations))
    first = copies[0]
    return replace(
        first,
        licenses=_union(c.licenses for c in copies),
        supplier=next((c.supplier for c in copies if c.supplier), ""),
        description=next((c.description for c in copies if c.description), ""),
        urls=_union(c.urls for c in copies),
        hashes=_union(c.hashes for c in copies),
        depends=_union(c.depends for c in copies),
        provides=_union(c.provides for c in copies),
        scope=min((c.scope for c in copies), key=list(Scope).index),
        direct=_any(c.direct for c in copies),
        properties=_union(c.properties for c in copies),
        locations=tuple(sorted({location for c in copies for location in c.locations}, key=_by_path)),
    )


def _by_path(location: Location) -> tuple[str, int]:
    return location.path, -1 if location.layer is None else location.layer


def _any(values: Iterable[bool | None]) -> bool | None:
    """Return True where one says so, None where none says anything."""
    known = [value for value in values if value is not None]
    return any(known) if known else None


def _union(groups: Iterable[tuple[_T, ...]]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))


def _owners(
    components: Mapping[str, Component], seen: Iterable[Seen], links: Mapping[str, str]
) -> dict[str, str]:
    """Return component key -> key of the OS package that installed every place where it was found."""
    packages = {name: key for key, c in components.items() if _is_package(c) for name in _names(c)}
    if not packages:
        return {}
    paths = {location.path for c in components.values() if not _is_package(c) for location in c.locations}
    spelled = paths | _other_spellings(paths, links)
    resolver = Resolver(links)
    owner_of: dict[str, str] = {}
    for item in seen:
        record = item.record
        if isinstance(record, Ownership) and record.package in packages:
            for path in spelled.intersection(record.paths.split("\n")):
                owner_of[resolver.name(path)] = packages[record.package]
    return {
        key: owner_of[c.locations[0].path]
        for key, c in components.items()
        if not _is_package(c) and c.locations and all(place.path in owner_of for place in c.locations)
    }


def _claimed(components: Mapping[str, Component], seen: Iterable[Seen]) -> dict[str, str]:
    """Return component key -> key of the component that says it brought every file where it was found.

    Nothing but unregistered components of its own type can be claimed: a list in an application must not
    take packages out of sight.
    """
    of_path = {
        path: item.record.package
        for item in seen
        if isinstance(item.record, Ownership) and item.record.package in components
        for path in item.record.paths.split("\n")
    }
    claimed: dict[str, str] = {}
    for key, component in components.items() if of_path else ():
        owners = [of_path.get(place.path, key) for place in component.locations]
        others = all(owner != key and components[owner].type == component.type for owner in owners)
        if owners and others and not component.registered:
            claimed[key] = owners[0]
    return claimed


def _is_package(component: Component) -> bool:
    """Tell what a package database lists from what a file says of itself."""
    return component.type in _OS_TYPES and component.evidence != Evidence.EMBEDDED


def _names(package: Component) -> tuple[str, ...]:
    """Return the names `Ownership` may use: rpm and Portage tell equal names apart by a longer one."""
    return (package.name, *(package.provides if package.type in ("portage", "rpm") else ()))


def _other_spellings(paths: Iterable[str], links: Mapping[str, str]) -> set[str]:
    """Spell paths as packages did before /lib, /bin and /sbin became links into /usr."""
    found: set[str] = set()
    for link in _MERGED_INTO_USR:
        target = links.get(link, "").strip("/")
        if target.startswith("usr/"):
            prefix = target + "/"
            found.update(link + "/" + path[len(prefix) :] for path in paths if path.startswith(prefix))
    return found
