"""Which installed package offers what another one needs: rpm records capabilities, not packages.

A need is a name, a file, a symbol of a library ("libc.so.6(GLIBC_2.4)(64bit)"), or an expression of these:
https://rpm-software-management.github.io/rpm/manual/boolean_dependencies.html.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ospo.model import Component, Ownership, Record

_CANDIDATES_MAX = 16
"""Packages kept for one capability: more than the kernels or architectures that anybody installs."""

_CONDITION = re.compile(r" (?:if|unless|without) ")
_OPERATORS = frozenset(("and", "or", "with"))
_COMPARISONS = frozenset(("<", "<=", "=", ">=", ">"))


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package before its needs are looked up."""

    component: Component
    needs: tuple[str, ...]
    offers: tuple[str, ...]
    paths: str
    """As in `Ownership`."""

    @property
    def arch(self) -> str:
        """The architecture, "" when none is stated."""
        return dict(self.component.qualifiers).get("arch", "")


def needed(names: Iterable[str]) -> Iterator[str]:
    """Yield the capabilities that requirements name; those of rpm itself ("rpmlib(…)") are no packages'."""
    for name in names:
        if name.startswith("("):
            yield from _operands(name)
        elif not name.startswith("rpmlib("):
            yield name


def _operands(expression: str) -> Iterator[str]:
    """Yield what an expression needs, without what only decides whether it does, and without versions."""
    words = iter(_CONDITION.split(expression, 1)[0].split())
    for word in words:
        if word in _COMPARISONS:
            next(words, None)
        elif word not in _OPERATORS:
            name = word.lstrip("(")
            # Names have parentheses of their own: "python3dist(six)".
            yield name.removesuffix(")" * max(0, name.count(")") - name.count("(")))


def linked(packages: Sequence[Package]) -> Iterator[Record]:
    """Yield each package with what it depends on, and its files.

    Where several packages have one name (kernels, two architectures), they are told apart by a longer one,
    which `provides`, `depends` and `Ownership` then use.
    """
    labels = _labels(packages)
    offers = _offers(packages)
    for at, (package, label) in enumerate(zip(packages, labels, strict=True)):
        found = (_offering(packages, at, need, offers.get(need, ())) for need in package.needs)
        depends = tuple(sorted({labels[other] for other in found if other is not None}))
        provides = () if label == package.component.name else (label,)
        yield replace(package.component, depends=depends, provides=provides)
        if package.paths:
            yield Ownership(label, package.paths)


def _labels(packages: Sequence[Package]) -> list[str]:
    names = Counter(package.component.name for package in packages)
    return [
        c.name if names[c.name] == 1 else f"{c.name}-{c.version}.{package.arch}"
        for package in packages
        for c in (package.component,)
    ]


def _offers(packages: Sequence[Package]) -> dict[str, list[int]]:
    """Return capability -> positions of the packages that offer it, by name, word or file."""
    index: dict[str, list[int]] = {}
    for at, package in enumerate(packages):
        for offer in {package.component.name, *package.offers}:
            candidates = index.setdefault(offer, [])
            if len(candidates) < _CANDIDATES_MAX:
                candidates.append(at)
    files = {need[1:] for package in packages for need in package.needs if need.startswith("/")}
    for at, package in enumerate(packages):
        for path in files.intersection(package.paths.split("\n")):
            index.setdefault("/" + path, [at])
    return index


def _offering(packages: Sequence[Package], at: int, need: str, candidates: Sequence[int]) -> int | None:
    """Choose who fulfils a need: nobody else when the package does so itself."""
    if not candidates or at in candidates:
        return None
    own = packages[at]

    def rank(other: int) -> tuple[bool, bool, bool, int]:
        found = packages[other]
        component = found.component
        return (
            component.name != need,
            component.version != own.component.version,
            found.arch != own.arch,
            other,
        )

    return candidates[0] if len(candidates) == 1 else min(candidates, key=rank)
