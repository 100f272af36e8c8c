"""A Dockerfile as a value: its global arguments and its stages, read but not yet resolved."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from stagegraph.discovery.build_files import build_file_kind
from stagegraph.dockerfile import parse
from stagegraph.dockerfile.instructions import Arg, From, Instruction
from stagegraph.dockerfile.lines import Line, read_lines
from stagegraph.dockerfile.logical import other_frontend
from stagegraph.dockerfile.parse_steps import ParseError
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
    """A parsed file: ``arguments`` come before the first FROM; ``escape`` is the escape character."""

    source: Source
    escape: str
    arguments: tuple[Arg, ...]
    stages: tuple[StageText, ...]


def read_dockerfile(source: Source) -> Dockerfile:
    """Read ``source``; DockerfileError for the first thing that BuildKit rejects.

    The error of a bake or compose file, which people name in place of a Dockerfile, says what it is.
    """
    try:
        return _read(source)
    except DockerfileError:
        if kind := build_file_kind(source.name, source.text):
            message = f"this is a {kind}, not a Dockerfile"
            raise DockerfileError(message, source=source, hint="name a Dockerfile") from None
        raise


def _read(source: Source) -> Dockerfile:
    parsed = read_lines(source)
    split = [_arguments(source, line, parsed.escape) for line in parsed.lines]
    if parsed.error:
        raise parsed.error
    if not split:
        raise DockerfileError(
            "the file is empty" if not source.text.strip() else "the file has no instructions",
            source=source,
            hint="start a Dockerfile with FROM",
        )
    return _assembled(source, parsed.escape, (_instruction(source, *item) for item in split))


def check_frontend(source: Source) -> None:
    """Raise a DockerfileError if the syntax line of ``source`` names a frontend that is not Docker's."""
    if name := other_frontend(source.text):
        line = next((i for i, text in enumerate(source.text.split("\n"), 1) if name in text), 1)
        raise DockerfileError(
            f"the syntax line names another frontend, {name}, so this is not a plain Dockerfile",
            source=source,
            span=pointing_at(source, Span(line=line, end_line=line), name),
            hint="only files for docker/dockerfile and its mirrors can be read",
        )


def read_trigger(source: Source, trigger: str, span: Span) -> Instruction:
    """The instruction of an ONBUILD trigger, at the span of the FROM that runs it.

    BuildKit parses it as a separate file, so with the default escape character.
    """
    parsed = read_lines(Source(name=source.name, text=trigger))
    if parsed.error or len(parsed.lines) != 1:
        raise DockerfileError(
            "an ONBUILD trigger of the base is not one instruction", source=source, span=span
        )
    line = _at(parsed.lines[0], span)
    return _instruction(source, *_arguments(source, line, parsed.escape))


def _at(line: Line, span: Span) -> Line:
    return line._replace(logical=line.logical._replace(span=span))


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
    """``span`` from the column of ``word`` on, if its first line has the word."""
    column = source.line_at(span.line).find(word) if word else -1
    if column < 0:
        return span
    return Span(line=span.line, end_line=span.end_line, column=column + 1, length=len(word))


def fault(source: Source, item: Instruction, message: str, word: str = "", hint: str = "") -> DockerfileError:
    """The error at ``item``, at ``word`` if its first line has the word."""
    return DockerfileError(message, source=source, span=pointing_at(source, item.span, word), hint=hint)


def _assembled(source: Source, escape: str, instructions: Iterable[Instruction]) -> Dockerfile:
    arguments: list[Arg] = []
    stages: list[tuple[From, list[Instruction]]] = []
    for item in instructions:
        if isinstance(item, From):
            stages.append((item, []))
        elif stages:
            stages[-1][1].append(item)
        elif isinstance(item, Arg):
            arguments.append(item)
        else:
            raise DockerfileError(
                "only ARG is allowed before the first FROM",
                source=source,
                span=item.span,
                hint="start the stage with FROM",
            )
    if not stages:
        raise DockerfileError("the file has no FROM", source=source, hint="start a stage with FROM")
    texts = tuple(StageText(head=head, body=tuple(body)) for head, body in stages)
    return Dockerfile(source=source, escape=escape, arguments=tuple(arguments), stages=texts)
