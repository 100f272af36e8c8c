"""Values that a shell can complete: paths, stages, platforms and codes of rules."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_PLATFORMS = (
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/386",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
    "windows/amd64",
)
# BuildKit allows no other names; a shell would run what is between $( and ) in one
_STAGE_NAME = r"[a-z][a-z0-9\-_.]*\Z"


def paths(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete a path."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def platforms(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The usual platforms."""
    return [platform for platform in _PLATFORMS if platform.startswith(incomplete)]


def codes(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The codes of the rules of ``check``."""
    from stagegraph.check.rules import RULES

    return [code for code in RULES if code.startswith(incomplete)]


def stages(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The names of the stages of the Dockerfile that the command line names, else of the default one."""
    line = _whole_line(context, parameter, incomplete)
    for name in _named_files(line.params):
        path = _regular_file(name)
        if path:
            return [stage for stage in _stages_of(path) if stage.startswith(incomplete.lower())]
    return []


def _whole_line(context: click.Context, parameter: click.Parameter, incomplete: str) -> click.Context:
    """The parameters of the command with the words after the cursor, which can name the Dockerfile."""
    from stagegraph.cli import WORDS
    from stagegraph.cli.shells import words_after_cursor

    words = list(context.meta.get(WORDS, ()))
    if words and words[-1] in parameter.opts:
        words.pop()
    own = incomplete or "x"
    own = f"{parameter.opts[0]}={own}" if isinstance(parameter, click.Option) else own
    line = [*words, own, *words_after_cursor()]
    return context.command.make_context(context.info_name, line, resilient_parsing=True)


def _named_files(parameters: dict[str, Any]) -> Iterator[str]:
    """What can be the Dockerfile, the best first; empty for the default one."""
    records = 2 if parameters.get("compare") else 1
    named = [
        *_texts(parameters.get("file")),
        *_texts(parameters.get("dockerfile")),
        *_texts(parameters.get("arguments"))[records:],
        *_texts(parameters.get("paths")),
        *_texts(parameters.get("new")),
        *_texts(parameters.get("old")),
    ]
    yield from (os.path.expanduser(name) for name in named if name and name != "-")
    if not named:
        yield ""


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [text for text in value if isinstance(text, str)] if isinstance(value, Iterable) else []


def _regular_file(name: str) -> Path | None:
    from stagegraph.errors import InputError
    from stagegraph.reading import find

    try:
        path = find(name)
        return path if path.is_file() else None  # a pipe would wait for its writer
    except (InputError, OSError, ValueError):
        return None


def _stages_of(path: Path) -> list[str]:
    """The names of the stages in a file, which may have errors: it is being written."""
    import re

    from stagegraph.dockerfile.lines import read_lines
    from stagegraph.reading import read_source

    words = [
        line.rest.lower().split()
        for line in read_lines(read_source(str(path))).lines
        if line.keyword == "from"
    ]
    names = [word[2] for word in words if len(word) > 2 and word[1] == "as"]
    return list(dict.fromkeys(name for name in names if re.match(_STAGE_NAME, name)))
