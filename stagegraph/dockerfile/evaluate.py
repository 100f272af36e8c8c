"""The instructions of resolved stages carried out, as far as their steps go.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, dispatchStages and dispatch,
convert_copy.go and convert_runmount.go.
"""

from __future__ import annotations

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
from stagegraph.dockerfile.expand import ExpansionError, Lexer, lexer_of
from stagegraph.dockerfile.heredocs import Heredoc
from stagegraph.dockerfile.instructions import Copy, Run, Workdir
from stagegraph.dockerfile.mounts import Mount, MountError, read_mount
from stagegraph.dockerfile.scope import Scope
from stagegraph.dockerfile.scripts import ScriptError, script_of
from stagegraph.dockerfile.stages import Command, Place, Resolved
from stagegraph.dockerfile.step_names import StepNames
from stagegraph.source import Span

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
    """One stage while its instructions are carried out."""

    def __init__(
        self, resolved: Resolved, place: Place, done: dict[int, _Stage], platform_in_names: bool
    ) -> None:
        self.resolved = resolved
        self.place = place
        self.done = done
        base = done[place.base_index] if place.base_index is not None else None
        self.scope: Scope = Scope(resolved, place, base.scope if base else None)
        word = place.title if len(resolved.places) > 1 else ""
        self.names = StepNames(place, word, self.scope.platform if platform_in_names else None)
        self.position = 0
        self.faults: list[Fault] = []
        self._environment: Environment | None = base._environment if base else None

    def run(self) -> StageActions:
        from_name = self._from_name()
        actions: list[Action] = []
        for position, command in enumerate(() if self.place.replaced else self.place.commands):
            self.position = position
            try:
                actions.extend(self._command(command))
            except (ExpansionError, MountError, ScriptError, _RefusedError) as error:
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
        return self.names.named(f"FROM {self.place.reference}", {})

    def _named(self, text: str, command: Command) -> str:
        return self.names.named(text, self.scope.variables, onbuild=command.onbuild)

    def _fault(self, code: str, span: Span, message: str, why: str = "", fix: str = "") -> None:
        self.faults.append(Fault(code=code, span=span, message=message, why=why, fix=fix))

    def environment(self) -> Environment:
        if self._environment is None:
            self._environment = tuple(self.scope.variables.items())
        return self._environment

    def _command(self, command: Command) -> Iterator[Action]:
        item = command.instruction
        if isinstance(item, Copy):
            yield self._copy(item, command)
        elif isinstance(item, Run):
            yield self._run(item, command)
        else:
            self._environment = None
            self.scope.apply(item)
            if isinstance(item, Workdir) and self.scope.workdir != "/":
                yield self._workdir(item, command)

    def _workdir(self, item: Workdir, command: Command) -> WorkdirAction:
        return WorkdirAction(
            command=self.position,
            name=self._named(self._shown(item.text), command),
            span=item.span,
            onbuild=command.onbuild,
            path=self.scope.workdir,
            user=self.scope.user,
        )

    def _shown(self, text: str, lexer: Lexer | None = None, variables: dict[str, str] | None = None) -> str:
        """The text of an instruction as build output has it: expanded, the keyword in capitals."""
        with suppress(ExpansionError):  # then BuildKit shows it as it is written
            known = self.scope.variables if variables is None else variables
            text = (lexer or self.scope.lexer).word(text, known)
        first, space, rest = text.partition(" ")
        return first.upper() + space + rest

    def _run(self, item: Run, command: Command) -> RunAction:
        mounts = self._mounts(item, command)
        script = script_of(item, self.scope.shell, windows=self.scope.windows)
        masked = {m.environment: _MASK for m, _ in mounts if m.environment}
        lexer = lexer_of(escape=self.scope.lexer.escape, raw_quotes=True, keep_unset=True)
        shown = self._shown(script.text, lexer, {**self.scope.variables, **masked} if masked else None)
        return RunAction(
            command=self.position,
            name=self._named(shown, command),
            span=item.span,
            onbuild=command.onbuild,
            words=script.words,
            environment=self.environment(),
            workdir=self.scope.workdir,
            user=self.scope.user,
            mounts=mounts,
            options=item.options,
            document=script.document,
        )

    def _mounts(self, item: Run, command: Command) -> tuple[tuple[Mount, int], ...]:
        found = []
        for fields, source in zip(item.mounts, command.sources, strict=True):
            mount = read_mount(fields, self.scope.expand)
            if mount.source_name:
                self._check_order(item.span, "mounts from", source)
            target = paths.workdir(self.scope.workdir, mount.target, windows=self.scope.windows)
            if target == "/" and mount.type not in ("secret", "ssh"):
                raise _RefusedError("a mount has no target, or its target is the root")
            found.append((mount, source))
        return tuple(found)

    def _check_order(self, span: Span, verb: str, source: int) -> None:
        read = self.resolved.places[source]
        if source in self.done or not read.is_stage:
            return
        self._fault(
            "later-stage",
            span,
            f"`{self.place.title}` {verb} `{read.title}`, which comes later in the file",
            why="BuildKit refuses it when it builds this stage: a source must be defined before it is read",
            fix=f"move `{read.title}` above `{self.place.title}`",
        )

    def _copy(self, item: Copy, command: Command) -> CopyAction:
        source = command.sources[0] if command.sources else None
        if source is not None:
            self._check_order(item.span, "copies from", source)
        expand, windows, flags = self.scope.expand, self.scope.windows, item.flags
        chown, checksum = expand(flags.chown), expand(flags.checksum)
        chmod, exclude = expand(flags.chmod), tuple(map(expand, flags.exclude))
        sources = [expand(word) for word in item.sources]
        destination = expand(item.destination)
        documents = tuple(self._document(document) for document in item.documents)
        text = self._shown(item.text)
        linked = item.link and not flags.chmod
        name = self._named(text, command)
        fetched = [word for word in sources if remotes.is_remote(word)]
        if fetched and not item.add:
            raise _RefusedError(f"COPY cannot fetch {fetched[0]}; ADD can")
        local = [word for word in sources if word not in fetched]
        owner = (chown, chmod, str(flags.parents), *exclude, str(flags.unpack))
        return CopyAction(
            command=self.position,
            name=name,
            span=item.span,
            onbuild=command.onbuild,
            linked=linked,
            source=source,
            remotes=tuple(_remote(word, item, checksum) for word in fetched),
            documents=documents,
            files=tuple(paths.from_root(word, windows=windows) for word in local),
            target=paths.absolute(self.scope.workdir, destination, windows=windows),
            options=(("add",) if item.add else ("copy",)) + owner,
            link_name=_link_name(name, text) if linked else "",
        )

    def _document(self, document: Heredoc) -> tuple[str, str]:
        text = document.text
        if document.expand:
            text = _BODY_LEXER.word(text, self.scope.variables)
        return document.name, text


def _link_name(name: str, text: str) -> str:
    return name[: len(name) - len(text)] + "LINK " + text


def _remote(word: str, item: Copy, checksum: str) -> Remote:
    git = remotes.is_git(word)
    kept = str(item.flags.keep_git_dir) if git else ""
    return Remote(address=word, git=git, options=(checksum, kept))
