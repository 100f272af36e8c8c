"""Arguments in FROM that are unset by default, so that the build fails unless somebody sets them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.expand import ExpansionError, Lexer
from stagegraph.dockerfile.file import Dockerfile, pointing_at
from stagegraph.dockerfile.instructions import Arg, From
from stagegraph.dockerfile.platforms import PlatformError, parse_platform
from stagegraph.dockerfile.references import ImageReferenceError, full_reference
from stagegraph.model import Severity
from stagegraph.options import Options
from stagegraph.reach.from_patterns import names_in, parts_of
from stagegraph.reach.questions import arguments_of
from stagegraph.reach.selectors import PLATFORM_NAMES


def _unset(subject: Subject) -> Iterator[Problem]:
    if subject.arguments_known or not subject.builds:
        yield from unset_arguments(subject.file, subject.questions)


def unset_arguments(file: Dockerfile, questions: Sequence[Options]) -> Iterator[Problem]:
    """Every variable for want of which a FROM fails in one of ``questions``."""
    if not any("$" in stage.head.base + stage.head.platform for stage in file.stages):
        return
    stages = {stage.head.name for stage in file.stages}
    seen: set[tuple[int, str]] = set()
    for question in questions:
        values = arguments_of(file, question)
        if values is None:
            continue  # the question itself is refused
        for index, stage in enumerate(file.stages):
            for name in _missing(file, stage.head, values, stages):
                if (index, name) not in seen:
                    seen.add((index, name))
                    yield _problem(file, index, name)


def _missing(file: Dockerfile, head: From, values: Mapping[str, str], stages: Container[str]) -> list[str]:
    """The variables for want of which FROM comes out as nothing that BuildKit accepts."""
    lexer = Lexer(escape=file.escape)
    found: list[str] = []
    for word, fails in ((head.base, _no_base), (head.platform, _no_platform)):
        if "$" in word:
            names = sorted(names_in(parts_of(word, file.escape)) - PLATFORM_NAMES - {""})
            empty = [name for name in names if not values.get(name)]
            if empty and fails(word, lexer, values, stages):
                found.extend(empty)
    return found


def _no_base(word: str, lexer: Lexer, values: Mapping[str, str], stages: Container[str]) -> bool:
    try:
        base = lexer.word(word, values)
        return base not in stages and base != "scratch" and not full_reference(base)
    except (ExpansionError, ImageReferenceError):
        return True


def _no_platform(word: str, lexer: Lexer, values: Mapping[str, str], _stages: Container[str]) -> bool:
    try:
        return not parse_platform(lexer.word(word, values))
    except (ExpansionError, PlatformError):
        return True


def _problem(file: Dockerfile, index: int, name: str) -> Problem:
    head = file.stages[index].head
    declared = any(name == pair[0] for arg in file.arguments for pair in arg.pairs)
    inside = any(
        isinstance(item, Arg) and any(name == pair[0] for pair in item.pairs)
        for stage in file.stages
        for item in stage.body
    )
    if declared:
        why = f"`ARG {name}` has no default, and nothing known sets it"
        fix = f"give it a default: `ARG {name}=...`"
    else:
        where = (
            "it is declared inside a stage, and FROM sees" if inside else "nothing declares it, and FROM sees"
        )
        why = f"{where} only what stands before the first FROM"
        fix = f"put `ARG {name}=...` before the first FROM"
    return Problem(
        code="unset-argument",
        severity=Severity.WARNING,
        span=pointing_at(file.source, head.span, _written(head, name)),
        message=f"`{name}` is unset by default, and without it this FROM fails",
        why=why,
        fix=fix,
        stage=index,
    )


def _written(head: From, name: str) -> str:
    word = head.base if name in head.base else head.platform
    return next((form for form in (f"${{{name}}}", f"${name}", f"${{{name}") if form in word), word)


UNSET_ARGUMENT = Rule(
    code="unset-argument",
    severity=Severity.WARNING,
    summary="An argument in FROM that is unset by default, so that the build fails without it.",
    check=_unset,
)
