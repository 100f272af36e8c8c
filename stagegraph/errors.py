"""The errors that stagegraph raises; every one is a StagegraphError."""

from __future__ import annotations

from stagegraph.source import Source, Span, excerpt, printable


class StagegraphError(Exception):
    """What went wrong, where, and the next step, in one message.

    ``str(error)`` is the whole text, ready for a terminal: ``file:line:column: message``, the
    excerpt with a caret if there is a span, and the hint on a separate line.
    """

    def __init__(
        self, message: str, *, source: Source | None = None, span: Span | None = None, hint: str = ""
    ) -> None:
        self.message = "\n".join(map(printable, message.split("\n")))
        super().__init__(self.message)
        self.source = source
        self.span = span
        self.hint = printable(hint)

    @property
    def line(self) -> int | None:
        """First line of the error, from 1; None if it is not about a line."""
        return self.span.line if self.span else None

    def __str__(self) -> str:
        parts = [f"{self._location()}{self.message}"]
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


def failure_text(error: Exception) -> str:
    """The message and the hint for an ``error`` that is a bug of stagegraph."""
    text = printable(f"{type(error).__name__}: {error}")
    hint = "hint: please report it with the Dockerfile; STAGEGRAPH_DEBUG=1 shows the traceback"
    return f"stagegraph failed on this input: {text}\n{hint}"
