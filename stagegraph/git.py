"""Runs git in a repository that is not trusted: its configuration runs no program and fetches nothing."""

from __future__ import annotations

import os
import subprocess
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from typing import IO

from stagegraph.errors import InputError


class MissingGitError(InputError):
    """Git is not installed; callers say what cannot be done without it."""


_TIMEOUT = 60  # seconds
_SLOW = "see whether git itself is slow here, for example with `git status`"
_CHUNK = 256 * 1024  # bytes
_MOST_OF_ERROR = 64 * 1024  # bytes
_SAFE_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "log.showSignature": "false",  # it runs gpg.program
    "log.follow": "false",
    "log.showRoot": "true",
    "protocol.allow": "never",
    "safe.bareRepository": "explicit",
}
_SAFE_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "",  # none, whatever the configuration allows
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


def _command(arguments: Sequence[str]) -> list[str]:
    settings = [word for name, value in _SAFE_CONFIG.items() for word in ("-c", f"{name}={value}")]
    return ["git", "--no-pager", *settings, *arguments]


def run(*arguments: str, stdin: str = "", folder: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run git; ``arguments`` hold no text of the user, which goes to ``stdin``.

    ``folder`` is where it runs. Raises MissingGitError, and InputError if git takes too long.
    """
    try:
        return subprocess.run(
            _command(arguments),
            env={**os.environ, **_SAFE_ENVIRONMENT},
            input=stdin.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
            cwd=folder or None,
        )
    except FileNotFoundError:
        raise MissingGitError("git is not installed", hint="install git") from None
    except subprocess.TimeoutExpired:
        raise InputError(f"git {arguments[0]} took more than {_TIMEOUT} seconds", hint=_SLOW) from None
    except OSError as error:
        raise InputError(f"git failed: {error.strerror}") from None


def fields(*arguments: str, folder: str = "") -> Iterator[bytes]:
    """The fields that git prints, each ended by NUL, as they come; InputError with its message if it fails.

    Git is stopped if the caller takes no more of them.
    """
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                _command(arguments),
                env={**os.environ, **_SAFE_ENVIRONMENT},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder or None,
            )
        except FileNotFoundError:
            raise MissingGitError("git is not installed", hint="install git") from None
        except OSError as error:
            raise InputError(f"git failed: {error}") from None
        with process:
            try:
                yield from _split(process)
            finally:
                if process.poll() is None:
                    process.kill()
        if process.returncode:
            errors.seek(0)
            message = _first_line(errors.read(_MOST_OF_ERROR))
            raise InputError(f"git {arguments[0]} failed: {message}")


def _split(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    assert process.stdout is not None
    rest = b""
    while chunk := process.stdout.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest
    process.wait()


class ObjectReader:
    """Reads git objects one after the other with one process, which ends with this object."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, identity: str, length: int) -> bytes | None:
        """The first ``length`` bytes of the object ``identity``; None if the repository does not have it."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{identity}\n".encode())
            process.stdin.flush()
            words = process.stdout.readline().split()
            if len(words) != 3:
                return None
            return _start_of(process.stdout, int(words[2]), length)
        except OSError as error:
            raise InputError(f"git failed: {error}") from None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            try:
                self._process = subprocess.Popen(
                    _command(("cat-file", "--batch")),
                    env={**os.environ, **_SAFE_ENVIRONMENT},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    cwd=self._folder,
                )
            except OSError as error:
                raise InputError(f"git failed: {error}") from None
            weakref.finalize(self, _stop, self._process)
        return self._process


def _start_of(stream: IO[bytes], size: int, length: int) -> bytes:
    """The first ``length`` of the next ``size`` bytes; these and the newline after them are read."""
    data = stream.read(min(size, length))
    left = size - len(data) + 1
    while left > 0 and (chunk := stream.read(min(left, _CHUNK))):
        left -= len(chunk)
    return data


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def output(*arguments: str, stdin: str = "", folder: str = "") -> bytes:
    """What git prints; InputError with its message if it fails."""
    done = run(*arguments, stdin=stdin, folder=folder)
    if done.returncode:
        raise InputError(f"git {arguments[0]} failed: {error_of(done)}")
    return done.stdout


def error_of(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first line of the error message of git."""
    return _first_line(done.stderr)


def _first_line(errors: bytes) -> str:
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    lines = [line for line in lines if not line.startswith("warning: ")] or lines
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
