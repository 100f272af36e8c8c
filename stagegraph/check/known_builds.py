"""The known builds of one Dockerfile, and the reach that they give its stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from stagegraph.check.comments import Extent, is_target
from stagegraph.discovery.found_build import FoundBuild
from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.platforms import PlatformError, parse_platform
from stagegraph.dockerfile.resolve import resolve
from stagegraph.dockerfile.stages import Resolved, needs, reachable
from stagegraph.errors import StagegraphError
from stagegraph.model import Reach
from stagegraph.options import Options
from stagegraph.reach.reachability import FileReach, Reached, file_reach

_LONGEST_NUMBER = 5  # digits


class KnownBuilds(Struct, frozen=True, kw_only=True):
    """What is known about the builds of a Dockerfile; by default nothing.

    ``questions`` are builds of one target on one platform each; ``builds`` says where each of them is
    defined, in the same order, empty for one that is a guess or asked for on the command line.
    ``targets_known`` says that no other target is built; ``doubts`` are the builds whose target could
    not be worked out; ``arguments_known`` says that all build arguments are known; ``mentioned`` has
    the names that a file of the repository uses as a target, and where; ``passed`` has the names that a
    file passes to some build, as a build argument or a named context; ``named`` has the builds that name
    both this Dockerfile and a target.
    """

    questions: tuple[Options, ...] = ()
    builds: tuple[str, ...] = ()
    targets_known: bool = False
    doubts: tuple[str, ...] = ()
    arguments_known: bool = True
    mentioned: Mapping[str, str] = field(default_factory=dict)
    named: tuple[FoundBuild, ...] = ()
    passed: frozenset[str] = frozenset()


def known_builds_of(
    dockerfile: str | None,
    builds: Iterable[FoundBuild],
    asked: Options,
    mentioned: Mapping[str, str] | None = None,
    passed: frozenset[str] = frozenset(),
    unread: Sequence[str] = (),
) -> KnownBuilds:
    """The known builds of ``dockerfile``, a path from the repository's root.

    A build that is only partly understood makes less known, never more. Targets in ``asked``, the
    command line, are taken to be all targets. ``unread`` says where other builds with unknown targets are.
    """
    own = [build for build in builds if build.dockerfile in (dockerfile, None)] if dockerfile else []
    is_certain = any(build.certain for build in own if build.dockerfile is not None)
    explicit = [(replace(asked, target=target, targets=()), "") for target in asked.all_targets]
    discovered = [(question, _where(build)) for build in own for question in _questions(build, asked)]
    questions = [
        (one, where) for question, where in (*explicit, *discovered) for one in _by_platform(question)
    ]
    doubts = (*_with_unknown(own, "target"), *unread) if is_certain else ()
    return KnownBuilds(
        questions=tuple(question for question, _ in questions) or tuple(_by_platform(asked)),
        builds=tuple(where for _, where in questions),
        targets_known=bool(explicit) or (is_certain and not doubts),
        doubts=() if explicit else doubts,
        arguments_known=not _with_unknown(own, "build arguments"),
        mentioned=mentioned or {},
        named=tuple(build for build in own if build.dockerfile and build.target),
        passed=passed,
    )


def _where(build: FoundBuild) -> str:
    return build.where if build.certain and build.dockerfile is not None else ""


def _with_unknown(builds: Iterable[FoundBuild], what: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(build.where for build in builds if what in build.unknown))


def _questions(build: FoundBuild, asked: Options) -> Iterator[Options]:
    if build.target is not None:
        yield Options(
            target=build.target or None,
            build_args={**build.build_args, **asked.build_args},
            platforms=tuple(filter(_is_platform, build.platforms)) or asked.platforms,
            contexts=dict.fromkeys(build.contexts, ".") | dict(asked.contexts),
        )


def _is_platform(text: str) -> bool:
    """Whether ``text`` is a known platform; "local" in a bake file is that of the machine: unknown."""
    try:
        return bool(parse_platform(text))
    except PlatformError:
        return False


def _by_platform(question: Options) -> Iterator[Options]:
    for platform in question.all_platforms:
        yield replace(question, platforms=(platform,))


def reach_of_known_builds(
    file: Dockerfile, known_builds: KnownBuilds, of_stages: Sequence[Extent]
) -> FileReach:
    """The reach of every stage for the known builds, the default target and the targets in comments."""
    named = [
        stage.head.name
        for stage, extent in zip(file.stages, of_stages, strict=True)
        if stage.head.name and is_target(extent.comments)
    ]
    questions = list(known_builds.questions) or [Options()]
    # `docker build .` builds the last stage, whatever the known builds ask for
    base = replace(questions[0], target=None)
    reach = file_reach(file, [*questions, base, *(replace(base, target=name) for name in named)])
    return _with_numbered_targets(file, reach, known_builds)


def numbered_targets(known_builds: KnownBuilds) -> dict[int, tuple[Options, str]]:
    """The stages that known builds ask for by number: the question, and where the build is defined."""
    asked = zip(known_builds.questions, known_builds.builds, strict=False)
    return {
        int(question.target): (question, where)
        for question, where in asked
        if question.target and question.target.isdecimal() and len(question.target) <= _LONGEST_NUMBER
    }


def _with_numbered_targets(file: Dockerfile, reach: FileReach, known_builds: KnownBuilds) -> FileReach:
    """``reach`` with dead stages made unknown that the stage with the number of a target needs."""
    numbers = numbered_targets(known_builds)
    if not numbers or reach.resolved is None:
        return reach
    reached = list(reach.reached)
    for number, (question, where) in numbers.items():
        why = f"{where or 'a build'} asks for target {number}, which some builders take for a number"
        for index in _needed_by_number(file, number, question, reach.resolved):
            if reached[index].reach is Reach.DEAD:
                reached[index] = Reached(Reach.UNKNOWN, why)
    return replace(reach, reached=tuple(reached))


def _needed_by_number(file: Dockerfile, number: int, question: Options, default: Resolved) -> set[int]:
    """The stages that stage ``number`` needs with the options of ``question``."""
    count = len(file.stages)
    if number >= count:
        return set()
    try:
        resolved = resolve(file, replace(question, target=None), "", question.all_platforms[0])
    except StagegraphError:
        resolved = default
    needed = reachable([number], lambda index: needs(resolved.sources[index]))
    return {index for index in needed if index < count}
