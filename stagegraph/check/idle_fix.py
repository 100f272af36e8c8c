"""The idle stages that a fix may remove, and why the others stay."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from stagegraph.check.check import subject_of
from stagegraph.check.comments import Extent, ignored_codes
from stagegraph.check.known_builds import KnownBuilds, numbered_targets
from stagegraph.check.rule import Subject
from stagegraph.check.rules.idle_stage import meant_stages
from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.stages import needs, reachable
from stagegraph.model import Reach
from stagegraph.reach.reachability import FileReach

IDLE = "idle-stage"
_SIMILAR = "another stage reads a name that is similar"
_MOST_BUILDS = 500  # for which a fix compares the graphs


class IdleStages(Struct, frozen=True, kw_only=True):
    """The indexes of the idle stages that no known build can need, and of the others, with the reason.

    Stages that a comment keeps are in neither.
    """

    removable: frozenset[int] = frozenset()
    doubts: tuple[tuple[int, str], ...] = ()


def idle_stages(
    file: Dockerfile, reach: FileReach, known_builds: KnownBuilds, of_stages: Sequence[Extent]
) -> IdleStages:
    """The idle stages of ``file``; a doubt about one that is read by others is one about these, too."""
    idle = {index for index, one in enumerate(reach.reached) if one.reach is Reach.IDLE}
    if reach.resolved is None or not idle:
        return IdleStages()
    subject = subject_of(file, known_builds, reach.resolved, reach.reached)
    by_comment = {index for index in idle if IDLE in ignored_codes(of_stages[index].comments)}
    doubt = _doubt_about_all(known_builds)
    doubts = (
        dict.fromkeys(sorted(idle - by_comment), doubt) if doubt else _doubts(subject, known_builds, idle)
    )
    kept = reachable([*by_comment, *doubts], lambda index: needs(subject.stage(index)) & idle)
    readers = {
        index: f"{subject.title(reader)} reads it"
        for reader in sorted(kept)
        for index in needs(subject.stage(reader)) & kept
    }
    reasons = {index: doubts.get(index) or readers[index] for index in sorted(kept - by_comment)}
    return IdleStages(removable=frozenset(idle - kept), doubts=tuple(reasons.items()))


def _doubt_about_all(known_builds: KnownBuilds) -> str:
    """Why any idle stage could be a target; empty where the known builds are all builds."""
    if known_builds.doubts:
        return f"{known_builds.doubts[0]} has an unknown target, which could be it"
    if not known_builds.targets_known:
        return "no build of this file was found; name the targets with --target"
    if numbered_targets(known_builds):
        return "a build asks for a stage by its number"
    if len(known_builds.questions) > _MOST_BUILDS:
        return f"more than {_MOST_BUILDS} builds of this file were found"
    return ""


def _doubts(subject: Subject, known_builds: KnownBuilds, idle: set[int]) -> dict[int, str]:
    """The reason for every idle stage that a file names as a target, or that a misspelled name means."""
    where = known_builds.mentioned
    reasons = {}
    for index in meant_stages(subject, sorted(idle)):
        name = subject.stage(index).name
        reasons[index] = f"{where[name]} names this target" if name in where else _SIMILAR
    return reasons
