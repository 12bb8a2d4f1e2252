import pytest

from ospo.sbom.graph import top_level


@pytest.mark.parametrize(
    ("keys", "needs", "expected"),
    [
        ("", {}, ""),
        ("abc", {}, "abc"),
        ("abc", {"a": "b", "b": "c"}, "a"),
        ("abc", {"c": "ab"}, "c"),
        ("abc", {"a": "b", "b": "a"}, "ac"),
        ("abcd", {"d": "a", "a": "b", "b": "a"}, "cd"),
        ("a", {"a": "a"}, "a"),
    ],
)
def test_everything_is_reached_from_the_top(keys: str, needs: dict[str, str], expected: str) -> None:
    assert top_level(keys, needs) == list(expected)


def test_a_long_chain_needs_no_recursion() -> None:
    keys = [str(number) for number in range(10_000)]
    assert top_level(keys, dict(zip(keys, ([key] for key in keys[1:]), strict=False))) == ["0"]
