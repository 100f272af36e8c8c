"""How the arguments of each instruction fall into words, before any of them means something.

Rules: moby/buildkit frontend/dockerfile/parser/parser.go, dispatch.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from stagegraph.dockerfile import healthcheck, words
from stagegraph.dockerfile.lines import Line, keyword_and_rest, line_of
from stagegraph.dockerfile.logical import Logical


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
    logical = Logical(text=text, span=line.span)
    arguments(line_of(logical, written, rest), escape)
