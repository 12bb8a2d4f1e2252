"""Answers to a registry's demand for authentication.

Protocols: https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/ (identity tokens).

Credentials go to the registry they are for, and to a token service only by TLS and only if it is on the same
host, known to belong to the registry, or configured: a registry names its token service itself, and may be
hostile.
"""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import orjson

from ospo.addresses import check_reach, host_of
from ospo.errors import NetworkError, RegistryError, RegistryUnavailableError, UnreachableError
from ospo.net import Client, Response
from ospo.registry_settings import RegistrySettings
from ospo.sources.credentials import Credentials, find_credentials

_PARAMETER = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9-]*+)[ \t]++)?(?P<key>[A-Za-z_]++)[ \t]*+=[ \t]*+"
    r'(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<plain>[^\s,"]++))'
)
_MAX_CHALLENGE = 4096
_MAX_ANSWER = 1 << 20
_TOKEN = re.compile(r"[!-~]{1,65536}")


@dataclass(slots=True)
class Login:
    """Authenticates for one repository; remembers which credentials were used and which withheld."""

    client: Client
    host: str
    """As in the reference: credentials are stored under this name."""
    path: str
    settings: RegistrySettings
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    withheld_from: str = ""
    """The token service that the credentials were not sent to."""
    _credentials: Credentials | None = None
    _searched: bool = False

    def authorize(self, challenge: str) -> str:
        """Return the `Authorization` header that answers a `WWW-Authenticate` header, "" for none.

        Raises:
            RegistryError: credentials cannot be read, or the token service refuses.
            RegistryUnavailableError: the token service cannot be reached or fails.
        """
        challenges = parse_challenges(challenge)
        if "bearer" in challenges:
            return f"Bearer {self._token(challenges['bearer'])}"
        credentials = self.credentials()
        if "basic" in challenges and credentials and credentials.username:
            return _basic(credentials)
        return ""

    def credentials(self) -> Credentials | None:
        """Return the credentials for the repository, searched for once."""
        if not self._searched:
            self._credentials = self._configured() or find_credentials(self.host, self.path, self.environment)
            self._searched = True
        return self._credentials

    def may_see(self, realm: str) -> bool:
        """Hosts are compared whole; another port of the registry's own host is still the registry."""
        parts = urlsplit(realm)
        registry = urlsplit(f"//{self.host}").hostname
        if parts.scheme == "http":
            return parts.hostname == registry and self.settings.is_insecure(self.host)
        return parts.hostname == registry or host_of(realm) in self.settings.trusted_token_hosts(self.host)

    def hint(self, credentials: Credentials | None) -> str:
        """Say what to do about a refusal."""
        if self.withheld_from:
            return (
                f"credentials from {self._credentials.source if self._credentials else ''} were not sent to "
                f"{self.withheld_from}, which is not known to belong to {self.host}: "
                "allow it in token_hosts if it does"
            )
        if credentials:
            return f"the credentials from {credentials.source} are not accepted; log in again"
        return (
            f"log in with: docker login {self.host}; or check the name, private and missing ones look alike"
        )

    def _configured(self) -> Credentials | None:
        names = self.settings.credentials.get(self.host)
        if names is None:
            return None
        for name in names:
            if not self.environment.get(name):
                raise RegistryError(
                    f"the environment variable {name} is to hold credentials for {self.host}, but is not set"
                )
        user, password = (self.environment[name] for name in names)
        return Credentials(f"${names[0]} and ${names[1]}", user, password)

    def _token(self, challenge: Mapping[str, str]) -> str:
        realm = challenge.get("realm", "")
        query = {"service": challenge.get("service", "")} if challenge.get("service") else {}
        query["scope"] = challenge.get("scope") or f"repository:{self.path}:pull"
        credentials = self.credentials()
        try:
            service = host_of(realm)
            check_reach(f"https://{self.host}/", realm)
            if credentials and not self.may_see(realm):
                self.withheld_from, credentials = service, None
            answer = self._ask(realm, query, credentials)
        except NetworkError as e:
            raise unanswered(e, f"{self.host}: no token: {e.message}") from e
        return _read_token(answer) if answer.status == 200 else self._refused(answer, service, credentials)

    def _ask(self, realm: str, query: Mapping[str, str], credentials: Credentials | None) -> Response:
        if credentials and credentials.identity_token:
            form = {
                **query,
                "grant_type": "refresh_token",
                "client_id": "ospo",
                "refresh_token": credentials.identity_token,
            }
            return self.client.post(realm, form, max_bytes=_MAX_ANSWER)
        headers = {"Authorization": _basic(credentials)} if credentials else {}
        joint = "&" if urlsplit(realm).query else "?"
        return self.client.get(realm + joint + urlencode(query), headers, max_bytes=_MAX_ANSWER)

    def _refused(self, answer: Response, service: str, credentials: Credentials | None) -> str:
        message = f"{self.host}: the token service {service} refuses access to {self.path} ({answer.status})"
        if answer.status in (400, 401, 403):
            raise RegistryError(message, hint=self.hint(credentials))
        message = f"{self.host}: the token service {service} failed ({answer.status})"
        if is_passing(answer.status):
            raise RegistryUnavailableError(message, hint="try again later")
        raise RegistryError(message, hint="check that the host is a container registry")


def is_passing(status: int) -> bool:
    """Tell whether a status says nothing about what was asked for, only that now is not the time."""
    return status == 429 or status >= 500


def unanswered(error: NetworkError, message: str) -> RegistryError:
    """Make of a request that failed an error of the registry."""
    kind = RegistryUnavailableError if isinstance(error, UnreachableError) else RegistryError
    return kind(message, hint=error.hint)


def parse_challenges(header: str) -> dict[str, dict[str, str]]:
    """Read a `WWW-Authenticate` header: scheme in lower case -> parameters; the first of each scheme counts.

    Grammar: https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate
    """
    challenges: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for match in _PARAMETER.finditer(header[:_MAX_CHALLENGE]):
        if match["scheme"]:
            current = {}
            challenges.setdefault(match["scheme"].lower(), current)
        value = match["plain"] if match["plain"] is not None else re.sub(r"\\(.)", r"\1", match["quoted"])
        current.setdefault(match["key"].lower(), value)
    return challenges


def _basic(credentials: Credentials) -> str:
    text = f"{credentials.username}:{credentials.password}"
    return "Basic " + base64.b64encode(text.encode()).decode()


def _read_token(answer: Response) -> str:
    """The token is in either field: https://distribution.github.io/distribution/spec/auth/token/."""
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        content = None
    values = content if isinstance(content, dict) else {}
    token = values.get("token") or values.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise RegistryError(f"{answer.url}: the token service gave no token")
    return token
