"""What is known of how one Dockerfile is built, from the builds found and those asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from stagegraph.discovery.found_build import FoundBuild
from stagegraph.dockerfile.platforms import PlatformError, parse_platform
from stagegraph.model import Reach
from stagegraph.options import Options
from stagegraph.reach.reachability import Exploration, Reached


class KnownBuilds(Struct, frozen=True, kw_only=True):
    """What is known of how a Dockerfile is built; by default nothing.

    ``questions`` are builds of one target on one platform each, ``builds`` where they stand, in the
    same order, and nothing for those that are a guess or asked for on the command line.
    ``targets_known`` says that no other target is built, or ``doubts`` where builds of one stand
    that is not understood; ``arguments_known`` that no build gets arguments that are not known;
    ``mentioned`` what something calls a target, and where.
    """

    questions: tuple[Options, ...] = ()
    builds: tuple[str, ...] = ()
    targets_known: bool = False
    doubts: tuple[str, ...] = ()
    arguments_known: bool = True
    mentioned: Mapping[str, str] = field(default_factory=dict)


def knowledge_of(
    dockerfile: str | None,
    uses: Iterable[FoundBuild],
    asked: Options,
    mentioned: Mapping[str, str] | None = None,
) -> KnownBuilds:
    """What ``uses`` and the command line say of ``dockerfile``, a path from the repository's root.

    A build that is not understood whole makes less known: never more. Targets asked for on the
    command line are taken to be all there are.
    """
    meant = [use for use in uses if use.dockerfile in (dockerfile, None)] if dockerfile else []
    own = [use for use in meant if use.dockerfile is not None]
    explicit = [(replace(asked, target=target, targets=()), "") for target in asked.all_targets]
    builds = [*explicit, *((question, _place(use)) for use in meant for question in _questions(use, asked))]
    found = [(one, where) for question, where in builds for one in _by_platform(question)]
    doubts = _not_known(meant, "target") if any(use.certain for use in own) else ()
    return KnownBuilds(
        questions=tuple(question for question, _ in found) or tuple(_by_platform(asked)),
        builds=tuple(where for _, where in found),
        targets_known=bool(explicit) or (any(use.certain for use in own) and not doubts),
        doubts=() if explicit else doubts,
        arguments_known=not _not_known(meant, "build arguments"),
        mentioned=mentioned or {},
    )


def _place(use: FoundBuild) -> str:
    return use.where if use.certain and use.dockerfile is not None else ""


def _not_known(uses: Iterable[FoundBuild], what: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(use.where for use in uses if what in use.unknown))


def _questions(use: FoundBuild, asked: Options) -> Iterator[Options]:
    if use.target is not None:
        yield Options(
            target=use.target or None,
            build_args={**use.build_args, **asked.build_args},
            platforms=_platforms(use) or asked.platforms,
            contexts=dict.fromkeys(use.contexts, ".") | dict(asked.contexts),
        )


def _platforms(use: FoundBuild) -> tuple[str, ...]:
    """The platforms of a build; "local" is that of the machine, which is not known here."""
    return tuple(filter(_is_platform, use.platforms))


def _by_platform(question: Options) -> Iterator[Options]:
    for platform in question.all_platforms:
        yield replace(question, platforms=(platform,))


def _is_platform(text: str) -> bool:
    try:
        return bool(parse_platform(text))
    except PlatformError:
        return False


def numbered_targets(knowledge: KnownBuilds) -> dict[int, str]:
    """The stages that builds ask for by number, and where."""
    asked = zip(knowledge.questions, knowledge.builds, strict=False)
    return {
        int(question.target): where
        for question, where in asked
        if question.target and question.target.isdecimal() and len(question.target) < 6
    }


def with_numbered_targets(exploration: Exploration, numbers: dict[int, str]) -> Exploration:
    """``exploration`` in which nothing is dead that a target of a number could need."""
    if not numbers or exploration.resolved is None:
        return exploration
    reached = list(exploration.reached)
    for number, where in numbers.items():
        for index in _needed(exploration, number):
            if reached[index].reach is Reach.DEAD:
                asked = f"{where or 'a build'} asks for the target {number}"
                why = f"{asked}, which some builders take for a number"
                reached[index] = Reached(Reach.UNKNOWN, why)
    return replace(exploration, reached=tuple(reached))


def _needed(exploration: Exploration, number: int) -> Iterable[int]:
    places = exploration.resolved.sources if exploration.resolved else []
    count = len(exploration.reached)
    found: set[int] = set()
    waiting = [number]
    while waiting:
        index = waiting.pop()
        if index < count and index not in found:
            found.add(index)
            base = places[index].base_index
            waiting.extend(source for command in places[index].commands for source in command.sources)
            waiting.extend([] if base is None else [base])
    return sorted(found)
