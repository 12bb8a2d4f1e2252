"""HTTP over a unix socket, as a transport for `ospo.net.Client`; the host in addresses is without meaning."""

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool


class UnixSocket(HTTPAdapter):
    """Sends every request to one socket."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._connections = _Connections("localhost", socket_path=path)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        """Return the connections to the socket, whatever the address."""
        return self._connections

    def close(self) -> None:
        """Close the connections that are kept."""
        self._connections.close()
        super().close()


class _Connection(HTTPConnection):
    def __init__(self, *args: Any, socket_path: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._path = socket_path

    def _new_conn(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self._path)
        except OSError:
            connection.close()
            raise
        return connection


class _Connections(HTTPConnectionPool):
    ConnectionCls = _Connection
