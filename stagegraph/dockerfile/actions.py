"""What an instruction does after its variables are expanded: the material of steps.

``name`` is the name of the step in build output, empty where ``evaluate`` makes no names.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from stagegraph.dockerfile.mounts import Mount
from stagegraph.source import Span

Environment = tuple[tuple[str, str], ...]


class RunAction(NamedTuple):
    """RUN: the command in the environment that the stage has there."""

    name: str
    span: Span
    onbuild: bool
    words: tuple[str, ...]
    environment: Environment
    workdir: str
    user: str
    mounts: tuple[tuple[Mount, int], ...]  # with what each reads, an index of Resolved.sources
    options: tuple[str, ...]  # network, security, devices
    document: tuple[str, str] | None  # name and text of a script that BuildKit writes and runs


class Remote(NamedTuple):
    """A source that ADD downloads: its address, and the identity of the download."""

    address: str
    key: tuple[str, ...]


class CopyPart(NamedTuple):
    """One source of COPY or ADD: a path of what is read, a download, or a document with its text."""

    path: str
    options: tuple[str, ...] = ()  # unpacking, and the pattern for --parents
    remote: Remote | None = None
    text: str | None = None


class CopyAction(NamedTuple):
    """COPY or ADD."""

    name: str
    span: Span
    onbuild: bool
    linked: bool  # copied onto scratch, then merged
    source: int | None  # what is read, an index of Resolved.sources; None for the build context
    parts: tuple[CopyPart, ...]  # in the order that BuildKit copies them
    target: str  # the destination, absolute
    options: tuple[str, ...]  # owner, mode, exclude
    link_name: str = ""  # of the merge step of a linked copy


class WorkdirAction(NamedTuple):
    """WORKDIR other than /: creates a directory."""

    name: str
    span: Span
    onbuild: bool
    path: str
    user: str


Action = RunAction | CopyAction | WorkdirAction


class Fault(NamedTuple):
    """What BuildKit rejects when it builds the stage.

    ``certain`` is False if the unknown configuration of an image can prevent it; ``always`` says that
    neither that nor a build argument can.
    """

    code: str
    span: Span
    message: str
    why: str = ""
    fix: str = ""
    certain: bool = True
    always: bool = False


class StageActions(Struct, frozen=True, kw_only=True):
    """The actions of one stage or image, in order, and the faults that stop them."""

    index: int
    from_name: str  # of the step that pulls its image; empty when it pulls none
    actions: tuple[Action, ...]
    faults: tuple[Fault, ...]
