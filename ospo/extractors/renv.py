"""R packages that a renv.lock pins.

Format: https://rstudio.github.io/renv/reference/lockfile-api.html; entries hold fields of DESCRIPTION, all of
them since renv 1.1, with the licence among them.
"""

import re
from collections.abc import Iterator
from typing import Any

from ospo.errors import ParseError
from ospo.extractors.damage import Damage
from ospo.extractors.declared_values import table, texts, vcs_url, words
from ospo.extractors.interface import Extractor, File
from ospo.extractors.lock_entries import is_of_a_dependency, lock_json
from ospo.extractors.records import checked
from ospo.model import Component, Evidence, RawLicense, Record

# The hosts that these words mean: https://remotes.r-lib.org/articles/dependencies.html.
_FORGES = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
_API = re.compile(r"(?:https?://)?(?:api\.)?([^/]+)(?:/.*)?")
_NAME = re.compile(r"\s*([A-Za-z][A-Za-z0-9.]*)")


def _renv_lock(file: File) -> Iterator[Record]:
    if is_of_a_dependency(file):
        return
    document, damage = lock_json(file), Damage()
    packages = document.get("Packages")
    if not isinstance(packages, dict):
        raise ParseError("has no object Packages")
    entries = {name: table(entry) for name, entry in packages.items()}
    versions = {name: words(entry.get("Version")) for name, entry in entries.items()}
    for name, entry in entries.items():
        with damage.at(f"package {name!r}"):
            yield _component(name, entry, versions)
    damage.report()


def _component(name: str, entry: dict[str, Any], versions: dict[str, str]) -> Component:
    name = checked(words(entry.get("Package")) or name, "name")
    version = checked(words(entry.get("Version")), "version")
    source, repository = words(entry.get("Source")).lower(), words(entry.get("Repository"))
    qualifiers = _origin(entry, source)
    license_, digest = words(entry.get("License")), words(entry.get("Hash"))
    properties = (("renv:repository", repository), ("renv:hash", digest))
    return Component(
        type="cran",
        name=name,
        version=version,
        qualifiers=qualifiers,
        # Bioconductor is another registry, "Local" and "unknown" are none.
        registered=source == "repository" or bool(qualifiers),
        licenses=(RawLicense(license_, "License"),) if license_ else (),
        depends=tuple(f"{need}@{versions[need]}" for need in _needs(entry) if need in versions),
        provides=(f"{name}@{version}",),
        properties=tuple((key, value) for key, value in properties if value),
    )


def _origin(entry: dict[str, Any], source: str) -> tuple[tuple[str, str], ...]:
    commit, url = words(entry.get("RemoteSha")), words(entry.get("RemoteUrl"))
    user, name = words(entry.get("RemoteUsername")), words(entry.get("RemoteRepo"))
    if source in _FORGES and user and name:
        host = _API.fullmatch(words(entry.get("RemoteHost")))
        url = f"https://{host[1] if host else _FORGES[source]}/{user}/{name}"
    elif source not in ("git", "xgit") or not url:
        return ()
    folder = words(entry.get("RemoteSubdir"))
    address = vcs_url(url, commit)
    return (("vcs_url", f"{address}#{folder}" if folder else address),)


def _needs(entry: dict[str, Any]) -> dict[str, None]:
    """Return the names of needs, without versions: "rlang (>= 1.0.0)"."""
    fields = [*texts(entry.get("Requirements"))]
    for field in ("Depends", "Imports", "LinkingTo"):
        value = entry.get(field)
        fields += words(value).split(",") if isinstance(value, str) else texts(value)
    return {match[1]: None for text in fields if (match := _NAME.match(text))}


EXTRACTORS = (
    Extractor(
        name="renv",
        version=1,
        patterns=("**/renv.lock",),
        evidence=Evidence.DECLARED,
        extract=_renv_lock,
        ecosystem="R",
        licenses_from="License of renv.lock, since renv 1.1",
    ),
)
