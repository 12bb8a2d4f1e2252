"""Installed R packages: `DESCRIPTION` files, which R marks with the field `Built` when it installs a package.

Fields: "Writing R Extensions", section 1.1.1, https://rstudio.github.io/r-manuals/r-exts/, and those that
`remotes` and `pak` add, https://remotes.r-lib.org/. Only CRAN and its mirrors are what the package URL type
`cran` means: what came from a repository of commits (Bioconductor too) is named by its commit; what is part
of R itself, or came from a folder, is not registered.
"""

import re
from collections.abc import Iterator

from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, people, small, without_login
from ospo.extractors.stanzas import Fields
from ospo.limits import MiB
from ospo.model import Component, Evidence, RawLicense, Record

_SIZE_LIMIT = 1 * MiB
_NAME = re.compile(r"\s*([A-Za-z][A-Za-z0-9.]*)")
_ADDRESS = re.compile(r"https?://[^\s,<>]+")
_HOSTS = {
    "github": "https://github.com",
    "gitlab": "https://gitlab.com",
    "bitbucket": "https://bitbucket.org",
}


def _r_package(file: File) -> Iterator[Record]:
    data = small(file, _SIZE_LIMIT)
    if b"\nBuilt:" not in data:
        return
    fields = Fields(
        data.decode(_encoding(data), "replace").replace("\r\n", "\n").strip("\n").split("\n\n", 1)[0]
    )
    if not fields.first("package") or not fields.first("built"):
        return
    license_ = bounded(fields.first("license"))
    registered, qualifiers = _origin(fields)
    priority = bounded(fields.first("priority"))
    yield Component(
        type="cran",
        name=checked(fields.first("package"), "Package"),
        version=checked(fields.first("version"), "Version"),
        qualifiers=qualifiers,
        registered=registered,
        licenses=(RawLicense(license_, "License"),) if license_ else (),
        supplier=people(fields.first("maintainer")),
        description=bounded(" ".join(fields.first("title").split())),
        urls=_urls(fields),
        depends=_depends(fields),
        properties=(("r:priority", priority),) if priority else (),
    )


def _encoding(data: bytes) -> str:
    """Return the encoding; UTF-8 unless the file names the other one that R documents."""
    return "latin-1" if b"\nEncoding: latin1" in data else "utf-8"


def _origin(fields: Fields) -> tuple[bool, tuple[tuple[str, str], ...]]:
    """Return whether a package URL can name it, and the qualifiers that say where it came from."""
    repository = fields.first("repository")
    if commit := _commit(fields):
        return True, (("vcs_url", commit),)
    if repository.startswith(("https://", "http://")):
        return True, (("repository_url", without_login(repository)),)
    part_of_r = fields.first("priority") == "base"
    return bool(repository) and not part_of_r and not repository.startswith("Bioconductor"), ()


def _commit(fields: Fields) -> str:
    """Return address and commit, "" where it did not come from a repository of commits."""
    usual = _HOSTS.get(fields.first("remotetype"), "")
    address, commit = fields.first("remoteurl"), fields.first("remotesha")
    if usual and not address:
        # What is named is the host of the programming interface: "api.github.com", "git.example.org/api/v3".
        host = fields.first("remotehost").partition("/")[0].removeprefix("api.") or usual
        address = f"https://{host}/{fields.first('remoteusername')}/{fields.first('remoterepo')}"
    if not address and not fields.first("repository").startswith("CRAN"):
        address, commit = fields.first("git_url"), fields.first("git_last_commit")
    if not address or not commit or "\n" in address + commit:
        return ""
    return f"git+{without_login(address)}@{bounded(commit)}"


def _urls(fields: Fields) -> tuple[tuple[str, str], ...]:
    urls = [("website", url) for url in _ADDRESS.findall(bounded(fields.first("url")))]
    urls += [("issue-tracker", url) for url in _ADDRESS.findall(bounded(fields.first("bugreports")))[:1]]
    return tuple(dict.fromkeys((kind, without_login(url)) for kind, url in urls))


def _depends(fields: Fields) -> tuple[str, ...]:
    """Return what it loads, and whose headers were compiled into it; R itself is no package."""
    names: dict[str, None] = {}
    for field in ("depends", "imports", "linkingto"):
        for requirement in fields.first(field).split(","):
            if match := _NAME.match(requirement):
                names[match[1]] = None
    names.pop("R", None)
    return tuple(names)


EXTRACTORS = (
    Extractor(
        name="r-package",
        version=1,
        patterns=("**/DESCRIPTION",),
        evidence=Evidence.INSTALLED,
        extract=_r_package,
        ecosystem="R",
        licenses_from="License of DESCRIPTION",
    ),
)
