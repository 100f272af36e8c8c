"""Checks one Dockerfile: its findings, and the reach of each of its stages."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.check.comments import Extent, extents, ignored_codes, unknown_pragma
from stagegraph.check.known_builds import KnownBuilds, reach_of_known_builds
from stagegraph.check.rule import Problem, Subject
from stagegraph.check.rules import DEFAULT_CODES, RULES, run_rules, sorted_problems
from stagegraph.check.rules.idle_stage import idle_roots
from stagegraph.check.rules.stage_typo import case_mistakes
from stagegraph.check.rules.unknown_target import unknown_targets
from stagegraph.check.rules.unset_argument import unset_arguments
from stagegraph.discovery.found_build import FoundBuild
from stagegraph.dockerfile.file import Dockerfile, read_dockerfile
from stagegraph.dockerfile.resolve import resolve
from stagegraph.dockerfile.stages import Resolved
from stagegraph.errors import DockerfileError, StagegraphError
from stagegraph.model import Finding, Reach
from stagegraph.options import Options
from stagegraph.reach.reachability import Reached
from stagegraph.source import Source, Span, excerpt, quoted

_MOST_NAMED = 3  # stages in a note
_NO_KNOWN_BUILDS = KnownBuilds()


class ReportedProblem(Struct, frozen=True, kw_only=True):
    """A Problem with what the output formats show of it."""

    problem: Problem
    excerpt: str  # the line with a caret under it
    fingerprint: str  # does not change when lines above move


class CheckedStage(Struct, frozen=True, kw_only=True):
    """The reach of one stage and why; ``extent`` is its lines, comments included."""

    title: str
    line: int
    extent: Extent
    reach: Reach
    why: str


class CheckedFile(Struct, frozen=True, kw_only=True):
    """The result of checking one file; ``error`` is the whole text of the error that stopped it.

    ``failing_builds`` are builds that always fail, each with the problem in the file that defines it.
    ``is_dockerfile`` is False for such a file.
    """

    name: str
    problems: tuple[ReportedProblem, ...] = ()
    stages: tuple[CheckedStage, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    error_message: str = ""
    error_line: int | None = None
    error_column: int = 1
    failing_builds: tuple[tuple[FoundBuild, Problem], ...] = ()
    is_dockerfile: bool = True

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings in the file, by line."""
        return tuple(one.problem.finding for one in self.problems)


def check(
    source: Source, known_builds: KnownBuilds = _NO_KNOWN_BUILDS, codes: Collection[str] = DEFAULT_CODES
) -> CheckedFile:
    """Check one Dockerfile by the rules in ``codes``; an error is part of the result, not raised."""
    try:
        return _checked(read_dockerfile(source), known_builds, codes)
    except StagegraphError as error:
        return failed(source.name, error)


def failed(name: str, error: StagegraphError) -> CheckedFile:
    """The result for a file that cannot be read or that BuildKit rejects."""
    return CheckedFile(
        name=name,
        error=str(error),
        error_message=error.message,
        error_line=error.line,
        error_column=error.span.column if error.span else 1,
    )


def _checked(file: Dockerfile, known_builds: KnownBuilds, codes: Collection[str]) -> CheckedFile:
    of_stages = extents(file)
    reach = reach_of_known_builds(file, known_builds, of_stages)
    if reach.resolved is None:
        return _rejected(file, known_builds, codes, of_stages)
    subject = subject_of(file, known_builds, reach.resolved, reach.reached)
    failing = tuple(unknown_targets(file, known_builds.named))
    return CheckedFile(
        name=file.source.name,
        problems=_reported(file, _without_ignored(run_rules(subject, codes), of_stages)),
        stages=tuple(_stages(subject, known_builds)),
        notes=(
            *_missing_targets(file, known_builds, {build.where for build, _ in failing}),
            *_unjudged_stages(subject, known_builds),
            *_unknown_pragmas(of_stages),
        ),
        failing_builds=failing if "unknown-target" in codes else (),
    )


def subject_of(
    file: Dockerfile, known_builds: KnownBuilds, resolved: Resolved, reached: tuple[Reached, ...]
) -> Subject:
    """What the rules check: ``file`` with its known builds, and what ``reach_of_known_builds`` found."""
    return Subject(
        file=file,
        resolved=resolved,
        reached=reached,
        extents=extents(file),
        questions=known_builds.questions or (Options(),),
        targets_known=known_builds.targets_known,
        arguments_known=known_builds.arguments_known,
        builds=tuple(filter(None, known_builds.builds)),
        mentioned=known_builds.mentioned,
        passed=known_builds.passed,
    )


def _rejected(
    file: Dockerfile, known_builds: KnownBuilds, codes: Collection[str], of_stages: Sequence[Extent]
) -> CheckedFile:
    """The problems that make BuildKit reject the whole file; StagegraphError where no rule finds one."""
    questions = known_builds.questions or (Options(),)
    problems = [*case_mistakes(file), *unset_arguments(file, questions, known_builds.passed)]
    selected = _without_ignored((one for one in problems if one.code in codes), of_stages)
    if selected:
        return CheckedFile(name=file.source.name, problems=_reported(file, selected))
    passed = {name: "unset" for arg in file.arguments for name, _ in arg.pairs if name in known_builds.passed}
    question = replace(questions[0], target=None, build_args={**passed, **questions[0].build_args})
    resolve(file, question, "", question.all_platforms[0])
    raise DockerfileError(
        "BuildKit rejects this file with the options of the known builds", source=file.source
    )


def _without_ignored(problems: Iterable[Problem], of_stages: Sequence[Extent]) -> tuple[Problem, ...]:
    """``problems`` without those that a comment of their stage ignores."""
    ignored = [ignored_codes(extent.comments) for extent in of_stages]
    return tuple(one for one in problems if one.stage is None or one.code not in ignored[one.stage])


def checked_build_file(source: Source, failing: Iterable[tuple[FoundBuild, Problem]]) -> CheckedFile:
    """The result for a file that defines builds which fail: their problems by line, each once."""
    problems = (replace(problem, span=_span_of(source, build, problem)) for build, problem in failing)
    reported = _with_excerpts(source, sorted_problems(problems))
    return CheckedFile(name=source.name, problems=reported, is_dockerfile=False)


def _span_of(source: Source, build: FoundBuild, problem: Problem) -> Span:
    """The span of the word that makes ``build`` fail."""
    line = problem.span.line
    if problem.code == "unknown-target":
        return _of_target(source, line, build.target or "")
    text = build.missing.text if build.missing else ""
    column = source.line_at(line).find(text) if text else -1
    if column < 0:
        return Span(line=line, end_line=line)
    return Span(line=line, end_line=line, column=column + 1, length=len(text))


def _of_target(source: Source, line: int, target: str) -> Span:
    """The span of the word ``target`` after its option or key on a line, or of the whole line.

    It may also be the value of a matrix, which another line sets: the only one that has the word.
    """
    word = re.compile(rf"(?<![\w.-]){re.escape(target)}(?![\w.-])", re.IGNORECASE)
    text = source.line_at(line)
    key = re.search("target", text, re.IGNORECASE)
    if after_key := word.search(text, key.end()) if key else None:
        return Span(line=line, end_line=line, column=after_key.start() + 1, length=len(target))
    others = [*itertools.islice(word.finditer(source.text), 2)]
    if len(others) == 1:
        before = source.text[: others[0].start()]
        number, column = before.count("\n") + 1, others[0].start() - before.rfind("\n")
        return Span(line=number, end_line=number, column=column, length=len(target))
    return Span(line=line, end_line=line)


def _reported(file: Dockerfile, problems: Sequence[Problem]) -> tuple[ReportedProblem, ...]:
    return _with_excerpts(file.source, problems, [stage.head.name for stage in file.stages])


def _with_excerpts(
    source: Source, problems: Sequence[Problem], names: Sequence[str] = ()
) -> tuple[ReportedProblem, ...]:
    """``problems`` with excerpts and fingerprints; equal lines get different fingerprints by a counter."""
    seen: Counter[str] = Counter()
    reported = []
    for problem in problems:
        text = source.line_at(problem.span.line).strip()
        stage = names[problem.stage] if problem.stage is not None else ""
        identity = "\0".join((problem.code, stage, text))
        seen[identity] += 1
        digest = hashlib.sha256(f"{identity}\0{seen[identity]}".encode("utf-8", "replace")).hexdigest()
        shown = excerpt(source, problem.span)
        reported.append(ReportedProblem(problem=problem, excerpt=shown, fingerprint=digest[:32]))
    return tuple(reported)


def _stages(subject: Subject, known_builds: KnownBuilds) -> Iterator[CheckedStage]:
    for index, stage in enumerate(subject.file.stages):
        reached, name = subject.reached[index], subject.stage(index).name
        why = reached.why
        if reached.reach is Reach.IDLE and name in known_builds.mentioned:
            why += f"; {known_builds.mentioned[name]} names this target"
        yield CheckedStage(
            title=subject.stage(index).title,
            line=stage.head.span.line,
            extent=subject.extents[index],
            reach=reached.reach,
            why=why,
        )


def _missing_targets(file: Dockerfile, known_builds: KnownBuilds, failing: Collection[str]) -> list[str]:
    """A note on every target that no stage has, without the builds in ``failing``, which are findings."""
    names = {stage.head.name for stage in file.stages}
    asked = zip(known_builds.questions, known_builds.builds, strict=False)
    missing = {
        f"{where} builds target `{question.target}`, but there is no such stage": None
        for question, where in asked
        if where and where not in failing and question.target
        if question.target.lower() not in names and not question.target.isdecimal()
    }
    return list(missing)


def _unjudged_stages(subject: Subject, known_builds: KnownBuilds) -> Iterator[str]:
    """A note on the idle stages that a build with an unknown target could need."""
    doubts = known_builds.doubts
    names = [quoted(subject.stage(index).name) for index in idle_roots(subject)] if doubts else []
    if names:
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        shown = ", ".join(names[:_MOST_NAMED]) + more
        are, it = ("is", shown) if len(names) == 1 else ("are", "one of them")
        others = f" and {len(doubts) - 1} more" if len(doubts) > 1 else ""
        have = "have" if others else "has"
        yield (
            f"{shown} {are} not reported as idle: {doubts[0]}{others} {have} an unknown target, "
            f"which could be {it}"
        )


def _unknown_pragmas(of_stages: Sequence[Extent]) -> Iterator[str]:
    for line, text in (comment for extent in of_stages for comment in extent.comments):
        for code in sorted(ignored_codes([(line, text)]) - RULES.keys()):
            yield f"line {line}: unknown rule `{code}`, so nothing is ignored"
        if word := unknown_pragma(text):
            yield f"line {line}: unknown comment `stagegraph: {word}`; use `target` or `ignore=CODE`"
