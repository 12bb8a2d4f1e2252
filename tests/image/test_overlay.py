"""What a stack of layers shows, against a slow and simple file system in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pytest
from engine import DB, read_blob, read_layer, shown, shown_of, stack
from hypothesis import given, settings
from hypothesis import strategies as st
from images import Blob, Content, Hardlink, Special, Symlink, Tree, tar

from ospo.errors import LayerError
from ospo.extractors.dispatch import Dispatcher
from ospo.image import settle
from ospo.limits import Limits

Member = tuple[str, Content]

# --- the oracle: unpack each layer alone, as containerd's archive.Apply does into the upper folder of an
# overlay mount, then mount


@dataclass
class Inode:
    """A file, a symbolic link or a whiteout."""

    content: Content
    whiteout: bool = False


@dataclass
class Folder:
    names: "dict[str, Inode | Folder]"
    opaque: bool = False


def walk(root: Folder, path: str, follow: int = 0) -> list[Folder] | None:
    """Go to a folder through links, making what is missing; None where a file is in the way."""
    way = [root]
    for part in path.split("/"):
        if part == "..":
            way = way[:-1] or [root]
        if part in ("", ".", ".."):
            continue
        node = way[-1].names.setdefault(part, Folder({}))
        if isinstance(node, Inode) and isinstance(node.content, Symlink) and follow < 10:
            target = node.content.target
            here = "/".join(names_of(root, way))
            there = walk(root, target if target.startswith("/") else f"{here}/{target}", follow + 1)
            if there is None:
                return None
            way = there
        elif isinstance(node, Folder):
            way = [*way, node]
        else:
            return None
    return way


def names_of(root: Folder, way: Sequence[Folder]) -> Iterator[str]:
    for above, below in zip([root, *way[1:]], way[1:], strict=False):
        yield next(name for name, node in above.names.items() if node is below)


def unpack(members: Sequence[Member]) -> Folder:
    root = Folder({})
    markers = []
    for path, content in members:
        folder_path, _, name = path.rpartition("/")
        if name.startswith(".wh."):
            markers.append((folder_path, name))
            continue
        way = walk(root, folder_path)
        assert way is not None
        names = way[-1].names
        if content is None:
            if not isinstance(names.get(name), Folder):
                names[name] = Folder({})
        elif isinstance(content, Hardlink):
            names[name] = linked(root, content.target)
        else:
            names[name] = Inode(content)
    for folder_path, name in markers:
        way = walk(root, folder_path)
        assert way is not None
        folder, hidden = way[-1], name.removeprefix(".wh.")
        if name == ".wh..wh..opq":
            folder.opaque = True
        elif isinstance(node := folder.names.get(hidden), Folder):
            node.opaque = True
        elif node is None:
            folder.names[hidden] = Inode(None, whiteout=True)
    return root


def linked(root: Folder, path: str) -> Inode:
    folder_path, _, name = path.rpartition("/")
    way = walk(root, folder_path)
    node = way[-1].names.get(name) if way else None
    assert isinstance(node, Inode)
    return node


def mount(lower: Folder, upper: Folder) -> Folder:
    merged = Folder({} if upper.opaque else dict(lower.names))
    for name, node in upper.names.items():
        below = merged.names.get(name)
        if isinstance(node, Folder):
            merged.names[name] = mount(below if isinstance(below, Folder) else Folder({}), node)
        elif node.whiteout:
            merged.names.pop(name, None)
        else:
            merged.names[name] = node
    return merged


def all_files(folder: Folder, prefix: str = "") -> Iterator[tuple[str, Content]]:
    for name, node in folder.names.items():
        if isinstance(node, Folder):
            yield from all_files(node, f"{prefix}{name}/")
        else:
            yield prefix + name, node.content


def databases(root: Folder) -> dict[str, list[str]]:
    found = {}
    for path, content in all_files(root):
        if path.rpartition("/")[2] == "db" and isinstance(content, str) and content:
            found[path] = content.splitlines()
    return found


def oracle(layers: Sequence[Sequence[Member]]) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
    """Return what is visible, with the layer since which it has been there; and the links."""
    root = Folder({})
    snapshots = []
    for members in layers:
        root = mount(root, unpack(members))
        snapshots.append(databases(root))
    visible = {
        path: {
            line: next(
                index
                for index in range(len(layers))
                if all(line in later.get(path, ()) for later in snapshots[index:])
            )
            for line in lines
        }
        for path, lines in (snapshots[-1].items() if snapshots else ())
    }
    links = {path: content.target for path, content in all_files(root) if isinstance(content, Symlink)}
    return visible, links


def accepted(members: Sequence[Member]) -> list[Member]:
    """Leave out members that no runtime can unpack after those before them."""
    kept: list[Member] = []
    for member in members:
        try:
            unpack([*kept, member])
        except AssertionError:
            continue
        kept.append(member)
    return kept


segments = st.sampled_from(("a", "b", "c", "db"))
paths = st.lists(segments, min_size=1, max_size=3).map("/".join)
targets = st.one_of(
    paths,
    paths.map("/".__add__),
    paths.map("../".__add__),
    st.sampled_from((".", "..", "/", "a/../b", "../../c")),
)
contents = st.one_of(
    st.lists(st.sampled_from(("p 1", "p 2", "q 1")), max_size=2, unique=True).map("\n".join),
    st.none(),
    targets.map(Symlink),
    paths.map(Hardlink),
    st.just(Special()),
)
members = st.one_of(
    st.tuples(paths, contents),
    st.tuples(st.tuples(paths, st.just("db")).map("/".join), contents),
    st.tuples(
        st.lists(segments, max_size=2).map(lambda parts: "/".join([*parts, ".wh." + (parts or ["a"])[0]])),
        st.just(""),
    ),
    st.tuples(
        st.lists(segments, max_size=2).map(lambda parts: "/".join([*parts, ".wh..wh..opq"])), st.just("")
    ),
)
layers = st.lists(st.lists(members, max_size=7).map(accepted), max_size=4)


@settings(max_examples=300)
@given(layers)
def test_layers_show_what_an_overlay_mount_of_them_shows(layers: list[list[Member]]) -> None:
    facts = [read_blob(Blob(tar(*({path: content} for path, content in members)))) for members in layers]
    overlay = stack(*facts)
    visible, links = oracle(layers)
    assert shown(overlay) == visible
    assert overlay.links == links


# --- cases by name

BASE: Tree = {"etc/": None, "etc/db": "e 1", "opt/": None, "opt/db": "o 1", "lib": Symlink("opt")}


def test_files_of_all_layers_are_shown_with_their_layer() -> None:
    assert shown_of(BASE, {"srv/db": "s 1"}) == {
        "etc/db": {"e 1": 0},
        "opt/db": {"o 1": 0},
        "srv/db": {"s 1": 1},
    }


@pytest.mark.parametrize(
    "marker", ["", Special(), Symlink("x"), None], ids=["file", "device", "link", "folder"]
)
def test_a_whiteout_of_any_kind_removes_a_file(marker: Content) -> None:
    assert shown_of(BASE, {"etc/.wh.db": marker}) == {"opt/db": {"o 1": 0}}


def test_a_whiteout_removes_a_folder_and_all_in_it() -> None:
    assert shown_of(BASE, {".wh.etc": ""}) == {"opt/db": {"o 1": 0}}


def test_a_whiteout_does_not_touch_its_own_layer() -> None:
    assert shown_of(BASE, {"etc/db": "e 2", "etc/.wh.db": "", ".wh.opt": "", "opt/db": "o 2"}) == {
        "etc/db": {"e 2": 1},
        "opt/db": {"o 2": 1},
    }


def test_an_opaque_folder_hides_what_lower_layers_have_in_it() -> None:
    assert shown_of(BASE, {"etc/.wh..wh..opq": "", "etc/sub/db": "s 1"}) == {
        "etc/sub/db": {"s 1": 1},
        "opt/db": {"o 1": 0},
    }


def test_an_opaque_root_hides_everything_below() -> None:
    assert shown_of(BASE, {".wh..wh..opq": "", "new/db": "n 1"}) == {"new/db": {"n 1": 1}}


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", "etc/.wh.", "etc/.wh..", "etc/.wh..."])
def test_a_whiteout_that_names_nothing_hides_nothing_and_is_a_problem(name: str) -> None:
    """Stereoscope's pull request 647: a bare `.wh.` deleted the folder it lies in."""
    facts = read_layer({name: ""})
    assert shown(stack(read_layer(BASE), facts)) == shown_of(BASE)
    assert [(problem.where, problem.message) for problem in facts.problems] == [
        (name, "a whiteout that names nothing; ignored")
    ]


@pytest.mark.parametrize("name", ["etc/.wh..wh..opqX", "etc/.wh..wh.plnk", ".wh..wh..opqX", "etc/.wh..wh."])
def test_what_only_starts_like_the_opaque_marker_hides_nothing(name: str) -> None:
    """Stereoscope's pull request 696: it emptied the folder that it lies in."""
    assert shown_of(BASE, {name: ""}) == shown_of(BASE)


def test_markers_in_the_lowest_layer_are_no_files() -> None:
    """Stereoscope's pull request 696: nothing below consumed them, so they were shown."""
    facts = read_layer({"etc/.wh.db": "e 1", "opt/.wh..wh..opq": "o 1", "srv/db": "s 1"})
    assert facts.entries == "srv/db"
    assert shown(stack(facts)) == {"srv/db": {"s 1": 0}}


@pytest.mark.parametrize("folder", [{"lib/": None}, {}], ids=["with an entry", "without"])
def test_an_opaque_folder_in_place_of_a_lower_link_leaves_what_the_link_points_at(folder: Tree) -> None:
    """Stereoscope's pull request 694: it emptied the folder at the end of the link."""
    overlay = stack(read_layer(BASE), read_layer({**folder, "lib/.wh..wh..opq": "", "lib/db": "l 1"}))
    assert shown(overlay) == {"etc/db": {"e 1": 0}, "lib/db": {"l 1": 1}, "opt/db": {"o 1": 0}}
    assert overlay.links == {}


def test_a_path_through_a_lower_link_replaces_the_link_and_hides_nothing_at_its_end() -> None:
    """What an attacker writes through a link must not replace what an overlay mount goes on showing."""
    overlay = stack(read_layer(BASE), read_layer({"lib/db": "l 1", "lib/.wh.x": ""}))
    assert shown(overlay) == {"etc/db": {"e 1": 0}, "lib/db": {"l 1": 1}, "opt/db": {"o 1": 0}}
    assert overlay.links == {}


def test_a_path_through_a_link_of_the_same_layer_lies_at_its_end() -> None:
    assert shown_of(
        {"usr/lib/": None, "lib": Symlink("usr/lib"), "lib/db": "l 1"}, {"usr/lib/db": "l 2"}
    ) == {"usr/lib/db": {"l 2": 1}}


def test_a_whiteout_through_a_link_of_the_same_layer_hides_what_lies_at_its_end() -> None:
    upper: Tree = {"x/": None, "x/to": Symlink("../etc"), "x/to/.wh.db": ""}
    assert shown_of(BASE, upper) == {"opt/db": {"o 1": 0}}


@pytest.mark.parametrize("content", ["", Symlink("x"), Special()], ids=["file", "link", "device"])
def test_what_is_no_folder_replaces_a_folder_and_all_in_it(content: Content) -> None:
    assert shown_of(BASE, {"etc": content}) == {"opt/db": {"o 1": 0}}


def test_a_folder_replaces_a_file_and_keeps_a_folder() -> None:
    assert shown_of(BASE, {"etc/db/": None, "opt/": None}) == {"opt/db": {"o 1": 0}}


def test_a_path_below_a_lower_file_replaces_it() -> None:
    assert shown_of(BASE, {"etc/db/x/db": "x 1"}) == {"etc/db/x/db": {"x 1": 1}, "opt/db": {"o 1": 0}}


def test_of_two_members_with_one_path_the_later_one_counts() -> None:
    upper = tar(
        {"etc/db": "e 2"}, {"etc/db": "e 3"}, {"opt/db": "o 2"}, {"opt/db": ""}, {"srv/db": "s"}, {"srv": ""}
    )
    assert shown(stack(read_layer(BASE), read_blob(Blob(upper)))) == {"etc/db": {"e 3": 1}}


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        ({"../../etc/db": "x 1"}, "etc/db"),
        ({"/etc/db": "x 1"}, "etc/db"),
        ({"out": Symlink("/../.."), "out/db": "x 1"}, "db"),
        ({"out": Symlink("../../../tmp"), "out/db": "x 1"}, "tmp/db"),
        ({"out": Symlink("/etc"), "out/db": "x 1"}, "etc/db"),
        ({"file": "x 1", "db": Hardlink("../../file")}, "db"),
        ({"file": "x 1", "db": Hardlink("/file")}, "db"),
    ],
)
def test_names_and_links_that_point_outside_stay_inside(tree: Tree, path: str) -> None:
    """CVE-2024-24579, CVE-2025-5981 and CVE-2026-46703: members written outside of the root."""
    assert shown_of(tree) == {path: {"x 1": 0}}


def test_a_name_that_points_above_the_root_is_a_problem() -> None:
    (problem,) = read_layer({"../../etc/db": "x 1"}).problems
    assert (problem.where, problem.blocking) == ("etc/db", False)
    assert "points above the root" in problem.message


def test_links_in_a_loop_end() -> None:
    loop: Tree = {"a": Symlink("b"), "b": Symlink("a"), "a/db": "x 1", "c": Symlink("c/c/c"), "c/db": "x 2"}
    assert len(shown_of(loop)) == 2


def test_members_of_the_root_itself_change_nothing() -> None:
    for name in ("./", "/", ".", "a/.."):
        assert shown_of(BASE, {name: None}) == shown_of(BASE)
        assert shown_of(BASE, {name: "x"}) == shown_of(BASE)


# --- attribution


def test_a_package_keeps_its_layer_when_the_database_is_written_anew() -> None:
    assert shown_of({"db": "a 1\nb 1"}, {"x": ""}, {"db": "b 1\na 1\nc 1"}) == {
        "db": {"a 1": 0, "b 1": 0, "c 1": 2}
    }


def test_a_package_removed_and_added_again_belongs_to_the_later_layer() -> None:
    assert shown_of({"db": "a 1\nb 1"}, {"db": "b 1"}, {"db": "a 1\nb 1"}) == {"db": {"a 1": 2, "b 1": 0}}


def test_a_new_version_belongs_to_the_layer_that_brought_it() -> None:
    assert shown_of({"db": "a 1"}, {"db": "a 2"}) == {"db": {"a 2": 1}}


def test_a_database_removed_and_written_again_belongs_to_the_later_layer() -> None:
    assert shown_of({"db": "a 1"}, {".wh.db": ""}, {"db": "a 1"}) == {"db": {"a 1": 2}}


def test_an_emptied_database_shows_nothing() -> None:
    assert shown_of({"db": "a 1"}, {"db": ""}) == {}


def test_the_same_layer_twice_changes_nothing() -> None:
    assert shown_of(BASE, BASE) == shown_of(BASE)


# --- hard links


def test_a_hard_link_shows_its_target_under_its_own_name_too() -> None:
    assert shown_of({"a/db": "x 1", "b/db": Hardlink("a/db"), "other": Hardlink("a/db")}) == {
        "a/db": {"x 1": 0},
        "b/db": {"x 1": 0},
    }


def test_a_hard_link_stays_when_its_target_goes() -> None:
    assert shown_of({"a/db": "x 1", "b/db": Hardlink("a/db")}, {".wh.a": ""}) == {"b/db": {"x 1": 0}}


def test_a_target_wanted_under_the_links_name_only_is_read_by_a_second_pass() -> None:
    assert shown_of({"plain": "x 1", "a/db": Hardlink("plain"), "b/db": Hardlink("a/db")}) == {
        "a/db": {"x 1": 0},
        "b/db": {"x 1": 0},
    }


def test_a_program_is_shown_under_all_its_names() -> None:
    program = b"\x7fPRG".ljust(20, b"x")
    assert shown_of({"bin/a": program, "bin/b": Hardlink("bin/a")}) == {
        "bin/a": {"program 20": 0},
        "bin/b": {"program 20": 0},
    }


def test_a_hard_link_to_a_symbolic_link_is_that_link() -> None:
    assert stack(read_layer({"a": Symlink("b"), "c": Hardlink("a")})).links == {"a": "b", "c": "b"}


@pytest.mark.parametrize(
    "tree",
    [
        {"a/db": Hardlink("nothing")},
        {"a/db": Hardlink("b/db"), "b/db": Hardlink("a/db")},
        {"a/db": Hardlink("a/db")},
        {"a/db": Hardlink("later"), "later": "x 1"},
    ],
    ids=["dangling", "cycle", "itself", "later"],
)
def test_a_hard_link_to_what_is_not_there_is_a_blocking_problem_where_it_is_wanted(tree: Tree) -> None:
    facts = read_layer(tree)
    assert shown(stack(facts)) == {}
    assert {(problem.message, problem.blocking) for problem in facts.problems} == {
        ("is a hard link to what its layer does not hold", True)
    }


def test_a_hard_link_to_a_file_of_a_lower_layer_shows_it() -> None:
    overlay = stack(read_layer({"a/db": "x 1"}), read_layer({"b/db": Hardlink("a/db")}))
    assert shown(overlay) == {"a/db": {"x 1": 0}, "b/db": {"x 1": 1}}


def test_a_file_moved_by_a_link_of_its_layer_is_read_by_the_name_it_ends_at() -> None:
    """`x/db` is a file of no importance until `x` turns out to lead to the root."""
    dispatcher = Dispatcher((replace(DB, patterns=("lib/db",)),))
    facts = read_layer({"lib/": None, "x": Symlink("lib"), "x/db": "a 1"}, dispatcher=dispatcher)
    assert shown(stack(facts)) == {"lib/db": {"a 1": 0}}


# --- hostile sizes


def test_folders_of_any_depth_are_laid_over_each_other() -> None:
    deep = "/".join(["d"] * 2000)
    assert shown_of({f"{deep}/db": "x 1"}, {"y": ""}, {f"{deep}/.wh.db": ""}) == {}
    assert shown_of({f"{deep}/db": "x 1"}, {".wh.d": ""}) == {}


def test_folders_without_entries_have_a_limit_together() -> None:
    tree = {f"{number}/" + "d/" * 1000 + "f": "" for number in range(30)}
    with pytest.raises(LayerError, match=r"limits.layer_paths"):
        read_layer(tree, limits=Limits(layer_paths=1 << 20))


def test_names_of_one_file_have_a_limit() -> None:
    tree: dict[str, Content] = {"db": "x 1"}
    tree |= {f"{number:03}/db": Hardlink("db") for number in range(150)}
    facts = read_layer(tree)
    assert len(shown(stack(facts))) == 100
    assert [problem.message for problem in facts.problems] == [
        "has 151 names, more than the 100 that are looked at"
    ]


def test_links_that_make_long_paths_are_a_layer_error() -> None:
    tree: Tree = {"l": Symlink("/".join(["d"] * 2000)), "l/l": Symlink("/".join(["d"] * 2000)), "l/l/f": ""}
    with pytest.raises(LayerError, match="paths that are too long"):
        read_layer(tree)


def test_links_followed_without_end_are_a_layer_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "_MOST_STEPS", 1000)
    tree: dict[str, Content] = {f"l{number}": Symlink(f"l{number + 1}/x/..") for number in range(100)}
    tree |= {f"l0/{number}": "" for number in range(100)}
    with pytest.raises(LayerError, match="through its own links too often"):
        read_layer(tree)


def test_a_thousand_layers_are_laid_over_each_other() -> None:
    base = read_layer({f"{number}/db": "x 1" for number in range(1000)})
    one = read_layer({"new/file": "", "other/.wh.x": ""})
    overlay = stack(base, *[one] * 1000)
    assert len(shown(overlay)) == 1000
