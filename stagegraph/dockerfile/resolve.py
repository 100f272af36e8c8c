"""Resolves the stages of a Dockerfile for one target and platform: names, bases, sources, needed stages.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, buildDispatchStates,
buildStageDependencyGraph and resolveStages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from types import MappingProxyType

from msgspec.structs import replace

from stagegraph.dockerfile.expand import ExpansionError, Lexer
from stagegraph.dockerfile.file import Dockerfile, StageText, fault, pointing_at, read_trigger
from stagegraph.dockerfile.instructions import Arg, From, Onbuild
from stagegraph.dockerfile.platforms import Platform, PlatformError, normalized, parse_platform
from stagegraph.dockerfile.references import ImageReferenceError, familiar_reference, full_reference
from stagegraph.dockerfile.scope import (
    arguments_in_stages,
    declared_arguments,
    global_arguments,
    platform_arguments,
)
from stagegraph.dockerfile.sources import command_of
from stagegraph.dockerfile.stages import (
    SCRATCH,
    BuiltImage,
    BuiltImages,
    Command,
    Resolved,
    StageOrImage,
    needs,
    reachable,
)
from stagegraph.errors import DockerfileError, OptionsError
from stagegraph.options import Options

_MOST_SHOWN = 20  # stage names in a hint
_VARIABLE = r"\$\{?([A-Za-z_]\w*)"


def resolve(
    file: Dockerfile,
    options: Options,
    target: str,
    platform: str,
    images: BuiltImages = MappingProxyType({}),
) -> Resolved:
    """Resolve ``file`` for ``target`` (empty: the last stage) on ``platform``.

    ``images`` are those of other builds that can be the value of a named context.
    Raises DockerfileError for a file that BuildKit rejects, OptionsError for options that it rejects.
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
        images=images,
    )
    for text in file.stages:
        _add_stage(resolved, text)
    resolved.target = _target(resolved, target)
    for source in resolved.stages:
        body = source.text.body if source.text else ()
        source.commands = tuple(command_of(resolved, item) for item in body)
    _check_cycles(resolved)
    if images:
        _find_images(resolved)
    _run_triggers(resolved, set())
    _check_references(resolved)
    return resolved


class TargetResolver:
    """Resolves one file for several targets, as ``resolve`` does; its stages only once where it can."""

    def __init__(
        self, file: Dockerfile, options: Options, images: BuiltImages = MappingProxyType({})
    ) -> None:
        self._file = file
        self._options = options
        self._images = images
        self._resolved: dict[str, Resolved] = {}  # the first by platform
        self._triggered: dict[
            str, set[int]
        ] = {}  # by platform: the stages that have the triggers of their base
        self._shared = not _depends_on_target(file)

    def resolve(self, target: str, platform: str) -> Resolved:
        """``file`` for ``target`` on ``platform``; results of equal stages share ``Resolved.sources``."""
        known = self._resolved.get(platform)
        if known is None:
            known = resolve(self._file, self._options, target, platform, self._images)
            self._resolved[platform], self._triggered[platform] = known, set(known.needed)
            return known
        if not self._shared:
            partial = resolve(self._file, self._options, target, platform, self._images)
            partial.partial = True
            return partial
        resolved = replace(known, target=_target(known, target))
        checked = len(resolved.sources)
        _run_triggers(resolved, self._triggered[platform])
        _check_references(resolved, checked)
        return resolved


def _depends_on_target(file: Dockerfile) -> bool:
    """Whether the target can change more of ``file`` than what is needed: by TARGETSTAGE."""
    items = [*file.arguments, *(item for stage in file.stages for item in (stage.head, *stage.body))]
    read = (item for item in items if isinstance(item, (Arg, From, Onbuild)))
    return any("TARGETSTAGE" in item.text for item in read)


def _platform_option(text: str) -> Platform:
    try:
        return normalized(parse_platform(text))
    except PlatformError as error:
        raise OptionsError(str(error), hint="use a platform such as linux/arm64") from None


def _add_stage(resolved: Resolved, text: StageText) -> None:
    head = text.head
    base = _expanded(resolved, head, head.base)
    if not base:
        raise _is_empty(resolved, head, "base image", head.base)
    stage = StageOrImage(
        index=len(resolved.sources),
        base=base,
        base_index=resolved.by_name.get(base),
        platform=_platform(resolved, head),
        name=head.name,
        span=head.span,
        text=text,
    )
    _replace_stage(resolved, stage)
    resolved.sources.append(stage)
    if head.name:
        resolved.by_name[head.name] = stage.index


def _expanded(resolved: Resolved, head: From, word: str) -> str:
    try:
        return Lexer(escape=resolved.file.escape, budget=resolved.budget).word(word, resolved.arguments)
    except ExpansionError as error:
        hint = _undeclared_hint(resolved, word)
        raise fault(resolved.file.source, head, f"cannot expand `{word}`: {error}", word, hint) from None


def _platform(resolved: Resolved, head: From) -> Platform | None:
    if not head.platform:
        return None
    text = _expanded(resolved, head, head.platform)
    if not text:
        raise _is_empty(resolved, head, "platform", head.platform)
    try:
        return parse_platform(text, resolved.build_platform)
    except PlatformError as error:
        hint = _undeclared_hint(resolved, head.platform)
        raise fault(resolved.file.source, head, str(error), head.platform, hint) from None


def _is_empty(resolved: Resolved, head: From, what: str, word: str) -> DockerfileError:
    names = re.findall(_VARIABLE, word)
    hint = f"set --build-arg {names[0]}=VALUE, or give ARG {names[0]} a default" if names else ""
    hint = _undeclared_hint(resolved, word) or hint
    return fault(resolved.file.source, head, f"{what} `{word}` is empty after expansion", word, hint)


def _undeclared_hint(resolved: Resolved, word: str) -> str:
    """What to do about the first variable of a FROM that no value can set; empty without one."""
    known = resolved.arguments.keys() | declared_arguments(resolved.file)
    name = next((one for one in re.findall(_VARIABLE, word) if one not in known), "")
    if not name:
        return ""
    if name in arguments_in_stages(resolved.file):
        return f"ARG {name} is inside a stage, and FROM sees only those before the first FROM: move it up"
    return f"no ARG declares {name}: add ARG {name}=VALUE before the first FROM"


def _replace_stage(resolved: Resolved, stage: StageOrImage) -> None:
    contexts = resolved.options.contexts
    if contexts and stage.name not in ("", SCRATCH, "context"):
        context = find_context(contexts, stage.name, stage.platform or resolved.target_platform)
        if context:
            stage.context_name, stage.context = context
            stage.base_index, stage.replaced = None, True
            stage.image = _built_image(resolved, stage)


def _built_image(resolved: Resolved, source: StageOrImage) -> BuiltImage | None:
    """The image of another build that ``source`` is; the one for its platform, if there are several."""
    images = resolved.images.get(source.context, {})
    platform = source.platform or resolved.target_platform
    return images.get(str(normalized(platform)), next(iter(images.values()), None))


def _find_images(resolved: Resolved) -> None:
    """Set the image of every stage whose base is a named context that another build makes."""
    for stage in resolved.stages:
        if stage.base_index is None and not stage.replaced and stage.base != SCRATCH:
            with suppress(ImageReferenceError):  # an error of _check_references
                stage.context_name, stage.context = _base_context(resolved, stage)
                stage.image = _built_image(resolved, stage)


def _base_context(resolved: Resolved, source: StageOrImage) -> tuple[str, str]:
    """Name and value of the named context that replaces the base of ``source``; empty without one."""
    name, platform = familiar_reference(source.base), resolved.platform_of(source)
    return find_context(resolved.options.contexts, name, platform) or ("", "")


def find_context(contexts: Mapping[str, str], name: str, platform: Platform) -> tuple[str, str] | None:
    """Name and value of the context for ``name``: the one for ``platform`` before the one for any.

    Rules: moby/buildkit frontend/dockerui/config.go, NamedContext.
    """
    for key in (f"{name}::{normalized(platform)}", name):
        if contexts.get(key):
            return key, contexts[key]
    return None


def _target(resolved: Resolved, target: str) -> int:
    if not target:
        return len(resolved.file.stages) - 1
    index = resolved.stage_named(target)
    if index is None:
        raise _unknown_target(resolved, target)
    return index


def _unknown_target(resolved: Resolved, target: str) -> DockerfileError:
    from difflib import get_close_matches

    names = list(resolved.by_name)
    near = get_close_matches(target.lower(), names, n=1)
    listed = ", ".join(names[:_MOST_SHOWN]) + (", ..." if len(names) > _MOST_SHOWN else "")
    hint = f"use one of the stages {listed}" if names else "name a stage with FROM ... AS NAME"
    if near:
        hint = f"did you mean {near[0]}?"
    return DockerfileError(f"there is no stage named {target}", source=resolved.file.source, hint=hint)


def _check_cycles(resolved: Resolved) -> None:
    """Raise a DockerfileError when stages, needed or not, copy or mount from each other in a cycle.

    Bases are not looked at: FROM sees only earlier stages. Rules: moby/buildkit
    frontend/dockerfile/dockerfile2llb/validations.go, validateCircularDependency.
    """
    stages = len(resolved.file.stages)
    reads = [(stage, command) for stage in resolved.stages for command in stage.commands if command.sources]
    if all(read < stage.index or read >= stages for stage, command in reads for read in command.sources):
        return  # every stage reads only earlier ones
    import networkx

    graph: networkx.DiGraph[int] = networkx.DiGraph()
    for stage, command in reads:
        for read in command.sources:
            if not graph.has_edge(stage.index, read):
                graph.add_edge(stage.index, read, command=command)
    cyclic = [
        min(component)
        for component in networkx.strongly_connected_components(graph)
        if len(component) > 1 or graph.has_edge(min(component), min(component))
    ]
    if cyclic:
        cycle = networkx.find_cycle(graph, min(cyclic))
        raise _cycle_error(resolved, [edge[0] for edge in cycle], graph.edges[cycle[-1]]["command"])


def _cycle_error(resolved: Resolved, cycle: list[int], command: Command) -> DockerfileError:
    names = [resolved.sources[index].title for index in (*cycle, cycle[0])]
    if len(cycle) == 1:
        message = f"stage {names[0]} copies from itself"
        hint = "copy from another stage or image"
    else:
        shown = names if len(names) <= 8 else [*names[:4], "...", *names[-3:]]
        message = f"stages copy from each other in a cycle: {' needs '.join(shown)}"
        hint = "remove one of these references"
    return DockerfileError(message, source=resolved.file.source, span=command.instruction.span, hint=hint)


def _run_triggers(resolved: Resolved, done: set[int]) -> None:
    """Give every needed stage the ONBUILD triggers of its base, which can make more stages needed.

    Those in ``done`` have them; the others are added to it.
    """
    for passes in count():
        resolved.needed = frozenset(
            reachable([resolved.target], lambda index: needs(resolved.sources[index]))
        )
        grown = False
        for index in sorted(resolved.needed - done):
            done.add(index)
            resolved.sources[index].passes = passes
            grown = _take_triggers(resolved, resolved.sources[index]) or grown
        if not grown:
            return


def _take_triggers(resolved: Resolved, stage: StageOrImage) -> bool:
    """Put the triggers of the base before the commands of ``stage``; whether they read anything."""
    if stage.text is None or stage.replaced:
        return False
    taken = []
    for trigger in _triggers(resolved, stage):
        item = read_trigger(resolved.file.source, trigger, stage.text.head.span)
        taken.append(command_of(resolved, item, onbuild=True))
    stage.commands = (*taken, *stage.commands)
    return any(command.sources for command in taken)


def _triggers(resolved: Resolved, stage: StageOrImage) -> tuple[str, ...]:
    """The ONBUILD triggers of the base of ``stage``; those of an image from a registry are unknown."""
    if stage.base_index is not None:
        return resolved.sources[stage.base_index].triggers
    return stage.image.triggers if stage.image else ()


def _check_references(resolved: Resolved, first: int = 0) -> None:
    # BuildKit parses the reference of every base and source, needed or not (resolveBaseImage).
    for source in resolved.sources[first:]:
        if source.base_index is None and not (source.base == SCRATCH and not source.replaced):
            _set_reference(resolved, source)


def _set_reference(resolved: Resolved, source: StageOrImage) -> None:
    contexts = resolved.options.contexts
    try:
        source.reference = full_reference(source.base)
        if contexts and not source.replaced:
            source.context_name, source.context = _base_context(resolved, source)
    except ImageReferenceError as error:
        text = resolved.file.source
        raise DockerfileError(
            str(error),
            source=text,
            span=pointing_at(text, source.span, source.base) if source.span else None,
            hint=_reference_hint(resolved, source),
        ) from None


def _reference_hint(resolved: Resolved, source: StageOrImage) -> str:
    base = source.base
    if source.text and (hint := _undeclared_hint(resolved, source.text.head.base)):
        return hint
    if base.lower() in resolved.by_name:
        return f"stage names are lower case: write FROM {base.lower()}"
    return ""
