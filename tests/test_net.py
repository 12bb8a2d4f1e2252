"""The client against servers on loopback, and against a transport of our own where that cannot be."""

import io
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
import urllib3
from registry_server import FakeRegistry, Fault, self_signed, serve
from requests.adapters import BaseAdapter

from ospo import __version__
from ospo.addresses import host_of, is_loopback, shown
from ospo.errors import NetworkError, UnreachableError
from ospo.net import Client, Stream, Tls

CANARY = "canary-s3cret"
PING = "/v2/"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(clock: Clock) -> Iterator[Client]:
    client = Client(sleep=clock.sleep, clock=clock)
    yield client
    client.close()


@pytest.fixture
def server() -> Iterator[FakeRegistry]:
    with serve(FakeRegistry()) as registry:
        yield registry


class Script(BaseAdapter):
    """A transport that answers from a list, for hosts that cannot be on loopback."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        super().__init__()
        self.answers = list(answers)
        self.sent: list[requests.PreparedRequest] = []
        self.verified: list[Any] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        self.sent.append(request)
        self.verified.append(kwargs["verify"])
        status, headers, body = self.answers.pop(0)
        answer = requests.Response()
        answer.status_code = status
        answer.headers.update(headers)
        answer.raw = urllib3.HTTPResponse(
            io.BytesIO(body), headers=headers, status=status, preload_content=False
        )
        return answer

    def close(self) -> None:
        pass


def redirect(location: str, status: int = 302) -> tuple[int, dict[str, str], bytes]:
    return status, {"location": location}, b""


def test_a_document_comes_with_status_headers_and_body(client: Client, server: FakeRegistry) -> None:
    answer = client.get(f"http://{server.host}{PING}", {"Accept": "x/y"}, max_bytes=10)
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"{}", "2")
    sent = server.seen[0].headers
    assert sent["user-agent"] == f"ospo/{__version__}"
    assert sent["accept"] == "x/y"
    assert sent["accept-encoding"] == "identity"


def test_a_form_is_posted(client: Client, server: FakeRegistry) -> None:
    client.post(f"http://{server.host}{PING}", {"a": "1 & 2"}, max_bytes=10)
    assert (server.seen[0].method, server.seen[0].form) == ("POST", {"a": ["1 & 2"]})


def test_a_form_does_not_follow_a_redirect(client: Client, server: FakeRegistry) -> None:
    server.faults = [Fault("/token", status=307, headers={"Location": "/v2/"})]
    assert client.post(f"http://{server.host}/token", {"refresh_token": CANARY}, max_bytes=10).status == 307
    assert server.paths() == ["/token"]


def test_netrc_is_not_read(
    client: Client, server: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text(f"default login user password {CANARY}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    client.get(f"http://{server.host}{PING}", max_bytes=10)
    assert "authorization" not in server.seen[0].headers


def test_cookies_are_not_kept(client: Client, server: FakeRegistry) -> None:
    server.faults = [Fault(PING, status=200, headers={"Set-Cookie": "a=b"})]
    for _ in range(2):
        client.get(f"http://{server.host}{PING}", max_bytes=10)
    assert "cookie" not in server.seen[1].headers


def test_offline_refuses_before_any_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script()
    client = Client(offline=True, transport=script)
    for ask in (lambda url: client.get(url, max_bytes=1), client.open):
        with pytest.raises(NetworkError, match=r"offline: https://registry\.example/x is not fetched"):
            ask("https://registry.example/x")
    assert script.sent == []


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_passing_failures_are_retried_with_growing_delays(
    client: Client, clock: Clock, server: FakeRegistry, status: int
) -> None:
    server.faults = [Fault(PING, times=3, status=status)]
    assert client.get(f"http://{server.host}{PING}", max_bytes=10).status == 200
    assert clock.slept == [0.5, 1.0, 2.0]


def test_retries_end(client: Client, clock: Clock, server: FakeRegistry) -> None:
    server.faults = [Fault(PING, times=99, status=503, body=b"busy")]
    answer = client.get(f"http://{server.host}{PING}", max_bytes=10)
    assert (answer.status, answer.body) == (503, b"busy")
    assert len(server.seen) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_other_failures_are_not_retried(client: Client, server: FakeRegistry, status: int) -> None:
    server.faults = [Fault(PING, status=status)]
    assert client.get(f"http://{server.host}{PING}", max_bytes=10).status == status
    assert len(server.seen) == 1


def test_retry_after_is_obeyed_in_both_forms(client: Client, clock: Clock, server: FakeRegistry) -> None:
    date = "Mon, 12 Jan 1970 13:47:00 GMT"  # 1_000_020 seconds after the epoch
    server.faults = [
        Fault(PING, status=429, headers={"Retry-After": "7"}),
        Fault(PING, status=503, headers={"Retry-After": date}),
        Fault(PING, status=503, headers={"Retry-After": "whenever"}),
    ]
    assert client.get(f"http://{server.host}{PING}", max_bytes=10).status == 200
    assert clock.slept == [7.0, 13.0, 2.0]


def test_a_retry_after_beyond_patience_is_not_waited_for(
    client: Client, clock: Clock, server: FakeRegistry
) -> None:
    server.faults = [Fault(PING, status=429, headers={"Retry-After": "3600"})]
    assert client.get(f"http://{server.host}{PING}", max_bytes=10).status == 429
    assert clock.slept == []


def test_a_refused_connection_is_retried_and_then_explained(client: Client, clock: Clock) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(NetworkError) as caught:
            client.get(f"http://127.0.0.1:{port}/x?signature={CANARY}", max_bytes=10)
    assert caught.value.message == f"http://127.0.0.1:{port}/x: connection refused"
    assert caught.value.hint == "check host and port, and that the server runs"
    assert len(clock.slept) == 3


def test_a_host_that_does_not_exist_is_explained_at_once(clock: Clock) -> None:
    class NoSuchHost(Script):
        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
            raise requests.ConnectionError(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))

    with pytest.raises(
        UnreachableError, match=r"https://registry\.example/: the host name is not known"
    ) as e:
        Client(transport=NoSuchHost(), sleep=clock.sleep).get("https://registry.example/", max_bytes=1)
    assert "how the name is spelt" in e.value.hint
    assert clock.slept == []


def test_a_body_that_breaks_off_is_fetched_again(client: Client, server: FakeRegistry) -> None:
    server.documents["app:1"] = b"x" * 1000
    server.faults = [Fault("manifests", cut=10)]
    answer = client.get(f"http://{server.host}/v2/app/manifests/1", max_bytes=1000)
    assert answer.body == b"x" * 1000


def test_a_larger_body_is_refused_by_its_announcement(client: Client, server: FakeRegistry) -> None:
    server.documents["app:1"] = b"x" * 1001
    with pytest.raises(NetworkError, match="1001 bytes are more than the 1000 allowed"):
        client.get(f"http://{server.host}/v2/app/manifests/1", max_bytes=1000)


@contextmanager
def raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Answer one connection with a function; for what a proper server would not do."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                answer(connection)

        thread = Thread(target=run, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


def test_a_larger_body_is_refused_as_it_arrives(client: Client) -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
        connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")

    with (
        raw_server(flood) as host,
        pytest.raises(NetworkError, match="gives more than the 1500 bytes allowed"),
    ):
        client.get(f"http://{host}/", max_bytes=1500)


def test_an_encoding_that_was_not_asked_for_is_refused(client: Client, server: FakeRegistry) -> None:
    server.faults = [Fault(PING, body=b"{}", headers={"Content-Encoding": "gzip"})]
    with pytest.raises(NetworkError, match="in the encoding 'gzip'"):
        client.get(f"http://{server.host}{PING}", max_bytes=10)


def test_an_error_keeps_its_status_however_long_its_body_is(client: Client, server: FakeRegistry) -> None:
    server.faults = [Fault(PING, status=404, body=b"x" * 100_000)]
    answer = client.get(f"http://{server.host}{PING}", max_bytes=10)
    assert (answer.status, len(answer.body)) == (404, 65536)


def test_a_server_that_drips_is_given_up(server: FakeRegistry, clock: Clock) -> None:
    server.documents["app:1"] = b"x" * 500_000
    client = Client(sleep=clock.sleep, clock=clock)
    stream = client.open(f"http://{server.host}/v2/app/manifests/1")
    stream.read(100)
    clock.now += 61
    with pytest.raises(NetworkError, match="less than 8192 bytes a second"):
        stream.read(100)
    stream.close()


def test_silence_times_out(server: FakeRegistry, clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(read_timeout=0.05, attempts=1)
        with pytest.raises(UnreachableError, match="no answer in time") as caught:
            client.get(f"http://127.0.0.1:{silent.getsockname()[1]}/", max_bytes=10)
    assert "HTTPS_PROXY" in caught.value.hint


def test_nonsense_instead_of_http_is_explained(clock: Clock) -> None:
    with (
        raw_server(lambda connection: connection.sendall(b"SSH-2.0-x\r\n")) as host,
        pytest.raises(UnreachableError, match=f"http://{host}/: the connection broke off") as caught,
    ):
        Client(attempts=1).get(f"http://{host}/", max_bytes=10)
    assert "speaks http" in caught.value.hint


def test_credentials_stay_on_the_host_they_are_for(client: Client, server: FakeRegistry) -> None:
    secret = {"Authorization": f"Bearer {CANARY}", "X-Token": CANARY, "Accept": "x/y"}
    with serve(FakeRegistry()) as other:
        server.faults = [Fault("/a", status=307, headers={"Location": f"http://{other.host}/v2/"})]
        assert client.get(f"http://{server.host}/a", secret, max_bytes=10).status == 200
        assert server.seen[0].headers["authorization"] == f"Bearer {CANARY}"
        assert CANARY not in str(other.seen[0].headers)
        assert other.seen[0].headers["accept"] == "x/y"


def test_credentials_do_not_come_back_after_a_detour(client: Client, server: FakeRegistry) -> None:
    with serve(FakeRegistry()) as other:
        server.faults = [Fault("/a", status=302, headers={"Location": f"http://{other.host}/b"})]
        other.faults = [Fault("/b", status=302, headers={"Location": f"http://{server.host}/v2/"})]
        client.get(f"http://{server.host}/a", {"Authorization": CANARY}, max_bytes=10)
    assert "authorization" not in server.seen[1].headers


def test_credentials_follow_a_redirect_on_the_same_host(client: Client, server: FakeRegistry) -> None:
    server.faults = [Fault("/a", status=302, headers={"Location": "/v2/"})]
    client.get(f"http://{server.host}/a", {"Authorization": CANARY}, max_bytes=10)
    assert server.seen[1].headers["authorization"] == CANARY


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://registry.example/x", "redirects from https to http on registry.example"),
        ("http://other.example/x", "redirects from https to http on other.example"),
        ("https://127.0.0.1/x", "leads to 127.0.0.1, an address of this machine"),
        ("https://[::1]/x", "leads to ::1, an address of this machine"),
        ("https://localhost:2375/x", "leads to localhost, an address of this machine"),
        ("https://169.254.169.254/latest", "leads to 169.254.169.254, an address of this machine"),
        ("file:///etc/passwd", "neither http nor https"),
        ("ftp://other.example/x", "neither http nor https"),
        ("https://user:canary-s3cret@other.example/x", "credentials in the address of 'other.example'"),
        ("https://other.example/a\x1b[2Jb", "not an address"),
        ("https://other.example:99999/x", "not an address"),
        ("https://other.example\\x", "not an address"),
        ("https://[::1/x", "redirects to what is no address"),
    ],
)
def test_redirects_that_are_not_followed(location: str, message: str) -> None:
    script = Script(redirect(location))
    with pytest.raises(NetworkError) as caught:
        Client(transport=script).get("https://registry.example/v2/", {"Authorization": CANARY}, max_bytes=10)
    assert message in caught.value.message
    assert caught.value.message.isprintable()
    assert CANARY not in caught.value.message
    assert len(script.sent) == 1


def test_redirects_end() -> None:
    script = Script(*(redirect(f"https://registry.example/{number}") for number in range(9)))
    with pytest.raises(NetworkError, match="more than 5 redirects"):
        Client(transport=script).get("https://registry.example/", max_bytes=10)
    assert len(script.sent) == 6


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls_server(tls: tuple[ssl.SSLContext, Path]) -> Iterator[FakeRegistry]:
    with serve(FakeRegistry(), tls[0]) as registry:
        yield registry


def test_an_untrusted_certificate_is_explained_and_not_retried(
    client: Client, clock: Clock, tls_server: FakeRegistry
) -> None:
    with pytest.raises(NetworkError, match="the certificate is not trusted: self") as caught:
        client.get(f"https://{tls_server.host}{PING}", max_bytes=10)
    assert "CA file" in caught.value.hint
    assert clock.slept == []


def test_a_configured_ca_file_is_trusted_for_its_host_only(
    tls: tuple[ssl.SSLContext, Path], tls_server: FakeRegistry
) -> None:
    ca_file = Tls(ca_file=str(tls[1]))
    client = Client(tls={tls_server.host: ca_file})
    assert client.get(f"https://{tls_server.host}{PING}", max_bytes=10).status == 200
    client.close()
    with pytest.raises(NetworkError, match="the certificate is not trusted"):
        Client(tls={"other.example": ca_file}).get(f"https://{tls_server.host}{PING}", max_bytes=10)


# pytest sets filters of its own, so that the client's silence about this does not count here.
@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_verification_is_left_out_for_the_named_host(tls_server: FakeRegistry) -> None:
    client = Client(tls={tls_server.host: Tls(verify=False)})
    assert client.get(f"https://{tls_server.host}{PING}", max_bytes=10).status == 200
    client.close()


def test_a_ca_file_that_is_missing_is_explained(tls_server: FakeRegistry) -> None:
    client = Client(tls={tls_server.host: Tls(ca_file="/nowhere/ca.pem")})
    with pytest.raises(NetworkError, match=r"the CA file /nowhere/ca\.pem does not exist"):
        client.get(f"https://{tls_server.host}{PING}", max_bytes=10)


def test_verification_goes_by_host_across_redirects() -> None:
    script = Script(redirect("https://other.example/x"), (200, {}, b""))
    Client(transport=script, tls={"registry.example": Tls(verify=False)}).get(
        "https://registry.example:443/", max_bytes=10
    )
    assert script.verified == [False, True]


def test_plain_http_where_tls_is_expected_is_explained(client: Client, server: FakeRegistry) -> None:
    with pytest.raises(NetworkError, match=r"no TLS connection \("):
        client.get(f"https://{server.host}/", max_bytes=10)


def test_proxies_come_from_the_environment_but_not_for_this_machine(
    client: Client, server: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(FakeRegistry()) as proxy:
        proxy.faults = [Fault("", status=200, body=b"proxied")]
        monkeypatch.setenv("http_proxy", f"http://{proxy.host}")
        assert client.get(f"http://{server.host}{PING}", max_bytes=10).body == b"{}"
        assert client.get("http://registry.example/v2/", max_bytes=10).body == b"proxied"


def test_nothing_secret_is_logged(
    client: Client, server: FakeRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    client.get(f"http://{server.host}{PING}?signature={CANARY}", {"Authorization": CANARY}, max_bytes=10)
    assert CANARY not in caplog.text


def test_a_stream_announces_its_length(client: Client, server: FakeRegistry) -> None:
    stream: Stream = client.open(f"http://{server.host}{PING}")
    assert (stream.status, stream.length, stream.read_all(2)) == (200, 2, b"{}")
    stream.close()


def test_addresses_are_shown_without_query() -> None:
    assert shown("https://Registry.Example:443/a?x=1#y") == "https://registry.example/a"
    assert host_of("https://registry.example:5000/a") == "registry.example:5000"
    assert host_of("http://[::1]:80/a") == "[::1]"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost:5000", True),
        ("127.0.0.1", True),
        ("127.9.9.9:1", True),
        ("[::1]:5000", True),
        ("localhost.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback_is_told_by_the_whole_name(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
