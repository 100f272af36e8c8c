"""What a marker asks for: ``Dockerfile target=release prune=true`` to options and a view."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import fields

from stagegraph.options import Options
from stagegraph.picture.view import DIRECTIONS, ENGINES, THEMES, View

FORMATS = ("mermaid", "svg")
_BOOLEANS = MappingProxyType({"true": True, "false": False})
_CHOICES: Mapping[str, Iterable[str]] = MappingProxyType(
    {"direction": DIRECTIONS, "theme": THEMES, "engine": ENGINES, "format": FORMATS}
)
_VIEW = MappingProxyType(
    {field.name.replace("_", "-"): field for field in fields(View) if isinstance(field.default, str | bool)}
)
_REPEATABLE = ("target", "build-arg", "platform", "build-context")
_FLAGS = ("collapsed", "report", *(name for name, field in _VIEW.items() if isinstance(field.default, bool)))
OPTIONS = tuple(sorted({*_REPEATABLE, *_FLAGS, *_VIEW, "format", "output"}))


class SettingsError(ValueError):
    """A marker that asks for what there is not; ``word`` is where in it, ``hint`` the next step."""

    def __init__(self, message: str, word: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.hint = hint


class Settings(Struct, frozen=True, kw_only=True):
    """One block as it is asked for; ``dockerfile`` and ``output`` are relative to the page."""

    dockerfile: str
    options: Options
    view: View
    format: str = "mermaid"  # one of FORMATS
    output: str = ""  # the file of the picture, for svg
    collapsed: bool = False  # in a details element that is closed at first
    report: bool = False  # with a table of what ships


def settings_of(text: str) -> Settings:
    """The settings that the words of a marker ask for; SettingsError for what they cannot."""
    paths: list[str] = []
    asked: dict[str, list[str]] = {}
    for word in _words(text):
        name, equals, value = word.partition("=")
        if equals and name.replace("-", "").isalpha():
            _take(asked, name, value, word)
        elif paths:
            raise SettingsError(f"{word} is neither an option nor the only path", word, _flag_hint(word))
        else:
            paths.append(word)
    return _settings(paths[0] if paths else ".", asked)


def _words(text: str) -> list[str]:
    # No escape characters, so that paths of Windows stay whole; quotes hold blanks together.
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    try:
        return list(lexer)
    except ValueError:
        raise SettingsError("a quotation mark is not closed") from None


def _flag_hint(word: str) -> str:
    return f"write {word}=true" if word in _FLAGS else "quote a path that has blanks in it"


def _take(asked: dict[str, list[str]], name: str, value: str, word: str) -> None:
    if name not in OPTIONS:
        near = get_close_matches(name, OPTIONS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(OPTIONS)}"
        raise SettingsError(f"there is no option {name}", word, hint)
    if name in asked and name not in _REPEATABLE:
        raise SettingsError(f"{name} is given twice", word, "keep one of them")
    choices = _BOOLEANS if name in _FLAGS else _CHOICES.get(name)
    if choices and value not in choices:
        raise SettingsError(f"{name} cannot be {value or 'nothing'}", word, f"one of {', '.join(choices)}")
    asked.setdefault(name, []).append(value)


def _settings(dockerfile: str, asked: Mapping[str, list[str]]) -> Settings:
    one = {name: values[0] for name, values in asked.items()}
    form, output = one.get("format", "mermaid"), one.get("output", "")
    if form == "svg" and not output:
        raise SettingsError("format=svg needs a file for the picture", "format=svg", "add output=build.svg")
    if output and form != "svg":
        raise SettingsError("only format=svg writes a file", f"output={output}", "add format=svg")
    view: dict[str, Any] = {
        _VIEW[name].name: _BOOLEANS[value] if name in _FLAGS else value
        for name, value in one.items()
        if name in _VIEW
    }
    return Settings(
        dockerfile=dockerfile,
        options=_options(asked),
        view=View(**view),
        format=form,
        output=output,
        collapsed=one.get("collapsed") == "true",
        report=one.get("report") == "true",
    )


def _options(asked: Mapping[str, list[str]]) -> Options:
    platforms = asked.get("platform", [])
    return Options(
        targets=tuple(asked.get("target", ())),
        build_args=dict(_pair("build-arg", text) for text in asked.get("build-arg", ())),
        platforms=tuple(part for text in platforms for part in text.split(",") if part),
        contexts=dict(_context(text) for text in asked.get("build-context", ())),
    )


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise SettingsError(f"{option}={text} has no value", text, f"write {option}=NAME=VALUE")
    return name, value


def _context(text: str) -> tuple[str, str]:
    from stagegraph.dockerfile.references import ImageReferenceError, familiar_reference

    name, value = _pair("build-context", text)
    try:
        return familiar_reference(name), value
    except ImageReferenceError as error:
        raise SettingsError(str(error), text) from None
