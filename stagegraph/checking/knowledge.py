"""What is known of how one Dockerfile is built, from the builds found and those asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from stagegraph.discovery.use import Use
from stagegraph.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is known of how a Dockerfile is built; by default nothing.

    ``questions`` are builds of one target on one platform each, ``builds`` where they stand, in the
    same order. ``targets_known`` says that no other target is built, ``arguments_known`` that no
    build gets arguments that are not known.
    """

    questions: tuple[Options, ...] = ()
    builds: tuple[str, ...] = ()
    targets_known: bool = False
    arguments_known: bool = True


def knowledge_of(dockerfile: str | None, uses: Iterable[Use], asked: Options) -> Knowledge:
    """What ``uses`` and the command line say of ``dockerfile``, a path from the repository's root.

    A build that is not understood whole makes less known: never more. Targets asked for on the
    command line are taken to be all there are.
    """
    meant = [use for use in uses if use.dockerfile in (dockerfile, None)] if dockerfile else []
    own = [use for use in meant if use.dockerfile is not None]
    explicit = [(replace(asked, target=target, targets=()), "") for target in asked.all_targets]
    builds = [*explicit, *((question, use.where) for use in meant for question in _questions(use, asked))]
    found = [(one, where) for question, where in builds for one in _by_platform(question)]
    return Knowledge(
        questions=tuple(question for question, _ in found) or tuple(_by_platform(asked)),
        builds=tuple(where for _, where in found if where),
        targets_known=bool(explicit) or (any(use.certain for use in own) and _all_known(meant, "target")),
        arguments_known=_all_known(meant, "build arguments"),
    )


def _all_known(uses: Sequence[Use], what: str) -> bool:
    return not any(what in use.unknown for use in uses)


def _questions(use: Use, asked: Options) -> Iterator[Options]:
    if use.target is not None:
        yield Options(
            target=use.target or None,
            build_args={**use.build_args, **asked.build_args},
            platforms=use.platforms or asked.platforms,
            contexts=dict.fromkeys(use.contexts, ".") | dict(asked.contexts),
        )


def _by_platform(question: Options) -> Iterator[Options]:
    for platform in question.all_platforms:
        yield replace(question, platforms=(platform,))
