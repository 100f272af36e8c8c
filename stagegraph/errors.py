"""The errors that stagegraph raises; every one is a StagegraphError."""

from __future__ import annotations

from collections.abc import Sequence

from stagegraph.source import Source, Span, excerpt, printable

_LONGEST = 1_000  # characters of a message: names in it come from files
_LAST = 200  # of these, how many are from the end


class StagegraphError(Exception):
    """What went wrong, where, and the next step, in one message.

    ``str(error)`` is the whole text, ready for a terminal: ``file:line:column: message``, the lines of
    ``details``, the excerpt with a caret if there is a span, and the hint on a separate line. The message is
    one line, whatever names are in it: no text of a file can look like a line of stagegraph.
    """

    def __init__(
        self,
        message: str,
        *,
        details: Sequence[str] = (),
        source: Source | None = None,
        span: Span | None = None,
        hint: str = "",
    ) -> None:
        self.message = _one_line(message)
        super().__init__(self.message)
        self.details = tuple(map(_one_line, details))
        self.source = source
        self.span = span
        self.hint = _one_line(hint)

    @property
    def line(self) -> int | None:
        """First line of the error, from 1; None if it is not about a line."""
        return self.span.line if self.span else None

    def __str__(self) -> str:
        parts = [f"{self._location()}{self.message}", *self.details]
        if self.source and self.span:
            parts.append(excerpt(self.source, self.span))
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return "\n".join(parts)

    def _location(self) -> str:
        if self.source is None:
            return ""
        if self.span is None:
            return f"{printable(self.source.name)}: "
        return f"{printable(self.source.name)}:{self.span.line}:{self.span.column}: "


class DockerfileError(StagegraphError):
    """BuildKit rejects the Dockerfile, or these options for it, before it builds anything."""


class OptionsError(StagegraphError):
    """Invalid options: for example a malformed build argument, platform or context."""


class InputError(StagegraphError):
    """A file cannot be read: missing, a directory without a Dockerfile, no permission, too large."""


class RenderError(StagegraphError):
    """A picture cannot be made: a layout engine is missing, failed or took too long."""


class BakeError(StagegraphError):
    """``docker buildx bake`` rejects the bake or compose files, or the targets asked for."""


def _one_line(text: str) -> str:
    """``text`` on one line, without its middle if it is very long."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - _LAST]} … {text[-_LAST:]}"
    return printable(text)


def failure_text(error: Exception) -> str:
    """The message and the hint for an ``error`` that is a bug of stagegraph."""
    text = printable(f"{type(error).__name__}: {error}")
    hint = "hint: please report it with the Dockerfile; STAGEGRAPH_DEBUG=1 shows the traceback"
    return f"stagegraph failed on this input: {text}\n{hint}"
