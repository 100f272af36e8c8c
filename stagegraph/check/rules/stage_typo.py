"""Names that are almost those of stages, misspelled or in another case, and names that nothing has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagegraph.check.rule import Problem, Rule, Subject, is_official
from stagegraph.dockerfile.file import Dockerfile, pointing_at
from stagegraph.dockerfile.instructions import Copy, From, Instruction, Run, mount_source
from stagegraph.dockerfile.spelling import edit_distance
from stagegraph.model import Severity

_SHORTEST = 4  # letters; too many shorter names are similar
_LONG = 8  # letters; in longer names two letters may differ, else one
_MOST_STAGES = 400  # whose names are compared
_WHY = "Docker Hub has no official image of that name, and no named context replaces it"


def _typos(subject: Subject) -> Iterator[Problem]:
    for index, item, word, name in _suspects(subject):
        if name:
            yield _misspelled(subject, index, item, word, name)
        elif not isinstance(item, From):  # a base may be a local image, built before
            yield _no_image(subject, index, item, word)


def misspelled_stages(subject: Subject) -> set[str]:
    """The names of the stages that an instruction seems to misspell."""
    return {name for _, _, _, name in _suspects(subject) if name}


def _suspects(subject: Subject) -> Iterator[tuple[int, Instruction, str, str]]:
    """Every name of one word that is neither a stage nor an official image nor a named context.

    Each is the index of the stage, the instruction, the word, and the stage that is meant; empty for none.
    """
    indexes: dict[str, int] = {}  # of the first stage of each name
    for stage in subject.stages:
        if stage.name and len(indexes) < _MOST_STAGES:
            indexes.setdefault(stage.name, stage.index)
    contexts = {name for question in subject.questions for name in question.contexts}
    similar: dict[str, list[str]] = {}
    for index, item, word in _images(subject):
        if not _could_be_stage(word) or word in contexts or word in subject.passed:
            continue
        if word not in similar:
            similar[word] = _similar(word.lower(), indexes)
        if isinstance(item, From):  # which sees only the stages before it
            near = [name for name in similar[word] if indexes[name] < index]
        else:
            near = [name for name in similar[word] if indexes[name] != index]
        yield index, item, word, near[0] if len(near) == 1 else ""


def _images(subject: Subject) -> Iterator[tuple[int, Instruction, str]]:
    """Every name in the text that is pulled as an image: index of the stage, instruction, the name."""
    count = len(subject.file.stages)
    for stage in subject.stages:
        if stage.text and stage.base_index is None and stage.base == stage.text.head.base:
            yield stage.index, stage.text.head, stage.base
        for command in stage.commands:
            for word, source in zip(_names(command.instruction), command.sources, strict=False):
                if word and source >= count and not command.onbuild:
                    yield stage.index, command.instruction, word


def _names(item: Instruction) -> Iterable[str]:
    if isinstance(item, Copy):
        return () if item.source_stage.lstrip("+").isdecimal() else (item.source_stage,)
    return [mount_source(fields) for fields in item.mounts] if isinstance(item, Run) else ()


def _could_be_stage(word: str) -> bool:
    """Whether a name has the form of a stage name and is not an official image."""
    return not set("/:@$") & set(word) and not is_official(word.lower())


def _similar(word: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name != word and _is_near(word, name)]


def _is_near(word: str, name: str) -> bool:
    if min(len(word), len(name)) < _SHORTEST or abs(len(word) - len(name)) > 2:
        return False
    if _plain(word) == _plain(name):
        return True
    if _digits(word) != _digits(name):
        return False  # build1 and build2 are two names
    return edit_distance(word, name) <= (2 if min(len(word), len(name)) >= _LONG else 1)


def _plain(word: str) -> str:
    return "".join(char for char in word if char.isalnum())


def _digits(word: str) -> str:
    return "".join(char for char in word if char.isdecimal())


def _misspelled(subject: Subject, index: int, item: Instruction, word: str, name: str) -> Problem:
    return Problem(
        code="stage-typo",
        severity=Severity.WARNING,
        span=subject.pointing_at(item, word),
        message=f"there is no stage `{word}` (did you mean `{name}`?), "
        "so BuildKit pulls an image of that name",
        why=_WHY,
        fix=f"write `{name}`, or the full name of the image",
        stage=index,
    )


def _no_image(subject: Subject, index: int, item: Instruction, word: str) -> Problem:
    return Problem(
        code="stage-typo",
        severity=Severity.WARNING,
        span=subject.pointing_at(item, word),
        message=f"there is no stage `{word}`, so BuildKit pulls the image docker.io/library/{word}",
        why=_WHY,
        fix="write the name of a stage, or the full name of the image",
        stage=index,
    )


STAGE_TYPO = Rule(
    code="stage-typo",
    severity=Severity.WARNING,
    summary="A name that is not a stage, which BuildKit would pull as an image that does not exist.",
    check=_typos,
)


def case_mistakes(file: Dockerfile) -> Iterator[Problem]:
    """A Problem for every FROM of ``file`` that is the name of an earlier stage in another case.

    Stage names are lower case, and FROM compares exactly. BuildKit rejects the whole file, so this also
    works on a file that cannot be resolved.
    """
    earlier: set[str] = set()
    for index, stage in enumerate(file.stages):
        base = stage.head.base
        if base not in earlier and base.lower() in earlier and base != base.lower():
            yield Problem(
                code="stage-case",
                severity=Severity.ERROR,
                span=pointing_at(file.source, stage.head.span, base),
                message=f"`{base}` is not the stage `{base.lower()}`: FROM compares names exactly",
                why="stage names are lower case, and BuildKit rejects an image name with capital letters",
                fix=f"write `FROM {base.lower()}`",
                stage=index,
            )
        if stage.head.name:
            earlier.add(stage.head.name)


STAGE_CASE = Rule(
    code="stage-case",
    severity=Severity.ERROR,
    summary="A FROM with the name of a stage in a different letter case, which BuildKit rejects.",
    check=lambda subject: case_mistakes(subject.file),
)
