"""Which line of a Dockerfile, or which base image, made each layer of an image.

The Dockerfile frontend writes one entry of history for each instruction of the stages that the image inherits
(moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, commitToHistory), so the entries are matched
from the last one back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from stagegraph.dockerfile.actions import CopyAction, RunAction
from stagegraph.dockerfile.instructions import Copy
from stagegraph.dockerfile.stages import SCRATCH, Command, StageOrImage
from stagegraph.graph.build import Build
from stagegraph.graph.steps import TargetBuild
from stagegraph.sizes.image import HistoryEntry, Image
from stagegraph.source import Span, quoted

_LEGACY = re.compile(r"/bin/sh -c #\(nop\) +")  # Docker's old builder, and buildah
_KEYWORD = re.compile(r"([A-Z]+)(?: |\Z)")
_COMPARED = 200  # characters of a RUN


class Origin(Struct, frozen=True, kw_only=True):
    """What made a layer: an instruction of the Dockerfile, or its base image.

    ``span`` and ``stage`` are None for a layer of the base image; ``created_by`` is the entry of history.
    """

    created_by: str
    span: Span | None = None
    stage: int | None = None  # an index of Resolved.sources
    copy: CopyAction | None = None  # for COPY and ADD


class Origins(Struct, frozen=True, kw_only=True):
    """The origin of each layer by position, None if unknown.

    ``disagreement`` says why no layer has a line: the Dockerfile did not make this image. ``span`` is where.
    """

    by_layer: tuple[Origin | None, ...]
    disagreement: str = ""
    span: Span | None = None


class _Expected(Struct, frozen=True, kw_only=True):
    """An instruction of the image, of which history must have an entry."""

    command: Command
    stage: int
    action: object  # its RunAction or CopyAction; None for other instructions


def origins(history: Sequence[HistoryEntry], layers: int, build: TargetBuild | None) -> Origins:
    """What made the ``layers`` of an image with ``history``, if ``build`` is the build that made it."""
    if not history:
        return Origins(
            by_layer=(None,) * layers, disagreement="the image has no history that fits its layers"
        )
    entries = [Origin(created_by=one.created_by) for one in history]
    expected = list(_expected(build)) if build else []
    first = len(history) - len(expected)
    problem = _problem(history, expected, build) if build else None
    if not problem:
        entries[max(first, 0) :] = [
            _origin(entry, one) for entry, one in zip(entries[max(first, 0) :], expected, strict=True)
        ]
    by_layer: list[Origin | None] = [None] * layers
    for entry, origin in zip(history, entries, strict=True):
        if entry.layer is not None:
            by_layer[entry.layer] = origin
    message, span = problem or ("", None)
    return Origins(by_layer=tuple(by_layer), disagreement=message, span=span)


def made_image(image: Image, build: Build) -> bool:
    """Whether the history of ``image`` is that of ``build``."""
    return not origins(image.history, len(image.layers), build.target_builds[0]).disagreement


def _expected(build: TargetBuild) -> Iterator[_Expected]:
    """Every instruction of the stages that the image inherits, the first one first."""
    for stage in inherited_stages(build):
        by_span = {(one.span, one.onbuild): one for one in build.actions[stage.index].actions}
        for command in stage.commands:
            action = by_span.get((command.instruction.span, command.onbuild))
            yield _Expected(command=command, stage=stage.index, action=action)


def inherited_stages(build: TargetBuild) -> list[StageOrImage]:
    """The stages of the image, from the one on the base image to the target."""
    sources = build.resolved.sources
    chain = [sources[build.resolved.target]]
    while (base := chain[-1].base_index) is not None and not chain[-1].context:
        chain.append(sources[base])
    return [stage for stage in reversed(chain) if not stage.replaced]


def _problem(
    history: Sequence[HistoryEntry], expected: Sequence[_Expected], build: TargetBuild
) -> tuple[str, Span | None] | None:
    """Why ``history`` is not that of ``expected``, and where; None if it is."""
    first = len(history) - len(expected)
    on_scratch = build.resolved.sources[inherited_stages(build)[0].index].base == SCRATCH
    if first < 0 or (on_scratch and first):
        return (
            f"the image has {len(history)} entries of history, the Dockerfile asks for {len(expected)}",
            None,
        )
    for entry, one in zip(history[first:], expected, strict=True):
        if not _agrees(entry.created_by, one):
            text = quoted(one.command.instruction.text.split("\n")[0][:80])
            made_by = (
                quoted(_shown(entry.created_by)) if entry.created_by else "a layer without an instruction"
            )
            return (
                f"the image has {made_by} in place of {text}",
                one.command.instruction.span,
            )
    return None


def _shown(created_by: str) -> str:
    return " ".join(created_by.split())[:80]


def _agrees(created_by: str, expected: _Expected) -> bool:
    """Whether an entry of history can come from an instruction."""
    instruction = expected.command.instruction
    keyword = instruction.text.split(None, 1)[0].upper()
    text, legacy = _LEGACY.subn("", created_by.strip(), count=1)
    if not text:  # `docker build --squash`: one layer of all instructions
        return False
    match = _KEYWORD.match(text)
    if match is None or (not legacy and match[1] not in _MADE_BY):
        return keyword == "RUN"  # builders other than BuildKit leave the keyword out
    if match[1] != keyword:
        return False
    if isinstance(expected.action, RunAction):
        command = _plain(expected.action.words[-1] if expected.action.words else "")
        return command[:_COMPARED] in _plain(text)
    if (
        isinstance(instruction, Copy)
        and not legacy
        and "$" not in instruction.text
        and not instruction.documents
    ):
        return _plain(text.removesuffix("# buildkit")).endswith(_plain(instruction.destination))
    return True


_MADE_BY = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)


def _plain(text: str) -> str:
    return "".join(text.split())


def _origin(entry: Origin, expected: _Expected) -> Origin:
    copy = expected.action if isinstance(expected.action, CopyAction) else None
    return Origin(
        created_by=entry.created_by, span=expected.command.instruction.span, stage=expected.stage, copy=copy
    )
