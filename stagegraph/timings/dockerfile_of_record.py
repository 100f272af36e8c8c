"""Reads the Dockerfile of a record once and resolves it as the recorded build did.

Where a record does not hold the options of its build, the names of its steps show them: platforms,
named contexts, and the build arguments that select stages.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.dockerfile.file import Dockerfile, StageText, read_dockerfile
from stagegraph.dockerfile.stages import Resolved, StageOrImage
from stagegraph.errors import StagegraphError
from stagegraph.graph.build import Build, build_of_file
from stagegraph.options import Options
from stagegraph.records.record import Record
from stagegraph.source import Source
from stagegraph.timings.candidates import StepIndex, all_steps
from stagegraph.timings.step_names import StepName, platforms_in, step_name

_CONTEXT = re.compile(r"\[context ([^\]]+)\] (OCI load from client|load from client|docker-image://\S+)")
_CONTEXT_VALUES = {"load from client": ".", "OCI load from client": "oci-layout://context"}
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class DockerfileOfRecord(Struct, frozen=True, kw_only=True, dict=True):
    """A Dockerfile and its builds that give the steps of a record.

    ``file`` is None without a Dockerfile that can be parsed, ``builds`` is empty without one that can be
    resolved. The first build is the recorded one; the others are for stages with steps in the record
    that the first does not need, so that the target must have been another.
    """

    source: Source | None = None
    file: Dockerfile | None = None
    builds: tuple[Build, ...] = ()
    notes: tuple[str, ...] = ()  # what was assumed, and why something is missing

    @property
    def stages(self) -> tuple[StageText, ...]:
        """The stages of the file, in order."""
        return self.file.stages if self.file else ()

    @cached_property
    def stage_of_line(self) -> dict[int, int]:
        """The index of the stage that holds each line; lines before the first FROM have none."""
        return {
            line: index
            for index, stage in enumerate(self.stages)
            for line in range(stage.head.span.line, stage.end_line + 1)
        }

    @cached_property
    def steps(self) -> StepIndex:
        """The steps of every stage in ``builds``, needed or not."""
        return StepIndex(all_steps(self.builds))


def dockerfile_of_record(record: Record, source: Source | None, options: Options) -> DockerfileOfRecord:
    """The Dockerfile that ``record`` holds, else ``source``, read and resolved; never raises for its text.

    ``options`` are the user's; those that the record states take precedence.
    """
    chosen = record.dockerfile or source
    if chosen is None:
        note = "this record has no Dockerfile; pass it as a second argument to see line numbers"
        return DockerfileOfRecord(notes=(note,) if record.has_inputs else ())
    names = [parts for vertex in record.vertices if (parts := step_name(vertex.name))]
    try:
        file = read_dockerfile(chosen)
    except StagegraphError as error:
        return DockerfileOfRecord(source=chosen, notes=(_invalid(error),))
    try:
        builds, notes = _builds(file, _options_of_build(record, options), names)
    except StagegraphError as error:
        return DockerfileOfRecord(source=chosen, file=file, notes=(_invalid(error),))
    return DockerfileOfRecord(source=chosen, file=file, builds=tuple(builds), notes=tuple(notes))


def _invalid(error: StagegraphError) -> str:
    return f"the Dockerfile is invalid, so steps cannot be matched to lines: {error.message}"


def _options_of_build(record: Record, options: Options) -> Options:
    """The options of the recorded build: those of the record, and the user's where it has none."""
    recorded = record.options
    if recorded is None:
        inferred = _inferred_contexts(vertex.name for vertex in record.vertices)
        return replace(options, contexts={**inferred, **options.contexts})
    return replace(
        recorded,
        target=recorded.target or options.target,
        build_args={**recorded.build_args, **options.build_args},
        contexts={**recorded.contexts, **options.contexts},
    )


def _inferred_contexts(names: Iterable[str]) -> dict[str, str]:
    """The named contexts that the vertices called ``names`` load; their content is unknown."""
    loaded = {match[1]: match[2] for name in names if (match := _CONTEXT.match(name))}
    return {name: _CONTEXT_VALUES.get(how, how) for name, how in loaded.items()}


def _builds(file: Dockerfile, options: Options, names: list[StepName]) -> tuple[list[Build], list[str]]:
    """The builds of ``file`` that give the steps called ``names``, and what was assumed for them.

    The options may not name the target: then it is the default one, with the arguments that the names
    show, and every further stage in ``names`` as another target. Raises what resolving raises.
    """
    options = replace(options, platforms=tuple(platforms_in(names) or options.all_platforms))
    build, notes = _build(file, options)
    seen = _stages_named(build.target_builds[0].resolved, {name.stage for name in names})
    arguments = _inferred_arguments(build.target_builds[0].resolved, seen)
    arguments = {name: value for name, value in arguments.items() if name not in options.build_args}
    if arguments:
        listed = ", ".join(f"{name}={value}" for name, value in arguments.items())
        notes.append(f"the names of the steps show that the build used {listed}")
        options = replace(options, build_args={**arguments, **options.build_args})
        build, _ = _build(file, options)
    return [build, *_builds_of_others(file, options, build.target_builds[0].resolved, seen)], notes


def _build(file: Dockerfile, options: Options) -> tuple[Build, list[str]]:
    try:
        return build_of_file(file, options), []
    except StagegraphError as error:
        if not options.all_targets:
            raise
        # the target of the record may be a stage of another Dockerfile
        return build_of_file(file, replace(options, target=None, targets=())), [error.message]


def _stages_named(resolved: Resolved, titles: Collection[str]) -> set[int]:
    """The indexes of the stages that build output calls ``titles``; "" in a file of one stage."""
    by_title = {stage.title: stage.index for stage in resolved.stages}
    return {by_title[title] for title in titles if title in by_title}


def _builds_of_others(
    file: Dockerfile, options: Options, resolved: Resolved, seen: Iterable[int]
) -> list[Build]:
    """The builds of those stages in ``seen`` that the target of ``resolved`` does not need."""
    needed = set(resolved.needed)
    builds = []
    for index in sorted(seen, reverse=True):
        name = resolved.sources[index].name
        if index not in needed and name:
            build = build_of_file(file, replace(options, target=name, targets=()))
            needed |= build.target_builds[0].resolved.needed
            builds.append(build)
    return builds


def _inferred_arguments(resolved: Resolved, seen: Collection[int]) -> dict[str, str]:
    """The arguments that make the stages ``seen`` read each other, where ``resolved`` differs.

    Only where a FROM selects a stage without steps in the record, and exactly one stage with steps fits.
    """
    names = [resolved.sources[index].name for index in sorted(seen)]
    arguments: dict[str, str] = {}
    for stage in resolved.sources:
        if stage.index in seen and stage.base_index is not None and stage.base_index not in seen:
            for name, value in _fitting_value(stage, names):
                arguments.setdefault(name, value)
    return arguments


def _fitting_value(stage: StageOrImage, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The variable in the FROM of ``stage`` and the one value that makes it one of ``names``, if any."""
    text = stage.text.head.base if stage.text else ""
    parts = _VARIABLE.split(text)  # literal, name in braces, name without, literal, ...
    if len(parts) != 4:
        return
    before, after = re.escape(parts[0]), re.escape(parts[3])
    values = {match[1] for name in names if (match := re.fullmatch(f"{before}(.+){after}", name))}
    if len(values) == 1:
        yield parts[1] or parts[2], values.pop()
