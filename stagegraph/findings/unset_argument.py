"""Arguments in FROM that are unset by default, so that the build fails unless somebody sets them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stagegraph.analysis.base_words import names_in, parts_of
from stagegraph.analysis.exploring import arguments_of
from stagegraph.analysis.selectors import PLATFORM_NAMES
from stagegraph.dockerfile.expand import ExpansionError, Lexer
from stagegraph.dockerfile.instructions import Arg, From
from stagegraph.dockerfile.platforms import PlatformError, parse_platform
from stagegraph.dockerfile.references import ImageReferenceError, full_reference
from stagegraph.findings.problem import Problem, Rule, Subject
from stagegraph.model import Severity
from stagegraph.options import Options


def _unset(subject: Subject) -> Iterator[Problem]:
    texts = [stage.head.base + stage.head.platform for stage in subject.file.stages]
    if not any("$" in text for text in texts) or (subject.builds and not subject.arguments_known):
        return
    seen: set[tuple[int, str]] = set()
    for question in subject.questions or (Options(),):
        values = arguments_of(subject.file, question) or {}
        for index, stage in enumerate(subject.file.stages):
            for name in _missing(subject, stage.head, values):
                if (index, name) not in seen:
                    seen.add((index, name))
                    yield _problem(subject, index, name)


def _missing(subject: Subject, head: From, values: Mapping[str, str]) -> list[str]:
    """The variables for want of which FROM comes out as nothing that BuildKit accepts."""
    stages = subject.resolved.by_name
    lexer = Lexer(escape=subject.file.escape)
    found: list[str] = []
    for word, fails in ((head.base, _no_base), (head.platform, _no_platform)):
        if "$" in word:
            names = sorted(names_in(parts_of(word, subject.file.escape)) - PLATFORM_NAMES - {""})
            empty = [name for name in names if not values.get(name)]
            if empty and fails(word, lexer, values, stages):
                found.extend(empty)
    return found


def _no_base(word: str, lexer: Lexer, values: Mapping[str, str], stages: Mapping[str, int]) -> bool:
    try:
        base = lexer.word(word, values)
        return base not in stages and base != "scratch" and not full_reference(base)
    except (ExpansionError, ImageReferenceError):
        return True


def _no_platform(word: str, lexer: Lexer, values: Mapping[str, str], _stages: Mapping[str, int]) -> bool:
    try:
        return not parse_platform(lexer.word(word, values))
    except (ExpansionError, PlatformError):
        return True


def _problem(subject: Subject, index: int, name: str) -> Problem:
    head = subject.file.stages[index].head
    declared = any(name == pair[0] for arg in subject.file.arguments for pair in arg.pairs)
    inside = any(
        isinstance(item, Arg) and any(name == pair[0] for pair in item.pairs)
        for stage in subject.file.stages
        for item in stage.body
    )
    if declared:
        why = f"ARG {name} has no default, and nothing known sets it"
        fix = f"give it a default: ARG {name}=..."
    else:
        where = (
            "it is declared inside a stage, and FROM sees" if inside else "nothing declares it, and FROM sees"
        )
        why = f"{where} only what stands before the first FROM"
        fix = f"put ARG {name}=... before the first FROM"
    return Problem(
        code="unset-argument",
        severity=Severity.WARNING,
        span=subject.pointing_at(head, _written(head, name)),
        message=f"{name} is unset by default, and without it this FROM fails",
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
