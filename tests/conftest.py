"""What all tests share: options, Hypothesis profiles, golden files, running the command, and the browser."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from . import tools

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .browser import Pages
    from .mermaid_parser import Drawer

ROOT = Path(__file__).parent.parent

settings.register_profile(
    "default",
    max_examples=20,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
        HealthCheck.filter_too_much,
    ],
)
settings.register_profile(
    "ci", settings.get_profile("default"), max_examples=200, derandomize=True, print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh", action="store_true", help="write golden files instead of comparing")
    parser.addoption(
        "--missing-tools",
        metavar="TOOLS",
        help="fail every skipped test but those of these missing tools: chromium,Graphviz,node,…",
    )


def pytest_configure(config: pytest.Config) -> None:
    if tools.REQUIRED and config.getoption("--missing-tools") is None:
        config.option.missing_tools = ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    expected: str | None = item.config.getoption("--missing-tools")
    if report.skipped and expected is not None and not hasattr(report, "wasxfail"):
        reason = _reason(report)
        if reason not in [tools.needs(tool) for tool in expected.split(",")]:
            report.outcome = "failed"
            report.longrepr = f"skipped, which --missing-tools={expected} does not allow: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show how many tests each missing tool skips."""
    reasons = Counter(_reason(report) for report in terminalreporter.getreports("skipped"))
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"skipped {count} {'test' if count == 1 else 'tests'}: {reason}")


def _reason(report: pytest.TestReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, bytes], None]:
    """Compare bytes with a golden file, or write it with --refresh."""

    def check(path: Path, made: bytes) -> None:
        if request.config.getoption("--refresh"):
            path.write_bytes(made)
        assert path.is_file(), f"{path} is missing: run pytest --refresh"
        assert path.read_bytes() == made, f"{path} differs: if the change is intended, run pytest --refresh"

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
    """Run the command in this process, in the directory ``cwd``: 30 times as fast as in its own."""

    def run(*args: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
        from stagegraph.cli import main

        monkeypatch.chdir(cwd)
        capsysbinary.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main(list(args))
        output = capsysbinary.readouterr()
        code = exit_.value.code if isinstance(exit_.value.code, int) else 1
        return subprocess.CompletedProcess(args, code, output.out, output.err)

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    from .browser import started

    with started() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def drawer(browser: Browser) -> Drawer:
    """Draws Mermaid diagrams."""
    from .mermaid_parser import Drawer

    return Drawer(browser)


@pytest.fixture(scope="session")
def pages(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Opens HTML pages in the shared Chromium."""
    from .browser import Pages

    return Pages(browser, tmp_path_factory.mktemp("pages"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A directory that every user can read, unlike ``tmp_path``."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
