"""COPY, ADD and RUN: the instructions that make steps and read other stages.

Rules: moby/buildkit frontend/dockerfile/instructions/parse.go, parseCopy, parseAdd, parseRun and
commands_runmount.go.
"""

from __future__ import annotations

import re

from stagegraph.dockerfile.checks import ParseError, flags_of
from stagegraph.dockerfile.fields import FieldsError, csv_fields
from stagegraph.dockerfile.flags import Flags
from stagegraph.dockerfile.heredocs import Heredoc, heredoc_word, is_heredoc_word
from stagegraph.dockerfile.instructions import NO_COPY_FLAGS, Copy, CopyFlags, Run, mount_source
from stagegraph.dockerfile.lines import Line

_VARIABLE = re.compile(r"\$.")


def copy(line: Line, args: list[str], _json_form: bool) -> Copy:
    """COPY or ADD; ParseError where BuildKit refuses it."""
    keyword = line.keyword.upper()
    if len(args) < 2:
        raise ParseError(
            f"{keyword} needs a source and a destination", hint=f"{keyword} SOURCE... DESTINATION"
        )
    flags = flags_of(line)
    *sources, destination = args
    if is_heredoc_word(destination):
        raise ParseError(f"{keyword} cannot copy to a heredoc", word=destination)
    return Copy(
        span=line.span,
        text=line.text,
        add=line.keyword == "add",
        sources=tuple(word for word in sources if not is_heredoc_word(word)),
        destination=destination,
        documents=_documents(line, sources) if line.heredocs else (),
        source_stage=flags.one("from"),
        link=flags.on("link"),
        flags=_copy_flags(flags) if flags.values else NO_COPY_FLAGS,
    )


def _documents(line: Line, sources: list[str]) -> tuple[Heredoc, ...]:
    bodies = {heredoc.name: heredoc for heredoc in line.heredocs}
    opened = [heredoc_word(word) for word in sources if is_heredoc_word(word)]
    return tuple(bodies.get(document.name, document) for document in opened if document)


def _copy_flags(flags: Flags) -> CopyFlags:
    if flags.values.keys() <= {"from", "link"}:
        return NO_COPY_FLAGS
    return CopyFlags(
        chown=flags.one("chown"),
        chmod=flags.one("chmod"),
        checksum=flags.one("checksum"),
        parents=flags.on("parents"),
        exclude=flags.many("exclude"),
        keep_git_dir=flags.on("keep-git-dir") if "keep-git-dir" in flags.values else None,
        unpack=flags.on("unpack") if "unpack" in flags.values else None,
    )


def run(line: Line, args: list[str], json_form: bool) -> Run:
    """RUN; ParseError where BuildKit refuses it."""
    flags = flags_of(line)
    _one_of(flags, "network", ("default", "none", "host"))
    _one_of(flags, "security", ("sandbox", "insecure"))
    return Run(
        span=line.span,
        text=line.text,
        words=tuple(args),
        shell_form=not json_form,
        documents=line.heredocs,
        mounts=tuple(map(_mount, flags.many("mount"))),
        options=(flags.one("network"), flags.one("security"), *flags.many("device")),
    )


def _one_of(flags: Flags, name: str, known: tuple[str, ...]) -> None:
    if name in flags.values and flags.one(name) not in known:
        raise ParseError(
            f"{flags.one(name) or 'nothing'} is no {name} for RUN",
            word=f"--{name}",
            hint=f"one of {', '.join(known)}",
        )


def _mount(value: str) -> tuple[str, ...]:
    try:
        fields = csv_fields(value)
    except FieldsError as error:
        raise ParseError(f"the mount {value} cannot be read: {error}", word="--mount") from None
    if _VARIABLE.search(mount_source(fields)):
        raise ParseError(
            "the from of a mount takes no variable",
            word="from=",
            hint="name a stage FROM the variable and mount from that",
        )
    return fields
