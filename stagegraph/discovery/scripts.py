"""Finds the builds in Makefiles, shell scripts and the scripts of CI."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field

from stagegraph.discovery.commands import (
    MISSING,
    BuildCommand,
    LogicalLine,
    build_command,
    changes_files,
    engine_variables,
    expansions,
    known_values,
    logical_lines,
    mentions_build,
    simple_commands,
)
from stagegraph.discovery.found_build import FoundBuild, Note, ReadingLimits
from stagegraph.discovery.repository import Repository, is_remote, joined

_ASSIGNED = re.compile(
    r"\s*(?:export\s+|readonly\s+|local\s+|declare\s+(?:-\w+\s+)*|override\s+)?"
    r"([A-Za-z_]\w*)\s*(\?=|::?=|=|\+=)\s*(.*)\Z"
)
_LOOP = re.compile(r"\bfor\s+([A-Za-z_]\w*)\s+in\s+([^;]*)")
_CHANGED = re.compile(r"(?:\A|[;&|(]|\s)(?:cd|pushd)\s+(?:--\s+)?([^\s;&|)]+)")
# directories that are in the repository, however they are written: that of the script, or the root
_INSIDE = r"-\Z|\.\.|\$\((?:dirname|git)\b|\$\{?(?:BASH_SOURCE|0\b|\w*(?:ROOT|REPO|SCRIPT|PROJECT|WORKSPACE))"
_LIST_MARK = re.compile(r"\A\s*(?:-\s+)?(?:run:\s*|script:\s*)?[|>]?\s*")
_MAKE = re.compile(r"[Mm]akefile|\.mk\Z")
_QUOTED = re.compile(r"""\A(["'])(.*)\1,?\Z""", re.DOTALL)


_MOST_DIRECTORIES = 100


class Script(Struct):
    """Lines of shell: their file, the number of the first line, and the directories it may run in.

    ``values`` are the known values of variables; ``kind`` is the kind of the builds.
    """

    file: str
    text: str
    first: int = 1
    directories: tuple[str, ...] = ("",)
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    kind: str = "command"
    limits: ReadingLimits = field(default_factory=ReadingLimits)  # shared by the scripts of a file


def script_builds(script: Script, repository: Repository) -> tuple[list[FoundBuild], list[Note]]:
    """The builds in ``script``, and notes on what is not understood.

    Raises TooMuchError.
    """
    if not mentions_build(script.text.replace("\\\n", " ")):
        return [], []
    reader = _Reader(script, repository)
    return list(dict.fromkeys(reader.builds())), list(dict.fromkeys(reader.notes))


class _Reader:
    def __init__(self, script: Script, repository: Repository) -> None:
        self._script = script
        self._repository = repository
        self._directories = list(dict.fromkeys(script.directories))
        self._values: dict[str, list[str]] = {name: list(known) for name, known in script.values.items()}
        self._settable: set[str] = set()  # variables that the environment or the command line can override
        self._may_differ = changes_files(script.text)  # or a line changes to a directory that is not known
        self._is_make = bool(_MAKE.search(script.file))
        self.notes: list[Note] = []

    def builds(self) -> Iterator[FoundBuild]:
        for logical in logical_lines(self._script.text, self._script.first):
            self._record(logical.text)
            if mentions_build(logical.text):
                yield from self._line(logical)

    def _record(self, text: str) -> None:
        """Record the variables that a line sets and the directories it changes to."""
        match = _ASSIGNED.match(text)
        if match and "$(" not in match[3] and "`" not in match[3]:
            value = match[3].strip().strip("\"'")
            for expanded, certain in expansions(value, self._values, self._script.limits):
                if certain and MISSING not in expanded:
                    self._values.setdefault(match[1], []).append(expanded)
            if self._is_make or "${" in value:  # `make NAME=VALUE` sets any of them
                self._settable.add(match[1])
        for loop in _LOOP.finditer(text):
            words = [word for word in loop[2].split() if "$" not in word]
            self._values.setdefault(loop[1], []).extend(words)
        for changed in _CHANGED.finditer(text):
            self._enter(changed[1].strip("\"'"))

    def _enter(self, directory: str) -> None:
        paths = [joined(start, directory) for start in self._directories[:20]]
        known = [path for path in paths if path is not None and self._repository.is_directory(path)]
        self._may_differ |= not known and not re.match(_INSIDE, directory)
        for path in known:
            if path not in self._directories and len(self._directories) < _MOST_DIRECTORIES:
                self._directories.append(path)

    def _line(self, logical: LogicalLine) -> Iterator[FoundBuild]:
        text = _plain(logical.text)
        values = {**{name: [value] for name, value in engine_variables()}, **self._values}
        for expanded, _ in expansions(text, values, self._script.limits):
            commands = simple_commands(expanded)
            if commands is None:
                self._note(logical.line, "a quote in this line is not closed")
                yield self._unknown(logical.line)
                return
            for command in (build_command(words) for words in commands):
                if command is not None:
                    yield from self._builds_of(command, logical)

    def _builds_of(self, command: BuildCommand, logical: LogicalLine) -> Iterator[FoundBuild]:
        if command.context is not None and is_remote(command.context):
            return
        unknown = self._unknown_parts(command, logical.text)
        dockerfiles = self._dockerfiles(command)
        if not dockerfiles:
            unknown.add("dockerfile")
        if unknown:
            self._note(logical.line, f"docker build: {', '.join(sorted(unknown))} not understood")
        for dockerfile in dockerfiles or (None,):
            self._script.limits.build()
            yield FoundBuild(
                file=self._script.file,
                line=logical.line,
                kind=self._script.kind,
                dockerfile=dockerfile,
                target=None if MISSING in command.target else command.target,
                build_args={name: value for name, value in command.build_args.items() if value is not None},
                platforms=tuple(one for one in command.platforms if MISSING not in one),
                contexts=tuple(sorted(one for one in command.contexts if MISSING not in one)),
                context_values=known_values(command.contexts),
                tags=tuple(command.tags),
                unknown=frozenset(unknown),
                certain=len(dockerfiles) == 1,
                may_differ=self._may_differ,
            )

    def _unknown_parts(self, command: BuildCommand, text: str) -> set[str]:
        unknown = {"target", "build arguments"} if command.open else set()
        named = re.search(r"--target[= ]+[\"']?\$+[{(]?(\w+)", text)
        if MISSING in command.target or (named and (named[1] in self._settable or ":-" in text)):
            unknown.add("target")
        if None in command.build_args.values():
            unknown.add("build arguments")
        if any(MISSING in one for one in command.platforms):
            unknown.add("platforms")
        return unknown

    def _dockerfiles(self, command: BuildCommand) -> list[str]:
        """The Dockerfiles it may use: ``--file`` is relative to the working directory, not to the context."""
        if command.file is not None:
            paths = (
                [] if MISSING in command.file else [joined(one, command.file) for one in self._directories]
            )
            return list(dict.fromkeys(path for path in paths if path and self._repository.has(path)))
        context = command.context
        if context is None or MISSING in context:
            return []
        in_context = [self._repository.dockerfile(one, context, None) for one in self._directories]
        return list(dict.fromkeys(path for path in in_context if path))

    def _unknown(self, line: int) -> FoundBuild:
        everything = frozenset({"dockerfile", "target", "build arguments"})
        file, kind = self._script.file, self._script.kind
        return FoundBuild(
            file=file, line=line, kind=kind, dockerfile=None, target=None, unknown=everything, certain=False
        )

    def _note(self, line: int, message: str) -> None:
        self.notes.append(Note(file=self._script.file, line=line, message=message, of_build=True))


def _plain(text: str) -> str:
    """The command of a line, without the YAML or JSON around it."""
    text = _LIST_MARK.sub("", text)
    match = _QUOTED.match(text.strip())
    if match and match[1] not in match[2]:
        return match[2]
    script = re.match(r'"[^"]*"\s*:\s*"(.*)"\s*,?\Z', text.strip())  # a script of package.json
    return script[1] if script else text
