"""Expressions: their types, what they read, where they are wrong, and that no value passes for a true one."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.policy.cel import ZERO, CompileError, Environment, EvaluationError, Expression, Type, Value

VARIABLES = {
    "r.key": Type.STRING,
    "r.keys": Type.STRINGS,
    "r.license.state": Type.STRING,
    "r.license.words": Type.STRINGS,
    "r.properties": Type.PAIRS,
    "r.layer": Type.INT,
    "r.blocking": Type.BOOL,
    "p.share": Type.DOUBLE,
    "p.denied": Type.STRINGS,
}
VALUES: dict[str, Value] = {
    "r.key": "k",
    "r.keys": ["a", "b"],
    "r.license.state": "known",
    "r.license.words": ["MIT"],
    "r.properties": {"a": "1"},
    "r.layer": 3,
    "r.blocking": True,
    "p.share": 0.5,
    "p.denied": ["AGPL-3.0-only"],
}
ENVIRONMENT = Environment(VARIABLES)


def compiled(text: str, returns: Type = Type.DYN) -> Expression:
    return ENVIRONMENT.compile(text, returns)


def value(text: str, **changed: Value) -> object:
    return compiled(text).evaluate(VALUES | {name.replace("_", "."): one for name, one in changed.items()})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r.key", "k"),
        ("r.layer + 1", 4),
        ("p.share * 2.0", 1.0),
        ("r.blocking", True),
        ("r.license.words.join(', ')", "MIT"),
        ("r.properties['a']", "1"),
        ("r.properties.a", "1"),
        ("r.properties.?b.orValue('none')", "none"),
        ("has(r.properties.b)", False),
        ("r.keys.size()", 2),
        ("r.keys.exists(k, k == 'b') && r.key.startsWith('k')", True),
        ("'%s and %d'.format([r.key, r.layer])", "k and 3"),
        ("math.greatest(r.layer, 7)", 7),
        ("cel.bind(x, r.key + r.key, x + x)", "kkkk"),
        ("size('é𝄞')", 2),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_values(text: str, expected: object) -> None:
    got = value(text)
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("true", ()),
        ("r.key == 'a'", ("r.key",)),
        (".r.key == 'a'", ("r.key",)),
        ("has(r.properties.x)", ("r.properties",)),
        ("r.properties.?x.hasValue()", ("r.properties",)),
        ("[r.key].exists(r, r == 'a')", ("r.key",)),
        ("r.license.words.all(w, w == r.key)", ("r.key", "r.license.words")),
        ("r.blocking ? r.layer > 1 : p.share > 1.0", ("p.share", "r.blocking", "r.layer")),
        ("r.blocking || r.layer > 1", ("r.blocking", "r.layer")),
        ("cel.bind(x, r.layer, x > 1)", ("r.layer",)),
        ("licenseRequires(r.key, p.denied)", ("p.denied", "r.key")),
        ("[{'key': 'a'}].map(r, r.key)[0] == 'a'", ()),
        ("r.keys.size() > 0", ("r.keys",)),  # r.key is part of its name, and not counted
    ],
)
def test_an_expression_knows_what_it_reads(text: str, uses: tuple[str, ...]) -> None:
    expression = compiled(text, Type.BOOL)
    assert set(uses) <= set(expression.uses) <= {*uses, "r.key"}
    given_values = {name: VALUES[name] for name in expression.uses}
    assert isinstance(expression.evaluate(given_values), bool)


PARTS = st.sampled_from(
    [
        "r.key == 'k'",
        "r.keys.exists(r, r == 'a')",
        "r.keys.exists(k, k == r.key)",
        "has(r.properties.a)",
        "r.properties.?a.orValue('') == r.license.state",
        "r.properties.exists(k, r.properties[k] == 'b')",
        "r.license.words.map(w, w + r.key).size() > 0",
        "cel.bind(r, {'key': p.denied}, r.key.size() > 0)",
        "[{'license': {'state': 'q'}}].all(r, r.license.state == 'q')",
        "r.layer > 2",
        "p.share < 1.0",
        "r.blocking",
        "licenseRequires(r.license.state, p.denied)",
        "dyn(r.layer) == dyn(p.share)",
        "r.keys.filter(x, x != r.key).join('').matches('^a')",
        "r.license.state.replace('k', r.key) in r.keys",
    ]
)
EXPRESSIONS = st.recursive(
    PARTS,
    lambda inner: st.one_of(
        inner.map("!({})".format),
        st.tuples(inner, st.sampled_from(("&&", "||", "==", "!=")), inner).map(
            lambda three: f"({three[0]}) {three[1]} ({three[2]})"
        ),
        st.tuples(inner, inner, inner).map(lambda three: "({}) ? ({}) : ({})".format(*three)),
    ),
    max_leaves=4,
)
CHANGED = st.fixed_dictionaries(
    {
        "r.key": st.sampled_from(("k", "a", "")),
        "r.keys": st.lists(st.sampled_from(("a", "k", "b")), max_size=2),
        "r.license.state": st.sampled_from(("known", "1", "q")),
        "r.license.words": st.lists(st.just("MIT"), max_size=1),
        "r.properties": st.dictionaries(st.sampled_from("ab"), st.sampled_from("1b"), max_size=2),
        "r.layer": st.integers(-(2**63), 2**63 - 1),
        "r.blocking": st.booleans(),
        "p.share": st.floats(),
        "p.denied": st.lists(st.just("MIT"), max_size=1),
    }
)


@given(EXPRESSIONS, CHANGED, CHANGED)
def test_nothing_else_than_what_it_uses_changes_the_value(
    text: str, one: dict[str, Value], other: dict[str, Value]
) -> None:
    """Evaluation asks once for each combination of these: on that no answer may depend on more."""
    expression = compiled(text, Type.BOOL)
    mixed = other | {name: one[name] for name in expression.uses}
    only = {name: one[name] for name in expression.uses}
    results = []
    for values in (one, mixed, only):
        try:
            results.append(expression.evaluate(values))
        except EvaluationError as error:
            results.append(str(error))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize(
    ("text", "returns", "place", "message"),
    [
        ("r.undefined", Type.BOOL, (1, 2), "undeclared reference to 'r.undefined'"),
        ("r.licence.state == 'a'", Type.BOOL, (1, 10), "undeclared reference to 'r.licence.state'"),
        ("true &&\n  r.layer + 'a'", Type.BOOL, (2, 11), "found no matching overload for '_+_'"),
        ('"é𝄞" == r.bad', Type.BOOL, (1, 10), "undeclared reference to 'r.bad'"),
        ("r.layer == p.share", Type.BOOL, (1, 9), "found no matching overload for '_==_'"),
        ("r.key", Type.BOOL, (1, 1), "expected bool, got string"),
        ("r.layer", Type.BOOL, (1, 1), "expected bool, got int"),
        ("null", Type.BOOL, (1, 1), "expected bool, got null"),
        ("", Type.BOOL, (1, 1), "Syntax error: it ends too early"),
        ("r.key ==", Type.BOOL, (1, 9), "Syntax error: it ends too early"),
        ("1 2", Type.BOOL, (1, 3), "Syntax error: extraneous input '2'"),
        ("licenseRequires(r.key, [1])", Type.BOOL, (1, 16), "found no matching overload"),
        ("r.license.words", Type.DYN, (1, 1), "expected text, a number or a bool, got list<string>"),
        ("r.properties", Type.DYN, (1, 1), "expected text, a number or a bool, got map<string, string>"),
        ("optional.of(r.key)", Type.DYN, (1, 1), "expected text, a number or a bool, got optional"),
        ("timestamp('2026-01-01T00:00:00Z')", Type.DYN, (1, 1), "expected text, a number or a bool, got"),
        ("b'a'", Type.DYN, (1, 1), "expected text, a number or a bool, got bytes"),
        ("r.key == '' ||\n  has(r.blocking)", Type.BOOL, (2, 7), "r.blocking is always there: compare it"),
        ("has( .r.key )", Type.BOOL, (1, 7), "r.key is always there"),
        ("'a'.matches('(')", Type.BOOL, (1, 13), "invalid regular expression: missing )"),
        ("false &&\n r.key.matches( r'[')", Type.BOOL, (2, 17), "invalid regular expression"),
        ("r.key.matches('a{1000}{1000}')", Type.BOOL, (1, 15), "invalid regular expression"),
        ("(" * 5000 + "1" + ")" * 5000, Type.DYN, (1, 1), "Expression recursion limit exceeded"),
        ("!" * 100_000 + "true", Type.BOOL, (1, 1), "expression size exceeds codepoint limit"),
        ("1" + "+1" * 20_000, Type.DYN, (1, 1), "Exceeded max recursion depth"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    text: str, returns: Type, place: tuple[int, int], message: str
) -> None:
    with pytest.raises(CompileError) as caught:
        compiled(text, returns)
    assert caught.value.message.startswith(message)
    assert (caught.value.line, caught.value.column) == place


def test_a_pattern_inside_of_other_text_is_none() -> None:
    assert value("""'has(r.blocking)' != r.key && has(r.properties.a)""") is True
    assert value("""'.matches("(")' == r.key || r.key.matches("k")""") is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / (r.layer - 3) > 0", "divide by zero"),
        ("r.keys[5] == 'a'", "Index error: index=5 size=2"),
        ("r.properties['b'] == 'a'", "Key not found in map"),
        ("r.layer + 9223372036854775807 > 0", "integer overflow"),
        ("int(r.key) > 0", "cannot convert string to int"),
        ("r.key.matches(r.key + '(')", "invalid regular expression: missing )"),
        ("licenseRequires('MIT', [r.key])", "'k' is no SPDX license"),
        ("r.key.substring(50) == ''", "<string>.substring"),
    ],
)
def test_no_value_is_an_error_never_false_or_true(text: str, message: str) -> None:
    with pytest.raises(
        EvaluationError, match="^" + message.replace("(", r"\(").replace(")", r"\)")
    ) as caught:
        compiled(text, Type.BOOL).evaluate(VALUES)
    assert not caught.value.exhausted


@pytest.mark.parametrize("text", ["dyn('false')", "dyn(0)", "dyn(1)", "dyn('')", "[1, 'a'][0]", "dyn(null)"])
def test_a_value_that_is_no_bool_is_never_taken_for_one(text: str) -> None:
    """In Python "false" is true: an assertion of that value would pass."""
    with pytest.raises(EvaluationError, match=r"^expected a bool, got "):
        compiled(text, Type.BOOL).evaluate(VALUES)
    assert compiled(f"dyn({text} == {text})", Type.BOOL).evaluate(VALUES) is True


@pytest.mark.parametrize(
    "text", ["dyn([1])", "dyn({'a': 1})", "dyn(optional.none())", "dyn(null)", "dyn(b'')"]
)
def test_a_value_that_is_no_scalar_is_not_written(text: str) -> None:
    with pytest.raises(EvaluationError):
        compiled(text).evaluate(VALUES)


@pytest.mark.parametrize(
    "changed",
    [{}, {"r.key": 1}, {"r.key": None}, {"r.key": "\ud800"}, {"r.key": ["a"]}],
    ids=["missing", "int", "None", "surrogate", "list"],
)
def test_values_that_do_not_fit_are_an_error(changed: dict[str, Value]) -> None:
    with pytest.raises(EvaluationError):
        compiled("r.key == 'k' || r.key != 'k'", Type.BOOL).evaluate(changed)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30, 1.5])
def test_a_number_that_is_no_int_of_64_bits_is_an_error(number: float) -> None:
    with pytest.raises(EvaluationError):
        compiled("r.layer > 0 || r.layer <= 0", Type.BOOL).evaluate({"r.layer": number})


def test_steps_are_bounded() -> None:
    with pytest.raises(EvaluationError, match="budget") as caught:
        compiled("r.keys.all(a, r.keys.all(b, a != 'x' || b != 'y'))", Type.BOOL).evaluate(
            {"r.keys": ["k"] * 1000}
        )
    assert caught.value.exhausted


def test_a_regular_expression_takes_linear_time() -> None:
    evil = "r.key.matches('^(([a-z])+.)+[A-Z]([a-z])+$')"
    assert value(evil, r_key="a" * 1_000_000) is False


@pytest.mark.parametrize(
    ("ids", "expected"), [(["MIT"], True), (["mit"], True), (["ISC"], False), ([], False)]
)
def test_licenses_are_asked_by_a_function(ids: list[str], expected: bool) -> None:
    assert value("licenseRequires('MIT AND BSD-3-Clause', p.denied)", p_denied=ids) is expected


def test_empty_values_have_the_types_of_their_variables() -> None:
    empty = {
        name: list(zero) if isinstance(zero := ZERO[type_], tuple) else zero
        for name, type_ in VARIABLES.items()
    }
    for name in VARIABLES:
        assert compiled(f"dyn({name}) == dyn({name})", Type.BOOL).evaluate(empty) is True


def test_where_the_library_is_missing_it_is_said_how_to_get_it() -> None:
    program = (
        "import sys; sys.modules['cel_expr_python'] = None\n"
        "from ospo.errors import OspoError\n"
        "try: import ospo.policy.cel\n"
        "except OspoError as error: print(error.exit_code, error.message, error.hint, sep='|')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    code, message, hint = done.stdout.split("|")
    assert code == "3"
    assert message.startswith("rules cannot be evaluated: cel-expr-python cannot be imported: ")
    assert "glibc 2.27 or later, and none for musl (Alpine)" in hint
