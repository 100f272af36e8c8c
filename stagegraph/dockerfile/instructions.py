"""The instructions of a Dockerfile as typed values, arguments not yet expanded.

``span`` is where an instruction is, ``text`` all of it on one line as BuildKit prints it.
"""

from __future__ import annotations

from typing import NamedTuple

from stagegraph.dockerfile.heredocs import Heredoc
from stagegraph.source import Span


class From(NamedTuple):
    """``FROM [--platform=P] BASE [AS NAME]``; ``name`` is lower case, or empty."""

    span: Span
    text: str
    base: str
    name: str
    platform: str
    description: str  # from the comment "# NAME description" right above


class Arg(NamedTuple):
    """``ARG K[=V] ...``: names and defaults."""

    span: Span
    text: str
    pairs: tuple[tuple[str, str | None], ...]


class Env(NamedTuple):
    """``ENV K=V ...``."""

    span: Span
    text: str
    pairs: tuple[tuple[str, str], ...]


class CopyFlags(NamedTuple):
    """The flags of COPY and ADD that change what is written, not what is read."""

    chown: str = ""
    chmod: str = ""
    checksum: str = ""
    parents: bool = False
    exclude: tuple[str, ...] = ()
    keep_git_dir: bool | None = None
    unpack: bool | None = None


NO_COPY_FLAGS = CopyFlags()


class Copy(NamedTuple):
    """``COPY`` and ``ADD``; ``documents`` are the heredocs among the sources."""

    span: Span
    text: str
    add: bool
    sources: tuple[str, ...]
    destination: str
    documents: tuple[Heredoc, ...] = ()
    source_stage: str = ""  # of --from
    link: bool = False
    flags: CopyFlags = NO_COPY_FLAGS


class Run(NamedTuple):
    """``RUN``; ``mounts`` are the fields of each --mount, split but not expanded."""

    span: Span
    text: str
    words: tuple[str, ...]
    shell_form: bool
    documents: tuple[Heredoc, ...] = ()
    mounts: tuple[tuple[str, ...], ...] = ()
    options: tuple[str, ...] = ("default", "sandbox")  # network, security, devices


class Workdir(NamedTuple):
    """``WORKDIR PATH``."""

    span: Span
    text: str
    path: str


class User(NamedTuple):
    """``USER NAME``."""

    span: Span
    text: str
    user: str


class Shell(NamedTuple):
    """``SHELL ["program", "argument"]``."""

    span: Span
    text: str
    words: tuple[str, ...]


class Onbuild(NamedTuple):
    """``ONBUILD INSTRUCTION``; ``trigger`` is that instruction with its heredocs."""

    span: Span
    text: str
    trigger: str


class Setting(NamedTuple):
    """An instruction without a step or an edge; ``words`` are those that BuildKit expands."""

    span: Span
    text: str
    keyword: str
    words: tuple[str, ...] = ()


Instruction = From | Arg | Env | Copy | Run | Workdir | User | Shell | Onbuild | Setting


def mount_reads(fields: tuple[str, ...]) -> bool:
    """Whether a mount reads a stage or image: it has a from, or is a cache, which starts as scratch.

    Source: moby/buildkit frontend/dockerfile/dockerfile2llb/convert_runmount.go, dispatchRunMounts.
    """
    return bool(mount_source(fields)) or any(field.lower() == "type=cache" for field in fields)


def mount_source(fields: tuple[str, ...]) -> str:
    """The last ``from=`` of a mount, as BuildKit reads it before any expansion."""
    source = ""
    for field in fields:
        key, equals, value = field.partition("=")
        if equals and key.lower() == "from":
            source = value
    return source
