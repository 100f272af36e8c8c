"""Completion with Tab, in the shells that people have."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .tools import program

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
SHELLS = ("bash", "zsh", "fish")
DOCKERFILE = "FROM golang AS builder\nFROM builder AS build-test\nFROM alpine AS final\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a Dockerfile, other files, and a ``stagegraph`` command."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    command = bin_folder / "stagegraph"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stagegraph "$@"\n')
    command.chmod(0o755)
    work = tmp_path / "work"
    (work / "service one").mkdir(parents=True)
    (work / "Dockerfile").write_text(DOCKERFILE)
    (work / "other.dockerfile").write_text("FROM alpine AS elsewhere\n")
    (work / "record.dockerbuild").write_text("")
    return work


def completed(shell: str, line: str, folder: Path) -> set[str]:
    """What ``shell`` offers for ``line`` after Tab."""
    path = program(shell)
    if shell == "fish":
        script = f"stagegraph completion fish | source; complete -C {line!r}"
        words = [one.split("\t")[0] for one in _run([path, "-N", "-c", script], folder).splitlines()]
        return set(words)
    if shell == "bash":
        return _in_bash(path, line, folder)
    return _in_zsh(path, line, folder)


def _in_bash(path: str, line: str, folder: Path) -> set[str]:
    """Bash calls the function of the command, then completes file names if that asked for it."""
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    script = f"""
        eval "$(stagegraph completion bash)"
        compopt() {{ [ "$2" = default ] && files=1; [ "$2" = dirnames ] && files=1; return 0; }}
        COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}
        _stagegraph_completion stagegraph "${{COMP_WORDS[COMP_CWORD]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
        if [ -n "$files" ]; then compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"; fi
    """
    return set(_run([path, "--norc", "-c", script], folder).splitlines()) - {""}


def _in_zsh(path: str, line: str, folder: Path) -> set[str]:
    """Zsh completes only in a terminal: type the line, press Tab twice, and read the list."""
    import pty

    script = folder.parent / "zshrc"
    script.write_text(
        "autoload -Uz compinit; compinit -u -D; PS1='> '; unsetopt beep menu_complete\n"
        "zstyle ':completion:*' list-prompt ''; LISTMAX=1000\n"
        'eval "$(stagegraph completion zsh)"\n'
        "done-with-list() { zle list-choices; print -r -- END; }\n"
    )
    leader, follower = pty.openpty()
    environment = {**os.environ, **_environment(folder), "ZDOTDIR": str(folder.parent), "TERM": "dumb"}
    (folder.parent / ".zshrc").write_text(script.read_text())
    shell = subprocess.Popen(
        [path, "-i"], stdin=follower, stdout=follower, stderr=follower, cwd=folder, env=environment
    )
    os.close(follower)
    try:
        _until(leader, r"> ")
        os.write(leader, f"{line}\t\t".encode())
        text = _quiet(leader)
    finally:
        shell.kill()
        shell.wait()
        os.close(leader)
    return set(re.findall(r"[\w./ -]*[\w./-]", re.sub(r"\x1b\[[0-9;?]*\w|\x07", "", text)))


def _until(leader: int, pattern: str) -> str:
    text = ""
    while not re.search(pattern, text):
        text += os.read(leader, 4096).decode("utf-8", "replace")
    return text


def _quiet(leader: int) -> str:
    """What the terminal shows until nothing new comes for two seconds."""
    import select

    text = ""
    while select.select([leader], [], [], 2.0)[0]:
        text += os.read(leader, 4096).decode("utf-8", "replace")
    return text


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}", "HOME": str(folder.parent)}


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **_environment(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("stagegraph render oth", "other.dockerfile"),
        ("stagegraph render -o rec", "record.dockerbuild"),
        ("stagegraph timings rec", "record.dockerbuild"),
        ("stagegraph oth", "other.dockerfile"),
        ("stagegraph rend", "render"),
        ("stagegraph render --targ", "--target"),
        ("stagegraph explain fin", "final"),
        ("stagegraph render --format merm", "mermaid"),
        ("stagegraph render -f oth", "other.dockerfile"),
    ],
)
def test_a_word_is_completed(shell: str, line: str, expected: str, folder: Path) -> None:
    assert any(one.split(" ")[-1] == expected for one in completed(shell, line, folder))


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_the_stages_of_the_dockerfile_are_offered(shell: str, folder: Path) -> None:
    assert completed(shell, "stagegraph render --target buil", folder) == {"builder", "build-test"}
    line = "stagegraph report -f other.dockerfile --target "
    assert completed(shell, line, folder) == {"elsewhere"}


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_a_dockerfile_that_cannot_be_read_completes_nothing(shell: str, folder: Path) -> None:
    (folder / "Dockerfile").write_bytes(b"\0FROM")
    assert completed(shell, "stagegraph render --target b", folder) == set()


def test_the_script_is_printed_without_running_anything(stagegraph: Run) -> None:
    for shell in SHELLS:
        done = stagegraph("completion", shell, env={"PATH": ""})
        assert done.returncode == 0
        assert b"_STAGEGRAPH_COMPLETE" in done.stdout
