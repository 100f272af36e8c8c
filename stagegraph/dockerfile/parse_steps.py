"""Parses COPY, ADD and RUN, the instructions that read other stages; and what all parsers share.

Rules: moby/buildkit frontend/dockerfile/instructions/parse.go, parseCopy, parseAdd, parseRun and
commands_runmount.go.
"""

from __future__ import annotations

import re

from stagegraph.dockerfile.flags import NO_FLAGS, FlagError, Flags, read_flags
from stagegraph.dockerfile.heredocs import Heredoc, heredoc_word, is_heredoc_word
from stagegraph.dockerfile.instructions import NO_COPY_FLAGS, Copy, CopyFlags, Run
from stagegraph.dockerfile.lines import Line
from stagegraph.dockerfile.mounts import FALSE, TRUE

_VARIABLE = r"\$."


class ParseError(ValueError):
    """BuildKit rejects the instruction; ``word`` is the wrong part, ``hint`` the next step."""

    def __init__(self, message: str, *, word: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.hint = hint


def flags_of(line: Line) -> Flags:
    """The flags of ``line``; ParseError for one that BuildKit does not accept there."""
    if not line.flags:
        return NO_FLAGS
    try:
        return read_flags(line.keyword, line.flags)
    except FlagError as error:
        raise ParseError(str(error), word=f"--{error.flag}", hint=error.hint) from None


def at_least_one(line: Line, args: list[str]) -> None:
    """Raise a ParseError when ``line`` has no argument."""
    if not args:
        raise ParseError(f"{line.keyword.upper()} needs an argument")


def exactly_one(line: Line, args: list[str]) -> str:
    """The one argument of ``line``, which takes no flags; ParseError otherwise."""
    if len(args) != 1:
        raise ParseError(f"{line.keyword.upper()} needs exactly one argument")
    flags_of(line)
    return args[0]


class FieldsError(ValueError):
    """A value that is not a CSV record."""


def csv_fields(text: str) -> tuple[str, ...]:
    """The fields of ``text``; FieldsError for an empty record or a misplaced quote.

    As Go's encoding/csv parses the value of ``--mount``.
    """
    if not text.strip("\r\n"):
        raise FieldsError("the value is empty")
    fields: list[str] = []
    position = 0
    while position <= len(text):
        field, position = (_quoted if text.startswith('"', position) else _bare)(text, position)
        fields.append(field)
    return tuple(fields)


def _bare(text: str, position: int) -> tuple[str, int]:
    end = text.find(",", position)
    end = len(text) if end < 0 else end
    field = text[position:end]
    if '"' in field:
        raise FieldsError("a quote inside a field that is not quoted")
    return field, end + 1


def _quoted(text: str, position: int) -> tuple[str, int]:
    parts: list[str] = []
    position += 1
    while True:
        end = text.find('"', position)
        if end < 0:
            raise FieldsError("a quote is not closed")
        parts.append(text[position:end])
        following = text[end + 1 : end + 2]
        position = end + 2
        if following in ("", ","):
            return "".join(parts), position
        if following != '"':
            raise FieldsError("text after a closing quote")
        parts.append('"')


def copy(line: Line, args: list[str], _json_form: bool) -> Copy:
    """COPY or ADD; ParseError if BuildKit rejects it."""
    keyword = line.keyword.upper()
    if len(args) < 2:
        raise ParseError(
            f"{keyword} needs a source and a destination", hint=f"write {keyword} SOURCE... DESTINATION"
        )
    flags = flags_of(line)
    *sources, destination = args
    if is_heredoc_word(destination):
        raise ParseError(f"the destination of {keyword} cannot be a heredoc", word=destination)
    return Copy(
        span=line.span,
        text=line.text,
        add=line.keyword == "add",
        sources=tuple(word for word in sources if not is_heredoc_word(word)),
        destination=destination,
        documents=_documents(line, sources),
        source_stage=flags.one("from"),
        link=flags.on("link"),
        flags=_copy_flags(flags) if flags.values else NO_COPY_FLAGS,
    )


def _documents(line: Line, sources: list[str]) -> tuple[Heredoc, ...]:
    # In JSON form a heredoc word opens no body, but is still an (empty) document.
    if "<<" not in line.rest:
        return ()
    bodies = {heredoc.name: heredoc for heredoc in line.heredocs}
    opened = [heredoc_word(word) for word in sources if is_heredoc_word(word)]
    return tuple(bodies.get(document.name, document) for document in opened if document)


def _copy_flags(flags: Flags) -> CopyFlags:
    if flags.values.keys() <= {"from", "link"}:
        return NO_COPY_FLAGS
    return CopyFlags(
        chown=flags.one("chown"),
        chmod=flags.one("chmod"),
        checksum=flags.one("checksum"),
        parents=flags.on("parents"),
        exclude=flags.many("exclude"),
        keep_git_dir=flags.on("keep-git-dir") if "keep-git-dir" in flags.values else None,
        unpack=flags.on("unpack") if "unpack" in flags.values else None,
    )


def run(line: Line, args: list[str], json_form: bool) -> Run:
    """RUN; ParseError if BuildKit rejects it."""
    item = Run(
        span=line.span,
        text=line.text,
        words=tuple(args),
        shell_form=not json_form,
        documents=line.heredocs,
    )
    return _with_flags(item, flags_of(line)) if line.flags else item


def _with_flags(item: Run, flags: Flags) -> Run:
    network = _one_of(flags, "network", ("default", "none", "host"))
    security = _one_of(flags, "security", ("sandbox", "insecure"))
    return item._replace(
        mounts=tuple(map(_mount, flags.many("mount"))),
        options=(network, security, *map(_device, flags.many("device"))),
    )


def _one_of(flags: Flags, name: str, known: tuple[str, ...]) -> str:
    """The value of a flag, one of ``known``; the first of them is the default."""
    if name not in flags.values:
        return known[0]
    if flags.one(name) not in known:
        raise ParseError(
            f"unknown {name} `{flags.one(name)}` for RUN",
            word=f"--{name}",
            hint=f"use one of {', '.join(known)}",
        )
    return flags.one(name)


def _device(value: str) -> str:
    """A device and whether it is required, normalized (commands_rundevice.go)."""
    name, required = "", False
    for field in _fields("device", value):
        key, equals, text = field.partition("=")
        if key.lower() == "required":
            required = _required(text) if equals else True
        elif key.lower() == "name" and equals and not name:
            name = text
        elif not name:
            name = field
        else:
            raise ParseError(f"device {value} has more than one name", word="--device")
    return f"{name} required" if required else name


def _required(text: str) -> bool:
    if text not in TRUE | FALSE:
        raise ParseError(f"required of a device must be true or false, not {text}", word="--device")
    return text in TRUE


def _fields(flag: str, value: str) -> tuple[str, ...]:
    try:
        return csv_fields(value)
    except FieldsError as error:
        raise ParseError(f"invalid {flag} `{value}`: {error}", word=f"--{flag}") from None


def _mount(value: str) -> tuple[str, ...]:
    fields = _fields("mount", value)
    if any(field[:5].lower() == "from=" and re.search(_VARIABLE, field[5:]) for field in fields):
        raise ParseError(
            "from of a mount does not expand variables",
            word="from=",
            hint="start a stage with FROM and the variable, and mount from that stage",
        )
    return fields
