"""Stages that copy from each other in a circle.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/validations.go, validateCircularDependency.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stagegraph.errors import DockerfileError

if TYPE_CHECKING:
    from stagegraph.dockerfile.stages import Command, Resolved


def check(resolved: Resolved) -> None:
    """Raise a DockerfileError when stages, needed or not, read each other in a circle."""
    done: set[int] = set()
    for place in resolved.sources:
        if place.index not in done:
            _visit(resolved, place.index, done)


def _visit(resolved: Resolved, start: int, done: set[int]) -> None:
    path = [start]
    on_path = {start}
    done.add(start)
    pending = [_reads(resolved, start)]
    while pending:
        source, command = next(pending[-1], (None, None))
        if source is None or command is None:
            pending.pop()
            on_path.discard(path.pop())
        elif source in on_path:
            raise _circle(resolved, [*path[path.index(source) :], source], command)
        elif source not in done:
            done.add(source)
            path.append(source)
            on_path.add(source)
            pending.append(_reads(resolved, source))


def _reads(resolved: Resolved, index: int) -> Iterator[tuple[int, Command]]:
    for command in resolved.sources[index].commands:
        for source in command.sources:
            yield source, command


def _circle(resolved: Resolved, circle: list[int], command: Command) -> DockerfileError:
    names = [resolved.sources[index].title for index in circle]
    if len(circle) == 2:
        message = f"stage {names[0]} copies from itself"
    else:
        shown = names if len(names) <= 8 else [*names[:4], "...", *names[-3:]]
        message = f"stages copy from each other in a circle: {' needs '.join(shown)}"
    return DockerfileError(message, source=resolved.file.source, span=command.instruction.span)
