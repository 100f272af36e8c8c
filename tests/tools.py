"""Finds the tools that some tests need, on PATH only; without them these tests are skipped."""

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


def need(path: str | None, tool: str) -> str:
    """Return ``path``; skip the test if it is None, or fail it with STAGEGRAPH_REQUIRE_TOOLS=1."""
    if path:
        return path
    if REQUIRED:
        pytest.fail(f"{tool} is missing, and STAGEGRAPH_REQUIRE_TOOLS is set")
    pytest.skip(needs(tool))


def needs(tool: str) -> str:
    """The reason to skip a test without ``tool``."""
    return f"needs {tool}"


def program(name: str) -> str:
    """The path of the program ``name``."""
    return need(shutil.which(name), "Graphviz" if name == "dot" else name)


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    return need(next((path for name in names if (path := shutil.which(name))), None), "chromium")


def node_with_mermaid() -> str:
    node = program("node")
    need(
        str(MERMAID / "node_modules") if (MERMAID / "node_modules").is_dir() else None,
        "npm ci in tests/mermaid",
    )
    return node


def run_chromium(*args: str) -> str:
    """Run a headless Chromium with a new profile and return its standard output."""
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
    """Run as another user if this one is root, who can read every file."""
    run("check", "samples")  # imports the modules that the other user may not be able to read
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
