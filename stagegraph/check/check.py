"""One Dockerfile checked: its findings, and how each of its stages can come to be built."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.check.comments import Extent, extents
from stagegraph.check.known_builds import KnownBuilds, numbered_targets, with_numbered_targets
from stagegraph.check.rule import Problem, Subject
from stagegraph.check.rules.idle_stage import idle_roots
from stagegraph.check.rules.registry import RULES, is_target, run_rules, silenced_codes, unread_word
from stagegraph.check.rules.stage_case import case_mistakes
from stagegraph.check.rules.unset_argument import unset_arguments
from stagegraph.dockerfile.file import Dockerfile, read_dockerfile
from stagegraph.dockerfile.resolve import resolve
from stagegraph.errors import DockerfileError, StagegraphError
from stagegraph.model import Reach
from stagegraph.options import Options
from stagegraph.reach.reachability import Exploration, explore
from stagegraph.source import Source, excerpt, quoted

_MOST_SHOWN = 3


class Located(Struct, frozen=True, kw_only=True):
    """A Problem with what a format shows of it."""

    problem: Problem
    excerpt: str  # the line with a caret under it
    fingerprint: str  # stays when lines above move


class Verdict(Struct, frozen=True, kw_only=True):
    """How one stage can come to be built; ``extent`` is its lines, comments included."""

    title: str
    line: int
    extent: Extent
    reach: Reach
    why: str


class Checked(Struct, frozen=True, kw_only=True):
    """What checking one file gave; ``error`` is the whole text when it cannot be read."""

    name: str
    problems: tuple[Located, ...] = ()
    stages: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    error_message: str = ""
    error_line: int | None = None


_NOTHING_KNOWN = KnownBuilds()


def failed(name: str, error: StagegraphError) -> Checked:
    """The Checked of a file that cannot be read."""
    return Checked(name=name, error=str(error), error_message=error.message, error_line=error.line)


def check(
    source: Source, knowledge: KnownBuilds = _NOTHING_KNOWN, codes: Collection[str] = RULES.keys()
) -> Checked:
    """Check one Dockerfile by the rules called ``codes``; a file that cannot be read is no exception."""
    try:
        file = read_dockerfile(source)
        return _checked(file, knowledge, codes)
    except StagegraphError as error:
        return failed(source.name, error)


def _checked(file: Dockerfile, knowledge: KnownBuilds, codes: Collection[str]) -> Checked:
    of_stages = extents(file)
    exploration = explored(file, knowledge, of_stages)
    if exploration.resolved is None:
        return _refused(file, knowledge, codes, of_stages)
    subject = Subject(
        file=file,
        resolved=exploration.resolved,
        reached=exploration.reached,
        extents=of_stages,
        questions=knowledge.questions or (Options(),),
        targets_known=knowledge.targets_known,
        arguments_known=knowledge.arguments_known,
        builds=tuple(filter(None, knowledge.builds)),
        mentioned=knowledge.mentioned,
    )
    problems = _spoken(run_rules(subject, codes), of_stages)
    return Checked(
        name=file.source.name,
        problems=located(file, problems),
        stages=_verdicts(subject, knowledge.mentioned),
        notes=(
            *_unknown_targets(file, knowledge),
            *_doubtful(subject, knowledge.doubts),
            *_unread_comments(of_stages),
        ),
    )


def explored(file: Dockerfile, knowledge: KnownBuilds, of_stages: Sequence[Extent]) -> Exploration:
    """The reach of every stage for the builds that are known of, and for what is always asked for."""
    named = [
        stage.head.name
        for stage, extent in zip(file.stages, of_stages, strict=True)
        if stage.head.name and is_target(extent.comments)
    ]
    questions = list(knowledge.questions) or [Options()]
    # whoever says `docker build .` asks for the last stage, whatever else is built
    base = replace(questions[0], target=None)
    found = explore(file, [*questions, base, *(replace(base, target=name) for name in named)])
    return with_numbered_targets(found, numbered_targets(knowledge))


def _refused(
    file: Dockerfile, knowledge: KnownBuilds, codes: Collection[str], of_stages: Sequence[Extent]
) -> Checked:
    """A file that BuildKit refuses as a whole: for a fault that a rule knows, or for another."""
    found = [*case_mistakes(file), *unset_arguments(file, knowledge.questions or (Options(),))]
    problems = _spoken((one for one in found if one.code in codes), of_stages)
    if problems:
        return Checked(name=file.source.name, problems=located(file, problems))
    question = replace(next(iter(knowledge.questions), Options()), target=None)
    resolve(file, question, "", question.all_platforms[0])
    raise DockerfileError("BuildKit refuses this file as it is built", source=file.source)


def _spoken(problems: Iterable[Problem], of_stages: Sequence[Extent]) -> tuple[Problem, ...]:
    """``problems`` less those that a comment of their stage silences."""
    silenced = [silenced_codes(extent.comments) for extent in of_stages]
    return tuple(one for one in problems if one.stage is None or one.code not in silenced[one.stage])


def _why(subject: Subject, index: int, mentioned: Mapping[str, str]) -> str:
    why, name = subject.reached[index].why, subject.stages[index].name
    if subject.reached[index].reach is Reach.IDLE and name in mentioned:
        return f"{why}, which {mentioned[name]} speaks of"
    return why


def _verdicts(subject: Subject, mentioned: Mapping[str, str]) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(
            title=subject.resolved.sources[index].title,
            line=stage.head.span.line,
            extent=subject.extents[index],
            reach=subject.reached[index].reach,
            why=_why(subject, index, mentioned),
        )
        for index, stage in enumerate(subject.file.stages)
    )


def located(file: Dockerfile, problems: Sequence[Problem]) -> tuple[Located, ...]:
    """``problems`` with their excerpts, and fingerprints that do not count lines."""
    seen: Counter[str] = Counter()
    found = []
    for problem in problems:
        text = file.source.line_at(problem.span.line).strip()
        stage = file.stages[problem.stage].head.name if problem.stage is not None else ""
        identity = "\0".join((problem.code, stage, text))
        seen[identity] += 1
        digest = hashlib.sha256(f"{identity}\0{seen[identity]}".encode("utf-8", "replace")).hexdigest()
        found.append(
            Located(problem=problem, excerpt=excerpt(file.source, problem.span), fingerprint=digest[:32])
        )
    return tuple(found)


def _unknown_targets(file: Dockerfile, knowledge: KnownBuilds) -> list[str]:
    names = {stage.head.name for stage in file.stages}
    asked = zip(knowledge.questions, knowledge.builds, strict=False)
    missing = {
        f"{where} asks for the target `{question.target}`, and no stage is called that": None
        for question, where in asked
        if where and question.target
        if question.target.lower() not in names and not question.target.isdecimal()
    }
    return list(missing)


def _doubtful(subject: Subject, doubts: Sequence[str]) -> Iterator[str]:
    """What is not said of idle stages, and for want of what."""
    names = [quoted(subject.stages[index].name) for index in idle_roots(subject)]
    if names and doubts:
        more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
        shown = ", ".join(names[:_MOST_SHOWN]) + more
        others = f" and {len(doubts) - 1} more" if len(doubts) > 1 else ""
        builds = f"{doubts[0]}{others}"
        yield f"nothing is said of {shown}: the target of {builds} is not understood, and may be it"


def _unread_comments(of_stages: Sequence[Extent]) -> Iterator[str]:
    """Words to stagegraph that mean nothing."""
    for line, text in (comment for extent in of_stages for comment in extent.comments):
        for code in sorted(silenced_codes([(line, text)]) - RULES.keys()):
            yield f"line {line}: no rule is called `{code}`, so nothing is ignored"
        if word := unread_word(text):
            yield f"line {line}: stagegraph knows no `{word}` in a comment, only target and ignore=CODE"
