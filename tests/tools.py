"""Tools that some tests need: skipped where they are missing, but not in CI."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MERMAID = Path(__file__).parent / "mermaid"
REQUIRED = os.environ.get("STAGEGRAPH_REQUIRE_TOOLS") == "1"
_CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--virtual-time-budget=20000",
)


def need(found: str | None, what: str) -> str:
    """``found``; without it the test skips, or fails where the tools are required."""
    if found:
        return found
    if REQUIRED:
        pytest.fail(f"{what} is missing, and STAGEGRAPH_REQUIRE_TOOLS is set")
    pytest.skip(f"needs {what}")


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    return need(next((path for name in names if (path := shutil.which(name))), None), "chromium")


def node_with_mermaid() -> str:
    node = need(shutil.which("node"), "node")
    need(
        str(MERMAID / "node_modules") if (MERMAID / "node_modules").is_dir() else None,
        "npm ci in tests/mermaid",
    )
    return node


def run_chromium(*args: str) -> str:
    """What a headless Chromium prints, with a profile of its own."""
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [chromium(), *_CHROMIUM_FLAGS, f"--user-data-dir={profile}", *args],
            capture_output=True,
            timeout=120,
            check=True,
        )
    return done.stdout.decode()


@contextmanager
def somebody_else(run: Callable[..., object]) -> Iterator[None]:
    """Root may read everything, so that a test of what may not be read runs as somebody else."""
    run("check", "samples")  # loads all that this Python could then not load
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
