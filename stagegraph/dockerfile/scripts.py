"""What a RUN runs: its words, with the shell and the heredocs.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, dispatchRun.
"""

from __future__ import annotations

from typing import NamedTuple

from stagegraph.dockerfile.heredocs import heredoc_word
from stagegraph.dockerfile.instructions import Run
from stagegraph.dockerfile.whitespace import SPACE


class ScriptError(ValueError):
    """A RUN that BuildKit refuses when it builds the stage."""


class Script(NamedTuple):
    """``text`` names the step; ``document`` is name and text of a file that BuildKit writes and runs."""

    text: str
    words: tuple[str, ...]
    document: tuple[str, str] | None


def script_of(item: Run, shell: tuple[str, ...], *, windows: bool) -> Script:
    """The script of ``item`` in ``shell``, the platform's own where that is empty."""
    text, words, document = item.text, item.words, None
    if item.documents:
        if len(words) != 1 or not item.shell_form:
            raise ScriptError("a RUN with a heredoc takes one command in shell form")
        if heredoc_word(words[0]):
            first = item.documents[0]
            text += f" ({_summary(first.content)})"
            words = (first.text,)
            if not windows and first.text.startswith("#!"):
                document = (first.name, first.text)
                words = (f"/dev/pipes/{first.name}",)
        else:
            words = (words[0] + "".join(f"\n{d.content}{d.name}" for d in item.documents),)
    if item.shell_form:
        words = (*(shell or _default_shell(windows)), " ".join(words))
    return Script(text=text, words=words, document=document)


def _default_shell(windows: bool) -> tuple[str, ...]:
    return ("cmd", "/S", "/C") if windows else ("/bin/sh", "-c")


def _summary(content: str) -> str:
    """The first line of a heredoc, and dots when there are more."""
    lines = content.strip(SPACE).replace("\r\n", "\n").split("\n")
    return lines[0] + ("..." if len(lines) > 1 else "")
