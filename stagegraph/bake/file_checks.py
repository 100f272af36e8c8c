"""The files and agents that bake wants to be there even to print a target (docker/buildx build/utils.go)."""

from __future__ import annotations

from collections.abc import Mapping

from stagegraph.bake.files import Files
from stagegraph.bake.model import Bake, Target
from stagegraph.errors import BakeError
from stagegraph.source import Span


def check_files_of(bake: Bake, reader: Files, environment: Mapping[str, str]) -> None:
    """Raises BakeError where a secret's file, or the SSH agent, is missing."""
    for target in bake.targets:
        for secret in target.secret:
            path = secret.get("src")
            if path and not reader.has(reader.path(path)):
                message = f"the file {path} of the secret {secret.get('id', '')} does not exist"
                raise _error(target, reader, message)
        if any(not ssh.get("paths") for ssh in target.ssh) and not environment.get("SSH_AUTH_SOCK"):
            raise _error(target, reader, "the SSH agent is not running: SSH_AUTH_SOCK is not set")


def _error(target: Target, reader: Files, message: str) -> BakeError:
    source = reader.read(target.file) if target.line else None
    span = Span(target.line, target.line) if target.line else None
    return BakeError(f"target {target.name}: {message}", source=source, span=span)
