"""The builds that a repository runs, as far as they are understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

# what another tool fills in before a shell sees the line: Go templates, just, Jinja, Mustache, ERB, GitLab
# inputs, Azure, CircleCI, Concourse, autoconf, batch files, token replacement
PLACEHOLDER = (
    r"\{\{\{?.*?\}\}\}?|\{%.*?%\}|<%.*?%>|\$\[\[.*?\]\]|\$\[[^\[\]]*\]"
    r"|<<[#^/&]?\s*[\w-]+(?:\.[\w-]+)+\s*>>|<<<\s*[\w.-]+\s*>>>|(?<![$(])\(\([\w.-]+\)\)"
    r"|@\{?[A-Za-z_][\w.]*\}?@|%[A-Za-z_]\w*%|#\{[^{}]*\}#?|(?<!\w)__[A-Za-z]\w*?__(?!\w)"
)
_LONGEST_BUILD = 60  # lines from the start of a build to its target

_MOST_BUILDS = 1_000
_MOST_STEPS = 4_000_000  # about a second


class TooMuchError(Exception):
    """A file that takes too much to read, as one does that repeats itself."""


class ReadingLimits(Struct):
    """What reading one file may still cost; both methods raise TooMuchError."""

    builds: int = _MOST_BUILDS
    steps: int = _MOST_STEPS

    def build(self) -> None:
        """Count one build."""
        self.builds -= 1
        if self.builds < 0:
            raise TooMuchError(f"it holds more than {_MOST_BUILDS:,} builds")

    def spend(self, steps: int) -> None:
        """Count ``steps``: about the characters that are read."""
        self.steps -= steps
        if self.steps < 0:
            raise TooMuchError("it takes too many steps")


class MissingFile(Struct, frozen=True, kw_only=True):
    """The ``part`` of a build that does not exist: "context" or "dockerfile".

    ``path`` is from the root, ``text`` as it is written and empty for the default, on ``line``. ``near`` is a
    similar name beside it, empty where there is none.
    """

    part: str
    path: str
    text: str
    line: int = 0
    near: str = ""


class FoundBuild(Struct, frozen=True, kw_only=True):
    """A build in ``file`` (a path from the root of the repository), which starts at ``line`` (from 1).

    ``dockerfile`` is a path from the root, or None when it is unknown; ``target`` is empty for the default
    target and None when it is unknown. ``passed`` has the build arguments whose values are unknown.
    ``tags`` are the names that it certainly gives the image. ``contexts`` are the names of its named
    contexts, and ``context_values`` has those whose values are known, as they are written.
    ``unknown`` names every part that is not understood: "dockerfile", "target", "build arguments",
    "platforms", "contexts". ``certain`` is False when the build may use another Dockerfile than this one;
    ``may_differ`` is set when the Dockerfile may have another text than in the repository, or when another
    file may complete the build. ``target_line`` is the line with the name of the target, 0 where there is
    none. ``missing`` is what the build certainly names and nothing can make.
    """

    file: str
    line: int
    kind: str  # "bake target", "compose service", "workflow step", "command", "file"
    name: str = ""
    dockerfile: str | None = "Dockerfile"
    target: str | None = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    passed: frozenset[str] = frozenset()
    platforms: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    context_values: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    unknown: frozenset[str] = frozenset()
    certain: bool = True
    may_differ: bool = False
    target_line: int = 0
    missing: MissingFile | None = None

    def __hash__(self) -> int:
        return hash((self.file, self.line, self.name, self.dockerfile, self.target))

    @property
    def where(self) -> str:
        """The file and the line as messages show them: "docker-bake.hcl:3"."""
        return f"{self.file}:{self.line}"

    def explains(self, word: str, line: int) -> bool:
        """Whether ``word`` on a line of ``file`` is the target of this build, which is understood.

        In a bake file it may also be the name of this build: the groups of the file name it.
        """
        if self.kind == "bake target" and self.name.lower() == word:
            return True
        understood = self.certain and not {"target", "dockerfile"} & self.unknown
        return understood and (self.target or "").lower() == word and self.target_line in (line, 0)


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

    ``mentioned`` has every word that some file calls a target, and where: "README.md:3". ``passed`` has
    every name that some file passes to a build, as a build argument or a named context. ``unread`` says
    where a target is passed that is not a word, to a build that is not in ``builds``.
    """

    builds: tuple[FoundBuild, ...] = ()
    notes: tuple[Note, ...] = ()
    mentioned: Mapping[str, str] = field(default_factory=dict)
    passed: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()


def without_placeholders(build: FoundBuild) -> FoundBuild:
    """``build`` with a target and arguments that another tool fills in made unknown.

    A target that cannot be the name of a stage (parse_stage.go, parseBuildStageName) is such a placeholder.
    """
    unknown = set(build.unknown)
    if build.target and not re.fullmatch(r"[a-z][\w.-]*|\d+", build.target, re.IGNORECASE):
        unknown.add("target")
    args = {
        name: value for name, value in build.build_args.items() if not re.search(PLACEHOLDER, name + value)
    }
    if len(args) < len(build.build_args):
        unknown.add("build arguments")
    if unknown == build.unknown:
        return build
    passed = build.passed | (build.build_args.keys() - args.keys())
    target = None if "target" in unknown - build.unknown else build.target
    return replace(build, target=target, build_args=args, passed=passed, unknown=frozenset(unknown))


def with_merged_services(builds: Sequence[FoundBuild]) -> Iterator[FoundBuild]:
    """``builds``; a service that several files of a directory define may get its Dockerfile from each."""
    dockerfiles: dict[tuple[str, str], set[str | None]] = {}
    for build in builds:
        if build.kind == "compose service":
            dockerfiles.setdefault(_service(build), set()).add(build.dockerfile)
    for build in builds:
        merged = build.kind == "compose service" and len(dockerfiles[_service(build)]) > 1
        yield replace(build, may_differ=True) if merged else build


def _service(build: FoundBuild) -> tuple[str, str]:
    return build.file.rpartition("/")[0], build.name


def with_target_lines(builds: Iterable[FoundBuild], text: str) -> Iterator[FoundBuild]:
    """``builds`` with the line of each that names its target, if one does."""
    lines = text.split("\n")
    for build in builds:
        yield replace(build, target_line=_target_line(build, lines)) if build.target else build


def _target_line(build: FoundBuild, lines: Sequence[str]) -> int:
    # only what a target may be separated from its option by: `--target x`, `target: "x"`, `"--target", "x"`
    pattern = re.compile(rf"target[^\w$]{{1,12}}{re.escape(build.target or '')}(?![\w.-])", re.IGNORECASE)
    near = enumerate(lines[build.line - 1 : build.line - 1 + _LONGEST_BUILD], build.line)
    return next((number for number, line in near if pattern.search(line)), 0)
