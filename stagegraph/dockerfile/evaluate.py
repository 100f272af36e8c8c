"""The instructions of resolved stages, carried out as far as names and variables go.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, dispatchStages and dispatch,
convert_copy.go and convert_runmount.go. The configuration of an image is not known here: its
variables but PATH are unset, its working directory is the root.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress

from stagegraph.dockerfile import paths, remotes
from stagegraph.dockerfile.actions import (
    Action,
    CopyAction,
    Environment,
    Fault,
    Remote,
    RunAction,
    StageActions,
    WorkdirAction,
)
from stagegraph.dockerfile.expand import ExpansionError, Lexer
from stagegraph.dockerfile.heredocs import Heredoc, heredoc_word
from stagegraph.dockerfile.instructions import Arg, Copy, Env, Instruction, Run, Setting, Shell, User, Workdir
from stagegraph.dockerfile.mounts import Mount, MountError, read_mount
from stagegraph.dockerfile.platforms import Platform, PlatformError, normalized, parse_platform
from stagegraph.dockerfile.stages import SCRATCH, Command, Place, Resolved
from stagegraph.source import Span

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MASK = "****"  # what stands for the value of a secret in a step's name
_BODY_LEXER = Lexer(process_quotes=False)


def evaluate(resolved: Resolved, *, platform_in_names: bool = False) -> tuple[StageActions, ...]:
    """The actions of every place of ``resolved``, in order of their indexes."""
    done: dict[int, _Stage] = {}
    found = []
    for place in resolved.places:
        stage = _Stage(resolved, place, done, platform_in_names)
        found.append(stage.run())
        done[place.index] = stage
    return tuple(found)


class _RefusedError(ValueError):
    """BuildKit would stop here when it builds the stage."""


class _Stage:
    """The state of one stage while its instructions are carried out."""

    def __init__(
        self, resolved: Resolved, place: Place, done: dict[int, _Stage], platform_in_names: bool
    ) -> None:
        self.resolved = resolved
        self.place = place
        self.done = done
        self.platform_in_names = platform_in_names
        self.lexer = Lexer(escape=resolved.file.escape)
        base = done[place.base_index] if place.base_index is not None else None
        self.platform: Platform = base.platform if base else place.platform or resolved.target_platform
        self.windows = self.platform.os == "windows"
        self.variables: dict[str, str] = dict(base.variables) if base else self._first_variables()
        self.workdir: str = base.workdir if base else "/"
        self.user: str = base.user if base else ""
        self.shell: tuple[str, ...] = base.shell if base else ()
        self.position = 0
        self.emitted = 0
        self.total = self._total()
        self.faults: list[Fault] = []
        self._environment: Environment | None = base._environment if base else None

    def _first_variables(self) -> dict[str, str]:
        return {} if self.windows else {"PATH": _PATH}

    def _total(self) -> int:
        place = self.place
        if not place.is_stage or place.replaced:
            return 0
        pulls = place.base_index is None and place.base != SCRATCH
        return pulls + sum(_counts(command) for command in place.commands)

    def run(self) -> StageActions:
        from_name = self._from_name()
        actions: list[Action] = []
        for position, command in enumerate(() if self.place.replaced else self.place.commands):
            self.position = position
            try:
                actions.extend(self._command(command))
            except (ExpansionError, MountError, _RefusedError) as error:
                self._fault("would-fail", command.instruction.span, str(error))
        return StageActions(
            index=self.place.index,
            from_name=from_name,
            actions=tuple(actions),
            faults=tuple(self.faults),
        )

    def _from_name(self) -> str:
        if not self.place.reference or self.place.context:
            return ""
        return self._named(f"FROM {self.place.reference}", {}, onbuild=False)

    def _named(self, text: str, variables: dict[str, str], *, onbuild: bool) -> str:
        """``text`` with the bracket of build output before it; counts one step more."""
        if not self.total:
            return text
        self.emitted += 1
        width = int(1 + math.log10(self.total))
        place = f"{self.emitted:>{width}}/{self.total}]"
        parts = [self._platform_prefix(variables), self._stage_word(), place]
        return "[" + " ".join(part for part in parts if part) + (" ONBUILD " if onbuild else " ") + text

    def _stage_word(self) -> str:
        return self.place.title if len(self.resolved.places) > 1 else ""

    def _platform_prefix(self, variables: dict[str, str]) -> str:
        if not self.platform_in_names:
            return ""
        return str(self.platform) + _other_platform(self.platform, variables)

    def _fault(self, code: str, span: Span, message: str, why: str = "", fix: str = "") -> None:
        self.faults.append(Fault(code=code, span=span, message=message, why=why, fix=fix))

    def _expand(self, text: str) -> str:
        return self.lexer.word(text, self.variables)

    def _set(self, name: str, value: str) -> None:
        self.variables.pop(name, None)
        self.variables[name] = value
        self._environment = None

    def environment(self) -> Environment:
        if self._environment is None:
            self._environment = tuple(self.variables.items())
        return self._environment

    def _command(self, command: Command) -> Iterator[Action]:
        item = command.instruction
        if isinstance(item, Copy):
            yield from self._copy(item, command)
        elif isinstance(item, Run):
            yield self._run(item, command)
        elif isinstance(item, Workdir):
            yield from self._workdir(item, command.onbuild)
        else:
            self._setting(item)

    def _setting(self, item: Instruction) -> None:
        if isinstance(item, Arg):
            self._arg(item)
        elif isinstance(item, Env):
            for name, value in [(self._expand(name), self._expand(value)) for name, value in item.pairs]:
                self._set(name, value)
        elif isinstance(item, User):
            self.user = self._expand(item.user)
        elif isinstance(item, Shell):
            self.shell = item.words
        elif isinstance(item, Setting):
            for word in item.words:
                self._expand(word)

    def _arg(self, item: Arg) -> None:
        given = self.resolved.options.build_args
        for name, default in item.pairs:
            if name in given:
                self._set(name, given[name])
            elif default is not None:
                self._set(name, self._expand(default))
            elif name in self.resolved.arguments:
                # a value from the global scope is expanded once more (convert.go, dispatchArg)
                self._set(name, self.resolved.arguments[name])

    def _workdir(self, item: Workdir, onbuild: bool) -> Iterator[Action]:
        self.workdir = paths.workdir(self.workdir, self._expand(item.path), windows=self.windows)
        if self.workdir != "/":
            name = self._named(self._shown(item.text), self.variables, onbuild=onbuild)
            yield WorkdirAction(
                command=self.position,
                name=name,
                span=item.span,
                onbuild=onbuild,
                path=self.workdir,
                user=self.user,
            )

    def _shown(self, text: str, lexer: Lexer | None = None, variables: dict[str, str] | None = None) -> str:
        """The text of an instruction as build output has it: expanded, the keyword in capitals."""
        with suppress(ExpansionError):  # then BuildKit shows it as it is written
            text = (lexer or self.lexer).word(text, self.variables if variables is None else variables)
        first, space, rest = text.partition(" ")
        return first.upper() + space + rest

    def _run(self, item: Run, command: Command) -> RunAction:
        mounts = self._mounts(item, command)
        text, words, document = self._script(item)
        masked = {m.environment: _MASK for m, _ in mounts if m.environment}
        lexer = Lexer(escape=self.lexer.escape, raw_quotes=True, keep_unset=True)
        shown = self._shown(text, lexer, {**self.variables, **masked} if masked else None)
        return RunAction(
            command=self.position,
            name=self._named(shown, self.variables, onbuild=command.onbuild),
            span=item.span,
            onbuild=command.onbuild,
            words=words,
            environment=self.environment(),
            workdir=self.workdir,
            user=self.user,
            mounts=mounts,
            options=(item.network, item.security, *item.devices),
            document=document,
        )

    def _script(self, item: Run) -> tuple[str, tuple[str, ...], tuple[str, str] | None]:
        """The name of the step, the words that run, and the script file if there is one."""
        text, words = item.text, item.words
        document = None
        if item.documents:
            if len(words) != 1 or not item.shell_form:
                raise _RefusedError("a RUN with a heredoc takes one command in shell form")
            if heredoc_word(words[0]):
                first = item.documents[0]
                text += f" ({_summary(first.content)})"
                words = (first.text,)
                if not self.windows and first.text.startswith("#!"):
                    document = (first.name, first.text)
                    words = (f"/dev/pipes/{first.name}",)
            else:
                words = (words[0] + "".join(f"\n{d.content}{d.name}" for d in item.documents),)
        if item.shell_form:
            words = (*(self.shell or self._default_shell()), " ".join(words))
        return text, words, document

    def _default_shell(self) -> tuple[str, ...]:
        return ("cmd", "/S", "/C") if self.windows else ("/bin/sh", "-c")

    def _mounts(self, item: Run, command: Command) -> tuple[tuple[Mount, int], ...]:
        found = []
        for fields, source in zip(item.mounts, command.sources, strict=True):
            mount = read_mount(fields, self._expand)
            if mount.source_name and source not in self.done and self._is_real_stage(source):
                self._later(item.span, "mounts from", source)
            target = paths.workdir(self.workdir, mount.target, windows=self.windows)
            if target == "/" and mount.type not in ("secret", "ssh"):
                raise _RefusedError("a mount has no target, or its target is the root")
            found.append((mount, source))
        return tuple(found)

    def _is_real_stage(self, source: int) -> bool:
        return self.resolved.places[source].is_stage

    def _later(self, span: Span, verb: str, source: int) -> None:
        title = self.resolved.places[source].title
        self._fault(
            "later-stage",
            span,
            f"{self.place.title} {verb} {title}, which comes later in the file",
            why="BuildKit refuses it when it builds this stage: a source must be defined before it is read",
            fix=f"move {title} above {self.place.title}",
        )

    def _copy(self, item: Copy, command: Command) -> Iterator[CopyAction]:
        source = command.sources[0] if command.sources else None
        if source is not None and source not in self.done and self._is_real_stage(source):
            self._later(item.span, "copies from", source)
        chown, checksum = self._expand(item.chown), self._expand(item.checksum)
        chmod, exclude = self._expand(item.chmod), tuple(map(self._expand, item.exclude))
        sources = [self._expand(word) for word in item.sources]
        destination = self._expand(item.destination)
        documents = tuple(self._document(document) for document in item.documents)
        text = self._shown(item.text)
        linked = item.link and not item.chmod
        name = self._named(text, self.variables, onbuild=command.onbuild)
        fetched = [word for word in sources if remotes.is_git(word) or remotes.is_url(word)]
        if fetched and not item.add:
            raise _RefusedError(f"COPY cannot fetch {fetched[0]}; ADD can")
        owner = (chown, chmod, str(item.parents), *exclude, str(item.unpack))
        yield CopyAction(
            command=self.position,
            name=name,
            span=item.span,
            onbuild=command.onbuild,
            add=item.add,
            linked=linked,
            source=source,
            paths=tuple(self._written(word) for word in item.sources),
            destination=self._written(item.destination),
            remotes=tuple(_remote(word, item, checksum) for word in fetched),
            documents=documents,
            files=tuple(
                paths.from_root(word, windows=self.windows) for word in sources if word not in fetched
            ),
            target=paths.absolute(self.workdir, destination, windows=self.windows),
            options=(("add",) if item.add else ("copy",)) + owner,
            link_name=_link_name(name, text) if linked else "",
        )

    def _written(self, word: str) -> str:
        """``word`` for a reader: variables that are not set here stay as they are written."""
        if "$" not in word:
            return self._expand(word)
        try:
            return Lexer(escape=self.lexer.escape, keep_unset=True).word(word, self.variables)
        except ExpansionError:
            return word

    def _document(self, document: Heredoc) -> tuple[str, str]:
        text = document.text
        if document.expand:
            text = _BODY_LEXER.word(text, self.variables)
        return document.name, text


def _counts(command: Command) -> bool:
    return command.onbuild or isinstance(command.instruction, (Copy, Run, Workdir))


def _link_name(name: str, text: str) -> str:
    return name[: len(name) - len(text)] + "LINK " + text


def _remote(word: str, item: Copy, checksum: str) -> Remote:
    git = remotes.is_git(word)
    return Remote(address=word, git=git, options=(checksum, str(item.keep_git_dir) if git else ""))


def _summary(content: str) -> str:
    """The first line of a heredoc, and dots when there are more."""
    lines = content.strip().replace("\r\n", "\n").split("\n")
    return lines[0] + ("..." if len(lines) > 1 else "")


def _other_platform(platform: Platform, variables: dict[str, str]) -> str:
    """``->arm64`` when the stage runs on one platform and builds for another."""
    target = _target_in(platform, variables)
    if target is None:
        return ""
    if target.os != platform.os:
        return f"->{target}"
    if target.architecture == platform.architecture:
        return ""
    return "->" + target.architecture + (f"/{target.variant}" if target.variant else "")


def _target_in(platform: Platform, variables: dict[str, str]) -> Platform | None:
    found: dict[str, str] = {}
    for name, value in variables.items():
        if name == "TARGETPLATFORM":
            try:
                return normalized(parse_platform(value))
            except PlatformError:
                continue
        if name in ("TARGETOS", "TARGETARCH", "TARGETVARIANT"):
            found[name] = value
    if not found:
        return None
    return normalized(
        Platform(
            found.get("TARGETOS") or platform.os,
            found.get("TARGETARCH") or platform.architecture,
            found.get("TARGETVARIANT", ""),
        )
    )
