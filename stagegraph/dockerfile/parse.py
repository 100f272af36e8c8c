"""Parses split lines into typed instructions, with BuildKit's checks of each.

Rules: moby/buildkit frontend/dockerfile/instructions/parse.go and parser/parser.go, dispatch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from stagegraph.dockerfile import healthcheck, words
from stagegraph.dockerfile.instructions import (
    Arg,
    Env,
    From,
    Instruction,
    Onbuild,
    Setting,
    Shell,
    User,
    Workdir,
)
from stagegraph.dockerfile.lines import Line, line_of
from stagegraph.dockerfile.logical import Logical
from stagegraph.dockerfile.parse_steps import ParseError, at_least_one, copy, exactly_one, flags_of, run
from stagegraph.dockerfile.spelling import misspelled
from stagegraph.dockerfile.words import SPACE, keyword_and_rest, lowered

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
_STAGE_NAME = r"[a-z][a-z0-9\-_.]*\Z"
_ONBUILD = r"(?i)\A[\t\n\f\r ]*ONBUILD[\t\n\f\r ]*"


def arguments(line: Line, escape: str) -> tuple[list[str], bool]:
    """The words of ``line`` and whether they are in JSON form; WordsError if they do not split.

    BuildKit splits the whole file before it parses any instruction.
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


def check_trigger(line: Line, escape: str) -> None:
    """Split the arguments of an ONBUILD trigger, to raise the WordsError that BuildKit would raise."""
    text = line.rest
    written, rest = keyword_and_rest(text)
    logical = Logical(text=text, span=line.span)
    arguments(line_of(logical, written, rest), escape)


def instruction(line: Line, args: list[str], json_form: bool) -> Instruction:
    """The typed instruction of ``line``; ParseError if BuildKit rejects it."""
    parse = _PARSERS.get(line.keyword)
    if parse is None:
        raise _unknown(keyword_and_rest(line.text)[0])
    return parse(line, args, json_form)


def _unknown(written: str) -> ParseError:
    near = misspelled(written.lower(), KEYWORDS)
    hint = (
        f"did you mean {near.upper()}?"
        if near
        else "check that this is a Dockerfile, and that the line above ends with \\ if this line continues it"
    )
    return ParseError(f"unknown instruction `{written[:60]}`", word=written, hint=hint)


def _from(line: Line, args: list[str], _json_form: bool) -> From:
    if not (len(args) == 1 or (len(args) == 3 and args[1].lower() == "as")):
        raise ParseError("FROM takes one argument, or three", hint="write FROM [--platform=P] BASE [AS NAME]")
    name = lowered(args[2]) if len(args) == 3 else ""
    if name and not re.match(_STAGE_NAME, name):
        raise ParseError(
            f"invalid stage name `{args[2]}`",
            word=args[2],
            hint="start the name with a letter; use letters, digits, -, _ and .",
        )
    return From(
        span=line.span,
        text=line.text,
        base=args[0],
        name=name,
        platform=flags_of(line).one("platform"),
        description=_description(line.comments, name),
    )


def _description(comments: tuple[str, ...], name: str) -> str:
    for comment in comments:
        if name and comment.startswith(f"{name} "):
            return comment[len(name) + 1 :]
    return ""


def _arg(line: Line, args: list[str], _json_form: bool) -> Arg:
    # BuildKit ignores the flags of ARG (parseArg) and of STOPSIGNAL
    at_least_one(line, args)
    pairs = []
    for word in args:
        name, equals, value = word.partition("=")
        if equals and not name:
            raise ParseError("ARG needs a name before =", word=word)
        pairs.append((name, value if equals else None))
    return Arg(span=line.span, text=line.text, pairs=tuple(pairs))


def _env(line: Line, args: list[str], _json_form: bool) -> Env:
    return Env(span=line.span, text=line.text, pairs=_pairs(line, args))


def _label(line: Line, args: list[str], _json_form: bool) -> Setting:
    _pairs(line, args)
    return Setting(span=line.span, text=line.text, keyword=line.keyword, words=tuple(args))


def _pairs(line: Line, args: list[str]) -> tuple[tuple[str, str], ...]:
    flags_of(line)
    at_least_one(line, args)
    if not all(args[::2]):
        raise ParseError(f"{line.keyword.upper()} has an empty name")
    return tuple(zip(args[::2], args[1::2], strict=True))


def _workdir(line: Line, args: list[str], _json_form: bool) -> Workdir:
    return Workdir(span=line.span, text=line.text, path=exactly_one(line, args))


def _user(line: Line, args: list[str], _json_form: bool) -> User:
    return User(span=line.span, text=line.text, user=exactly_one(line, args))


def _shell(line: Line, args: list[str], json_form: bool) -> Shell:
    flags_of(line)
    at_least_one(line, args)
    if not json_form:
        raise ParseError("SHELL takes a JSON list", hint='write SHELL ["program", "argument"]')
    return Shell(span=line.span, text=line.text, words=tuple(args))


def _onbuild(line: Line, args: list[str], _json_form: bool) -> Onbuild:
    at_least_one(line, args)
    flags_of(line)
    trigger = keyword_and_rest(args[0])[0].upper()
    if trigger in ("ONBUILD", "FROM", "MAINTAINER"):
        raise ParseError(f"{trigger} cannot be an ONBUILD trigger", word=trigger)
    documents = "".join(f"\n{heredoc.content}{heredoc.name}" for heredoc in line.heredocs)
    return Onbuild(span=line.span, text=line.text, trigger=re.sub(_ONBUILD, "", line.text) + documents)


def _volume(line: Line, args: list[str], _json_form: bool) -> Setting:
    at_least_one(line, args)
    flags_of(line)
    if not all(word.strip(SPACE) for word in args):
        raise ParseError("VOLUME has an empty path")
    return Setting(span=line.span, text=line.text, keyword=line.keyword, words=tuple(args))


def _one_word(line: Line, args: list[str], _json_form: bool) -> Setting:
    exactly_one(line, args)
    return Setting(span=line.span, text=line.text, keyword=line.keyword)


def _stopsignal(line: Line, args: list[str], _json_form: bool) -> Setting:
    if len(args) != 1:
        raise ParseError("STOPSIGNAL needs an argument")
    return Setting(span=line.span, text=line.text, keyword=line.keyword, words=tuple(args))


def _plain(line: Line, _args: list[str], _json_form: bool) -> Setting:
    flags_of(line)
    return Setting(span=line.span, text=line.text, keyword=line.keyword)


def _expose(line: Line, args: list[str], _json_form: bool) -> Setting:
    at_least_one(line, args)
    flags_of(line)
    return Setting(span=line.span, text=line.text, keyword=line.keyword, words=tuple(args))


def _healthcheck(line: Line, args: list[str], _json_form: bool) -> Setting:
    at_least_one(line, args)
    if args[0].upper() == "NONE":
        if len(args) > 1:
            raise ParseError("HEALTHCHECK NONE takes no arguments")
        return Setting(span=line.span, text=line.text, keyword=line.keyword)
    flags = flags_of(line)
    fault = healthcheck.fault(args, flags)
    if fault:
        raise ParseError(fault)
    return Setting(span=line.span, text=line.text, keyword=line.keyword)


_PARSERS: Mapping[str, Callable[[Line, list[str], bool], Instruction]] = MappingProxyType(
    {
        "add": copy,
        "arg": _arg,
        "cmd": _plain,
        "copy": copy,
        "entrypoint": _plain,
        "env": _env,
        "expose": _expose,
        "from": _from,
        "healthcheck": _healthcheck,
        "label": _label,
        "maintainer": _one_word,
        "onbuild": _onbuild,
        "run": run,
        "shell": _shell,
        "stopsignal": _stopsignal,
        "user": _user,
        "volume": _volume,
        "workdir": _workdir,
    }
)
