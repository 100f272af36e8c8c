"""Everything that ``check`` says of whole repositories.

Below ``repositories``, ``faults.txt`` has faults that people met. Each other archive has a repository in the
shape of one that many people know, with a few mistakes in it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .archives import Case, cases, refresh

ARCHIVES = sorted((Path(__file__).parent / "repositories").glob("*.txt"))
CASES = [(archive, case) for archive in ARCHIVES for case in cases(archive)]
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


def test_every_case_has_its_own_name() -> None:
    names = [case.name for _, case in CASES]
    assert len(set(names)) == len(names) > 40


@pytest.mark.parametrize(("archive", "case"), CASES, ids=[case.name for _, case in CASES])
def test_check_of_a_repository(
    archive: Path, case: Case, in_process: Run, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    case.write(tmp_path)
    verbose = ("--verbose",) if archive.stem == "faults" else ()
    done = in_process("check", *verbose, cwd=tmp_path)
    assert done.stderr == b""
    shown = f"{done.stdout.decode()}exit code {done.returncode}\n"
    if request.config.getoption("--refresh"):
        refresh(archive, case.name, shown)
    assert shown == case.output or request.config.getoption("--refresh"), (
        "run pytest --refresh if it is intended"
    )
