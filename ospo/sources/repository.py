"""One repository on one registry host: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import orjson

from ospo.errors import NetworkError, RegistryError, RegistryUnavailableError
from ospo.net import Client, Response, Stream
from ospo.registry_settings import RegistrySettings, connect_host
from ospo.sources.digests import check_digest, is_digest
from ospo.sources.manifests import INDEX_TYPES, MANIFEST_TYPES, Descriptor
from ospo.sources.registry_auth import Login, is_passing, unanswered

_ACCEPT = ", ".join(sorted(INDEX_TYPES) + sorted(MANIFEST_TYPES))
_SMALL = 1 << 16
_ERROR_CODES = frozenset(
    (
        "BLOB_UNKNOWN",
        "DENIED",
        "DIGEST_INVALID",
        "MANIFEST_INVALID",
        "MANIFEST_UNKNOWN",
        "NAME_INVALID",
        "NAME_UNKNOWN",
        "SIZE_INVALID",
        "TAG_INVALID",
        "TOOMANYREQUESTS",
        "UNAUTHORIZED",
        "UNAVAILABLE",
        "UNKNOWN",
        "UNSUPPORTED",
    )
)

_Answer = TypeVar("_Answer", Response, Stream)


class Repository:
    """One repository on one host; which protocol and authorization it wants is found out by asking."""

    def __init__(self, client: Client, host: str, path: str, settings: RegistrySettings) -> None:
        self.host = host
        self._path = path
        self._client = client
        self._settings = settings
        self._login = Login(client, host, path, settings)
        self._base = ""
        self._authorization = ""

    def manifest(self, wanted: str, limit: int) -> Response:
        """Fetch a manifest or index by tag or digest, with at most `limit` bytes."""
        return self._get(f"manifests/{wanted}", limit, {"Accept": _ACCEPT})

    def document(self, descriptor: Descriptor) -> bytes:
        """Fetch a manifest, index or configuration by digest, and check it."""
        if descriptor.media_type in INDEX_TYPES | MANIFEST_TYPES:
            body = self.manifest(descriptor.digest, descriptor.size).body
        else:
            body = self._get(f"blobs/{descriptor.digest}", descriptor.size, {}).body
        check_digest(body, descriptor.digest, f"{self.host}/{self._path}@{descriptor.digest}")
        return body

    def open_blob(self, digest: str, size: int, offset: int) -> Stream:
        """Open a blob of `size` bytes at an offset, also where the server ignores ranges."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        suffix = f"blobs/{digest}"
        stream = self._ask(suffix, lambda sent: self._client.open(self._url(suffix), {**sent, **headers}))
        try:
            return _positioned(stream, size, offset)
        except NetworkError:
            stream.close()
            raise

    def _get(self, suffix: str, limit: int, headers: Mapping[str, str]) -> Response:
        return self._ask(
            suffix,
            lambda sent: self._client.get(self._url(suffix), {**sent, **headers}, max_bytes=limit),
        )

    def _ask(self, suffix: str, send: Callable[[Mapping[str, str]], _Answer]) -> _Answer:
        """Send a request, authenticate if that is demanded, and return an answer that means success."""
        try:
            answer = send(self._headers())
            if answer.status == 401:
                self._authorization = self._login.authorize(answer.headers.get("www-authenticate", ""))
                if self._authorization:
                    answer.close()
                    answer = send(self._headers())
        except NetworkError as e:
            raise unanswered(e, e.message) from e
        if answer.status in (200, 206):
            return answer
        refusal = _refusal(answer, f"{self.host}/{self._path}{_name(suffix)}", self._login)
        answer.close()
        raise refusal

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": self._authorization} if self._authorization else {}

    def _url(self, suffix: str) -> str:
        self._base = self._base or self._find_base()
        return f"{self._base}/v2/{self._path}/{suffix}"

    def _find_base(self) -> str:
        host = connect_host(self.host)
        if self._settings.is_insecure(self.host):
            try:
                self._client.get(f"https://{host}/v2/", max_bytes=_SMALL, attempts=1)
            except NetworkError:
                return f"http://{host}"
        return f"https://{host}"


def _refusal(answer: Response | Stream, name: str, login: Login) -> RegistryError:
    """Say what a status means and what to do about it."""
    status = f"{answer.status} {_error_code(answer)}".rstrip()
    if answer.status == 401:
        what, hint = "the registry demands authentication", login.hint(login.credentials())
    elif answer.status == 403:
        what, hint = (
            "access is denied",
            "the account may not pull from there; ask the owner of the repository",
        )
    elif answer.status == 404:
        what, hint = "the registry does not have it", "check the name; private repositories may be hidden so"
    elif answer.status == 429:
        what, hint = "too many requests", "wait, log in for a higher limit, or configure a mirror"
    elif answer.status >= 500:
        what, hint = "the registry fails", "try again later, or configure a mirror"
    else:
        what, hint = "the answer makes no sense", "check that the host is a container registry"
    kind = RegistryUnavailableError if is_passing(answer.status) else RegistryError
    return kind(f"{name}: {what} ({status})", hint=hint)


def _error_code(answer: Response | Stream) -> str:
    """Return the code of https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes.

    Nothing else of an error's body is shown: it is the server's, and might repeat a secret.
    """
    try:
        content = orjson.loads(answer.body if isinstance(answer, Response) else answer.beginning())
        code = content["errors"][0]["code"]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError):
        return ""
    return code if isinstance(code, str) and code in _ERROR_CODES else ""


def _positioned(stream: Stream, size: int, offset: int) -> Stream:
    """Bring the stream to the offset and check how much it announces.

    https://www.rfc-editor.org/rfc/rfc9110#name-range-requests: a server may ignore the range.
    """
    if stream.status == 206:
        if not stream.headers.get("content-range", "").startswith(f"bytes {offset}-"):
            raise NetworkError(f"{stream.url}: gives another range than was asked for")
        expected = size - offset
    else:
        expected = size
    if stream.length is not None and stream.length != expected:
        raise NetworkError(f"{stream.url}: announces {stream.length} bytes, the manifest says {expected}")
    left = offset if stream.status == 200 else 0
    while left:
        data = stream.read(min(left, _SMALL))
        if not data:
            raise NetworkError(f"{stream.url}: the blob ends early", transient=True)
        left -= len(data)
    return stream


def _name(suffix: str) -> str:
    """How a reference spells what is asked for: `manifests/1.0` is `:1.0`."""
    wanted = suffix.rpartition("/")[2]
    return f"@{wanted}" if is_digest(wanted) else f":{wanted}"
