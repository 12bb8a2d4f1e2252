"""What readers of lock files share: hashes, damage, scopes, extras, indented text, JSON with comments."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.errors import ParseError
from ospo.extractors.block_text import read_blocks, unquoted, yaml_line
from ospo.extractors.damage import Damage
from ospo.extractors.jsonc import plain_json
from ospo.extractors.lock_entries import lock_toml, typed_list, typed_table, typed_text
from ospo.extractors.lock_hashes import from_hex, from_integrity, from_prefixed
from ospo.extractors.locked import Locked, connected, scoped
from ospo.extractors.npm_packages import npm_package
from ospo.extractors.pypi_extras import Packages
from ospo.extractors.pypi_packages import pypi_package, wheel_of
from ospo.model import Component, ComponentKind, Scope

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def library(name: str, kind: ComponentKind = ComponentKind.LIBRARY) -> Component:
    return Component(type="npm", name=name, version="1", kind=kind)


def test_hashes_are_hex_of_the_right_length() -> None:
    assert from_hex("sha1", "A" * 40) == (("SHA-1", "a" * 40),)
    assert from_hex("sha1", "a" * 39) == ()
    assert from_hex("crc32", "a" * 8) == ()
    assert from_prefixed([f"sha256:{'a' * 64}", f"sha256:{'a' * 64}", "sha256", "sha256:z"]) == (
        ("SHA-256", "a" * 64),
    )


def test_integrity_holds_several_hashes_and_options() -> None:
    assert from_integrity("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=?x sha512-damaged other") == (
        ("SHA-1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    )


def test_damage_counts_and_tells_the_first() -> None:
    damage = Damage()
    damage.report()
    for place in ("a", "b"):
        with damage.at(place):
            typed_table([])
    with pytest.raises(ParseError, match=r"^a is not a table, and 1 more are damaged$"):
        damage.report()


def test_damage_lets_other_errors_through() -> None:
    with pytest.raises(KeyError), Damage().at("a"):
        raise KeyError


@pytest.mark.parametrize(("read", "value"), [(typed_table, "a"), (typed_list, {}), (typed_text, 1)])
def test_a_value_of_another_type_is_damage(read: object, value: object) -> None:
    with pytest.raises(ParseError, match=r"^x is not a"):
        read(value, "x")  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 100_000, "a." * 100_000 + "b = 1", "a = " + "1" * 5000, "a = 'x", "a = 1979-99-99"],
)
def test_hostile_toml_is_a_parse_error(text: str) -> None:
    with pytest.raises(ParseError):
        lock_toml(text.encode())


def test_a_package_has_the_widest_scope_that_anything_needs_it_in() -> None:
    packages = {
        "app": Locked(library("app"), (("tool", Scope.DEVELOPMENT), ("lib", Scope.RUNTIME))),
        "tool": Locked(library("tool"), (("both", Scope.RUNTIME), ("only-tool", Scope.RUNTIME))),
        "lib": Locked(library("lib"), (("both", Scope.OPTIONAL), ("lib", Scope.RUNTIME))),
        "both": Locked(library("both"), (("tool", Scope.DEVELOPMENT),)),
        "only-tool": Locked(library("only-tool")),
        "alone": Locked(library("alone")),
    }
    found = scoped(packages, [("app", Scope.RUNTIME), ("absent", Scope.RUNTIME)])
    assert {key: package.component.scope.value for key, package in found.items()} == {
        "app": "runtime",
        "tool": "development",
        "lib": "runtime",
        "both": "optional",
        "only-tool": "development",
        "alone": "runtime",
    }


def test_edges_name_versions_and_leave_out_what_is_not_there() -> None:
    own = library("app", ComponentKind.APPLICATION)
    packages = {
        "": Locked(own, (("a", Scope.RUNTIME), ("absent", Scope.RUNTIME))),
        "a": Locked(library("a"), (("a", Scope.RUNTIME),)),
    }
    app, a = connected(packages, {"a"})
    assert (app.depends, app.direct) == (("a@1",), None)
    assert (a.depends, a.provides, a.direct) == ((), ("a@1",), True)


def test_what_only_an_extra_needs_is_needed_by_those_who_ask_for_it() -> None:
    packages = Packages()
    names = ("http", "socks", "trio", "tool")
    http, socks, trio, tool = (packages.add(pypi_package(name, "1")) for name in names)
    packages.need(http, "socks", packages.find("socks"))
    packages.need(http, "trio", packages.find("trio"))
    packages.need(tool, "", packages.find("HTTP", extras=["Socks"]))
    packages.ask(packages.find("http"), Scope.RUNTIME)
    packages.ask(packages.find("tool"), Scope.DEVELOPMENT)
    found = {key: package.component.scope for key, package in packages.scoped().items()}
    assert found == {
        http: Scope.RUNTIME,
        socks: Scope.DEVELOPMENT,
        trio: Scope.RUNTIME,  # nobody asks for it: unknown, so the widest
        tool: Scope.DEVELOPMENT,
    }
    (component,) = (one for one in connected(packages.scoped()) if one.name == "http")
    assert component.depends == ("socks@1",)


@pytest.mark.parametrize(
    ("source", "qualifiers"),
    [
        ("github:group/a", (("vcs_url", "git+https://github.com/group/a.git"),)),
        (f"gitlab:group/a.git#{COMMIT}", (("vcs_url", f"git+https://gitlab.com/group/a.git@{COMMIT}"),)),
        (
            f"git@git.example:group/a.git#{COMMIT}",
            (("vcs_url", f"git+ssh://git@git.example/group/a.git@{COMMIT}"),),
        ),
        ("https://u:p@files.example/a.tgz", (("download_url", "https://files.example/a.tgz"),)),
        ("https://u:p@git.example/a.git#commit=abc&x=1", (("vcs_url", "git+https://git.example/a.git@abc"),)),
    ],
)
def test_a_package_that_is_from_no_registry_says_from_where(
    source: str, qualifiers: tuple[tuple[str, str], ...]
) -> None:
    assert npm_package("a", "1.0.0", source, by_address=True).qualifiers == qualifiers


@pytest.mark.parametrize("source", ["file:../a", "link:a", "./a.tgz", "../a", "/srv/a", "workspace:*", "."])
def test_a_path_is_not_registered(source: str) -> None:
    component = npm_package("@s/a", "", source)
    assert (component.registered, component.purl) == (False, None)


@pytest.mark.parametrize("host", ["registry.example", "localhost:4873", "mirror.example/npm"])
def test_the_host_of_a_registry_does_not_matter(host: str) -> None:
    component = npm_package("a", "1.0.0", f"https://{host}/a/-/a-1.0.0.tgz")
    assert component.purl == "pkg:npm/a@1.0.0"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://files.example/Foo_bar-1.0+cu1-1-py3-none-any.whl#sha256=a", ("Foo_bar", "1.0+cu1")),
        ("a-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", ("a", "1.0")),
        ("a-1.0.tar.gz", ("", "")),
        ("a-1.0-any.whl", ("", "")),
    ],
)
def test_a_wheel_is_named_by_its_file(address: str, found: tuple[str, str]) -> None:
    assert wheel_of(address) == found


def test_blocks_as_pnpm_writes_them() -> None:
    text = "\n".join(
        [
            "# comment",
            "a: 'it''s'",
            "'b: c':",
            '  "d\\"e": {x: y, \'z\': "1, 2", nested: {a: b}, u: https://a.example/b}',
            "  list:",
            "  - one",
            "  - 'two'",
            "  inline: [x, 'y z']",
            "  text: |-",
            "    not: read",
            "",
            "      deeper: neither",
            "  after: 1",
            "  empty:",
            "? 'long key'",
            ":",
            "  f: g",
            "---",
            "another: document",
        ]
    )
    damage = Damage()
    assert read_blocks(text, yaml_line, damage) == {
        "a": "it's",
        "b: c": {
            'd"e': {"x": "y", "z": "1, 2", "nested": "", "u": "https://a.example/b"},
            "list": ["one", "two"],
            "inline": ["x", "y z"],
            "text": "",
            "after": "1",
            "empty": "",
        },
        "long key": {"f": "g"},
    }
    damage.report()


def test_a_line_that_is_not_understood_costs_only_itself() -> None:
    damage = Damage()
    assert read_blocks("a: 1\nnonsense\nb: 2\n   c: 3\n", yaml_line, damage) == {"a": "1", "b": "2"}
    with pytest.raises(ParseError, match=r"^line 2 is not understood, and 1 more are damaged$"):
        damage.report()


@pytest.mark.parametrize(
    ("text", "plain"), [("'a''b'", "a'b"), ('"a\\u0041"', "aA"), ('"\\x"', "\\x"), ("'", "'")]
)
def test_quotes_come_off(text: str, plain: str) -> None:
    assert unquoted(text) == plain


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(value=values)
def test_json_is_json_with_comments(value: object) -> None:
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    commented = text.replace("\n", ' // a "comment", ]\n/* , } */')
    assert orjson.loads(plain_json(text)) == value
    assert orjson.loads(plain_json(commented)) == value


def test_commas_at_the_end_are_taken_out_and_texts_are_left_alone() -> None:
    text = '{"a": ["x, ]", "// no", "/* no */",], /* c */ "b": {"c": 1, // end\n}, }'
    assert orjson.loads(plain_json(text)) == {"a": ["x, ]", "// no", "/* no */"], "b": {"c": 1}}
