"""What all tests share: refreshing golden files, and a short way to a report."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .browser import Pages
    from .mermaid_parser import Drawer

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh", action="store_true", help="write golden files anew instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, bytes], None]:
    """Compare bytes with a golden file, or write it with --refresh."""

    def check(path: Path, made: bytes) -> None:
        if request.config.getoption("--refresh"):
            path.write_bytes(made)
        assert path.is_file(), f"{path} is missing: run pytest --refresh"
        assert path.read_bytes() == made, f"{path} differs: look at it, then run pytest --refresh"

    return check


@pytest.fixture
def stagegraph() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the command as a user does, in a process of its own."""

    def run(
        *args: str, stdin: bytes = b"", cwd: Path = ROOT, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "stagegraph", *args],
            input=stdin,
            capture_output=True,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def in_process(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the command in this process, in the folder ``cwd``: thirty times as fast."""

    def run(*args: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
        from stagegraph.cli import main

        monkeypatch.chdir(cwd)
        capsysbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(args))
        said = capsysbinary.readouterr()
        code = ended.value.code if isinstance(ended.value.code, int) else 1
        return subprocess.CompletedProcess(args, code, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    from .browser import started

    with started() as found:
        yield found


@pytest.fixture(scope="session")
def drawer(browser: Browser) -> Drawer:
    """Draws Mermaid diagrams."""
    from .mermaid_parser import Drawer

    return Drawer(browser)


@pytest.fixture(scope="session")
def pages(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Opens pages in that Chromium."""
    from .browser import Pages

    return Pages(browser, tmp_path_factory.mktemp("pages"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can read, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
