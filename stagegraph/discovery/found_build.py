"""The builds that a repository runs, as far as they are understood."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class FoundBuild(Struct, frozen=True, kw_only=True):
    """A build in ``file`` (a path from the root of the repository), which starts at ``line`` (from 1).

    ``dockerfile`` is a path from the root, or None when it is unknown; ``target`` is empty for the default
    target and None when it is unknown. ``unknown`` names every part that is not understood: "dockerfile",
    "target", "build arguments", "platforms", "contexts". ``certain`` is False when the build may use another
    Dockerfile than this one; ``may_differ`` is set when the Dockerfile may have another text than in the
    repository, or when another file may complete the build. ``target_line`` is the line with the name of the
    target, 0 where there is none.
    """

    file: str
    line: int
    kind: str  # "bake target", "compose service", "workflow step", "command", "file"
    name: str = ""
    dockerfile: str | None = "Dockerfile"
    target: str | None = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    unknown: frozenset[str] = frozenset()
    certain: bool = True
    may_differ: bool = False
    target_line: int = 0

    def __hash__(self) -> int:
        return hash((self.file, self.line, self.name, self.dockerfile, self.target))

    @property
    def where(self) -> str:
        """The file and the line as messages show them: "docker-bake.hcl:3"."""
        return f"{self.file}:{self.line}"


class Note(Struct, frozen=True, kw_only=True):
    """Something that could not be read or understood, so that findings are less certain.

    ``of_build`` is set when it is about one build, whose ``unknown`` names the same parts.
    """

    file: str
    line: int | None
    message: str
    of_build: bool = False

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.message}"


class Discovery(Struct, frozen=True, kw_only=True):
    """The builds of a repository and the notes on them, in the order of their files and lines.

    ``mentioned`` has every word that some file calls a target, and where: "README.md:3".
    """

    builds: tuple[FoundBuild, ...] = ()
    notes: tuple[Note, ...] = ()
    mentioned: Mapping[str, str] = field(default_factory=dict)
