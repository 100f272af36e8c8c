"""Arguments in FROM that have no default, so that the build fails unless `--build-arg` sets them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.expand import ExpansionError, Lexer, lexer_of
from stagegraph.dockerfile.file import Dockerfile, pointing_at
from stagegraph.dockerfile.instructions import From
from stagegraph.dockerfile.platforms import PlatformError, parse_platform
from stagegraph.dockerfile.references import ImageReferenceError, full_reference
from stagegraph.dockerfile.scope import arguments_in_stages, declared_arguments
from stagegraph.model import Severity
from stagegraph.options import DEFAULT_PLATFORM, Options
from stagegraph.reach.choosing_options import arguments_of
from stagegraph.reach.from_choices import PLATFORM_NAMES
from stagegraph.reach.from_patterns import names_in, parts_of


def _unset(subject: Subject) -> Iterator[Problem]:
    for problem in unset_arguments(subject.file, subject.questions, subject.passed):
        # a value helps against a warning, and a build whose arguments are not understood may give it
        if problem.severity is Severity.ERROR or subject.arguments_known or not subject.builds:
            yield problem


def unset_arguments(
    file: Dockerfile, questions: Sequence[Options], passed: Container[str] = ()
) -> Iterator[Problem]:
    """A Problem for every unset variable that makes a FROM fail in one of ``questions``.

    An argument in ``passed`` is taken to be set by whoever builds the file.
    """
    if not any("$" in stage.head.base + stage.head.platform for stage in file.stages):
        return
    stages = {stage.head.name for stage in file.stages} - {""}
    declared = declared_arguments(file)
    seen: set[tuple[int, str]] = set()
    for question in questions:
        values = arguments_of(file, question)
        if values is None:
            continue  # BuildKit rejects the options
        for index, stage in enumerate(file.stages):
            for name in _missing(file, stage.head, values, stages):
                settled = name in declared and name in passed
                if (index, name) not in seen and not settled:
                    seen.add((index, name))
                    yield _problem(file, index, name)


def _missing(file: Dockerfile, head: From, values: Mapping[str, str], stages: Container[str]) -> list[str]:
    """The unset variables of a FROM whose base or platform BuildKit rejects without them.

    Those that no ARG before the first FROM declares are left out where the others suffice.
    """
    lexer = lexer_of(escape=file.escape)
    declared = declared_arguments(file)
    missing: list[str] = []
    for word, fails, value in (
        (head.base, _no_base, "unset"),
        (head.platform, _no_platform, DEFAULT_PLATFORM),
    ):
        if "$" in word:
            names = sorted(names_in(parts_of(word, file.escape)) - PLATFORM_NAMES - {""})
            empty = [name for name in names if not values.get(name)]
            if empty and fails(word, lexer, values, stages):
                settable = [name for name in empty if name in declared]
                suffice = not fails(word, lexer, {**values, **dict.fromkeys(settable, value)}, stages)
                missing.extend(settable if suffice else empty)
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
    declared = name in declared_arguments(file)
    if declared:
        message = f"`{name}` has no default, so this FROM fails unless `--build-arg {name}=...` is given"
        why = f"`ARG {name}` has no default, and no known build sets it"
        fix = f"add a default: `ARG {name}=...`"
    else:
        message = f"FROM does not see `{name}`, so it fails, and `--build-arg {name}=...` cannot help"
        inside = name in arguments_in_stages(file)
        declaration = "it is declared inside a stage" if inside else "no ARG declares it"
        why = f"{declaration}, and FROM sees only arguments before the first FROM"
        fix = f"{'move' if inside else 'add'} `ARG {name}=...` before the first FROM"
    return Problem(
        code="unset-argument",
        severity=Severity.WARNING if declared else Severity.ERROR,
        span=pointing_at(file.source, head.span, _written(head, name)),
        message=message,
        why=why,
        fix=fix,
        stage=index,
    )


def _written(head: From, name: str) -> str:
    word = head.base if name in head.base else head.platform
    return next((form for form in (f"${{{name}}}", f"${name}", f"${{{name}") if form in word), word)


UNSET_ARGUMENT = Rule(
    code="unset-argument",
    severity=Severity.ERROR,
    summary="An argument in FROM without a default, so the build fails unless you set it.",
    check=_unset,
)
