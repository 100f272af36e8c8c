"""What an instruction does once its variables are expanded: the material of steps.

``command`` is the position of the instruction in the commands of its stage, ``name`` the step's name
in build output, empty where ``evaluate`` makes no names.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from stagegraph.dockerfile.mounts import Mount
from stagegraph.source import Span

Environment = tuple[tuple[str, str], ...]


class RunAction(NamedTuple):
    """RUN: the command in the environment that the stage has there."""

    command: int
    name: str
    span: Span
    onbuild: bool
    words: tuple[str, ...]
    environment: Environment
    workdir: str
    user: str
    mounts: tuple[tuple[Mount, int], ...]  # and the place each reads, as an index of Resolved.sources
    options: tuple[str, ...]  # network, security, devices
    document: tuple[str, str] | None  # name and text of a script that BuildKit writes and runs


class Remote(NamedTuple):
    """A source of ADD that is fetched: its address, and what makes it this download and no other."""

    address: str
    key: tuple[str, ...]


class CopyPart(NamedTuple):
    """One source of COPY or ADD: a path of what is read, a download, or a document with its text."""

    path: str
    options: tuple[str, ...] = ()  # unpacking, and the pattern that --parents makes of the path
    remote: Remote | None = None
    text: str | None = None


class CopyAction(NamedTuple):
    """COPY or ADD, as BuildKit takes it."""

    command: int
    name: str
    span: Span
    onbuild: bool
    linked: bool  # made on nothing and merged on top
    source: int | None  # the place read, as an index of Resolved.sources; None for the build context
    parts: tuple[CopyPart, ...]  # in the order that BuildKit copies them
    target: str  # the destination, absolute
    options: tuple[str, ...]  # owner, mode, exclude
    link_name: str = ""  # of the merge step of a linked copy


class WorkdirAction(NamedTuple):
    """WORKDIR other than the root: makes a directory."""

    command: int
    name: str
    span: Span
    onbuild: bool
    path: str
    user: str


Action = RunAction | CopyAction | WorkdirAction


class Fault(NamedTuple):
    """What BuildKit refuses when it comes to build the stage.

    ``certain`` is False where the configuration of an image, which is not known, may prevent it.
    """

    code: str
    span: Span
    message: str
    why: str = ""
    fix: str = ""
    certain: bool = True


class StageActions(Struct, frozen=True, kw_only=True):
    """The actions of one place, in order, and the faults that stop them."""

    index: int
    from_name: str  # of the step that pulls its image; empty when it pulls none
    actions: tuple[Action, ...]
    faults: tuple[Fault, ...]
