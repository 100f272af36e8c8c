"""The stages of a Dockerfile resolved for one target and platform: names, bases, sources.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, buildDispatchStates,
buildStageDependencyGraph and resolveStages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import NamedTuple

from msgspec import Struct, field

from stagegraph.dockerfile import cycles
from stagegraph.dockerfile.arguments import global_arguments, platform_arguments
from stagegraph.dockerfile.expand import ExpansionError, lexer_of
from stagegraph.dockerfile.file import Dockerfile, StageText, pointing_at, read_trigger
from stagegraph.dockerfile.instructions import Copy, From, Instruction, Onbuild, Run, mount_source
from stagegraph.dockerfile.platforms import Platform, PlatformError, normalized, parse_platform
from stagegraph.dockerfile.references import ImageReferenceError, familiar_reference, full_reference
from stagegraph.dockerfile.whitespace import lowered
from stagegraph.errors import DockerfileError, OptionsError
from stagegraph.options import Options
from stagegraph.source import Span

SCRATCH = "scratch"
_NUMBER = re.compile(r"([+-]?)(?=[0-9])0*([0-9]*)\Z")
_LARGEST = 2**63


class Command(NamedTuple):
    """An instruction of a stage; ``sources`` are the places it reads, as indexes of Resolved.sources.

    A RUN has one source a mount; a COPY has one, or none for the build context.
    """

    instruction: Instruction
    sources: tuple[int, ...] = ()
    onbuild: bool = False


class StageOrImage(Struct, kw_only=True):
    """Something that can be read: a stage, or behind the stages an image that an instruction names.

    Filled while the stages are resolved and not changed afterwards.
    """

    index: int
    base: str  # expanded
    base_index: int | None  # of the stage that it names
    reference: str = ""  # the full image reference; empty for scratch and for a stage as base
    platform: Platform | None = None  # pinned by FROM --platform
    name: str = ""
    span: Span | None = None
    text: StageText | None = None  # None for an image that an instruction names
    context: str = ""  # the named context that stands in for the stage or for its image
    context_name: str = ""  # what it is called: NAME, or NAME::PLATFORM
    replaced: bool = False  # the context stands in for the whole stage: no instruction of it runs
    commands: tuple[Command, ...] = ()
    with_onbuild: bool = False
    passes: int = 0  # how often stages were resolved before this one was known to be needed

    @property
    def title(self) -> str:
        """The name that build output gives a stage."""
        return self.name or f"stage-{self.index}"

    @property
    def is_stage(self) -> bool:
        """Whether a FROM starts it."""
        return self.text is not None


class Resolved(Struct, kw_only=True):
    """A Dockerfile resolved for one target and one platform."""

    file: Dockerfile
    options: Options
    arguments: dict[str, str]
    build_platform: Platform
    target_platform: Platform
    sources: list[StageOrImage] = field(default_factory=list)
    by_name: dict[str, int] = field(default_factory=dict)
    target: int = 0
    needed: frozenset[int] = frozenset()

    def stage_named(self, name: str) -> int | None:
        """The last stage called ``name``, in any case."""
        return self.by_name.get(lowered(name))

    def platform_of(self, place: StageOrImage) -> Platform:
        """The platform of a place that stands on no other stage."""
        if place.base == SCRATCH and not place.replaced:
            return self.target_platform  # --platform on nothing has no effect (resolveReachableStages)
        return place.platform or self.target_platform


def resolve(file: Dockerfile, options: Options, target: str, platform: str) -> Resolved:
    """Resolve ``file`` for ``target`` (empty: the last stage) on ``platform``.

    Raises DockerfileError for what BuildKit refuses, OptionsError for options that it refuses.
    """
    build = _platform_option(options.build_platform)
    wanted = _platform_option(platform)
    stage = target or file.stages[-1].head.name
    defaults = platform_arguments(build, wanted, stage, options.build_args)
    resolved = Resolved(
        file=file,
        options=options,
        arguments=global_arguments(file, defaults, options.build_args),
        build_platform=build,
        target_platform=wanted,
    )
    for text in file.stages:
        _add_stage(resolved, text)
    resolved.target = _target(resolved, target)
    _add_commands(resolved)
    cycles.check(resolved)
    _run_triggers(resolved)
    _check_references(resolved)
    return resolved


def _platform_option(text: str) -> Platform:
    try:
        return normalized(parse_platform(text))
    except PlatformError as error:
        raise OptionsError(str(error), hint="for example linux/arm64") from None


def _add_stage(resolved: Resolved, text: StageText) -> None:
    head = text.head
    base = _expanded(resolved, head, head.base)
    if not base:
        raise _fault(resolved, head, f"the base {head.base} comes out empty", head.base, _set_hint(head.base))
    place = StageOrImage(
        index=len(resolved.sources),
        base=base,
        base_index=resolved.by_name.get(base),
        platform=_platform(resolved, head),
        name=head.name,
        span=head.span,
        text=text,
    )
    _replace_stage(resolved, place)
    resolved.sources.append(place)
    if head.name:
        resolved.by_name[head.name] = place.index


def _expanded(resolved: Resolved, head: From, word: str) -> str:
    try:
        return lexer_of(escape=resolved.file.escape).word(word, resolved.arguments)
    except ExpansionError as error:
        raise _fault(resolved, head, f"{word} cannot be expanded: {error}", word) from None


def _platform(resolved: Resolved, head: From) -> Platform | None:
    if not head.platform:
        return None
    text = _expanded(resolved, head, head.platform)
    if not text:
        raise _fault(
            resolved,
            head,
            f"the platform {head.platform} comes out empty",
            head.platform,
            _set_hint(head.platform),
        )
    try:
        return parse_platform(text, resolved.build_platform)
    except PlatformError as error:
        raise _fault(resolved, head, str(error), head.platform) from None


def _set_hint(word: str) -> str:
    names = re.findall(r"\$\{?(\w+)", word)
    return f"set it with --build-arg {names[0]}=VALUE, or give ARG {names[0]} a default" if names else ""


def _fault(
    resolved: Resolved, item: Instruction, message: str, word: str = "", hint: str = ""
) -> DockerfileError:
    source = resolved.file.source
    return DockerfileError(message, source=source, span=pointing_at(source, item.span, word), hint=hint)


def _replace_stage(resolved: Resolved, place: StageOrImage) -> None:
    if resolved.options.contexts and place.name not in ("", SCRATCH, "context"):
        found = find_context(
            resolved.options.contexts, place.name, place.platform or resolved.target_platform
        )
        if found:
            place.context_name, place.context = found
            place.base_index, place.replaced = None, True


def find_context(contexts: Mapping[str, str], name: str, platform: Platform) -> tuple[str, str] | None:
    """Name and value of the context for ``name``: that for ``platform`` before that for any.

    Rules: moby/buildkit frontend/dockerui/config.go, NamedContext.
    """
    for key in (f"{name}::{normalized(platform)}", name):
        if contexts.get(key):
            return key, contexts[key]
    return None


def _target(resolved: Resolved, target: str) -> int:
    if not target:
        return len(resolved.file.stages) - 1
    found = resolved.stage_named(target)
    if found is None:
        raise _no_target(resolved, target)
    return found


def _no_target(resolved: Resolved, target: str) -> DockerfileError:
    from difflib import get_close_matches

    names = list(resolved.by_name)
    near = get_close_matches(target.lower(), names, n=1)
    listed = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    hint = (
        f"did you mean {near[0]}?"
        if near
        else (f"the stages are {listed}" if names else "no stage has a name")
    )
    return DockerfileError(f"no stage is called {target}", source=resolved.file.source, hint=hint)


def _add_commands(resolved: Resolved) -> None:
    for index in range(len(resolved.file.stages)):
        place = resolved.sources[index]
        body = place.text.body if place.text else ()
        place.commands = tuple(_command(resolved, item, False) for item in body)


def _command(resolved: Resolved, item: Instruction, onbuild: bool) -> Command:
    sources: tuple[int, ...] = ()
    if isinstance(item, Copy) and item.source_stage and not item.add:
        sources = (_copy_source(resolved, item),)
    elif isinstance(item, Run) and item.mounts:
        sources = tuple(_mount_place(resolved, fields) for fields in item.mounts)
    return Command(instruction=item, sources=sources, onbuild=onbuild)


def _copy_source(resolved: Resolved, item: Copy) -> int:
    name = item.source_stage
    try:
        plain = lexer_of(escape=resolved.file.escape).word(name, {}) == name
    except ExpansionError as error:
        raise _fault(resolved, item, f"--from={name} cannot be read: {error}", name) from None
    if not plain:
        raise _fault(
            resolved,
            item,
            f"--from={name} holds a variable, and COPY expands none there",
            name,
            "name a stage FROM the variable and copy from that",
        )
    number = _number(name)
    if number is not None:
        return _numbered(resolved, item, number)
    found = resolved.stage_named(name)
    return _extra(resolved, name, item.span) if found is None else found


def _number(text: str) -> int | None:
    """The 64-bit number that ``text`` is, as Go's strconv.Atoi reads it."""
    match = _NUMBER.match(text)
    if not match or len(match[2]) > len(str(_LARGEST)):
        return None
    number = int(match[1] + (match[2] or "0"))
    return number if -_LARGEST <= number < _LARGEST else None


def _numbered(resolved: Resolved, item: Copy, number: int) -> int:
    # Images that instructions name stand behind the stages, so a number past the last stage can
    # reach one that was read before (convert.go, findStateByIndex).
    if not 0 <= number < len(resolved.sources):
        count = len(resolved.file.stages)
        raise _fault(
            resolved,
            item,
            f"there is no stage {number}",
            item.source_stage,
            f"the stages are 0 to {count - 1}",
        )
    return number


def _mount_place(resolved: Resolved, fields: tuple[str, ...]) -> int:
    # A mount without from joins the list as scratch, whatever its type (convert_runmount.go).
    name = mount_source(fields) or SCRATCH
    found = resolved.stage_named(name)
    return _extra(resolved, name, None) if found is None else found


def _extra(resolved: Resolved, name: str, span: Span | None) -> int:
    index = len(resolved.sources)
    resolved.sources.append(StageOrImage(index=index, base=name, base_index=None, span=span))
    return index


def _run_triggers(resolved: Resolved) -> None:
    """Give every needed stage the ONBUILD triggers of its base; they can make more stages needed."""
    done: set[int] = set()
    for passes in count():
        resolved.needed = frozenset(needed_by(resolved, resolved.target))
        grown = False
        for index in sorted(resolved.needed - done):
            done.add(index)
            resolved.sources[index].passes = passes
            grown = _take_triggers(resolved, resolved.sources[index]) or grown
        if not grown:
            return


def _take_triggers(resolved: Resolved, place: StageOrImage) -> bool:
    if place.base_index is None or place.text is None:
        return False
    base = resolved.sources[place.base_index]
    triggers = [c.instruction for c in base.commands if isinstance(c.instruction, Onbuild)]
    taken = []
    for trigger in triggers:
        item = read_trigger(resolved.file.source, trigger.trigger, place.text.head.span)
        taken.append(_command(resolved, item, True))
    place.commands = (*taken, *place.commands)
    return any(command.sources for command in taken)


def needs(place: StageOrImage) -> set[int]:
    """The stages and images that ``place`` reads; a stage that a named context replaces reads none."""
    if place.replaced:
        return set()
    sources = {source for command in place.commands for source in command.sources}
    if place.base_index is not None:
        sources.add(place.base_index)
    return sources


def needed_by(resolved: Resolved, index: int) -> set[int]:
    """The stages and images that BuildKit reads to build stage ``index``, itself included."""
    return transitive_closure([index], lambda one: needs(resolved.sources[one]))


def transitive_closure(starts: Iterable[int], sources_of: Callable[[int], Iterable[int]]) -> set[int]:
    """``starts`` and everything that ``sources_of`` leads to from them."""
    closure: set[int] = set()
    waiting = list(starts)
    while waiting:
        index = waiting.pop()
        if index not in closure:
            closure.add(index)
            waiting.extend(sources_of(index))
    return closure


def _check_references(resolved: Resolved) -> None:
    # BuildKit parses the reference of every base and source, needed or not (resolveBaseImage).
    for place in resolved.sources:
        if place.base_index is None and not (place.base == SCRATCH and not place.replaced):
            _set_reference(resolved, place)


def _set_reference(resolved: Resolved, place: StageOrImage) -> None:
    try:
        place.reference = full_reference(place.base)
        if not place.replaced and resolved.options.contexts:
            name, platform = familiar_reference(place.base), resolved.platform_of(place)
            place.context_name, place.context = find_context(resolved.options.contexts, name, platform) or (
                "",
                "",
            )
    except ImageReferenceError as error:
        raise DockerfileError(
            str(error),
            source=resolved.file.source,
            span=pointing_at(resolved.file.source, place.span, place.base) if place.span else None,
            hint=_case_hint(resolved, place.base),
        ) from None


def _case_hint(resolved: Resolved, base: str) -> str:
    if base.lower() in resolved.by_name:
        return f"stage names are lower case: FROM {base.lower()}"
    return ""
