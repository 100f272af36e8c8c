"""Finds installs of packages that run again whenever a source file changes: sources are copied first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stagegraph.check.package_managers import PackageManager, in_folder, installs
from stagegraph.dockerfile.instructions import Arg, Copy, Env, Instruction, Run, Setting, User, Workdir

_WHOLE = (".", "./")


class LateInstall(NamedTuple):
    """A RUN that only installs packages, after a COPY of the whole context in the same stage.

    ``folder`` is where it installs, from the working directory; ``command`` is without it. ``workdir`` is a
    WORKDIR between them that names the destination of the COPY.
    """

    copy: Copy
    run: Run
    manager: PackageManager
    folder: str
    command: str
    workdir: Workdir | None


def late_installs(body: Sequence[Instruction]) -> Iterator[LateInstall]:
    """The installs that could run before the COPY of the whole context: nothing between them needs it."""
    copy: Copy | None = None
    workdir: Workdir | None = None
    for item in body:
        if isinstance(item, Copy) and copies_context(item):
            copy, workdir = item, None
        elif copy and isinstance(item, Workdir) and _is_destination(copy, item):
            workdir = item
        elif isinstance(item, Run):
            folder, command = in_folder(command_of(item))
            manager = installs(command)
            if copy and manager:
                yield LateInstall(copy, item, manager, folder, command, workdir)
            copy = None
        elif not isinstance(item, Arg | Env | Setting | User):
            copy = None


def _is_destination(copy: Copy, item: Workdir) -> bool:
    return item.path.startswith("/") and item.path.rstrip("/") == copy.destination.rstrip("/")


def copies_context(item: Copy) -> bool:
    """Whether a COPY copies all of the build context."""
    plain = not (item.add or item.source_stage or item.documents or item.flags.exclude)
    return plain and not item.flags.parents and len(item.sources) == 1 and item.sources[0] in _WHOLE


def command_of(item: Run) -> str:
    """The shell command of a RUN; empty if it has another form, a heredoc or a mount of files."""
    mounts = {field for fields in item.mounts for field in fields if field.startswith("type=")}
    if not item.shell_form or item.documents or mounts - {"type=cache", "type=secret", "type=ssh"}:
        return ""
    return " ".join(item.words)
