import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import UsageError
from ospo.sources.reference import parse_reference

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("alpine", "docker.io/library/alpine:latest"),
        ("alpine:3.20", "docker.io/library/alpine:3.20"),
        ("grafana/grafana", "docker.io/grafana/grafana:latest"),
        ("docker.io/alpine", "docker.io/library/alpine:latest"),
        ("index.docker.io/library/alpine", "docker.io/library/alpine:latest"),
        ("registry.example/app", "registry.example/app:latest"),
        ("Registry.Example/app", "registry.example/app:latest"),
        ("registry.example:5000/team/app:1.0", "registry.example:5000/team/app:1.0"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("[::1]:5000/app:1", "[::1]:5000/app:1"),
        ("127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest"),
        (f"registry.example/app@{DIGEST}", f"registry.example/app@{DIGEST}"),
        (f"registry.example/app:1@{DIGEST}", f"registry.example/app:1@{DIGEST}"),
        ("registry.example/a__b/c---d", "registry.example/a__b/c---d:latest"),
    ],
)
def test_short_forms_are_spelled_out(text: str, canonical: str) -> None:
    assert str(parse_reference(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/app",
        "app/",
        "registry.example//app",
        "registry.example/App",
        "registry.example/app:",
        "registry.example/app:-x",
        "registry.example/app:" + "x" * 129,
        "registry.example/app@",
        "registry.example/app@sha256:abc",
        "registry.example/app@md5:" + "ab" * 16,
        f"registry.example/app@{DIGEST}@{DIGEST}",
        "registry.example/app@SHA256:" + "ab" * 32,
        "registry.example:0/app",
        "registry.example:99999/app",
        "user:password@registry.example/app",
        "https://registry.example/app",
        "registry.example/../etc/passwd",
        "registry.example/app?x=1",
        "registry.example/app#x",
        "registry.example/app;id",
        "registry.example/app\r\nX-Header: 1",
        "registry.example/app\n",
        "-registry.example/app",
        "registry..example/app",
        "registry.exämple/app",
        "registry.example/" + "a" * 300,
    ],
)
def test_what_is_no_reference_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference(text)
    assert caught.value.message.startswith("not an image reference: ")
    assert caught.value.message.isprintable()


def test_identity_survives_another_tag() -> None:
    one, other = parse_reference("registry.example/app:1"), parse_reference("registry.example/app:2")
    assert one.identity == other.identity == "registry.example/app"


def test_the_digest_counts_where_there_is_also_a_tag() -> None:
    assert parse_reference(f"registry.example/app:1@{DIGEST}").wanted == DIGEST


@given(st.text(max_size=80) | st.text(alphabet="aB./:@-_[]0", max_size=40))
def test_any_text_is_a_reference_or_an_explained_error(text: str) -> None:
    try:
        reference = parse_reference(text)
    except UsageError as error:
        assert error.message.isprintable()
    else:
        assert parse_reference(str(reference)) == reference
