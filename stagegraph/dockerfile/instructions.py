"""The instructions of a Dockerfile as typed values, arguments not yet expanded."""

from __future__ import annotations

from dataclasses import dataclass

from stagegraph.dockerfile.heredocs import Heredoc
from stagegraph.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What every instruction has: its place, and its text on one line as BuildKit prints it."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class From(Instruction):
    """``FROM [--platform=P] BASE [AS NAME]``; ``name`` is lower case, or empty."""

    base: str
    name: str
    platform: str
    description: str  # from the comment "# NAME description" right above


@dataclass(frozen=True, slots=True, kw_only=True)
class Arg(Instruction):
    """``ARG K[=V] ...``: names and defaults."""

    pairs: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Env(Instruction):
    """``ENV K=V ...``."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFlags:
    """The flags of COPY and ADD that change what is written and not what is read."""

    chown: str = ""
    chmod: str = ""
    checksum: str = ""
    parents: bool = False
    exclude: tuple[str, ...] = ()
    keep_git_dir: bool | None = None
    unpack: bool | None = None


NO_COPY_FLAGS = CopyFlags()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Instruction):
    """``COPY`` and ``ADD``; ``documents`` are the heredocs among the sources."""

    add: bool
    sources: tuple[str, ...]
    destination: str
    documents: tuple[Heredoc, ...] = ()
    source_stage: str = ""  # of --from
    link: bool = False
    flags: CopyFlags = NO_COPY_FLAGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Instruction):
    """``RUN``; ``mounts`` are the fields of each --mount, split but not expanded."""

    words: tuple[str, ...]
    shell_form: bool
    documents: tuple[Heredoc, ...] = ()
    mounts: tuple[tuple[str, ...], ...] = ()
    options: tuple[str, ...] = ("", "")  # network, security, devices


@dataclass(frozen=True, slots=True, kw_only=True)
class Workdir(Instruction):
    """``WORKDIR PATH``."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Instruction):
    """``USER NAME``."""

    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell(Instruction):
    """``SHELL ["program", "argument"]``."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Onbuild(Instruction):
    """``ONBUILD INSTRUCTION``; ``trigger`` is that instruction with its heredocs."""

    trigger: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Instruction):
    """An instruction that makes no step and no edge; ``words`` are those that BuildKit expands."""

    keyword: str
    words: tuple[str, ...] = ()


def mount_source(fields: tuple[str, ...]) -> str:
    """The last ``from=`` of a mount, as BuildKit reads it before any expansion."""
    source = ""
    for field in fields:
        key, equals, value = field.partition("=")
        if equals and key.lower() == "from":
            source = value
    return source
