"""Settings: what wins, where each comes from, what is refused, and whose file does not count."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospo.config import SETTINGS, Settings, load, unknown_variables
from ospo.config.files import find_lines
from ospo.config.values import Given, Origin, OriginKind, read_size, show_size
from ospo.errors import UsageError
from ospo.limits import GiB, Limits, MiB
from ospo.model import Severity
from ospo.registry_settings import RegistrySettings

REGISTRY = """
[registry."registry.example:5000"]
ca_file = "certificates/ca.pem"
mirrors = ["mirror.example/docker", "[::1]:5000"]
username_env = "REGISTRY_USER"
password_env = "OSPO_REGISTRY_PASSWORD"

[registry.localhost]
insecure = true
token_hosts = ["auth.example"]
"""


def load_file(folder: Path, text: str, name: str = "ospo.toml", **environ: str) -> Settings:
    """Write a configuration file and load it by its name."""
    (folder / name).write_text(text, "utf-8")
    return load(folder / name, folder=folder, environ={"HOME": "/home/somebody"} | environ)


def find_file(folder: Path, text: str, home: Path = Path("/home/somebody")) -> Settings:
    """Write a configuration file, and load what is found."""
    (folder / "ospo.toml").write_text(text, "utf-8")
    return load_here(folder, home=home)


def load_here(folder: Path, scanned: Path | None = None, home: Path = Path("/home/somebody")) -> Settings:
    return load(folder=folder, scanned=scanned, environ={"HOME": str(home)})


def test_defaults_need_no_file(tmp_path: Path) -> None:
    settings = load(folder=tmp_path, environ={"HOME": "/home/a", "XDG_CACHE_HOME": "/caches"})
    assert settings.database == Path("/home/a/.local/share/ospo/ospo.db")
    assert settings.cache_dir == Path("/caches/ospo")
    assert (settings.limits, settings.registry) == (Limits(), RegistrySettings())
    assert settings.scan.fail_on is None
    assert {str(settings.origin(key)) for key in SETTINGS} == {"default"}


def test_a_file_sets_what_it_names_and_each_value_knows_its_line(tmp_path: Path) -> None:
    text = "offline = true\n\n[scan] # how\nfail_on = 'high'\n[limits]\nlayer_size = \"64GiB\"\nlayers = 20\n"
    settings = load_file(tmp_path, text)
    assert settings.offline
    assert settings.registry.offline
    assert settings.scan.fail_on is Severity.HIGH
    assert settings.limits == Limits(layer_size=64 * GiB, layers=20)
    assert settings.origins == {
        "offline": Origin(OriginKind.FILE, f"{tmp_path}/ospo.toml:1"),
        "scan.fail_on": Origin(OriginKind.FILE, f"{tmp_path}/ospo.toml:4"),
        "limits.layer_size": Origin(OriginKind.FILE, f"{tmp_path}/ospo.toml:6"),
        "limits.layers": Origin(OriginKind.FILE, f"{tmp_path}/ospo.toml:7"),
    }


def test_environment_beats_file_and_typed_option_beats_both(tmp_path: Path) -> None:
    text = "database = 'file.db'\n[scan]\nfail_on = 'low'\nstrict = true\nworkers = 2\n"
    (tmp_path / "ospo.toml").write_text(text)
    settings = load(
        Path("ospo.toml"),
        options={"scan.fail_on": "high", "scan.strict": None, "database": "typed.db"},
        folder=tmp_path,
        environ={
            "OSPO_FAIL_ON": "medium",
            "OSPO_STRICT": "No",
            "OSPO_DB": "/environment.db",
            "OSPO_WORKERS": "",
        },
    )
    assert (settings.scan.fail_on, str(settings.origin("scan.fail_on"))) == (Severity.HIGH, "--fail-on")
    assert (settings.scan.strict, str(settings.origin("scan.strict"))) == (False, "OSPO_STRICT")
    assert (settings.database, str(settings.origin("database"))) == (tmp_path / "typed.db", "--db")
    assert (settings.scan.workers, settings.origin("scan.workers").kind) == (2, OriginKind.FILE)


def test_a_threshold_of_a_file_can_be_taken_back(tmp_path: Path) -> None:
    assert load_file(tmp_path, "scan.fail_on = 'low'", OSPO_FAIL_ON="none").scan.fail_on is None


@pytest.mark.parametrize(("key", "setting"), SETTINGS.items())
def test_every_setting_has_a_variable(key: str, setting: object, tmp_path: Path) -> None:
    texts = {"scan.fail_on": "info", "database": "/x", "cache_dir": "/x"}
    text = texts.get(key, "1")
    settings = load(folder=tmp_path, environ={SETTINGS[key].variable: text})
    assert settings.origin(key) == Origin(OriginKind.ENVIRONMENT, SETTINGS[key].variable)
    assert len(settings.origins) == 1


def test_rules_and_waivers_are_none_unless_named(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "ospo-waivers.yaml").touch()
    settings = load_here(tmp_path)
    assert (settings.rules, settings.waivers) == ((), None)


def test_rules_are_one_path_or_several(tmp_path: Path) -> None:
    assert load_file(tmp_path, "rules = 'a'").rules == (tmp_path / "a",)
    several = load_file(tmp_path, "rules = ['a', '/b', '~/c']\nwaivers = 'w.yaml'\n")
    assert several.rules == (tmp_path / "a", Path("/b"), Path("~/c").expanduser())
    assert several.waivers == tmp_path / "w.yaml"
    assert load_file(tmp_path, "rules = []").rules == ()


def test_rules_of_the_environment_are_separated_as_in_path(tmp_path: Path) -> None:
    settings = load_file(
        tmp_path, "rules = 'file'\nwaivers = 'file.yaml'\n", OSPO_RULES="a:/b::", OSPO_WAIVERS="w.yaml"
    )
    assert settings.rules == (tmp_path / "a", Path("/b"))
    assert settings.waivers == tmp_path / "w.yaml"
    assert str(settings.origin("rules")) == "OSPO_RULES"
    assert load_file(tmp_path, "rules = 'file'", OSPO_RULES="").rules == (tmp_path / "file",)


def test_rules_that_are_typed_win(tmp_path: Path) -> None:
    environ = {"HOME": "/", "OSPO_RULES": "a", "OSPO_WAIVERS": "a.yaml"}
    typed = {"rules": ("b:c", "d"), "waivers": "e.yaml"}
    settings = load(options=typed, folder=tmp_path, environ=environ)
    assert settings.rules == (tmp_path / "b:c", tmp_path / "d")
    assert settings.waivers == tmp_path / "e.yaml"
    untyped = load(options={"rules": None, "waivers": None}, folder=tmp_path, environ=environ)
    assert (untyped.rules, untyped.waivers) == ((tmp_path / "a",), tmp_path / "a.yaml")


@pytest.mark.parametrize("key", ["rules", "waivers"])
def test_a_path_that_is_none_is_refused_wherever_it_stands(key: str, tmp_path: Path) -> None:
    for environ, options in (({SETTINGS[key].variable: "a\0"}, {}), ({}, {key: ""})):
        with pytest.raises(UsageError, match="expected a path"):
            load(options=options, folder=tmp_path, environ={"HOME": "/"} | environ)


def test_rules_and_waivers_of_a_named_file_or_of_ones_own_count(tmp_path: Path) -> None:
    text = "rules = ['own']\nwaivers = 'own.yaml'\n"
    assert load_file(tmp_path, text).rules == (tmp_path / "own",)
    assert find_file(tmp_path, text, home=tmp_path).waivers == tmp_path / "own.yaml"


def test_relative_paths_start_at_the_file_or_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "ospo.toml").write_text("database = 'a.db'\ncache_dir = '/cache'\n")
    environ = {"HOME": str(tmp_path)}
    assert load(folder=tmp_path / "below", environ=environ).database == tmp_path / "a.db"
    assert load(folder=tmp_path / "below", environ=environ).cache_dir == Path("/cache")
    settings = load(folder=tmp_path / "below", environ=environ | {"OSPO_DB": "b.db"})
    assert settings.database == tmp_path / "below" / "b.db"


def test_registries(tmp_path: Path) -> None:
    settings = load_file(tmp_path, REGISTRY)
    assert settings.registry == RegistrySettings(
        mirrors={"registry.example:5000": ("mirror.example/docker", "[::1]:5000")},
        ca_files={"registry.example:5000": str(tmp_path / "certificates" / "ca.pem")},
        insecure=frozenset({"localhost"}),
        credentials={"registry.example:5000": ("REGISTRY_USER", "OSPO_REGISTRY_PASSWORD")},
        token_hosts={"localhost": ("auth.example",)},
    )
    assert str(settings.origin('registry."registry.example:5000".mirrors')) == f"{tmp_path}/ospo.toml:4"
    assert str(settings.origin("registry.localhost.insecure")) == f"{tmp_path}/ospo.toml:9"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[scan]\nfail_onn = 'high'", ":2: scan.fail_onn: unknown key", "did you mean scan.fail_on?"),
        ("[scan]\nfail-on = 'high'", ':2: scan."fail-on": unknown key', "did you mean scan.fail_on?"),
        ("fail_on = 'high'", ":1: fail_on: unknown key", "did you mean scan.fail_on?"),
        ("[scna]\nstrict = true", ":1: scna: unknown key", "did you mean scan?"),
        ("[scan]\nzzz = 1", ":2: scan.zzz: unknown key", "[scan] may hold scan.allow_incomplete, "),
        ("[scan]\nfail_on = 'hihg'", ":2: scan.fail_on: expected critical, high,", ""),
        ("[scan]\nstrict = 'true'", ":2: scan.strict: expected true or false, got 'true'", ""),
        ("[scan]\nworkers = true", ":2: scan.workers: expected a whole number above 0, got true", ""),
        ("[scan]\nworkers = 1.5", ":2: scan.workers: expected a whole number above 0, got 1.5", ""),
        ("[scan]\nworkers = 0", "got 0", ""),
        ("[limits]\nlayers = '1KiB'", ":2: limits.layers: expected a whole number above 0, got '1KiB'", ""),
        ("[limits]\nlayer_size = '1GB'", ':2: limits.layer_size: expected a number of bytes above 0', ""),
        ("limits = {layer_size = -1}", ":1: limits.layer_size: expected a number of bytes", ""),
        pytest.param(f"limits.layers = 0x{'f' * 5000}", "got a number of more than 64 bits", "", id="huge"),
        ("scan = []", ":1: scan: expected a table, got a list", ""),
        ("database = {}", ":1: database: expected a path, got a table", ""),
        ("database = ''", ":1: database: expected a path, got ''", ""),
        ("database = '~nobody-of-this-name/x'", ":1: database: expected a path", "there is no such user"),
        ("rules = ''", ":1: rules: expected a path, got ''", ""),
        ("rules = [1]", ":1: rules: expected a path or a list of paths, got a list", ""),
        ("rules = ['a', '']", ":1: rules: expected a path, got ''", ""),
        ("rules = {a = 'b'}", ":1: rules: expected a path or a list of paths, got a table", ""),
        ("rules = true", ":1: rules: expected a path or a list of paths, got true", ""),
        ('rules = ["a\\u0000"]', ":1: rules: expected a path", ""),
        ("waivers = ['a']", ":1: waivers: expected a path, got a list", ""),
        ("rule = 'a'", ":1: rule: unknown key", "did you mean rules?"),
        ("waiver = 'a'", ":1: waiver: unknown key", "did you mean waivers?"),
        ("registry = 1", ":1: registry: expected a table, got 1", ""),
        ("[registry.a]\ninsecured = true", ":2: registry.a.insecured: unknown key", "did you mean insecure?"),
        ("[registry.a.example]\ninsecure = true", ":1: registry.a.example: expected a host", "quotes"),
        ("[registry.'https://a.example']\n", "expected a host in lower case", "registry.example:5000"),
        ("[registry.A]\n", ":1: registry.A: expected a host in lower case", ""),
        ("[registry.a]\nusername_env = 'A'", ":1: registry.a: username_env and password_env belong", ""),
        ("[registry.a]\nmirrors = 'b'", ':2: registry.a.mirrors: expected a list such as ["mirror', ""),
        ("database = 1\ndatabase = 2\n", "not TOML: cannot overwrite a value (at line 2", ""),
        pytest.param(f"x = {'[' * 10_000}", "nested too deeply", "", id="deep"),
        pytest.param("#" * ((1 << 20) + 1), "more than 1048576 bytes are no configuration", "", id="large"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(text: str, message: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_file(tmp_path, text)
    assert caught.value.message.startswith(f"{tmp_path}/ospo.toml:")
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "password = 'hunter2'",
        "[registry.a]\npassword = 'hunter2'",
        "[registry.a]\nauth = 'hunter2'",
        "[scan]\napi_key = 'hunter2'",
        "[registry.a]\npassword_env = 'hunter2!'",
        "[registry.a]\nmirrors = ['me:hunter2@mirror.example']",
        "[registry.'me:hunter2@registry.example']\ninsecure = true",
        "[registry.a.'me:hunter2@registry.example']\ninsecure = true",
        "registry.'me:hunter2@registry.example' = true",
        "pasword = 'hunter2'",
    ],
)
def test_a_secret_in_a_file_is_refused_and_not_shown(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_file(tmp_path, text)
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_a_password_is_answered_with_the_way_to_give_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="secrets are not kept in configuration files") as caught:
        load_file(tmp_path, "[registry.a]\npassword = 'hunter2'")
    assert "docker login" in caught.value.hint


def test_wrong_variables_and_options_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^OSPO_STRICT: expected true or false, got 'perhaps'$"):
        load(folder=tmp_path, environ={"OSPO_STRICT": "perhaps"})
    with pytest.raises(UsageError, match=r"^OSPO_WORKERS: expected a whole number above 0, got '٣'$"):
        load(folder=tmp_path, environ={"OSPO_WORKERS": "٣"})
    with pytest.raises(UsageError, match=r"^--workers: expected a whole number"):
        load(options={"scan.workers": 0}, folder=tmp_path, environ={})


def test_the_nearest_file_counts_alone(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "ospo.toml").write_text("offline = true\n[scan]\nstrict = true\n")
    assert load_here(below).scan.strict
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.ospo.scan]\nworkers = 3\n")
    settings = load_here(below)
    assert (settings.scan.workers, settings.scan.strict, settings.offline) == (3, False, False)
    assert str(settings.origin("scan.workers")) == f"{tmp_path}/a/pyproject.toml:2"
    (tmp_path / "a" / ".ospo.toml").write_text("scan.workers = 1")
    assert load_here(below).scan.workers == 1
    (tmp_path / "a" / "ospo.toml").write_text("scan.workers = 2")
    assert load_here(below).scan.workers == 2


@pytest.mark.parametrize(
    "text", ["[project]\nname = 'ospo'\n", "[tool.other]\nospo = 1\n", "not TOML at all", ""]
)
def test_a_pyproject_without_our_table_is_passed_over(text: str, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").write_text(text)
    (tmp_path / "ospo.toml").write_text("offline = true")
    assert load_here(tmp_path / "project").offline


def test_errors_in_our_table_of_a_pyproject_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"pyproject.toml:4: scan.strict: expected true or false, got 1$"):
        load_file(tmp_path, "[project]\nname = 'x'\n[tool.ospo.scan]\nstrict = 1\n", "pyproject.toml")
    with pytest.raises(UsageError, match=r"pyproject.toml: ospo: expected a table"):
        load_file(tmp_path, "[tool]\nospo = 1\n", "pyproject.toml")


@pytest.mark.parametrize("end", ["repository", "home"])
def test_the_search_ends_with_the_repository_or_the_home_folder(end: str, tmp_path: Path) -> None:
    below = tmp_path / "top" / "below"
    below.mkdir(parents=True)
    if end == "repository":
        (tmp_path / "top" / ".git").mkdir()
    home = tmp_path / "top" if end == "home" else Path("/home/somebody")
    (tmp_path / "ospo.toml").write_text("offline = true")
    assert not load_here(below, home=home).offline
    (tmp_path / "top" / "ospo.toml").write_text("offline = true")
    assert load_here(below, home=home).offline


@pytest.mark.parametrize("how", ["option", "variable"])
def test_a_named_file_is_read_instead_of_all_others(how: str, tmp_path: Path) -> None:
    (tmp_path / "ospo.toml").write_text("broken")
    (tmp_path / "named.toml").write_text("offline = true")
    if how == "option":
        settings = load(Path("named.toml"), folder=tmp_path, environ={"OSPO_CONFIG": "missing.toml"})
    else:
        settings = load(folder=tmp_path, environ={"OSPO_CONFIG": "named.toml"})
    assert settings.offline
    assert [one.path for one in settings.considered] == [tmp_path / "named.toml"]


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing.toml: cannot read the configuration: no such file"):
        load(Path("missing.toml"), folder=tmp_path, environ={})
    with pytest.raises(UsageError, match="cannot read the configuration: is a directory"):
        load(tmp_path, folder=tmp_path, environ={})
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n")
    with pytest.raises(UsageError, match=r"pyproject.toml: has no table \[tool.ospo\]"):
        load(Path("pyproject.toml"), folder=tmp_path, environ={})


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ospo.toml").write_bytes(b"# \xff\n")
    with pytest.raises(UsageError, match=r"ospo.toml: not UTF-8 \(byte 2\)$"):
        load_here(tmp_path)


def test_a_pipe_or_dangling_link_of_that_name_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ospo.toml")
    (tmp_path / ".ospo.toml").symlink_to("nowhere")
    assert load_here(tmp_path).origins == {}


def hostile(tree: Path) -> Path:
    """Make a tree that brings its own configuration, and all that could end the search."""
    (tree / "inner" / ".git").mkdir(parents=True)
    (tree / "inner" / "ospo.toml").write_text("offline = true")
    (tree / "inner" / "pyproject.toml").write_text("not TOML, ospo")
    tree.chmod(tree.stat().st_mode | stat.S_ISVTX | stat.S_IWOTH)
    return tree


def test_a_file_in_the_scanned_tree_is_ignored_with_a_note(tmp_path: Path) -> None:
    tree = hostile(tmp_path / "tree")
    (tmp_path / "ospo.toml").write_text("scan.strict = true")
    assert load_here(tree / "inner").offline
    settings = load_here(tree / "inner", scanned=tree)
    assert not settings.offline
    assert settings.scan.strict
    why = "is ignored: it lies in the scanned tree; name it by --config to use it"
    assert settings.notes == (
        f"{tree}/inner/ospo.toml {why}",
        f"{tree}/inner/pyproject.toml {why}",
    )


def test_a_file_in_the_scanned_tree_counts_when_it_is_named(tmp_path: Path) -> None:
    tree = hostile(tmp_path / "tree")
    settings = load(Path("inner/ospo.toml"), scanned=tree, folder=tree, environ={"HOME": "/"})
    assert settings.offline
    assert settings.notes == ()


def test_links_lead_neither_around_nor_out_of_the_scanned_tree(tmp_path: Path) -> None:
    tree = hostile(tmp_path / "tree")
    (tmp_path / "link").symlink_to(tree)
    assert not load_here(tmp_path / "link" / "inner", scanned=tree).offline
    assert not load_here(tree / "inner", scanned=tmp_path / "link").offline
    (tmp_path / "ospo.toml").symlink_to(tree / "inner" / "ospo.toml")
    settings = load_here(tmp_path, scanned=tree)
    assert not settings.offline
    assert len(settings.notes) == 1


def test_a_loop_of_links_can_be_named_as_scanned(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "ospo.toml").write_text("offline = true")
    assert load_here(tmp_path, scanned=tmp_path / "loop").offline


def test_a_current_folder_that_was_deleted_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UsageError, match="the current folder does not exist any more"):
        load(environ={})


def test_a_folder_of_everybody_gives_no_configuration(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "mine").mkdir(parents=True)
    shared.chmod(0o1777)
    (shared / "ospo.toml").write_text("offline = true")
    (tmp_path / "ospo.toml").write_text("offline = true")
    settings = load_here(shared / "mine")
    assert not settings.offline
    assert "everybody may write" in settings.notes[0]


@pytest.mark.parametrize(
    "section",
    [
        '[registry."docker.io"]\nmirrors = ["mirror.example"]',
        '[registry."mirror.example"]\npassword_env = "CI_SECRET"\nusername_env = "CI_USER"',
        '[registry."mirror.example"]\nusername_env = "CI_USER"\npassword_env = "CI_SECRET"',
        '[registry."docker.io"]\ntoken_hosts = ["mirror.example"]',
        '[registry."docker.io"]\ninsecure = true',
        '[registry."docker.io"]\nca_file = "ca.pem"',
        '[registry]\n"docker.io".insecure = true',
    ],
)
def test_a_found_file_sends_no_secret_and_names_no_server(section: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find_file(tmp_path, section)
    key = section.splitlines()[1].partition(" ")[0].rpartition(".")[2]
    assert caught.value.message.startswith(f'{tmp_path}/ospo.toml:2: registry."')
    assert caught.value.message.endswith(f".{key}: not allowed in a file that was only found")
    assert caught.value.hint == "name the file with --config or OSPO_CONFIG to allow it"
    assert load(Path("ospo.toml"), folder=tmp_path, environ={"HOME": "/"}).origins


@pytest.mark.parametrize(
    ("setting", "refused"),
    [
        ("cache_dir = 'planted'", "cache_dir: not allowed"),
        ("rules = 'planted'", "rules: not allowed"),
        ("rules = ['planted']", "rules: not allowed"),
        ("rules = []", "rules: not allowed"),
        ("waivers = 'planted.yaml'", "waivers: not allowed"),
        ("scan.allow_incomplete = true", "scan.allow_incomplete: true is not allowed"),
        ("limits.file_size = '1KiB'", "limits.file_size: less than the default is not allowed"),
        ("database = 'planted.db'", "database: not allowed"),
        ("limits.layers = 999", "limits.layers: less than the default is not allowed"),
    ],
)
def test_a_found_file_does_not_loosen_the_gate(setting: str, refused: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find_file(tmp_path, setting)
    assert caught.value.message == f"{tmp_path}/ospo.toml:1: {refused} in a file that was only found"
    assert load(Path("ospo.toml"), folder=tmp_path, environ={"HOME": "/"}).origins


def test_a_found_pyproject_is_judged_as_every_found_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ospo]\nscan.allow_incomplete = true\n")
    with pytest.raises(UsageError, match=r"pyproject\.toml:2: scan\.allow_incomplete: true is not allowed"):
        load_here(tmp_path)


def test_a_found_file_sets_what_sends_nothing_and_loosens_nothing(tmp_path: Path) -> None:
    text = "offline = true\n[scan]\nfail_on = 'low'\nstrict = true\nworkers = 1\n"
    settings = find_file(tmp_path, text + "allow_incomplete = false\n[limits]\nfile_size = '2GiB'\n")
    assert len(settings.origins) == 6


def test_the_file_in_the_home_folder_is_the_users_own(tmp_path: Path) -> None:
    below = tmp_path / "project"
    below.mkdir()
    assert find_file(tmp_path, REGISTRY, home=tmp_path).registry.mirrors
    assert load_here(below, home=tmp_path).registry.mirrors
    (below / "theirs.toml").write_text(REGISTRY)
    (tmp_path / "ospo.toml").unlink()
    (tmp_path / "ospo.toml").symlink_to(below / "theirs.toml")
    with pytest.raises(UsageError, match="only found"):
        load_here(tmp_path, home=tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_else_in_the_home_folder_is_only_found(tmp_path: Path) -> None:
    (tmp_path / "ospo.toml").write_text(REGISTRY)
    os.chown(tmp_path / "ospo.toml", 12345, -1)
    with pytest.raises(UsageError, match="only found"):
        load_here(tmp_path, home=tmp_path)


def test_no_home_folder_is_an_error_only_where_one_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody(monkeypatch)
    with pytest.raises(UsageError, match="HOME is not set") as caught:
        load(folder=tmp_path, environ={})
    assert caught.value.hint == "set HOME, or OSPO_DB and OSPO_CACHE_DIR"
    settings = load(folder=tmp_path, environ={"OSPO_DB": "a.db", "OSPO_CACHE_DIR": "/cache"})
    assert (settings.database, settings.cache_dir) == (tmp_path / "a.db", Path("/cache"))


def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process one whose user the system does not know, as containers with any uid have it."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)


def test_unknown_variables_are_told_without_their_values(tmp_path: Path) -> None:
    environ = {"OSPO_FIAL_ON": "hunter2", "OSPO_TEAM": "x", "OSPO_CONFIG": "", "OSPO_REGISTRY_PASSWORD": "y"}
    (tmp_path / "ospo.toml").write_text(REGISTRY)
    settings = load(Path("ospo.toml"), folder=tmp_path, environ=environ)
    assert unknown_variables(environ, settings) == (
        "OSPO_FIAL_ON is not a variable of ospo; did you mean OSPO_FAIL_ON?",
        "OSPO_TEAM is not a variable of ospo",
    )


@given(st.integers(1, (1 << 63) - 1))
def test_sizes_are_read_as_they_are_shown(size: int) -> None:
    shown = Given("limits.layer_size", show_size(size), Origin(), Path())
    assert read_size(shown) == size


def test_sizes_are_shown_in_the_largest_unit_without_rest() -> None:
    assert [show_size(size) for size in (1, 1536, 64 * MiB, 3 * GiB)] == ["1B", "1536B", "64MiB", "3GiB"]


PIECES = [*REGISTRY.splitlines(), "[scan]", "strict = true", "[limits]", "layers = '''", "'''", "[[", "="]
LINES = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=12)


@given(LINES)
def test_damaged_files_end_in_nothing_but_a_usage_error(lines: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ospo.toml"
        file.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
        try:
            settings = load(file, environ={"HOME": "/"})
        except UsageError as error:
            assert str(file) in error.message
        else:
            assert all(origin.where.startswith(str(file)) for origin in settings.origins.values())


def test_lines_of_keys_in_all_ways_to_write_them() -> None:
    text = 'a = 1\nb . "c d" = 2\n[ e."f.g" ] # x\nh=3\n[[list]]\nx = "[no]"\n'
    assert find_lines(text) == {
        ("a",): 1,
        ("b", "c d"): 2,
        ("e", "f.g"): 3,
        ("e", "f.g", "h"): 4,
        ("e", "f.g", "x"): 6,
    }
