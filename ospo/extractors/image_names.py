"""Names of container images as components.

Grammar: https://github.com/distribution/reference/blob/main/reference.go; purl:
https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md
"""

import re

from ospo.errors import ParseError
from ospo.extractors.records import NAME_LIMIT, bounded
from ospo.model import Component, ComponentKind

_PATH = r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
_HOST = r"(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:\d))(?::\d+)?"
_TAG, _DIGEST = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", r"[a-z0-9]+:[0-9a-f]{32,128}"
_NAME = re.compile(rf"(?:({_HOST})/)?({_PATH})(?::({_TAG}))?(?:@({_DIGEST}))?")
# What the grammar puts before a name without host.
_DEFAULT_HOST, _DEFAULT_FOLDER = "docker.io", "library/"


def image(name: str) -> Component:
    """Return the image that a name stands for; only a digest is a version, a tag is a qualifier.

    Raises:
        ParseError: it is no name of an image.
    """
    match = _NAME.fullmatch(name) if len(name) <= NAME_LIMIT else None
    if not match:
        raise ParseError(f"names no image: {bounded(name)[:200]!r}")
    host, path, tag, digest = match.groups("")
    if not host:
        host, path = _DEFAULT_HOST, path if "/" in path else _DEFAULT_FOLDER + path
    qualifiers = (("repository_url", f"{host.lower()}/{path}"), ("tag", tag))
    return Component(
        type="oci",
        name=path.rpartition("/")[2],
        version=digest,
        qualifiers=tuple((key, value) for key, value in qualifiers if value),
        kind=ComponentKind.CONTAINER,
    )
