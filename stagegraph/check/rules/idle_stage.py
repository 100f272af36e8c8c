"""Stages that no build needs of those that are known, though a target could."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.check.rules.stage_typo import misspelled_stages
from stagegraph.model import Reach, Severity

_MOST_PLACES = 3


def _idle(subject: Subject) -> Iterator[Problem]:
    if not subject.targets_known:
        return  # some other target may be what builds it
    roots = idle_roots(subject)
    alone = _needed_alone(subject, roots)
    for root in roots:
        yield _problem(subject, root, alone[root])


def idle_roots(subject: Subject) -> list[int]:
    """The idle stages that no other idle stage reads, less what something seems to mean."""
    idle = _idle_stages(subject)
    return sorted(idle - {source for index in idle for source in _reads(subject, index)})


def _idle_stages(subject: Subject) -> set[int]:
    """The idle stages but those that something means by a misspelled name, or calls a target."""
    idle = {index for index, reached in enumerate(subject.reached) if reached.reach is Reach.IDLE}
    misspelled = misspelled_stages(subject)
    names = {one: subject.stages[one].name for one in idle}
    waiting = [one for one, name in names.items() if name in misspelled or name in subject.mentioned]
    while waiting:
        stage = waiting.pop()
        if stage in idle:
            idle.remove(stage)
            waiting.extend(_reads(subject, stage))
    return idle


def _reads(subject: Subject, index: int) -> set[int]:
    place = subject.stages[index]
    found = {source for command in place.commands for source in command.sources}
    return found | ({place.base_index} if place.base_index is not None else set())


def _needed_alone(subject: Subject, roots: list[int]) -> dict[int, list[int]]:
    """For every root the idle stages that it needs, and no other root does."""
    idle = _idle_stages(subject)
    owner: dict[int, int | None] = {}  # None where several need it
    for root in roots:
        waiting = [root]
        while waiting:
            stage = waiting.pop()
            if stage in idle and owner.get(stage, -1) not in (root, None):
                owner[stage] = None if stage in owner else root
                waiting.extend(_reads(subject, stage))
    found: dict[int, list[int]] = {root: [] for root in roots}
    for stage, root_of in sorted(owner.items()):
        if root_of is not None and root_of != stage:
            found[root_of].append(stage)
    return found


def _problem(subject: Subject, index: int, others: list[int]) -> Problem:
    head = subject.file.stages[index].head
    lines = " and ".join(str(subject.extents[stage]) for stage in (index, *others))
    with_it = (
        f", nor {', '.join(subject.title(other) for other in others)}, which only it needs" if others else ""
    )
    known = f"of the builds in {_places(subject.builds)}" if subject.builds else "of the builds asked for"
    return Problem(
        code="idle-stage",
        severity=Severity.INFO,
        span=subject.pointing_at(head, head.name),
        message=f"no known build needs {subject.title(index)}{with_it}",
        why=f"none {known} needs it; it is built only {subject.reached[index].why}",
        fix=f"say `# stagegraph: target` above it if it is built by hand, or remove {lines}",
        stage=index,
    )


def _places(builds: tuple[str, ...]) -> str:
    places = list(dict.fromkeys(builds))
    more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    return ", ".join(places[:_MOST_PLACES]) + more


IDLE_STAGE = Rule(
    code="idle-stage",
    severity=Severity.INFO,
    summary="A stage that none of the builds found in the repository needs.",
    check=_idle,
)
