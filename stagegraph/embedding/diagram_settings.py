"""Parses the settings of a diagram, as in ``Dockerfile target=release prune=true``."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import fields

from stagegraph.formats import formats
from stagegraph.options import Options
from stagegraph.picture.view import DIALECTS, DIRECTIONS, ENGINES, THEMES, View

FORMATS = ("mermaid", "svg", "png")
_BOOLEANS = MappingProxyType({"true": True, "false": False})
_CHOICES: Mapping[str, Iterable[str]] = MappingProxyType(
    {"direction": DIRECTIONS, "theme": THEMES, "engine": ENGINES, "format": FORMATS, "dialect": DIALECTS}
)
_VIEW = MappingProxyType(
    {field.name.replace("_", "-"): field for field in fields(View) if isinstance(field.default, str | bool)}
)
_REPEATABLE = ("target", "build-arg", "platform", "build-context")
_FLAGS = ("collapsed", "report", *(name for name, field in _VIEW.items() if isinstance(field.default, bool)))
OPTIONS = tuple(sorted({*_REPEATABLE, *_FLAGS, *_VIEW, "format", "output", "image", "usage"}))


class SettingsError(ValueError):
    """Invalid settings; ``word`` is the invalid part of the text, ``hint`` how to fix it."""

    def __init__(self, message: str, word: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.word = word
        self.hint = hint


class DiagramSettings(Struct, frozen=True, kw_only=True):
    """One diagram; all paths are relative to its page."""

    dockerfile: str
    options: Options
    view: View
    format: str = "mermaid"  # one of FORMATS
    output: str = ""  # the path of the picture, for svg and png
    collapsed: bool = False  # whether it is in a closed details element
    report: bool = False  # whether a table of what ships follows
    image: str = ""  # the archive of the image, relative to the page: its bytes are shown
    usage: str = ""  # the list of BuildKit's cache, relative to the page


def parse_settings(text: str, default_format: str = "mermaid", *, inline: bool = False) -> DiagramSettings:
    """The settings in the text of a marker or fence; SettingsError if they are invalid.

    ``inline`` is for a fence that always becomes an SVG inside the page.
    """
    paths: list[str] = []
    options: dict[str, list[str]] = {}
    for word in _words(text):
        name, equals, value = word.partition("=")
        if equals and name.replace("-", "").isalpha():
            _add_option(options, name, value, word)
        elif paths:
            raise SettingsError(f"expected OPTION=VALUE, not `{word}`", word, _path_hint(word))
        else:
            paths.append(word)
    settings = _settings(paths[0] if paths else ".", options, default_format)
    _refuse_ignored(options, "svg" if inline else settings.format)
    return settings


def _words(text: str) -> list[str]:
    # without escape characters, so that Windows paths keep their backslashes
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    try:
        return list(lexer)
    except ValueError:
        raise SettingsError("missing closing quotation mark") from None


def _path_hint(word: str) -> str:
    return f"write {word}=true" if word in _FLAGS else "quote a path that contains spaces"


def _add_option(options: dict[str, list[str]], name: str, value: str, word: str) -> None:
    if name not in OPTIONS:
        near = get_close_matches(name, OPTIONS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(OPTIONS)}"
        raise SettingsError(f"unknown option `{name}`", word, hint)
    if name in options and name not in _REPEATABLE:
        raise SettingsError(f"option `{name}` is given twice", word, "keep one of them")
    choices = _BOOLEANS if name in _FLAGS else _CHOICES.get(name)
    if choices and value not in choices:
        problem = f"invalid value `{value}` for `{name}`" if value else f"option `{name}` has no value"
        raise SettingsError(problem, word, f"use one of {', '.join(choices)}")
    options.setdefault(name, []).append(value)


def _settings(dockerfile: str, options: Mapping[str, list[str]], default_format: str) -> DiagramSettings:
    single = {name: values[0] for name, values in options.items()}
    diagram_format, output = single.get("format", default_format), single.get("output", "")
    if diagram_format != "mermaid" and not output:
        word = f"format={diagram_format}"
        raise SettingsError(f"{word} needs a file to write to", word, f"add output=build.{diagram_format}")
    if output and diagram_format == "mermaid":
        raise SettingsError(
            "only format=svg and format=png write a file", f"output={output}", "add format=svg"
        )
    return DiagramSettings(
        dockerfile=dockerfile,
        options=_options(options),
        view=_view(single),
        format=diagram_format,
        output=output,
        collapsed=single.get("collapsed") == "true",
        report=single.get("report") == "true",
        image=single.get("image", ""),
        usage=single.get("usage", ""),
    )


def _refuse_ignored(options: Mapping[str, list[str]], diagram_format: str) -> None:
    """SettingsError for an option of the picture that has no effect on ``diagram_format``."""
    taken = formats("render")[diagram_format].view
    for name, values in options.items():
        if name in _VIEW and _VIEW[name].name not in taken:
            hint = "remove it, or add format=svg" if diagram_format == "mermaid" else "remove it"
            raise SettingsError(f"`{name}` has no effect on {diagram_format}", f"{name}={values[0]}", hint)


def _view(options: Mapping[str, str]) -> View:
    values: dict[str, Any] = {
        _VIEW[name].name: _BOOLEANS[value] if name in _FLAGS else value
        for name, value in options.items()
        if name in _VIEW
    }
    return View(**values)


def _options(options: Mapping[str, list[str]]) -> Options:
    platforms = options.get("platform", [])
    return Options(
        targets=tuple(options.get("target", ())),
        build_args=dict(_pair("build-arg", text) for text in options.get("build-arg", ())),
        platforms=tuple(part for text in platforms for part in text.split(",") if part),
        contexts=dict(_context(text) for text in options.get("build-context", ())),
    )


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise SettingsError(f"`{option}={text}` has no value", text, f"write {option}=NAME=VALUE")
    return name, value


def _context(text: str) -> tuple[str, str]:
    from stagegraph.dockerfile.references import ImageReferenceError, familiar_reference

    name, value = _pair("build-context", text)
    try:
        return familiar_reference(name), value
    except ImageReferenceError as error:
        raise SettingsError(str(error), text) from None
