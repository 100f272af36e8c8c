"""A Dockerfile as a value: its global arguments and its stages, read but not yet resolved."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from stagegraph.dockerfile import parse
from stagegraph.dockerfile.checks import ParseError
from stagegraph.dockerfile.instructions import Arg, From, Instruction
from stagegraph.dockerfile.lines import Line, read_lines
from stagegraph.dockerfile.words import WordsError
from stagegraph.errors import DockerfileError
from stagegraph.source import Source, Span


class StageText(Struct, frozen=True, kw_only=True):
    """One FROM and the instructions below it."""

    head: From
    body: tuple[Instruction, ...]

    @property
    def end_line(self) -> int:
        """The last line of the stage's last instruction."""
        return self.body[-1].span.end_line if self.body else self.head.span.end_line


class Dockerfile(Struct, frozen=True, kw_only=True):
    """``arguments`` stand before the first FROM; ``escape`` is the escape character."""

    source: Source
    escape: str
    arguments: tuple[Arg, ...]
    stages: tuple[StageText, ...]


def read_dockerfile(source: Source) -> Dockerfile:
    """Read ``source``; DockerfileError at the first thing that BuildKit refuses."""
    found = read_lines(source)
    split = [_arguments(source, line, found.escape) for line in found.lines]
    if found.error:
        raise found.error
    if not split:
        raise DockerfileError(
            "the file is empty" if not source.text.strip() else "the file holds no instruction",
            source=source,
            hint="a Dockerfile begins with FROM",
        )
    return _assembled(source, found.escape, (_instruction(source, *item) for item in split))


def read_trigger(source: Source, trigger: str, place: Span) -> Instruction:
    """The instruction of an ONBUILD trigger, placed at the FROM that runs it.

    BuildKit parses it as a file of its own, so with the default escape character.
    """
    found = read_lines(Source(name=source.name, text=trigger))
    if found.error or len(found.lines) != 1:
        raise DockerfileError(
            "the ONBUILD trigger of the base is not one instruction", source=source, span=place
        )
    line = _at(found.lines[0], place)
    return _instruction(source, *_arguments(source, line, found.escape))


def _at(line: Line, place: Span) -> Line:
    return line._replace(logical=line.logical._replace(span=place))


def _arguments(source: Source, line: Line, escape: str) -> tuple[Line, list[str], bool]:
    try:
        args, json_form = parse.arguments(line, escape)
        if line.keyword == "onbuild" and args:
            parse.check_trigger(line, escape)
    except WordsError as error:
        raise DockerfileError(str(error), source=source, span=line.span) from None
    return line, args, json_form


def _instruction(source: Source, line: Line, args: list[str], json_form: bool) -> Instruction:
    try:
        return parse.instruction(line, args, json_form)
    except ParseError as error:
        raise DockerfileError(
            str(error), source=source, span=pointing_at(source, line.span, error.word), hint=error.hint
        ) from None


def pointing_at(source: Source, span: Span, word: str) -> Span:
    """``span`` with the column of ``word`` where it stands on the first line."""
    column = source.line_at(span.line).find(word) if word else -1
    if column < 0:
        return span
    return Span(line=span.line, end_line=span.end_line, column=column + 1, length=len(word))


def fault(source: Source, item: Instruction, message: str, word: str = "", hint: str = "") -> DockerfileError:
    """The error at ``item``, at ``word`` where that stands in its first line."""
    return DockerfileError(message, source=source, span=pointing_at(source, item.span, word), hint=hint)


def _assembled(source: Source, escape: str, found: Iterable[Instruction]) -> Dockerfile:
    arguments: list[Arg] = []
    stages: list[tuple[From, list[Instruction]]] = []
    for item in found:
        if isinstance(item, From):
            stages.append((item, []))
        elif stages:
            stages[-1][1].append(item)
        elif isinstance(item, Arg):
            arguments.append(item)
        else:
            raise DockerfileError(
                "only ARG may stand before the first FROM",
                source=source,
                span=item.span,
                hint="begin the stage with FROM",
            )
    if not stages:
        raise DockerfileError(
            "the file has no FROM, so no stage", source=source, hint="begin a stage with FROM"
        )
    texts = tuple(StageText(head=head, body=tuple(body)) for head, body in stages)
    return Dockerfile(source=source, escape=escape, arguments=tuple(arguments), stages=texts)
