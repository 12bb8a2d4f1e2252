"""Programs that often come without a package: what their files are called, and where their version stands.

Frozen values only. A clue is a text as the program's own source or build writes it, in which `{}` stands
for the version, a NUL for one NUL or several, and `*` for up to 96 bytes of anything. Such texts are found
with `strings PROGRAM`; a bare number between NULs is taken only where its first digits are known.

The names of vendors and products are those of the CPE dictionary, https://nvd.nist.gov/products/cpe.
"""

import re
from dataclasses import dataclass

NUMBER = rb"\d{1,4}(?:\.\d{1,5}){1,3}(?:-?(?:alpha|beta|rc|RC|dev|preview|nightly)[.\d]{0,8})?"
_WILD = {b"{}": b"(%s)", b"\0": rb"\x00{1,16}", b"*": rb"[\s\S]{0,96}?"}
_TOKEN = re.compile(rb"(\{\}|\x00|\*)")


@dataclass(frozen=True, slots=True)
class Clue:
    """A text that tells the version."""

    anchor: bytes
    """A part of it that is always the same, to be looked for first."""
    pattern: re.Pattern[bytes]
    """The whole of it, the version as its first group; it stays within 160 bytes of the anchor."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program or library."""

    name: str
    """The name of the component; several programs of one source have the same."""
    patterns: tuple[str, ...]
    """Where its files lie, as for extractors. Files that link to these need none."""
    cpe: str
    """Vendor and product."""
    clues: tuple[Clue, ...] = ()
    """The first that fits counts."""
    named: re.Pattern[str] | None = None
    """Finds the first numbers of the version in the file's name, for what has it only as a bare number."""


def clue(template: bytes, number: bytes = NUMBER, anchor: bytes = b"") -> Clue:
    """Make a clue of a template; without an anchor its longest literal part is one."""
    parts = _TOKEN.split(template)
    pattern = b"".join(
        _WILD[part] % number if part == b"{}" else _WILD.get(part, re.escape(part)) for part in parts
    )
    return Clue(anchor or max((part for part in parts if part not in _WILD), key=len), re.compile(pattern))


def bare(first: str) -> Clue:
    """Make a clue of a version between NULs, of which the first numbers are known.

    Linkers let a string be the end of a longer one: a build path such as `/tmp/Python-3.13.0`.
    """
    known = re.escape(first.encode())
    pattern = rb"(?:\x00|/[A-Z][a-z]{1,20}-)(%s\.\d{1,3}[0-9a-z+]{0,8})\x00" % known
    return Clue(first.encode() + b".", re.compile(pattern))


# 7.2.4 and what `uname -n` (a container's short id, a build host, nothing) and `date +%s%N` printed.
_REDIS = Clue(
    b"000000000\0",
    re.compile(rb"(\d{1,2}\.\d{1,2}\.\d{1,2}?)(?:[0-9a-f]{12}-|[a-z][a-z0-9-]{0,62}-|)1\d{9}0{9}\x00"),
)
_MONGO = rb"\d{1,2}\.\d\.\d{1,2}"
_ONE_PART = rb"\d{1,2}(?:\.\d{1,2}){0,2}(?:alpha\d|beta\d|rc\d)?"
_OPENSSL = rb"\d\.\d\.\d{1,2}(?:[a-z]{1,2}|-(?:alpha|beta|rc)\d{1,2})?"

PROGRAMS = (
    Program(
        "python",
        ("**/bin/python[23]*", "**/libpython*.so.1.0"),
        "python:python",
        named=re.compile(r"python([23]\.\d{1,2})"),
    ),
    Program(
        "node", ("**/node", "**/nodejs"), "nodejs:node.js", (clue(b"node.js/v{}"), clue(b"\0node v{}\0"))
    ),
    Program("deno", ("**/deno",), "deno:deno", (clue(b"Deno/{}"),)),
    Program("busybox", ("**/busybox", "**/busybox.static"), "busybox:busybox", (clue(b"BusyBox v{}"),)),
    Program("bash", ("**/bash",), "gnu:bash", (clue(b"@(#)Bash version {}("),)),
    Program("git", ("**/git",), "git-scm:git", (clue(b"git/{}\0"),)),
    Program("curl", ("**/curl",), "haxx:curl", (clue(b"curl/{}"),)),
    Program("curl", ("**/libcurl*.so.4.*.0",), "haxx:curl", (clue(b"libcurl/{}"),)),
    Program(
        "openssl",
        (
            "**/openssl",
            "**/libcrypto.so.3",
            "**/libcrypto.so.1.1",
            "**/libcrypto.so.1.0.0",
            "**/libcrypto.so.1.0.2",
            # As wheels bring it along.
            "**/libcrypto-*.so.3",
            "**/libcrypto-*.so.1.1",
        ),
        "openssl:openssl",
        (clue(b"OpenSSL {} * 20", _OPENSSL, b"OpenSSL "),),
    ),
    Program(
        "sqlite",
        ("**/sqlite3", "**/libsqlite3*.so.0.8.6"),
        "sqlite:sqlite",
        (clue(b"\0{}\0", rb"3\.\d{1,2}\.\d{1,2}", b"\x003."),),
    ),
    Program("nginx", ("**/nginx",), "f5:nginx", (clue(b"nginx version: nginx/{}"),)),
    Program(
        "openresty",
        ("**/nginx", "**/openresty"),
        "openresty:openresty",
        (clue(b"nginx version: openresty/{}"),),
    ),
    Program("httpd", ("**/httpd", "**/apache2"), "apache:http_server", (clue(b"Apache/{} ("),)),
    Program("lighttpd", ("**/lighttpd",), "lighttpd:lighttpd", (clue(b"lighttpd/{}"),)),
    Program(
        "haproxy",
        ("**/haproxy",),
        "haproxy:haproxy",
        (clue(b" version {}*, released 20"), clue(b"HA-Proxy version {}")),
    ),
    Program("varnish", ("**/varnishd",), "varnish-software:varnish_cache", (clue(b"varnish-{} revision"),)),
    Program("squid", ("**/squid",), "squid-cache:squid", (clue(b"\0squid/{}\0"),)),
    Program("redis", ("**/redis-server",), "redis:redis", (clue(b"Redis version {}"), _REDIS)),
    Program("valkey", ("**/valkey-server",), "lfprojects:valkey", (_REDIS,)),
    Program("memcached", ("**/memcached",), "memcached:memcached", (clue(b"memcached {}"),)),
    Program(
        "postgresql",
        ("**/postgres",),
        "postgresql:postgresql",
        (clue(b"PostgreSQL {} *compiled by", _ONE_PART, b"PostgreSQL "),),
    ),
    Program(
        "mariadb",
        ("**/mariadbd", "**/mariadb", "**/mysqld", "**/mysql"),
        "mariadb:mariadb",
        (clue(b"\0{}-MariaDB"),),
    ),
    Program("mysql", ("**/mysqld", "**/mysql"), "oracle:mysql", (clue(b"/mysql-{}/"),)),
    Program(
        "mongodb",
        ("**/mongod",),
        "mongodb:mongodb",
        tuple(clue(b"{}\0" + word, _MONGO) for word in (b"tcmalloc", b"heap_size", b"cppdefines")),
    ),
    Program("bind", ("**/named",), "isc:bind", (clue(b"\0BIND {}"),)),
    Program("unbound", ("**/unbound",), "nlnetlabs:unbound", (clue(b"unbound {}"),)),
    Program(
        "consul", ("**/consul",), "hashicorp:consul", (clue(b"CONSUL_VERSION: {}"), clue(b'GitDescribe={}"'))
    ),
    Program(
        "perl",
        ("**/perl",),
        "perl:perl",
        (clue(b"/perl5/{}/", rb"5\.\d{1,2}\.\d{1,2}"), clue(b"\0v{}\0", rb"5\.\d{1,2}\.\d{1,2}", b"\0v5.")),
    ),
    Program(
        "php",
        ("**/php", "**/bin/php[5-9]*", "**/php-fpm", "**/php-cgi", "**/libphp.so", "**/libphp[57].so"),
        "php:php",
        (clue(b"X-Powered-By: PHP/{}"),),
    ),
    Program("ruby", ("**/ruby", "**/lib/libruby*.so.*"), "ruby-lang:ruby", (clue(b"ruby {}* (2"),)),
    Program("lua", ("**/lua", "**/bin/lua5.*"), "lua:lua", (clue(b"Lua {}  Copyright"),)),
    Program(
        "erlang",
        ("**/beam.smp", "**/erlexec"),
        "erlang:erlang\\/otp",
        (clue(b"/otp_src_{}/erts/"), clue(b"/otp-{}/erts/")),
    ),
    Program("go", ("**/bin/go",), "golang:go", (clue(b"\xff Go buildinf:*go{}"),)),
    Program("rust", ("**/bin/rustc",), "rust-lang:rust", (clue(b"rustc version {} ("),)),
)
