"""Completion in the real shells: a line is typed at an interactive shell, then Tab; the line is read back."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT
from .tools import program

SHELLS = ("bash", "zsh", "fish")
_TIMEOUT = 20.0  # seconds
_SHOW = "\x07"  # Ctrl+G writes the line to the file
_CLEAR = "\x15"  # Ctrl+U
_START = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--private", "-i"],
}
_SETUP = {
    "bash": (
        "bind 'set bell-style none'; bind 'set enable-bracketed-paste off'",
        """bind -x '"\\C-g": printf "%s|" "$READLINE_LINE" > "$LINE_FILE"'""",
        'eval "$(stagegraph completion bash)"',
    ),
    "zsh": (
        "unsetopt beep; bindkey -e",
        'show() { print -rn -- "$BUFFER|" > "$LINE_FILE" }; zle -N show; bindkey "^G" show',
        'eval "$(stagegraph completion zsh)"',
    ),
    "fish": (
        "function fish_prompt; end; function fish_right_prompt; end",
        "bind \\cg 'printf \"%s|\" (commandline | string collect) > $LINE_FILE'",
        "bind \\cu 'commandline \"\"'",
        "stagegraph completion fish | source",
    ),
}
# A small tree: what is typed, and the line after Tab.
_LINES = {
    "commands": ("stagegraph rep", "stagegraph report "),
    "paths without a command": ("stagegraph docker/rel", "stagegraph docker/release.Dockerfile "),
    "formats": ("stagegraph render --format merm", "stagegraph render --format mermaid "),
    "formats behind an equals sign": (
        "stagegraph render --format=merm",
        "stagegraph render --format=mermaid ",
    ),
    "formats of -F": ("stagegraph report -F mark", "stagegraph report -F markdown "),
    "options": ("stagegraph render --crit", "stagegraph render --critical-path "),
    "the argument DOCKERFILE": (
        "stagegraph render docker/rel",
        "stagegraph render docker/release.Dockerfile ",
    ),
    "a path with a space": ("stagegraph report my", "stagegraph report my\\ files/"),
    "a path below the home directory": ("stagegraph render ~/hom", "stagegraph render ~/home.Dockerfile "),
    "--output": ("stagegraph render -o pict", "stagegraph render -o picture.svg "),
    "--output behind an equals sign": (
        "stagegraph render --output=pict",
        "stagegraph render --output=picture.svg ",
    ),
    "--file": ("stagegraph render -f docker/rel", "stagegraph render -f docker/release.Dockerfile "),
    "--record": ("stagegraph render --record rec", "stagegraph render --record record.jsonl "),
    "FILE of embed": ("stagegraph embed REA", "stagegraph embed README.md "),
    "PATHS of check": (
        "stagegraph check Dockerfile docker/rel",
        "stagegraph check Dockerfile docker/release.Dockerfile ",
    ),
    "stages of ./Dockerfile": ("stagegraph render --target bui", "stagegraph render --target build "),
    "stages behind an equals sign": ("stagegraph render --target=bui", "stagegraph render --target=build "),
    "stages of the argument": (
        "stagegraph render docker/release.Dockerfile --target pub",
        "stagegraph render docker/release.Dockerfile --target publish ",
    ),
    "stages of -f": (
        "stagegraph check -f docker/release.Dockerfile --target pub",
        "stagegraph check -f docker/release.Dockerfile --target publish ",
    ),
    "stages below the home directory": (
        "stagegraph render ~/home.Dockerfile --target hom",
        "stagegraph render ~/home.Dockerfile --target homely ",
    ),
    "stages without a command": (
        "stagegraph docker/release.Dockerfile --target pub",
        "stagegraph docker/release.Dockerfile --target publish ",
    ),
    "STAGE of explain": ("stagegraph explain bui", "stagegraph explain build "),
    "STAGE of explain with -f": (
        "stagegraph explain -f docker/release.Dockerfile pub",
        "stagegraph explain -f docker/release.Dockerfile publish ",
    ),
    "rules": ("stagegraph check --select dead", "stagegraph check --select dead-stage "),
    "a stage with a name that a shell runs": ("stagegraph explain -f evil.Dockerfile ", None),
    "a file that is not there": ("stagegraph explain -f nowhere bui", None),
    "a file with errors": (
        "stagegraph explain -f broken.Dockerfile bro",
        "stagegraph explain -f broken.Dockerfile broken ",
    ),
}


def _take_terminal() -> None:
    """Make standard input the terminal of a new session, as an interactive shell needs it."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class _Shell:
    """An interactive shell in a terminal, in the directory ``folder``."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str]) -> None:
        self._file = folder.parent / f"line-{name}"
        self._screen = b""
        self._primary, secondary = pty.openpty()
        self._process = subprocess.Popen(
            [program(name), *_START[name]],
            stdin=secondary,
            stdout=secondary,
            stderr=secondary,
            cwd=folder,
            env={**environment, "LINE_FILE": str(self._file)},
            preexec_fn=_take_terminal,
        )
        os.close(secondary)
        for command in _SETUP[name]:
            self._send(f"{command}\n")
        ready = folder.parent / f"ready-{name}"
        self._send(f"echo > {ready}\n")
        self._wait_for(ready)

    def completed(self, line: str) -> str:
        """The line that Tab makes of ``line``."""
        self._file.unlink(missing_ok=True)
        self._send(f"{line}\t{_SHOW}")
        self._wait_for(self._file)
        text = self._file.read_text("utf-8")
        self._send(_CLEAR)
        return text.removesuffix("|")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._primary)

    def _send(self, text: str) -> None:
        os.write(self._primary, text.encode())
        self._read(0.05)

    def _read(self, seconds: float) -> None:
        """Read what the shell prints, so that it can go on."""
        while select.select([self._primary], [], [], seconds)[0]:
            try:
                self._screen += os.read(self._primary, 65536)
            except OSError:  # Linux, when the shell has ended
                return

    def _wait_for(self, path: Path) -> None:
        limit = time.monotonic() + _TIMEOUT
        while not (path.exists() and path.stat().st_size):
            assert time.monotonic() < limit, self._screen[-2000:].decode("utf-8", "replace")
            self._read(0.05)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home directory with a file, and a PATH with ``stagegraph``."""
    home = tmp_path_factory.mktemp("home")
    (home / "home.Dockerfile").write_text("FROM a AS homely\nFROM b\n")
    tools = tmp_path_factory.mktemp("bin")
    (tools / "run.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom stagegraph.__main__ import run\nrun()\n"
    )
    (tools / "stagegraph").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{tools}/run.py" "$@"\n')
    (tools / "stagegraph").chmod(0o755)
    return {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": f"{tools}:{os.environ['PATH']}",
        "TERM": "xterm",
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "ZDOTDIR": str(home),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that somebody looks at; its program and modules must not run."""
    top = tmp_path_factory.mktemp("work") / "repository"
    for name in ("docker", "my files"):
        (top / name).mkdir(parents=True)
    (top / "Dockerfile").write_text("FROM a AS build\nRUN <<E\nFROM b AS building\nE\nFROM c\n")
    (top / "docker/release.Dockerfile").write_text("FROM a AS base\nFROM base AS \\\n  Publish\nFROM base\n")
    (top / "evil.Dockerfile").write_text("FROM a AS $(touch${IFS}ran)\nFROM b AS `touch${IFS}ran`\n")
    (top / "broken.Dockerfile").write_text("FROM a AS broken\nCOPPY\nRUN --x <<E\n")
    for name in ("picture.svg", "record.jsonl", "README.md"):
        (top / name).write_text("x\n")
    (top / "stagegraph").write_text("#!/bin/sh\ntouch ran\n")
    (top / "stagegraph").chmod(0o755)
    for module in ("click.py", "sitecustomize.py", "readline.py"):
        (top / module).write_text("open('ran', 'w')\n")
    return top


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, folder: Path, environment: dict[str, str]) -> Iterator[_Shell]:
    started = _Shell(request.param, folder, environment)
    yield started
    started.close()


@pytest.mark.parametrize(("line", "expected"), _LINES.values(), ids=_LINES.keys())
def test_a_line_is_completed(shell: _Shell, folder: Path, line: str, expected: str | None) -> None:
    assert shell.completed(line) == (line if expected is None else expected)
    assert not (folder / "ran").exists()
