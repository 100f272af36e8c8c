"""The values that ``measure`` returns and every format shows.

Times are whole nanoseconds, so that sums are exact. ``start``, ``end`` and the like count from the start
of the build (0); ``duration`` and the like are lengths.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from stagegraph.records.record import SECOND, Interval
from stagegraph.source import Source
from stagegraph.timings.step_names import VertexKind

CANCELED = "context canceled"


class TimedStep(Struct, frozen=True, kw_only=True):
    """One vertex of the record: one bar of a timeline."""

    id: int  # its position in Timings.steps
    digest: str  # what the record calls it
    name: str  # as in build output
    kind: VertexKind
    lines: tuple[int, ...] = ()  # the first line of each instruction it is made from; () if unknown
    stages: tuple[int, ...] = ()  # positions in Timings.stages
    how: str = ""  # how it was matched to its lines: "provenance", "name", "order"; "" if it was not
    platform: str = ""  # in its name, which only builds for several platforms have
    target: str = ""  # of bake, in its name
    ran: bool = False  # it began, or was found in the cache
    start: int | None = None  # None: it never ran, or nothing tells when
    end: int | None = None
    intervals: tuple[Interval, ...] = ()  # when it ran, in order, without overlap
    duration: int = 0  # sum of the intervals, as "DONE" prints it
    queued: int = 0  # between the last of its inputs and its start
    cached: bool = False
    error: str = ""
    unfinished: bool = False  # began, and the record stops before it ends
    pulled: int = 0  # bytes of layers fetched
    sent: int = 0  # bytes of the build context sent
    inputs: tuple[int, ...] = ()  # ids of the steps that it reads, all before it
    group: str = ""  # equal for the steps that BuildKit shows as one (COPY --link)
    critical: bool = False  # on the critical path
    # how much longer it could take without ending the build later; None: it never ran, or the end of the
    # build did not wait for it
    slack: int | None = None
    # how much sooner the build would end if it took no time; None: not on the path, or not computed
    # because the path has thousands of steps (see Timings.notes)
    saving: int | None = None

    @property
    def canceled(self) -> bool:
        """Whether it was stopped because something else failed."""
        return self.error.endswith(CANCELED)

    @property
    def unknown(self) -> bool:
        """Whether it is a step of the Dockerfile that could not be matched to a line."""
        return self.kind is VertexKind.STEP and not self.how


class TimedStage(Struct, frozen=True, kw_only=True):
    """One stage with steps in the record, all its platforms together."""

    id: int  # its position in Timings.stages
    name: str  # as in build output: "builder", "stage-2"
    index: int | None = None  # in the Dockerfile, from 0; None without a Dockerfile
    line: int | None = None  # of its FROM
    end_line: int | None = None
    steps: tuple[int, ...] = ()  # ids
    platforms: tuple[str, ...] = ()
    start: int | None = None  # of its first step; None: none of its steps ran, or nothing tells when
    end: int | None = None
    work: int = 0  # sum of the durations of its steps
    busy: int = 0  # how long at least one of its steps ran
    executed: int = 0  # how many steps ran
    cached: int = 0  # how many came from the cache
    queued: int = 0
    pulled: int = 0
    sent: int = 0
    error: str = ""
    on_path: int = 0  # of the critical path
    slack: int | None = None
    saving: int | None = None  # how much sooner the build would end if the stage took no time


class PathPart(Struct, frozen=True, kw_only=True):
    """One step of the critical path, and its part of the wall time.

    The ``waited`` and ``time`` of all parts, and the time after the last one, add up to the wall time.
    """

    step: int  # a TimedStep.id
    start: int
    end: int
    time: int  # that it ran; 0 for a step from the cache that took no time
    waited: int  # before it, or between its intervals, that nothing on the path ran


class Phase(Struct, frozen=True, kw_only=True):
    """What BuildKit ran ``before`` the steps of the Dockerfile, or ``after`` them."""

    name: str  # "before", "after"
    start: int
    end: int
    steps: tuple[int, ...]


class SavingKind(StrEnum):
    """What a saving is about."""

    STEP = "step"  # one instruction, on all platforms; or one vertex that has no line
    STAGE = "stage"


class Saving(Struct, frozen=True, kw_only=True):
    """How much sooner the build would have ended if one thing on its path had taken no time."""

    kind: SavingKind
    name: str  # of the stage, or of the step on the path (of one platform, if there are several)
    saves: int
    took: int  # the durations of all its steps
    steps: tuple[int, ...]  # ids
    lines: tuple[int, ...] = ()
    stage: int | None = None  # position in Timings.stages, of a stage


class CacheEnd(Struct, frozen=True, kw_only=True):
    """The first instruction of a stage that was not cached, after ``cached`` that were.

    ``reason`` says why, if a state before is known.
    """

    stage: int  # position in Timings.stages
    step: int  # a TimedStep.id
    cached: int
    reason: str = ""


class PlannedChange(Struct, frozen=True, kw_only=True):
    """One change of a plan: an instruction that would take no time, after those before it in the plan."""

    name: str  # of its first step
    lines: tuple[int, ...]
    steps: tuple[int, ...]  # ids
    took: int
    saves: int  # how much sooner the build ends, compared with the plan up to here
    wall: int  # when the build ends then


class TimedTarget(Struct, frozen=True, kw_only=True):
    """One target of a bake build with a record of its own; times of steps add up their durations."""

    name: str
    end: int | None  # of its last step; None: nothing tells when
    own: int  # steps that only this target has
    shared: int  # steps that other targets have too
    on_path: int  # its own steps on the critical path of the whole build


class Timings(Struct, frozen=True, kw_only=True):
    """What a record says about one build."""

    source: str  # the file of the record
    name: str  # which of the builds in it; "" if it is the only one
    format: str  # "dockerbuild", "rawjson", "plain"
    dockerfile: Source | None  # that lines refer to
    begun: int | None  # time 0 as nanoseconds since 1970; None: the record has no clock
    estimated: bool  # the record has no clock: times are computed from durations and inputs
    # False: it is not known what each step waited for, as in a log without its Dockerfile. Then inputs,
    # delays, slack, savings and the critical path are unknown: they are empty, zero or None.
    dependencies_known: bool
    wall: int | None  # from the start of the build to its end; None: not known
    work: int  # the sum of the durations of all steps
    concurrency: tuple[tuple[int, int], ...]  # (time, how many steps run from then on), from time 0
    cached_steps: int  # of the Dockerfile
    total_steps: int  # of the Dockerfile, cached or executed
    cached_time: int  # the sum of the durations of the steps from the cache
    steps: tuple[TimedStep, ...]  # inputs before users, else by start
    stages: tuple[TimedStage, ...]  # in the order of the Dockerfile
    phases: tuple[Phase, ...]
    path: tuple[PathPart, ...]  # first part first
    savings: tuple[Saving, ...]  # the largest first
    cache_ends: tuple[CacheEnd, ...] = ()  # by stage; empty if nothing came from the cache
    targets: tuple[TimedTarget, ...] = ()  # of bake, if their records are joined
    plan: tuple[PlannedChange, ...] = ()  # only if it was asked for
    error: str = ""  # of the build, if it failed
    interrupted: bool = False  # the record stops before the build ends
    mismatch: str = ""  # why the record does not seem to be of this Dockerfile
    notes: tuple[str, ...] = ()  # what was left out or assumed, and why

    @property
    def known_wall(self) -> int:
        """``wall``, and 0 where it is unknown."""
        return self.wall or 0

    @property
    def path_time(self) -> int:
        """How long the steps of the critical path ran."""
        return sum(part.time for part in self.path)

    @property
    def path_share(self) -> float:
        """The part of the wall time in which the critical path ran, 0 to 1."""
        return self.path_time / self.wall if self.wall else 0.0

    @property
    def parallelism(self) -> float:
        """The average number of steps that ran at the same time."""
        return self.work / self.wall if self.wall else 0.0

    @property
    def cached_share(self) -> float:
        """The part of the Dockerfile's steps that came from the cache, 0 to 1."""
        return self.cached_steps / self.total_steps if self.total_steps else 0.0

    @property
    def cached_time_share(self) -> float:
        """The part of the work that the steps from the cache took, 0 to 1."""
        return self.cached_time / self.work if self.work else 0.0

    @property
    def unknown(self) -> int:
        """How many steps of the Dockerfile could not be matched to a line."""
        return sum(step.unknown for step in self.steps)


def seconds(time: int) -> float:
    """``time``, in nanoseconds, as seconds."""
    return time / SECOND
