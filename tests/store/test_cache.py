"""The cache of layer facts: what it keeps, what it drops, and that nothing of it can fail or fool a scan."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from ospo.store.cache import FactsCache


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "cache.db"


def opened(
    path: Path, warnings: list[str], limit: int = 1 << 30, clock: Callable[[], float] = lambda: 0
) -> FactsCache:
    return FactsCache(path, limit=limit, warn=warnings.append, clock=clock)


def test_gives_back_what_was_put(path: Path, warnings: list[str]) -> None:
    cache = opened(path, warnings)
    assert cache.get("sha256:a", "f1") is None
    cache.put("sha256:a", "f1", b"facts")
    cache.put("sha256:b", "f1", b"")
    cache.close()
    again = opened(path, warnings)
    assert (again.get("sha256:a", "f1"), again.get("sha256:b", "f1")) == (b"facts", b"")
    assert again.get("sha256:a", "f2") is None
    again.put("sha256:a", "f1", b"other")
    assert again.get("sha256:a", "f1") == b"other"
    again.close()
    assert again.get("sha256:a", "f1") is None
    again.put("sha256:a", "f1", b"ignored")
    assert warnings == []


def test_folder_and_files_are_private(path: Path, warnings: list[str]) -> None:
    old = os.umask(0)
    try:
        cache = opened(path, warnings)
        cache.put("sha256:a", "f1", b"facts")
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {
            "cache.db": 0o600,
            "cache.db-wal": 0o600,
            "cache.db-shm": 0o600,
        }
        cache.close()
    finally:
        os.umask(old)


@pytest.mark.parametrize("name", ["", "cache.db", "cache.db-wal"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_refuses_what_others_may_write(path: Path, warnings: list[str], name: str, mode: int) -> None:
    cache = opened(path, warnings)
    cache.put("sha256:a", "f1", b"facts")
    shared = path.parent / name
    shared.chmod(shared.stat().st_mode | mode)
    assert opened(path, warnings).get("sha256:a", "f1") is None
    assert "others may write to" in warnings[0]
    assert str(shared) in warnings[0]
    cache.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("name", ["", "cache.db"])
def test_refuses_what_belongs_to_another_user(path: Path, warnings: list[str], name: str) -> None:
    opened(path, warnings).close()
    os.chown(path.parent / name, 12345, -1)
    assert opened(path, warnings).get("sha256:a", "f1") is None
    assert "belongs to another user" in warnings[0]


def test_refuses_a_symbolic_link(path: Path, warnings: list[str], tmp_path: Path) -> None:
    opened(tmp_path / "elsewhere" / "cache.db", warnings).close()
    path.parent.mkdir(mode=0o700)
    path.symlink_to(tmp_path / "elsewhere" / "cache.db")
    opened(path, warnings).put("sha256:a", "f1", b"facts")
    assert "is a symbolic link" in warnings[0]


@pytest.mark.parametrize("content", [b"no database\n" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_file_starts_again_empty(path: Path, warnings: list[str], content: bytes) -> None:
    opened(path, warnings).close()
    path.write_bytes(content)
    cache = opened(path, warnings)
    assert len(warnings) == 1
    assert "is damaged and starts again empty" in warnings[0]
    cache.put("sha256:a", "f1", b"facts")
    assert cache.get("sha256:a", "f1") == b"facts"
    cache.close()


def test_a_file_of_another_version_starts_again_empty(path: Path, warnings: list[str]) -> None:
    cache = opened(path, warnings)
    cache.put("sha256:a", "f1", b"facts")
    cache.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    cache = opened(path, warnings)
    assert cache.get("sha256:a", "f1") is None
    assert "it has version 9" in warnings[0]
    cache.close()


def test_a_changed_entry_is_not_believed(path: Path, warnings: list[str]) -> None:
    cache = opened(path, warnings)
    cache.put("sha256:a", "f1", b"facts that say MIT")
    cache.close()
    path.write_bytes(path.read_bytes().replace(b"say MIT", b"say GPL"))
    cache = opened(path, warnings)
    assert cache.get("sha256:a", "f1") is None
    assert "checksum of sha256:a is wrong" in warnings[0]
    cache.close()


def test_an_entry_under_another_name_is_not_believed(path: Path, warnings: list[str]) -> None:
    cache = opened(path, warnings)
    cache.put("sha256:a", "f1", b"facts")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE layer_facts SET blob_digest = 'sha256:b'")
    connection.commit()
    connection.close()
    assert cache.get("sha256:b", "f1") is None
    assert len(warnings) == 1
    cache.close()


def test_damage_anywhere_never_raises(path: Path, warnings: list[str]) -> None:
    cache = opened(path, warnings)
    for number in range(20):
        cache.put(f"sha256:{number}", "f1", bytes([number]) * 5000)
    cache.close()
    whole = path.read_bytes()
    for offset in range(0, len(whole), 2999):
        path.write_bytes(whole[:offset] + bytes([whole[offset] ^ 0x55]) * 40 + whole[offset + 40 :])
        cache = opened(path, warnings)
        for number in range(20):
            assert cache.get(f"sha256:{number}", "f1") in (None, bytes([number]) * 5000)
        cache.put("sha256:new", "f1", b"facts")
        cache.close()


def test_a_locked_cache_is_done_without(
    path: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ospo.store.cache._BUSY_SECONDS", 0.01)
    holder = opened(path, warnings)
    holder.put("sha256:a", "f1", b"facts")
    connection = sqlite3.connect(path)
    connection.execute("BEGIN IMMEDIATE")
    cache = opened(path, warnings)
    assert cache.get("sha256:a", "f1") == b"facts"
    cache.put("sha256:b", "f1", b"facts")
    cache.put("sha256:c", "f1", b"facts")
    assert len(warnings) == 1
    assert "is not used: database is locked" in warnings[0]
    connection.close()
    cache.close()
    holder.close()


def test_a_place_that_cannot_be_is_done_without(tmp_path: Path, warnings: list[str]) -> None:
    (tmp_path / "file").touch()
    cache = opened(tmp_path / "file" / "cache.db", warnings)
    cache.put("sha256:a", "f1", b"facts")
    assert cache.get("sha256:a", "f1") is None
    assert warnings == [f"the cache {tmp_path}/file/cache.db is not used: file exists"]


def test_what_was_not_used_for_longest_goes_first(path: Path, warnings: list[str]) -> None:
    now = [0.0]
    cache = opened(path, warnings, limit=1_000_000, clock=lambda: now[0])
    for number in range(8):
        now[0] += 10_000
        cache.put(f"sha256:{number}", "f1", os.urandom(100_000))
    assert cache.get("sha256:0", "f1") is not None
    for number in range(8, 11):
        cache.put(f"sha256:{number}", "f1", os.urandom(100_000))
    assert [number for number in range(11) if cache.get(f"sha256:{number}", "f1") is None] == [1, 2]
    cache.close()


def test_entries_of_other_versions_go_first(path: Path, warnings: list[str]) -> None:
    cache = opened(path, warnings, limit=1_000_000)
    for number in range(4):
        cache.put(f"sha256:{number}", "new", os.urandom(100_000))
    for number in range(4):
        cache.put(f"sha256:{number}", "old", os.urandom(100_000))
    for number in range(4, 7):
        cache.put(f"sha256:{number}", "new", os.urandom(100_000))
    assert all(cache.get(f"sha256:{number}", "new") for number in range(7))
    assert cache.get("sha256:0", "old") is None
    cache.close()


def test_the_file_stays_within_its_limit(path: Path, warnings: list[str]) -> None:
    cache = opened(path, warnings, limit=1_000_000)
    for number in range(60):
        cache.put(f"sha256:{number}", "f1", os.urandom(50_000))
    cache.put("sha256:huge", "f1", os.urandom(2_000_000))
    assert cache.get("sha256:huge", "f1") is None
    assert cache.get("sha256:59", "f1") is not None
    cache.close()
    assert path.stat().st_size < 1_100_000
    assert warnings == []


def test_threads_share_a_cache(path: Path, warnings: list[str]) -> None:
    cache = opened(path, warnings)

    def use(who: int) -> None:
        for number in range(50):
            cache.put(f"sha256:{number}", "f1", b"%d" % number * 1000)
            assert cache.get(f"sha256:{(number + who) % 50}", "f1") in (
                None,
                b"%d" % ((number + who) % 50) * 1000,
            )

    threads = [Thread(target=use, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(cache.get(f"sha256:{number}", "f1") for number in range(50))
    cache.close()
    assert warnings == []


def test_processes_share_a_cache(path: Path) -> None:
    program = """
import sys
from pathlib import Path
from ospo.store.cache import FactsCache
def fail(message): raise SystemExit(message)
cache = FactsCache(Path(sys.argv[1]), warn=fail)
for number in range(100):
    if cache.get(f"sha256:{number}", "f1") not in (None, b"%d" % number):
        fail("wrong")
    cache.put(f"sha256:{number}", "f1", b"%d" % number)
cache.close()
"""
    processes = [subprocess.Popen([sys.executable, "-c", program, str(path)]) for _ in range(3)]
    for process in processes:
        with process:
            assert process.wait(timeout=60) == 0
