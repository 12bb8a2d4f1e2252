"""Lock files and manifests that installed packages bring along are not the project's."""

import pytest

from ospo.extractors import all_extractors
from ospo.extractors.interface import File, Held
from ospo.extractors.lock_entries import is_of_a_dependency

LOCKS = [
    "bundler",
    "cabal-freeze",
    "cargo-lock",
    "cocoapods",
    "composer-lock",
    "conan-lock",
    "conanfile",
    "conda-environment",
    "gemspec",
    "github-actions",
    "julia",
    "mix",
    "nuget-assets",
    "nuget-lock",
    "nuget-packages-config",
    "nuget-project",
    "opam",
    "pub",
    "rebar",
    "renv",
    "stack",
    "stack-lock",
    "swift",
    "vcpkg",
]
BY_NAME = {extractor.name: extractor for extractor in all_extractors()}


def file_at(path: str, data: bytes = b"") -> File:
    return File(path, len(data), 0o644, Held(data))


@pytest.mark.parametrize(
    "path",
    [
        "node_modules/a/Gemfile.lock",
        "usr/lib/python3/dist-packages/a/Cargo.lock",
        "vendor/bundle/ruby/3.3.0/gems/rails-7.1.3/Gemfile.lock",
        "bundler/gems/tool-0123456789ab/tool.gemspec",
        "root/.cargo/registry/src/index-0123/serde-1.0.0/Cargo.lock",
    ],
)
def test_a_path_in_an_installed_package_is_of_a_dependency(path: str) -> None:
    assert is_of_a_dependency(file_at(path))


@pytest.mark.parametrize(
    "path", ["Gemfile.lock", "gems/Gemfile.lock", "gems/my-gem/Gemfile.lock", "registry/src/Cargo.lock"]
)
def test_a_path_of_the_project_is_not(path: str) -> None:
    assert not is_of_a_dependency(file_at(path))


@pytest.mark.parametrize("name", LOCKS)
def test_an_extractor_leaves_out_what_is_of_a_dependency(name: str) -> None:
    for pattern in BY_NAME[name].patterns:
        path = "node_modules/x/" + pattern.replace("**/", "").replace("*", "x")
        assert list(BY_NAME[name].extract(file_at(path, b"\x00 damaged"))) == []
