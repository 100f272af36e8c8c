"""Everything that ``check`` says of whole repositories, in the shape of those that many people know.

Each file below ``repositories`` is one of them: its files, and last, after ``-- check --``, the output.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "repositories"
ARCHIVES = sorted(FOLDER.glob("*.txt"))
_OUTPUT = "check"


def unpacked(archive: Path) -> dict[str, str]:
    """The text of every file of an archive, by path."""
    files: dict[str, str] = {}
    path = ""
    for line in archive.read_text("utf-8").splitlines(keepends=True):
        if line.startswith("-- ") and line.endswith(" --\n"):
            path = line[3:-4]
            files[path] = ""
        elif path:
            files[path] += line
    return files


def test_ten_repositories_and_more() -> None:
    assert len(ARCHIVES) >= 10


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.stem)
def test_check_of_a_whole_repository(
    archive: Path,
    tmp_path: Path,
    in_process: Callable[..., subprocess.CompletedProcess[bytes]],
    request: pytest.FixtureRequest,
) -> None:
    files = unpacked(archive)
    expected = files.pop(_OUTPUT, "")
    (tmp_path / ".git").mkdir()
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    shown = in_process("check", cwd=tmp_path).stdout.decode()
    if request.config.getoption("--refresh"):
        before = archive.read_text("utf-8").partition(f"-- {_OUTPUT} --\n")[0]
        archive.write_text(f"{before}-- {_OUTPUT} --\n{shown}", "utf-8")
    else:
        assert shown == expected, "if the change is intended, run pytest --refresh"
