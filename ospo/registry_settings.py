"""What the user configured about registries."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ospo.addresses import is_loopback

# Where Docker Hub's registry and its token service are; the names in references are older than either.
_CONNECT = {"docker.io": "registry-1.docker.io"}
_TOKEN_HOSTS = {"docker.io": ("auth.docker.io",)}


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """Settings by host, written as in references: lower case, with port where it is not 443."""

    mirrors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Host -> `host[:port][/path]` of its mirrors, asked in this order before the host itself."""
    ca_files: Mapping[str, str] = field(default_factory=dict)
    """Host -> file of certificates in PEM to trust."""
    insecure: frozenset[str] = frozenset()
    """Hosts whose certificate is not checked, and which are asked by http when https fails."""
    credentials: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Host -> names of the environment variables that hold user name and password."""
    token_hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Host -> other hosts whose token service may see the credentials for it."""
    offline: bool = False

    def is_insecure(self, host: str) -> bool:
        """Tell whether certificates do not count for a host.

        As with Docker, they do not for those of this machine, but for one with a CA file of its own.
        """
        return host in self.insecure or (is_loopback(host) and host not in self.ca_files)

    def trusted_token_hosts(self, host: str) -> tuple[str, ...]:
        """Return the hosts beside itself to which a registry may send its credentials."""
        return (*_TOKEN_HOSTS.get(host, ()), *self.token_hosts.get(host, ()))


def connect_host(host: str) -> str:
    """Return the host that answers for the one in a reference."""
    return _CONNECT.get(host, host)
