"""Groups of a Gemfile: what is for development and test alone, and what cannot be told."""

import time

import pytest

from ospo.extractors.bundler_gemfile import development_gems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gem 'a'\ngroup :development, :test do\n  gem 'b', '~> 1'\nend\n", {"b"}),
        ("group :test do\n  gem('b')\nend\ngem 'b'\n", set()),
        ("group :test, :production do\n  gem 'b'\nend\n", set()),
        ('group "test" do # for tests\n  gem "b"\nend', {"b"}),
        ("group(:test, optional: true) do\n  gem 'b'\nend", {"b"}),
        (
            "gem 'a', group: :test\ngem 'b', :groups => [:development, :test]\ngem 'c', groups: [:x]",
            {"a", "b"},
        ),
        ("source 'https://gems.example' do\n  gem 'a'\n  group :test do\n    gem 'b'\n  end\nend", {"b"}),
        ("group :test do\n  if RUBY_VERSION > '3'\n    gem 'a'\n  end\n  gem 'b'\nend\ngem 'c'", {"a", "b"}),
        ("group :test do\n  gem 'a' if ENV['x']\n  # end\nend", {"a"}),
        ("if x then y end\ngroup :test do\n  gem 'b'\nend", {"b"}),
        ("[1].each do |n|\n  gem 'a'\nend\ngroup :test do\n  gem 'b'\nend", {"b"}),
        ("group name_of_group do\n  gem 'a'\nend", set()),
        ("", set()),
    ],
)
def test_only_what_stands_in_these_groups_alone_is_for_development(text: str, expected: set[str]) -> None:
    assert development_gems(text) == expected


@pytest.mark.parametrize(
    "text", ["end\ngroup :test do\ngem 'a'\nend", "group :test do\ngem 'a'\n", "do\n" * 9]
)
def test_blocks_that_do_not_match_tell_nothing(text: str) -> None:
    assert development_gems("group :test do\n  gem 'b'\nend\n" + text) == frozenset()


@pytest.mark.parametrize("piece", ["do |", " ", "group do ", "gem 'a', groups: [", "gem ", "'", "#"])
def test_long_lines_end_soon(piece: str) -> None:
    started = time.process_time()
    development_gems((piece * 1000)[:1000] + "\n" + "\n".join([(piece * 1000)[:999]] * 500))
    development_gems(piece * 200_000)
    assert time.process_time() - started < 10
