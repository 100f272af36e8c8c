"""Split lines to typed instructions, with BuildKit's checks of each.

Rules: moby/buildkit frontend/dockerfile/instructions/parse.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from stagegraph.dockerfile import healthcheck, words
from stagegraph.dockerfile.fields import FieldsError, csv_fields
from stagegraph.dockerfile.flags import FlagError, Flags, read_flags
from stagegraph.dockerfile.heredocs import heredoc_word, is_heredoc_word
from stagegraph.dockerfile.instructions import (
    Arg,
    Copy,
    Env,
    From,
    Instruction,
    Onbuild,
    Run,
    Setting,
    Shell,
    User,
    Workdir,
    mount_source,
)
from stagegraph.dockerfile.lines import Line, keyword_and_rest, line_of
from stagegraph.dockerfile.logical import Logical
from stagegraph.dockerfile.whitespace import SPACE, lowered

_STAGE_NAME = re.compile(r"[a-z][a-z0-9\-_.]*\Z")
_ONBUILD = re.compile(r"\A[\t\n\f\r ]*ONBUILD[\t\n\f\r ]*", re.IGNORECASE)
_VARIABLE = re.compile(r"\$.")


class ParseError(ValueError):
    """BuildKit refuses the instruction; ``word`` is the part at fault, ``hint`` the next step."""

    def __init__(self, message: str, *, word: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.hint = hint


def arguments(line: Line, escape: str) -> tuple[list[str], bool]:
    """The words of ``line`` and whether they are in JSON form; WordsError where they do not split.

    BuildKit does this for the whole file before it looks at any instruction's meaning.
    """
    splitter = _SPLITTERS.get(line.keyword, "none")
    if splitter == "words":
        return words.split_words(line.rest), False
    if splitter == "list":
        return words.list_words(line.rest)
    if splitter == "command":
        return words.command_words(line.rest)
    if splitter == "quoted":
        return words.quoted_words(line.rest, escape), False
    if splitter == "pairs":
        pairs = words.key_values(line.rest, line.keyword.upper(), escape)
        return [word for pair in pairs for word in pair], False
    if splitter == "healthcheck":
        return healthcheck.split(line.rest)
    return ([line.rest] if splitter == "one" and line.rest else []), False


_SPLITTERS: Mapping[str, str] = MappingProxyType(
    {
        "add": "list",
        "arg": "quoted",
        "cmd": "command",
        "copy": "list",
        "entrypoint": "command",
        "env": "pairs",
        "expose": "words",
        "from": "words",
        "healthcheck": "healthcheck",
        "label": "pairs",
        "maintainer": "one",
        "onbuild": "one",
        "run": "command",
        "shell": "command",
        "stopsignal": "one",
        "user": "one",
        "volume": "list",
        "workdir": "one",
    }
)
KEYWORDS = tuple(sorted(_SPLITTERS))


def check_trigger(line: Line, escape: str) -> None:
    """Split the arguments of an ONBUILD trigger only to find the fault that BuildKit would find."""
    text = line.rest
    written, rest = keyword_and_rest(text)
    logical = Logical(text=text, line=line.span.line, end_line=line.span.end_line)
    arguments(line_of(logical, written, rest), escape)


def instruction(line: Line, args: list[str], json_form: bool) -> Instruction:
    """The typed instruction of ``line``; ParseError where BuildKit refuses it."""
    parse = _PARSERS.get(line.keyword)
    if parse is None:
        raise _unknown(line.written)
    return parse(line, args, json_form)


def _unknown(written: str) -> ParseError:
    from difflib import get_close_matches

    near = get_close_matches(written.lower()[:40], KEYWORDS, n=1)
    hint = (
        f"did you mean {near[0].upper()}?"
        if near
        else "a continued line needs \\ at the end of the one above"
    )
    return ParseError(f"{written[:60]} is no Dockerfile instruction", word=written, hint=hint)


def _flags(line: Line) -> Flags:
    try:
        return read_flags(line.keyword, line.flags)
    except FlagError as error:
        raise ParseError(str(error), word=f"--{error.flag}") from None


def _from(line: Line, args: list[str], _json_form: bool) -> From:
    if not (len(args) == 1 or (len(args) == 3 and args[1].lower() == "as")):
        raise ParseError(
            "FROM takes a base, or a base, AS and a name", hint="FROM [--platform=P] BASE [AS NAME]"
        )
    name = lowered(args[2]) if len(args) == 3 else ""
    if name and not _STAGE_NAME.match(name):
        raise ParseError(
            f"{args[2]} is no name for a stage",
            word=args[2],
            hint="a name begins with a letter and holds letters, digits, -, _ and .",
        )
    return From(
        span=line.span,
        text=line.text,
        base=args[0],
        name=name,
        platform=_flags(line).one("platform"),
        description=_description(line.comments, name),
    )


def _description(comments: tuple[str, ...], name: str) -> str:
    for comment in comments:
        if name and comment.startswith(f"{name} "):
            return comment[len(name) + 1 :]
    return ""


def _copy(line: Line, args: list[str], _json_form: bool) -> Copy:
    keyword = line.keyword.upper()
    if len(args) < 2:
        raise ParseError(
            f"{keyword} needs a source and a destination", hint=f"{keyword} SOURCE... DESTINATION"
        )
    flags = _flags(line)
    if is_heredoc_word(args[-1]):
        raise ParseError(f"{keyword} cannot copy to a heredoc", word=args[-1])
    bodies = {heredoc.name: heredoc for heredoc in line.heredocs}
    opened = [heredoc_word(word) for word in args[:-1] if is_heredoc_word(word)]
    return Copy(
        span=line.span,
        text=line.text,
        add=line.keyword == "add",
        sources=tuple(word for word in args[:-1] if not is_heredoc_word(word)),
        destination=args[-1],
        documents=tuple(bodies.get(document.name, document) for document in opened if document),
        source_stage=flags.one("from"),
        chown=flags.one("chown"),
        chmod=flags.one("chmod"),
        checksum=flags.one("checksum"),
        link=flags.on("link"),
        parents=flags.on("parents"),
        exclude=flags.many("exclude"),
        keep_git_dir=flags.on("keep-git-dir") if "keep-git-dir" in flags.values else None,
        unpack=flags.on("unpack") if "unpack" in flags.values else None,
    )


def _run(line: Line, args: list[str], json_form: bool) -> Run:
    flags = _flags(line)
    _one_of(flags, "network", ("default", "none", "host"))
    _one_of(flags, "security", ("sandbox", "insecure"))
    return Run(
        span=line.span,
        text=line.text,
        words=tuple(args),
        shell_form=not json_form,
        documents=line.heredocs,
        mounts=tuple(_mount(value) for value in flags.many("mount")),
        network=flags.one("network"),
        security=flags.one("security"),
        devices=flags.many("device"),
    )


def _one_of(flags: Flags, name: str, known: tuple[str, ...]) -> None:
    if name in flags.values and flags.one(name) not in known:
        raise ParseError(
            f"{flags.one(name) or 'nothing'} is no {name} for RUN",
            word=f"--{name}",
            hint=f"one of {', '.join(known)}",
        )


def _mount(value: str) -> tuple[str, ...]:
    try:
        fields = csv_fields(value)
    except FieldsError as error:
        raise ParseError(f"the mount {value} cannot be read: {error}", word="--mount") from None
    if _VARIABLE.search(mount_source(fields)):
        raise ParseError(
            "the from of a mount takes no variable",
            word="from=",
            hint="name a stage FROM the variable and mount from that",
        )
    return fields


def _arg(line: Line, args: list[str], _json_form: bool) -> Arg:
    _flags(line)
    _at_least_one(line, args)
    pairs = []
    for word in args:
        name, equals, value = word.partition("=")
        if equals and not name:
            raise ParseError("an ARG has no name", word=word)
        pairs.append((name, value if equals else None))
    return Arg(span=line.span, text=line.text, pairs=tuple(pairs))


def _env(line: Line, args: list[str], _json_form: bool) -> Env:
    return Env(span=line.span, text=line.text, pairs=_pairs(line, args))


def _label(line: Line, args: list[str], _json_form: bool) -> Setting:
    _pairs(line, args)
    return Setting(span=line.span, text=line.text, keyword=line.keyword, words=tuple(args))


def _pairs(line: Line, args: list[str]) -> tuple[tuple[str, str], ...]:
    _flags(line)
    _at_least_one(line, args)
    if not all(args[::2]):
        raise ParseError(f"{line.keyword.upper()} has a name that is blank")
    return tuple(zip(args[::2], args[1::2], strict=True))


def _workdir(line: Line, args: list[str], _json_form: bool) -> Workdir:
    return Workdir(span=line.span, text=line.text, path=_exactly_one(line, args))


def _user(line: Line, args: list[str], _json_form: bool) -> User:
    return User(span=line.span, text=line.text, user=_exactly_one(line, args))


def _shell(line: Line, args: list[str], json_form: bool) -> Shell:
    _flags(line)
    _at_least_one(line, args)
    if not json_form:
        raise ParseError("SHELL takes a JSON list", hint='SHELL ["program", "argument"]')
    return Shell(span=line.span, text=line.text, words=tuple(args))


def _onbuild(line: Line, args: list[str], _json_form: bool) -> Onbuild:
    _at_least_one(line, args)
    _flags(line)
    trigger = keyword_and_rest(args[0])[0].upper()
    if trigger in ("ONBUILD", "FROM", "MAINTAINER"):
        raise ParseError(f"{trigger} cannot be an ONBUILD trigger", word=trigger)
    documents = "".join(f"\n{heredoc.content}{heredoc.name}" for heredoc in line.heredocs)
    return Onbuild(span=line.span, text=line.text, trigger=_ONBUILD.sub("", line.text) + documents)


def _volume(line: Line, args: list[str], _json_form: bool) -> Setting:
    _at_least_one(line, args)
    _flags(line)
    if not all(word.strip(SPACE) for word in args):
        raise ParseError("VOLUME has a path that is blank")
    return Setting(span=line.span, text=line.text, keyword=line.keyword, words=tuple(args))


def _one_word(line: Line, args: list[str], _json_form: bool) -> Setting:
    word = _exactly_one(line, args)
    expanded = (word,) if line.keyword == "stopsignal" else ()
    return Setting(span=line.span, text=line.text, keyword=line.keyword, words=expanded)


def _plain(line: Line, _args: list[str], _json_form: bool) -> Setting:
    _flags(line)
    return Setting(span=line.span, text=line.text, keyword=line.keyword)


def _expose(line: Line, args: list[str], _json_form: bool) -> Setting:
    _at_least_one(line, args)
    return _plain(line, args, False)


def _healthcheck(line: Line, args: list[str], _json_form: bool) -> Setting:
    _at_least_one(line, args)
    if args[0].upper() == "NONE":
        if len(args) > 1:
            raise ParseError("HEALTHCHECK NONE takes nothing more")
        return Setting(span=line.span, text=line.text, keyword=line.keyword)
    flags = _flags(line)
    fault = healthcheck.fault(args, flags)
    if fault:
        raise ParseError(fault)
    return Setting(span=line.span, text=line.text, keyword=line.keyword)


def _at_least_one(line: Line, args: list[str]) -> None:
    if not args:
        raise ParseError(f"{line.keyword.upper()} needs an argument")


def _exactly_one(line: Line, args: list[str]) -> str:
    if len(args) != 1:
        raise ParseError(f"{line.keyword.upper()} needs an argument")
    _flags(line)
    return args[0]


_PARSERS: Mapping[str, Callable[[Line, list[str], bool], Instruction]] = MappingProxyType(
    {
        "add": _copy,
        "arg": _arg,
        "cmd": _plain,
        "copy": _copy,
        "entrypoint": _plain,
        "env": _env,
        "expose": _expose,
        "from": _from,
        "healthcheck": _healthcheck,
        "label": _label,
        "maintainer": _one_word,
        "onbuild": _onbuild,
        "run": _run,
        "shell": _shell,
        "stopsignal": _one_word,
        "user": _user,
        "volume": _volume,
        "workdir": _workdir,
    }
)
