"""Text archives of small repositories with everything that ``check`` says of them.

An archive has cases, each after a line ``== NAME``; a case has files, each after a line ``-- PATH --``. The
last one, ``-- check --``, is the output of ``stagegraph check`` in that repository, and its exit code.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_CASE = re.compile(r"^== (.+)\n", re.MULTILINE)
_FILE = re.compile(r"^-- (\S+) --\n", re.MULTILINE)
_OUTPUT = "check"


class Case(NamedTuple):
    """A repository: its name, its files by path, and the expected output."""

    name: str
    files: dict[str, str]
    output: str

    def write(self, folder: Path) -> None:
        """Write the files, and a directory .git, to ``folder``."""
        (folder / ".git").mkdir()
        for path, text in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)


def cases(archive: Path) -> list[Case]:
    """The cases of an archive, in order."""
    _, *parts = _CASE.split(archive.read_text("utf-8"))
    return [_case(name, text) for name, text in zip(parts[::2], parts[1::2], strict=True)]


def _case(name: str, text: str) -> Case:
    _, *parts = _FILE.split(text)
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    return Case(name, files, files.pop(_OUTPUT, "").rstrip("\n") + "\n")


def refresh(archive: Path, name: str, output: str) -> None:
    """Replace the expected output of a case."""
    text = archive.read_text("utf-8")
    start = text.index(f"== {name}\n")
    following = _CASE.search(text, start + 1)
    end = following.start() if following else len(text)
    blank = "\n" if following else ""
    before = text[start:end].partition(f"-- {_OUTPUT} --\n")[0]
    archive.write_text(f"{text[:start]}{before}-- {_OUTPUT} --\n{output}{blank}{text[end:]}", "utf-8")
