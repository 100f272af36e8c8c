"""A name that is nearly that of a stage, so that BuildKit pulls an image that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.check.rules.official_images import is_official
from stagegraph.dockerfile.instructions import Copy, Instruction, Run, mount_source
from stagegraph.model import Severity

_SHORTEST = 4  # letters; of shorter names too many are near each other
_LONG = 8  # letters from which on two may differ
_MOST_STAGES = 400  # whose names are compared


def _typos(subject: Subject) -> Iterator[Problem]:
    for index, item, word, name in _found(subject):
        yield _problem(subject, index, item, word, name)


def misspelled_stages(subject: Subject) -> set[str]:
    """The names of the stages that some instruction seems to mean and misses."""
    return {name for _, _, _, name in _found(subject)}


def _found(subject: Subject) -> Iterator[tuple[int, Instruction, str, str]]:
    """Every misspelled name: its stage, its instruction, the word, and the name that is meant."""
    names = list(subject.resolved.by_name)[:_MOST_STAGES]
    contexts = {name for question in subject.questions for name in question.contexts}
    checked: dict[str, str] = {}
    for index, item, word in _images(subject):
        if not _could_be_stage(word) or word in contexts:
            continue
        if word not in checked:
            checked[word] = _near(word.lower(), names)
        if checked[word]:
            yield index, item, word, checked[word]


def _images(subject: Subject) -> Iterator[tuple[int, Instruction, str]]:
    """Every name in the text that is pulled as an image, with its stage and instruction."""
    count = len(subject.file.stages)
    for place in subject.stages:
        if place.text and place.base_index is None and place.base == place.text.head.base:
            yield place.index, place.text.head, place.base
        for command in place.commands:
            for word, source in zip(_names(command.instruction), command.sources, strict=False):
                if word and source >= count and not command.onbuild:
                    yield place.index, command.instruction, word


def _names(item: Instruction) -> Iterable[str]:
    if isinstance(item, Copy):
        return () if item.source_stage.lstrip("+").isdecimal() else (item.source_stage,)
    return [mount_source(fields) for fields in item.mounts] if isinstance(item, Run) else ()


def _could_be_stage(word: str) -> bool:
    """Whether a name has the form of a stage's, and is no image that everybody can pull."""
    return not set("/:@$") & set(word) and not is_official(word.lower())


def _near(word: str, names: Iterable[str]) -> str:
    """The stage that ``word`` is nearly the name of; nothing where none is, or several are."""
    found = [name for name in names if name != word and _is_near(word, name)]
    return found[0] if len(found) == 1 else ""


def _is_near(word: str, name: str) -> bool:
    if min(len(word), len(name)) < _SHORTEST or abs(len(word) - len(name)) > 2:
        return False
    if _plain(word) == _plain(name):
        return True
    if _digits(word) != _digits(name):
        return False  # build1 and build2 are two names, not one and its misspelling
    return _distance(word, name) <= (2 if min(len(word), len(name)) >= _LONG else 1)


def _plain(word: str) -> str:
    return "".join(char for char in word if char.isalnum())


def _digits(word: str) -> str:
    return "".join(char for char in word if char.isdecimal())


def _distance(one: str, other: str) -> int:
    """Letters to change, add, drop or swap with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        two_before, before, row = before, row, [i]
        for j, right in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                best = min(best, two_before[j - 2] + 1)
            row.append(best)
    return row[-1]


def _problem(subject: Subject, index: int, item: Instruction, word: str, name: str) -> Problem:
    return Problem(
        code="stage-typo",
        severity=Severity.WARNING,
        span=subject.pointing_at(item, word),
        message=f"`{word}` is no stage, and `{name}` is: BuildKit pulls an image called `{word}`",
        why="Docker Hub has no image of that name, and no named context stands in for it",
        fix=f"write `{name}`, or the whole name of the image",
        stage=index,
    )


STAGE_TYPO = Rule(
    code="stage-typo",
    severity=Severity.WARNING,
    summary="A name that looks like a misspelled stage, which BuildKit would pull as an image.",
    check=_typos,
)
