"""What COPY --from and RUN --mount=from read: a stage by name or number, or an image.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, toCommand and findStateByIndex, and
convert_runmount.go, detectRunMount.
"""

from __future__ import annotations

import re

from stagegraph.dockerfile.expand import ExpansionError, lexer_of
from stagegraph.dockerfile.file import fault
from stagegraph.dockerfile.instructions import Copy, Instruction, Run, mount_source
from stagegraph.dockerfile.stages import SCRATCH, Command, Resolved, StageOrImage
from stagegraph.source import Span

_NUMBER = r"([+-]?)(?=[0-9])0*([0-9]*)\Z"
_LARGEST = 2**63


def command_of(resolved: Resolved, item: Instruction, *, onbuild: bool = False) -> Command:
    """``item`` with its sources; images that it names join ``resolved.sources``.

    Raises DockerfileError for a source that BuildKit rejects.
    """
    sources: tuple[int, ...] = ()
    if isinstance(item, Copy) and item.source_stage and not item.add:
        sources = (_copy_source(resolved, item),)
    elif isinstance(item, Run) and item.mounts:
        sources = tuple(_mount_source(resolved, fields) for fields in item.mounts)
    return Command(instruction=item, sources=sources, onbuild=onbuild)


def _copy_source(resolved: Resolved, item: Copy) -> int:
    name = item.source_stage
    try:
        plain = lexer_of(escape=resolved.file.escape).word(name, {}) == name
    except ExpansionError as error:
        raise fault(resolved.file.source, item, f"invalid --from={name}: {error}", name) from None
    if not plain:
        raise fault(
            resolved.file.source,
            item,
            f"COPY --from does not expand variables: `{name}`",
            name,
            "start a stage with FROM and the variable, and copy from that stage",
        )
    number = _number(name)
    if number is not None:
        return _numbered(resolved, item, number)
    index = resolved.stage_named(name)
    return _add_image(resolved, name, item.span) if index is None else index


def _number(text: str) -> int | None:
    """The 64-bit integer that ``text`` is, as Go's strconv.Atoi parses it."""
    if not text.lstrip("+-")[:1].isdecimal():
        return None
    match = re.match(_NUMBER, text)
    if not match or len(match[2]) > len(str(_LARGEST)):
        return None
    number = int(match[1] + (match[2] or "0"))
    return number if -_LARGEST <= number < _LARGEST else None


def _numbered(resolved: Resolved, item: Copy, number: int) -> int:
    # Images that instructions name are listed after the stages, so a number past the last stage can
    # reach one that was read before (convert.go, findStateByIndex).
    if not 0 <= number < len(resolved.sources):
        last = len(resolved.file.stages) - 1
        message, hint = f"there is no stage {number}", f"use a stage from 0 to {last}"
        raise fault(resolved.file.source, item, message, item.source_stage, hint)
    return number


def _mount_source(resolved: Resolved, fields: tuple[str, ...]) -> int:
    # A mount without from is listed as scratch, whatever its type (convert_runmount.go, detectRunMount).
    name = mount_source(fields) or SCRATCH
    index = resolved.stage_named(name)
    return _add_image(resolved, name, None) if index is None else index


def _add_image(resolved: Resolved, name: str, span: Span | None) -> int:
    index = len(resolved.sources)
    resolved.sources.append(StageOrImage(index=index, base=name, base_index=None, span=span))
    return index
