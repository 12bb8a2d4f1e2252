"""Erlang and Elixir applications: the resource file beside the code.

Format: https://www.erlang.org/doc/apps/kernel/app.html
An application that came from Hex does not say so once it is built, so the package URL is `otp`, not `hex`.
"""

from collections.abc import Iterator, Mapping

from ospo.errors import ParseError
from ospo.extractors.erlang_terms import Term, first_term
from ospo.extractors.interface import Extractor, File
from ospo.extractors.records import bounded, checked, small, without_login
from ospo.limits import MiB
from ospo.model import Component, Evidence, RawLicense, Record

# Ten times the largest, which list thousands of modules.
_SIZE_LIMIT = 2 * MiB
_URL_TYPES = {
    **dict.fromkeys(("github", "gitlab", "source", "repository"), "vcs"),
    **dict.fromkeys(("documentation", "docs"), "documentation"),
    **dict.fromkeys(("website", "homepage"), "website"),
    "changelog": "release-notes",
    "issues": "issue-tracker",
}


def _otp(file: File) -> Iterator[Record]:
    term = first_term(small(file, _SIZE_LIMIT).decode("utf-8", "replace").removeprefix("\ufeff"))
    match term:
        case ["application", str(name), list(pairs)]:
            fields = _fields(pairs)
        case _:
            raise ParseError("describes no application")
    yield Component(
        type="otp",
        # The package URL type wants it so; real names are atoms in lower case.
        name=checked(name, "name").lower(),
        version=checked(_version(fields), "version (vsn)"),
        # Not "licenses", whose entries are a choice elsewhere: Hex does not say what several mean.
        licenses=tuple(RawLicense(words, "app.licenses") for words in _texts(fields, "licenses")),
        description=_text(fields, "description"),
        urls=tuple(dict.fromkeys(_urls(fields))),
        depends=tuple(
            dict.fromkeys((*_texts(fields, "applications"), *_texts(fields, "included_applications")))
        ),
    )


def _version(fields: Mapping[str, list[Term]]) -> str:
    """Return the version, "" for an atom such as `git` that the build should have replaced."""
    version = _text(fields, "vsn")
    return version if any(map(str.isdigit, version)) else ""


def _fields(pairs: list[Term]) -> Mapping[str, list[Term]]:
    """Return key -> what follows it: strings may stand in several parts."""
    return {
        pair[0]: pair[1:] for pair in pairs if isinstance(pair, list) and pair and isinstance(pair[0], str)
    }


def _text(fields: Mapping[str, list[Term]], key: str) -> str:
    return bounded("".join(part for part in map(_one, fields.get(key, ())) if part).strip())


def _texts(fields: Mapping[str, list[Term]], key: str) -> Iterator[str]:
    for part in fields.get(key, ())[:1]:
        if isinstance(part, list):
            yield from (bounded(text) for text in map(_one, part) if text.strip())


def _one(term: Term) -> str:
    """Return a string or atom, also one in a binary."""
    match term:
        case str() | [str(), *_]:
            return term if isinstance(term, str) else str(term[0])
    return ""


def _urls(fields: Mapping[str, list[Term]]) -> Iterator[tuple[str, str]]:
    for part in fields.get("links", ())[:1]:
        for link in part if isinstance(part, list) else ():
            match link:
                case [label, url] if "://" in _one(url):
                    yield _URL_TYPES.get(_one(label).lower(), "other"), without_login(_one(url))


EXTRACTORS = (
    Extractor(
        name="otp",
        version=1,
        patterns=("**/ebin/*.app",),
        evidence=Evidence.INSTALLED,
        extract=_otp,
        ecosystem="Erlang and Elixir",
        licenses_from="licenses of the application's resource file",
    ),
)
