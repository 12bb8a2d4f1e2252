"""The whole pipeline on images in memory and on disk: what a scan finds, and what it could not check."""

import gc
import random
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from images import MEDIA_TYPES, Blob, Symlink, blob, digest, image, layout

import ospo.image.graph
import ospo.scan
from ospo.errors import LayerError, OspoError, RegistryError, TargetError
from ospo.extractors import all_extractors
from ospo.image.decompress import LAYER_MEDIA_TYPES
from ospo.image.facts import LayerFacts, encode
from ospo.limits import Limits
from ospo.model import Layer, ProblemKind, ScanResult
from ospo.scan import BytesRead, Event, LayerDone, ScanOptions, Started, scan, scan_source
from ospo.sources.interface import SourceOptions

NOW = "2026-11-23T10:00:00Z"
STATUS = "Package: base\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
MORE = (
    STATUS + "Package: more\nStatus: install ok installed\nVersion: 2\nArchitecture: all\nDepends: base\n\n"
)
BASE = blob({"etc/os-release": "ID=debian\nVERSION_ID=12\n", "var/lib/dpkg/status": STATUS})
UPPER = blob({"var/lib/dpkg/status": MORE}, compression="zstd")
NPM = blob({"app/node_modules/a/package.json": '{"name": "a", "version": "1.0.0", "license": "MIT"}'})


class Memory:
    """A cache in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}
        self.hits = 0

    def get(self, digest: str, facts_version: str) -> bytes | None:
        data = self.kept.get((digest, facts_version))
        self.hits += data is not None
        return data

    def put(self, digest: str, facts_version: str, data: bytes) -> None:
        self.kept[digest, facts_version] = data


def scanned(
    *blobs: Blob,
    cache: Memory | None = None,
    limits: Limits | None = None,
    workers: int = 2,
    diff_ids: tuple[str, ...] = (),
) -> ScanResult:
    options = ScanOptions(NOW, SourceOptions(limits=limits or Limits()), cache, workers=workers)
    return scan_source(image(*blobs, diff_ids=diff_ids), options)


def found(result: ScanResult) -> dict[str, tuple[int | None, ...]]:
    """Name -> layers."""
    return {one.name: tuple(place.layer for place in one.locations) for one in result.components}


def test_an_image_is_its_layers_laid_over_each_other() -> None:
    result = scanned(BASE, UPPER, NPM)
    assert found(result) == {"base": (0,), "more": (1,), "a": (2,)}
    assert result.complete
    assert result.problems == ()
    assert result.distro is not None
    assert result.distro.id == "debian"
    assert result.scanned_at == NOW
    assert result.dependencies == (
        (
            "pkg:deb/debian/more@2?arch=all&distro=debian-12",
            ("pkg:deb/debian/base@1?arch=all&distro=debian-12",),
        ),
    )


def test_a_layout_on_disk_is_scanned_by_its_path(tmp_path: Path) -> None:
    layout(tmp_path, BASE, UPPER, tag="1.0")
    for reference in (f"oci-dir:{tmp_path}", f"oci-dir:{tmp_path}:1.0", str(tmp_path)):
        (result,) = scan(reference, ScanOptions(NOW))
        assert found(result) == {"base": (0,), "more": (1,)}


def test_progress_tells_every_byte_and_every_layer() -> None:
    events: list[Event] = []
    cache = Memory()
    for cached in (False, True):
        events.clear()
        scan_source(image(BASE, UPPER), ScanOptions(NOW, cache=cache, progress=events.append))
        size = len(BASE.data) + len(UPPER.data)
        assert [event.size for event in events if isinstance(event, Started)] == [size]
        assert sum(event.count for event in events if isinstance(event, BytesRead)) == size
        assert [event.cached for event in events if isinstance(event, LayerDone)] == [cached, cached]


DAMAGED: dict[str, tuple[Blob, str]] = {
    "another digest": (replace(UPPER, claimed_digest=digest(b"other")), "has digest sha256:"),
    "fewer bytes claimed": (replace(UPPER, claimed_size=20), "has more than the 20 bytes"),
    "more bytes claimed": (replace(UPPER, claimed_size=5000), "bytes where its manifest says 5000"),
    "truncated": (Blob(UPPER.data[:-9], UPPER.media_type), "zstd data is truncated"),
    "cut tar": (Blob(b"x" * 100, MEDIA_TYPES["plain"]), "tar ends inside a header"),
    "unknown type": (replace(UPPER, media_type="text/plain"), "media type 'text/plain' is not supported"),
}


@pytest.mark.parametrize(("damaged", "message"), DAMAGED.values(), ids=list(DAMAGED))
def test_a_damaged_layer_blocks_is_named_and_never_cached(damaged: Blob, message: str) -> None:
    cache = Memory()
    result = scanned(BASE, damaged, NPM, cache=cache)
    assert found(result) == {"base": (0,), "a": (2,)}
    assert not result.complete
    (problem,) = result.problems
    assert problem.kind == ProblemKind.LAYER
    assert problem.blocking
    assert problem.where == f"layer 1 ({damaged.digest})"
    assert message in problem.message
    assert "\n" not in problem.message
    assert {digest for digest, _ in cache.kept} == {BASE.digest, NPM.digest}


@pytest.mark.parametrize("name", ["fewer bytes claimed", "more bytes claimed", "unknown type"])
def test_what_a_manifest_says_wrongly_of_a_cached_layer_is_a_problem_too(name: str) -> None:
    cache = Memory()
    scanned(BASE, UPPER, cache=cache)
    damaged, _ = DAMAGED[name]
    assert scanned(BASE, damaged, cache=cache) == scanned(BASE, damaged)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (LayerError("is not there", hint="copy again"), ProblemKind.LAYER),
        (RegistryError("does not give it", hint="log in"), ProblemKind.REGISTRY),
    ],
)
def test_a_layer_that_cannot_be_opened_blocks_with_its_hint(error: OspoError, kind: ProblemKind) -> None:
    source = image(BASE, NPM)

    def refuse(layer: Layer) -> object:
        raise error

    def some(layer: Layer) -> object:
        return refuse(layer) if layer.index == 0 else source.open_layer(layer)

    result = scan_source(replace(source, open_layer=some), ScanOptions(NOW))  # type: ignore[arg-type]
    assert found(result) == {"a": (1,)}
    (problem,) = result.problems
    assert (problem.kind, problem.message, problem.hint) == (kind, error.message, error.hint)
    assert problem.blocking


def test_a_missing_blob_of_a_layout_blocks(tmp_path: Path) -> None:
    layout(tmp_path, BASE, NPM)
    (tmp_path / "blobs" / BASE.digest.replace(":", "/")).unlink()
    (result,) = scan(f"oci-dir:{tmp_path}", ScanOptions(NOW))
    assert found(result) == {"a": (1,)}
    assert not result.complete
    (problem,) = result.problems
    assert "No such file" in problem.message
    assert problem.hint == "the layout is incomplete: copy the image again"


def test_a_cached_layer_gives_what_reading_it_gives() -> None:
    cache = Memory()
    cold = scanned(BASE, UPPER, NPM, cache=cache)
    assert cache.hits == 0
    assert scanned(BASE, UPPER, NPM, cache=cache) == cold == scanned(BASE, UPPER, NPM)
    assert cache.hits == 3


def test_a_configuration_that_claims_the_diff_ids_of_clean_layers_hits_nothing() -> None:
    clean = blob({"var/lib/dpkg/status": STATUS}, compression="plain")
    dirty = blob({"var/lib/dpkg/status": MORE}, compression="plain")
    cache = Memory()
    scanned(clean, cache=cache)
    result = scanned(dirty, cache=cache, diff_ids=(clean.digest,))
    assert cache.hits == 0
    assert set(found(result)) == {"base", "more"}


def test_a_blob_that_claims_the_digest_of_a_clean_cached_layer_is_never_opened() -> None:
    """What is cached for a digest was read from bytes that have it: no other bytes can."""
    cache = Memory()
    clean = scanned(BASE, cache=cache)
    lying = replace(
        UPPER, claimed_digest=BASE.digest, claimed_size=len(BASE.data), media_type=BASE.media_type
    )
    assert scanned(lying, cache=cache).components == clean.components


@pytest.mark.parametrize("damage", [b"", b"{}", b"damaged", encode(LayerFacts((), ""))[:-1]])
def test_damaged_cache_entries_are_read_anew(damage: bytes) -> None:
    cache = Memory()
    clean = scanned(BASE, cache=cache)
    cache.kept = dict.fromkeys(cache.kept, damage)
    assert scanned(BASE, cache=cache) == clean
    assert scanned(BASE, cache=cache) == clean


def test_facts_read_within_narrow_limits_are_not_used_within_wide_ones() -> None:
    cache = Memory()
    narrow = scanned(BASE, cache=cache, limits=Limits(file_size=10))
    assert not narrow.complete
    assert scanned(BASE, cache=cache).complete
    assert scanned(BASE, cache=cache, limits=Limits(file_size=10)) == narrow


def test_one_blob_in_two_layers_is_read_once_and_shown_once() -> None:
    opened = []
    source = image(BASE, NPM, BASE)

    def counting(layer: Layer) -> object:
        opened.append(layer.digest)
        return source.open_layer(layer)

    result = scan_source(replace(source, open_layer=counting), ScanOptions(NOW))  # type: ignore[arg-type]
    assert sorted(opened) == sorted({BASE.digest, NPM.digest})
    assert found(result) == {"base": (0,), "a": (1,)}


def test_a_problem_of_a_file_names_the_file_and_the_layer() -> None:
    broken = blob({"app/node_modules/a/package.json": "{"})
    (problem,) = scanned(BASE, broken).problems
    assert problem.where == "app/node_modules/a/package.json (layer 1)"
    assert not problem.blocking
    assert scanned(BASE, broken).complete


LIMITED: dict[str, tuple[Limits, Blob]] = {
    "layer_size": (Limits(layer_size=5000), BASE),
    "layer_entries": (Limits(layer_entries=1), BASE),
    "layer_paths": (Limits(layer_paths=20), BASE),
    "path_length": (Limits(path_length=18), BASE),
    "file_size": (Limits(file_size=10), BASE),
    "held_size": (Limits(held_size=10), blob({"a-1.dist-info/METADATA": "Name: a\nVersion: 1\n"})),
}


@pytest.mark.parametrize(("limits", "stored"), LIMITED.values(), ids=list(LIMITED))
def test_a_limit_that_is_exceeded_is_named(
    limits: Limits, stored: Blob, request: pytest.FixtureRequest
) -> None:
    name = request.node.callspec.id
    problems = scanned(stored, limits=limits).problems
    assert any(f"limits.{name}" in problem.message for problem in problems)


def test_too_many_layers_are_refused(tmp_path: Path) -> None:
    layout(tmp_path, BASE, NPM)
    with pytest.raises(TargetError, match=r"limits.layers"):
        list(scan(f"oci-dir:{tmp_path}", ScanOptions(NOW, SourceOptions(limits=Limits(layers=1)))))


def many_layers() -> list[Blob]:
    rng = random.Random(1)
    layers = [BASE, UPPER, NPM]
    for number in range(8):
        packages = {
            f"app/node_modules/p{place}/package.json": f'{{"name": "p{number}", "version": "{number}"}}'
            for place in rng.sample(range(9), 5)
        }
        layers.append(blob({**packages, f"l{number}": Symlink("app"), f"app/.wh.x{number}": ""}))
    return layers


@pytest.mark.parametrize("workers", [1, 4])
def test_results_do_not_depend_on_the_number_of_workers(workers: int) -> None:
    assert scanned(*many_layers(), workers=workers) == scanned(*many_layers(), workers=3)


def test_results_do_not_depend_on_the_order_of_extractors(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = scanned(*many_layers())
    for seed in range(3):
        shuffled = list(all_extractors())
        random.Random(seed).shuffle(shuffled)
        monkeypatch.setattr(ospo.scan, "all_extractors", lambda order=tuple(shuffled): order)
        assert scanned(*many_layers()) == expected


def test_results_do_not_depend_on_the_order_of_a_layers_members() -> None:
    members = {
        "etc/os-release": "ID=debian\nVERSION_ID=12\n",
        "var/lib/dpkg/status": MORE,
        "app/node_modules/a/package.json": '{"name": "a", "version": "1.0.0"}',
        "b/node_modules/a/package.json": '{"name": "a", "version": "1.0.0", "license": "MIT"}',
    }
    results = [scanned(blob(dict(order))) for order in permutations(members.items())]
    assert len({(result.components, result.dependencies, result.problems) for result in results}) == 1


def test_an_image_without_layers_is_empty_and_complete() -> None:
    result = scanned()
    assert result.components == ()
    assert result.complete


@pytest.mark.parametrize("media_type", sorted(LAYER_MEDIA_TYPES))
def test_every_layer_type_is_read(media_type: str) -> None:
    assert scanned(replace(BASE, media_type=media_type)).complete


def test_an_interrupted_scan_leaves_no_threads_that_read_on() -> None:
    """An exception in the progress callback, which is where an interruption shows, ends the scan."""

    def interrupt(event: Event) -> None:
        if isinstance(event, LayerDone):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_source(image(BASE, UPPER), ScanOptions(NOW, progress=interrupt))


def test_a_database_behind_a_link_of_an_image_leaves_its_scan_incomplete() -> None:
    lower = blob({"etc/os-release": "ID=debian\n", "opt/x/status": STATUS})
    result = scanned(lower, blob({"var/lib/dpkg": Symlink("/opt/x")}))
    assert not result.complete
    assert [problem.where for problem in result.problems] == ["var/lib/dpkg"]


def test_a_database_behind_a_link_in_a_folder_leaves_its_scan_incomplete(tmp_path: Path) -> None:
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt/status").write_text(STATUS)
    (tmp_path / "var/lib").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg").symlink_to("/opt")
    (result,) = scan(f"dir:{tmp_path}", ScanOptions(NOW))
    assert not result.complete
    assert [problem.where for problem in result.problems] == ["var/lib/dpkg"]


def test_facts_of_layers_that_wait_for_lower_ones_do_not_pile_up() -> None:
    """The upper layers are larger, so that they are read first."""
    names = "n" * 90
    layers = [
        blob({f"{number}/{entry}-{names}": "" for entry in range(200 + 100 * number)}) for number in range(12)
    ]
    alive: list[int] = []
    cache = Memory()
    gc.collect()
    of_other_tests = sum(isinstance(one, LayerFacts) for one in gc.get_objects())

    def count(event: Event) -> None:
        if isinstance(event, LayerDone):
            alive.append(sum(isinstance(one, LayerFacts) for one in gc.get_objects()) - of_other_tests)

    for _ in range(2):
        scan_source(image(*layers), ScanOptions(NOW, cache=cache, progress=count, workers=1))
    assert len(alive) == 24
    assert max(alive) <= 6


def test_layers_of_any_size_are_laid_in_their_order() -> None:
    """The largest is read first, wherever it lies."""
    for place in range(3):
        packages = {"app/node_modules/a/package.json": '{"name": "a", "version": "%d"}'}
        layers = [
            blob(
                {name: text % number for name, text in packages.items()}
                | ({"large": "x" * 90_000} if number == place else {})
            )
            for number in range(3)
        ]
        (component,) = scanned(*layers, workers=3).components
        assert (component.version, found(scanned(*layers))) == ("2", {"a": (2,)})


IN_ALL = {"image_size": Limits(image_size=25_000), "image_entries": Limits(image_entries=3)}


@pytest.mark.parametrize("limits", IN_ALL.values(), ids=list(IN_ALL))
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_layers_that_exceed_a_limit_together_block(limits: Limits, order: tuple[int, ...]) -> None:
    cache = Memory()
    layers = [(BASE, UPPER, NPM)[number] for number in order]
    assert scanned(*layers[:1], limits=limits).complete
    cold, warm = (scanned(*layers, limits=limits, cache=cache) for _ in range(2))
    assert cold == warm
    assert cold.components == ()
    (problem,) = cold.problems
    assert problem.blocking
    assert problem.where == "layers 0 to 2"
    assert all(f"limits.{name}" in problem.message for name in IN_ALL)


def test_a_blob_that_is_many_layers_counts_as_often_as_it_is_laid() -> None:
    limits = Limits(image_entries=7)
    assert scanned(NPM, limits=limits).complete
    assert not scanned(*[NPM] * 9, limits=limits).complete


def test_dependency_edges_beyond_the_limit_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scanned(BASE, UPPER).problems == ()
    monkeypatch.setattr(ospo.image.graph, "MOST_EDGES", 0)
    result = scanned(BASE, UPPER)
    assert result.dependencies == ()
    (problem,) = result.problems
    assert not problem.blocking
    assert problem.message.startswith("dependency edges beyond")
