"""Finds the names that a text passes to a build, as build arguments or named contexts, in any syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

_LONGEST = 8_000  # characters of one value
_MOST_LINES = 200  # of one value
_CLOSING = {"{": "}", "[": "]", "(": ")"}
_NAME = r"[A-Za-z_][\w.-]*"
# `--build-arg NAME`, `"--build-arg", "NAME=value"`, `--opt build-arg:NAME=value`
_FLAG = rf"""(?:arg|context)s?["'\\]{{0,3}}[\s,:=|>+\\-]{{1,80}}[fr]?\\?["']?({_NAME})"""
# `args: ...`, `"buildArgs": ...`, `args = ...`, with what is to the right of it
_KEY = r"""(?P<word>args?|contexts)\\?["']?[ \t]*(?:=>|:=|[:=](?!=))[ \t]*(?:[&!][\w.-]+[ \t]*)?"""
# `--set app.args.NAME=value`, `args["NAME"] = value`, `args.put("NAME", value)`
_ITEM = rf"""(?:args?|contexts)(?:\.(?!(?:put|set|add)\()|(?:\[|\.(?:put|set|add)\()\s*["'])({_NAME})"""
_SET_IN_BRACKETS = rf"""\\?["']?({_NAME})\\?["']?\s*(?:=>|[:=](?!=)|to\s)"""
_WHOLE_ITEM = rf"""[\[,]\s*\\?["']?({_NAME})\\?["']?\s*(?=[,\]])"""
_SET_IN_LINE = rf"""(?<![\w.-])({_NAME})="""
_ON_A_LINE = rf"""[ \t]*(?:-[ \t]+)?["']?({_NAME})["']?[ \t]*(?:[:=]|\Z)"""


def passed_names(text: str) -> Iterator[str]:
    """Every name that ``text`` passes to a build, in any syntax; some words that are not such names too."""
    lower = text.lower()
    for needle in ("arg", "context"):
        position = lower.find(needle)
        read = 0  # where the last value in brackets or in one line ends
        while position >= 0:
            is_flag = lower[max(position - 6, 0) : position] in ("build-", "build_")
            yield from _passed_at(text, position, is_flag=is_flag)
            key = _pattern(_KEY).match(text, position) if position >= read else None
            if key and (key["word"][-1] in "sS" or is_flag or lower.endswith("build", 0, position)):
                value = _value_in_brackets(text, key.end()) or _rest_of_line(text, key.end())
                read = key.end() + len(value)
                yield from _names_in(value) if value else _names_in_block(text, position, key.end())
            position = lower.find(needle, position + 1)


def _passed_at(text: str, position: int, *, is_flag: bool) -> Iterator[str]:
    if is_flag and (flag := _pattern(_FLAG).match(text, position)):
        yield flag[1]
    if item := _pattern(_ITEM).match(text, position):
        yield item[1]


def _names_in(value: str) -> Iterator[str]:
    """The names in a value that is in brackets or in one line."""
    if value[0] not in _CLOSING:
        yield from _pattern(_SET_IN_LINE).findall(value)
        return
    yield from _pattern(_SET_IN_BRACKETS).findall(value)
    if value[0] == "[":
        yield from _pattern(_WHOLE_ITEM).findall(value)


def _names_in_block(text: str, key: int, start: int) -> Iterator[str]:
    for line in _block(text, key, start):
        if match := _pattern(_ON_A_LINE).match(line):
            yield match[1]


def _rest_of_line(text: str, start: int) -> str:
    """The value at ``start`` if it is in the same line; empty where a block of lines follows."""
    line = text[start : start + _LONGEST].partition("\n")[0].rstrip()
    return "" if line[:1] in "|>#" else line


def _value_in_brackets(text: str, start: int) -> str:
    """The value at ``start`` if it is in brackets, as ``{...}`` or ``dict(...)``, from the bracket on."""
    opening = _pattern(r"[ \t]*[\w.]{0,40}([\[({])").match(text, start)
    return _bracketed(text, opening.start(1)) if opening else ""


def _bracketed(text: str, start: int) -> str:
    """The text from the bracket at ``start`` to the one that closes it, brackets in strings included."""
    opening, closing = text[start], _CLOSING[text[start]]
    depth = 0
    for position in range(start, min(len(text), start + _LONGEST)):
        depth += (text[position] == opening) - (text[position] == closing)
        if depth == 0:
            return text[start : position + 1]
    return text[start : start + _LONGEST]


def _block(text: str, key: int, start: int) -> Iterator[str]:
    """The lines below the line of ``key`` that are indented more, or are items of a list."""
    own = _indentation(text[text.rfind("\n", 0, key) + 1 : key])
    for line in text[start : start + _LONGEST].splitlines()[1:_MOST_LINES]:
        content = line.lstrip()
        if not content or content[0] == "#":
            continue
        indentation = len(line) - len(content)
        if indentation < own or (indentation == own and not content.startswith("- ")):
            return
        yield line.rstrip()


def _indentation(before: str) -> int:
    """The column of the key that ``before`` leads to, without its own quote and the start of its name."""
    match = _pattern(r"\s*(?:-\s+)*").match(before)
    return match.end() if match else 0


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
