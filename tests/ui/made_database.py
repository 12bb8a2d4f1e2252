"""A small database made by the real writer, and the app run on it without a terminal."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from ospo.model import (
    Artifact,
    ArtifactKind,
    Component,
    Finding,
    Layer,
    Location,
    Platform,
    RawLicense,
    ScanResult,
    Severity,
    Target,
    TargetKind,
)
from ospo.policy.load import load_rules
from ospo.store import database, writer
from ospo.store.codec import encode_time
from ospo.ui.app import OspoApp
from ospo.ui.screens.findings import FindingsScreen

NOW = "2026-11-26T10:00:00Z"
WIDE = (140, 30)
NARROW = (80, 24)
APPROVER = "ana@example.org"
GOLDEN = Path(__file__).parent / "golden"

Test = Callable[[FindingsScreen, Pilot[None]], Awaitable[None]]


def finding(
    number: int, severity: Severity, rule: str, subject: str, message: str = "is what the rule is about"
) -> Finding:
    """Return a finding in the target `registry.example/app`; its fingerprint is its number."""
    return Finding(
        f"{number:016x}",
        rule,
        severity,
        "registry.example/app",
        subject,
        message,
        "replace it, or waive it",
        target_name="registry.example/app:1",
    )


FINDINGS = (
    finding(1, Severity.CRITICAL, "denied-license", "pkg:npm/mongo@4.2.0"),
    finding(2, Severity.HIGH, "denied-license", "pkg:pypi/first@1.0"),
    finding(3, Severity.MEDIUM, "unknown-license", "pkg:pypi/second@2.0"),
    finding(4, Severity.LOW, "unknown-license", "pkg:deb/debian/third@3-1?arch=amd64"),
    finding(5, Severity.INFO, "incomplete-scan", "image", "a layer could not be read"),
)


def scan(at: str = "2026-11-23T09:00:00Z", digest: str = "1", *components: Component) -> ScanResult:
    """Return the scan of an image of two layers, with the component of the first finding."""
    mongo = Component(
        type="npm",
        name="mongo",
        version="4.2.0",
        licenses=(RawLicense("AGPL-3.0-only", "license"),),
        found_by="node-modules",
        locations=(Location("app/node_modules/mongo/package.json", 1),),
    )
    layers = (
        Layer(0, "sha256:" + "a" * 64, "application/vnd.oci.image.layer.v1.tar", 1, created_by="FROM debian"),
        Layer(1, "sha256:" + "b" * 64, "application/vnd.oci.image.layer.v1.tar", 1, created_by="RUN npm ci"),
    )
    return ScanResult(
        target=Target("registry.example/app:1", TargetKind.IMAGE, "registry.example/app"),
        artifact=Artifact(
            ArtifactKind.IMAGE, f"sha256:{digest.rjust(64, '0')}", Platform("linux", "amd64"), layers=layers
        ),
        components=tuple(sorted((mongo, *components), key=lambda one: one.key)),
        dependencies=(),
        problems=(),
        distro=None,
        scanned_at=at,
        facts_version="f",
    )


def make(path: Path, findings: Sequence[Finding] = FINDINGS, result: ScanResult | None = None) -> Path:
    """Store a scan with findings; what an earlier call has stored stays."""
    connection = database.connect(path)
    try:
        writer.save(connection, result or scan(), findings, load_rules(()).rules)
    finally:
        connection.close()
    return path


def many(count: int) -> list[Finding]:
    """Return so many findings of one severity, sorted as they are shown."""
    first = FINDINGS[2]
    return [
        replace(first, fingerprint=f"{100_000 + index:016x}", subject=f"pkg:npm/p{index:06}@1")
        for index in range(count)
    ]


def app_of(path: Path, clock: Callable[[], int] | None = None) -> OspoApp:
    """Return the app with a clock that stands still."""
    app = OspoApp(path, approver=APPROVER, clock=clock or (lambda: encode_time(NOW)))
    app.animation_level = "none"
    return app


def drive(path: Path, test: Test, size: tuple[int, int] = WIDE) -> OspoApp:
    """Run the app, let a test press keys, and return the app as it ended."""
    app = app_of(path)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            screen = app.screen
            assert isinstance(screen, FindingsScreen)
            await test(screen, pilot)

    asyncio.run(run())
    return app


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until workers have ended, and what follows from their messages has, too."""
    for _ in range(3):
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, and wait for what they do."""
    await pilot.press(*keys)
    await settle(pilot)


def keys_of(text: str) -> list[str]:
    """Return the keys that type a text."""
    return list(text)


def shown(screen: FindingsScreen) -> list[str]:
    """Return the subjects that are listed, in their order."""
    rows = (screen.table.rows[index] for index in range(len(screen.table.rows.ids)))
    return [row.subject if row else "" for row in rows]


def lines(app: App[None]) -> list[str]:
    """Return the text of the screen."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


def text_of(app: App[None]) -> str:
    """Return the text of the screen in one."""
    return "\n".join(lines(app))


def messages(app: App[None]) -> list[str]:
    """Return the notifications that were shown."""
    return [note.message for note in app._notifications]


def compare(name: str, svg: str) -> None:
    """Compare a picture of the screen with the one in `golden`."""
    file = GOLDEN / name
    if os.environ.get("OSPO_WRITE_EXPECTED"):
        file.write_text(svg, "utf-8")
    assert file.read_text("utf-8") == svg, f"look at it, then rewrite {name} by OSPO_WRITE_EXPECTED=1"
