"""Stages that a target could build, but no known build needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.check.rules.stage_typo import misspelled_stages
from stagegraph.check.rules.unknown_target import suggested_target
from stagegraph.dockerfile.stages import needs, reachable
from stagegraph.model import Reach, Severity

_MOST_BUILDS = 3  # that a message lists


def _idle(subject: Subject) -> Iterator[Problem]:
    if not subject.targets_known:
        return  # a build with another target may need the stage
    idle = _idle_stages(subject)
    roots = _roots(subject, idle)
    others = _needed_by_one_root(subject, idle, roots)
    for root in roots:
        yield _problem(subject, root, others[root])


def idle_roots(subject: Subject) -> list[int]:
    """The idle stages that no other idle stage reads, without those that are mentioned or misspelled."""
    return _roots(subject, _idle_stages(subject))


def _roots(subject: Subject, idle: set[int]) -> list[int]:
    return sorted(idle.difference(*(needs(subject.stage(index)) for index in idle)))


def _idle_stages(subject: Subject) -> set[int]:
    """The idle stages, without those that are mentioned as a target or misspelled and what these need."""
    idle = {index for index, reached in enumerate(subject.reached) if reached.reach is Reach.IDLE}
    if not idle:
        return idle
    return idle - reachable(meant_stages(subject, idle), lambda index: needs(subject.stage(index)) & idle)


def meant_stages(subject: Subject, idle: Iterable[int]) -> list[int]:
    """The stages in ``idle`` that a file names as a target, or that a misspelled name probably means."""
    misspelled = misspelled_stages(subject) | set(_misspelled_targets(subject))
    names = {index: subject.stage(index).name for index in idle}
    return [index for index, name in names.items() if name in misspelled or name in subject.mentioned]


def _misspelled_targets(subject: Subject) -> Iterator[str]:
    """The stages that BuildKit suggests for the targets of known builds that no stage has."""
    names = list(dict.fromkeys(stage.name for stage in subject.stages if stage.name))
    targets = {question.target.lower() for question in subject.questions if question.target}
    for target in sorted(targets.difference(names)):
        if name := suggested_target(target, names):
            yield name


def _needed_by_one_root(subject: Subject, idle: set[int], roots: list[int]) -> dict[int, list[int]]:
    """For every root the other idle stages that it needs and no other root does."""
    owner: dict[int, int | None] = {}  # None where several roots need it
    for root in roots:
        waiting = [root]
        while waiting:
            stage = waiting.pop()
            if owner.get(stage, -1) not in (root, None):
                owner[stage] = None if stage in owner else root
                waiting.extend(needs(subject.stage(stage)) & idle)
    return {
        root: [stage for stage in sorted(owner) if owner[stage] == root and stage != root] for root in roots
    }


def _problem(subject: Subject, index: int, others: list[int]) -> Problem:
    head = subject.file.stages[index].head
    lines = " and ".join(str(subject.extents[stage]) for stage in (index, *others))
    titles = ", ".join(map(subject.title, others))
    with_others = f" or {titles}, which only {subject.title(index)} needs" if others else ""
    builds = f"in {_listed(subject.builds)}" if subject.builds else "with the given --target"
    return Problem(
        code="idle-stage",
        severity=Severity.INFO,
        span=subject.pointing_at(head, head.name),
        message=f"no known build needs {subject.title(index)}{with_others}",
        why=f"no build {builds} needs it; it is only built {subject.reached[index].why}",
        fix=f"add `# stagegraph: target` above it if people build it by hand, or remove {lines}",
        stage=index,
    )


def _listed(builds: tuple[str, ...]) -> str:
    unique = list(dict.fromkeys(builds))
    more = f" and {len(unique) - _MOST_BUILDS} more" if len(unique) > _MOST_BUILDS else ""
    return ", ".join(unique[:_MOST_BUILDS]) + more


IDLE_STAGE = Rule(
    code="idle-stage",
    severity=Severity.INFO,
    summary="A stage that none of the builds found in the repository needs.",
    check=_idle,
)
