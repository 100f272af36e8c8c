"""Arguments in FROM that have no default, so that the build fails unless `--build-arg` sets them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.expand import ExpansionError, Lexer, lexer_of
from stagegraph.dockerfile.file import Dockerfile, pointing_at
from stagegraph.dockerfile.instructions import Arg, From
from stagegraph.dockerfile.platforms import PlatformError, parse_platform
from stagegraph.dockerfile.references import ImageReferenceError, full_reference
from stagegraph.model import Severity
from stagegraph.options import Options
from stagegraph.reach.from_choices import PLATFORM_NAMES
from stagegraph.reach.from_patterns import names_in, parts_of
from stagegraph.reach.questions import arguments_of


def _unset(subject: Subject) -> Iterator[Problem]:
    if subject.arguments_known or not subject.builds:
        yield from unset_arguments(subject.file, subject.questions)


def unset_arguments(file: Dockerfile, questions: Sequence[Options]) -> Iterator[Problem]:
    """A Problem for every unset variable that makes a FROM fail in one of ``questions``."""
    if not any("$" in stage.head.base + stage.head.platform for stage in file.stages):
        return
    stages = {stage.head.name for stage in file.stages}
    seen: set[tuple[int, str]] = set()
    for question in questions:
        values = arguments_of(file, question)
        if values is None:
            continue  # BuildKit rejects the options
        for index, stage in enumerate(file.stages):
            for name in _missing(file, stage.head, values, stages):
                if (index, name) not in seen:
                    seen.add((index, name))
                    yield _problem(file, index, name)


def _missing(file: Dockerfile, head: From, values: Mapping[str, str], stages: Container[str]) -> list[str]:
    """The unset variables of a FROM whose base or platform BuildKit rejects without them."""
    lexer = lexer_of(escape=file.escape)
    missing: list[str] = []
    for word, fails in ((head.base, _no_base), (head.platform, _no_platform)):
        if "$" in word:
            names = sorted(names_in(parts_of(word, file.escape)) - PLATFORM_NAMES - {""})
            empty = [name for name in names if not values.get(name)]
            if empty and fails(word, lexer, values, stages):
                missing.extend(empty)
    return missing


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
        why = f"`ARG {name}` has no default, and no known build sets it"
        fix = f"add a default: `ARG {name}=...`"
    else:
        declaration = "it is declared inside a stage" if inside else "no ARG declares it"
        why = f"{declaration}, and FROM sees only arguments before the first FROM"
        fix = f"add `ARG {name}=...` before the first FROM"
    return Problem(
        code="unset-argument",
        severity=Severity.WARNING,
        span=pointing_at(file.source, head.span, _written(head, name)),
        message=f"`{name}` has no default, so this FROM fails unless `--build-arg {name}=...` is given",
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
    summary="An argument in FROM without a default, so that the build fails unless it is given.",
    check=_unset,
)
