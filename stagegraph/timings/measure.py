"""A record to Timings: what was measured, tied to the Dockerfile and analysed."""

from __future__ import annotations

from msgspec.structs import replace

from stagegraph.options import Options
from stagegraph.records.record import Record
from stagegraph.source import Source
from stagegraph.timings.dockerfile_of_record import tie
from stagegraph.timings.order import sequenced, span_of
from stagegraph.timings.replay import critical_path, played
from stagegraph.timings.savings import Savings, biggest_savings, savings_of
from stagegraph.timings.step_names import VertexKind, step_words
from stagegraph.timings.timings import SavingKind, Timings
from stagegraph.timings.totals import (
    concurrency_of,
    error_of,
    failed,
    interrupted,
    path_parts,
    phases_of,
    stages_of,
    timed_steps,
)
from stagegraph.timings.waits import activities_of, add_phases

_DEFAULT = Options()


def measure(record: Record, source: Source | None = None, options: Options = _DEFAULT) -> Timings:
    """What ``record`` measured, by step and by stage of its Dockerfile.

    ``source`` is the Dockerfile for records that carry none; ``options`` what was asked of the build,
    as far as the record does not say it: build arguments, so that names can be compared. Never raises for
    what is in a record: what cannot be used is left out and said in ``notes``.
    """
    tied = tie(record, source, options)
    ordered = sequenced(record, tied)
    notes = [*record.notes, *tied.notes, *ordered.notes]
    zero, wall, begun, note = span_of(record, ordered.vertices)
    known = activities_of(ordered.vertices, ordered.inputs, by_time=record.has_inputs)
    kinds = [tied.ties[vertex.digest].kind for vertex in ordered.vertices]
    names = [vertex.name for vertex in ordered.vertices]
    add_phases(known, kinds, names, [_target(name) for name in names])
    build = played(known, zero, failed(ordered.vertices))
    path = critical_path(build)
    parts = path_parts(known, path, zero)
    steps, keys = timed_steps(ordered, tied, known, build, parts, zero)
    stages = stages_of(steps, keys, tied.stages, parts)
    savings = Savings(build, known.of_vertex, path)
    found = biggest_savings(savings, steps, stages, parts)
    of_step = savings_of(savings, {part.step: (part.step,) for part in parts})
    if not savings.complete:
        notes.append("what the smaller steps of the path would save was not worked out: there are too many")
    of_stage = {saving.stage: saving.saves for saving in found if saving.kind is SavingKind.STAGE}
    steps = [replace(step, saving=of_step.get(step.id)) for step in steps]
    own = [step for step in steps if step.kind is VertexKind.STEP and step.ran]
    return Timings(
        source=record.source,
        name=record.name,
        format=record.format,
        dockerfile=tied.source,
        begun=begun,
        estimated=begun is None,
        wall=wall,
        work=sum(step.duration for step in steps),
        concurrency=concurrency_of(steps),
        cached_steps=sum(step.cached for step in own),
        total_steps=len(own),
        cached_time=sum(step.duration for step in steps if step.cached),
        steps=tuple(steps),
        stages=tuple(
            replace(stage, saving=of_stage.get(stage.id, 0 if stage.on_path and savings.complete else None))
            for stage in stages
        ),
        phases=phases_of(steps),
        path=tuple(parts),
        savings=tuple(found),
        error=record.error or error_of(ordered.vertices),
        interrupted=interrupted(record, ordered.vertices),
        mismatch=tied.mismatch,
        notes=tuple(dict.fromkeys(note for note in [*notes, note] if note)),
    )


def _target(name: str) -> str:
    words = step_words(name)
    return words.target if words else ""
