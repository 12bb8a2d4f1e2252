import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import components, words

from ospo.model import Component, ComponentKind
from ospo.sbom.identity import from_purl, kind_of, without_mail


@given(components(words))
def test_a_key_gives_the_same_identity(component: Component) -> None:
    read = from_purl(component.key)
    assert read is not None
    assert (read.key, read.registered) == (component.key, component.registered)


@given(st.text() | st.text("pkg:/@?#=&%.a1 ").map("pkg:".__add__))
def test_any_text_is_an_identity_or_none(text: str) -> None:
    read = from_purl(text)
    assert read is None or read.key


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Name <mail@example.org>", "Name"),
        ("Name (mail@example.org)", "Name"),
        ("Name ()", "Name"),
        ("Acme (UK)", "Acme (UK)"),
        ("Acme (UK) Ltd", "Acme (UK) Ltd"),
        ("<mail@example.org>", ""),
        ("a > b", "a > b"),
        ("(" * 100_000 + "@" * 100_000 + ")", "(" * 99_999),
    ],
)
def test_mail_addresses_are_no_part_of_a_name(text: str, name: str) -> None:
    assert without_mail(text) == name


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("machine-learning-model", ComponentKind.MODEL),
        ("operating_system", ComponentKind.OPERATING_SYSTEM),
        ("cryptographic-asset", ComponentKind.LIBRARY),
        ("", ComponentKind.LIBRARY),
    ],
)
def test_kinds(word: str, kind: ComponentKind) -> None:
    assert kind_of(word) is kind
