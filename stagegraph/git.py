"""Runs git in a repository that is not trusted: its configuration runs no program and fetches nothing."""

from __future__ import annotations

import os
import subprocess

from stagegraph.errors import InputError


class MissingGitError(InputError):
    """Git is not installed; callers say what cannot be done without it."""


_TIMEOUT = 60  # seconds
_SAFE_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
}
_SAFE_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",  # none, whatever the configuration allows
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


def run(*arguments: str, stdin: str = "", folder: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run git; ``arguments`` hold no text of the user, which goes to ``stdin``.

    ``folder`` is where it runs. Raises MissingGitError, and InputError if git takes too long.
    """
    settings = [word for name, value in _SAFE_CONFIG.items() for word in ("-c", f"{name}={value}")]
    try:
        return subprocess.run(
            ["git", "--no-pager", *settings, *arguments],
            env={**os.environ, **_SAFE_ENVIRONMENT},
            input=stdin.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
            cwd=folder or None,
        )
    except FileNotFoundError:
        raise MissingGitError("git is not installed", hint="install git") from None
    except (subprocess.TimeoutExpired, OSError) as error:
        raise InputError(f"git failed: {error}") from None


def output(*arguments: str, stdin: str = "", folder: str = "") -> bytes:
    """What git prints; InputError with its message if it fails."""
    done = run(*arguments, stdin=stdin, folder=folder)
    if done.returncode:
        raise InputError(f"git {arguments[0]} failed: {error_of(done)}")
    return done.stdout


def error_of(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of the error message of git."""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else "git gave no reason"


def object_named(name: str, folder: str = "") -> tuple[str, str, int]:
    """Type, object id and size of the git object ``name``; empty if there is none.

    The name is sent on standard input, so that git cannot take it for an option.
    """
    if "\n" in name or "\0" in name:
        return "", "", 0
    done = run("cat-file", "--batch-check", "--follow-symlinks", stdin=f"{name}\n", folder=folder)
    words = done.stdout.decode("utf-8", "replace").split()
    if len(words) != 3 or words[1] not in ("blob", "tree", "commit", "tag") or not words[2].isdigit():
        return "", "", 0
    return words[1], words[0], int(words[2])
