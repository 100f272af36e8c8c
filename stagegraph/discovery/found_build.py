"""One build that a repository runs, as far as it is understood."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class FoundBuild(Struct, frozen=True, kw_only=True):
    """A build found in ``file`` (a path from the root of the repository) at ``line``.

    ``dockerfile`` is a path from the root, None when it is not known which; ``target`` is empty for
    the default one, None when it is not known. ``unknown`` names everything that is not understood:
    "dockerfile", "target", "build arguments", "platforms", "contexts". ``certain`` is False when it
    is a guess which Dockerfile of several is meant.
    """

    file: str
    line: int
    kind: str  # "bake target", "compose service", "workflow step", "command"
    name: str = ""
    dockerfile: str | None = "Dockerfile"
    target: str | None = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    unknown: frozenset[str] = frozenset()
    certain: bool = True

    def __hash__(self) -> int:
        return hash((self.file, self.line, self.name, self.dockerfile, self.target))

    @property
    def where(self) -> str:
        """The place as messages have it: "docker-bake.hcl:3"."""
        return f"{self.file}:{self.line}"


class Note(Struct, frozen=True, kw_only=True):
    """Something that was not understood, or not read, and so makes verdicts weaker.

    ``of_build`` says that it is about one build, whose FoundBuild has the same in ``unknown``.
    """

    file: str
    line: int | None
    message: str
    of_build: bool = False

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


class Discovery(Struct, frozen=True, kw_only=True):
    """The builds of a repository and what was not understood, in the order of their files and lines.

    ``mentioned`` has every word that something calls a target, and where.
    """

    uses: tuple[FoundBuild, ...] = ()
    notes: tuple[Note, ...] = ()
    mentioned: Mapping[str, str] = field(default_factory=dict)
