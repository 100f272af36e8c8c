"""The names of steps as build output has them: ``[linux/arm64 builder 2/5] RUN make``.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, prefixCommand and
formatTargetPlatform.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from stagegraph.dockerfile.heredocs import heredoc_word
from stagegraph.dockerfile.instructions import Copy, Run, Workdir
from stagegraph.dockerfile.platforms import Platform, PlatformError, normalized, parse_platform
from stagegraph.dockerfile.stages import SCRATCH, Command, StageOrImage
from stagegraph.dockerfile.words import SPACE


class ScriptError(ValueError):
    """A RUN that BuildKit rejects when it builds the stage."""


class Script(NamedTuple):
    """``text`` names the step; ``document`` is name and text of a file that BuildKit writes and runs."""

    text: str
    words: tuple[str, ...]
    document: tuple[str, str] | None


def script_of(item: Run, shell: tuple[str, ...], *, windows: bool) -> Script:
    """The script of ``item`` in ``shell``, or in the default shell of the platform if that is empty."""
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
    """The first line of a heredoc, and dots if there are more."""
    lines = content.strip(SPACE).replace("\r\n", "\n").split("\n")
    return lines[0] + ("..." if len(lines) > 1 else "")


class StepNames:
    """Counts the steps of one stage and puts the bracket before each name.

    ``word`` is the name of the stage, empty in a file of one stage; ``platform`` is None if names
    do not have the platform.
    """

    def __init__(self, source: StageOrImage, word: str, platform: Platform | None) -> None:
        self.word = word
        self.platform = platform
        self.emitted = _named_before(source)
        self.total = _total(source)

    def named(
        self, text: str, variables: Mapping[str, str], *, onbuild: bool = False, on_nothing: bool = False
    ) -> str:
        """``text`` with the bracket of build output before it; counts one step.

        The name of a RUN has the platform of its base: ``on_nothing`` means that it has no base.
        """
        if not self.total:
            return text
        self.emitted += 1
        width = int(1 + math.log10(self.total))
        position = f"{self.emitted:>{width}}/{self.total}]"
        parts = ["" if on_nothing else self._platform(variables), self.word, position]
        return "[" + " ".join(part for part in parts if part) + (" ONBUILD " if onbuild else " ") + text

    def _platform(self, variables: Mapping[str, str]) -> str:
        if self.platform is None:
            return ""
        return str(self.platform) + _other_platform(self.platform, variables)


def _named_before(source: StageOrImage) -> int:
    """How often BuildKit named the image of a stage before it knew that the stage is needed.

    A stage that only a trigger makes needed is counted again in every pass over the stages
    (convert.go, resolveReachableStages).
    """
    pulls = source.base_index is None and source.base != SCRATCH and not source.context
    return source.passes if pulls else 0


def _total(source: StageOrImage) -> int:
    if not source.is_stage or source.replaced:
        return 0
    pulls = source.base_index is None and source.base != SCRATCH
    return pulls + sum(map(_counts, source.commands))


def _counts(command: Command) -> bool:
    return command.onbuild or isinstance(command.instruction, (Copy, Run, Workdir))


def _other_platform(platform: Platform, variables: Mapping[str, str]) -> str:
    """``->arm64`` if the stage runs on one platform and builds for another."""
    target = _target_in(platform, variables)
    if target is None:
        return ""
    if target.os != platform.os:
        return f"->{target}"
    if target.architecture == platform.architecture:
        return ""
    return "->" + target.architecture + (f"/{target.variant}" if target.variant else "")


def _target_in(platform: Platform, variables: Mapping[str, str]) -> Platform | None:
    values: dict[str, str] = {}
    for name, value in variables.items():
        if name == "TARGETPLATFORM":
            try:
                return normalized(parse_platform(value))
            except PlatformError:
                continue
        if name in ("TARGETOS", "TARGETARCH", "TARGETVARIANT"):
            values[name] = value
    if not values:
        return None
    return normalized(
        Platform(
            values.get("TARGETOS") or platform.os,
            values.get("TARGETARCH") or platform.architecture,
            values.get("TARGETVARIANT", ""),
        )
    )
