"""Finds and reads the Dockerfiles of bake targets, each once."""

from __future__ import annotations

import os
from collections.abc import Iterable

from stagegraph.bake.files import DISK, FileSystem
from stagegraph.bake.model import Target
from stagegraph.bake.target_checks import is_remote
from stagegraph.dockerfile.file import Dockerfile, check_frontend, read_dockerfile
from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import BakeError, DockerfileError, InputError, StagegraphError
from stagegraph.source import Source, Span

_DEFAULT = "Dockerfile"


class Dockerfiles:
    """The Dockerfiles of targets whose paths are relative to ``directory``."""

    def __init__(self, directory: str, system: FileSystem = DISK) -> None:
        self.directory = directory
        self._system = system
        self._read: dict[str, Dockerfile] = {}

    def name(self, target: Target) -> str:
        """The path of the Dockerfile of ``target``, or where its text is; empty for one that is remote."""
        if target.dockerfile_inline is not None:
            return f"{self._definition(target)} ({target.name})"
        if is_remote(target.context) or is_remote(target.dockerfile):
            return ""
        path = os.path.normpath(os.path.join(self.directory, target.context, target.dockerfile))
        lower = os.path.join(os.path.dirname(path), _DEFAULT.lower())
        # BuildKit reads dockerfile if there is no Dockerfile (frontend/dockerui/config.go)
        exists = self._system.is_file
        is_lower = os.path.basename(path) == _DEFAULT and not exists(path) and exists(lower)
        return lower if is_lower else path

    def read(self, target: Target) -> Dockerfile:
        """The Dockerfile of ``target``. Raises BakeError if it is not there, DockerfileError."""
        name = self.name(target)
        if name not in self._read:
            try:
                source = self._source(target, name)
                check_frontend(source)
                self._read[name] = read_dockerfile(source)
            except (DockerfileError, InputError) as error:
                raise self.about(target, error) from None
        return self._read[name]

    def _source(self, target: Target, name: str) -> Source:
        if target.dockerfile_inline is not None:
            return Source(name=name, text=target.dockerfile_inline)
        if not self._system.is_file(name):
            raise self._missing(target, name)
        return self._text(name)

    def _text(self, name: str) -> Source:
        try:
            return source_from_bytes(self._system.read(name, MAX_BYTES + 1), name)
        except (OSError, ValueError) as error:
            raise InputError(f"{name}: {getattr(error, 'strerror', None) or error}") from None

    def _missing(self, target: Target, name: str) -> BakeError:
        message = f"target {target.name}: there is no Dockerfile {name}"
        hint = "set context and dockerfile of the target; both are relative to the folder that bake runs in"
        attribute = "dockerfile" if "dockerfile" in target.places else "context"
        source, span = self._place(target, attribute)
        return BakeError(message, source=source, span=span, hint=hint)

    def about(self, target: Target, error: StagegraphError, attribute: str = "") -> StagegraphError:
        """``error`` of the Dockerfile of ``target`` with its name, at ``attribute`` if it has no line."""
        if error.span:
            message = f"target {target.name}: {error.message}"
            return type(error)(message, source=error.source, span=error.span, hint=error.hint)
        file = f"{error.source.name}: " if error.source else ""
        source, span = self._place(target, attribute)
        message = f"target {target.name}: {file}{error.message}"
        return type(error)(message, source=source, span=span, hint=error.hint)

    def _place(self, target: Target, attribute: str) -> tuple[Source | None, Span | None]:
        """The file and the lines of ``attribute``, or else of ``target``; None if the file cannot be read."""
        line = Span(target.line, target.line) if target.line else None
        file, span = target.places.get(attribute, (target.file, line))
        try:
            source = self._text(self._joined(file)) if span else None
        except (DockerfileError, InputError):
            source = None
        return source, span if source else None

    def _definition(self, target: Target) -> str:
        return self._joined(target.file)

    def _joined(self, file: str) -> str:
        return os.path.normpath(os.path.join(self.directory, file))


def directory_of_builds(targets: Iterable[Target], directory: str, system: FileSystem = DISK) -> str:
    """The directory that the paths of ``targets`` are relative to: that of their file, or the current one.

    ``docker buildx bake -f DIR/FILE`` takes them from the current directory, ``cd DIR`` first from there. The
    current directory counts if only there all Dockerfiles exist.
    """
    wanted = list(targets)
    for candidate in (directory, "."):
        dockerfiles = Dockerfiles(candidate, system)
        names = [dockerfiles.name(one) for one in wanted if one.dockerfile_inline is None]
        if all(system.is_file(name) for name in names if name):
            return candidate
    return directory
