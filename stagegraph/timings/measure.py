"""Analyses a record: what each step and stage took, the critical path, and what each would save."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from stagegraph.options import Options
from stagegraph.records.record import Record
from stagegraph.source import Source
from stagegraph.timings.cache_ends import cache_ends
from stagegraph.timings.match import MatchedRecord, match_record
from stagegraph.timings.order import order_vertices
from stagegraph.timings.replay import Replay, critical_path, path_parts, replay_of, slacks
from stagegraph.timings.savings import Replays, largest_savings
from stagegraph.timings.step_names import VertexKind
from stagegraph.timings.timings import PathPart, Saving, SavingKind, TimedStage, TimedStep, Timings
from stagegraph.timings.totals import (
    concurrency_of,
    error_of,
    failed_steps,
    is_interrupted,
    phases_of,
    timed_stages,
    timed_steps,
)
from stagegraph.timings.waits import WaitGraph, wait_graph

_DEFAULT = Options()


def measure(record: Record, source: Source | None = None, options: Options = _DEFAULT) -> Timings:
    """The timings of ``record``, by step and by stage of its Dockerfile.

    ``source`` is the Dockerfile for records that hold none; ``options`` are those of the build that the
    record does not hold, such as build arguments, so that names can be compared. Never raises for the
    content of a record: what cannot be used is left out, with the reason in ``Timings.notes``.
    """
    return timings_of(match_record(record, source, options))


def timings_of(matched: MatchedRecord) -> Timings:
    """The timings of a record that is matched to its Dockerfile; see ``measure``."""
    record = matched.record
    order = order_vertices(matched)
    steps, stage_keys = timed_steps(order, matched)
    known = matched.dependencies_known
    graph = wait_graph(steps, by_time=record.has_inputs) if known else WaitGraph([], [[] for _ in steps], [])
    replay = replay_of(graph, failed_steps(steps))
    path = critical_path(replay)
    parts = path_parts(graph, path)
    replays = Replays(replay, graph.of_step, path)
    steps = _with_path(steps, graph, replay, parts)
    stages = timed_stages(steps, stage_keys, matched.dockerfile.stages, parts)
    savings = largest_savings(replays, steps, stages, parts)
    steps = _with_savings(steps, replays, parts)
    own = [step for step in steps if step.kind is VertexKind.STEP and step.ran]
    error = record.error or error_of(steps)
    notes = [*record.notes, *matched.dockerfile.notes, *order.notes]
    if not replays.complete:
        notes.append("savings of the smaller steps were not computed (too many steps)")
    return Timings(
        source=record.source,
        name=record.name,
        format=record.format,
        dockerfile=matched.dockerfile.source,
        begun=order.begun,
        estimated=order.begun is None and order.wall is not None,
        dependencies_known=known,
        wall=order.wall,
        work=sum(step.duration for step in steps),
        concurrency=concurrency_of(steps),
        cached_steps=sum(step.cached for step in own),
        total_steps=len(own),
        cached_time=sum(step.duration for step in steps if step.cached),
        steps=tuple(steps),
        stages=_stages_with_savings(stages, savings, replays.complete),
        phases=phases_of(steps),
        path=tuple(parts),
        savings=tuple(savings),
        cache_ends=cache_ends(steps, stages),
        error=error,
        interrupted=is_interrupted(record, error),
        mismatch=matched.mismatch,
        notes=tuple(dict.fromkeys(notes)),
    )


def _with_path(
    steps: Sequence[TimedStep], graph: WaitGraph, replay: Replay, parts: Sequence[PathPart]
) -> list[TimedStep]:
    """``steps`` with their delays, their slack, and which of them are on the critical path."""
    slack_of = slacks(replay)
    on_path = {part.step for part in parts}
    result = []
    for step, own in zip(steps, graph.of_step, strict=True):
        slack = min((s for p in own if (s := slack_of[p]) is not None), default=None)
        result.append(
            replace(
                step,
                queued=replay.delays[own[0]] if own and replay.waits[own[0]] else 0,
                critical=step.id in on_path,
                slack=slack if step.ran or step.cached or step.duration else None,
            )
        )
    return result


def _with_savings(steps: Sequence[TimedStep], replays: Replays, parts: Sequence[PathPart]) -> list[TimedStep]:
    saving_of = replays.savings({part.step: (part.step,) for part in parts})
    return [replace(step, saving=saving_of[step.id]) if step.id in saving_of else step for step in steps]


def _stages_with_savings(
    stages: Sequence[TimedStage], savings: Sequence[Saving], complete: bool
) -> tuple[TimedStage, ...]:
    saving_of = {saving.stage: saving.saves for saving in savings if saving.kind is SavingKind.STAGE}
    return tuple(
        replace(stage, saving=saving_of.get(stage.id, 0 if stage.on_path and complete else None))
        for stage in stages
    )
